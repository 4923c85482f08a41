//! The guest's program and memory.
#![expect(unsafe_code, reason = "another program's memory")]

use core::arch::global_asm;
use core::ops::Range;
use core::ptr::{NonNull, addr_of};

use sel4_microkit::memory_region_symbol;

/// Where the guest looks for the end of its loop.
const FLAG: usize = 0x1000;

global_asm!(
    ".pushsection .rodata.guest, \"a\"",
    ".balign 8",
    "guest_begin:",
    // PAR_EL1 stays as it is when an access faults in stage 2.
    "mov x2, #0x1230000",
    "msr par_el1, x2",
    "isb",
    "mov x2, #0x50000000",
    "ldr x3, [x2, #8]",
    "mrs x0, par_el1",
    "mov x1, #1",
    "mov x7, #0",
    "hvc #0",
    // A page that may only be read; what traps.
    "mov x2, #0x60000000",
    "ldr x3, [x2]",
    "str x3, [x2, #16]",
    "wfi",
    "smc #0",
    // An interrupt in each state of a list register.
    "mov x12, #0x8010000",
    "mov w3, #0xff",
    "str w3, [x12, #4]",
    "mov w3, #1",
    "str w3, [x12]",
    "mov x0, #0",
    "mov x1, #2",
    "hvc #0",
    "ldr w10, [x12, #0xc]",
    "mov w0, w10",
    "mov x1, #3",
    "hvc #0",
    "str w10, [x12, #0x10]",
    "isb",
    "ldr w10, [x12, #0xc]",
    "mov w0, w10",
    "mov x1, #4",
    "hvc #0",
    "str w10, [x12, #0x10]",
    "isb",
    "ldr w10, [x12, #0xc]",
    "str w10, [x12, #0x10]",
    "isb",
    // Interrupted in a loop, the guest goes on where it was: x5 stays three times x4, and what is
    // before the loop is executed once, which x14 counts.
    "mov x14, #0",
    "mov w0, w10",
    "mov x1, #5",
    "hvc #0",
    "guest_interrupted:",
    "add x14, x14, #1",
    "mrs x2, cntvct_el0",
    "mov x3, #62500",
    "add x2, x2, x3",
    "msr cntv_cval_el0, x2",
    "mov x3, #1",
    "msr cntv_ctl_el0, x3",
    "mov x13, #0x40000000",
    "add x13, x13, #0x1000",
    "mov x4, #0",
    "mov x5, #0",
    "2: add x4, x4, #1",
    "add x5, x5, #3",
    "ldr x6, [x13]",
    "cbz x6, 2b",
    "guest_interrupted_end:",
    "add x6, x4, x4, lsl #1",
    "sub x0, x5, x6",
    "sub x14, x14, #1",
    "add x0, x0, x14, lsl #32",
    "mov x1, #6",
    "hvc #0",
    "guest_second:",
    "mov x7, #0",
    "hvc #0",
    "b .",
    "guest_end:",
    ".popsection",
);

unsafe extern "C" {
    static guest_begin: u8;
    static guest_interrupted: u8;
    static guest_interrupted_end: u8;
    static guest_second: u8;
    static guest_end: u8;
}

fn offset(symbol: *const u8) -> u64 {
    (symbol.addr() - addr_of!(guest_begin).addr()) as u64
}

/// Where the guest may be interrupted, in bytes from its beginning.
pub(crate) fn interrupted_offset() -> Range<u64> {
    offset(addr_of!(guest_interrupted))..offset(addr_of!(guest_interrupted_end))
}

/// Where the second virtual CPU begins.
pub(crate) fn second_offset() -> u64 {
    offset(addr_of!(guest_second))
}

fn memory() -> NonNull<u8> {
    memory_region_symbol!(ram: *mut u8)
}

/// Copies the program to the guest's memory.
pub(crate) fn load() {
    let from = addr_of!(guest_begin);
    let length = addr_of!(guest_end).addr() - from.addr();
    // SAFETY: the region is larger than the program, and the guest does not run yet.
    unsafe { from.copy_to(memory().as_ptr(), length) };
}

/// Ends the guest's loop.
pub(crate) fn set_flag() {
    // SAFETY: within the region, which is two pages, and aligned.
    let flag = unsafe { memory().add(FLAG) };
    // SAFETY: the guest only reads it.
    unsafe { flag.cast::<u64>().write_volatile(1) };
}
