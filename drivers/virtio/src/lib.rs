//! Virtio devices of the board (Virtio 1.2), driven for the servers of `driver-server`.
//!
//! The queues are those of the crate `virtio-drivers`; [`block`] and [`network`] use them without
//! ever waiting for the device. The device is trusted: it reads and writes memory by itself.
#![no_std]

pub mod block;
mod buffers;
pub mod dma;
pub mod network;

pub use buffers::Buffers;
pub use dma::{Area, DmaHal, Place};

/// Why a device cannot be driven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// There is too little memory for it, or none.
    #[error("the device needs {needed:#x} bytes of DMA memory at a page, and has {given:#x}")]
    Memory {
        /// Bytes that it needs at least.
        needed: u64,
        /// Bytes that it has.
        given: u64,
    },
    /// The device refuses.
    #[error("{0}")]
    Device(virtio_drivers::Error),
}

impl From<virtio_drivers::Error> for DeviceError {
    fn from(error: virtio_drivers::Error) -> Self {
        Self::Device(error)
    }
}
