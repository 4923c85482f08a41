//! Message tag and errors of an invocation, as they appear in registers.
use bitfield_struct::bitfield;

use crate::abi::MAX_MESSAGE_LENGTH;

/// The message tag in x1 (`seL4_MessageInfo`).
#[bitfield(u64)]
#[derive(PartialEq, Eq)]
pub struct MessageInfo {
    /// Words of the message.
    #[bits(7)]
    pub length: u64,
    /// Capabilities sent or received.
    #[bits(2)]
    pub extra_caps: u64,
    /// Which of them arrived as badges.
    #[bits(3)]
    pub caps_unwrapped: u64,
    /// Method, fault type or error.
    #[bits(52)]
    pub label: u64,
}

impl MessageInfo {
    /// The tag in a register; a length above the maximum counts as the maximum.
    #[must_use]
    pub fn from_register(word: u64) -> Self {
        let info = Self::from_bits(word);
        info.with_length(info.length().min(MAX_MESSAGE_LENGTH))
    }

    /// A tag of only label and length.
    #[must_use]
    pub fn reply(label: u64, length: u64) -> Self {
        Self::new().with_label(label).with_length(length)
    }
}

/// Why an invocation was refused, with the words that tell the caller more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyscallError {
    /// The argument's number.
    InvalidArgument(u64),
    /// The capability's number; 0 is the invoked one.
    InvalidCapability(u64),
    /// The object has no such method.
    IllegalOperation,
    /// Lowest and highest allowed value.
    RangeError(u64, u64),
    /// Too few words or capabilities.
    TruncatedMessage,
    /// Something is in the way.
    DeleteFirst,
}

impl SyscallError {
    /// The label of the reply.
    #[must_use]
    pub const fn label(self) -> u64 {
        match self {
            Self::InvalidArgument(_) => 1,
            Self::InvalidCapability(_) => 2,
            Self::IllegalOperation => 3,
            Self::RangeError(..) => 4,
            Self::TruncatedMessage => 7,
            Self::DeleteFirst => 8,
        }
    }

    /// The words of the reply and their number.
    #[must_use]
    pub const fn words(self) -> ([u64; 2], u64) {
        match self {
            Self::InvalidArgument(number) | Self::InvalidCapability(number) => ([number, 0], 1),
            Self::RangeError(minimum, maximum) => ([minimum, maximum], 2),
            Self::IllegalOperation | Self::TruncatedMessage | Self::DeleteFirst => ([0, 0], 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_has_the_sel4_layout() {
        let info = MessageInfo::new().with_label(0x15).with_length(4);
        assert_eq!(info.into_bits(), 0x15 << 12 | 4);
        assert_eq!(MessageInfo::from_register(0x7f).length(), 120);
        let caps = MessageInfo::new().with_extra_caps(3).with_caps_unwrapped(5);
        assert_eq!(caps.into_bits(), 5 << 9 | 3 << 7);
    }

    #[test]
    fn a_range_error_carries_both_bounds() {
        let error = SyscallError::RangeError(0, 3);
        assert_eq!((error.label(), error.words()), (4, ([0, 3], 2)));
    }
}
