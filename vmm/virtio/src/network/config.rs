//! Features and configuration space (Virtio 1.2, 5.1.3 and 5.1.4).

use virtio_spec::net::F;
use zerocopy::{Immutable, IntoBytes, LittleEndian, U16};

use super::Mac;
use crate::model::copy_config;

/// The smallest MTU that IPv4 and the specification allow.
pub(super) const MIN_MTU: u16 = 68;
/// VIRTIO_NET_S_LINK_UP.
const LINK_UP: u16 = 1;

pub(super) fn features() -> u64 {
    let queues = F::CTRL_VQ | F::CTRL_RX | F::CTRL_MAC_ADDR | F::MRG_RXBUF;
    (F::MAC | F::STATUS | F::MTU | queues).bits().to_ne() as u64
}

pub(super) fn is_mergeable(features: u64) -> bool {
    features & F::MRG_RXBUF.bits().to_ne() as u64 != 0
}

/// `struct virtio_net_config`, up to the last field of a feature that is offered.
#[derive(Debug, IntoBytes, Immutable)]
#[repr(C)]
struct Config {
    mac: [u8; 6],
    status: U16<LittleEndian>,
    max_queue_pairs: U16<LittleEndian>,
    mtu: U16<LittleEndian>,
}

/// Copies from `offset` on what lies there.
pub(super) fn read(mac: Mac, link_up: bool, mtu: u16, offset: u64, bytes: &mut [u8]) {
    let config = Config {
        mac: mac.0,
        status: if link_up { LINK_UP } else { 0 }.into(),
        max_queue_pairs: 1.into(),
        mtu: mtu.into(),
    };
    copy_config(config.as_bytes(), offset, bytes);
}
