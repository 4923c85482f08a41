//! A device tree that the user gives in place of the generated one.

use std::ops::Range;
use std::path::Path;

use dtoolkit::Node;
use dtoolkit::fdt::{Fdt, FdtNode};
use dtoolkit::model::DeviceTree;

use super::{ImageError, read};

/// Reads the tree; its memory must be part of the guest's RAM.
///
/// # Errors
/// When the file cannot be read, is not a flattened device tree, or speaks of memory that the
/// guest does not have.
pub fn load_device_tree(path: &Path, ram: &[Range<u64>]) -> Result<DeviceTree, ImageError> {
    let bytes = read(path)?;
    let bad = |problem: String| ImageError::Bad {
        path: path.to_owned(),
        problem,
    };
    let tree = Fdt::new(&bytes).map_err(|error| {
        bad(format!(
            "is not a flattened device tree: {error}; compile it with dtc"
        ))
    })?;
    for node in tree.root().children() {
        let name = node.name();
        if name == "memory" || name.starts_with("memory@") {
            check_memory(&node, ram).map_err(&bad)?;
        }
    }
    Ok(DeviceTree::from_fdt(&tree))
}

fn check_memory(node: &FdtNode<'_>, ram: &[Range<u64>]) -> Result<(), String> {
    let name = node.name();
    let wrong = |error: &dyn std::fmt::Display| format!("has a bad `reg` in {name}: {error}");
    for entry in node
        .reg()
        .map_err(|error| wrong(&error))?
        .into_iter()
        .flatten()
    {
        let base: u64 = entry.address().map_err(|error| wrong(&error))?;
        let size: u64 = entry.size().map_err(|error| wrong(&error))?;
        let end = base.saturating_add(size);
        let has = |piece: &Range<u64>| piece.start <= base && end <= piece.end;
        if size > 0 && !ram.iter().any(has) {
            let pieces = ram
                .iter()
                .map(|r| format!("{:#x} to {:#x}", r.start, r.end));
            return Err(format!(
                "says in {name} that {base:#x} to {end:#x} is memory, but the guest's RAM is {}",
                pieces.collect::<Vec<_>>().join(", ")
            ));
        }
    }
    Ok(())
}
