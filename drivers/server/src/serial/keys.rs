//! The control key in the input.

/// Ctrl-\, as upstream's virtualiser has it.
const CONTROL: u8 = 28;

/// What a byte of input means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// It is input of the chosen client.
    Input(u8),
    /// The client of this number is chosen.
    Choose(usize),
    /// Nothing yet, or nothing at all.
    Nothing,
}

/// What was pressed before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keys {
    control: bool,
}

impl Keys {
    pub(super) const fn new() -> Self {
        Self { control: false }
    }

    pub(super) fn press(&mut self, byte: u8) -> Key {
        let after_control = core::mem::take(&mut self.control);
        match byte {
            CONTROL if after_control => Key::Input(CONTROL),
            CONTROL => {
                self.control = true;
                Key::Nothing
            }
            b'0'..=b'9' if after_control => Key::Choose(usize::from(byte.saturating_sub(b'0'))),
            _ if after_control => Key::Nothing,
            _ => Key::Input(byte),
        }
    }
}
