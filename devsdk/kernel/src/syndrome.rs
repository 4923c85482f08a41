//! Exception syndrome (ESR_EL2), as far as the kernel tells cases apart.
use bitfield_struct::bitfield;

/// ESR_EL2.
#[bitfield(u64)]
#[derive(PartialEq, Eq)]
pub struct Syndrome {
    /// Details.
    #[bits(25)]
    pub iss: u32,
    /// 32-bit instruction.
    pub il: bool,
    /// Exception class.
    #[bits(6)]
    pub class: u8,
    #[bits(32)]
    __: u32,
}

impl Syndrome {
    /// SVC or HVC from AArch64: both are system calls.
    #[must_use]
    pub fn is_system_call(self) -> bool {
        matches!(self.class(), 0x15 | 0x16)
    }

    /// Data abort from EL0 or EL1.
    #[must_use]
    pub fn is_data_abort(self) -> bool {
        self.class() == 0x24
    }

    /// Instruction abort from EL0 or EL1.
    #[must_use]
    pub fn is_instruction_abort(self) -> bool {
        self.class() == 0x20
    }

    /// BRK from AArch64.
    #[must_use]
    pub fn is_breakpoint(self) -> bool {
        self.class() == 0x3c
    }

    /// "Unknown reason": an undefined instruction.
    #[must_use]
    pub fn is_undefined_instruction(self) -> bool {
        self.into_bits() == 0x200_0000
    }

    /// The exception class in words.
    #[must_use]
    pub fn class_name(self) -> &'static str {
        match self.class() {
            0x20 => "Instruction Abort from a lower Exception level",
            0x24 => "Data Abort from a lower Exception level",
            _ => "<invalid EC>",
        }
    }

    /// A data abort's fault status in words.
    #[must_use]
    pub fn fault_status_name(self) -> &'static str {
        match self.iss() & 0x3f {
            0x00 => "address size fault, level 0",
            0x01 => "address size fault, level 1",
            0x02 => "address size fault, level 2",
            0x03 => "address size fault, level 3",
            0x04 => "translation fault, level 0",
            0x05 => "translation fault, level 1",
            0x06 => "translation fault, level 2",
            0x07 => "translation fault, level 3",
            0x09 => "access flag fault, level 1",
            0x0a => "access flag fault, level 2",
            0x0b => "access flag fault, level 3",
            0x0d => "permission fault, level 1",
            0x0e => "permission fault, level 2",
            0x0f => "permission fault, level 3",
            0x21 => "alignment fault",
            0x10 | 0x14..=0x17 => "external abort",
            _ => "<unexpected DFSC>",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_told_apart() {
        assert!(Syndrome::from_bits(0x5600_0000).is_system_call());
        assert!(Syndrome::from_bits(0x5a00_0000).is_system_call());
        assert!(Syndrome::from_bits(0x9200_0046).is_data_abort());
        assert!(Syndrome::from_bits(0x8200_0006).is_instruction_abort());
        assert!(Syndrome::from_bits(0x200_0000).is_undefined_instruction());
        assert!(!Syndrome::from_bits(0x5e00_0000).is_system_call());
    }
}
