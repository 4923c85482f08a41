//! Sending faults: to the parent PD's endpoint, or to the monitor.
use crate::capability::LookupFailure;
use crate::context::{Register, UNKNOWN_SYSCALL_ORDER, USER_EXCEPTION_ORDER};
use crate::endpoint::Send;
use crate::fault::Fault;
use crate::kernel::Kernel;
use crate::objects::FaultHandler;
use crate::queue::ThreadId;
use crate::thread::State;

/// Reason of a debug exception that a breakpoint instruction caused.
const SOFTWARE_BREAK: u64 = 3;

impl Kernel {
    /// Stops a thread and tells its fault handler.
    pub fn handle_fault(&mut self, thread: ThreadId, fault: Fault) {
        self.thread_mut(thread).fault = Some(fault);
        match self.thread(thread).fault_handler {
            FaultHandler::Endpoint(endpoint, badge) => {
                let send = Send {
                    blocking: true,
                    call: false,
                    donate: self.thread(thread).sched_context.is_some(),
                    badge,
                };
                self.send(send, thread, endpoint);
            }
            FaultHandler::Monitor => {
                self.print_fault(thread, &fault);
                // The monitor never answers: its next receive drops the fault.
                self.thread_mut(thread).fault = None;
                self.set_state(thread, State::Inactive);
            }
        }
    }

    /// Writes the message that describes a fault. Returns its length.
    pub fn write_fault(&mut self, sender: ThreadId, receiver: ThreadId, fault: &Fault) -> u64 {
        let ip = self.thread(sender).context.fault_ip;
        match *fault {
            Fault::Cap {
                address,
                receiving,
                failure,
            } => {
                let (words, length) = match failure {
                    LookupFailure::MissingCapability { bits_left } => ([2, bits_left, 0, 0], 2),
                    LookupFailure::GuardMismatch {
                        bits_left,
                        guard_bits,
                    } => ([4, bits_left, 0, guard_bits], 4),
                };
                self.write_words(receiver, 0, &[ip, address, u64::from(receiving)]);
                self.write_words(receiver, 3, &words[..length])
            }
            Fault::UnknownSyscall(number) => {
                self.write_registers(sender, receiver, &UNKNOWN_SYSCALL_ORDER);
                self.write_words(receiver, UNKNOWN_SYSCALL_ORDER.len(), &[number])
            }
            Fault::UserException { number, code } => {
                self.write_registers(sender, receiver, &USER_EXCEPTION_ORDER);
                self.write_words(receiver, USER_EXCEPTION_ORDER.len(), &[number, code])
            }
            Fault::Debug => self.write_words(receiver, 0, &[ip, SOFTWARE_BREAK]),
            Fault::Memory {
                address,
                instruction,
                status,
            } => self.write_words(receiver, 0, &[ip, address, u64::from(instruction), status]),
            Fault::VgicMaintenance(index) => {
                self.write_words(receiver, 0, &[index.unwrap_or(u64::MAX)])
            }
            Fault::Vcpu(word) | Fault::VppiEvent(word) => self.write_words(receiver, 0, &[word]),
        }
    }

    fn write_registers(&mut self, sender: ThreadId, receiver: ThreadId, order: &[Register]) {
        for (index, register) in order.iter().enumerate() {
            let value = self.thread(sender).context.get(*register);
            self.set_message_word(receiver, index, value);
        }
    }

    fn write_words(&mut self, receiver: ThreadId, first: usize, words: &[u64]) -> u64 {
        for (index, word) in words.iter().enumerate() {
            self.set_message_word(receiver, first + index, *word);
        }
        (first + words.len()) as u64
    }

    /// Writes another thread's register; program status is restricted.
    pub fn set_register_sanitised(&mut self, thread: ThreadId, register: Register, value: u64) {
        let serror_masked = !self.is_debug();
        let thread = self.thread_mut(thread);
        let vcpu = thread.vcpu.is_some();
        thread
            .context
            .set_sanitised(register, value, vcpu, serror_masked);
    }
}
