//! Virtio devices of the board (Virtio 1.2), driven for the servers of `driver-server`.
//!
//! The queues are those of the crate `virtio-drivers`; [`block`], [`network`] and [`entropy`] use them without
//! ever waiting for the device. The device is trusted: it reads and writes memory by itself.
#![no_std]

pub mod block;
mod buffers;
pub mod dma;
pub mod entropy;
mod hardware;
pub mod network;

pub use buffers::Buffers;
pub use dma::{Area, DmaHal, OwnArea};
pub use hardware::{Found, Hardware};

use driver_server::ClientError;
use virtio_drivers::transport::{DeviceType, mmio::MmioError};

/// Why a device cannot be driven.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// There is too little memory for it, or none.
    #[error("the device needs {needed:#x} bytes of DMA memory at a page, and has {given:#x}")]
    Memory {
        /// Bytes that it needs at least.
        needed: u64,
        /// Bytes that it has.
        given: u64,
    },
    /// There are no registers of such a device.
    #[error("the registers: {0}")]
    Registers(MmioError),
    /// It is a device of another kind.
    #[error("the device is of the kind {0:?}")]
    Kind(DeviceType),
    /// The device refuses.
    #[error("the device: {0}")]
    Device(virtio_drivers::Error),
    /// The tables of the clients do not fit.
    #[error("the clients: {0}")]
    Clients(#[from] ClientError),
}

impl From<virtio_drivers::Error> for DeviceError {
    fn from(error: virtio_drivers::Error) -> Self {
        Self::Device(error)
    }
}
