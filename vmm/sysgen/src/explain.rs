//! What lies at a guest-physical address.

mod overview;
mod registers;

use vmm_config::{Device, ReservationKind};

use crate::System;
use crate::model::{EmulatedDevice, Guest, Reservation};
use overview::overview;
use registers::{cpu_interface_register, distributor_register, virtio_register};

impl System {
    /// Says for each guest what the address is, and which line of the XML made it so.
    pub fn explain(&self, address: u64) -> String {
        let guests = self.guests.iter();
        let lines: Vec<String> = guests
            .map(|guest| self.explain_in(guest, address))
            .collect();
        lines.join("\n")
    }

    /// Says for each guest who runs it, what ends its sleep, and which devices it has.
    pub fn overview(&self) -> String {
        let lines: Vec<String> = self.guests.iter().map(overview).collect();
        lines.join("\n")
    }

    fn explain_in(&self, guest: &Guest, address: u64) -> String {
        let mut pieces = guest.reservations.iter();
        let what = match pieces.find(|r| r.base <= address && address < r.end()) {
            Some(piece) => self.piece(guest, piece, address),
            None => nothing(guest, address),
        };
        format!("{}: {address:#x} is {what}", guest.name)
    }

    fn piece(&self, guest: &Guest, piece: &Reservation, address: u64) -> String {
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
            ReservationKind::Emulated(Device::Emulated { device, region }) => {
                let mut devices = guest.emulated.iter();
                match devices.nth(device.into()) {
                    Some(device) => emulated(device, region, offset),
                    None => format!("the emulated device `{name}`"),
                }
            }
            ReservationKind::Emulated(Device::GicDistributor) => match distributor_register(offset)
            {
                Some(register) => format!("{register} of the emulated GIC distributor"),
                None => "a reserved register of the emulated GIC distributor".to_owned(),
            },
        };
        let file = &self.source.name;
        format!("{what}, offset {offset:#x} ({file}:{line})")
    }
}

fn emulated(device: &EmulatedDevice, region: u8, offset: u64) -> String {
    let name = &device.name.value;
    if let Some(backend) = device.virtio {
        let device = format!("the virtio {} device `{name}`", backend.kind.name());
        return match virtio_register(offset) {
            Some(register) => format!("{register} of {device}"),
            None => format!("a reserved register of {device}"),
        };
    }
    match device.registers.len() {
        1 => format!("the emulated device `{name}`"),
        _ => format!("region {region} of the emulated device `{name}`"),
    }
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
