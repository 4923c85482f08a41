//! Small kernel objects: endpoint, notification, interrupt handler, and their indices.
use crate::queue::{ThreadId, ThreadQueue};

/// Index of an endpoint: its PD's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndpointId(pub u8);

/// Index of a notification: its PD's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotificationId(pub u8);

/// Index of a vCPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VcpuId(pub u8);

/// Who hears of a thread's faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultHandler {
    /// The monitor, which prints and stops the thread.
    Monitor,
    /// A PD, with this badge.
    Endpoint(EndpointId, u64),
}

/// Who waits at an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EndpointState {
    /// Nobody.
    #[default]
    Idle,
    /// Senders.
    Senders,
    /// Receivers.
    Receivers,
}

/// Where messages pass from thread to thread. Threads wait by priority.
#[derive(Debug, Default)]
pub struct Endpoint {
    /// Who waits.
    pub state: EndpointState,
    /// The waiting threads.
    pub queue: ThreadQueue,
}

/// What a notification holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NotificationState {
    /// Nothing.
    #[default]
    Idle,
    /// Its bound thread, or another one, waits in the queue.
    Waiting,
    /// Signalled, with the badges or-ed together.
    Active(u64),
}

/// A word of badges that threads wait for.
#[derive(Debug, Default)]
pub struct Notification {
    /// What it holds.
    pub state: NotificationState,
    /// Threads that wait for it alone.
    pub queue: ThreadQueue,
    /// The PD, which also gets it while it receives at its endpoint.
    pub bound: Option<ThreadId>,
    /// Whether a scheduling context (the PD's own) is bound to it.
    pub has_sched_context: bool,
}

/// An interrupt that a PD handles.
#[derive(Debug, Clone, Copy)]
pub struct IrqHandler {
    /// Its number at the GIC.
    pub intid: u32,
    /// The PD's notification; none after `IRQHandler_Clear`.
    pub notification: Option<NotificationId>,
    /// The bit that it sets.
    pub badge: u64,
}
