//! Where kernels are placed, seen from inside: `placed` runs anywhere and says where it is.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Result, ensure};
use dtoolkit::fdt::Fdt;
use dtoolkit::model::{DeviceTree, DeviceTreeNode, DeviceTreeProperty};
use flate2::{Compression, write::GzEncoder};
use guest_images::DEFAULT_SUITE;
use std::fs;
use sysgen::device_tree::{self, Chosen};
use sysgen::{Images, Seed};

use crate::bare_metal::bare;
use crate::bench::Workbench;
use crate::case::{Case, Clock, DEBUG};
use crate::console::Console;

/// Of an arm64 Image's header.
const TEXT_OFFSET: usize = 8;
const MAGIC: usize = 0x38;

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case {
            name: "text-offset",
            system: "examples/plain/system.xml",
            configs: DEBUG,
            clock: Clock::Instructions,
            images: |bench| {
                kernel(bench, "placed-far.gz", |image| {
                    image[TEXT_OFFSET..TEXT_OFFSET + 8]
                        .copy_from_slice(&0x108_0000_u64.to_le_bytes());
                    let (start, rest) = image.split_at(100);
                    let padding = vec![0; 512];
                    Ok([gzip(start)?, gzip(rest)?, padding].concat())
                })
            },
            play: |console| expect_at(console, "0000000041080000", "0000000041200000"),
        },
        Case {
            name: "flat-at-ram-start",
            system: "tests/systems/flat-at-ram-start.xml",
            configs: DEBUG,
            clock: Clock::Instructions,
            images: |bench| {
                kernel(bench, "placed-flat.bin", |image| {
                    image[MAGIC..MAGIC + 4].fill(0);
                    Ok(image.to_vec())
                })
            },
            play: |console| expect_at(console, "0000000040000000", "0000000040200000"),
        },
        Case {
            name: "given-tree",
            system: "examples/plain/system.xml",
            configs: DEBUG,
            clock: Clock::Host,
            images: |bench| {
                let guest = bench.debian(DEFAULT_SUITE)?;
                Ok(Images {
                    kernel: guest.kernel,
                    initrd: Some(guest.initrd),
                    bootargs: None,
                    device_tree: Some(given_tree(bench)?),
                })
            },
            play: within_its_tree,
        },
    ]
}

/// The generated tree with three quarters of the RAM, of which the first 16 MiB are kept back.
fn given_tree(bench: &Workbench) -> Result<PathBuf> {
    let system = bench.system("examples/plain/system.xml")?;
    let chosen = Chosen {
        bootargs: "console=ttyAMA0 autopoweroff".to_owned(),
        initrd: None,
        seed: Seed::random()?,
    };
    let generated = device_tree::generate(system.guest(None)?, &chosen);
    let mut tree = DeviceTree::from_fdt(&Fdt::new(&generated)?);
    let root = &mut tree.root;
    root.remove_child("memory@40000000");
    let range = |base: u32, size: u32| [0, base, 0, size].map(u32::to_be_bytes).concat();
    root.add_child(node(
        "memory@40000000",
        &[
            ("device_type", b"memory\0".to_vec()),
            ("reg", range(0x4000_0000, 0xc00_0000)),
        ],
    ));
    let cells = 2u32.to_be_bytes().to_vec();
    let mut kept = node(
        "reserved-memory",
        &[
            ("#address-cells", cells.clone()),
            ("#size-cells", cells),
            ("ranges", Vec::new()),
        ],
    );
    kept.add_child(node(
        "firmware@40000000",
        &[
            ("reg", range(0x4000_0000, 0x100_0000)),
            ("no-map", Vec::new()),
        ],
    ));
    root.add_child(kept);
    bench.made("given.dtb", |to| Ok(fs::write(to, tree.to_dtb())?))
}

fn node(name: &str, properties: &[(&str, Vec<u8>)]) -> DeviceTreeNode {
    let mut node = DeviceTreeNode::new_unchecked(name);
    for (name, value) in properties {
        node.add_property(DeviceTreeProperty::new_unchecked(*name, value.clone()));
    }
    node
}

/// Linux has the memory of its tree, and could keep back what it says.
fn within_its_tree(console: &mut Console) -> Result<()> {
    console.expect("[mem 0x0000000041000000-0x000000004bffffff]")?;
    console.expect("GUEST-UP")?;
    console.expect_off()?;
    ensure!(!console.text().contains("failed to reserve"));
    Ok(())
}

/// The guest, as `change` makes it of its Image.
fn kernel(
    bench: &Workbench,
    name: &str,
    change: impl FnOnce(&mut [u8]) -> Result<Vec<u8>>,
) -> Result<Images> {
    let elf = bench.bare_metal("placed")?;
    let path = bench.made(name, |to| {
        guest_images::flatten(&elf, to)?;
        let mut image = fs::read(to)?;
        Ok(fs::write(to, change(&mut image)?)?)
    })?;
    Ok(bare(path))
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

/// It says where it is, finds a device tree where x0 points, and ends.
fn expect_at(console: &mut Console, code: &str, tree: &str) -> Result<()> {
    console.expect(&format!("PLACED code 0x{code} tree 0x{tree} good"))?;
    console.expect_off()
}
