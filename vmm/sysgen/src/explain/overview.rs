//! What a guest is and has, in a few lines.

use crate::model::{Device, EmulatedDevice, Guest, Wake};

pub(super) fn overview(guest: &Guest) -> String {
    let wake = match &guest.wake {
        None => "its sleep ends at once: it keeps its core busy".to_owned(),
        Some(Wake::PhysicalTimer(_)) => {
            "the EL1 physical timer ends its sleep, to the instant".to_owned()
        }
        Some(Wake::Tickers(tickers)) => {
            let each = tickers.iter().map(|ticker| {
                let (name, period) = (&ticker.domain, ticker.period);
                format!("`{name}` (each {period} us)")
            });
            let names: Vec<String> = each.collect();
            format!("tickers end its sleep: {}", names.join(", "))
        }
    };
    let first = format!("{}: run by `{}`; {wake}", guest.name, guest.domain);
    let passed = guest.devices.iter().map(passed);
    let emulated = guest.emulated.iter().map(emulated);
    let lines: Vec<String> = [first].into_iter().chain(passed).chain(emulated).collect();
    lines.join("\n")
}

fn passed(device: &Device) -> String {
    let interrupts = device.interrupts.iter();
    line(
        &format!("passed-through `{}`", device.name),
        &device.registers,
        &interrupts.clone().map(|i| i.intid).collect::<Vec<_>>(),
        &interrupts.map(|i| i.channel).collect::<Vec<_>>(),
    )
}

fn emulated(device: &EmulatedDevice) -> String {
    let name = &device.name.value;
    let what = match device.virtio {
        Some(backend) => {
            let (kind, backend) = (backend.kind.name(), backend.name);
            format!("virtio {kind} `{name}` (backend {backend})")
        }
        None => format!("emulated `{name}` ({})", device.rust_type),
    };
    let registers: Vec<_> = device.registers.iter().map(|r| r.value).collect();
    let lines: Vec<_> = device.lines.iter().map(|line| line.value.intid).collect();
    let channels: Vec<_> = device.channels.iter().map(|c| c.value).collect();
    line(&what, &registers, &lines, &channels)
}

/// A device with its addresses and, where it has some, INTIDs and channels.
fn line(what: &str, registers: &[(u64, u64)], intids: &[u16], channels: &[u8]) -> String {
    let range =
        |(base, size): &(u64, u64)| format!("{base:#x} to {:#x}", base.saturating_add(*size));
    let ranges: Vec<String> = registers.iter().map(range).collect();
    let mut text = format!("  {what}: {}", ranges.join(", "));
    let intids: Vec<String> = intids.iter().map(u16::to_string).collect();
    let channels: Vec<String> = channels.iter().map(u8::to_string).collect();
    for (name, numbers) in [("INTID", intids), ("channel", channels)] {
        let plural = if numbers.len() > 1 { "s" } else { "" };
        if !numbers.is_empty() {
            text.push_str(&format!("; {name}{plural} {}", numbers.join(", ")));
        }
    }
    text
}
