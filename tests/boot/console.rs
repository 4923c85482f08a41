//! The serial console of a running machine, read and typed on as a person would.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

/// For one step; a loaded machine of two cores runs several of these at once.
const PATIENCE: Duration = Duration::from_secs(180);
/// Around a message of a debug kernel.
const KERNEL_BEGIN: &str = "\x1b[0m\x1b[1m<<";
const KERNEL_END: &str = ">>\x1b[0m\r\n";
/// How much of the console an error shows.
const TAIL: usize = 2000;

/// QEMU and its console; QEMU ends with it.
pub(crate) struct Console {
    qemu: Child,
    input: ChildStdin,
    output: Receiver<Vec<u8>>,
    text: String,
    /// Where the next `expect` looks from.
    seen: usize,
    /// What the kernel prints is left out.
    without_kernel: bool,
}

impl Console {
    pub(crate) fn open(mut qemu: Command) -> Result<Self> {
        let mut qemu = qemu
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start qemu-system-aarch64")?;
        let input = qemu.stdin.take().context("QEMU has no input")?;
        let mut from = qemu.stdout.take().context("QEMU has no output")?;
        let (sender, output) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = from.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Ok(Self {
            qemu,
            input,
            output,
            text: String::new(),
            seen: 0,
            without_kernel: false,
        })
    }

    /// Leaves out what a debug kernel prints, which may be in the middle of a line of a driver's.
    pub(crate) const fn without_kernel(mut self) -> Self {
        self.without_kernel = true;
        self
    }

    /// Waits until `wanted` is printed after all that was expected before.
    pub(crate) fn expect(&mut self, wanted: &str) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.unseen().find(wanted) {
                self.seen += at + wanted.len();
                return Ok(());
            }
            ensure!(
                self.receive(deadline)?,
                "the machine ended before it printed {wanted:?}"
            );
        }
    }

    /// Waits until all of `wanted` are printed, in whatever order, after all that was expected
    /// before.
    pub(crate) fn expect_all(&mut self, wanted: &[String]) -> Result<()> {
        let (start, mut end) = (self.seen, self.seen);
        for text in wanted {
            self.seen = start;
            self.expect(text)?;
            end = end.max(self.seen);
        }
        self.seen = end;
        Ok(())
    }

    /// Waits for `wanted` as `expect` does; returns what was printed before it.
    pub(crate) fn up_to(&mut self, wanted: &str) -> Result<String> {
        let start = self.seen;
        self.expect(wanted)?;
        let printed = self.text.get(start..self.seen).unwrap_or_default();
        Ok(printed.strip_suffix(wanted).unwrap_or(printed).to_owned())
    }

    /// Types `text`.
    pub(crate) fn send(&mut self, text: &str) -> Result<()> {
        self.input.write_all(text.as_bytes())?;
        Ok(self.input.flush()?)
    }

    /// Types a command line at the shell and returns what it prints.
    pub(crate) fn command(&mut self, line: &str) -> Result<String> {
        // The shell echoes the quotes, so only the answer has the word in one piece.
        self.send(&format!("{line}; echo do''ne\n"))?;
        self.expect("ne\r\n")?;
        let start = self.seen;
        self.expect("done\r\n")?;
        let answer = self.text.get(start..self.seen).unwrap_or_default();
        // What is typed before the shell reads is echoed twice.
        let echo = answer.find("do''ne\r\n").map(|at| at + "do''ne\r\n".len());
        Ok(answer
            .get(echo.unwrap_or(0)..)
            .unwrap_or_default()
            .to_owned())
    }

    /// Waits for the machine to switch itself off.
    pub(crate) fn expect_off(&mut self) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while self.receive(deadline)? {}
        let status = self.qemu.wait()?;
        ensure!(status.success(), "QEMU ended with {status}");
        Ok(())
    }

    /// All that was printed.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The end of it.
    pub(crate) fn tail(&self) -> &str {
        let start = self.text.len().saturating_sub(TAIL);
        let start = (start..self.text.len()).find(|at| self.text.is_char_boundary(*at));
        start.map_or("", |start| &self.text[start..])
    }

    fn unseen(&self) -> &str {
        self.text.get(self.seen..).unwrap_or_default()
    }

    /// Takes what has been printed; `false` when nothing more will come.
    fn receive(&mut self, deadline: Instant) -> Result<bool> {
        let left = deadline.saturating_duration_since(Instant::now());
        match self.output.recv_timeout(left) {
            Ok(bytes) => {
                self.text += &String::from_utf8_lossy(&bytes);
                if self.without_kernel {
                    drop_kernel_messages(&mut self.text, self.seen);
                }
                Ok(true)
            }
            Err(RecvTimeoutError::Disconnected) => Ok(false),
            Err(RecvTimeoutError::Timeout) => bail!("nothing of the kind in {PATIENCE:?}"),
        }
    }
}

/// Takes the whole messages of the kernel out of `text`, from byte `from` on.
fn drop_kernel_messages(text: &mut String, from: usize) {
    while let Some(start) = text.get(from..).and_then(|text| text.find(KERNEL_BEGIN)) {
        let start = from + start;
        let Some(length) = text.get(start..).and_then(|text| text.find(KERNEL_END)) else {
            return;
        };
        text.replace_range(start..start + length + KERNEL_END.len(), "");
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.qemu.kill();
        let _ = self.qemu.wait();
    }
}
