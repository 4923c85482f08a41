//! Devices that the VMM emulates: `emulated`, `virtio` and `node-property` instructions.

use vmm_config::{Device as ConfigDevice, ReservationKind};

use super::{Context, devices, properties, resources, rust_type, virtio};
use crate::diagnostic::Diagnostics;
use crate::fact::Fact;
use crate::model::{Device, EmulatedDevice, Reservation};
use crate::source::Spanned;
use crate::vocabulary::{self, Word};

/// The devices, in the order of the file.
pub(super) fn devices(
    context: &Context<'_>,
    passed: &[Device],
    found: &mut Diagnostics,
) -> Vec<EmulatedDevice> {
    let device = |fact: &Fact| match fact.word {
        Word::Emulated => emulated(context, fact, found),
        Word::Virtio => virtio::device(context, fact, found),
        _ => None,
    };
    let mut all: Vec<EmulatedDevice> = context.machine.facts.iter().filter_map(device).collect();
    for device in &mut all {
        let more =
            properties::properties(properties_of(context, device), &device.properties, found);
        device.properties.extend(more);
    }
    check_properties(context, &all, passed, found);
    all
}

/// The pieces of the guest-physical map that they answer in.
pub(super) fn reservations(devices: &[EmulatedDevice]) -> Vec<Reservation> {
    let mut pieces = Vec::new();
    for (device, index) in devices.iter().zip(0..=u8::MAX) {
        for (registers, region) in device.registers.iter().zip(0..=u8::MAX) {
            let (base, size) = registers.value;
            pieces.push(Reservation {
                name: device.name.value.clone(),
                base,
                size,
                kind: ReservationKind::Emulated(ConfigDevice::Emulated {
                    device: index,
                    region,
                }),
                unlisted: false,
                span: registers.span.clone(),
            });
        }
    }
    pieces
}

fn emulated(context: &Context<'_>, fact: &Fact, found: &mut Diagnostics) -> Option<EmulatedDevice> {
    let name = fact.get("name");
    let path = fact.get("type");
    let text = |key: &str| fact.get(key).into_iter();
    let device = EmulatedDevice {
        name: name?.clone(),
        rust_type: path?.value.clone(),
        registers: text("registers")
            .flat_map(|text| resources::registers(text, found))
            .collect(),
        lines: text("interrupts")
            .flat_map(|text| resources::lines(context, text, found))
            .collect(),
        channels: text("channels")
            .flat_map(|text| resources::channels(context, text, found))
            .collect(),
        memory: text("memory")
            .flat_map(|text| resources::memory(context, text, found))
            .collect(),
        parameters: text("parameters")
            .flat_map(|text| resources::parameters(text, found))
            .collect(),
        compatible: text("compatible")
            .flat_map(Spanned::words)
            .map(|word| word.value)
            .collect(),
        clocks: properties::clocks(fact, found),
        properties: Vec::new(),
        virtio: None,
        span: fact.span.clone(),
    };
    devices::check_name(&device.name, found);
    rust_type::check(path?, found);
    Some(device)
}

/// Its `node-property` instructions.
fn properties_of<'a>(
    context: &Context<'a>,
    device: &EmulatedDevice,
) -> impl Iterator<Item = &'a Fact> {
    let name = device.name.value.clone();
    let facts = context.machine.facts.iter();
    facts.filter(move |fact| {
        let owner = fact
            .get("device")
            .filter(|_| fact.word == Word::NodeProperty);
        owner.is_some_and(|owner| owner.value == name)
    })
}

/// Every `node-property` is about a device with a node.
fn check_properties(
    context: &Context<'_>,
    all: &[EmulatedDevice],
    passed: &[Device],
    found: &mut Diagnostics,
) {
    let facts = context.machine.facts.iter();
    let facts = facts.filter(|fact| fact.word == Word::NodeProperty);
    for owner in facts.filter_map(|fact| fact.get("device")) {
        let device = all.iter().find(|device| device.name.value == owner.value);
        match device {
            None => report_unknown(owner, all, passed, found),
            Some(device) if device.compatible.is_empty() => {
                found
                    .error(
                        &owner.span,
                        format!("`{}` is not in the device tree", owner.value),
                        "a device without `compatible` has no node",
                    )
                    .hint("give the device a `compatible`");
            }
            Some(_) => {}
        }
    }
}

fn report_unknown(
    name: &Spanned<String>,
    all: &[EmulatedDevice],
    passed: &[Device],
    found: &mut Diagnostics,
) {
    let names = all.iter().map(|device| device.name.value.as_str());
    let hint = match vocabulary::nearest(&name.value, names) {
        _ if passed.iter().any(|device| device.name == name.value) => {
            "put <?vmm property ...?> before the <map> of a passed-through device".to_owned()
        }
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            "`node-property` is about a device of an `emulated` or `virtio` instruction".to_owned()
        }
    };
    found
        .error(
            &name.span,
            format!("the VMM emulates no device `{}`", name.value),
            "unknown device",
        )
        .hint(hint);
}
