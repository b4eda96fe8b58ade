package zonda.vm;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;
import zonda.base.Code;
import zonda.base.OpException;

/**
 * An element that holds attributes and elements and no text, which is all that zonecfg(8)'s files have. Immutable.
 *
 * @param attributes in their order
 */
public record XmlElement(String name, Map<String, String> attributes, List<XmlElement> children) {
    private static final String INDENT = "  ";

    public XmlElement {
        attributes = Collections.unmodifiableMap(new LinkedHashMap<>(attributes));
        children = List.copyOf(children);
    }

    public static XmlElement of(String name) {
        return new XmlElement(name, Map.of(), List.of());
    }

    /** As of this name, with an attribute more, or another value for one. */
    public XmlElement with(String attribute, String value) {
        var changed = new LinkedHashMap<>(attributes);
        changed.put(attribute, value);
        return new XmlElement(name, changed, children);
    }

    public XmlElement without(String attribute) {
        var changed = new LinkedHashMap<>(attributes);
        changed.remove(attribute);
        return new XmlElement(name, changed, children);
    }

    public XmlElement with(List<XmlElement> otherChildren) {
        return new XmlElement(name, attributes, otherChildren);
    }

    public XmlElement with(XmlElement child) {
        return with(Stream.concat(children.stream(), Stream.of(child)).toList());
    }

    public Optional<String> attribute(String attribute) {
        return Optional.ofNullable(attributes.get(attribute));
    }

    public String attribute(String attribute, String otherwise) {
        return attributes.getOrDefault(attribute, otherwise);
    }

    public List<XmlElement> children(String named) {
        return children.stream().filter(child -> child.name().equals(named)).toList();
    }

    /** With the children that are not unwanted. */
    public XmlElement drop(Predicate<XmlElement> unwanted) {
        return with(children.stream().filter(unwanted.negate()).toList());
    }

    String text() {
        var out = new StringBuilder();
        append(out, "");
        return out.toString();
    }

    private void append(StringBuilder out, String indent) {
        out.append(indent).append('<').append(name);
        attributes.forEach((attribute, value) -> out.append(' ')
                .append(attribute)
                .append("=\"")
                .append(escaped(value))
                .append('"'));
        if (children.isEmpty()) {
            out.append("/>\n");
            return;
        }
        out.append(">\n");
        children.forEach(child -> child.append(out, indent + INDENT));
        out.append(indent).append("</").append(name).append(">\n");
    }

    /** White space is written as references, or a reader would make blanks of it (XML 1.0, 3.3.3). */
    private static String escaped(String value) {
        var out = new StringBuilder(value.length());
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            switch (c) {
                case '&' -> out.append("&amp;");
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '"' -> out.append("&quot;");
                case '\t', '\n', '\r' -> out.append("&#").append((int) c).append(';');
                default -> out.append(c);
            }
        }
        return out.toString();
    }

    /** Whether XML 1.0 can hold the text at all (2.2). */
    static boolean canHold(String text) {
        return text.codePoints()
                .allMatch(c -> c == '\t'
                        || c == '\n'
                        || c == '\r'
                        || (c >= 0x20 && c <= 0xd7ff)
                        || (c >= 0xe000 && c <= 0xfffd)
                        || c >= 0x10000);
    }

    /**
     * Reads a document. Its DTD isn't looked at, and nothing outside of it is.
     *
     * @throws OpException INVALID saying where it isn't XML, or has text between elements
     */
    static XmlElement parse(String document) {
        XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
        factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
        try {
            XMLStreamReader reader = factory.createXMLStreamReader(new StringReader(document));
            while (!reader.isStartElement()) {
                reader.next();
            }
            return element(reader);
        } catch (XMLStreamException e) {
            throw new OpException(
                    Code.INVALID,
                    "not XML: line " + e.getLocation().getLineNumber() + ": "
                            + String.valueOf(e.getMessage())
                                    .lines()
                                    .reduce((_, last) -> last)
                                    .orElse(""),
                    e);
        }
    }

    private static XmlElement element(XMLStreamReader reader) throws XMLStreamException {
        String name = reader.getLocalName();
        var attributes = new LinkedHashMap<String, String>();
        for (int i = 0; i < reader.getAttributeCount(); i++) {
            attributes.put(reader.getAttributeLocalName(i), reader.getAttributeValue(i));
        }
        var children = new ArrayList<XmlElement>();
        while (reader.next() != XMLStreamReader.END_ELEMENT) {
            if (reader.isStartElement()) {
                children.add(element(reader));
            } else if (reader.isCharacters() && !reader.isWhiteSpace()) {
                throw new XMLStreamException("text in <" + name + ">", reader.getLocation());
            }
        }
        return new XmlElement(name, attributes, children);
    }
}
