//! Guest memory: who owns which guest-physical address, what backs it, and the way to guest RAM.
//!
//! A [`MemoryMap`] divides the guest-physical address space (stage 2 input, Arm ARM D8) into
//! reservations. A reservation that is never mapped is an emulated device: its faults go to a
//! handler. A [`Backend`] turns frames into mappings: [`StaticBackend`] proves that the system
//! XML has made them already, [`CapBackend`] asks the kernel. [`GuestRam`] says which RAM is in
//! use, [`GuestMemory`] copies in and out of it.
#![cfg_attr(not(any(test, feature = "model")), no_std)]
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

pub mod backend;
pub mod fault;
pub mod frame;
pub mod guest_memory;
pub mod guest_ram;
pub mod map;
mod mapping;
pub mod ram_slice;
pub mod range_map;
pub mod raw;
pub mod reservation;
mod walk;

pub use backend::{Backend, CapBackend, StaticBackend};
pub use fault::{Access, AccessKind, Fault, FaultResult};
pub use frame::{Attributes, Cptr, Frame, FrameRun, FrameSlice, Rights};
pub use guest_memory::{AccessError, GuestMemory};
pub use guest_ram::{GuestRam, RamError};
pub use map::MemoryMap;
pub use ram_slice::RamSlice;
pub use raw::{RamWindow, SourceWindow};
pub use reservation::{MapError, Reservation, ReserveError};

#[cfg(test)]
mod defects;
