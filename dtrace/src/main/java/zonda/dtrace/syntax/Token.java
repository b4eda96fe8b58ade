package zonda.dtrace.syntax;

/** One word of a program. @param text as written, for messages @param number of INT and CHAR */
record Token(Kind kind, String text, long number, int line) {
    enum Kind {
        IDENT,
        INT,
        STRING,
        AGGREGATION,
        OPERATOR,
        END_PREDICATE,
        END
    }

    boolean is(String operator) {
        return kind == Kind.OPERATOR && text.equals(operator);
    }

    boolean isWord(String word) {
        return kind == Kind.IDENT && text.equals(word);
    }
}
