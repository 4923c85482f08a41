//! The protection domain's reactions, and the loop that calls them.

use core::fmt;

pub use core::convert::Infallible;

use crate::defer::{DeferredAction, Prepared};
use crate::ipc::{self, Event};
use crate::symbols::pd_irqs;
use crate::{Channel, ChannelSet, Child, MessageInfo, pd_is_passive};

/// What a protection domain does when something arrives. An error ends it.
pub trait Handler {
    /// Why it ended.
    type Error: fmt::Display;

    /// Channels were notified.
    ///
    /// # Errors
    /// Ends the protection domain.
    fn notified(&mut self, channels: ChannelSet) -> Result<(), Self::Error> {
        panic!(
            "unexpected notification from channels {}",
            channels.display()
        )
    }

    /// A protected procedure was called; the result is the answer.
    ///
    /// # Errors
    /// Ends the protection domain.
    fn protected(
        &mut self,
        channel: Channel,
        msg_info: MessageInfo,
    ) -> Result<MessageInfo, Self::Error> {
        panic!("unexpected protected procedure call from {channel:?} with {msg_info:?}")
    }

    /// A child faulted; a message resumes it, `None` leaves it stopped.
    ///
    /// # Errors
    /// Ends the protection domain.
    fn fault(
        &mut self,
        child: Child,
        msg_info: MessageInfo,
    ) -> Result<Option<MessageInfo>, Self::Error> {
        panic!("unexpected fault of {child:?} with {msg_info:?}")
    }

    /// An action to do with the next kernel entry, asked for after each reaction.
    fn take_deferred_action(&mut self) -> Option<DeferredAction> {
        None
    }

    #[doc(hidden)]
    fn run(&mut self) -> Result<Never, Self::Error> {
        let mut action = pd_is_passive().then(ipc::forfeit_sc);
        acknowledge_all_interrupts();
        let mut answer = None;
        loop {
            match next_event(answer.take(), action.take()) {
                Event::Notified(channels) => self.notified(channels)?,
                Event::Protected(channel, info) => answer = Some(self.protected(channel, info)?),
                Event::Fault(child, info) => answer = self.fault(child, info)?,
            }
            action = self
                .take_deferred_action()
                .as_ref()
                .map(DeferredAction::prepare);
        }
    }
}

/// An interrupt that fired before the thread ran would otherwise be lost (seL4 issue 1536).
fn acknowledge_all_interrupts() {
    let irqs = pd_irqs();
    let channels = (0..usize::BITS as usize).filter(|index| irqs & (1 << index) != 0);
    channels.for_each(|index| {
        if let Err(error) = Channel::new(index).irq_ack() {
            panic!("{error}");
        }
    });
}

/// Answers and acts, in as few kernel entries as the kernel has calls for, and waits.
fn next_event(answer: Option<MessageInfo>, action: Option<Prepared>) -> Event {
    match (answer, action) {
        (None, None) => ipc::recv(),
        (None, Some(action)) => ipc::nb_send_recv(action),
        (Some(answer), None) => ipc::reply_recv(answer),
        (Some(answer), Some(action)) => {
            ipc::send(action);
            ipc::reply_recv(answer)
        }
    }
}

#[doc(hidden)]
pub enum Never {}

impl Handler for Never {
    type Error = Infallible;
}

/// A handler that expects nothing.
pub struct NullHandler(());

impl NullHandler {
    /// The one value.
    #[allow(clippy::new_without_default, reason = "upstream has no Default either")]
    pub fn new() -> Self {
        Self(())
    }
}

impl Handler for NullHandler {
    type Error = Infallible;
}
