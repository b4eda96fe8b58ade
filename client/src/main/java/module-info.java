/** The commands' one small program and the frames it speaks. */
@org.jspecify.annotations.NullMarked
module zonda.client {
    requires static transitive org.jspecify;
}
