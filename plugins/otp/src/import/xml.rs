//! XML as far as PSKC needs it: elements with their names and namespaces, attributes and text, read one after the other and
//! under limits. No document type is taken, and with it no entity of the file's own (the "billion laughs"), no file and no
//! network.

use doorward_api::plugin::ImportFault;
use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;
use zeroize::Zeroizing;

/// Elements inside each other.
const DEPTH_MAX: usize = 24;

/// Elements of one child of the root.
const ELEMENTS_MAX: usize = 500;

/// Attributes of one element.
const ATTRIBUTES_MAX: usize = 32;

/// An element with all that is in it.
#[derive(Default)]
pub(super) struct Element {
    /// Its namespace; empty where it has none.
    pub(super) space: String,
    /// Its name without the prefix.
    pub(super) name: String,
    attributes: Vec<(String, String)>,
    text: Zeroizing<String>,
    children: Vec<Element>,
}

impl Element {
    /// The first child of this name, in the namespace of this element.
    pub(super) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name && child.space == self.space)
    }

    /// The first child of this name, in whatever namespace: for what PSKC takes over from other standards.
    pub(super) fn foreign(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// All that is directly in it.
    pub(super) fn children(&self) -> &[Element] {
        &self.children
    }

    /// The value of an attribute.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Its text, without the spaces around it.
    pub(super) fn text(&self) -> &str {
        self.text.trim()
    }
}

/// A document whose root has been opened.
pub(super) struct Document<'a> {
    reader: NsReader<&'a [u8]>,
    /// The root, without what is in it.
    pub(super) root: Element,
    /// The root had no content.
    empty: bool,
}

impl<'a> Document<'a> {
    /// Reads up to the root's start.
    pub(super) fn open(text: &'a str) -> Result<Self, ImportFault> {
        let mut reader = NsReader::from_str(text);
        loop {
            match next(&mut reader)? {
                Piece::Start(root) => return Ok(Self { reader, root, empty: false }),
                Piece::Empty(root) => return Ok(Self { reader, root, empty: true }),
                Piece::Text(text) if text.trim().is_empty() => {}
                Piece::Nothing => {}
                Piece::Text(_) | Piece::End | Piece::Eof => return Err(malformed("it has no root element")),
            }
        }
    }

    /// The root's next child with all that is in it. `None` at the root's end, behind which nothing else may stand.
    pub(super) fn next_child(&mut self) -> Result<Option<Element>, ImportFault> {
        while !self.empty {
            match next(&mut self.reader)? {
                Piece::Start(element) => return self.whole(element).map(Some),
                Piece::Empty(element) => return Ok(Some(element)),
                Piece::End => break,
                Piece::Eof => return Err(malformed("it ends too early")),
                Piece::Text(_) | Piece::Nothing => {}
            }
        }
        loop {
            match next(&mut self.reader)? {
                Piece::Eof => return Ok(None),
                Piece::Text(text) if text.trim().is_empty() => {}
                Piece::Nothing => {}
                _ => return Err(malformed("something stands behind its root element")),
            }
        }
    }

    /// Reads what is in an element whose start has been read.
    fn whole(&mut self, first: Element) -> Result<Element, ImportFault> {
        let mut open: Vec<Element> = Vec::new();
        let mut current = first;
        let mut count = 1;
        loop {
            let piece = next(&mut self.reader)?;
            if matches!(piece, Piece::Start(_) | Piece::Empty(_)) {
                count += 1;
            }
            if count > ELEMENTS_MAX || open.len() > DEPTH_MAX {
                return Err(malformed("it is nested too deeply, or one of its keys has too many elements"));
            }
            match piece {
                Piece::Start(element) => open.push(std::mem::replace(&mut current, element)),
                Piece::Empty(element) => current.children.push(element),
                Piece::Text(text) => current.text.push_str(&text),
                Piece::Nothing => {}
                Piece::Eof => return Err(malformed("it ends too early")),
                Piece::End => {
                    let Some(mut parent) = open.pop() else { return Ok(current) };
                    parent.children.push(current);
                    current = parent;
                }
            }
        }
    }
}

/// A piece of a document.
enum Piece {
    Start(Element),
    Empty(Element),
    Text(Zeroizing<String>),
    End,
    Eof,
    /// A comment or the like.
    Nothing,
}

fn next(reader: &mut NsReader<&[u8]>) -> Result<Piece, ImportFault> {
    // Its own message could quote what stands in the file.
    let (space, event) = reader.read_resolved_event().map_err(|_| malformed("it is no well-formed XML"))?;
    Ok(match event {
        Event::Start(start) => Piece::Start(element(&space, &start)?),
        Event::Empty(start) => Piece::Empty(element(&space, &start)?),
        Event::End(_) => Piece::End,
        Event::Text(text) => Piece::Text(Zeroizing::new(text.xml10_content().into_owned())),
        Event::CData(text) => Piece::Text(Zeroizing::new(text.xml10_content().into_owned())),
        Event::GeneralRef(reference) => Piece::Text(Zeroizing::new(character(&reference)?)),
        Event::DocType(_) => return Err(malformed("it has a document type, which is not taken")),
        Event::Comment(_) | Event::Decl(_) | Event::PI(_) => Piece::Nothing,
        Event::Eof => Piece::Eof,
    })
}

fn element(space: &ResolveResult<'_>, start: &BytesStart<'_>) -> Result<Element, ImportFault> {
    let space = match space {
        ResolveResult::Bound(namespace) => namespace.as_ref().to_owned(),
        ResolveResult::Unbound => String::new(),
        ResolveResult::Unknown(_) => return Err(malformed("a prefix in it stands for no namespace")),
    };
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|_| malformed("an attribute in it is no well-formed XML"))?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0);
        let value = value.map_err(|_| malformed("an attribute in it has an unknown entity"))?;
        attributes.push((attribute.key.local_name().as_ref().to_owned(), value.into_owned()));
        if attributes.len() > ATTRIBUTES_MAX {
            return Err(malformed("an element in it has too many attributes"));
        }
    }
    let name = start.local_name().as_ref().to_owned();
    Ok(Element { space, name, attributes, ..Element::default() })
}

/// The character that `&…;` stands for: one by its number, or one of XML's own five.
fn character(reference: &BytesRef<'_>) -> Result<String, ImportFault> {
    let unknown = || malformed("it has an unknown entity");
    match reference.resolve_char_ref() {
        Ok(Some(character)) => Ok(character.into()),
        Ok(None) => resolve_predefined_entity(&reference.xml10_content()).map(str::to_owned).ok_or_else(unknown),
        Err(_) => Err(unknown()),
    }
}

pub(super) fn malformed(what: &str) -> ImportFault {
    ImportFault::Malformed(what.to_owned())
}
