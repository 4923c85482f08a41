//! What a tool does while it runs: on a terminal one line that changes, elsewhere a line for each
//! thing that is built or fetched.

use std::io::{IsTerminal, Write, stderr};
use std::time::Instant;

use rustix::termios::tcgetwinsize;

/// What cargo says that it is doing when that takes its time.
const STEPS: [&str; 5] = [
    "Compiling ",
    "Downloading ",
    "Downloaded ",
    "Updating ",
    "building ",
];

/// The line.
#[derive(Debug)]
pub struct Live {
    what: String,
    start: Instant,
    /// Columns of the terminal, if there is one.
    columns: Option<usize>,
    /// What the tool said last.
    last: String,
    drawn: bool,
}

impl Live {
    /// For the step `what`.
    pub fn new(what: &str) -> Self {
        let is_terminal = stderr().is_terminal();
        // A terminal that does not know its width says 0.
        let size = || tcgetwinsize(stderr()).map_or(0, |size| size.ws_col);
        let columns = || match size() {
            0 => 80,
            columns => columns.into(),
        };
        Self {
            what: what.to_owned(),
            start: Instant::now(),
            columns: is_terminal.then(columns),
            last: String::new(),
            drawn: false,
        }
    }

    /// Takes a line of the tool's.
    pub fn show(&mut self, line: &str) {
        let line = line.trim();
        if self.columns.is_some() {
            self.last = line.chars().filter(|c| !c.is_control()).collect();
            self.draw();
        } else if STEPS.iter().any(|step| line.starts_with(step)) {
            eprintln!("    {line}");
        }
    }

    /// Renews the time on the line.
    pub fn tick(&mut self) {
        if self.columns.is_some() {
            self.draw();
        }
    }

    /// Takes the line away.
    pub fn clear(&mut self) {
        if std::mem::take(&mut self.drawn) {
            eprint!("\r\x1b[K");
        }
    }

    fn draw(&mut self) {
        let text = self.text(self.start.elapsed().as_secs());
        eprint!("\r\x1b[K{text}");
        let _ = stderr().flush();
        self.drawn = true;
    }

    fn text(&self, seconds: u64) -> String {
        let text = match self.last.as_str() {
            "" => format!("  {} ({seconds} s)", self.what),
            last => format!("  {} ({seconds} s): {last}", self.what),
        };
        // A line that wraps could not be taken away again.
        let room = self.columns.unwrap_or(80).saturating_sub(1);
        text.chars().take(room).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_fits_into_the_terminal() {
        let mut live = Live::new("building the VMM");
        live.columns = Some(40);
        assert_eq!(live.text(3), "  building the VMM (3 s)");
        live.last = "Compiling sel4-sys v0.1.0 (https://github.com/seL4)".to_owned();
        assert_eq!(live.text(12), "  building the VMM (12 s): Compiling se");
        assert_eq!(live.text(12).chars().count(), 39);
    }
}
