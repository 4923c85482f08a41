//! Methods of a thread that a PD has little use for: priorities, bindings, and those that it lacks
//! the capabilities for.
use crate::abi::label;
use crate::capability::Capability;
use crate::invocation::Request;
use crate::kernel::Kernel;
use crate::message::SyscallError;
use crate::queue::ThreadId;
use crate::thread::State;
use crate::user_error;

const TRUNCATED: Result<(), SyscallError> = Err(SyscallError::TruncatedMessage);

impl Kernel {
    /// Does what a thread's capability was invoked for, if it is one of these methods.
    ///
    /// # Errors
    /// [`SyscallError`] when it is refused.
    pub fn decode_configuration(
        &mut self,
        request: Request,
        target: ThreadId,
    ) -> Result<(), SyscallError> {
        match request.label {
            label::TCB_SET_PRIORITY | label::TCB_SET_MC_PRIORITY => {
                self.decode_priority(request, target)
            }
            label::TCB_UNBIND_NOTIFICATION => self.unbind_notification(request, target),
            label::TCB_COPY_REGISTERS
            | label::TCB_CONFIGURE
            | label::TCB_SET_SCHED_PARAMS
            | label::TCB_SET_TIMEOUT_ENDPOINT
            | label::TCB_SET_IPC_BUFFER
            | label::TCB_SET_SPACE
            | label::TCB_BIND_NOTIFICATION => self.refuse(request),
            _ => {
                user_error!(self, "decodeTCBInvocation", 942, "TCB: Illegal operation.");
                Err(SyscallError::IllegalOperation)
            }
        }
    }

    /// What seL4 says when the capabilities that a method needs do not come along; with any, they
    /// cannot be the right ones.
    fn refuse(&mut self, request: Request) -> Result<(), SyscallError> {
        if self.extra_capability(request.thread).is_some() {
            return Err(SyscallError::IllegalOperation);
        }
        match request.label {
            label::TCB_COPY_REGISTERS => user_error!(
                self,
                "decodeCopyRegisters",
                963,
                "TCB CopyRegisters: Truncated message."
            ),
            label::TCB_CONFIGURE => {
                user_error!(
                    self,
                    "decodeTCBConfigure",
                    1112,
                    "TCB Configure: Truncated message."
                );
            }
            label::TCB_SET_SCHED_PARAMS => user_error!(
                self,
                "decodeSetSchedParams",
                1345,
                "TCB SetSchedParams: Truncated message."
            ),
            label::TCB_SET_TIMEOUT_ENDPOINT => user_error!(
                self,
                "decodeSetTimeoutEndpoint",
                1306,
                "TCB SetTimeoutEndpoint: Truncated message."
            ),
            label::TCB_SET_IPC_BUFFER => user_error!(
                self,
                "decodeSetIPCBuffer",
                1461,
                "TCB SetIPCBuffer: Truncated message."
            ),
            label::TCB_SET_SPACE => {
                user_error!(
                    self,
                    "decodeSetSpace",
                    1527,
                    "TCB SetSpace: Truncated message."
                );
            }
            _ => user_error!(
                self,
                "decodeBindNotification",
                1631,
                "TCB BindNotification: Truncated message."
            ),
        }
        TRUNCATED
    }

    fn decode_priority(&mut self, request: Request, target: ThreadId) -> Result<(), SyscallError> {
        let highest = request.label == label::TCB_SET_MC_PRIORITY;
        let authority = self.extra_capability(request.thread);
        let (1.., Some(authority)) = (request.length, authority) else {
            if highest {
                user_error!(
                    self,
                    "decodeSetMCPriority",
                    1261,
                    "TCB SetMCPriority: Truncated message."
                );
            } else {
                user_error!(
                    self,
                    "decodeSetPriority",
                    1217,
                    "TCB SetPriority: Truncated message."
                );
            }
            return TRUNCATED;
        };
        let Capability::Thread(authority) = authority else {
            user_error!(
                self,
                "decodeSetPriority",
                1226,
                "Set priority: authority cap not a TCB."
            );
            return Err(SyscallError::InvalidCapability(1));
        };
        let priority = self.message_word(request.thread, 0);
        let most = self.thread(authority).highest_priority;
        if priority > u64::from(most) {
            user_error!(
                self,
                "decodeSetPriority",
                1235,
                "TCB SetPriority: Requested priority {priority} too high (max {most})."
            );
            return Err(SyscallError::RangeError(0, u64::from(most)));
        }
        self.set_state(request.thread, State::Restart);
        if highest {
            self.thread_mut(target).highest_priority = priority as u8;
        } else {
            self.set_priority(target, priority as u8);
        }
        Ok(())
    }

    fn set_priority(&mut self, target: ThreadId, priority: u8) {
        let queued = self.thread(target).queued;
        let current = self.scheduler.current == Some(target);
        self.dequeue(target);
        self.thread_mut(target).priority = priority;
        if queued || current && self.thread(target).is_runnable() {
            self.enqueue_last(target);
            self.reschedule();
        }
        match self.thread(target).state {
            State::Receiving { endpoint, .. } | State::Sending { endpoint, .. } => {
                let state = self.endpoint(endpoint).state;
                self.endpoint(endpoint).queue.remove(target);
                self.wait_at(target, endpoint, state);
            }
            _ => {}
        }
    }

    fn unbind_notification(
        &mut self,
        request: Request,
        target: ThreadId,
    ) -> Result<(), SyscallError> {
        let Some(bound) = self.thread(target).bound_notification else {
            user_error!(
                self,
                "decodeUnbindNotification",
                1679,
                "TCB UnbindNotification: TCB already has no bound Notification."
            );
            return Err(SyscallError::IllegalOperation);
        };
        self.set_state(request.thread, State::Restart);
        self.thread_mut(target).bound_notification = None;
        self.notification(bound).bound = None;
        Ok(())
    }
}
