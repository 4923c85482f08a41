//! Single instructions: device access, system registers, interrupt masking, waiting.

/// Reads a 32-bit register of a device (or anything else; a fault is an exception).
pub fn read32(address: u64) -> u32 {
    let value: u32;
    // SAFETY: a load; where nothing answers, the exception handler resumes after it.
    unsafe {
        core::arch::asm!("ldr {value:w}, [{address}]", address = in(reg) address, value = out(reg) value, options(nostack));
    }
    value
}

/// Writes a 32-bit register of a device.
pub fn write32(address: u64, value: u32) {
    // SAFETY: the guest owns the whole machine; callers write to devices and to RAM of their own.
    unsafe {
        core::arch::asm!("str {value:w}, [{address}]", address = in(reg) address, value = in(reg) value, options(nostack));
    }
}

/// Writes a byte register of a device.
pub fn write8(address: u64, value: u8) {
    // SAFETY: as for `write32`.
    unsafe {
        core::arch::asm!("strb {value:w}, [{address}]", address = in(reg) address, value = in(reg) u32::from(value), options(nostack));
    }
}

/// Reads a system register by name.
#[macro_export]
macro_rules! read_system {
    ($name:literal) => {{
        let value: u64;
        // SAFETY: reading a register changes nothing; an undefined one is an exception.
        unsafe {
            core::arch::asm!(concat!("mrs {value}, ", $name), value = out(reg) value, options(nostack));
        }
        value
    }};
}

/// Writes a system register by name.
#[macro_export]
macro_rules! write_system {
    ($name:literal, $value:expr) => {{
        let value: u64 = $value;
        // SAFETY: the caller chose a register whose change this guest stands.
        unsafe {
            core::arch::asm!(concat!("msr ", $name, ", {value}"), "isb", value = in(reg) value, options(nostack));
        }
    }};
}

/// Runs instructions without operands.
#[macro_export]
macro_rules! instruction {
    ($text:literal) => {{
        // SAFETY: the caller chose an instruction without operands that leaves registers alone.
        unsafe { core::arch::asm!($text, options(nostack)) }
    }};
}

/// Lets interrupts in.
pub fn unmask_interrupts() {
    instruction!("msr daifclr, #2");
}

/// Keeps interrupts out.
pub fn mask_interrupts() {
    instruction!("msr daifset, #2");
}

/// Waits for an interrupt, masked or not.
pub fn wait_for_interrupt() {
    instruction!("wfi");
}

/// Interrupts in for a moment, so that what is pending is taken.
pub fn take_interrupts() {
    unmask_interrupts();
    instruction!("isb");
    mask_interrupts();
}

/// Writes V0 and V31.
pub fn spoil_simd() {
    // SAFETY: this program is built without SIMD registers.
    unsafe {
        core::arch::asm!(
            ".arch_extension fp",
            ".arch_extension simd",
            "movi v0.16b, #0x5a",
            "movi v31.16b, #0xa5",
            ".arch_extension nofp",
            options(nomem, nostack)
        );
    }
}

/// V0 and V31, the low half of each first.
pub fn simd() -> [u64; 4] {
    let (low, high, last_low, last_high): (u64, u64, u64, u64);
    // SAFETY: reads registers that nothing else here uses.
    unsafe {
        core::arch::asm!(
            ".arch_extension fp",
            ".arch_extension simd",
            "umov {0}, v0.d[0]",
            "umov {1}, v0.d[1]",
            "umov {2}, v31.d[0]",
            "umov {3}, v31.d[1]",
            ".arch_extension nofp",
            out(reg) low,
            out(reg) high,
            out(reg) last_low,
            out(reg) last_high,
            options(nomem, nostack)
        );
    }
    [low, high, last_low, last_high]
}
