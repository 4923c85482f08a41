//! Nodes of passed-through devices and their clocks.

use dtoolkit::model::DeviceTreeNode;

use super::tree::{cells, node, range, with};
use super::{EDGE_RISING, GIC_PHANDLE, LEVEL_HIGH};
use crate::model::{Device, Guest, PropertyValue};

/// `name@address`.
pub(super) fn node_name(device: &Device) -> String {
    match device.registers.first() {
        Some((base, _)) => format!("{}@{base:x}", device.name),
        None => device.name.clone(),
    }
}

/// Adds every device that has a `compatible`, and its clocks.
pub(super) fn add(root: &mut DeviceTreeNode, guest: &Guest) {
    let mut phandle = GIC_PHANDLE;
    let shown = guest.devices.iter().filter(|d| !d.compatible.is_empty());
    for device in shown {
        let mut clocks = Vec::new();
        for (name, hertz) in &device.clocks {
            phandle += 1;
            clocks.push(phandle);
            root.add_child(clock(device, name, *hertz, phandle));
        }
        root.add_child(device_node(device, &clocks));
    }
}

fn clock(device: &Device, name: &str, hertz: u32, phandle: u32) -> DeviceTreeNode {
    let mut clock = node(format!("clock-{}-{name}", device.name));
    with(&mut clock, "compatible", "fixed-clock");
    with(&mut clock, "#clock-cells", 0u32);
    with(&mut clock, "clock-frequency", hertz);
    with(&mut clock, "phandle", phandle);
    clock
}

fn device_node(device: &Device, clocks: &[u32]) -> DeviceTreeNode {
    let mut node = node(node_name(device));
    with(&mut node, "compatible", strings(&device.compatible));
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
    for property in &device.properties {
        match &property.value {
            PropertyValue::Flag => with(&mut node, &property.name, Vec::<u8>::new()),
            PropertyValue::Cells(words) => with(&mut node, &property.name, cells(words)),
            PropertyValue::Strings(texts) => with(&mut node, &property.name, strings(texts)),
        }
    }
    node
}

/// SPI n of the binding is INTID 32 + n; passed-through interrupts are all SPIs.
fn interrupts(device: &Device) -> Vec<u8> {
    let words = device.interrupts.iter().flat_map(|interrupt| {
        let flags = if interrupt.edge {
            EDGE_RISING
        } else {
            LEVEL_HIGH
        };
        [0, u32::from(interrupt.intid.saturating_sub(32)), flags]
    });
    cells(&words.collect::<Vec<u32>>())
}

fn strings(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}
