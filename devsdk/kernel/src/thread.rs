//! A thread: a PD's, or the one that carries a vCPU (seL4's TCB).
use crate::context::Context;
use crate::fault::Fault;
use crate::objects::{EndpointId, FaultHandler, NotificationId, VcpuId};
use crate::reply::ReplyId;
use crate::sched_context::SchedContextId;

/// Whether a thread can run, and if not, what it waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Stopped.
    Inactive,
    /// Goes on after the instruction that entered the kernel.
    Running,
    /// Executes the instruction that entered the kernel again.
    Restart,
    /// Waits for a message.
    Receiving {
        /// Where.
        endpoint: EndpointId,
        /// With this reply object.
        reply: Option<ReplyId>,
    },
    /// Waits for a receiver, with a message or a fault.
    Sending {
        /// Where.
        endpoint: EndpointId,
        /// Identifies the sender to the receiver.
        badge: u64,
        /// Wants an answer.
        call: bool,
    },
    /// Waits for the answer to a call or a fault.
    AwaitingReply(ReplyId),
    /// Waits for a notification.
    Waiting(NotificationId),
}

/// FP and SIMD registers, saved while another thread owns them.
#[repr(C, align(16))]
#[derive(Debug, Clone)]
pub struct FpuState {
    /// q0 to q31.
    pub q: [u128; 32],
    /// Status.
    pub fpsr: u32,
    /// Control.
    pub fpcr: u32,
}

/// A thread.
#[derive(Debug)]
pub struct Thread {
    /// Registers. First: the trap entry stores them here.
    pub context: Context,
    /// FP registers.
    pub fpu: FpuState,
    /// `fpu="false"`: FP instructions trap.
    pub fpu_disabled: bool,
    /// State.
    pub state: State,
    /// The fault that the thread waits to have handled.
    pub fault: Option<Fault>,
    /// The scheduling context that it runs on; a passive PD may have none.
    pub sched_context: Option<SchedContextId>,
    /// 0..=255.
    pub priority: u8,
    /// Highest priority that it may give to others.
    pub highest_priority: u8,
    /// Is in a ready queue.
    pub queued: bool,
    /// Is in the release queue: waits for budget.
    pub awaits_budget: bool,
    /// Signals to this also end a receive at an endpoint.
    pub bound_notification: Option<NotificationId>,
    /// Who hears of its faults.
    pub fault_handler: FaultHandler,
    /// Physical address of its IPC buffer.
    pub ipc_buffer: usize,
    /// Index of its address space.
    pub vspace: usize,
    /// The vCPU it carries.
    pub vcpu: Option<VcpuId>,
    /// Padded with zeros; the PD's or the virtual machine's name.
    pub name: [u8; 64],
    /// Lowest stack address, for the monitor.
    pub stack_bottom: u64,
}

impl Thread {
    /// Whether it is not blocked.
    #[must_use]
    pub fn is_runnable(&self) -> bool {
        matches!(self.state, State::Running | State::Restart)
    }

    /// Whether it would run if it were chosen.
    #[must_use]
    pub fn is_schedulable(&self) -> bool {
        self.is_runnable() && self.sched_context.is_some() && !self.awaits_budget
    }

    /// Whether a resume has something to do.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        !self.is_runnable()
    }

    /// Its name as text.
    #[must_use]
    pub fn name(&self) -> &str {
        text(&self.name)
    }
}

/// A zero-padded name as text.
#[must_use]
pub fn text(name: &[u8; 64]) -> &str {
    let end = name
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(name.len());
    core::str::from_utf8(&name[..end]).unwrap_or("?")
}
