//! `test`: every test there is, on the host and on QEMU, and one count at the end.

use std::ffi::OsStr;
use std::io::pipe;
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Context, Result};

use crate::knobs::Knobs;
use crate::progress::{Live, lines, step, verbose};
use crate::setup::{Need, ensure};
use crate::tally::Tally;
use crate::tree::Tree;

/// The crate whose tests boot images on QEMU.
const BOOT_TESTS: &str = "boot-tests";

/// Some of the tests.
struct Suite {
    name: &'static str,
    cargo: Vec<String>,
    /// Its tests are slow enough to be told one by one.
    slow: bool,
}

/// Runs all of them, also after one has failed.
///
/// # Errors
/// When this machine cannot be made ready.
pub fn test(tree: &Tree, _knobs: &Knobs) -> Result<ExitCode> {
    let found = ensure(tree, &[Need::Target, Need::Qemu, Need::Dtc, Need::Curl])?;
    let path = found.path(tree)?;
    let mut sum = Tally::default();
    for suite in suites(tree) {
        sum += run(tree, &suite, &path)?;
    }
    println!("{sum}");
    Ok(if sum.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn suites(tree: &Tree) -> Vec<Suite> {
    let suite = |name, manifest: &str, more: &[&str], slow| {
        let manifest = tree.path(manifest).display().to_string();
        let words = ["test", "--no-fail-fast", "--manifest-path", &manifest];
        let cargo = words
            .iter()
            .chain(more)
            .map(|&word| word.to_owned())
            .collect();
        Suite { name, cargo, slow }
    };
    vec![
        suite(
            "host tests",
            "Cargo.toml",
            &["--workspace", "--exclude", BOOT_TESTS],
            false,
        ),
        suite(
            "stand-in crates",
            "devsdk/crates/Cargo.toml",
            &["--workspace"],
            false,
        ),
        suite(
            "stand-in kernel",
            "devsdk/kernel/Cargo.toml",
            &["--lib"],
            false,
        ),
        suite("boot tests", "Cargo.toml", &["--package", BOOT_TESTS], true),
    ]
}

fn run(tree: &Tree, suite: &Suite, path: &OsStr) -> Result<Tally> {
    step(suite.name);
    let start = Instant::now();
    let (output, writer) = pipe()?;
    let mut cargo = Command::new("cargo");
    // The stand-in crates want a configuration, as any program on an SDK does.
    let include = tree.path("devsdk/board/qemu_virt_aarch64/debug/include");
    cargo
        .args(&suite.cargo)
        .env("SEL4_INCLUDE_DIRS", include)
        .env("CARGO_TARGET_DIR", tree.target(""))
        .env("PATH", path)
        // For the stand-in crates.
        .env(
            "SEL4_INCLUDE_DIRS",
            tree.path("devsdk/board/qemu_virt_aarch64/debug/include"),
        )
        .stdin(std::process::Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer);
    let mut child = cargo.spawn().context("cannot start cargo")?;
    // Lets go of the pipe's other end, so that the output ends when the child does.
    drop(cargo);
    let mut tally = Tally::default();
    let mut log = String::new();
    let mut live = Live::new(suite.name);
    for line in lines(output) {
        let Some(line) = line else {
            live.tick();
            continue;
        };
        if verbose() || (suite.slow && line.starts_with("test ")) {
            live.clear();
            eprintln!("    {line}");
        } else {
            live.show(&line);
        }
        tally += Tally::of_line(&line);
        log += &line;
        log.push('\n');
    }
    live.clear();
    let status = child.wait()?;
    if !status.success() {
        // Tests that do not even build are counted too.
        tally.failed = tally.failed.max(1);
        eprint!("{log}");
    }
    step(&format!(
        "{}: {tally} ({} s)",
        suite.name,
        start.elapsed().as_secs()
    ));
    Ok(tally)
}
