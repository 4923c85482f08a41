//! Invocations: which object does what.
use crate::abi::label;
use crate::capability::Capability;
use crate::endpoint::Send;
use crate::kernel::Kernel;
use crate::machine::{gic, smc};
use crate::message::{MessageInfo, SyscallError};
use crate::queue::ThreadId;
use crate::syscall::Invocation;
use crate::thread::State;
use crate::user_error;

/// Words of an SMC call and of its answer.
const SMC_WORDS: usize = 8;

/// An invocation of a kernel object: its words and whether an answer is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Request {
    /// The thread that invokes.
    pub thread: ThreadId,
    /// The method, as release number.
    pub label: u64,
    /// Words of the message.
    pub length: u64,
    /// Whether the thread waits for words.
    pub call: bool,
}

impl Kernel {
    /// Does what a capability was invoked for.
    ///
    /// # Errors
    /// [`SyscallError`] when the object refuses; only a `Call` hears of it.
    pub fn decode(
        &mut self,
        thread: ThreadId,
        capability: Capability,
        info: MessageInfo,
        invocation: Invocation,
    ) -> Result<(), SyscallError> {
        let request = Request {
            thread,
            label: label::normalise(info.label(), self.configuration),
            length: info.length(),
            call: invocation.call,
        };
        match capability {
            Capability::Null => {
                let address = invocation.address;
                user_error!(
                    self,
                    "decodeInvocation",
                    643,
                    "Attempted to invoke a null cap #{address}."
                );
                Err(SyscallError::InvalidCapability(0))
            }
            Capability::Endpoint(endpoint, badge) => {
                self.set_state(thread, State::Restart);
                let send = Send {
                    blocking: invocation.blocking,
                    call: invocation.call,
                    donate: invocation.donate,
                    badge,
                };
                self.send(send, thread, endpoint);
                Ok(())
            }
            Capability::MonitorEndpoint => {
                self.set_state(thread, State::Restart);
                self.tell_monitor(thread, info, invocation.call);
                Ok(())
            }
            Capability::Notification(notification, badge) => {
                self.set_state(thread, State::Restart);
                self.signal(notification, badge);
                Ok(())
            }
            Capability::Reply(reply) => {
                self.set_state(thread, State::Restart);
                self.send_reply(thread, reply);
                Ok(())
            }
            Capability::Thread(_) if invocation.first_phase => {
                user_error!(
                    self,
                    "decodeInvocation",
                    720,
                    "Cannot invoke thread capabilities in the first phase of an invocation"
                );
                Err(SyscallError::InvalidCapability(0))
            }
            Capability::Thread(target) => self.decode_thread(request, target),
            Capability::Vcpu(vcpu) => self.decode_vcpu(request, vcpu),
            Capability::Irq(handler) => self.decode_irq(request, handler),
            Capability::VSpace(vspace) => self.decode_vspace(request, vspace),
            Capability::Smc => self.decode_smc(request),
        }
    }

    fn decode_irq(&mut self, request: Request, handler: u8) -> Result<(), SyscallError> {
        let Some(irq) = self.irq_handlers.get_mut(usize::from(handler)) else {
            return Err(SyscallError::InvalidCapability(0));
        };
        match request.label {
            label::IRQ_ACK => gic::enable(irq.intid, true),
            label::IRQ_CLEAR => irq.notification = None,
            label::IRQ_SET_NOTIFICATION => return self.set_irq_notification(request, handler),
            _ => {
                user_error!(
                    self,
                    "decodeIRQHandlerInvocation",
                    128,
                    "IRQHandler: Illegal operation."
                );
                return Err(SyscallError::IllegalOperation);
            }
        }
        self.set_state(request.thread, State::Restart);
        Ok(())
    }

    fn set_irq_notification(&mut self, request: Request, handler: u8) -> Result<(), SyscallError> {
        let Some(capability) = self.extra_capability(request.thread) else {
            return Err(SyscallError::TruncatedMessage);
        };
        let Capability::Notification(id, badge) = capability else {
            user_error!(
                self,
                "decodeIRQHandlerInvocation",
                108,
                "IRQSetHandler: provided cap is not an notification capability."
            );
            return Err(SyscallError::InvalidCapability(0));
        };
        self.set_state(request.thread, State::Restart);
        let handler = &mut self.irq_handlers[usize::from(handler)];
        handler.notification = Some(id);
        handler.badge = badge;
        Ok(())
    }

    /// The first capability that came with a message.
    pub fn extra_capability(&self, thread: ThreadId) -> Option<Capability> {
        let info = MessageInfo::from_register(self.thread(thread).context.x[1]);
        if info.extra_caps() == 0 {
            return None;
        }
        let address = self.buffer_word(thread, crate::endpoint::FIRST_EXTRA_CAP);
        self.lookup(thread, address).ok()
    }

    fn decode_smc(&mut self, request: Request) -> Result<(), SyscallError> {
        if request.label != label::SMC_CALL {
            user_error!(
                self,
                "decodeARMSMCInvocation",
                70,
                "ARMSMCInvocation: Illegal operation."
            );
            return Err(SyscallError::IllegalOperation);
        }
        if request.length < SMC_WORDS as u64 {
            user_error!(
                self,
                "decodeARMSMCInvocation",
                76,
                "ARMSMCCall: Truncated message."
            );
            return Err(SyscallError::TruncatedMessage);
        }
        let words = core::array::from_fn(|index| self.message_word(request.thread, index));
        let words: [u64; SMC_WORDS] = smc::call(words);
        self.answer_words(request, &words);
        Ok(())
    }

    /// Answers a call with words. The thread goes on, call or not.
    pub fn answer_words(&mut self, request: Request, words: &[u64]) {
        if request.call {
            for (index, word) in words.iter().enumerate() {
                self.set_message_word(request.thread, index, *word);
            }
            self.answer(request.thread, MessageInfo::reply(0, words.len() as u64));
        }
        self.set_state(request.thread, State::Running);
    }
}
