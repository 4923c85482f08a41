//! Stand-in for seL4 and Microkit's monitor on QEMU's `virt` machine, for development and CI.
//!
//! Offers what a Microkit protection domain can see of seL4 16 (MCS, AArch64 hypervisor
//! configuration, GICv2, one processor): system calls, capability slots, faults, reply objects,
//! scheduling contexts, vCPUs. It has no proofs; products use the official SDK.
//!
//! All state is in [`kernel::Kernel`]; each module adds one noun to it. [`machine`] is the only
//! place that touches hardware; on a host it is a stub, so that the kernel's logic runs in tests.
#![no_std]

pub mod abi;
#[cfg(target_os = "none")]
pub mod boot;
pub mod call_chain;
pub mod capability;
pub mod context;
pub mod debug_call;
pub mod endpoint;
pub mod fault;
pub mod fault_handling;
pub mod interrupt;
pub mod invocation;
pub mod kernel;
pub mod list_register;
pub mod machine;
pub mod message;
pub mod monitor;
pub mod notification;
pub mod objects;
pub mod queue;
pub mod reply;
pub mod sched_context;
pub mod scheduler;
pub mod setup;
pub mod switching;
pub mod syndrome;
pub mod syscall;
pub mod thread;
pub mod thread_configuration;
pub mod thread_invocation;
pub mod trap;
pub mod vcpu;
pub mod vcpu_invocation;
pub mod vcpu_register;
pub mod vspace_invocation;

#[cfg(test)]
mod tests;
