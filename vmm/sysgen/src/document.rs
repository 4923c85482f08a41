//! The system XML as Microkit's elements, each with the instructions that stand before it.
//!
//! Only what we check or need is read. Elements that are none of our business (other
//! protection domains' details, I/O address spaces, domain schedules) are left to the
//! microkit tool.

use roxmltree::Node;

use crate::diagnostic::Diagnostics;
use crate::fact::{self, Fact};
use crate::source::{Source, Span, Spanned};
use crate::vocabulary::Subject;

/// The whole file.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// `<memory_region>` elements.
    pub regions: Vec<Region>,
    /// `<protection_domain>` elements, children flattened.
    pub domains: Vec<Domain>,
    /// `<end>` elements of all channels.
    pub ends: Vec<End>,
}

/// A `<memory_region>`.
#[derive(Clone, Debug)]
pub struct Region {
    /// Name.
    pub name: Spanned<String>,
    /// Bytes; `None` when the prefill file decides.
    pub size: Option<Spanned<u64>>,
    /// Page size, if it is given.
    pub page_size: Option<Spanned<u64>>,
    /// Physical address, if it is given.
    pub physical: Option<Spanned<u64>>,
    /// File that fills it.
    pub prefill: Option<Spanned<String>>,
    /// The element's opening tag.
    pub span: Span,
}

/// A `<protection_domain>`.
#[derive(Clone, Debug)]
pub struct Domain {
    /// Name.
    pub name: Spanned<String>,
    /// `priority`, `budget` and `period`.
    pub schedule: Schedule,
    /// `fpu`, if it is given.
    pub fpu: Option<Spanned<String>>,
    /// May it make SMCs?
    pub smc: bool,
    /// Path of its program.
    pub program: Option<Spanned<String>>,
    /// Its `<map>` elements.
    pub maps: Vec<Map>,
    /// Its `<irq>` elements.
    pub interrupts: Vec<Interrupt>,
    /// Its `<virtual_machine>`.
    pub machine: Option<Machine>,
    /// The element's opening tag.
    pub span: Span,
}

/// When something runs.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// 0 to 254; 0 when it is not given.
    pub priority: u64,
    /// Microseconds.
    pub budget: u64,
    /// Microseconds.
    pub period: u64,
    /// What to underline for the priority.
    pub span: Span,
}

/// A `<virtual_machine>`.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Name.
    pub name: Spanned<String>,
    /// `priority`, `budget` and `period`.
    pub schedule: Schedule,
    /// `id` of its `<vcpu>` elements.
    pub vcpus: Vec<Spanned<u64>>,
    /// Its `<map>` elements.
    pub maps: Vec<Map>,
    /// Instructions about the guest as a whole.
    pub facts: Vec<Fact>,
    /// The element's opening tag.
    pub span: Span,
}

/// A `<map>`.
#[derive(Clone, Debug)]
pub struct Map {
    /// Name of the region.
    pub region: Spanned<String>,
    /// Virtual or guest-physical address.
    pub address: Spanned<u64>,
    /// `perms`; `rw` when it is not given.
    pub permissions: Spanned<String>,
    /// `cached`; true when it is not given.
    pub cached: bool,
    /// Instructions about it.
    pub facts: Vec<Fact>,
    /// The element.
    pub span: Span,
}

impl Map {
    /// Does `perms` hold this letter?
    pub fn allows(&self, letter: char) -> bool {
        self.permissions.value.contains(letter)
    }
}

/// An `<irq>`.
#[derive(Clone, Debug)]
pub struct Interrupt {
    /// INTID.
    pub intid: Spanned<u64>,
    /// Channel.
    pub channel: Spanned<u64>,
    /// Edge triggered?
    pub edge: bool,
    /// Instructions about it.
    pub facts: Vec<Fact>,
    /// The element.
    pub span: Span,
}

/// An `<end>` of a channel.
#[derive(Clone, Debug)]
pub struct End {
    /// Protection domain.
    pub domain: Spanned<String>,
    /// Channel.
    pub channel: Spanned<u64>,
}

/// Reads the file; what cannot be read is reported and left out.
pub fn parse(source: &Source, found: &mut Diagnostics) -> Document {
    let xml = match roxmltree::Document::parse(&source.text) {
        Ok(xml) => xml,
        Err(error) => {
            report_syntax(source, &error, found);
            return Document::default();
        }
    };
    let mut reader = Reader {
        source,
        found,
        document: Document::default(),
    };
    reader.system(xml.root_element());
    reader.strays(&xml);
    reader.document
}

fn report_syntax(source: &Source, error: &roxmltree::Error, found: &mut Diagnostics) {
    let position = error.pos();
    let row = usize::try_from(position.row).unwrap_or(1).max(1);
    let column = usize::try_from(position.col).unwrap_or(1).max(1);
    let lines = source.text.split_inclusive('\n').take(row - 1);
    let line: usize = lines.map(str::len).sum();
    let rest = source.text.get(line..).unwrap_or_default();
    let offset = rest.char_indices().nth(column - 1);
    let start = line + offset.map_or(0, |(index, _)| index);
    let end = (start + 1).min(source.text.len());
    found
        .error(
            &(start.min(end)..end),
            "not well-formed XML",
            error.to_string(),
        )
        .hint("every element is closed, attribute values are quoted, `<` and `&` are escaped");
}

/// Elements and the instructions before them.
struct Reader<'a> {
    source: &'a Source,
    found: &'a mut Diagnostics,
    document: Document,
}

impl Reader<'_> {
    fn system(&mut self, system: Node<'_, '_>) {
        if system.tag_name().name() != "system" {
            let span = opening(system, self.source);
            self.found
                .error(&span, "not a system description", "expected <system>")
                .hint("the root element of the file is <system>");
            return;
        }
        for (child, facts) in self.children(system, &mut Vec::new()) {
            self.misplaced(&facts);
            match child.tag_name().name() {
                "memory_region" => self.region(child),
                "protection_domain" => self.domain(child),
                "channel" => self.channel(child),
                _ => {}
            }
        }
    }

    fn region(&mut self, node: Node<'_, '_>) {
        let span = opening(node, self.source);
        let Some(name) = self.required(node, "name") else {
            return;
        };
        let region = Region {
            name,
            size: self.number(node, "size"),
            page_size: self.number(node, "page_size"),
            physical: self.number(node, "phys_addr"),
            prefill: attribute(node, "prefill_path"),
            span,
        };
        self.document.regions.push(region);
    }

    fn domain(&mut self, node: Node<'_, '_>) {
        let span = opening(node, self.source);
        let Some(name) = self.required(node, "name") else {
            return;
        };
        let mut domain = Domain {
            name,
            schedule: self.schedule(node),
            fpu: attribute(node, "fpu"),
            smc: node.attribute("smc") == Some("true"),
            program: None,
            maps: Vec::new(),
            interrupts: Vec::new(),
            machine: None,
            span,
        };
        for (child, facts) in self.children(node, &mut Vec::new()) {
            match child.tag_name().name() {
                "map" => {
                    let facts = self.placed(facts, Subject::OwnMap);
                    domain.maps.extend(self.map(child, facts));
                    continue;
                }
                "irq" => {
                    let facts = self.placed(facts, Subject::Interrupt);
                    domain.interrupts.extend(self.interrupt(child, facts));
                    continue;
                }
                "program_image" => domain.program = attribute(child, "path"),
                "virtual_machine" => domain.machine = self.machine(child),
                "protection_domain" => self.domain(child),
                _ => {}
            }
            self.misplaced(&facts);
        }
        self.document.domains.push(domain);
    }

    fn machine(&mut self, node: Node<'_, '_>) -> Option<Machine> {
        let mut machine = Machine {
            name: self.required(node, "name")?,
            schedule: self.schedule(node),
            vcpus: Vec::new(),
            maps: Vec::new(),
            facts: Vec::new(),
            span: opening(node, self.source),
        };
        let mut facts_of_guest = Vec::new();
        for (child, facts) in self.children(node, &mut facts_of_guest) {
            match child.tag_name().name() {
                "map" => {
                    let facts = self.placed(facts, Subject::GuestMap);
                    machine.maps.extend(self.map(child, facts));
                }
                "vcpu" => {
                    self.misplaced(&facts);
                    machine.vcpus.extend(self.required_number(child, "id"));
                }
                _ => self.misplaced(&facts),
            }
        }
        machine.facts = facts_of_guest;
        Some(machine)
    }

    fn map(&mut self, node: Node<'_, '_>, facts: Vec<Fact>) -> Option<Map> {
        let span = opening(node, self.source);
        let region = self.required(node, "mr");
        let address = self.required_number(node, "vaddr");
        let permissions = attribute(node, "perms").unwrap_or_else(|| Spanned {
            value: "rw".to_owned(),
            span: span.clone(),
        });
        Some(Map {
            region: region?,
            address: address?,
            permissions,
            cached: node.attribute("cached") != Some("false"),
            facts,
            span,
        })
    }

    fn interrupt(&mut self, node: Node<'_, '_>, facts: Vec<Fact>) -> Option<Interrupt> {
        let intid = self.decimal(node, "irq");
        let channel = self.decimal(node, "id");
        Some(Interrupt {
            intid: intid?,
            channel: channel?,
            edge: node.attribute("trigger") == Some("edge"),
            facts,
            span: opening(node, self.source),
        })
    }

    fn channel(&mut self, node: Node<'_, '_>) {
        for end in node.children().filter(|child| child.has_tag_name("end")) {
            let domain = self.required(end, "pd");
            let channel = self.decimal(end, "id");
            if let (Some(domain), Some(channel)) = (domain, channel) {
                self.document.ends.push(End { domain, channel });
            }
        }
    }

    fn schedule(&mut self, node: Node<'_, '_>) -> Schedule {
        let priority = self.number(node, "priority");
        let budget = self.number(node, "budget").map_or(1000, |n| n.value);
        let period = self.number(node, "period").map_or(budget, |n| n.value);
        Schedule {
            priority: priority.as_ref().map_or(0, |n| n.value),
            budget,
            period,
            span: priority.map_or_else(|| opening(node, self.source), |n| n.span),
        }
    }

    /// The child elements, each with the instructions before it. Instructions about the
    /// guest as a whole go to `of_guest` when `node` is a virtual machine.
    fn children<'n>(
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
                let Some(fact) = fact::parse(self.source, child.range(), self.found) else {
                    continue;
                };
                if is_machine && fact.word.subject == Subject::Guest {
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
    fn placed(&mut self, facts: Vec<Fact>, subject: Subject) -> Vec<Fact> {
        let (right, wrong): (Vec<_>, Vec<_>) = facts
            .into_iter()
            .partition(|fact| fact.word.subject == subject);
        self.misplaced(&wrong);
        right
    }

    fn misplaced(&mut self, facts: &[Fact]) {
        for fact in facts {
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
            if let Some(fact) = fact::parse(self.source, node.range(), self.found) {
                report_misplaced(&fact, self.found);
            }
        }
    }

    fn required(&mut self, node: Node<'_, '_>, name: &str) -> Option<Spanned<String>> {
        let value = attribute(node, name);
        if value.is_none() {
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

    fn number(&mut self, node: Node<'_, '_>, name: &str) -> Option<Spanned<u64>> {
        fact::read_number(&attribute(node, name)?, name, self.found)
    }

    fn required_number(&mut self, node: Node<'_, '_>, name: &str) -> Option<Spanned<u64>> {
        let text = self.required(node, name)?;
        fact::read_number(&text, name, self.found)
    }

    /// A number that the microkit tool takes only in decimal.
    fn decimal(&mut self, node: Node<'_, '_>, name: &str) -> Option<Spanned<u64>> {
        let text = self.required(node, name)?;
        let Ok(value) = text.value.parse() else {
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
    let name = fact.word.name;
    found
        .error(
            &fact.span,
            format!("`{name}` has nothing to speak of here"),
            "in the wrong place",
        )
        .hint(format!("`{name}` stands {}", fact.word.subject.place()));
}

fn is_ours(node: Node<'_, '_>) -> bool {
    node.pi()
        .is_some_and(|instruction| instruction.target == "vmm")
}

fn attribute(node: Node<'_, '_>, name: &str) -> Option<Spanned<String>> {
    let attribute = node.attribute_node(name)?;
    Some(Spanned {
        value: attribute.value().to_owned(),
        span: attribute.range_value(),
    })
}

/// The opening tag of an element: what is underlined when the whole element is meant.
fn opening(node: Node<'_, '_>, source: &Source) -> Span {
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
