//! Walks over the XML: elements, attributes, and the instructions before the elements.

use roxmltree::Node;

use super::{Document, spelling};
use crate::diagnostic::Diagnostics;
use crate::fact::{self, Fact};
use crate::source::{Source, Span, Spanned};
use crate::vocabulary::Subject;

/// Reads the file; `None` after reporting that something had to be left out.
pub fn parse(source: &Source, found: &mut Diagnostics) -> Option<Document> {
    let xml = match roxmltree::Document::parse(&source.text) {
        Ok(xml) => xml,
        Err(error) => {
            report_syntax(source, &error, found);
            return None;
        }
    };
    let mut reader = Reader {
        source,
        found,
        document: Document::default(),
        is_complete: true,
    };
    reader.system(xml.root_element());
    reader.strays(&xml);
    reader.is_complete &= spelling::check(&xml, source, reader.found);
    reader.is_complete.then_some(reader.document)
}

fn report_syntax(source: &Source, error: &roxmltree::Error, found: &mut Diagnostics) {
    let position = error.pos();
    let row = usize::try_from(position.row).unwrap_or(1).max(1);
    let column = usize::try_from(position.col).unwrap_or(1).max(1);
    let lines = source.text.split_inclusive('\n').take(row - 1);
    let line: usize = lines.map(str::len).sum();
    let rest = source.text.get(line..).unwrap_or_default();
    let place = rest.char_indices().nth(column - 1);
    let (start, length) = match place {
        Some((index, character)) => (line + index, character.len_utf8()),
        None => (source.text.len(), 0),
    };
    found
        .error(
            &(start..start + length),
            "not well-formed XML",
            error.to_string(),
        )
        .hint("every element is closed, attribute values are quoted, `<` and `&` are escaped");
}

/// Elements and the instructions before them.
pub(super) struct Reader<'a> {
    pub(super) source: &'a Source,
    found: &'a mut Diagnostics,
    pub(super) document: Document,
    /// Nothing had to be left out.
    is_complete: bool,
}

impl Reader<'_> {
    fn system(&mut self, system: Node<'_, '_>) {
        if system.tag_name().name() != "system" {
            let span = opening(system, self.source);
            self.found
                .error(&span, "not a system description", "expected <system>")
                .hint("the root element of the file is <system>");
            self.is_complete = false;
            return;
        }
        self.document.span = opening(system, self.source);
        for (child, facts) in self.children(system, &mut Vec::new()) {
            match child.tag_name().name() {
                "memory_region" => self.region(child),
                "protection_domain" => {
                    self.domain(child, facts);
                    continue;
                }
                "channel" => self.channel(child),
                _ => {}
            }
            self.misplaced(&facts);
        }
    }

    /// The child elements, each with the instructions before it. Instructions about the
    /// guest as a whole go to `of_guest` when `node` is a virtual machine.
    pub(super) fn children<'n>(
        &mut self,
        node: Node<'n, 'n>,
        of_guest: &mut Vec<Fact>,
    ) -> Vec<(Node<'n, 'n>, Vec<Fact>)> {
        let is_machine = node.has_tag_name("virtual_machine");
        let mut waiting = Vec::new();
        let mut elements = Vec::new();
        for child in node.children() {
            if child.is_element() {
                elements.push((child, std::mem::take(&mut waiting)));
            } else if is_ours(child) {
                let Some(fact) = self.fact(child) else {
                    continue;
                };
                if is_machine && fact.word.subject() == Subject::Guest {
                    of_guest.push(fact);
                } else {
                    waiting.push(fact);
                }
            }
        }
        self.misplaced(&waiting);
        elements
    }

    /// Keeps the instructions about `subject` and reports the others.
    pub(super) fn placed(&mut self, facts: Vec<Fact>, subject: Subject) -> Vec<Fact> {
        let (right, wrong): (Vec<_>, Vec<_>) = facts
            .into_iter()
            .partition(|fact| fact.word.subject() == subject);
        self.misplaced(&wrong);
        right
    }

    pub(super) fn misplaced(&mut self, facts: &[Fact]) {
        for fact in facts {
            self.is_complete = false;
            report_misplaced(fact, self.found);
        }
    }

    /// Reports instructions inside elements that take none.
    fn strays(&mut self, xml: &roxmltree::Document<'_>) {
        let places = ["system", "protection_domain", "virtual_machine"];
        for node in xml.root().descendants().filter(|node| is_ours(*node)) {
            let parent = node.parent().map_or("", |parent| parent.tag_name().name());
            if places.contains(&parent) {
                continue;
            }
            if let Some(fact) = self.fact(node) {
                self.misplaced(&[fact]);
            }
        }
    }

    fn fact(&mut self, instruction: Node<'_, '_>) -> Option<Fact> {
        let fact = fact::parse(self.source, instruction.range(), self.found);
        self.is_complete &= fact.is_some();
        fact
    }

    pub(super) fn required(&mut self, node: Node<'_, '_>, name: &str) -> Option<Spanned<String>> {
        let value = attribute(node, name);
        if value.is_none() {
            self.is_complete = false;
            let tag = node.tag_name().name();
            self.found
                .error(
                    &opening(node, self.source),
                    format!("<{tag}> needs the attribute `{name}`"),
                    format!("no `{name}` here"),
                )
                .hint(format!("add {name}=\"...\""));
        }
        value
    }

    pub(super) fn number(&mut self, node: Node<'_, '_>, name: &str) -> Option<Spanned<u64>> {
        let text = attribute(node, name)?;
        let number = fact::read_number(&text, name, self.found);
        self.is_complete &= number.is_some();
        number
    }

    pub(super) fn required_number(
        &mut self,
        node: Node<'_, '_>,
        name: &str,
    ) -> Option<Spanned<u64>> {
        self.required(node, name)?;
        self.number(node, name)
    }

    /// A number that the microkit tool takes only in decimal.
    pub(super) fn decimal(&mut self, node: Node<'_, '_>, name: &str) -> Option<Spanned<u64>> {
        let text = self.required(node, name)?;
        let Ok(value) = text.value.parse() else {
            self.is_complete = false;
            self.found
                .error(
                    &text.span,
                    format!("`{name}` is not a decimal number"),
                    "the microkit tool reads only decimal digits here",
                )
                .hint("write for example 33");
            return None;
        };
        Some(Spanned {
            value,
            span: text.span,
        })
    }
}

fn report_misplaced(fact: &Fact, found: &mut Diagnostics) {
    let name = fact.word.name();
    found
        .error(
            &fact.span,
            format!("`{name}` does not belong here"),
            "in the wrong place",
        )
        .hint(format!("`{name}` stands {}", fact.word.subject().place()));
}

fn is_ours(node: Node<'_, '_>) -> bool {
    node.pi()
        .is_some_and(|instruction| instruction.target == "vmm")
}

pub(super) fn attribute(node: Node<'_, '_>, name: &str) -> Option<Spanned<String>> {
    let attribute = node.attribute_node(name)?;
    Some(Spanned {
        value: attribute.value().to_owned(),
        span: attribute.range_value(),
    })
}

/// The opening tag of an element: what is underlined when the whole element is meant.
pub(super) fn opening(node: Node<'_, '_>, source: &Source) -> Span {
    let range = node.range();
    let text = source.slice(&range);
    let mut quote = None;
    for (index, c) in text.char_indices() {
        match quote {
            None if c == '>' => return range.start..range.start + index + 1,
            None if matches!(c, '"' | '\'') => quote = Some(c),
            Some(open) if c == open => quote = None,
            _ => {}
        }
    }
    range
}
