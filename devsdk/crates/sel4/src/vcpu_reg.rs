//! The virtual CPU's registers that a monitor may name.

use crate::sys;

/// Declares the registers under their architectural names.
macro_rules! registers {
    ($($name:ident = $number:ident,)+) => {
        /// `seL4_VCPUReg`; VMPIDR_EL2 exists for kernels of several cores only, as upstream.
        #[repr(u64)]
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "the Arm manual's names")]
        #[allow(missing_docs, reason = "the Arm manual describes each")]
        pub enum VCpuReg {
            $($name = sys::seL4_VCPUReg::$number,)+
        }
    };
}

registers! {
    SCTLR = seL4_VCPUReg_SCTLR,
    TTBR0 = seL4_VCPUReg_TTBR0,
    TTBR1 = seL4_VCPUReg_TTBR1,
    TCR = seL4_VCPUReg_TCR,
    MAIR = seL4_VCPUReg_MAIR,
    AMAIR = seL4_VCPUReg_AMAIR,
    CIDR = seL4_VCPUReg_CIDR,
    ACTLR = seL4_VCPUReg_ACTLR,
    CPACR = seL4_VCPUReg_CPACR,
    AFSR0 = seL4_VCPUReg_AFSR0,
    AFSR1 = seL4_VCPUReg_AFSR1,
    ESR = seL4_VCPUReg_ESR,
    FAR = seL4_VCPUReg_FAR,
    VBAR = seL4_VCPUReg_VBAR,
    TPIDR_EL1 = seL4_VCPUReg_TPIDR_EL1,
    SP_EL1 = seL4_VCPUReg_SP_EL1,
    ELR_EL1 = seL4_VCPUReg_ELR_EL1,
    SPSR_EL1 = seL4_VCPUReg_SPSR_EL1,
    CNTV_CTL = seL4_VCPUReg_CNTV_CTL,
    CNTV_CVAL = seL4_VCPUReg_CNTV_CVAL,
    CNTVOFF = seL4_VCPUReg_CNTVOFF,
}

impl VCpuReg {
    /// The kernel's number.
    pub const fn into_sys(self) -> sys::seL4_VCPUReg::Type {
        self as sys::seL4_VCPUReg::Type
    }
}
