//! Virtio devices for a guest that nobody trusts (Virtio 1.2).
//!
//! [`queue`] reads and answers the requests of a driver. Everything that the driver wrote is
//! copied out once and checked; a queue whose driver breaks the rules stops, and its device
//! asks to be reset. Nothing else is affected.
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
pub mod console;
pub mod device;
pub mod entropy;
mod memory;
pub mod model;
pub mod network;
pub mod queue;
pub mod transport;

pub use vmm_device::Memory;

#[cfg(test)]
mod test_ram;
