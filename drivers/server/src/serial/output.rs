//! What goes to the UART next, and whose line it is on.

use heapless::Deque;

use super::client::LINE_BYTES;

/// Bytes of a client's name that are shown.
const NAME_BYTES: usize = 16;
const MARK: &[u8] = b"| ";
const NEW_LINE: &[u8] = b"\r\n";
const ANNOUNCEMENT: &[u8] = b"input goes to ";
/// The end of a line of somebody else, and a name before each byte, if all are line ends.
const ROOM: usize = NEW_LINE.len() + LINE_BYTES * (NAME_BYTES + MARK.len() + 1);

/// Bytes that wait for room in the UART.
#[derive(Debug)]
pub(super) struct Output {
    bytes: Deque<u8, ROOM>,
    /// Whose line is not ended.
    open: Option<usize>,
}

impl Output {
    pub(super) const fn new() -> Self {
        Self {
            bytes: Deque::new(),
            open: None,
        }
    }

    pub(super) fn front(&self) -> Option<u8> {
        self.bytes.front().copied()
    }

    pub(super) fn pop(&mut self) {
        self.bytes.pop_front();
    }

    /// Adds bytes of a client to the empty buffer; with a name, each line begins with it.
    pub(super) fn write(&mut self, client: usize, name: Option<&str>, bytes: &[u8]) {
        let Some(name) = name else {
            self.add(bytes);
            return;
        };
        if self.open.is_some_and(|open| open != client) {
            self.end_line();
        }
        for &byte in bytes {
            if self.open.is_none() {
                self.add_name(name);
                self.add(MARK);
                self.open = Some(client);
            }
            self.add(&[byte]);
            if byte == b'\n' {
                self.open = None;
            }
        }
    }

    /// Tells on a line of its own who gets the input from now on.
    pub(super) fn announce(&mut self, name: &str) {
        self.end_line();
        self.add(ANNOUNCEMENT);
        self.add_name(name);
        self.add(NEW_LINE);
    }

    fn end_line(&mut self) {
        if self.open.take().is_some() {
            self.add(NEW_LINE);
        }
    }

    fn add_name(&mut self, name: &str) {
        let shown = name.as_bytes().get(..NAME_BYTES);
        self.add(shown.unwrap_or(name.as_bytes()));
    }

    fn add(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            // There is room: the buffer was empty before.
            let _ = self.bytes.push_back(byte);
        }
    }
}
