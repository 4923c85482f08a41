//! Features of the processor that a guest must not have.
//!
//! The kernel shows a guest the processor's own identification registers, and neither traps nor
//! switches what came after ARMv8.2. A guest that finds such a feature uses it and fails, or
//! shares its registers with every other guest of the core.

#[cfg(test)]
mod tests;

/// The identification registers in the order in which [`unsupported`] takes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Register {
    Pfr0,
    Pfr1,
    Isar1,
    Isar2,
    Mmfr3,
}

/// How many there are.
pub const REGISTERS: usize = 5;

/// Fields of an identification register of which any is a feature (Arm ARM D19.2): their bits,
/// and what the feature is called.
const FEATURES: [(Register, u64, &str); 8] = [
    (Register::Pfr0, 0xf << 32, "SVE"),
    (Register::Pfr1, 0xf << 24, "SME"),
    // From 2 on there are tags in memory.
    (Register::Pfr1, 0xe << 8, "MTE"),
    (Register::Pfr1, 0xf << 44, "guarded control stacks"),
    // APA, API, GPA and GPI; GPA3 and APA3.
    (Register::Isar1, 0xff00_0ff0, POINTER_AUTHENTICATION),
    (Register::Isar2, 0xff00, POINTER_AUTHENTICATION),
    // TCRX and SCTLRX.
    (Register::Mmfr3, 0xff, "TCR2_EL1 or SCTLR2_EL1"),
    // S1PIE and S1POE.
    (
        Register::Mmfr3,
        0xf_0f00,
        "permission indirection or overlays",
    ),
];
const POINTER_AUTHENTICATION: &str = "pointer authentication";

/// The name of the first feature that no guest may have; `registers` are ID_AA64PFR0_EL1,
/// ID_AA64PFR1_EL1, ID_AA64ISAR1_EL1, ID_AA64ISAR2_EL1 and ID_AA64MMFR3_EL1.
pub fn unsupported(registers: &[u64; REGISTERS]) -> Option<&'static str> {
    let value = |register| registers.get(register as usize).copied().unwrap_or(0);
    let mut all = FEATURES.iter();
    all.find(|(register, bits, _)| value(*register) & bits != 0)
        .map(|(.., name)| *name)
}
