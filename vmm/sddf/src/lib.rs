//! Queues of the seL4 Device Driver Framework, sDDF 0.7 (include/sddf of au-ts/sddf).
//!
//! Two protection domains share memory: one puts entries into a queue, the other takes them out.
//! Both roles are here, so that a client and a driver are tested against each other. The peer is
//! not trusted: what it wrote is copied out once and checked, and a peer that breaks a rule
//! stops the queue and nothing else.
//!
//! All queues and data are cached memory, and regions start as zeroes.
#![cfg_attr(not(test), no_std)]
#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic
    )
)]

pub mod block;
mod flag;
pub mod network;
pub mod ring;
pub mod serial;

pub use ring::Misbehaved;

#[cfg(test)]
mod test_region;
