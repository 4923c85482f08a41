//! Which frames the driver wants (Virtio 1.2, 5.1.6.5.1 and 5.1.6.5.2).

use heapless::Vec;

/// Addresses of each kind that are told apart; with more, all frames of the kind are wanted.
pub(super) const MAX_ADDRESSES: usize = 16;

pub use vmm_sddf::network::Mac;

/// A list of addresses; `None` stands for all of them.
pub(super) type Addresses = Option<Vec<Mac, MAX_ADDRESSES>>;

/// What the driver wants to receive.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    pub(super) own: Mac,
    pub(super) promiscuous: bool,
    pub(super) all_multicast: bool,
    pub(super) all_unicast: bool,
    pub(super) no_multicast: bool,
    pub(super) no_unicast: bool,
    pub(super) no_broadcast: bool,
    pub(super) unicast: Addresses,
    pub(super) multicast: Addresses,
}

impl Filter {
    /// After a reset: frames for `own`, for groups and for all. A driver that sets no filter
    /// expects those, and one that never talks to the control queue too.
    pub(super) const fn new(own: Mac) -> Self {
        Self {
            own,
            promiscuous: false,
            all_multicast: true,
            all_unicast: false,
            no_multicast: false,
            no_unicast: false,
            no_broadcast: false,
            unicast: Some(Vec::new()),
            multicast: Some(Vec::new()),
        }
    }

    /// Does the driver want frames for `target`?
    pub(super) fn wants(&self, target: Mac) -> bool {
        let listed = |list: &Addresses| list.as_ref().is_none_or(|list| list.contains(&target));
        if self.promiscuous {
            true
        } else if target == Mac::BROADCAST {
            !self.no_broadcast
        } else if target.is_multicast() {
            !self.no_multicast && (self.all_multicast || listed(&self.multicast))
        } else {
            let other = self.all_unicast || listed(&self.unicast);
            !self.no_unicast && (target == self.own || other)
        }
    }
}
