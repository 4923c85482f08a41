//! FP and SIMD registers. The kernel itself is built without them.
#![expect(unsafe_code, reason = "moves the FP registers")]

use core::arch::asm;

use aarch64_cpu::asm::barrier::{SY, isb};
use aarch64_cpu::registers::{CPTR_EL2, Readable, Writeable};

use crate::thread::FpuState;

/// CPTR_EL2.TFP.
const TFP: u64 = 1 << 10;

/// Has FP instructions of EL0 and EL1 trap, or not.
pub fn set_trap(trap: bool) {
    let others = CPTR_EL2.get() & !TFP;
    CPTR_EL2.set(others | if trap { TFP } else { 0 });
    isb(SY);
}

/// Copies the registers to memory.
pub fn save(state: &mut FpuState) {
    // SAFETY: FP is not trapped; the stores stay inside `state`.
    unsafe {
        asm!(
            ".arch_extension fp",
            "stp q0, q1, [{q}]", "stp q2, q3, [{q}, 32]", "stp q4, q5, [{q}, 64]",
            "stp q6, q7, [{q}, 96]", "stp q8, q9, [{q}, 128]", "stp q10, q11, [{q}, 160]",
            "stp q12, q13, [{q}, 192]", "stp q14, q15, [{q}, 224]", "stp q16, q17, [{q}, 256]",
            "stp q18, q19, [{q}, 288]", "stp q20, q21, [{q}, 320]", "stp q22, q23, [{q}, 352]",
            "stp q24, q25, [{q}, 384]", "stp q26, q27, [{q}, 416]", "stp q28, q29, [{q}, 448]",
            "stp q30, q31, [{q}, 480]",
            "mrs {word}, fpsr", "str {word:w}, [{q}, 512]",
            "mrs {word}, fpcr", "str {word:w}, [{q}, 516]",
            ".arch_extension nofp",
            q = in(reg) core::ptr::from_mut(state),
            word = out(reg) _,
            options(nostack),
        );
    }
}

/// Copies the registers from memory.
pub fn load(state: &FpuState) {
    // SAFETY: FP is not trapped; the loads stay inside `state`. The kernel has nothing in the
    // registers.
    unsafe {
        asm!(
            ".arch_extension fp",
            "ldp q0, q1, [{q}]", "ldp q2, q3, [{q}, 32]", "ldp q4, q5, [{q}, 64]",
            "ldp q6, q7, [{q}, 96]", "ldp q8, q9, [{q}, 128]", "ldp q10, q11, [{q}, 160]",
            "ldp q12, q13, [{q}, 192]", "ldp q14, q15, [{q}, 224]", "ldp q16, q17, [{q}, 256]",
            "ldp q18, q19, [{q}, 288]", "ldp q20, q21, [{q}, 320]", "ldp q22, q23, [{q}, 352]",
            "ldp q24, q25, [{q}, 384]", "ldp q26, q27, [{q}, 416]", "ldp q28, q29, [{q}, 448]",
            "ldp q30, q31, [{q}, 480]",
            "ldr {word:w}, [{q}, 512]", "msr fpsr, {word}",
            "ldr {word:w}, [{q}, 516]", "msr fpcr, {word}",
            ".arch_extension nofp",
            q = in(reg) core::ptr::from_ref(state),
            word = out(reg) _,
            options(nostack, readonly),
        );
    }
}
