//! QEMU with an image, its serial port on standard input and output.

mod devices;

use std::io::{Read, Write, stdout};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use sysgen::Board;

use crate::console::{End, Watch};
use crate::image::Image;
use crate::input::Input;
use crate::setup;
use crate::tree::Tree;

/// What a QEMU that is asked to end gets to do so.
const PATIENCE: Duration = Duration::from_secs(5);

/// The QEMU that runs `board`, found or got.
///
/// # Errors
/// When there is none of the version that the board needs, and none can be had.
pub fn emulator(tree: &Tree, board: &Board) -> Result<PathBuf> {
    let machine = board.qemu.as_ref();
    let version = machine.map(|machine| machine.version.as_str());
    setup::qemu(tree, version.context("QEMU has no machine for it")?)
}

/// The command that runs `image`, with its console on standard input and output.
///
/// # Errors
/// When QEMU does not have the board, or there is no QEMU.
pub fn qemu(image: &Image, input: Input, more: &[String]) -> Result<Command> {
    let Some(arguments) = image.board.qemu_arguments(&image.loader) else {
        bail!(
            "QEMU has no machine for {}: load {} on the board",
            image.board.name,
            image.loader.display()
        );
    };
    let mut qemu = Command::new(emulator(&Tree::find(), &image.board)?);
    qemu.args(arguments)
        .args(["-nic", "none", "-display", "none"]);
    qemu.args(devices::arguments(image)?);
    let earlier_ports = image.board.qemu.as_ref().map_or(0, |qemu| qemu.console);
    for _ in 0..earlier_ports {
        qemu.args(["-serial", "null"]);
    }
    match input {
        // Ctrl-A X leaves; everything else, Ctrl-C too, goes to the guest.
        Input::Terminal => qemu.args(["-serial", "mon:stdio"]),
        // No byte may be taken for the monitor.
        Input::Stream | Input::Nothing => {
            qemu.args([
                "-monitor",
                "none",
                "-chardev",
                "stdio,id=console,signal=off",
            ]);
            qemu.args(["-serial", "chardev:console"])
        }
    };
    qemu.args(more);
    Ok(qemu)
}

/// What the thread that reads the console, and the one that waits for signals, report.
enum Event {
    AllStopped,
    OutputClosed(Option<End>),
    Interrupted,
}

/// Runs QEMU until it ends, or the last guest has; `guests` is their number. Returns whether
/// all ended well.
///
/// # Errors
/// When QEMU cannot be started.
pub fn run(mut qemu: Command, guests: usize) -> Result<bool> {
    let (sender, receiver) = channel();
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    let mut child = qemu
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start qemu-system-aarch64")?;
    let output = child.stdout.take().context("QEMU has no output")?;
    let signalled = sender.clone();
    thread::spawn(move || {
        if signals.forever().next().is_some() {
            let _ = signalled.send(Event::Interrupted);
        }
    });
    thread::spawn(move || copy(output, guests, &sender));
    let (end, interrupted) = wait(&receiver, &child);
    let status = child.wait()?;
    let quit_by_us = end.is_some();
    Ok(!interrupted && end != Some(End::Crashed) && (status.success() || quit_by_us))
}

/// Waits for the end of the output, and asks QEMU to end when that is due.
fn wait(events: &Receiver<Event>, child: &Child) -> (Option<End>, bool) {
    let mut interrupted = false;
    let mut patience = Duration::MAX;
    loop {
        match events.recv_timeout(patience) {
            Ok(Event::OutputClosed(end)) => return (end, interrupted),
            Ok(Event::Interrupted) => interrupted = true,
            Ok(Event::AllStopped) => {}
            Err(RecvTimeoutError::Timeout) => {
                signal(child, Signal::KILL);
                return (None, true);
            }
            Err(RecvTimeoutError::Disconnected) => return (None, interrupted),
        }
        signal(child, Signal::TERM);
        patience = PATIENCE;
    }
}

fn signal(child: &Child, signal: Signal) {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    if let Some(pid) = pid {
        // It may have ended by itself.
        let _ = kill_process(pid, signal);
    }
}

/// Passes the output on and watches it.
fn copy(mut from: impl Read, guests: usize, events: &Sender<Event>) {
    let mut watch = Watch::new(guests);
    let mut buffer = [0; 4096];
    let mut told = false;
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        let bytes = buffer.get(..count).unwrap_or_default();
        // Nobody may be reading any more; the guest goes on all the same.
        let _ = stdout().write_all(bytes).and_then(|()| stdout().flush());
        watch.feed(bytes);
        if watch.all_stopped() && !told {
            told = true;
            let _ = events.send(Event::AllStopped);
        }
    }
    let _ = events.send(Event::OutputClosed(watch.end()));
}

#[cfg(test)]
mod tests;
