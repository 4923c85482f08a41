//! Receiving and replying on the protection domain's one endpoint, and what arrives there.

use core::fmt;

use crate::defer::Prepared;
use crate::{Channel, Child, MessageInfo};

const INPUT_CAP: sel4::cap::Endpoint = sel4::Cap::from_bits(1);
const REPLY_CAP: sel4::cap::Reply = sel4::Cap::from_bits(4);
const MONITOR_EP_CAP: sel4::cap::Endpoint = sel4::Cap::from_bits(5);

const IS_ENDPOINT: sel4::Badge = 1 << 63;
const IS_FAULT: sel4::Badge = 1 << 62;

#[doc(hidden)]
#[derive(Debug, Clone)]
pub enum Event {
    Notified(ChannelSet),
    Protected(Channel, MessageInfo),
    Fault(Child, MessageInfo),
}

impl Event {
    fn new((info, badge): (sel4::MessageInfo, sel4::Badge)) -> Self {
        let info = MessageInfo::from_inner(info);
        if badge & IS_ENDPOINT != 0 {
            Self::Protected(Channel::new((badge & !IS_ENDPOINT) as usize), info)
        } else if badge & IS_FAULT != 0 {
            Self::Fault(Child::new((badge & !IS_FAULT) as usize), info)
        } else {
            Self::Notified(ChannelSet(badge))
        }
    }
}

/// The channels that were notified, or whose interrupts arrived, since the last time.
#[derive(Debug, Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelSet(sel4::Badge);

impl ChannelSet {
    /// Whether this channel is among them.
    pub fn contains(&self, channel: Channel) -> bool {
        self.0 & (1 << channel.index()) != 0
    }

    /// The channels by rising number.
    pub fn iter(&self) -> ChannelSetIter {
        ChannelSetIter(self.0)
    }

    /// The numbers in braces.
    pub fn display(&self) -> DisplayChannelSet<'_> {
        DisplayChannelSet(self)
    }
}

#[doc(hidden)]
pub struct ChannelSetIter(sel4::Badge);

impl Iterator for ChannelSetIter {
    type Item = Channel;

    fn next(&mut self) -> Option<Channel> {
        if self.0 == 0 {
            return None;
        }
        let index = self.0.trailing_zeros() as usize;
        self.0 &= self.0 - 1;
        Some(Channel::new(index))
    }
}

/// Shows a [`ChannelSet`].
pub struct DisplayChannelSet<'a>(&'a ChannelSet);

impl fmt::Display for DisplayChannelSet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let indices = self.0.iter().map(|channel| channel.index());
        f.debug_set().entries(indices).finish()
    }
}

#[doc(hidden)]
pub fn reply(msg_info: MessageInfo) {
    REPLY_CAP.send(msg_info.into_inner());
}

#[doc(hidden)]
pub fn recv() -> Event {
    Event::new(INPUT_CAP.recv(REPLY_CAP))
}

#[doc(hidden)]
pub fn reply_recv(msg_info: MessageInfo) -> Event {
    Event::new(INPUT_CAP.reply_recv(msg_info.into_inner(), REPLY_CAP))
}

pub(crate) fn nb_send_recv(Prepared { capability, info }: Prepared) -> Event {
    Event::new(capability.nb_send_recv(info, INPUT_CAP, REPLY_CAP))
}

pub(crate) fn send(Prepared { capability, info }: Prepared) {
    capability.send(info);
}

/// The message by which a passive protection domain gives its scheduling context up.
pub(crate) fn forfeit_sc() -> Prepared {
    let info = sel4::MessageInfoBuilder::default().build();
    Prepared {
        capability: MONITOR_EP_CAP.upcast(),
        info,
    }
}

#[cfg(test)]
mod tests;
