//! Channels to other protection domains and interrupts, and children.
//!
//! The tool puts each channel's capabilities at a fixed distance from a base slot, and
//! tells in bit masks which of them exist.

use core::fmt;

use crate::MessageInfo;
use crate::symbols::{pd_irqs, pd_notifications, pd_pps};

const SLOTS_PER_KIND: usize = 64;
const BASE_OUTPUT_NOTIFICATION_SLOT: usize = 10;
const BASE_ENDPOINT_SLOT: usize = BASE_OUTPUT_NOTIFICATION_SLOT + SLOTS_PER_KIND;
const BASE_IRQ_SLOT: usize = BASE_ENDPOINT_SLOT + SLOTS_PER_KIND;
const BASE_TCB_SLOT: usize = BASE_IRQ_SLOT + SLOTS_PER_KIND;

const MAX_CHANNELS: usize = 62;

/// One end of a channel, by its number in the system description.
#[derive(Debug, Copy, Clone, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct Channel {
    index: usize,
}

impl Channel {
    /// # Panics
    /// When the number is not below 62.
    pub const fn new(index: usize) -> Self {
        assert!(index < MAX_CHANNELS, "a channel's number is below 62");
        Self { index }
    }

    /// The number.
    pub const fn index(&self) -> usize {
        self.index
    }

    fn cap<T: sel4::CapType>(&self, base: usize, existing: usize, verb: &str) -> sel4::Cap<T> {
        let Self { index } = *self;
        assert!(
            existing & (1 << index) != 0,
            "{verb}: not valid for channel '{index}'"
        );
        sel4::Cap::from_bits((base + index) as sel4::CPtrBits)
    }

    #[doc(hidden)]
    pub fn notification(&self) -> sel4::cap::Notification {
        self.cap(BASE_OUTPUT_NOTIFICATION_SLOT, pd_notifications(), "notify")
    }

    #[doc(hidden)]
    pub fn irq_handler(&self) -> sel4::cap::IrqHandler {
        self.cap(BASE_IRQ_SLOT, pd_irqs(), "irq_ack")
    }

    #[doc(hidden)]
    pub fn endpoint(&self) -> sel4::cap::Endpoint {
        self.cap(BASE_ENDPOINT_SLOT, pd_pps(), "pp_call")
    }

    /// Notifies the other end.
    ///
    /// # Panics
    /// When the system description does not let this end notify.
    pub fn notify(&self) {
        self.notification().signal();
    }

    /// Lets the interrupt of this channel arrive again.
    ///
    /// # Errors
    /// The kernel's refusal.
    ///
    /// # Panics
    /// When the channel is no interrupt.
    pub fn irq_ack(&self) -> Result<(), IrqAckError> {
        self.irq_handler().irq_handler_ack().map_err(IrqAckError)
    }

    /// Calls the other end's protected procedure with the message registers' contents.
    ///
    /// # Panics
    /// When the system description does not let this end call.
    pub fn pp_call(&self, msg_info: MessageInfo) -> MessageInfo {
        MessageInfo::from_inner(self.endpoint().call(msg_info.into_inner()))
    }
}

/// The kernel refused to acknowledge an interrupt.
#[derive(Debug, PartialEq, Eq)]
pub struct IrqAckError(sel4::Error);

impl fmt::Display for IrqAckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "irq ack error: {:?}", self.0)
    }
}

/// A child protection domain or virtual CPU, by its number in the system description.
#[derive(Debug, Copy, Clone, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct Child {
    index: usize,
}

impl Child {
    /// The child of this number.
    pub const fn new(index: usize) -> Self {
        Self { index }
    }

    /// The number.
    pub const fn index(&self) -> usize {
        self.index
    }

    #[doc(hidden)]
    pub fn tcb(&self) -> sel4::cap::Tcb {
        sel4::Cap::from_bits((BASE_TCB_SLOT + self.index) as sel4::CPtrBits)
    }
}
