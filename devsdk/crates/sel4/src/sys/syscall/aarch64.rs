//! `svc` on AArch64.

#![expect(unsafe_code, reason = "system calls")]

use core::arch::asm;

use super::{Message, Received};
use crate::sys::{seL4_CPtr, seL4_IPCBuffer, seL4_MessageInfo, seL4_Word};

const fn number(id: i32) -> seL4_Word {
    // Sign-extended, as the kernel compares the whole register.
    id as i64 as seL4_Word
}

pub(crate) fn send(id: i32, dest: seL4_CPtr, message: Message, buffer: &mut seL4_IPCBuffer) {
    let Message {
        info,
        registers: [m0, m1, m2, m3],
    } = message;
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

pub(crate) fn two_phase(
    id: i32,
    dest: seL4_CPtr,
    source: seL4_CPtr,
    message: Message,
    reply: seL4_CPtr,
    buffer: &mut seL4_IPCBuffer,
) -> Received {
    let Message {
        info,
        registers: [mut m0, mut m1, mut m2, mut m3],
    } = message;
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
    let message = Message {
        info: seL4_MessageInfo::from_word(tag),
        registers: [m0, m1, m2, m3],
    };
    Received { message, badge }
}

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
