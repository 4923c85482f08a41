//! Sending, receiving and calling through a capability, by IPC buffer or by registers.

use crate::sys::syscall::{self, Message, Received};
use crate::sys::syscall_id;
use crate::{Cap, CapType, InvocationContext, IpcBuffer, MessageInfo, Word, cap, sys};

/// How many message registers travel in CPU registers.
pub const NUM_FAST_MESSAGE_REGISTERS: usize = sys::seL4_FastMessageRegisters as usize;

/// How many message registers there are.
pub const NUM_MESSAGE_REGISTERS: usize = sys::seL4_MsgLimits::seL4_MsgMaxLength as usize;

/// What the kernel says about the sender.
pub type Badge = Word;

/// What a receive needs to answer later: a reply object.
pub type ReplyAuthority<C = crate::NoExplicitInvocationContext> = cap::Reply<C>;

/// What a [`ReplyAuthority`] can be had from.
pub trait ConveysReplyAuthority {
    /// The authority's invocation context.
    type C;

    /// The reply object.
    fn into_reply_authority(self) -> ReplyAuthority<Self::C>;
}

impl<C> ConveysReplyAuthority for ReplyAuthority<C> {
    type C = C;

    fn into_reply_authority(self) -> ReplyAuthority<C> {
        self
    }
}

/// The message in the buffer, its first registers taken out.
fn load(buffer: &IpcBuffer, info: MessageInfo) -> Message {
    let [m0, m1, m2, m3, ..] = buffer.inner().msg;
    Message {
        info: info.into_inner(),
        registers: [m0, m1, m2, m3],
    }
}

/// Puts the received registers where the buffer has room for them, as libsel4 does.
fn store(buffer: &mut IpcBuffer, received: Received) -> (MessageInfo, Badge) {
    let [m0, m1, m2, m3, ..] = &mut buffer.inner_mut().msg;
    [*m0, *m1, *m2, *m3] = received.message.registers;
    (
        MessageInfo::from_inner(received.message.info),
        received.badge,
    )
}

const NO_REPLY: sys::seL4_CPtr = 0;

impl<T: CapType, C: InvocationContext> Cap<T, C> {
    /// Sends the message in the IPC buffer; waits for a receiver.
    pub fn send(self, info: MessageInfo) {
        self.invoke(|bits, buffer| {
            let message = load(buffer, info);
            syscall::send(syscall_id::Send, bits, message, buffer.inner_mut());
        });
    }

    /// Sends the message in the IPC buffer if a receiver waits, else drops it.
    pub fn nb_send(self, info: MessageInfo) {
        self.invoke(|bits, buffer| {
            let message = load(buffer, info);
            syscall::send(syscall_id::NBSend, bits, message, buffer.inner_mut());
        });
    }

    /// Sends without waiting, then receives from `src`: one kernel entry.
    pub fn nb_send_recv<U: CapType>(
        self,
        info: MessageInfo,
        src: Cap<U>,
        reply_authority: impl ConveysReplyAuthority,
    ) -> (MessageInfo, Badge) {
        let (id, source) = (syscall_id::NBSendRecv, src.bits());
        let reply = reply_authority.into_reply_authority().bits();
        self.invoke(|bits, buffer| {
            let message = load(buffer, info);
            let received = syscall::two_phase(id, bits, source, message, reply, buffer.inner_mut());
            store(buffer, received)
        })
    }

    /// Waits for a message or a signal.
    pub fn recv(self, reply_authority: impl ConveysReplyAuthority) -> (MessageInfo, Badge) {
        self.receive(
            syscall_id::Recv,
            reply_authority.into_reply_authority().bits(),
        )
    }

    /// Takes a message or a signal if there is one; else the badge is 0.
    pub fn nb_recv(self, reply_authority: impl ConveysReplyAuthority) -> (MessageInfo, Badge) {
        self.receive(
            syscall_id::NBRecv,
            reply_authority.into_reply_authority().bits(),
        )
    }

    fn receive(self, id: i32, reply: sys::seL4_CPtr) -> (MessageInfo, Badge) {
        self.invoke(|bits, buffer| {
            let received =
                syscall::send_receive(id, bits, Message::EMPTY, reply, buffer.inner_mut());
            store(buffer, received)
        })
    }

    /// Sends the message in the IPC buffer and waits for the answer.
    pub fn call(self, info: MessageInfo) -> MessageInfo {
        self.invoke(|bits, buffer| call(bits, buffer, info))
    }

    /// Answers the last message through `reply_authority`, then receives from this capability.
    pub fn reply_recv(
        self,
        info: MessageInfo,
        reply_authority: impl ConveysReplyAuthority,
    ) -> (MessageInfo, Badge) {
        let reply = reply_authority.into_reply_authority().bits();
        self.invoke(|bits, buffer| {
            let message = load(buffer, info);
            let id = syscall_id::ReplyRecv;
            let received = syscall::send_receive(id, bits, message, reply, buffer.inner_mut());
            store(buffer, received)
        })
    }

    /// As [`send`](Self::send), the first message registers being `messages`.
    pub fn send_with_mrs<M: FastMessages>(self, info: MessageInfo, messages: M) {
        let message = fast_messages::given(info, messages.prepare_in());
        self.invoke(|bits, buffer| {
            syscall::send(syscall_id::Send, bits, message, buffer.inner_mut());
        });
    }

    /// As [`recv`](Self::recv), without writing the first registers to the buffer.
    pub fn recv_with_mrs(self, reply_authority: impl ConveysReplyAuthority) -> RecvWithMRs {
        let reply = reply_authority.into_reply_authority().bits();
        let Received { message, badge } = self.invoke(|bits, buffer| {
            let id = syscall_id::Recv;
            syscall::send_receive(id, bits, Message::EMPTY, reply, buffer.inner_mut())
        });
        let info = MessageInfo::from_inner(message.info);
        RecvWithMRs {
            info,
            badge,
            msg: message.registers,
        }
    }

    /// As [`call`](Self::call), the first message registers being `messages` and the result's.
    pub fn call_with_mrs<M: FastMessages>(self, info: MessageInfo, messages: M) -> CallWithMRs {
        let message = fast_messages::given(info, messages.prepare_in_out().map(Some));
        let Received { message, .. } = self.invoke(|bits, buffer| {
            let id = syscall_id::Call;
            syscall::send_receive(id, bits, message, NO_REPLY, buffer.inner_mut())
        });
        CallWithMRs {
            info: MessageInfo::from_inner(message.info),
            msg: message.registers,
        }
    }
}

/// Calls `bits` with the message in `buffer`; the answer is left there.
pub(crate) fn call(bits: sys::seL4_CPtr, buffer: &mut IpcBuffer, info: MessageInfo) -> MessageInfo {
    let message = load(buffer, info);
    let id = syscall_id::Call;
    let received = syscall::send_receive(id, bits, message, NO_REPLY, buffer.inner_mut());
    store(buffer, received).0
}

impl<C: InvocationContext> cap::Notification<C> {
    /// Raises the capability's badge bits in the notification.
    pub fn signal(self) {
        self.invoke(|bits, buffer| {
            syscall::send(syscall_id::Send, bits, Message::EMPTY, buffer.inner_mut());
        });
    }

    /// Waits for a signal.
    pub fn wait(self) -> (MessageInfo, Badge) {
        self.receive(syscall_id::Wait, NO_REPLY)
    }

    /// Takes the signals if there are any; else the badge is 0.
    pub fn poll(self) -> (MessageInfo, Badge) {
        self.receive(syscall_id::NBWait, NO_REPLY)
    }
}

/// Lets others of the same priority run.
pub fn r#yield() {
    syscall::simple(syscall_id::Yield, 0);
}

/// Stops the machine.
#[crate::sel4_cfg(DEBUG_BUILD)]
pub fn debug_halt() {
    syscall::simple(syscall_id::DebugHalt, 0);
}

/// Asks a debug kernel to print its capability state.
#[crate::sel4_cfg(DEBUG_BUILD)]
pub fn debug_snapshot() {
    syscall::simple(syscall_id::DebugSnapshot, 0);
}

/// What [`Cap::recv_with_mrs`] received.
pub struct RecvWithMRs {
    /// The tag.
    pub info: MessageInfo,
    /// The badge.
    pub badge: Badge,
    /// The first message registers.
    pub msg: [Word; NUM_FAST_MESSAGE_REGISTERS],
}

/// What [`Cap::call_with_mrs`] was answered.
pub struct CallWithMRs {
    /// The tag.
    pub info: MessageInfo,
    /// The first message registers.
    pub msg: [Word; NUM_FAST_MESSAGE_REGISTERS],
}

/// Up to four words that fill the first message registers.
pub trait FastMessages: fast_messages::Sealed {
    /// The words, `None` where there is none.
    fn prepare_in(self) -> [Option<Word>; NUM_FAST_MESSAGE_REGISTERS];

    /// The words, 0 where there is none.
    fn prepare_in_out(self) -> [Word; NUM_FAST_MESSAGE_REGISTERS];
}

impl<const N: usize> FastMessages for [Word; N]
where
    [Word; N]: fast_messages::Sealed,
{
    fn prepare_in(self) -> [Option<Word>; NUM_FAST_MESSAGE_REGISTERS] {
        fast_messages::spread(&self)
    }

    fn prepare_in_out(self) -> [Word; NUM_FAST_MESSAGE_REGISTERS] {
        fast_messages::spread(&self).map(Option::unwrap_or_default)
    }
}

impl FastMessages for &[Word] {
    fn prepare_in(self) -> [Option<Word>; NUM_FAST_MESSAGE_REGISTERS] {
        fast_messages::spread(self)
    }

    fn prepare_in_out(self) -> [Word; NUM_FAST_MESSAGE_REGISTERS] {
        fast_messages::spread(self).map(Option::unwrap_or_default)
    }
}

mod fast_messages {
    use core::array;

    use super::{Message, MessageInfo, NUM_FAST_MESSAGE_REGISTERS, Word};

    /// Keeps [`FastMessages`](super::FastMessages) to what fits.
    pub trait Sealed {}

    impl Sealed for [Word; 0] {}
    impl Sealed for [Word; 1] {}
    impl Sealed for [Word; 2] {}
    impl Sealed for [Word; 3] {}
    impl Sealed for [Word; 4] {}
    impl Sealed for &[Word] {}

    /// # Panics
    /// When there are more words than registers.
    pub(super) fn spread(words: &[Word]) -> [Option<Word>; NUM_FAST_MESSAGE_REGISTERS] {
        assert!(
            words.len() <= NUM_FAST_MESSAGE_REGISTERS,
            "too many words for registers"
        );
        array::from_fn(|index| words.get(index).copied())
    }

    /// The words that the tag's length covers; the kernel gets 0 in the other registers.
    pub(super) fn given(
        info: MessageInfo,
        words: [Option<Word>; NUM_FAST_MESSAGE_REGISTERS],
    ) -> Message {
        let mut registers = [0; NUM_FAST_MESSAGE_REGISTERS];
        let covered = registers.iter_mut().zip(words).take(info.length());
        covered.for_each(|(register, word)| *register = word.unwrap_or_default());
        Message {
            info: info.into_inner(),
            registers,
        }
    }
}

#[cfg(test)]
mod tests;
