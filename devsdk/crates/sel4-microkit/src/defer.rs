//! A notification or acknowledgement put off until the main loop's next kernel entry.

use crate::{Channel, IrqAckError};

/// What to do on a channel with the next kernel entry; see [`Handler::take_deferred_action`](crate::Handler::take_deferred_action).
#[derive(Debug, Copy, Clone, Eq, PartialEq)]
pub struct DeferredAction {
    channel: Channel,
    interface: DeferredActionInterface,
}

/// Which action.
#[derive(Debug, Copy, Clone, Eq, PartialEq)]
pub enum DeferredActionInterface {
    /// [`Channel::notify`].
    Notify,
    /// [`Channel::irq_ack`].
    IrqAck,
}

impl DeferredAction {
    /// This action on this channel.
    pub fn new(channel: Channel, interface: DeferredActionInterface) -> Self {
        Self { channel, interface }
    }

    /// A notification.
    pub fn new_notify(channel: Channel) -> Self {
        Self::new(channel, DeferredActionInterface::Notify)
    }

    /// An acknowledgement.
    pub fn new_irq_ack(channel: Channel) -> Self {
        Self::new(channel, DeferredActionInterface::IrqAck)
    }

    /// The channel.
    pub fn channel(&self) -> Channel {
        self.channel
    }

    /// The action.
    pub fn interface(&self) -> DeferredActionInterface {
        self.interface
    }

    /// Does it in a kernel entry of its own.
    ///
    /// # Errors
    /// The kernel's refusal of an acknowledgement.
    pub fn execute_now(self) -> Result<(), IrqAckError> {
        match self.interface {
            DeferredActionInterface::Notify => {
                self.channel.notify();
                Ok(())
            }
            DeferredActionInterface::IrqAck => self.channel.irq_ack(),
        }
    }

    pub(crate) fn prepare(&self) -> Prepared {
        let (capability, label) = match self.interface {
            DeferredActionInterface::Notify => (self.channel.notification().upcast(), 0),
            DeferredActionInterface::IrqAck => (
                self.channel.irq_handler().upcast(),
                sel4::sys::invocation_label::IRQAckIRQ.into(),
            ),
        };
        let info = sel4::MessageInfoBuilder::default().label(label).build();
        Prepared { capability, info }
    }
}

/// A message without registers and where to send it.
pub(crate) struct Prepared {
    pub(crate) capability: sel4::cap::Unspecified,
    pub(crate) info: sel4::MessageInfo,
}

/// Room for one deferred action.
#[derive(Default)]
pub struct DeferredActionSlot {
    inner: Option<DeferredAction>,
}

impl DeferredActionSlot {
    /// An empty slot.
    pub const fn new() -> Self {
        Self { inner: None }
    }

    /// Empties the slot.
    pub fn take(&mut self) -> Option<DeferredAction> {
        self.inner.take()
    }

    /// Fills the slot; what was in it is done now.
    ///
    /// # Errors
    /// The kernel's refusal of what is done now.
    pub fn defer(&mut self, action: DeferredAction) -> Result<(), IrqAckError> {
        self.inner
            .replace(action)
            .map_or(Ok(()), DeferredAction::execute_now)
    }

    /// [`defer`](Self::defer) of a notification.
    ///
    /// # Errors
    /// As [`defer`](Self::defer).
    pub fn defer_notify(&mut self, channel: Channel) -> Result<(), IrqAckError> {
        self.defer(DeferredAction::new_notify(channel))
    }

    /// [`defer`](Self::defer) of an acknowledgement.
    ///
    /// # Errors
    /// As [`defer`](Self::defer).
    pub fn defer_irq_ack(&mut self, channel: Channel) -> Result<(), IrqAckError> {
        self.defer(DeferredAction::new_irq_ack(channel))
    }
}
