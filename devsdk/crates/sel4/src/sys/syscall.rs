//! The `svc` instruction: the only place that enters the kernel.
//!
//! Registers (AArch64 MCS): `x7` number, `x0` capability in and badge out, `x1` tag in and
//! out, `x2`-`x5` the first four message registers, `x6` reply capability, `x8` the
//! destination of the two-phase calls. The kernel keeps every other register, and reads
//! and writes the rest of a message in the IPC buffer; the buffer's address is handed to
//! the assembly (in `x9`, which the kernel ignores) so that the compiler knows it.

#![expect(unsafe_code, reason = "system calls")]

use core::arch::asm;

use super::{seL4_CPtr, seL4_IPCBuffer, seL4_MessageInfo, seL4_Word};

/// What a system call returns: tag, badge and the message registers held in CPU registers.
pub(crate) struct Received {
    pub(crate) info: seL4_MessageInfo,
    pub(crate) badge: seL4_Word,
    pub(crate) registers: [seL4_Word; 4],
}

const fn number(id: i32) -> seL4_Word {
    // Sign-extended, as the kernel compares the whole register.
    id as i64 as seL4_Word
}

/// `Send`, `NBSend`: no answer.
pub(crate) fn send(
    id: i32,
    dest: seL4_CPtr,
    info: seL4_MessageInfo,
    [m0, m1, m2, m3]: [seL4_Word; 4],
    buffer: &mut seL4_IPCBuffer,
) {
    // SAFETY: the kernel keeps all registers across a send and reads only the IPC buffer.
    unsafe {
        asm!("svc #0",
            in("x7") number(id), in("x0") dest, in("x1") info.into_word(),
            in("x2") m0, in("x3") m1, in("x4") m2, in("x5") m3,
            in("x9") core::ptr::from_mut(buffer),
            options(nostack),
        );
    }
}

/// `Call`, `Recv`, `NBRecv`, `ReplyRecv`, `Wait`, `NBWait`: one capability, an answer.
pub(crate) fn send_receive(
    id: i32,
    capability: seL4_CPtr,
    info: seL4_MessageInfo,
    registers: [seL4_Word; 4],
    reply: seL4_CPtr,
    buffer: &mut seL4_IPCBuffer,
) -> Received {
    two_phase(id, 0, capability, info, registers, reply, buffer)
}

/// `NBSendRecv`, `NBSendWait`: sends to `dest` (or, for the latter, to `reply`) and waits on `source`.
pub(crate) fn two_phase(
    id: i32,
    dest: seL4_CPtr,
    source: seL4_CPtr,
    info: seL4_MessageInfo,
    [mut m0, mut m1, mut m2, mut m3]: [seL4_Word; 4],
    reply: seL4_CPtr,
    buffer: &mut seL4_IPCBuffer,
) -> Received {
    let badge;
    let tag;
    // SAFETY: the kernel changes no register but the outputs, and no memory but the IPC buffer
    // and what other programs share with this one.
    unsafe {
        asm!("svc #0",
            in("x7") number(id), in("x6") reply, in("x8") dest,
            inlateout("x0") source => badge, inlateout("x1") info.into_word() => tag,
            inlateout("x2") m0, inlateout("x3") m1, inlateout("x4") m2, inlateout("x5") m3,
            in("x9") core::ptr::from_mut(buffer),
            options(nostack),
        );
    }
    Received {
        info: seL4_MessageInfo::from_word(tag),
        badge,
        registers: [m0, m1, m2, m3],
    }
}

/// Calls that take at most one word and no message: `Yield` and the debug calls.
pub(crate) fn simple(id: i32, argument: seL4_Word) {
    // SAFETY: these calls touch no memory of the caller; the registers they may write are outputs.
    unsafe {
        asm!("svc #0",
            in("x7") number(id), inlateout("x0") argument => _, inlateout("x1") 0_u64 => _,
            inlateout("x2") 0_u64 => _, inlateout("x3") 0_u64 => _,
            inlateout("x4") 0_u64 => _, inlateout("x5") 0_u64 => _, in("x6") 0_u64,
            options(nostack),
        );
    }
}
