//! The kernel's state: all objects, and who runs.
use core::fmt;

use devsdk_image::{MAX_PDS, MAX_VCPUS, Mapping, configuration};
use heapless::Vec;

use crate::abi::MESSAGE_REGISTERS;
use crate::capability::{Capability, LookupFailure, Place, Slots, resolve};
use crate::machine::{console, memory};
use crate::monitor::MonitorMessage;
use crate::objects::{Endpoint, EndpointId, IrqHandler, Notification, NotificationId, VcpuId};
use crate::queue::{MAX_THREADS, ThreadId};
use crate::reply::{Reply, ReplyId};
use crate::sched_context::{SchedContext, SchedContextId};
use crate::scheduler::Scheduler;
use crate::thread::{State, Thread};
use crate::vcpu::{Vcpu, VcpuLoad};

/// Most interrupts that PDs handle together.
pub const MAX_IRQ_HANDLERS: usize = 128;

/// Terminal colours of an error line.
const RESET: &str = "\x1b[0m";
const BOLD: &str = "\x1b[0m\x1b[1m";
const GREEN: &str = "\x1b[0m\x1b[32m";

/// Everything.
#[derive(Debug)]
pub struct Kernel {
    /// One of [`configuration`].
    pub configuration: u32,
    /// PDs, then vCPUs.
    pub threads: Vec<Thread, MAX_THREADS>,
    /// One for each thread, with its index.
    pub sched_contexts: Vec<SchedContext, MAX_THREADS>,
    /// One for each PD.
    pub slots: Vec<Slots, MAX_PDS>,
    /// One for each PD; unused when the PD has no callers.
    pub endpoints: Vec<Endpoint, MAX_PDS>,
    /// One for each PD.
    pub notifications: Vec<Notification, MAX_PDS>,
    /// One for each PD.
    pub replies: Vec<Reply, MAX_PDS>,
    /// vCPUs.
    pub vcpus: Vec<Vcpu, MAX_VCPUS>,
    /// Interrupts that PDs handle.
    pub irq_handlers: Vec<IrqHandler, MAX_IRQ_HANDLERS>,
    /// Physical address of each address space's root table.
    pub vspace_roots: Vec<u64, MAX_THREADS>,
    /// What is mapped where; for cache operations.
    pub mappings: &'static [Mapping],
    /// Ready queues, release queue, time.
    pub scheduler: Scheduler,
    /// Which vCPU's state is in the hardware.
    pub vcpu_load: VcpuLoad,
    /// Whose FP registers are in the hardware.
    pub fpu_owner: Option<ThreadId>,
    /// What the monitor is yet to hear.
    pub monitor_message: Option<MonitorMessage>,
}

impl Kernel {
    /// A kernel without threads.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            configuration: configuration::DEBUG,
            threads: Vec::new(),
            sched_contexts: Vec::new(),
            slots: Vec::new(),
            endpoints: Vec::new(),
            notifications: Vec::new(),
            replies: Vec::new(),
            vcpus: Vec::new(),
            irq_handlers: Vec::new(),
            vspace_roots: Vec::new(),
            mappings: &[],
            scheduler: Scheduler::new(),
            vcpu_load: VcpuLoad::new(),
            fpu_owner: None,
            monitor_message: None,
        }
    }

    /// Whether this is the debug configuration.
    #[must_use]
    pub fn is_debug(&self) -> bool {
        self.configuration == configuration::DEBUG
    }

    /// A thread.
    #[must_use]
    pub fn thread(&self, id: ThreadId) -> &Thread {
        &self.threads[id.index()]
    }

    /// A thread, to change.
    pub fn thread_mut(&mut self, id: ThreadId) -> &mut Thread {
        &mut self.threads[id.index()]
    }

    /// An endpoint.
    pub fn endpoint(&mut self, id: EndpointId) -> &mut Endpoint {
        &mut self.endpoints[usize::from(id.0)]
    }

    /// A notification.
    pub fn notification(&mut self, id: NotificationId) -> &mut Notification {
        &mut self.notifications[usize::from(id.0)]
    }

    /// A reply object.
    pub fn reply(&mut self, id: ReplyId) -> &mut Reply {
        &mut self.replies[id.index()]
    }

    /// A scheduling context.
    pub fn sched_context(&mut self, id: SchedContextId) -> &mut SchedContext {
        &mut self.sched_contexts[id.index()]
    }

    /// A vCPU.
    pub fn vcpu(&mut self, id: VcpuId) -> &mut Vcpu {
        &mut self.vcpus[usize::from(id.0)]
    }

    /// Puts a thread into a state; the scheduler hears of the current one.
    pub fn set_state(&mut self, id: ThreadId, state: State) {
        self.thread_mut(id).state = state;
        self.note_state_change(id);
    }

    /// What a capability address of a thread names.
    ///
    /// # Errors
    /// [`LookupFailure`] when a guard does not match.
    pub fn lookup(&self, thread: ThreadId, address: u64) -> Result<Capability, LookupFailure> {
        let slots = self.slots.get(thread.index());
        match resolve(address, slots.is_some())? {
            Place::EmptyRootSlot => Ok(Capability::Null),
            Place::Slot(number) => {
                Ok(slots.map_or(Capability::Null, |slots| slots.get(number, thread)))
            }
        }
    }

    /// Word `index` of a thread's IPC buffer.
    #[must_use]
    pub fn buffer_word(&self, thread: ThreadId, index: usize) -> u64 {
        memory::read_word(self.thread(thread).ipc_buffer, index)
    }

    /// Writes word `index` of a thread's IPC buffer.
    pub fn set_buffer_word(&mut self, thread: ThreadId, index: usize, value: u64) {
        memory::write_word(self.thread(thread).ipc_buffer, index, value);
    }

    /// Message word `index` of a thread: x2 to x5, then the buffer.
    #[must_use]
    pub fn message_word(&self, thread: ThreadId, index: usize) -> u64 {
        match index {
            0..MESSAGE_REGISTERS => self.thread(thread).context.x[2 + index],
            _ => self.buffer_word(thread, index + 1),
        }
    }

    /// Writes message word `index` of a thread.
    pub fn set_message_word(&mut self, thread: ThreadId, index: usize, value: u64) {
        match index {
            0..MESSAGE_REGISTERS => self.thread_mut(thread).context.x[2 + index] = value,
            _ => self.set_buffer_word(thread, index + 1, value),
        }
    }

    /// Prints a refused operation of the current thread, in the debug configuration.
    pub fn report(&self, function: &str, line: u32, message: fmt::Arguments<'_>) {
        if !self.is_debug() {
            return;
        }
        if let Some(current) = self.scheduler.current {
            let thread = self.thread(current);
            let address = core::ptr::from_ref(thread).addr();
            self.report_for(
                thread.name(),
                address,
                thread.context.fault_ip,
                function,
                line,
                message,
            );
        }
    }

    /// Prints a refused operation of the monitor, in the debug configuration.
    pub fn report_monitor(&self, function: &str, line: u32, message: fmt::Arguments<'_>) {
        if self.is_debug() {
            self.report_for("tcb_monitor", 0, 0, function, line, message);
        }
    }

    fn report_for(
        &self,
        name: &str,
        address: usize,
        ip: u64,
        function: &str,
        line: u32,
        message: fmt::Arguments<'_>,
    ) {
        console::print(format_args!(
            "{BOLD}<<{GREEN}seL4(CPU 0){BOLD} [{function}/{line} T{address:#x} \"{name}\" @{ip:x}]: {message}>>{RESET}\n"
        ));
    }
}

impl Default for Kernel {
    fn default() -> Self {
        Self::new()
    }
}

/// Prints why an operation was refused, as seL4's debug configuration does: with the name and line
/// of the seL4 function that refuses it.
#[macro_export]
macro_rules! user_error {
    ($kernel:expr, $function:literal, $line:literal, $($message:tt)*) => {
        $kernel.report($function, $line, format_args!($($message)*))
    };
}
