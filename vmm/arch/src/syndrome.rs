//! The exception syndrome: ESR_ELx and the ISS layouts a monitor meets.
//!
//! Models ESR_EL2 as the processor writes it when a guest exits, and ESR_EL1 as we write it when
//! an exception is injected (Arm ARM D24.2.40, "ESR_EL2, Exception Syndrome Register").

use bitfield_struct::bitfield;
use open_enum::open_enum;

use crate::Gpr;

mod describe;
#[cfg(test)]
mod tests;

pub use describe::{Description, describe};

/// Why the exception was taken: the EC field.
#[open_enum]
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExceptionClass {
    /// No reason given; an undefined instruction.
    Unknown = 0x00,
    /// Trapped WFI, WFE, WFIT or WFET.
    Wfx = 0x01,
    /// AArch32 MCR or MRC to CP15.
    Cp15Mcr = 0x03,
    /// AArch32 MCRR or MRRC to CP15.
    Cp15Mcrr = 0x04,
    /// AArch32 MCR or MRC to CP14.
    Cp14Mcr = 0x05,
    /// AArch32 LDC or STC to CP14.
    Cp14LdcStc = 0x06,
    /// Floating-point or SIMD access.
    FpAccess = 0x07,
    /// AArch32 MRRC to CP14.
    Cp14Mrrc = 0x0c,
    /// Illegal execution state.
    IllegalState = 0x0e,
    /// SVC from AArch32.
    Svc32 = 0x11,
    /// HVC from AArch32.
    Hvc32 = 0x12,
    /// SMC from AArch32.
    Smc32 = 0x13,
    /// SVC from AArch64.
    Svc64 = 0x15,
    /// HVC from AArch64.
    Hvc64 = 0x16,
    /// SMC from AArch64.
    Smc64 = 0x17,
    /// MSR, MRS or system instruction from AArch64.
    SystemRegister = 0x18,
    /// SVE access.
    SveAccess = 0x19,
    /// Instruction abort from a lower exception level.
    InstructionAbortLower = 0x20,
    /// Instruction abort at the same exception level.
    InstructionAbortSame = 0x21,
    /// PC alignment fault.
    PcAlignment = 0x22,
    /// Data abort from a lower exception level.
    DataAbortLower = 0x24,
    /// Data abort at the same exception level.
    DataAbortSame = 0x25,
    /// SP alignment fault.
    SpAlignment = 0x26,
    /// Floating-point exception in AArch32.
    FpException32 = 0x28,
    /// Floating-point exception in AArch64.
    FpException64 = 0x2c,
    /// SError.
    SError = 0x2f,
    /// Hardware breakpoint at a lower exception level.
    BreakpointLower = 0x30,
    /// Software step at a lower exception level.
    SoftwareStepLower = 0x32,
    /// Watchpoint at a lower exception level.
    WatchpointLower = 0x34,
    /// BKPT in AArch32.
    Bkpt32 = 0x38,
    /// BRK in AArch64.
    Brk64 = 0x3c,
}

impl ExceptionClass {
    const fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    const fn into_bits(self) -> u8 {
        self.0
    }
}

/// ESR_ELx.
#[bitfield(u64)]
#[derive(PartialEq, Eq)]
pub struct Esr {
    /// Instruction specific syndrome; its layout depends on the class.
    #[bits(25)]
    pub iss: u32,
    /// The trapped instruction was four bytes long (or its length does not matter).
    pub il: bool,
    /// The exception class.
    #[bits(6)]
    pub ec: ExceptionClass,
    /// More of the syndrome; no class we decode uses it.
    #[bits(24)]
    pub iss2: u32,
    #[bits(8)]
    __: u8,
}

impl Esr {
    /// Bytes of the trapped instruction: what the PC moves on by when it is completed for the
    /// guest.
    pub const fn instruction_bytes(self) -> u64 {
        if self.il() { 4 } else { 2 }
    }
}

/// ISS of a data abort; the fields up to `srt` hold only when `isv` is set.
#[bitfield(u32)]
#[derive(PartialEq, Eq)]
pub struct DataAbort {
    /// Data fault status code.
    #[bits(6)]
    pub dfsc: FaultStatus,
    /// The access was a write.
    pub wnr: bool,
    /// The fault hit a stage-1 translation table walk.
    pub s1ptw: bool,
    /// The access was cache maintenance (or an address translation instruction).
    pub cm: bool,
    /// External abort type.
    pub ea: bool,
    /// FAR does not hold the address.
    pub fnv: bool,
    /// Synchronous error type.
    #[bits(2)]
    pub set: u8,
    /// The access went through VNCR_EL2.
    pub vncr: bool,
    /// Acquire or release semantics.
    pub ar: bool,
    /// The register operand is 64 bits wide.
    pub sf: bool,
    /// Register operand.
    #[bits(5)]
    pub srt: u8,
    /// A load that sign-extends.
    pub sse: bool,
    /// log2 of the access size in bytes.
    #[bits(2)]
    pub sas: u8,
    /// The fields `sas` to `ar` are valid.
    pub isv: bool,
    #[bits(7)]
    __: u8,
}

/// ISS of an instruction abort.
#[bitfield(u32)]
#[derive(PartialEq, Eq)]
pub struct InstructionAbort {
    /// Instruction fault status code.
    #[bits(6)]
    pub ifsc: FaultStatus,
    __: bool,
    /// The fault hit a stage-1 translation table walk.
    pub s1ptw: bool,
    __: bool,
    /// External abort type.
    pub ea: bool,
    /// FAR does not hold the address.
    pub fnv: bool,
    #[bits(21)]
    __: u32,
}

/// The condition of a trapped AArch32 instruction, which every such class has in the same place.
#[bitfield(u32)]
#[derive(PartialEq, Eq)]
pub struct Condition {
    #[bits(20)]
    __: u32,
    /// The condition.
    #[bits(4)]
    pub cond: u8,
    /// `cond` is valid; for T32 it is in ITSTATE else.
    pub valid: bool,
    #[bits(7)]
    __: u8,
}

impl Condition {
    /// Has the ISS of this class a condition?
    pub const fn is_in(class: ExceptionClass) -> bool {
        matches!(
            class,
            ExceptionClass::Wfx
                | ExceptionClass::Cp15Mcr
                | ExceptionClass::Cp15Mcrr
                | ExceptionClass::Cp14Mcr
                | ExceptionClass::Cp14LdcStc
                | ExceptionClass::FpAccess
                | ExceptionClass::Cp14Mrrc
                | ExceptionClass::Smc32
        )
    }
}

/// ISS of a trapped WFI, WFE, WFIT or WFET.
#[bitfield(u32)]
#[derive(PartialEq, Eq)]
pub struct WaitTrap {
    /// Which of the four: 0 WFI, 1 WFE, 2 WFIT, 3 WFET.
    #[bits(2)]
    pub ti: u8,
    /// `rn` is valid.
    pub rv: bool,
    #[bits(2)]
    __: u8,
    /// The register with the deadline of WFIT and WFET.
    #[bits(5)]
    pub rn: u8,
    #[bits(22)]
    __: u32,
}

/// ISS of a trapped MSR, MRS or system instruction.
#[bitfield(u32)]
#[derive(PartialEq, Eq)]
pub struct SystemTrap {
    /// The access reads the register.
    pub read: bool,
    /// CRm of the encoding.
    #[bits(4)]
    pub crm: u8,
    #[bits(5)]
    rt: u8,
    /// CRn of the encoding.
    #[bits(4)]
    pub crn: u8,
    /// op1 of the encoding.
    #[bits(3)]
    pub op1: u8,
    /// op2 of the encoding.
    #[bits(3)]
    pub op2: u8,
    /// op0 of the encoding.
    #[bits(2)]
    pub op0: u8,
    #[bits(10)]
    __: u16,
}

impl SystemTrap {
    /// The general-purpose register that the instruction names.
    pub const fn register(self) -> Gpr {
        Gpr::from_field(self.rt())
    }
}

/// ISS of HVC and SMC.
#[bitfield(u32)]
#[derive(PartialEq, Eq)]
pub struct CallTrap {
    /// The instruction's immediate.
    pub imm16: u16,
    __: u16,
}

/// DFSC and IFSC: what stopped the access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultStatus(u8);

impl FaultStatus {
    /// Synchronous external abort, not on a translation table walk.
    pub const EXTERNAL: Self = Self(0x10);
    /// Alignment fault.
    pub const ALIGNMENT: Self = Self(0x21);
    /// Exclusive or atomic access that the memory does not support.
    pub const UNSUPPORTED_EXCLUSIVE: Self = Self(0x35);

    /// Address size fault at `level` of the walk.
    pub const fn address_size(level: WalkLevel) -> Self {
        Self::at_level(0x00, 0x29, level)
    }

    /// Translation fault at `level` of the walk.
    pub const fn translation(level: WalkLevel) -> Self {
        Self::at_level(0x04, 0x2b, level)
    }

    /// Access flag fault at `level` of the walk.
    pub const fn access_flag(level: WalkLevel) -> Self {
        Self::at_level(0x08, 0x08, level)
    }

    /// Permission fault at `level` of the walk.
    pub const fn permission(level: WalkLevel) -> Self {
        Self::at_level(0x0c, 0x0c, level)
    }

    /// Synchronous external abort on the table read at `level` of the walk.
    pub const fn external_on_walk(level: WalkLevel) -> Self {
        Self::at_level(0x14, 0x13, level)
    }

    /// Level -1 has codes of its own, apart from the other four.
    const fn at_level(zero: u8, minus_one: u8, level: WalkLevel) -> Self {
        match level.0 {
            -1 => Self(minus_one),
            level => Self(zero | (level as u8 & 3)),
        }
    }

    /// Is it a translation, access flag or permission fault: one that stage 2 gives for memory
    /// that is not there or not allowed?
    #[inline(always)]
    pub const fn is_stage2_miss(self) -> bool {
        matches!(self.0, 0x04..=0x0f | 0x2b)
    }

    const fn from_bits(bits: u8) -> Self {
        Self(bits & 0x3f)
    }

    const fn into_bits(self) -> u8 {
        self.0
    }
}

/// A level of a translation table walk, -1 to 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WalkLevel(i8);

impl WalkLevel {
    /// The level that holds pages.
    pub const LAST: Self = Self(3);
    /// The level reported for addresses that no table covers.
    pub const ZERO: Self = Self(0);

    /// `distance` levels above the last; what lies above -1 is -1.
    pub const fn above_last(distance: u8) -> Self {
        match distance {
            0 => Self(3),
            1 => Self(2),
            2 => Self(1),
            3 => Self(0),
            _ => Self(-1),
        }
    }

    /// The number of the level.
    pub const fn number(self) -> i8 {
        self.0
    }
}
