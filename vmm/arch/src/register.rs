//! Registers of a vCPU by the manual's names.

/// A general-purpose register operand: X0 to X30, or the zero register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gpr(u8);

impl Gpr {
    /// XZR: reads as zero, writes are lost.
    pub const ZR: Self = Self(31);

    /// From a five-bit register field; only the low five bits count.
    #[inline(always)]
    pub const fn from_field(field: u8) -> Self {
        Self(field & 31)
    }

    /// The number in a register field; 31 is the zero register.
    #[inline(always)]
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// EL1 state that the kernel keeps for a vCPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the variants are the manual's own register names"
)]
pub enum SystemRegister {
    SctlrEl1,
    CpacrEl1,
    Ttbr0El1,
    Ttbr1El1,
    TcrEl1,
    MairEl1,
    AmairEl1,
    ContextidrEl1,
    ActlrEl1,
    Afsr0El1,
    Afsr1El1,
    EsrEl1,
    FarEl1,
    ParEl1,
    VbarEl1,
    TpidrEl1,
    VmpidrEl2,
    SpEl1,
    ElrEl1,
    SpsrEl1,
    CntvCtlEl0,
    CntvCvalEl0,
    CntvoffEl2,
    CntkctlEl1,
}
