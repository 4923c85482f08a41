//! Domains that end in a fault of their own, or that use what they do not have.
#![expect(unsafe_code, reason = "faults are made of instructions")]

use core::arch::asm;

use parity::{any, label, slot, tag, try_call};
use sel4_microkit::{ChannelSet, debug_println};

/// Ends in the instructions given, with all registers but the program counter known.
macro_rules! end_in {
    ($($line:literal),+ $(,)?) => {
        // SAFETY: the last thing the thread does is a fault, of which nobody resumes it.
        unsafe {
            asm!(
                "msr tpidr_el0, xzr",
                ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20",
                "mov x\\n, #0",
                ".endr",
                ".irp n, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30",
                "mov x\\n, #0",
                ".endr",
                "cmp xzr, xzr",
                $($line,)+
                "1: b 1b",
                options(noreturn),
            )
        }
    };
}

/// What the domain of this name does wrong.
pub(crate) fn run(name: &str) {
    debug_println!("{name}");
    match name {
        "null-read" => end_in!("mov x1, #0x10", "mov sp, x1", "ldr x2, [x1]"),
        "write-unmapped" => end_in!("mov x1, #0x7000000", "mov sp, x1", "str x2, [x1, #8]"),
        // What was pushed last is at the bottom of the stack.
        "stack" => end_in!("2: str xzr, [sp, #-16]!", "b 2b"),
        "write-code" => end_in!("mov sp, x1", "adr x1, 2f", "2: str x2, [x1]"),
        "write-read-only" => end_in!("mov x1, #0x4000000", "mov sp, x1", "str x2, [x1]"),
        "execute-data" => end_in!("mov x1, #0x3000000", "mov sp, x1", "br x1"),
        "undefined" => end_in!("mov sp, x0", ".inst 0"),
        "breakpoint" => end_in!("mov sp, x0", "brk #5"),
        "system-register" => end_in!("mov sp, x0", "mrs x1, cntvct_el0"),
        "unknown-call" => end_in!("mov sp, x0", "mov x7, #77", "svc #0"),
        "send-far" => end_in!("mov sp, x0", "mov x0, #4000", "mov x7, #-5", "svc #0"),
        "receive-empty" => {
            end_in!(
                "mov sp, x0",
                "mov x0, #9",
                "mov x6, #4",
                "mov x7, #-7",
                "svc #0"
            )
        }
        // fmov d0, #1.0
        "no-fpu" => end_in!("mov sp, x0", ".inst 0x1e6e1000"),
        "no-channels" => no_channels(),
        _ => debug_println!("{name} has no role"),
    }
}

/// Uses channels that it does not have: the kernel refuses, or says nothing, and it goes on.
fn no_channels() {
    any(slot::NOTIFICATION + 3).send(tag(0, 0));
    debug_println!("notified");
    try_call("called", slot::ENDPOINT + 4, 0, &[]);
    try_call("acknowledged", slot::IRQ + 2, label::IRQAckIRQ, &[]);
    any(slot::EMPTY).send(tag(0, 0));
    any(slot::EMPTY).nb_send(tag(0, 0));
    any(4000).nb_send(tag(0, 0));
    debug_println!("goes on");
}

/// Faults in a passive domain.
pub(crate) fn when_notified(channels: ChannelSet) {
    debug_println!("passive notified {}", channels.display());
    end_in!("mov sp, x0", "str x0, [x0]")
}
