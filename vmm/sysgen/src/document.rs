//! The system XML as Microkit's elements, each with the instructions that stand before it.
//!
//! Only what we check or need is read. Elements that are none of our business (other
//! protection domains' details, I/O address spaces, domain schedules) are left to the
//! microkit tool.

mod elements;
mod reader;
mod spelling;

use crate::fact::Fact;
use crate::source::{Span, Spanned};
use crate::vocabulary::Word;

pub use reader::parse;

/// The whole file.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// The opening tag of `<system>`.
    pub span: Span,
    /// `<memory_region>` elements.
    pub regions: Vec<Region>,
    /// `<protection_domain>` elements, children flattened.
    pub domains: Vec<Domain>,
    /// `<channel>` elements.
    pub channels: Vec<Channel>,
}

impl Document {
    /// The `<end>` elements of all channels.
    pub fn ends(&self) -> impl Iterator<Item = &End> {
        self.channels.iter().flat_map(|channel| &channel.ends)
    }

    /// The protection domain of that name.
    pub fn domain(&self, name: &str) -> Option<&Domain> {
        let mut domains = self.domains.iter();
        domains.find(|domain| domain.name.value == name)
    }
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
    /// Instructions about it.
    pub facts: Vec<Fact>,
    /// The element's opening tag.
    pub span: Span,
}

impl Domain {
    /// The first instruction before it with this word.
    pub fn fact(&self, word: Word) -> Option<&Fact> {
        self.facts.iter().find(|fact| fact.word == word)
    }

    /// Its channels to other protection domains: its own end, and the other.
    pub fn channels<'a>(
        &'a self,
        document: &'a Document,
    ) -> impl Iterator<Item = (&'a End, &'a End)> {
        let channels = document.channels.iter();
        channels.filter_map(|channel| match channel.ends.as_slice() {
            [own, other] if own.domain.value == self.name.value => Some((own, other)),
            [other, own] if own.domain.value == self.name.value => Some((own, other)),
            _ => None,
        })
    }
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
    /// The first instruction before it with this word.
    pub fn fact(&self, word: Word) -> Option<&Fact> {
        self.facts.iter().find(|fact| fact.word == word)
    }

    /// Does an instruction before it have this word?
    pub fn says(&self, word: Word) -> bool {
        self.fact(word).is_some()
    }

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

/// A `<channel>`.
#[derive(Clone, Debug)]
pub struct Channel {
    /// Its `<end>` elements.
    pub ends: Vec<End>,
}

/// An `<end>` of a channel.
#[derive(Clone, Debug)]
pub struct End {
    /// Protection domain.
    pub domain: Spanned<String>,
    /// Channel.
    pub channel: Spanned<u64>,
    /// May it notify the other end?
    pub notifies: bool,
}
