//! The system calls of every exit, without what the generic ones of the `sel4` crate add: those
//! go through the IPC buffer, or look at the length before each word.
//!
//! Registers as in libsel4 for AArch64: x7 the call's number, x0 the capability and the badge,
//! x1 the tag, x2 to x5 the first words, x6 the reply object, x8 the target of a two-phase call.
#![expect(unsafe_code, reason = "a system call is an instruction")]

use core::arch::asm;

use sel4::{IpcBuffer, sys};
use vmm_machine::calls::{FAST_WORDS, Message};

/// Where the label begins in a message's tag; below are the length (7 bits) and two counts of
/// capabilities.
const LABEL_SHIFT: u32 = 12;

/// A message's tag without capabilities.
pub(super) const fn tag(label: u32, length: usize) -> u64 {
    (label as u64) << LABEL_SHIFT | length as u64
}

/// Send: `words`, and what the IPC buffer holds beyond them.
#[inline(always)]
pub(super) fn send(ipc: &mut IpcBuffer, target: u64, tag: u64, [a, b, c, d]: [u64; FAST_WORDS]) {
    // SAFETY: the call changes no register and reads the IPC buffer at most; the invoked object
    // is of the guest's, whose memory is never borrowed here.
    unsafe {
        asm!(
            "svc #0",
            in("x7") i64::from(sys::syscall_id::Send),
            in("x0") target,
            in("x1") tag,
            in("x2") a,
            in("x3") b,
            in("x4") c,
            in("x5") d,
            in("x9") core::ptr::from_mut(ipc),
            options(nostack),
        );
    }
}

/// Send without words: to a notification, a signal.
pub(super) fn signal(target: u64) {
    // SAFETY: the call changes no register, and with an empty message no memory.
    unsafe {
        asm!(
            "svc #0",
            in("x7") i64::from(sys::syscall_id::Send),
            in("x0") target,
            in("x1") tag(0, 0),
            options(nostack),
        );
    }
}

/// Call: `words`, then waits for the answer.
#[inline(always)]
pub(super) fn call(
    ipc: &mut IpcBuffer,
    target: u64,
    tag: u64,
    [mut a, mut b, mut c, mut d]: [u64; FAST_WORDS],
) -> Message {
    let received: u64;
    // SAFETY: as in `send`; the answer is in the outputs and the IPC buffer, which is
    // exclusively ours.
    unsafe {
        asm!(
            "svc #0",
            in("x7") i64::from(sys::syscall_id::Call),
            inlateout("x0") target => _,
            inlateout("x1") tag => received,
            inlateout("x2") a,
            inlateout("x3") b,
            inlateout("x4") c,
            inlateout("x5") d,
            in("x6") 0_u64,
            in("x9") core::ptr::from_mut(ipc),
            options(nostack),
        );
    }
    Message {
        label: received >> LABEL_SHIFT,
        words: [a, b, c, d],
    }
}

/// Waits for a message from `source` and returns it with its badge. NBSendRecv sends the message
/// in the IPC buffer first, which goes to replies and interrupts, but not to threads; Recv sends
/// nothing.
#[inline(always)]
pub(super) fn send_and_receive(
    ipc: &mut IpcBuffer,
    call: i64,
    (target, tag): (u64, u64),
    source: u64,
    reply: u64,
) -> (u64, Message) {
    let [mut a, mut b, mut c, mut d, ..] = ipc.inner().msg;
    let badge: u64;
    let received: u64;
    // SAFETY: as in `call`.
    unsafe {
        asm!(
            "svc #0",
            in("x7") call,
            in("x8") target,
            in("x6") reply,
            in("x9") core::ptr::from_mut(ipc),
            inlateout("x0") source => badge,
            inlateout("x1") tag => received,
            inlateout("x2") a,
            inlateout("x3") b,
            inlateout("x4") c,
            inlateout("x5") d,
            options(nostack),
        );
    }
    let message = Message {
        label: received >> LABEL_SHIFT,
        words: [a, b, c, d],
    };
    (badge, message)
}
