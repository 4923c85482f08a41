//! The machine with both guests, and which of them is typed to.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use guest_images::DEFAULT_SUITE;
use sysgen::Images;
use xtask::input::Input;
use xtask::machine;

use crate::bench::Workbench;
use crate::case::{Case, Clock, DEBUG_AND_RELEASE};
use crate::console::Console;

/// Control-\, which chooses a guest together with a digit.
const CONTROL: char = '\x1c';

/// One of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Guest {
    A,
    B,
}

impl Guest {
    /// Its number on the console and its letter.
    pub(super) const fn index(self) -> usize {
        self as usize
    }

    /// Its address on the network.
    pub(super) const fn address(self) -> &'static str {
        match self {
            Self::A => "10.0.2.21",
            Self::B => "10.0.2.22",
        }
    }

    /// Its Ethernet address.
    pub(super) const fn mac(self) -> &'static str {
        match self {
            Self::A => "52:54:00:00:00:0a",
            Self::B => "52:54:00:00:00:0b",
        }
    }

    /// Its name.
    pub(super) const fn letter(self) -> char {
        match self {
            Self::A => 'a',
            Self::B => 'b',
        }
    }

    /// What each line of its output begins with.
    pub(super) const fn prefix(self) -> &'static str {
        match self {
            Self::A => "a/console| ",
            Self::B => "b/console| ",
        }
    }
}

/// Both guests.
pub(super) struct Machine {
    console: Console,
    log: PathBuf,
    chosen: Guest,
}

impl Machine {
    pub(super) fn start(bench: &Workbench, kernel: &str, config: &str) -> Result<Self> {
        let case = Case {
            name: "two-guests",
            system: "examples/two-guests/system.xml",
            configs: DEBUG_AND_RELEASE,
            clock: Clock::Host,
            images: |bench| {
                let guest = bench.debian(DEFAULT_SUITE)?;
                Ok(Images {
                    kernel: guest.kernel,
                    initrd: Some(guest.initrd_with_modules),
                    bootargs: None,
                    device_tree: None,
                })
            },
            play: |_| Ok(()),
        };
        let folder = bench.folder(kernel, config, case.name);
        let image = bench.build(&case, kernel, config, &folder)?;
        Ok(Self {
            console: Console::open(machine::qemu(&image, Input::Stream, &[])?)?.without_kernel(),
            log: folder.join("console.log"),
            chosen: Guest::A,
        })
    }

    /// Keeps the console, and shows its end with an error.
    pub(super) fn finish(self, result: Result<()>) -> Result<()> {
        fs::write(&self.log, self.console.text())?;
        result.with_context(|| self.console.tail().to_owned())
    }

    /// Waits for the shells of both.
    pub(super) fn boot(&mut self) -> Result<()> {
        let up = [Guest::A, Guest::B].map(|guest| format!("{}GUEST-UP Linux", guest.prefix()));
        self.console.expect_all(&up)?;
        // From here on neither prints without being asked.
        for guest in [Guest::B, Guest::A] {
            self.choose(guest)?;
            self.expect_line(guest, "/ # ")?;
        }
        Ok(())
    }

    /// From now on what is typed goes to `guest`.
    pub(super) fn choose(&mut self, guest: Guest) -> Result<()> {
        self.chosen = guest;
        self.console
            .send(&format!("{CONTROL}{}\n", guest.index()))?;
        self.console.expect("input goes to ")
    }

    pub(super) fn send(&mut self, text: &str) -> Result<()> {
        self.console.send(text)
    }

    pub(super) fn expect_off(&mut self) -> Result<()> {
        self.console.expect_off()
    }

    /// Waits for `text` at the begin of a line of `guest`.
    pub(super) fn expect_line(&mut self, guest: Guest, text: &str) -> Result<()> {
        self.console.expect(&format!("{}{text}", guest.prefix()))
    }

    /// Runs a line at the chosen guest's shell, and returns what it printed, which must fit on a line.
    pub(super) fn answer(&mut self, line: &str) -> Result<String> {
        // The shell echoes the quotes, so only the answer has the words in one piece.
        self.console
            .send(&format!("echo \"sa\"\"ys $({line}) e\"\"nd\"\n"))?;
        self.console
            .expect(&format!("{}says ", self.chosen.prefix()))?;
        self.console.up_to(" end\r\n")
    }

    /// Runs a line and wants this answer.
    pub(super) fn expect(&mut self, line: &str, wanted: &str) -> Result<()> {
        let answer = self.answer(line)?;
        ensure!(
            answer == wanted,
            "{:?}: `{line}` answered {answer:?}, not {wanted:?}",
            self.chosen
        );
        Ok(())
    }
}
