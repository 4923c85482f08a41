//! The registers of a vCPU that its PD may read and write, with seL4's numbers.

/// Number of registers.
pub const COUNT: usize = 24;

/// A register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
#[expect(missing_docs, reason = "the Arm manual's names")]
pub enum VcpuRegister {
    Sctlr,
    Cpacr,
    Ttbr0,
    Ttbr1,
    Tcr,
    Mair,
    Amair,
    ContextIdr,
    Actlr,
    Afsr0,
    Afsr1,
    Esr,
    Far,
    Par,
    Vbar,
    Tpidr,
    Vmpidr,
    Sp,
    Elr,
    Spsr,
    CntvCtl,
    CntvCval,
    CntvOff,
    CntkCtl,
}

use VcpuRegister as R;

const ALL: [VcpuRegister; COUNT] = [
    R::Sctlr,
    R::Cpacr,
    R::Ttbr0,
    R::Ttbr1,
    R::Tcr,
    R::Mair,
    R::Amair,
    R::ContextIdr,
    R::Actlr,
    R::Afsr0,
    R::Afsr1,
    R::Esr,
    R::Far,
    R::Par,
    R::Vbar,
    R::Tpidr,
    R::Vmpidr,
    R::Sp,
    R::Elr,
    R::Spsr,
    R::CntvCtl,
    R::CntvCval,
    R::CntvOff,
    R::CntkCtl,
];

impl VcpuRegister {
    /// Registers that stay in the hardware while a PD runs.
    pub const SAVED_ON_SWITCH: [Self; 18] = [
        R::Ttbr0,
        R::Ttbr1,
        R::Tcr,
        R::Mair,
        R::Amair,
        R::ContextIdr,
        R::Actlr,
        R::Afsr0,
        R::Afsr1,
        R::Esr,
        R::Far,
        R::Par,
        R::Vbar,
        R::Tpidr,
        R::Vmpidr,
        R::Sp,
        R::Elr,
        R::Spsr,
    ];

    /// The register with a number.
    #[must_use]
    pub fn from_number(number: u64) -> Option<Self> {
        ALL.get(usize::try_from(number).ok()?).copied()
    }

    /// Registers that are saved when a PD runs instead of the vCPU.
    #[must_use]
    pub const fn is_saved_when_disabled(self) -> bool {
        matches!(
            self,
            R::Sctlr | R::Cpacr | R::CntvCtl | R::CntvCval | R::CntvOff | R::CntkCtl
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_sel4s() {
        let number = |number| VcpuRegister::from_number(number);
        assert_eq!(number(0), Some(R::Sctlr));
        assert_eq!(number(16), Some(R::Vmpidr));
        assert_eq!(number(23), Some(R::CntkCtl));
        assert_eq!(number(24), None);
        for (index, register) in ALL.iter().enumerate() {
            assert_eq!(*register as usize, index);
            let switched = VcpuRegister::SAVED_ON_SWITCH.contains(register);
            assert_ne!(switched, register.is_saved_when_disabled());
        }
    }
}
