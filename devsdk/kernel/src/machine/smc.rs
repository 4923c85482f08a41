//! Secure monitor calls: QEMU's firmware.
#![expect(unsafe_code, reason = "calls the firmware")]

/// Calls the firmware with x0 to x7. Returns what it leaves there.
#[must_use]
pub fn call(words: [u64; 8]) -> [u64; 8] {
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = words;
    // SAFETY: the PD holds the capability for it; x8 to x17 are lost by the calling convention.
    unsafe {
        core::arch::asm!(
            "smc #0",
            inout("x0") a, inout("x1") b, inout("x2") c, inout("x3") d,
            inout("x4") e, inout("x5") f, inout("x6") g, inout("x7") h,
            out("x8") _, out("x9") _, out("x10") _, out("x11") _, out("x12") _,
            out("x13") _, out("x14") _, out("x15") _, out("x16") _, out("x17") _,
            options(nostack),
        );
    }
    [a, b, c, d, e, f, g, h]
}
