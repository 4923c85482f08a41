//! An element of the system description, and what every element is asked for.

use std::path::Path;

use roxmltree::Node;

use crate::{Error, Result};

/// An element and the file it stands in.
#[derive(Clone, Copy)]
pub(crate) struct Element<'a> {
    node: Node<'a, 'a>,
    file: &'a Path,
}

impl<'a> Element<'a> {
    pub(crate) fn new(node: Node<'a, 'a>, file: &'a Path) -> Self {
        Self { node, file }
    }

    pub(crate) fn name(&self) -> &'a str {
        self.node.tag_name().name()
    }

    /// The elements within; comments, text and processing instructions are passed over.
    pub(crate) fn children(self) -> impl Iterator<Item = Self> {
        let elements = self.node.children().filter(Node::is_element);
        elements.map(move |node| Self { node, ..self })
    }

    /// `file:row:column` of the element's start.
    pub(crate) fn location(&self) -> String {
        let position = self.node.document().text_pos_at(self.node.range().start);
        format!("{}:{}:{}", self.file.display(), position.row, position.col)
    }

    pub(crate) fn error(&self, message: impl Into<String>) -> Error {
        Error::Element {
            message: message.into(),
            element: self.name().to_owned(),
            location: self.location(),
        }
    }

    /// The error for an element in a place where it has no meaning.
    pub(crate) fn unknown(&self) -> Error {
        Error::UnknownElement {
            element: self.name().to_owned(),
            location: self.location(),
        }
    }

    pub(crate) fn allow_attributes(&self, allowed: &[&str]) -> Result<()> {
        match self
            .node
            .attributes()
            .find(|attribute| !allowed.contains(&attribute.name()))
        {
            Some(attribute) => Err(self.error(format!("invalid attribute '{}'", attribute.name()))),
            None => Ok(()),
        }
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&'a str> {
        self.node.attribute(name)
    }

    pub(crate) fn required(&self, attribute: &'static str) -> Result<&'a str> {
        self.attribute(attribute)
            .ok_or_else(|| Error::MissingAttribute {
                attribute,
                element: self.name().to_owned(),
                location: self.location(),
            })
    }

    pub(crate) fn text(&self, attribute: &'static str) -> Result<String> {
        self.required(attribute).map(str::to_owned)
    }

    pub(crate) fn owned(&self, attribute: &str) -> Option<String> {
        self.attribute(attribute).map(str::to_owned)
    }

    pub(crate) fn required_number(&self, attribute: &'static str) -> Result<u64> {
        self.parse_number(self.required(attribute)?)
    }

    pub(crate) fn number(&self, attribute: &str) -> Result<Option<u64>> {
        self.attribute(attribute)
            .map(|text| self.parse_number(text))
            .transpose()
    }

    /// Decimal, or hexadecimal after `0x`; underscores anywhere.
    fn parse_number(&self, text: &str) -> Result<u64> {
        let digits = text.replace('_', "");
        let parsed = match digits.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16),
            None => digits.parse(),
        };
        parsed.map_err(|error| {
            let element = self.name();
            Error::System(format!(
                "failed to parse integer '{text}' on element '{element}': {error}"
            ))
        })
    }

    /// A channel, interrupt, child or virtual CPU number, below `end`.
    pub(crate) fn identifier(&self, end: u64) -> Result<u64> {
        let text = self.required("id")?;
        let id = text.parse::<i64>().map_err(|error| {
            self.error(format!("id '{text}' is not a decimal number ({error})"))
        })?;
        match u64::try_from(id) {
            Err(_) => Err(self.error("id must be >= 0")),
            Ok(id) if id >= end => Err(self.error(format!("id must be < {end}"))),
            Ok(id) => Ok(id),
        }
    }

    pub(crate) fn switch(&self, attribute: &str, default: bool) -> Result<bool> {
        match self.attribute(attribute) {
            None => Ok(default),
            Some("true") => Ok(true),
            Some("false") => Ok(false),
            Some(_) => Err(self.error(format!("{attribute} must be 'true' or 'false'"))),
        }
    }

    /// Refuses text directly within the element, as Microkit's tool does for the root.
    pub(crate) fn refuse_text(&self) -> Result<()> {
        let mut texts = self.node.children().filter(Node::is_text);
        if texts.any(|text| text.text().is_some_and(|text| !text.trim().is_empty())) {
            let (name, location) = (self.name(), self.location());
            return Err(Error::System(format!(
                "unexpected text found in element '{name}' @ {location}"
            )));
        }
        Ok(())
    }
}
