//! A device tree that the user gives in place of the generated one: what it says of the machine.

use std::ops::Range;
use std::path::{Path, PathBuf};

use dtoolkit::fdt::{Fdt, FdtNode};
use dtoolkit::model::DeviceTree;
use dtoolkit::standard::NodeStandard;
use dtoolkit::{Node, Property};

use crate::image::{self, ImageError};

/// GICs of version 2 and before, as Linux's driver knows them.
const GIC_V2: [&str; 6] = [
    "arm,gic-400",
    "arm,cortex-a15-gic",
    "arm,cortex-a9-gic",
    "arm,cortex-a7-gic",
    "arm,eb11mp-gic",
    "qcom,msm-qgic2",
];
/// Nodes whose children have a `reg` that is no address.
const NOT_ON_THE_BUS: [&str; 3] = ["cpus", "chosen", "reserved-memory"];
/// How deep buses are looked into.
const DEPTH: u32 = 8;

/// A tree and what was read from it.
#[derive(Clone, Debug)]
pub struct GivenTree {
    /// Where it is from.
    pub path: PathBuf,
    /// All of it.
    pub tree: DeviceTree,
    /// `/memory`: each stretch with its node's name.
    pub memory: Vec<Stretch>,
    /// `/reserved-memory` and `/memreserve/`: what no image may lie on.
    pub reserved: Vec<Stretch>,
    /// `/cpus`: MPIDR of each, with its node's name.
    pub cpus: Vec<(String, u64)>,
    /// What has registers.
    pub devices: Vec<Device>,
}

/// A stretch of memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The node that says so.
    pub name: String,
    /// Where.
    pub range: Range<u64>,
}

/// A node with registers.
#[derive(Clone, Debug)]
pub struct Device {
    /// Its name.
    pub name: String,
    /// Guest-physical start of each window.
    pub windows: Vec<u64>,
    /// Is it an interrupt controller, and of which version?
    pub gic: Option<u8>,
}

/// Reads a tree.
///
/// # Errors
/// When the file cannot be read or is not a flattened device tree.
pub fn load(path: &Path) -> Result<GivenTree, ImageError> {
    let bytes = image::read(path)?;
    let bad = |problem: String| ImageError::Bad {
        path: path.to_owned(),
        problem,
    };
    let tree = Fdt::new(&bytes).map_err(|error| {
        bad(format!(
            "is not a flattened device tree: {error}; compile it with dtc"
        ))
    })?;
    let root = tree.root();
    let mut devices = Vec::new();
    add_devices(&root, &|address| Some(address), DEPTH, &mut devices);
    Ok(GivenTree {
        path: path.to_owned(),
        memory: memory(&root).map_err(&bad)?,
        reserved: reserved(tree).map_err(&bad)?,
        cpus: cpus(&root).map_err(&bad)?,
        devices,
        tree: DeviceTree::from_fdt(&tree),
    })
}

/// The nodes that Linux takes for memory: below the root, with a `device_type` that says so.
fn memory(root: &FdtNode<'_>) -> Result<Vec<Stretch>, String> {
    let mut found = Vec::new();
    let nodes = root.children().filter(|node| has_type(node, "memory"));
    for node in nodes.filter(is_available) {
        let property = match node.property("linux,usable-memory") {
            Some(_) => "linux,usable-memory",
            None => "reg",
        };
        found.extend(stretches(&node, property, root)?);
    }
    Ok(found)
}

fn reserved(tree: Fdt<'_>) -> Result<Vec<Stretch>, String> {
    let listed = tree.memory_reservations().map(|entry| Stretch {
        name: "memory kept back by /memreserve/".to_owned(),
        range: entry.address()..entry.address().saturating_add(entry.size()),
    });
    let mut found: Vec<Stretch> = listed.collect();
    if let Some(parent) = tree.root().child("reserved-memory") {
        for node in parent.children().filter(is_available) {
            found.extend(stretches(&node, "reg", &parent)?);
        }
    }
    found.retain(|stretch| !stretch.range.is_empty());
    Ok(found)
}

fn cpus(root: &FdtNode<'_>) -> Result<Vec<(String, u64)>, String> {
    let Some(parent) = root.child("cpus") else {
        return Ok(Vec::new());
    };
    let cpus = parent.children().filter(|node| has_type(node, "cpu"));
    let mut found = Vec::new();
    for node in cpus.filter(is_available) {
        for (affinity, _) in registers(&node, "reg", &parent)? {
            found.push((node.name().to_owned(), affinity));
        }
    }
    Ok(found)
}

/// Adds the devices on the bus `parent`; `to_guest` makes guest-physical addresses of its own.
fn add_devices(
    parent: &FdtNode<'_>,
    to_guest: &dyn Fn(u64) -> Option<u64>,
    depth: u32,
    found: &mut Vec<Device>,
) {
    let on_bus = |node: &FdtNode<'_>| !NOT_ON_THE_BUS.contains(&node.name());
    for node in parent.children().filter(on_bus).filter(is_available) {
        let compatible: Vec<&str> = node.compatible().into_iter().flatten().collect();
        let windows = registers(&node, "reg", parent).unwrap_or_default();
        let windows: Vec<u64> = windows.iter().filter_map(|(at, _)| to_guest(*at)).collect();
        if !windows.is_empty() && !compatible.is_empty() {
            found.push(Device {
                name: node.name().to_owned(),
                windows,
                gic: gic_version(&compatible),
            });
        }
        // Only what has `ranges` passes addresses on.
        if let (Some(depth), Ok(Some(ranges))) = (depth.checked_sub(1), node.ranges()) {
            let ranges: Vec<[u64; 3]> = ranges.filter_map(translation).collect();
            let through = |address: u64| to_guest(translate(address, &ranges)?);
            if compatible.contains(&"simple-bus") || compatible.contains(&"simple-mfd") {
                add_devices(&node, &through, depth, found);
            }
        }
    }
}

fn translation(range: dtoolkit::standard::Range<'_>) -> Option<[u64; 3]> {
    Some([
        range.child_bus_address().ok()?,
        range.parent_bus_address().ok()?,
        range.length().ok()?,
    ])
}

/// An empty `ranges` leaves addresses as they are.
fn translate(address: u64, ranges: &[[u64; 3]]) -> Option<u64> {
    if ranges.is_empty() {
        return Some(address);
    }
    let mut ranges = ranges.iter();
    ranges.find_map(|[child, parent, length]| {
        let offset = address
            .checked_sub(*child)
            .filter(|offset| offset < length)?;
        parent.checked_add(offset)
    })
}

fn gic_version(compatible: &[&str]) -> Option<u8> {
    if compatible.contains(&"arm,gic-v3") {
        return Some(3);
    }
    let is_v2 = compatible.iter().any(|text| GIC_V2.contains(text));
    is_v2.then_some(2)
}

fn has_type(node: &FdtNode<'_>, wanted: &str) -> bool {
    let property = node.property("device_type");
    let text = property.and_then(|property| property.value_as::<&str>().ok());
    text == Some(wanted)
}

/// As Linux reads `status`: absent, `okay` or `ok`.
fn is_available(node: &FdtNode<'_>) -> bool {
    let Some(property) = node.property("status") else {
        return true;
    };
    matches!(property.value_as::<&str>(), Ok("okay" | "ok"))
}

fn stretches(
    node: &FdtNode<'_>,
    property: &str,
    parent: &FdtNode<'_>,
) -> Result<Vec<Stretch>, String> {
    let registers = registers(node, property, parent)?;
    let stretches = registers.into_iter().filter(|(_, size)| *size > 0);
    let stretches = stretches.map(|(base, size)| Stretch {
        name: node.name().to_owned(),
        range: base..base.saturating_add(size),
    });
    Ok(stretches.collect())
}

/// Addresses and sizes, in the cells that `parent` has for them.
fn registers(
    node: &FdtNode<'_>,
    property: &str,
    parent: &FdtNode<'_>,
) -> Result<Vec<(u64, u64)>, String> {
    let wrong = |error: &dyn std::fmt::Display| {
        format!("has a bad `{property}` in {}: {error}", node.name())
    };
    let Some(value) = node.property(property) else {
        return Ok(Vec::new());
    };
    let cells = [
        parent.address_cells().map_err(|error| wrong(&error))? as usize,
        parent.size_cells().map_err(|error| wrong(&error))? as usize,
    ];
    let entries = value.as_prop_encoded_array(cells);
    let mut found = Vec::new();
    for [address, size] in entries.map_err(|error| wrong(&error))? {
        let address = dtoolkit::ToCellInt::to_int(address).map_err(|error| wrong(&error))?;
        let size = dtoolkit::ToCellInt::to_int(size).map_err(|error| wrong(&error))?;
        found.push((address, size));
    }
    Ok(found)
}
