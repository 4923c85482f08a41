//! The server's end of sDDF queues: several clients share one device.
//!
//! [`block`], [`network`], [`serial`] and [`entropy`] each divide a kind of device among its clients. They know
//! neither kernel nor hardware: the device is a trait, and a signal to a client is a call of what
//! the caller hands over. No client is trusted and none is waited for. One that breaks a rule of
//! its queues is not served any more; the others do not notice.
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
mod client;
pub mod entropy;
pub mod memory;
pub mod network;
pub mod serial;

pub use client::{ClientError, Dropped, MAX_CLIENTS};
pub use memory::{Place, Regions};

#[cfg(test)]
mod test_tables;
