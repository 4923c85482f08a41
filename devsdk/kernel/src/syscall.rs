//! System calls: which phases each has, and what an unknown number means.
use crate::abi::syscall;
use crate::capability::{Capability, LookupFailure};
use crate::endpoint::FIRST_EXTRA_CAP;
use crate::fault::Fault;
use crate::kernel::Kernel;
use crate::message::MessageInfo;
use crate::queue::ThreadId;
use crate::reply::ReplyId;
use crate::thread::State;
use crate::user_error;

/// Register that holds the reply object's address (for `NBSendWait` the destination's).
const REPLY_REGISTER: usize = 6;
/// Register that holds `NBSendRecv`'s destination.
const DESTINATION_REGISTER: usize = 8;

/// How a capability is invoked.
#[derive(Debug, Clone, Copy)]
pub struct Invocation {
    /// The caller gets an answer.
    pub call: bool,
    /// Wait for a receiver; a bad address is a fault.
    pub blocking: bool,
    /// Lend the scheduling context.
    pub donate: bool,
    /// A receive follows.
    pub first_phase: bool,
    /// The capability's address.
    pub address: u64,
}

impl Kernel {
    /// A system call by the current thread, its number in x7.
    pub fn handle_syscall(&mut self, thread: ThreadId) {
        let number = self.thread(thread).context.x[7].cast_signed();
        if !(syscall::YIELD..=syscall::CALL).contains(&number) {
            return self.handle_unknown_syscall(thread, number);
        }
        self.update_time();
        if self.check_budget_or_restart() {
            self.dispatch(thread, number);
        }
        self.schedule();
    }

    fn dispatch(&mut self, thread: ThreadId, number: i64) {
        let x = &self.thread(thread).context.x;
        let (first, reply, destination) = (x[0], x[REPLY_REGISTER], x[DESTINATION_REGISTER]);
        let send = Invocation {
            call: false,
            blocking: true,
            donate: false,
            first_phase: false,
            address: first,
        };
        let then_receive = |address| Invocation {
            blocking: false,
            donate: true,
            first_phase: true,
            address,
            ..send
        };
        match number {
            syscall::CALL => self.invoke(
                thread,
                Invocation {
                    call: true,
                    donate: true,
                    ..send
                },
            ),
            syscall::SEND => self.invoke(thread, send),
            syscall::NB_SEND => self.invoke(
                thread,
                Invocation {
                    blocking: false,
                    ..send
                },
            ),
            syscall::REPLY_RECV => {
                self.invoke(thread, then_receive(reply));
                self.handle_receive(thread, true, true);
            }
            syscall::NB_SEND_RECV => {
                self.invoke(thread, then_receive(destination));
                self.handle_receive(thread, true, true);
            }
            syscall::NB_SEND_WAIT => {
                self.invoke(thread, then_receive(reply));
                self.handle_receive(thread, true, false);
            }
            syscall::RECV => self.handle_receive(thread, true, true),
            syscall::NB_RECV => self.handle_receive(thread, false, true),
            syscall::WAIT => self.handle_receive(thread, true, false),
            syscall::NB_WAIT => self.handle_receive(thread, false, false),
            _ => self.yield_slice(),
        }
    }

    fn invoke(&mut self, thread: ThreadId, invocation: Invocation) {
        let address = invocation.address;
        let capability = match self.lookup(thread, address) {
            Ok(capability) => capability,
            Err(failure) => {
                user_error!(
                    self,
                    "handleInvocation",
                    323,
                    "Invocation of invalid cap #{address}."
                );
                if invocation.blocking {
                    self.cap_fault(thread, address, false, failure);
                }
                return;
            }
        };
        let info = MessageInfo::from_register(self.thread(thread).context.x[1]);
        if let Some((address, failure)) = self.check_extra_caps(thread, info) {
            user_error!(
                self,
                "handleInvocation",
                338,
                "Lookup of extra caps failed."
            );
            if invocation.blocking {
                self.cap_fault(thread, address, false, failure);
            }
            return;
        }
        match self.decode(thread, capability, info, invocation) {
            Ok(()) => {
                if self.thread(thread).state == State::Restart {
                    if invocation.call {
                        self.answer(thread, MessageInfo::reply(0, 0));
                    }
                    self.set_state(thread, State::Running);
                }
            }
            Err(error) if invocation.call => {
                let (words, length) = error.words();
                for (index, word) in words.iter().enumerate().take(length as usize) {
                    self.set_message_word(thread, index, *word);
                }
                self.answer(thread, MessageInfo::reply(error.label(), length));
            }
            Err(_) => {}
        }
    }

    /// Gives the caller of a kernel object its answer's tag.
    pub fn answer(&mut self, thread: ThreadId, info: MessageInfo) {
        let context = &mut self.thread_mut(thread).context;
        context.x[0] = 0;
        context.x[1] = info.into_bits();
    }

    fn check_extra_caps(
        &self,
        thread: ThreadId,
        info: MessageInfo,
    ) -> Option<(u64, LookupFailure)> {
        (0..info.extra_caps() as usize).find_map(|index| {
            let address = self.buffer_word(thread, FIRST_EXTRA_CAP + index);
            let failure = self.lookup(thread, address).err()?;
            Some((address, failure))
        })
    }

    fn handle_receive(&mut self, thread: ThreadId, blocking: bool, with_reply: bool) {
        let address = self.thread(thread).context.x[0];
        let missing = LookupFailure::MissingCapability { bits_left: 0 };
        match self.lookup(thread, address) {
            Err(failure) => self.cap_fault(thread, address, true, failure),
            Ok(Capability::Endpoint(endpoint, _)) => match self.lookup_reply(thread, with_reply) {
                Ok(reply) => self.receive(thread, endpoint, blocking, reply),
                Err((address, failure)) => self.cap_fault(thread, address, true, failure),
            },
            Ok(Capability::Notification(id, _))
                if self
                    .notification(id)
                    .bound
                    .is_none_or(|bound| bound == thread) =>
            {
                self.wait(thread, id, blocking);
            }
            Ok(_) => self.cap_fault(thread, address, true, missing),
        }
    }

    fn lookup_reply(
        &mut self,
        thread: ThreadId,
        wanted: bool,
    ) -> Result<Option<ReplyId>, (u64, LookupFailure)> {
        if !wanted {
            return Ok(None);
        }
        let address = self.thread(thread).context.x[REPLY_REGISTER];
        match self.lookup(thread, address) {
            Ok(Capability::Reply(reply)) => Ok(Some(reply)),
            Ok(_) => {
                user_error!(
                    self,
                    "lookupReply",
                    401,
                    "Cap in reply slot is not a reply cap"
                );
                Err((address, LookupFailure::MissingCapability { bits_left: 0 }))
            }
            Err(failure) => {
                user_error!(self, "lookupReply", 394, "Reply cap lookup failed");
                Err((address, failure))
            }
        }
    }

    fn cap_fault(
        &mut self,
        thread: ThreadId,
        address: u64,
        receiving: bool,
        failure: LookupFailure,
    ) {
        let fault = Fault::Cap {
            address,
            receiving,
            failure,
        };
        self.handle_fault(thread, fault);
    }

    fn handle_unknown_syscall(&mut self, thread: ThreadId, number: i64) {
        if self.is_debug() && self.handle_debug_syscall(thread, number) {
            return;
        }
        if self.configuration == devsdk_image::configuration::BENCHMARK
            && syscall::BENCHMARK.contains(&number)
        {
            // Utilisation is not tracked: the buffer keeps what it had.
            return;
        }
        self.update_time();
        if self.check_budget_or_restart() {
            self.handle_fault(thread, Fault::UnknownSyscall(number.cast_unsigned()));
        }
        self.schedule();
    }
}
