//! The architecture's vocabulary: guest-physical addresses, access widths, register and
//! interrupt numbers, exception syndromes (Arm ARM, DDI 0487).
//!
//! Plain values with a type. The crate depends on nothing else of ours.
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

pub mod address;
pub mod interrupt;
pub mod register;
pub mod size;
pub mod syndrome;

pub use address::{Gpa, GpaRange};
pub use interrupt::{IntId, VcpuId};
pub use register::{Gpr, SystemRegister};
pub use size::AccessSize;
