//! Methods of a thread: registers, suspend, resume, priority.
//!
//! Methods that need capabilities no PD has (CSpace, IPC buffer frame, scheduling context) are
//! refused as seL4 refuses them without those; see `thread_configuration`.
use crate::abi::label;
use crate::context::TRANSFER_ORDER;
use crate::invocation::Request;
use crate::kernel::Kernel;
use crate::message::{MessageInfo, SyscallError};
use crate::queue::ThreadId;
use crate::thread::State;
use crate::user_error;

const ILLEGAL: Result<(), SyscallError> = Err(SyscallError::IllegalOperation);
const TRUNCATED: Result<(), SyscallError> = Err(SyscallError::TruncatedMessage);

impl Kernel {
    /// Does what a thread's capability was invoked for.
    ///
    /// # Errors
    /// [`SyscallError`] when it is refused.
    pub fn decode_thread(
        &mut self,
        request: Request,
        target: ThreadId,
    ) -> Result<(), SyscallError> {
        match request.label {
            label::TCB_READ_REGISTERS => self.read_registers(request, target),
            label::TCB_WRITE_REGISTERS => self.write_thread_registers(request, target),
            label::TCB_SUSPEND => {
                self.set_state(request.thread, State::Restart);
                self.suspend(target);
                Ok(())
            }
            label::TCB_RESUME => {
                self.set_state(request.thread, State::Restart);
                self.resume(target);
                Ok(())
            }
            label::TCB_SET_TLS_BASE => self.set_tls_base(request, target),
            label::TCB_SET_FLAGS => self.set_flags(request, target),
            _ => self.decode_configuration(request, target),
        }
    }

    fn read_registers(&mut self, request: Request, target: ThreadId) -> Result<(), SyscallError> {
        if request.length < 2 {
            user_error!(
                self,
                "decodeReadRegisters",
                1005,
                "TCB ReadRegisters: Truncated message."
            );
            return TRUNCATED;
        }
        let flags = self.message_word(request.thread, 0);
        let count = self.message_word(request.thread, 1);
        let most = TRANSFER_ORDER.len() as u64;
        if !(1..=most).contains(&count) {
            let shown = count as i32;
            user_error!(
                self,
                "decodeReadRegisters",
                1014,
                "TCB ReadRegisters: Attempted to read an invalid number of registers ({shown})."
            );
            return Err(SyscallError::RangeError(1, most));
        }
        if target == request.thread {
            user_error!(
                self,
                "decodeReadRegisters",
                1027,
                "TCB ReadRegisters: Attempted to read our own registers."
            );
            return ILLEGAL;
        }
        self.set_state(request.thread, State::Restart);
        if flags & 1 != 0 {
            self.suspend(target);
        }
        if request.call {
            for (index, register) in TRANSFER_ORDER.iter().enumerate().take(count as usize) {
                let value = self.thread(target).context.get(*register);
                self.set_message_word(request.thread, index, value);
            }
            self.answer(request.thread, MessageInfo::reply(0, count));
        }
        self.set_state(request.thread, State::Running);
        Ok(())
    }

    fn write_thread_registers(
        &mut self,
        request: Request,
        target: ThreadId,
    ) -> Result<(), SyscallError> {
        let Some(room) = request.length.checked_sub(2) else {
            user_error!(
                self,
                "decodeWriteRegisters",
                1050,
                "TCB WriteRegisters: Truncated message."
            );
            return TRUNCATED;
        };
        let flags = self.message_word(request.thread, 0);
        let count = self.message_word(request.thread, 1);
        if room < count {
            let shown = count as i32;
            user_error!(
                self,
                "decodeWriteRegisters",
                1059,
                "TCB WriteRegisters: Message too short for requested write size ({room}/{shown})."
            );
            return TRUNCATED;
        }
        if target == request.thread {
            user_error!(
                self,
                "decodeWriteRegisters",
                1069,
                "TCB WriteRegisters: Attempted to write our own registers."
            );
            return ILLEGAL;
        }
        self.set_state(request.thread, State::Restart);
        for (index, register) in TRANSFER_ORDER.iter().enumerate().take(count as usize) {
            let value = self.message_word(request.thread, index + 2);
            self.set_register_sanitised(target, *register, value);
        }
        let context = &mut self.thread_mut(target).context;
        context.elr = context.fault_ip;
        if flags & 1 != 0 {
            self.resume(target);
        }
        Ok(())
    }

    fn set_tls_base(&mut self, request: Request, target: ThreadId) -> Result<(), SyscallError> {
        if request.length < 1 {
            user_error!(
                self,
                "decodeSetTLSBase",
                787,
                "TCB SetTLSBase: Truncated message."
            );
            return TRUNCATED;
        }
        self.set_state(request.thread, State::Restart);
        let base = self.message_word(request.thread, 0);
        self.thread_mut(target).context.tpidr_el0 = base;
        Ok(())
    }

    fn set_flags(&mut self, request: Request, target: ThreadId) -> Result<(), SyscallError> {
        const FPU_DISABLED: u64 = 1;
        if request.length < 2 {
            user_error!(
                self,
                "decodeSetFlags",
                831,
                "TCB SetFlags: Truncated message."
            );
            return TRUNCATED;
        }
        self.set_state(request.thread, State::Restart);
        let clear = self.message_word(request.thread, 0);
        let set = self.message_word(request.thread, 1);
        let old = u64::from(self.thread(target).fpu_disabled);
        let flags = old & !clear | set & FPU_DISABLED;
        self.thread_mut(target).fpu_disabled = flags & FPU_DISABLED != 0;
        self.answer_words(request, &[flags]);
        Ok(())
    }

    /// Stops a thread; whatever it waited for is dropped.
    pub fn suspend(&mut self, target: ThreadId) {
        self.cancel(target);
        if self.thread(target).state == State::Running {
            let context = &mut self.thread_mut(target).context;
            context.fault_ip = context.elr;
        }
        self.dequeue(target);
        self.release_remove(target);
        self.set_state(target, State::Inactive);
    }

    /// Starts a stopped thread where it stopped; whatever it waited for is dropped.
    pub fn resume(&mut self, target: ThreadId) {
        if !self.thread(target).is_stopped() {
            return;
        }
        self.cancel(target);
        self.set_state(target, State::Restart);
        if let Some(context) = self.thread(target).sched_context {
            self.resume_context(context);
        }
        if self.thread(target).is_schedulable() {
            self.possible_switch_to(target);
        }
    }
}
