//! Memory regions of a virtio device: how many, how large, and the VMM's rights.

use super::super::{Context, resources};
use crate::diagnostic::Diagnostics;
use crate::fact::Fact;
use crate::model::{Backend, DeviceMemory, Part, PartSize};
use crate::source::Spanned;

/// The regions, in the device's order.
pub(super) fn regions(
    context: &Context<'_>,
    fact: &Fact,
    backend: &Backend,
    parameters: &[(String, u64)],
    found: &mut Diagnostics,
) -> Vec<Spanned<DeviceMemory>> {
    if backend.memory.is_empty() {
        return Vec::new();
    }
    let text = fact.get("memory");
    let count = text.map_or(0, |text| text.words().len());
    if count != backend.memory.len() {
        report_count(fact, backend, count, found);
        return Vec::new();
    }
    let regions: Vec<_> = text
        .into_iter()
        .flat_map(|text| resources::memory(context, text, found))
        .collect();
    // With one left out, the others would be taken for what they are not.
    if regions.len() == backend.memory.len() {
        let value = |name| Some(parameters.iter().find(|(n, _)| n == name)?.1);
        let is_read_only = !backend.has_channel && value("read-only") == Some(1);
        for (region, part) in regions.iter().zip(backend.memory) {
            if part.vmm_writes && !is_read_only {
                check_writable(context, region, part, backend, found);
            }
            check_size(region, part, value("capacity"), found);
        }
    }
    regions
}

fn report_count(fact: &Fact, backend: &Backend, count: usize, found: &mut Diagnostics) {
    let names: Vec<&str> = backend.memory.iter().map(|part| part.what).collect();
    let span = match fact.get("memory") {
        Some(text) if text.value.is_empty() => text.quoted(),
        Some(text) => text.span.clone(),
        None => fact.span.clone(),
    };
    let number = match count {
        0 => "no memory regions".to_owned(),
        1 => "one memory region".to_owned(),
        count => format!("{count} memory regions"),
    };
    let (kind, name) = (backend.kind.name(), backend.name);
    found
        .error(
            &span,
            format!("{number} for a virtio {kind} device with the backend `{name}`"),
            format!("expected {}", names.len()),
        )
        .hint(format!(
            "`memory` names, in this order: {}",
            names.join(", ")
        ));
}

fn check_writable(
    context: &Context<'_>,
    region: &Spanned<DeviceMemory>,
    part: &Part,
    backend: &Backend,
    found: &mut Diagnostics,
) {
    if region.value.is_writable {
        return;
    }
    let name = &region.value.region;
    let hint = if backend.has_channel {
        "write perms=\"rw\""
    } else {
        "write perms=\"rw\", or read-only=\"true\" for the device"
    };
    let Some(map) = context.own_map(name) else {
        return;
    };
    found
        .error(
            &map.permissions.span,
            format!("the VMM cannot write `{name}`"),
            "no `w` here",
        )
        .related(&region.span, part.what)
        .hint(hint);
}

fn check_size(
    region: &Spanned<DeviceMemory>,
    part: &Part,
    capacity: Option<u64>,
    found: &mut Diagnostics,
) {
    let size = region.value.window.size;
    if let PartSize::PowerOfTwo(most) = part.size {
        if !size.is_power_of_two() || size > most {
            found
                .error(
                    &region.span,
                    format!(
                        "`{}` is not a power of two, or too large",
                        region.value.region
                    ),
                    format!("{}: {size:#x} bytes", part.what),
                )
                .hint("the place of a byte is its index modulo the size, also when it wraps");
        }
        return;
    }
    let capacity = capacity.and_then(|capacity| u32::try_from(capacity).ok());
    let (needed, what) = match (part.size, capacity) {
        (PartSize::AtLeast(bytes), _) => (bytes, String::new()),
        (PartSize::Queue(layout), Some(capacity)) => {
            (layout.bytes(capacity), format!(" for {capacity} entries"))
        }
        (PartSize::Cells(bytes), Some(capacity)) => (
            bytes.saturating_mul(capacity.into()),
            format!(" for {capacity} cells of {bytes:#x} bytes"),
        ),
        // A bad capacity was reported.
        (_, None) | (PartSize::PowerOfTwo(_), _) => return,
    };
    if size < needed {
        found
            .error(
                &region.span,
                format!("`{}` is too small", region.value.region),
                format!(
                    "{}: {size:#x} bytes, but {needed:#x} are needed{what}",
                    part.what
                ),
            )
            .hint("give the memory region a larger `size`, or the device a smaller `capacity`");
    }
}
