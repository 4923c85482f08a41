//! The devices that a guest or a driver gets, as the system XML has them.

use std::ops::Range;

use crate::document::{Document, Domain, Interrupt, Machine, Map};
use crate::fact::Fact;
use crate::model::DriverKind;
use crate::number;
use crate::resolve::{driver_kind, find_region, register_window};
use crate::source::{Span, Spanned};
use crate::vocabulary::Word;

/// A device of a guest or a driver; its windows have physical addresses.
pub(super) struct Passed<'a> {
    pub(super) name: &'a str,
    pub(super) fact: &'a Fact,
    pub(super) windows: Vec<Window<'a>>,
    pub(super) compatible: Option<&'a Spanned<String>>,
    /// What a driver of ours can drive.
    pub(super) driven: Option<DriverKind>,
    pub(super) interrupts: Vec<&'a Interrupt>,
    /// Is it the guest's console?
    pub(super) is_stdout: bool,
}

/// A register window.
pub(super) struct Window<'a> {
    pub(super) range: Range<u64>,
    pub(super) span: &'a Span,
}

impl Passed<'_> {
    pub(super) fn words(&self) -> Vec<&str> {
        let text = self.compatible.map_or("", |text| text.value.as_str());
        let driven = self.driven.map(DriverKind::compatible);
        text.split_whitespace().chain(driven).collect()
    }
}

pub(super) fn passed<'a>(
    document: &'a Document,
    domain: &'a Domain,
    machine: &'a Machine,
) -> Vec<Passed<'a>> {
    let with_device = |map: &'a Map| {
        // An unknown region was reported where the maps are read.
        find_region(document, &map.region.value)?;
        let fact = map.fact(Word::Device)?;
        Some((fact, fact.get("name")?.value.as_str()))
    };
    let stdout = machine.facts.iter().find_map(|fact| fact.get("stdout"));
    let devices = machine.maps.iter().filter_map(with_device);
    let all = devices.map(|(fact, name)| Passed {
        name,
        fact,
        windows: windows(document, machine, name),
        compatible: fact.get("compatible"),
        driven: None,
        interrupts: interrupts(domain, name),
        is_stdout: stdout.is_some_and(|stdout| stdout.value == name),
    });
    all.collect()
}

/// The device of a driver.
pub(super) fn driven<'a>(document: &'a Document, domain: &'a Domain) -> Option<Passed<'a>> {
    let driven = driver_kind(domain)?;
    let mut maps = domain.maps.iter();
    let map = maps.find(|map| map.says(Word::DriverRegisters))?;
    let region = find_region(document, &map.region.value)?;
    let physical = region.physical.as_ref()?;
    let (offset, size) = register_window(document, map)?;
    let start = physical.value.checked_add(offset)?;
    Some(Passed {
        name: &domain.name.value,
        fact: map.fact(Word::DriverRegisters)?,
        windows: vec![Window {
            range: start..start.checked_add(size)?,
            span: &physical.span,
        }],
        compatible: None,
        driven: Some(driven),
        interrupts: domain.interrupts.iter().collect(),
        is_stdout: false,
    })
}

/// The windows of the device: of its `device` and `registers` instructions.
fn windows<'a>(document: &'a Document, machine: &'a Machine, name: &str) -> Vec<Window<'a>> {
    let window = |map: &'a Map| {
        let is_of_it = |fact: &&Fact| {
            let key = match fact.word {
                Word::Device => "name",
                Word::Registers => "device",
                _ => return false,
            };
            fact.get(key).is_some_and(|value| value.value == name)
        };
        let fact = map.facts.iter().find(is_of_it)?;
        let region = find_region(document, &map.region.value)?;
        let physical = region.physical.as_ref()?;
        let whole = region.size.as_ref()?.value;
        let number = |key: &str| fact.get(key).and_then(|text| number::parse(&text.value));
        let offset = number("offset").unwrap_or(0);
        let size = number("size").unwrap_or(whole.saturating_sub(offset));
        let start = physical.value.checked_add(offset)?;
        Some(Window {
            range: start..start.checked_add(size)?,
            span: &physical.span,
        })
    };
    machine.maps.iter().filter_map(window).collect()
}

fn interrupts<'a>(domain: &'a Domain, name: &str) -> Vec<&'a Interrupt> {
    let is_of_it = |interrupt: &&Interrupt| {
        let facts = interrupt.facts.iter();
        let mut facts = facts.filter(|fact| fact.word == Word::Interrupt);
        facts.any(|fact| fact.get("device").is_some_and(|value| value.value == name))
    };
    domain.interrupts.iter().filter(is_of_it).collect()
}
