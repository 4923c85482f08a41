//! Other kernels and other formats.

use std::fs::{self, File};
use std::io::Write;

use anyhow::Result;
use flate2::{Compression, write::GzEncoder};

use crate::bare_metal::{bare, compare};
use crate::case::{Case, Clock, DEBUG};
use crate::console::Console;

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case {
            name: "u-boot",
            system: "examples/plain/system.xml",
            configs: DEBUG,
            clock: Clock::Host,
            images: |bench| Ok(bare(bench.u_boot()?)),
            play: u_boot,
        },
        Case {
            name: "uefi",
            system: "tests/systems/uefi.xml",
            configs: DEBUG,
            clock: Clock::Host,
            images: |bench| Ok(bare(bench.uefi()?)),
            play: uefi,
        },
        Case {
            name: "arm64-image",
            system: "examples/plain/system.xml",
            configs: DEBUG,
            clock: Clock::Instructions,
            images: |bench| {
                let elf = bench.bare_metal("two-cpus")?;
                let image = bench.made("two-cpus.bin", |to| guest_images::flatten(&elf, to))?;
                Ok(bare(image))
            },
            play: one_cpu_only,
        },
        Case {
            name: "gzip-of-an-image",
            system: "tests/systems/two-cpus.xml",
            configs: DEBUG,
            clock: Clock::Instructions,
            images: |bench| {
                let elf = bench.bare_metal("two-cpus")?;
                let image =
                    bench.made("two-cpus-inner.bin", |to| guest_images::flatten(&elf, to))?;
                let packed = bench.made("two-cpus.bin.gz", |to| {
                    let mut encoder = GzEncoder::new(File::create(to)?, Compression::fast());
                    encoder.write_all(&fs::read(&image)?)?;
                    encoder.finish()?;
                    Ok(())
                })?;
                Ok(bare(packed))
            },
            play: |console| compare(console, "two-cpus"),
        },
    ]
}

/// To its prompt; a command is answered, and it switches the machine off.
fn u_boot(console: &mut Console) -> Result<()> {
    console.expect("U-Boot 20")?;
    console.expect("autoboot")?;
    console.send("\n\n")?;
    console.expect("=> ")?;
    console.send("echo sum is $board_name\n")?;
    console.expect("sum is ")?;
    console.send("poweroff\n")?;
    console.expect_off()
}

/// To its shell; a command is answered, and another one switches the machine off.
fn uefi(console: &mut Console) -> Result<()> {
    console.expect("UEFI firmware")?;
    // Any key shortens its wait for a script.
    console.expect("any other key to continue")?;
    console.send("x")?;
    console.expect("Shell> ")?;
    console.send("ver\r")?;
    console.expect("UEFI Interactive Shell")?;
    console.expect("Shell> ")?;
    console.send("reset -s\r")?;
    console.expect_off()
}

/// The guest for two vCPUs finds one, says so and ends.
fn one_cpu_only(console: &mut Console) -> Result<()> {
    console.expect("PROBE two-cpus-")?;
    console.expect("PROBES passed ")?;
    console.expect_off()
}
