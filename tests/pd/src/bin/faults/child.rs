//! A child: every fault that a program can make, one after the other.
#![expect(unsafe_code, reason = "faults are made of instructions")]

use core::arch::asm;

use sel4_microkit::{Channel, debug_println};

/// Runs instructions with known registers; x28 is where to go on after a fault.
macro_rules! attempt {
    ($name:literal, $($line:literal),+) => {{
        debug_println!($name);
        // SAFETY: the parent resumes behind these instructions; what they change is named.
        unsafe {
            asm!(
                "adr x28, 2f",
                ".irp n, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 30",
                "mov x\\n, #0",
                ".endr",
                "mov x0, #0x55",
                "mov x9, #0x99",
                "cmp xzr, xzr",
                $($line,)+
                "2:",
                out("x28") _,
                clobber_abi("C"),
            );
        }
    }};
}

/// Tries all.
pub(crate) fn run() {
    debug_println!("child");
    attempt!("read null", "ldr x2, [x1]");
    attempt!("write null", "str w2, [x1, #0x10]");
    attempt!("write code", "adr x1, 2f", "str x2, [x1]");
    attempt!("execute data", "mov x1, #0x3000000", "br x1");
    attempt!("execute null", "br x1");
    attempt!(
        "odd program counter",
        "adr x1, 2f",
        "add x1, x1, #2",
        "br x1"
    );
    attempt!("undefined", ".inst 0");
    attempt!(
        "unknown call",
        "mov x1, #1",
        "mov x2, #2",
        "mov x7, #5",
        "svc #0"
    );
    attempt!("unknown negative call", "mov x7, #-100", "svc #0");
    attempt!("virtual counter", "mrs x1, cntvct_el0");
    attempt!(
        "physical counter",
        "mrs x1, cntpct_el0",
        "mrs x1, cntfrq_el0"
    );
    attempt!("EL1's register", "mrs x1, sctlr_el1");
    attempt!("smc", "smc #0");
    attempt!("hvc", "hvc #0");
    attempt!("mask interrupts", "msr daifset, #2");
    attempt!("cycle counter", "mrs x1, pmccntr_el0");
    attempt!(
        "clean and invalidate",
        "adr x1, 2f",
        "dc civac, x1",
        "ic ivau, x1"
    );
    attempt!("invalidate", "adr x1, 2f", "dc ivac, x1");
    attempt!("send far", "mov x0, #600", "mov x7, #-5", "svc #0");
    attempt!(
        "receive from nothing",
        "mov x0, #9",
        "mov x6, #4",
        "mov x7, #-7",
        "svc #0"
    );
    attempt!(
        "receive from far",
        "mov x0, #0x1000",
        "mov x6, #4",
        "mov x7, #-7",
        "svc #0"
    );
    attempt!(
        "receive without a reply object",
        "mov x0, #2",
        "mov x6, #9",
        "mov x7, #-7",
        "svc #0"
    );
    attempt!("wait for a channel", "mov x0, #10", "mov x7, #-9", "svc #0");
    attempt!("breakpoint", "brk #1");
    debug_println!("child tells its parent");
    Channel::new(0).notify();
    debug_println!("child ends");
}
