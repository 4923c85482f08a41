//! The memory interface on real capabilities: a VMM, a guest, and the steps they take together.
//!
//! [`vmm`] owns a [`MemoryMap`](vmm_memory::MemoryMap) over the cap-based backend; [`guest`] is
//! the guest's program; [`answers`] asks the
//! kernel what both depend on. The root task of `examples/root-task` runs them on seL4, the test
//! `tests/host.rs` on the model of the kernel: both print the same lines.
#![no_std]

pub mod answers;
pub mod guest;
pub mod kernel;
pub mod layout;
pub mod vmm;

pub use kernel::{Caps, Kernel};
pub use vmm::{Next, Vmm};
