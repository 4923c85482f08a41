//! Emulated devices against each other, the passed-through ones, and what the VMM has room for.

mod shared;

use vmm_config::MAX_DEVICE_WINDOWS;

use crate::diagnostic::Diagnostics;
use crate::document::{Document, Domain};
use crate::model::{EmulatedDevice, Guest};
use crate::source::Spanned;
use crate::vocabulary::Word;

/// Most lines and most channels of one device.
const MOST_OF_A_DEVICE: usize = 32;

pub(super) fn check(document: &Document, guests: &[Guest], found: &mut Diagnostics) {
    for guest in guests {
        if let Some(domain) = document.domain(&guest.domain) {
            check_names(domain, guest, found);
            check_interrupts(domain, guest, found);
        }
        for device in &guest.emulated {
            let lines: Vec<_> = device.lines.iter().map(|line| &line.span).collect();
            let channels: Vec<_> = device.channels.iter().map(|c| &c.span).collect();
            for (spans, what) in [(lines, "interrupt lines"), (channels, "channels")] {
                if let Some(beyond) = spans.get(MOST_OF_A_DEVICE) {
                    found
                        .error(
                            beyond,
                            format!("`{}` has {} {what}", device.name.value, spans.len()),
                            format!("the VMM has room for {MOST_OF_A_DEVICE}"),
                        )
                        .hint("make two devices of it");
                }
            }
        }
        check_windows(guest, found);
    }
    shared::check(guests, found);
}

/// Passed-through and emulated devices have one space of names.
fn check_names(domain: &Domain, guest: &Guest, found: &mut Diagnostics) {
    let maps = domain.machine.iter().flat_map(|machine| &machine.maps);
    let passed = maps.filter_map(|map| map.fact(Word::Device)?.get("name"));
    let passed: Vec<&Spanned<String>> = passed.collect();
    let emulated: Vec<_> = guest.emulated.iter().map(|device| &device.name).collect();
    for (index, name) in emulated.iter().enumerate() {
        let mut earlier = passed.iter().chain(emulated.iter().take(index));
        if let Some(first) = earlier.find(|first| first.value == name.value) {
            found
                .error(
                    &name.span,
                    format!("two devices are called `{}`", name.value),
                    "again",
                )
                .related(&first.span, "first here")
                .hint("rename one of them");
        }
    }
}

/// One line drives an interrupt of the guest.
fn check_interrupts(domain: &Domain, guest: &Guest, found: &mut Diagnostics) {
    let is_passed = |facts: &[crate::fact::Fact]| facts.iter().any(|f| f.word == Word::Interrupt);
    let passed = domain.interrupts.iter().filter(|irq| is_passed(&irq.facts));
    let passed = passed.map(|irq| irq.intid.clone());
    let lines = guest.emulated.iter().flat_map(|device| &device.lines);
    let lines = lines.map(|line| line.with(u64::from(line.value.intid)));
    let all: Vec<Spanned<u64>> = passed.chain(lines).collect();
    let all: Vec<&Spanned<u64>> = all.iter().collect();
    // Two <irq> of one number are reported with the channels.
    let of_devices = all.iter().filter(|intid| {
        let mut irqs = domain.interrupts.iter();
        !irqs.any(|irq| irq.intid.span == intid.span)
    });
    for again in of_devices {
        let mut earlier = all.iter().take_while(|first| first.span != again.span);
        if let Some(first) = earlier.find(|first| first.value == again.value) {
            let intid = again.value;
            found
                .error(
                    &again.span,
                    format!("interrupt {intid} of the guest has two devices"),
                    "again",
                )
                .related(&first.span, "first here")
                .hint(format!("choose another one; {}", free_interrupt(&all)));
        }
    }
}

fn free_interrupt(taken: &[&Spanned<u64>]) -> String {
    let is_free = |intid: &u64| taken.iter().all(|other| other.value != *intid);
    let free = (48..).find(is_free).unwrap_or_default();
    format!("{free} is free")
}

/// The VMM keeps a list of all memory that its devices use.
fn check_windows(guest: &Guest, found: &mut Diagnostics) {
    let mut windows = Vec::new();
    for memory in guest.emulated.iter().flat_map(|device| &device.memory) {
        let address = memory.value.window.vmm_address;
        if windows.contains(&address) {
            continue;
        }
        windows.push(address);
        if windows.len() == MAX_DEVICE_WINDOWS + 1 {
            found
                .error(
                    &memory.span,
                    "the devices of the guest use too many memory regions",
                    format!("the VMM has room for {MAX_DEVICE_WINDOWS}"),
                )
                .hint("let devices share memory regions, or remove a device");
        }
    }
}

/// Are its memory regions written? Those of a disk that is read-only and has no other end are not.
fn is_written(device: &EmulatedDevice) -> bool {
    let has_other_end = device.virtio.is_some_and(|backend| backend.has_channel);
    has_other_end || device.parameter("read-only") != Some(1)
}
