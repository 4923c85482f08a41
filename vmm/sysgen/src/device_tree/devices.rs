//! Nodes of devices, passed-through and emulated, and their clocks.

use dtoolkit::model::DeviceTreeNode;

use super::tree::{cells, node, range, with};
use super::{EDGE_RISING, GIC_PHANDLE, LEVEL_HIGH};
use crate::model::{Device, EmulatedDevice, Guest, Property, PropertyValue};

/// A device as its node shows it.
struct Shown<'a> {
    name: &'a str,
    compatible: &'a [String],
    registers: Vec<(u64, u64)>,
    /// INTIDs, with whether they are edge-triggered.
    interrupts: Vec<(u16, bool)>,
    clocks: &'a [(String, u32)],
    properties: &'a [Property],
}

impl<'a> Shown<'a> {
    fn passed(device: &'a Device) -> Self {
        let interrupts = device.interrupts.iter();
        Self {
            name: &device.name,
            compatible: &device.compatible,
            registers: device.registers.clone(),
            interrupts: interrupts.map(|i| (i.intid, i.edge)).collect(),
            clocks: &device.clocks,
            properties: &device.properties,
        }
    }

    fn emulated(device: &'a EmulatedDevice) -> Self {
        let lines = device.lines.iter().map(|line| line.value);
        Self {
            name: &device.name.value,
            compatible: &device.compatible,
            registers: device.registers.iter().map(|r| r.value).collect(),
            interrupts: lines.map(|line| (line.intid, line.edge)).collect(),
            clocks: &device.clocks,
            properties: &device.properties,
        }
    }

    /// `name@address`.
    fn node_name(&self) -> String {
        match self.registers.first() {
            Some((base, _)) => format!("{}@{base:x}", self.name),
            None => self.name.to_owned(),
        }
    }
}

/// The devices that have a `compatible`.
fn shown(guest: &Guest) -> impl Iterator<Item = Shown<'_>> {
    let passed = guest.devices.iter().map(Shown::passed);
    let all = passed.chain(guest.emulated.iter().map(Shown::emulated));
    all.filter(|device| !device.compatible.is_empty())
}

/// Name of the node of the device `name`.
pub(super) fn node_name(guest: &Guest, name: &str) -> Option<String> {
    let device = shown(guest).find(|device| device.name == name)?;
    Some(device.node_name())
}

/// Adds every device that has a `compatible`, and its clocks.
pub(super) fn add(root: &mut DeviceTreeNode, guest: &Guest) {
    let mut phandle = GIC_PHANDLE;
    for device in shown(guest) {
        let mut clocks = Vec::new();
        for (name, hertz) in device.clocks {
            phandle += 1;
            clocks.push(phandle);
            root.add_child(clock(&device, name, *hertz, phandle));
        }
        root.add_child(device_node(&device, &clocks));
    }
}

fn clock(device: &Shown<'_>, name: &str, hertz: u32, phandle: u32) -> DeviceTreeNode {
    let mut clock = node(format!("clock-{}-{name}", device.name));
    with(&mut clock, "compatible", "fixed-clock");
    with(&mut clock, "#clock-cells", 0u32);
    with(&mut clock, "clock-frequency", hertz);
    with(&mut clock, "phandle", phandle);
    clock
}

fn device_node(device: &Shown<'_>, clocks: &[u32]) -> DeviceTreeNode {
    let mut node = node(device.node_name());
    with(&mut node, "compatible", strings(device.compatible));
    let reg: Vec<u8> = device
        .registers
        .iter()
        .flat_map(|(base, size)| range(*base, *size))
        .collect();
    with(&mut node, "reg", reg);
    if !device.interrupts.is_empty() {
        with(&mut node, "interrupts", interrupts(device));
    }
    if !clocks.is_empty() {
        with(&mut node, "clocks", cells(clocks));
        let names: Vec<&str> = device
            .clocks
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        with(&mut node, "clock-names", names);
    }
    for property in device.properties {
        match &property.value {
            PropertyValue::Flag => with(&mut node, &property.name, Vec::<u8>::new()),
            PropertyValue::Cells(words) => with(&mut node, &property.name, cells(words)),
            PropertyValue::Strings(texts) => with(&mut node, &property.name, strings(texts)),
        }
    }
    node
}

/// SPI n of the binding is INTID 32 + n; the interrupts of devices are all SPIs.
fn interrupts(device: &Shown<'_>) -> Vec<u8> {
    let words = device.interrupts.iter().flat_map(|(intid, edge)| {
        let flags = if *edge { EDGE_RISING } else { LEVEL_HIGH };
        [0, u32::from(intid.saturating_sub(32)), flags]
    });
    cells(&words.collect::<Vec<u32>>())
}

fn strings(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}
