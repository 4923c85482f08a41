//! The `svc` instruction: the only place that enters the kernel.
//!
//! Registers (AArch64 MCS): `x7` number, `x0` capability in and badge out, `x1` tag in and
//! out, `x2`-`x5` the first four message registers, `x6` reply capability, `x8` the
//! destination of the two-phase calls. The kernel keeps every other register, and reads
//! and writes the rest of a message in the IPC buffer; the buffer's address is handed to
//! the assembly (in `x9`, which the kernel ignores) so that the compiler knows it.

#[cfg(target_arch = "aarch64")]
mod aarch64;
#[cfg(not(target_arch = "aarch64"))]
pub(crate) mod host;

#[cfg(target_arch = "aarch64")]
use aarch64 as machine;
#[cfg(not(target_arch = "aarch64"))]
use host as machine;

use super::{seL4_CPtr, seL4_IPCBuffer, seL4_MessageInfo, seL4_Word};

/// A tag and the message registers held in CPU registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) info: seL4_MessageInfo,
    pub(crate) registers: [seL4_Word; 4],
}

impl Message {
    pub(crate) const EMPTY: Self = Self {
        info: seL4_MessageInfo::new(0, 0, 0, 0),
        registers: [0; 4],
    };
}

/// What a system call returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) message: Message,
    pub(crate) badge: seL4_Word,
}

/// `Send`, `NBSend`: no answer.
pub(crate) fn send(id: i32, dest: seL4_CPtr, message: Message, buffer: &mut seL4_IPCBuffer) {
    machine::send(id, dest, message, buffer);
}

/// `Call`, `Recv`, `NBRecv`, `ReplyRecv`, `Wait`, `NBWait`: one capability, an answer.
pub(crate) fn send_receive(
    id: i32,
    capability: seL4_CPtr,
    message: Message,
    reply: seL4_CPtr,
    buffer: &mut seL4_IPCBuffer,
) -> Received {
    machine::two_phase(id, 0, capability, message, reply, buffer)
}

/// `NBSendRecv`: sends to `dest` and waits on `source`.
pub(crate) fn two_phase(
    id: i32,
    dest: seL4_CPtr,
    source: seL4_CPtr,
    message: Message,
    reply: seL4_CPtr,
    buffer: &mut seL4_IPCBuffer,
) -> Received {
    machine::two_phase(id, dest, source, message, reply, buffer)
}

/// Calls that take at most one word and no message: `Yield` and the debug calls.
pub(crate) fn simple(id: i32, argument: seL4_Word) {
    machine::simple(id, argument);
}
