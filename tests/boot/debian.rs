//! The Debian guest: boot, typing, restart, power off.

use anyhow::{Context, Result, ensure};
use guest_images::DEFAULT_SUITE;
use sysgen::Images;

use crate::bench::Workbench;
use crate::case::{Case, Clock, DEBUG, DEBUG_AND_RELEASE};
use crate::console::Console;

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case {
            name: "debian-shell",
            system: "examples/plain/system.xml",
            configs: DEBUG_AND_RELEASE,
            clock: Clock::Host,
            images: |bench| debian(bench, DEFAULT_SUITE, None),
            play: shell,
        },
        Case {
            name: "debian-gic-shadow",
            system: "tests/systems/gic-shadow.xml",
            configs: DEBUG_AND_RELEASE,
            clock: Clock::Host,
            images: |bench| debian(bench, DEFAULT_SUITE, None),
            play: shell,
        },
        Case {
            name: "debian-powers-off",
            system: "examples/plain/system.xml",
            configs: DEBUG,
            clock: Clock::Host,
            images: |bench| debian(bench, DEFAULT_SUITE, Some("console=ttyAMA0 autopoweroff")),
            play: powers_off,
        },
        Case {
            name: "debian-of-another-suite",
            system: "examples/plain/system.xml",
            configs: DEBUG,
            clock: Clock::Host,
            images: |bench| debian(bench, "trixie", Some("console=ttyAMA0 autopoweroff")),
            play: powers_off,
        },
        Case {
            name: "debian-custom-device",
            system: "examples/custom-device/system.xml",
            configs: DEBUG_AND_RELEASE,
            clock: Clock::Host,
            images: |bench| debian(bench, DEFAULT_SUITE, None),
            play: custom_device,
        },
        Case {
            name: "debian-two-cpus",
            system: "tests/systems/two-cpus.xml",
            configs: DEBUG,
            clock: Clock::Host,
            images: |bench| debian(bench, DEFAULT_SUITE, None),
            play: two_cpus,
        },
    ]
}

fn debian(bench: &Workbench, suite: &str, bootargs: Option<&str>) -> Result<Images> {
    let guest = bench.debian(suite)?;
    Ok(Images {
        kernel: guest.kernel,
        initrd: Some(guest.initrd),
        bootargs: bootargs.map(str::to_owned),
        device_tree: None,
    })
}

/// A person boots it, types, restarts it, types again and switches it off.
fn shell(console: &mut Console) -> Result<()> {
    boot_to_shell(console)?;
    ensure!(
        uart_interrupts(console)? > 0,
        "typing must come as interrupts"
    );
    console.send("reboot -f\n")?;
    boot_to_shell(console)?;
    ensure!(
        uart_interrupts(console)? > 0,
        "typing must work after a restart too"
    );
    console.send("poweroff -f\n")?;
    console.expect_off()
}

fn boot_to_shell(console: &mut Console) -> Result<()> {
    console.expect("GUEST-UP Linux")?;
    console.expect("/ # ")
}

fn uart_interrupts(console: &mut Console) -> Result<u64> {
    let answer = console.command("grep uart /proc/interrupts")?;
    let count = answer
        .split_whitespace()
        .nth(1)
        .context("no line for the UART")?;
    Ok(count.parse()?)
}

fn powers_off(console: &mut Console) -> Result<()> {
    console.expect("GUEST-UP Linux")?;
    console.expect_off()
}

/// The real-time clock of the user's crate: Linux's driver takes it, the time that another
/// protection domain keeps goes on in it, and its alarm interrupts, after a restart too.
fn custom_device(console: &mut Console) -> Result<()> {
    boot_to_shell(console)?;
    ring_the_alarm(console)?;
    console.send("reboot -f\n")?;
    boot_to_shell(console)?;
    ring_the_alarm(console)?;
    console.send("poweroff -f\n")?;
    console.expect_off()
}

fn ring_the_alarm(console: &mut Console) -> Result<()> {
    let before = clock_seconds(console)?;
    ensure!(before > 1_700_000_000, "not the board's time: {before}");
    console.command("echo +2 > /sys/class/rtc/rtc0/wakealarm")?;
    console.command("while grep -q ': *0 .*rtc-pl031' /proc/interrupts; do sleep 1; done")?;
    let after = clock_seconds(console)?;
    ensure!(
        after >= before + 2,
        "the alarm rang after {} s",
        after - before
    );
    Ok(())
}

fn clock_seconds(console: &mut Console) -> Result<u64> {
    let answer = console.command("cat /sys/class/rtc/rtc0/since_epoch")?;
    let number = answer.lines().next().unwrap_or_default().trim();
    number
        .parse()
        .with_context(|| format!("not a time: {answer:?}"))
}

fn two_cpus(console: &mut Console) -> Result<()> {
    boot_to_shell(console)?;
    let count = console.command("grep -c ^processor /proc/cpuinfo")?;
    ensure!(
        count.trim_start().starts_with('2'),
        "two processors, not {count:?}"
    );
    // Both run something, and both get their timer's interrupts.
    let load = "taskset 1 sh -c 'sleep 1' && taskset 2 sh -c 'sleep 1' && echo slept";
    let slept = console.command(load)?;
    ensure!(
        slept.contains("slept"),
        "work on both processors: {slept:?}"
    );
    console.send("poweroff -f\n")?;
    console.expect_off()
}
