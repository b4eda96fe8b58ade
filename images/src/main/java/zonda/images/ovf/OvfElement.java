package zonda.images.ovf;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.xml.sax.ErrorHandler;
import org.xml.sax.SAXException;
import org.xml.sax.SAXParseException;

/** An element of a descriptor. Names are local ones: OVF's versions and its authors differ in namespaces alone. */
final class OvfElement {
    private final Element element;

    private OvfElement(Element element) {
        this.element = element;
    }

    /** A document without a DTD: nothing outside of it is looked at. */
    static OvfElement parse(byte[] document) {
        try {
            DocumentBuilderFactory factory = DocumentBuilderFactory.newDefaultNSInstance();
            factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
            factory.setXIncludeAware(false);
            factory.setExpandEntityReferences(false);
            var builder = factory.newDocumentBuilder();
            builder.setErrorHandler(new Strict());
            return new OvfElement(
                    builder.parse(new ByteArrayInputStream(document)).getDocumentElement());
        } catch (SAXParseException e) {
            throw new OvfException("the descriptor is not XML: line " + e.getLineNumber() + ": " + e.getMessage(), e);
        } catch (SAXException | IOException e) {
            // The latter for an encoding that there is not.
            throw new OvfException("the descriptor is not XML: " + e.getMessage(), e);
        } catch (ParserConfigurationException e) {
            throw new AssertionError(e);
        }
    }

    /** The default one writes to the daemon's standard error. */
    private static final class Strict implements ErrorHandler {
        @Override
        public void warning(SAXParseException e) {
            // of no interest
        }

        @Override
        public void error(SAXParseException e) throws SAXException {
            throw e;
        }

        @Override
        public void fatalError(SAXParseException e) throws SAXException {
            throw e;
        }
    }

    String name() {
        return element.getLocalName();
    }

    /** The elements right in this one that have one of the names. */
    Stream<OvfElement> children(String... names) {
        List<OvfElement> found = new ArrayList<>();
        for (Node node = element.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (node instanceof Element child && List.of(names).contains(child.getLocalName())) {
                found.add(new OvfElement(child));
            }
        }
        return found.stream();
    }

    Optional<OvfElement> child(String name) {
        return children(name).findFirst();
    }

    /** Those of the name at any depth. */
    Stream<OvfElement> below(String name) {
        List<OvfElement> found = new ArrayList<>();
        var nodes = element.getElementsByTagNameNS("*", name);
        for (int i = 0; i < nodes.getLength(); i++) {
            found.add(new OvfElement((Element) nodes.item(i)));
        }
        return found.stream();
    }

    /** An attribute, of whatever namespace. */
    Optional<String> attribute(String name) {
        var attributes = element.getAttributes();
        for (int i = 0; i < attributes.getLength(); i++) {
            if (name.equals(attributes.item(i).getLocalName())) {
                return Optional.of(attributes.item(i).getNodeValue().strip());
            }
        }
        return Optional.empty();
    }

    /** The text of the first child of the name. */
    Optional<String> text(String child) {
        return child(child).map(found -> found.element.getTextContent().strip()).filter(text -> !text.isEmpty());
    }
}
