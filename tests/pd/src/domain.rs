//! A protection domain made of functions; what it does not expect, it prints.

use sel4_microkit::{
    Channel, ChannelSet, Child, Handler, Infallible, MessageInfo, debug_println, pd_name,
};

/// Reactions of a domain.
pub struct Domain {
    /// To notifications.
    pub notified: fn(ChannelSet),
    /// To calls.
    pub protected: fn(Channel, MessageInfo) -> MessageInfo,
    /// To faults of children and virtual CPUs.
    pub fault: fn(Child, MessageInfo) -> Option<MessageInfo>,
}

/// The name in the system description.
pub fn name() -> &'static str {
    pd_name().unwrap_or("?")
}

impl Default for Domain {
    fn default() -> Self {
        Self {
            notified: |channels| debug_println!("{} notified {}", name(), channels.display()),
            protected: |channel, message| {
                debug_println!("{} called by {}", name(), channel.index());
                message
            },
            fault: |child, message| {
                let label = message.label();
                debug_println!("{}: fault {label} of {}", name(), child.index());
                None
            },
        }
    }
}

impl Handler for Domain {
    type Error = Infallible;

    fn notified(&mut self, channels: ChannelSet) -> Result<(), Infallible> {
        (self.notified)(channels);
        Ok(())
    }

    fn protected(
        &mut self,
        from: Channel,
        message: MessageInfo,
    ) -> Result<MessageInfo, Infallible> {
        Ok((self.protected)(from, message))
    }

    fn fault(
        &mut self,
        from: Child,
        message: MessageInfo,
    ) -> Result<Option<MessageInfo>, Infallible> {
        Ok((self.fault)(from, message))
    }
}
