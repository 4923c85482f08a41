//! `virtio` instructions: emulated devices whose type, memory and keys are known here.

mod keys;
mod memory;

use vmm_config::DeviceLine;

use super::{Context, devices, resources};
use crate::diagnostic::Diagnostics;
use crate::fact::{Fact, Key};
use crate::model::{
    BACKENDS, Backend, EmulatedDevice, Property, PropertyValue, VIRTIO_REGISTERS_SIZE,
};
use crate::source::Spanned;
use crate::vocabulary::nearest;

/// The device of the instruction.
pub(super) fn device(
    context: &Context<'_>,
    fact: &Fact,
    found: &mut Diagnostics,
) -> Option<EmulatedDevice> {
    let backend = backend(fact, found)?;
    report_other_keys(fact, backend, found);
    let name = fact.get("name")?;
    devices::check_name(name, found);
    let parameters = keys::parameters(fact, backend, found);
    Some(EmulatedDevice {
        name: name.clone(),
        rust_type: backend.rust_type.to_owned(),
        registers: registers(fact, found).into_iter().collect(),
        lines: line(context, fact, found).into_iter().collect(),
        channels: channel(context, fact, backend, found).into_iter().collect(),
        memory: memory::regions(context, fact, backend, &parameters, found),
        parameters,
        compatible: vec!["virtio,mmio".to_owned()],
        clocks: Vec::new(),
        properties: vec![Property {
            name: "dma-coherent".to_owned(),
            value: PropertyValue::Flag,
        }],
        virtio: Some(backend),
        span: fact.span.clone(),
    })
}

fn registers(fact: &Fact, found: &mut Diagnostics) -> Option<Spanned<(u64, u64)>> {
    let address = fact.number("address", found)?;
    resources::grained(&address, address.value, VIRTIO_REGISTERS_SIZE, found)
}

fn line(
    context: &Context<'_>,
    fact: &Fact,
    found: &mut Diagnostics,
) -> Option<Spanned<DeviceLine>> {
    let number = fact.number("interrupt", found)?;
    let intid = resources::intid_of_guest(context, &number, found)?;
    Some(number.with(DeviceLine { intid, edge: false }))
}

/// The backend of that type and name.
fn backend(fact: &Fact, found: &mut Diagnostics) -> Option<&'static Backend> {
    let kind = fact.get("type")?;
    let name = fact.get("backend")?;
    let of_kind = |backend: &&Backend| backend.kind.name() == kind.value;
    let mut candidates = BACKENDS.iter().filter(of_kind);
    if candidates.clone().next().is_none() {
        let names = BACKENDS.iter().map(|backend| backend.kind.name());
        report_unknown("type of virtio device", kind, names, found);
        return None;
    }
    let names = candidates.clone().map(|backend| backend.name);
    let backend = candidates.find(|backend| backend.name == name.value);
    if backend.is_none() {
        let what = format!("backend of a virtio {} device", kind.value);
        report_unknown(&what, name, names, found);
    }
    backend
}

fn report_unknown(
    what: &str,
    name: &Spanned<String>,
    known: impl Iterator<Item = &'static str>,
    found: &mut Diagnostics,
) {
    let mut known: Vec<_> = known.collect();
    known.dedup();
    let hint = match nearest(&name.value, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are: {}", known.join(", ")),
    };
    let span = if name.value.is_empty() {
        name.quoted()
    } else {
        name.span.clone()
    };
    found
        .error(
            &span,
            format!("there is no {what} `{}`", name.value),
            "unknown",
        )
        .hint(hint);
}

/// Keys of every virtio device.
const COMMON: [&str; 5] = ["name", "type", "address", "interrupt", "backend"];

/// Reports keys that this device does not take.
fn report_other_keys(fact: &Fact, backend: &Backend, found: &mut Diagnostics) {
    let mut taken: Vec<&str> = COMMON.to_vec();
    if !backend.memory.is_empty() {
        taken.push("memory");
    }
    if backend.has_channel {
        taken.push("channel");
    }
    taken.extend(backend.keys.iter().map(|key| key.name));
    let is_other = |key: &&Key| !taken.contains(&key.name.value.as_str());
    for key in fact.keys.iter().filter(is_other) {
        let (kind, name) = (backend.kind.name(), backend.name);
        found
            .error(
                &key.name.span,
                format!(
                    "a virtio {kind} device with the backend `{name}` takes no `{}`",
                    key.name.value
                ),
                "a key of other devices",
            )
            .hint(format!("it takes: {}", taken.join(", ")));
    }
}

/// The channel to the other end, which both ends may notify.
fn channel(
    context: &Context<'_>,
    fact: &Fact,
    backend: &Backend,
    found: &mut Diagnostics,
) -> Option<Spanned<u8>> {
    if !backend.has_channel {
        return None;
    }
    let Some(text) = fact.get("channel") else {
        found
            .error(
                &fact.span,
                format!("the backend `{}` needs a channel", backend.name),
                "no `channel` here",
            )
            .hint("add channel=\"...\": the VMM's end of the <channel> to the backend");
        return None;
    };
    let channel = resources::channel(context, text, found)?;
    let mut channels = context.domain.channels(context.document);
    let ends = channels.find(|(own, _)| own.channel.value == u64::from(channel.value));
    let silent = ends.and_then(|(own, other)| [own, other].into_iter().find(|end| !end.notifies));
    if let Some(silent) = silent {
        found
            .error(
                &silent.domain.span,
                "a virtio device and its backend notify each other",
                "this end may not notify",
            )
            .related(&text.span, "the device's channel")
            .hint("remove notify=\"false\"");
    }
    Some(channel)
}
