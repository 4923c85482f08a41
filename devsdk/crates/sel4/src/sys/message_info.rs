//! The message tag: label (52 bits), unwrapped capabilities (3), extra capabilities (2), length (7).

use super::seL4_Word;

const LENGTH_BITS: usize = 7;
const EXTRA_CAPS_BITS: usize = 2;
const CAPS_UNWRAPPED_BITS: usize = 3;
const EXTRA_CAPS_SHIFT: usize = LENGTH_BITS;
const CAPS_UNWRAPPED_SHIFT: usize = EXTRA_CAPS_SHIFT + EXTRA_CAPS_BITS;
const LABEL_SHIFT: usize = CAPS_UNWRAPPED_SHIFT + CAPS_UNWRAPPED_BITS;
const LABEL_BITS: usize = 64 - LABEL_SHIFT;

/// `seL4_MessageInfo_t`.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct seL4_MessageInfo(seL4_Word);

const fn field(value: seL4_Word, shift: usize, bits: usize) -> seL4_Word {
    (value & mask(bits)) << shift
}

const fn mask(bits: usize) -> seL4_Word {
    (1 << bits) - 1
}

impl seL4_MessageInfo {
    pub const fn new(
        label: seL4_Word,
        capsUnwrapped: seL4_Word,
        extraCaps: seL4_Word,
        length: seL4_Word,
    ) -> Self {
        Self(
            field(label, LABEL_SHIFT, LABEL_BITS)
                | field(capsUnwrapped, CAPS_UNWRAPPED_SHIFT, CAPS_UNWRAPPED_BITS)
                | field(extraCaps, EXTRA_CAPS_SHIFT, EXTRA_CAPS_BITS)
                | field(length, 0, LENGTH_BITS),
        )
    }

    pub const fn width_of_label() -> usize {
        LABEL_BITS
    }

    pub const fn get_label(&self) -> seL4_Word {
        self.0 >> LABEL_SHIFT
    }

    pub const fn get_capsUnwrapped(&self) -> seL4_Word {
        (self.0 >> CAPS_UNWRAPPED_SHIFT) & mask(CAPS_UNWRAPPED_BITS)
    }

    pub const fn get_extraCaps(&self) -> seL4_Word {
        (self.0 >> EXTRA_CAPS_SHIFT) & mask(EXTRA_CAPS_BITS)
    }

    pub const fn get_length(&self) -> seL4_Word {
        self.0 & mask(LENGTH_BITS)
    }

    #[cfg_attr(
        not(target_arch = "aarch64"),
        allow(dead_code, reason = "for the kernel")
    )]
    pub(crate) const fn into_word(self) -> seL4_Word {
        self.0
    }

    #[cfg_attr(
        not(target_arch = "aarch64"),
        allow(dead_code, reason = "for the kernel")
    )]
    pub(crate) const fn from_word(word: seL4_Word) -> Self {
        Self(word)
    }
}
