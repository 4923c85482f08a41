//! Entries from EL0 and EL1: what happened, and who runs next.
use crate::fault::Fault;
use crate::kernel::Kernel;
use crate::machine::translation;
use crate::queue::ThreadId;
use crate::syndrome::Syndrome;

/// What entered the kernel.
#[derive(Debug, Clone, Copy)]
pub enum Entry {
    /// A synchronous exception: its syndrome (ESR_EL2) and fault address (FAR_EL2).
    Synchronous {
        /// ESR_EL2.
        syndrome: u64,
        /// FAR_EL2.
        address: u64,
    },
    /// An interrupt.
    Interrupt,
}

impl Kernel {
    /// Handles an entry. Afterwards the scheduler's current thread goes on, if there is one.
    pub fn handle_entry(&mut self, entry: Entry) {
        if let Some(thread) = self.scheduler.current {
            let context = &mut self.thread_mut(thread).context;
            context.fault_ip = context.elr;
        }
        match (entry, self.scheduler.current) {
            (Entry::Synchronous { syndrome, address }, Some(thread)) => {
                self.handle_synchronous(thread, Syndrome::from_bits(syndrome), address);
            }
            _ => self.handle_interrupt_entry(),
        }
        self.activate_current();
    }

    fn handle_synchronous(&mut self, thread: ThreadId, syndrome: Syndrome, address: u64) {
        if syndrome.is_system_call() {
            let context = &mut self.thread_mut(thread).context;
            context.fault_ip = context.elr.wrapping_sub(4);
            return self.handle_syscall(thread);
        }
        self.update_time();
        if self.check_budget_or_restart() {
            let fault = self.describe(thread, syndrome, address);
            self.handle_fault(thread, fault);
        }
        self.schedule();
    }

    fn describe(&self, thread: ThreadId, syndrome: Syndrome, address: u64) -> Fault {
        let status = syndrome.into_bits();
        if syndrome.is_data_abort() || syndrome.is_instruction_abort() {
            let instruction = syndrome.is_instruction_abort();
            let address = if instruction {
                self.thread(thread).context.fault_ip
            } else {
                address
            };
            let address = if self.vcpu_load.active {
                translation::guest_physical(address)
            } else {
                address
            };
            return Fault::Memory {
                address,
                instruction,
                status,
            };
        }
        if syndrome.is_undefined_instruction() {
            return Fault::UserException {
                number: status,
                code: 0,
            };
        }
        if self.is_debug() && syndrome.is_breakpoint() {
            return Fault::Debug;
        }
        Fault::Vcpu(status)
    }
}
