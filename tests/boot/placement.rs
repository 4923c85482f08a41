//! Where kernels are placed, seen from inside: `placed` runs anywhere and says where it is.

use std::io::Write;

use anyhow::Result;
use flate2::{Compression, write::GzEncoder};
use std::fs;
use sysgen::Images;

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
            system: "system.xml",
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
    ]
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
