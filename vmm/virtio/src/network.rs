//! The network device (Virtio 1.2, 5.1).
//!
//! [`port`] is the contract with what carries the frames, `receive` and `transmit` move them
//! between it and the queues, and `control` takes the driver's wishes about addresses.

mod config;
mod control;
mod filter;
mod header;
pub mod port;
mod receive;
mod sddf;
mod transmit;

pub use filter::Mac;
pub use port::Port;
pub use sddf::{SddfPort, SddfQueues};

use vmm_device::{Channel, Effects};

use crate::{
    Memory,
    model::Model,
    queue::{Broken, Chain, Queue},
};
use filter::Filter;

const RECEIVE: u16 = 0;
const TRANSMIT: u16 = 1;

/// Bytes of an Ethernet header with a VLAN tag.
const ETHERNET_HEADER: u16 = 18;
/// Frames, or commands, that one call moves in each direction at most; the rest waits for the
/// next.
const MAX_FRAMES: usize = 64;

/// A network device on a port.
#[derive(Debug)]
pub struct Network<'m, P> {
    memory: &'m Memory,
    port: P,
    mac: Mac,
    mtu: u16,
    filter: Filter,
    /// Of the receive or control queue, while it is handled.
    chain_in: Chain,
    /// Of the transmit queue.
    chain_out: Chain,
    /// `chain_out` waits until the port has room.
    held: bool,
    /// The driver can join buffers for one frame (VIRTIO_NET_F_MRG_RXBUF).
    mergeable: bool,
    link_changed: bool,
    link_up: bool,
}

impl<'m, P: Port> Network<'m, P> {
    /// A device with the address `mac`, for packets of `mtu` bytes at most.
    pub fn new(memory: &'m Memory, port: P, mac: Mac, mtu: u16) -> Self {
        Self {
            link_up: port.is_up(),
            memory,
            port,
            mac,
            mtu: mtu.max(config::MIN_MTU),
            filter: Filter::new(mac),
            chain_in: Chain::new(),
            chain_out: Chain::new(),
            held: false,
            mergeable: false,
            link_changed: false,
        }
    }

    /// The port.
    pub const fn port(&self) -> &P {
        &self.port
    }

    /// Bytes of the longest frame.
    fn max_frame(&self) -> u32 {
        u32::from(self.mtu).saturating_add(ETHERNET_HEADER.into())
    }
}

impl<'m, P: Port> Model<'m, 3> for Network<'m, P> {
    const ID: u32 = 1;
    const SIZES: [u16; 3] = [256, 256, 16];

    fn features(&self) -> u64 {
        config::features()
    }

    fn read_config(&self, offset: u64, bytes: &mut [u8]) {
        config::read(self.mac, self.link_up, self.mtu, offset, bytes);
    }

    fn activate(&mut self, features: u64) {
        self.mergeable = config::is_mergeable(features);
    }

    fn reset(&mut self) {
        self.filter = Filter::new(self.mac);
        self.held = false;
        self.mergeable = false;
        self.link_changed = false;
    }

    fn reset_queue(&mut self, index: u16) {
        if index == TRANSMIT {
            self.held = false;
        }
    }

    fn notified(
        &mut self,
        index: u16,
        [receive, transmit, control]: &mut [Queue<'m>; 3],
        effects: &mut Effects,
    ) -> Result<(), Broken> {
        match index {
            RECEIVE => self.receive(receive, effects),
            TRANSMIT => self.transmit(transmit, effects),
            _ => self.control(control, effects),
        }
    }

    fn signalled(
        &mut self,
        _channel: Channel,
        [receive, transmit, _]: &mut [Queue<'m>; 3],
        effects: &mut Effects,
    ) -> Result<(), Broken> {
        let up = self.port.is_up();
        self.link_changed |= core::mem::replace(&mut self.link_up, up) != up;
        self.receive(receive, effects)?;
        self.transmit(transmit, effects)
    }

    fn take_config_change(&mut self) -> bool {
        core::mem::take(&mut self.link_changed)
    }
}
