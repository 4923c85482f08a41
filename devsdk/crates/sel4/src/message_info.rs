//! The message tag.

use crate::{Word, sys};

/// `seL4_MessageInfo_t`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageInfo(sys::seL4_MessageInfo);

impl MessageInfo {
    /// Wraps the ABI's tag.
    pub const fn from_inner(inner: sys::seL4_MessageInfo) -> Self {
        Self(inner)
    }

    /// The ABI's tag.
    pub const fn into_inner(self) -> sys::seL4_MessageInfo {
        self.0
    }

    /// The ABI's tag.
    pub const fn inner(&self) -> &sys::seL4_MessageInfo {
        &self.0
    }

    /// The ABI's tag.
    pub fn inner_mut(&mut self) -> &mut sys::seL4_MessageInfo {
        &mut self.0
    }

    /// A tag of these fields; `length` counts message registers.
    pub fn new(label: Word, caps_unwrapped: usize, extra_caps: usize, length: usize) -> Self {
        Self(sys::seL4_MessageInfo::new(
            label,
            caps_unwrapped as Word,
            extra_caps as Word,
            length as Word,
        ))
    }

    /// The sender's label, or the error or fault number.
    pub fn label(&self) -> Word {
        self.0.get_label()
    }

    /// How many bits a label has.
    pub const fn label_width() -> usize {
        sys::seL4_MessageInfo::width_of_label()
    }

    /// Which of the received capabilities were unwrapped to their badge, as a bit mask.
    pub fn caps_unwrapped(&self) -> usize {
        self.0.get_capsUnwrapped() as usize
    }

    /// How many capabilities go with the message.
    pub fn extra_caps(&self) -> usize {
        self.0.get_extraCaps() as usize
    }

    /// How many message registers are filled.
    pub fn length(&self) -> usize {
        self.0.get_length() as usize
    }
}

impl From<MessageInfoBuilder> for MessageInfo {
    fn from(builder: MessageInfoBuilder) -> Self {
        builder.build()
    }
}

/// Builds a [`MessageInfo`] field by field; what is not set is 0.
#[derive(Debug, Copy, Clone, PartialEq, Eq, Default)]
pub struct MessageInfoBuilder {
    label: Word,
    caps_unwrapped: usize,
    extra_caps: usize,
    length: usize,
}

impl MessageInfoBuilder {
    /// The tag.
    pub fn build(self) -> MessageInfo {
        MessageInfo::new(
            self.label,
            self.caps_unwrapped,
            self.extra_caps,
            self.length,
        )
    }

    /// Sets the label.
    #[must_use]
    pub fn label(self, label: Word) -> Self {
        Self { label, ..self }
    }

    /// Sets the mask of unwrapped capabilities.
    #[must_use]
    pub fn caps_unwrapped(self, caps_unwrapped: usize) -> Self {
        Self {
            caps_unwrapped,
            ..self
        }
    }

    /// Sets the number of capabilities.
    #[must_use]
    pub fn extra_caps(self, extra_caps: usize) -> Self {
        Self { extra_caps, ..self }
    }

    /// Sets the number of message registers.
    #[must_use]
    pub fn length(self, length: usize) -> Self {
        Self { length, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_lie_where_the_kernel_looks() {
        let info = MessageInfo::new(0xabcde, 5, 2, 120);
        assert_eq!(
            info.inner().into_word(),
            0xabcde << 12 | 5 << 9 | 2 << 7 | 120
        );
        let fields = (
            info.label(),
            info.caps_unwrapped(),
            info.extra_caps(),
            info.length(),
        );
        assert_eq!(fields, (0xabcde, 5, 2, 120));
        assert_eq!(MessageInfo::label_width(), 52);
    }
}
