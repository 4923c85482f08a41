//! The serial output of a machine, watched for the VMM's words about its guest.

/// How a guest ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It switched itself off.
    PoweredOff,
    /// The VMM could not go on with it.
    Crashed,
}

/// Longer lines are none of the VMM's.
const LINE_LIMIT: usize = 256;

/// Reads the output as it comes.
#[derive(Debug)]
pub struct Watch {
    line: Vec<u8>,
    /// Guests that still run, or may.
    running: usize,
    end: Option<End>,
}

impl Watch {
    /// For a system of so many guests.
    pub fn new(guests: usize) -> Self {
        Self {
            line: Vec::new(),
            running: guests,
            end: None,
        }
    }

    /// Takes the next bytes of the output.
    pub fn feed(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            match byte {
                b'\n' => self.finish_line(),
                _ if self.line.len() < LINE_LIMIT => self.line.push(byte),
                _ => {}
            }
        }
    }

    /// How a guest ended, as far as it has been said; a crash outweighs the rest.
    pub fn end(&self) -> Option<End> {
        self.end
    }

    /// Is there nothing left to run?
    pub fn all_stopped(&self) -> bool {
        self.running == 0
    }

    fn finish_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&line);
        // What the guest printed before may share the line.
        if let Some((_, message)) = line.rsplit_once("VMM: guest ") {
            self.message(message.trim_end());
        }
    }

    fn message(&mut self, message: &str) {
        if message.ends_with(" crashed") {
            self.end = Some(End::Crashed);
        } else if message.ends_with(" powered off") {
            self.end.get_or_insert(End::PoweredOff);
        } else if message.ends_with(" stays stopped") {
            self.running = self.running.saturating_sub(1);
        } else if message.contains(" cannot be set up: ")
            || message.contains(" cannot be started: ")
        {
            self.end = Some(End::Crashed);
            self.running = self.running.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watch(pieces: &[&str]) -> Watch {
        let mut watch = Watch::new(1);
        for piece in pieces {
            watch.feed(piece.as_bytes());
        }
        watch
    }

    fn end_of(pieces: &[&str]) -> Option<End> {
        watch(pieces).end()
    }

    #[test]
    fn the_end_is_seen_in_whatever_pieces_it_comes() {
        assert_eq!(
            end_of(&["VMM: guest linux powered off\r\n"]),
            Some(End::PoweredOff)
        );
        assert_eq!(
            end_of(&["noise\nVMM: gue", "st linux cra", "shed\n"]),
            Some(End::Crashed)
        );
        assert_eq!(
            end_of(&["login: VMM: guest linux powered off\n"]),
            Some(End::PoweredOff)
        );
    }

    #[test]
    fn an_unfinished_line_or_other_words_are_no_end() {
        assert_eq!(end_of(&["VMM: guest linux powered off"]), None);
        assert_eq!(end_of(&["VMM: guest linux crashed its car\n"]), None);
        assert_eq!(end_of(&["guest linux powered off\n"]), None);
    }

    #[test]
    fn a_crash_outweighs_a_power_off() {
        let crashed = "VMM: guest a crashed\n";
        let off = "VMM: guest b powered off\n";
        assert_eq!(end_of(&[crashed, off]), Some(End::Crashed));
        assert_eq!(end_of(&[off, crashed]), Some(End::Crashed));
    }

    #[test]
    fn the_run_is_over_when_the_last_guest_stays_stopped() {
        assert!(
            !watch(&["VMM: guest a crashed\n"]).all_stopped(),
            "it may be restarted"
        );
        assert!(watch(&["VMM: guest a stays stopped\n"]).all_stopped());
        let never_began = watch(&["VMM: guest a cannot be set up: Order\n"]);
        assert_eq!(
            (never_began.end(), never_began.all_stopped()),
            (Some(End::Crashed), true)
        );
        let mut two = Watch::new(2);
        two.feed(b"VMM: guest a stays stopped\n");
        assert!(!two.all_stopped());
        two.feed(b"VMM: guest b stays stopped\n");
        assert!(two.all_stopped());
    }

    #[test]
    fn a_flood_without_line_ends_is_bounded() {
        let mut watch = Watch::new(1);
        for _ in 0..1000 {
            watch.feed(&[b'x'; 1000]);
        }
        assert!(watch.line.len() <= LINE_LIMIT);
        watch.feed(b"\nVMM: guest linux crashed\n");
        assert_eq!(watch.end(), Some(End::Crashed));
    }
}
