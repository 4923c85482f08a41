//! What lies at a guest-physical address.

use vmm_config::ReservationKind;

use crate::System;
use crate::model::{Guest, Reservation, Wake};

impl System {
    /// Says for each guest what the address is, and which line of the XML made it so.
    pub fn explain(&self, address: u64) -> String {
        let guests = self.guests.iter();
        let lines: Vec<String> = guests
            .map(|guest| self.explain_in(guest, address))
            .collect();
        lines.join("\n")
    }

    /// Says for each guest who runs it and what ends its sleep.
    pub fn overview(&self) -> String {
        let lines: Vec<String> = self.guests.iter().map(overview).collect();
        lines.join("\n")
    }

    fn explain_in(&self, guest: &Guest, address: u64) -> String {
        let mut pieces = guest.reservations.iter();
        let what = match pieces.find(|r| r.base <= address && address < r.end()) {
            Some(piece) => self.piece(piece, address),
            None => nothing(guest, address),
        };
        format!("{}: {address:#x} is {what}", guest.name)
    }

    fn piece(&self, piece: &Reservation, address: u64) -> String {
        let offset = address - piece.base;
        let line = self.source.line(piece.span.start);
        let name = &piece.name;
        let what = match piece.kind {
            ReservationKind::Ram => format!("RAM `{name}`"),
            ReservationKind::Passthrough => format!("the passed-through device `{name}`"),
            ReservationKind::GicCpuInterface => match cpu_interface_register(offset) {
                Some(register) => format!("{register} of the GIC CPU interface"),
                None => "the GIC CPU interface".to_owned(),
            },
            ReservationKind::Emulated(_) => match distributor_register(offset) {
                Some(register) => format!("{register} of the emulated GIC distributor"),
                None => "a reserved register of the emulated GIC distributor".to_owned(),
            },
        };
        let file = &self.source.name;
        format!("{what}, offset {offset:#x} ({file}:{line})")
    }
}

fn overview(guest: &Guest) -> String {
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
    format!("{}: run by `{}`; {wake}", guest.name, guest.domain)
}

fn nothing(guest: &Guest, address: u64) -> String {
    let before = guest.reservations.iter().rfind(|r| r.end() <= address);
    let after = guest.reservations.iter().find(|r| r.base > address);
    let near = |piece: &Reservation| {
        let (base, end) = (piece.base, piece.end());
        format!("`{}` at {base:#x} to {end:#x}", piece.name)
    };
    match (before.map(near), after.map(near)) {
        (Some(before), Some(after)) => format!("nothing, between {before} and {after}"),
        (Some(before), None) => format!("nothing, after {before}"),
        (None, Some(after)) => format!("nothing, before {after}"),
        (None, None) => "nothing".to_owned(),
    }
}

/// A run of registers of one name: first offset, offset after the last, bytes per register.
type Run = (u64, u64, u64, &'static str);

/// GICv2 architecture specification, table 4-1.
const DISTRIBUTOR: [Run; 18] = [
    (0x000, 0x004, 4, "GICD_CTLR"),
    (0x004, 0x008, 4, "GICD_TYPER"),
    (0x008, 0x00c, 4, "GICD_IIDR"),
    (0x080, 0x100, 4, "GICD_IGROUPR"),
    (0x100, 0x180, 4, "GICD_ISENABLER"),
    (0x180, 0x200, 4, "GICD_ICENABLER"),
    (0x200, 0x280, 4, "GICD_ISPENDR"),
    (0x280, 0x300, 4, "GICD_ICPENDR"),
    (0x300, 0x380, 4, "GICD_ISACTIVER"),
    (0x380, 0x400, 4, "GICD_ICACTIVER"),
    (0x400, 0x7fc, 4, "GICD_IPRIORITYR"),
    (0x800, 0xbfc, 4, "GICD_ITARGETSR"),
    (0xc00, 0xd00, 4, "GICD_ICFGR"),
    (0xe00, 0xf00, 4, "GICD_NSACR"),
    (0xf00, 0xf04, 4, "GICD_SGIR"),
    (0xf10, 0xf20, 4, "GICD_CPENDSGIR"),
    (0xf20, 0xf30, 4, "GICD_SPENDSGIR"),
    (0xfd0, 0x1000, 4, "an identification register"),
];

/// GICv2 architecture specification, table 4-2.
const CPU_INTERFACE: [Run; 14] = [
    (0x00, 0x04, 4, "GICC_CTLR"),
    (0x04, 0x08, 4, "GICC_PMR"),
    (0x08, 0x0c, 4, "GICC_BPR"),
    (0x0c, 0x10, 4, "GICC_IAR"),
    (0x10, 0x14, 4, "GICC_EOIR"),
    (0x14, 0x18, 4, "GICC_RPR"),
    (0x18, 0x1c, 4, "GICC_HPPIR"),
    (0x1c, 0x20, 4, "GICC_ABPR"),
    (0x20, 0x24, 4, "GICC_AIAR"),
    (0x24, 0x28, 4, "GICC_AEOIR"),
    (0x28, 0x2c, 4, "GICC_AHPPIR"),
    (0xd0, 0xe0, 4, "GICC_APR"),
    (0xfc, 0x100, 4, "GICC_IIDR"),
    (0x1000, 0x1004, 4, "GICC_DIR"),
];

fn distributor_register(offset: u64) -> Option<String> {
    register(&DISTRIBUTOR, offset)
}

fn cpu_interface_register(offset: u64) -> Option<String> {
    register(&CPU_INTERFACE, offset)
}

/// The name, with its index where there are several.
fn register(runs: &[Run], offset: u64) -> Option<String> {
    let mut runs = runs.iter();
    let (start, end, width, name) =
        runs.find(|(start, end, ..)| (*start..*end).contains(&offset))?;
    let is_array = end - start > *width && name.starts_with("GIC");
    let index = (offset - start) / width;
    Some(if is_array {
        format!("{name}{index}")
    } else {
        (*name).to_owned()
    })
}
