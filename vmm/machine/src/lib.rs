//! The heart of the VMM: every decision about a guest, with no kernel beneath it.
//!
//! Data flows one way: exit, decode, bus, device, list registers, one commit to the kernel.
//! The crate needs no allocator and no standard library; what it wants of the kernel it says
//! in the traits of [`kernel`], so that all of it runs in host tests.
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

pub mod boot;
pub mod calls;
pub mod context;
pub mod emulate;
pub mod eret;
pub mod exception;
pub mod exit;
pub mod instruction;
pub mod kernel;
pub mod mmio;
pub mod outcome;
pub mod processor;
pub mod psci;
pub mod pstate;
pub mod report;
pub mod serve;
pub mod smccc;
pub mod sysreg;
pub mod translate;
pub mod vcpu;
pub mod vm;
pub mod wake;
pub mod wfx;

#[cfg(test)]
mod model_vcpu;

pub use vmm_arch::{
    AccessSize, Gpa, GpaRange, Gpr, IntId, VcpuId, address, interrupt, register, size, syndrome,
};
pub use vmm_device as device;
pub use vmm_memory as memory;
