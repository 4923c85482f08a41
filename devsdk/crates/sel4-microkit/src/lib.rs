//! What a Microkit protection domain in Rust stands on: entry point, main loop, channels.
//!
//! The same names, types and signatures as rust-sel4's `sel4-microkit` v5.0.0, without
//! heap, unwinding and x86. A protection domain is a type that implements [`Handler`]
//! and a function, marked [`protection_domain`], that makes it.

#![no_std]

mod channel;
mod defer;
mod entry;
mod handler;
pub mod ipc;
mod message;
pub mod panicking;
mod printing;
mod symbols;

pub use channel::{Channel, Child, IrqAckError};
pub use defer::{DeferredAction, DeferredActionInterface, DeferredActionSlot};
pub use handler::{Handler, Infallible, Never, NullHandler};
pub use ipc::{ChannelSet, DisplayChannelSet};
pub use message::{
    MessageInfo, MessageLabel, MessageRegisterValue, get_mr, set_mr, with_msg_bytes,
    with_msg_bytes_mut, with_msg_regs, with_msg_regs_mut,
};
pub use sel4_microkit_macros::protection_domain;
pub use symbols::{pd_is_passive, pd_name};

#[doc(hidden)]
pub mod _private {
    pub use crate::entry::{STACK_ALIGNMENT, Stack, run_main};
    pub use crate::printing::{PRINTING, print};
    pub use crate::symbols::ImmutableCell;
    pub use core::arch::global_asm;
}
