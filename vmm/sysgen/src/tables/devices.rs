//! Emulated devices and channels.

use std::fmt::{self, Write};

use vmm_config::Window;

use super::HEADER;
use crate::model::{EmulatedDevice, Guest};

/// The text of a file that the VMM includes; it defines the types `Devices` and `Maker`.
pub fn generate_devices(guest: &Guest) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write_set(&mut text, guest);
    text
}

fn write_set(out: &mut String, guest: &Guest) -> fmt::Result {
    writeln!(out, "{HEADER}")?;
    writeln!(out)?;
    writeln!(out, "vmm_device::device_set! {{")?;
    writeln!(out, "    /// The devices of `{}`.", guest.name)?;
    writeln!(out, "    pub struct Devices<'m> made by Maker {{")?;
    for (index, device) in guest.emulated.iter().enumerate() {
        let path = &device.rust_type;
        writeln!(out, "        // `{}`", device.name.value)?;
        writeln!(out, "        {index}: device_{index}: {path},")?;
    }
    writeln!(out, "    }}")?;
    writeln!(out, "}}")
}

/// `Guest::devices`.
pub(super) fn devices(out: &mut String, guest: &Guest) -> fmt::Result {
    writeln!(out, "    devices: &[")?;
    for device in &guest.emulated {
        write_device(out, device)?;
    }
    writeln!(out, "    ],")
}

fn write_device(out: &mut String, device: &EmulatedDevice) -> fmt::Result {
    writeln!(out, "        vmm_config::EmulatedDevice {{")?;
    writeln!(out, "            name: {:?},", device.name.value)?;
    writeln!(out, "            lines: &[")?;
    for line in &device.lines {
        let (intid, edge) = (line.value.intid, line.value.edge);
        writeln!(out, "                vmm_config::DeviceLine {{")?;
        writeln!(out, "                    intid: {intid},")?;
        writeln!(out, "                    edge: {edge},")?;
        writeln!(out, "                }},")?;
    }
    writeln!(out, "            ],")?;
    let channels: Vec<u8> = device.channels.iter().map(|c| c.value).collect();
    writeln!(out, "            channels: &{channels:?},")?;
    let all = device.memory.iter().map(|memory| memory.value.window);
    windows(out, all)?;
    parameters(out, &device.parameters)?;
    writeln!(out, "        }},")
}

/// The field `windows`.
pub(super) fn windows(out: &mut String, all: impl Iterator<Item = Window>) -> fmt::Result {
    writeln!(out, "            windows: &[")?;
    for window in all {
        let Window { vmm_address, size } = window;
        writeln!(out, "                vmm_config::Window {{")?;
        writeln!(out, "                    vmm_address: {vmm_address:#x},")?;
        writeln!(out, "                    size: {size:#x},")?;
        writeln!(out, "                }},")?;
    }
    writeln!(out, "            ],")
}

/// The field `parameters`.
pub(super) fn parameters(out: &mut String, all: &[(String, u64)]) -> fmt::Result {
    writeln!(out, "            parameters: &[")?;
    for (name, value) in all {
        writeln!(out, "                vmm_config::Parameter {{")?;
        writeln!(out, "                    name: {name:?},")?;
        writeln!(out, "                    value: {value:#x},")?;
        writeln!(out, "                }},")?;
    }
    writeln!(out, "            ],")
}

/// `Guest::channels`.
pub(super) fn channels(out: &mut String, guest: &Guest) -> fmt::Result {
    writeln!(out, "    channels: &[")?;
    for entry in &guest.channels {
        writeln!(out, "        vmm_config::ChannelEntry {{")?;
        writeln!(out, "            channel: {},", entry.channel)?;
        let owner = entry.owner;
        // Debug of an owner is the expression that makes it.
        writeln!(
            out,
            "            owner: vmm_config::ChannelOwner::{owner:?},"
        )?;
        writeln!(out, "        }},")?;
    }
    writeln!(out, "    ],")
}
