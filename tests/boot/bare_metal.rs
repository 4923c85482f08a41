//! Our own guests, which look at the VMM from inside: their output must be the expected one.

use std::collections::HashSet;
use std::fs;

use anyhow::{Context, Result, ensure};
use sysgen::Images;

use crate::bench::Workbench;
use crate::case::{Case, Clock, DEBUG_AND_RELEASE};
use crate::console::Console;

pub(crate) fn cases() -> Vec<Case> {
    let one = "examples/plain/system.xml";
    let two = "tests/systems/two-cpus.xml";
    vec![
        case(
            "probes",
            one,
            |b| elf(b, "probes"),
            |c| compare(c, "probes"),
        ),
        case(
            "hostile",
            one,
            |b| elf(b, "hostile"),
            |c| compare(c, "hostile"),
        ),
        case(
            "virtio-hostile",
            "system.xml",
            |b| elf(b, "virtio-hostile"),
            |c| compare(c, "virtio-hostile"),
        ),
        case("reset", one, |b| elf(b, "reset"), |c| compare(c, "reset")),
        case(
            "two-cpus",
            two,
            |b| elf(b, "two-cpus"),
            |c| compare(c, "two-cpus"),
        ),
        case(
            "runaway",
            one,
            |b| elf(b, "runaway"),
            |c| compare(c, "runaway"),
        ),
        case(
            "crash-restart",
            "tests/systems/crash-restart.xml",
            |b| elf(b, "runaway"),
            three_starts,
        ),
    ]
}

/// On both configurations, by the count of instructions.
fn case(
    name: &'static str,
    system: &'static str,
    images: fn(&Workbench) -> Result<Images>,
    play: fn(&mut Console) -> Result<()>,
) -> Case {
    Case {
        name,
        system,
        configs: DEBUG_AND_RELEASE,
        clock: Clock::Instructions,
        images,
        play,
    }
}

/// A guest that reads the distributor from a page sees what it sees without.
pub(crate) fn with_shadow_page() -> Vec<Case> {
    let shadow = "tests/systems/gic-shadow.xml";
    vec![
        case(
            "gic-shadow-probes",
            shadow,
            |b| elf(b, "probes"),
            |c| compare(c, "probes"),
        ),
        case(
            "gic-shadow-hostile",
            shadow,
            |b| elf(b, "hostile"),
            |c| compare(c, "hostile"),
        ),
        case(
            "gic-shadow-reset",
            shadow,
            |b| elf(b, "reset"),
            |c| compare(c, "reset"),
        ),
    ]
}

/// A crash is reported with what matters most, and restarts the guest until the limit.
fn three_starts(console: &mut Console) -> Result<()> {
    for _ in 0..3 {
        for words in [
            "RUNAWAY vectors in nothing",
            "vCPU 0 stopped: its exception handler faults at its first instruction",
            "address: 0xb000200 is in no region",
            "VBAR_EL1  000000000b000000",
            "guest linux crashed",
        ] {
            console.expect(words)?;
        }
    }
    console.expect("guest linux stays stopped")
}

pub(crate) fn elf(bench: &Workbench, name: &str) -> Result<Images> {
    Ok(bare(bench.bare_metal(name)?))
}

/// A guest of one file.
pub(crate) fn bare(kernel: std::path::PathBuf) -> Images {
    Images {
        kernel,
        initrd: None,
        bootargs: None,
        device_tree: None,
    }
}

/// Runs the guest to its end and compares what it printed with `expected/NAME.txt`.
pub(crate) fn compare(console: &mut Console, name: &str) -> Result<()> {
    let path = guest_images::bare_metal_source().join(format!("expected/{name}.txt"));
    let expected = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    console.expect_off()?;
    let expected: Vec<&str> = expected.lines().collect();
    let printed = guest_lines(console.text(), &expected);
    for (number, line) in expected.iter().enumerate() {
        let found = printed.get(number).map_or("nothing", String::as_str);
        ensure!(
            found == *line,
            "line {}: expected {line:?}, found {found:?}",
            number + 1
        );
    }
    ensure!(
        printed.len() == expected.len(),
        "more than expected: {:?}",
        printed.last()
    );
    Ok(())
}

/// The console's lines that begin with a word that begins a line of `expected`: the kernel's
/// and the VMM's own lines are left out.
fn guest_lines(text: &str, expected: &[&str]) -> Vec<String> {
    let word = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
    let known: HashSet<String> = expected.iter().map(|line| word(line)).collect();
    text.lines()
        .map(|line| line.trim_end_matches('\r').to_owned())
        .filter(|line| known.contains(&word(line)))
        .collect()
}
