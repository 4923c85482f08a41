//! Passed-through devices from `device`, `registers` and `property` instructions.

use super::{Context, properties};
use crate::diagnostic::Diagnostics;
use crate::document::Map;
use crate::fact::Fact;
use crate::model::{Device, EmulatedDevice};
use crate::source::Spanned;
use crate::vocabulary::{self, Word};

/// The devices, in the order of the file. Interrupts are added later.
pub(super) fn devices(context: &Context<'_>, found: &mut Diagnostics) -> Vec<Device> {
    let mut devices: Vec<Device> = Vec::new();
    for map in &context.machine.maps {
        let fact = map.fact(Word::Device);
        if let Some(fact) = fact {
            let device = device(context, map, fact, found);
            report_same_name(&devices, &device, fact, found);
            devices.push(device);
        } else {
            for stray in map.facts.iter().filter(|f| f.word == Word::Property) {
                found
                    .error(
                        &stray.span,
                        "a property of nothing",
                        "this map is no device",
                    )
                    .hint("`property` stands after `device`, before the same <map>");
            }
        }
    }
    for map in &context.machine.maps {
        for fact in map.facts.iter().filter(|f| f.word == Word::Registers) {
            more_registers(context, map, fact, &mut devices, found);
        }
    }
    devices
}

fn device(context: &Context<'_>, map: &Map, fact: &Fact, found: &mut Diagnostics) -> Device {
    let name = fact.get("name").map_or("", |name| name.value.as_str());
    let compatible = fact.get("compatible");
    let compatible = compatible.map_or("", |text| text.value.as_str());
    if let Some(name) = fact.get("name") {
        check_name(name, found);
    }
    let properties = map.facts.iter().filter(|f| f.word == Word::Property);
    Device {
        name: name.to_owned(),
        compatible: compatible.split_whitespace().map(str::to_owned).collect(),
        registers: window(context, map, fact, found).into_iter().collect(),
        interrupts: Vec::new(),
        clocks: properties::clocks(fact, found),
        properties: properties::properties(properties, &[], found),
    }
}

/// Reports a name that a device tree node cannot have.
pub(super) fn check_name(name: &Spanned<String>, found: &mut Diagnostics) {
    if !is_node_name(&name.value) {
        found
            .error(
                &name.quoted(),
                "not a name for a device tree node",
                "bad name",
            )
            .hint("letters, digits, `-`, `_`, `.`, `,` and `+`, beginning with a letter");
    }
}

fn is_node_name(name: &str) -> bool {
    let rest = |c: char| c.is_ascii_alphanumeric() || ",._+-".contains(c);
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(rest)
        && name.len() <= 31
}

fn report_same_name(devices: &[Device], device: &Device, fact: &Fact, found: &mut Diagnostics) {
    let name = &device.name;
    if devices.iter().any(|earlier| earlier.name == *name) {
        let span = fact.get("name").map_or(&fact.span, |name| &name.span);
        found
            .error(span, format!("two devices are called `{name}`"), "again")
            .hint("for a second window of the same device, say `registers device=...`");
    }
}

/// The register window: the whole map, or `size` bytes from `offset`.
fn window(
    context: &Context<'_>,
    map: &Map,
    fact: &Fact,
    found: &mut Diagnostics,
) -> Option<(u64, u64)> {
    let whole = context.region(map)?.size.as_ref()?.value;
    let offset = fact.number("offset", found).map_or(0, |n| n.value);
    let rest = whole.saturating_sub(offset);
    let size = fact.number("size", found).map_or(rest, |n| n.value);
    if size == 0 || size > rest {
        found
            .error(
                &fact.span,
                "the registers lie outside the map",
                format!("the map has {whole:#x} bytes"),
            )
            .related(&map.span, "this map")
            .hint("`offset` plus `size` is at most the size of the region");
        return None;
    }
    Some((map.address.value.checked_add(offset)?, size))
}

fn more_registers(
    context: &Context<'_>,
    map: &Map,
    fact: &Fact,
    devices: &mut [Device],
    found: &mut Diagnostics,
) {
    let window = window(context, map, fact, found);
    let Some(name) = fact.get("device") else {
        return;
    };
    match devices.iter_mut().find(|device| device.name == name.value) {
        Some(device) => device.registers.extend(window),
        None => report_unknown_device(name, devices, found),
    }
}

/// Reports a device name that no `device` instruction introduces.
pub(super) fn report_unknown_device(
    name: &Spanned<String>,
    devices: &[Device],
    found: &mut Diagnostics,
) {
    let names = devices.iter().map(|device| device.name.as_str());
    let hint = match vocabulary::nearest(&name.value, names) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("no map is marked <?vmm device name=\"{}\"?>", name.value),
    };
    found
        .error(
            &name.span,
            format!("the guest has no device `{}`", name.value),
            "unknown device",
        )
        .hint(hint);
}

/// Reports a console that is not a device of the guest, or not in its device tree.
pub(super) fn check_stdout(
    context: &Context<'_>,
    devices: &[Device],
    emulated: &[EmulatedDevice],
    found: &mut Diagnostics,
) {
    let mut facts = context.machine.facts.iter();
    let Some(stdout) = facts.find_map(|fact| fact.get("stdout")) else {
        return;
    };
    let passed = devices
        .iter()
        .map(|device| (&device.name, &device.compatible));
    let emulated = emulated.iter();
    let emulated = emulated.map(|device| (&device.name.value, &device.compatible));
    let mut all = passed.chain(emulated);
    match all.find(|(name, _)| **name == stdout.value) {
        None => report_unknown_device(stdout, devices, found),
        Some((_, compatible)) if compatible.is_empty() => {
            found
                .error(
                    &stdout.span,
                    format!("`{}` is not in the device tree", stdout.value),
                    "a device without `compatible` is only mapped",
                )
                .hint("give the device a `compatible`");
        }
        Some(_) => {}
    }
}
