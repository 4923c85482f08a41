//! Programs below the guest's own code: at EL0 in AArch64 or AArch32, or at EL1 with SP_EL0.

/// A program's registers, read and written by `run_lower` in lower.s.
#[repr(C)]
#[derive(Debug, Clone)]
pub struct Lower {
    /// X0 to X30; of AArch32 R0 to R14 are the first.
    pub x: [u64; 31],
    /// Where it starts, and where it was when it ended.
    pub pc: u64,
    /// PSTATE, likewise.
    pub spsr: u64,
    /// SP_EL0, likewise.
    pub sp: u64,
    vbar: u64,
    /// Which vector ended it: the distance from VBAR_EL1.
    pub vector: u64,
    /// ESR_EL1 at its end.
    pub esr: u64,
    /// FAR_EL1 at its end.
    pub far: u64,
    saved: [u64; 2],
}

/// PSTATE of EL0 in AArch64 with everything masked.
pub const EL0: u64 = 0x3c0;
/// PSTATE of EL1 with SP_EL0, everything masked.
pub const EL1T: u64 = 0x3c4;
/// PSTATE of User mode in A32, with everything masked.
pub const A32: u64 = 0x1d0;
/// PSTATE of User mode in T32, with everything masked.
pub const T32: u64 = 0x1f0;

/// The vector of a synchronous exception from EL0 in AArch64.
pub const FROM_AARCH64: u64 = 0x400;
/// The vector of a synchronous exception from EL0 in AArch32.
pub const FROM_AARCH32: u64 = 0x600;

unsafe extern "C" {
    #[link_name = "run_lower"]
    fn run_lower_raw(lower: *mut Lower);
    fn lower_vectors();
    fn faulting_vectors();
}

impl Lower {
    /// A program at `pc` with this PSTATE and all registers zero.
    pub fn new(pc: u64, spsr: u64) -> Self {
        Self {
            x: [0; 31],
            pc,
            spsr,
            sp: 0,
            vbar: lower_vectors as *const () as u64,
            vector: u64::MAX,
            esr: 0,
            far: 0,
            saved: [0; 2],
        }
    }

    /// A program that begins at one of the vectors which fault themselves, by its distance.
    pub fn at_vector(offset: u64, spsr: u64) -> Self {
        let vbar = faulting_vectors as *const () as u64;
        Self {
            vbar,
            ..Self::new(vbar + offset, spsr)
        }
    }

    /// Runs it until an exception ends it.
    pub fn run(mut self) -> Self {
        // SAFETY: the function keeps the calling convention; the program is code of this guest's
        // that ends with an exception, and stores to devices at most.
        unsafe { run_lower_raw(&raw mut self) };
        self
    }

    /// The class of the exception that ended it.
    pub fn class(&self) -> u64 {
        self.esr >> 26
    }
}
