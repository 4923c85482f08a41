//! Typed access to the seL4 API (MCS, AArch64, hypervisor) for one-threaded programs.
//!
//! The same names, types and signatures as rust-sel4's `sel4` crate v5.0.0, as far as
//! a Microkit protection domain that runs virtual machines needs them. What compiles
//! against this crate compiles against upstream unchanged; the reverse does not hold.
//! Retyping, CSpaces, address spaces and boot information are absent: Microkit gives
//! a protection domain no capability to use them with.

#![no_std]

mod cptr;
mod error;
mod fault;
mod invocation_context;
mod invocations;
mod ipc_buffer;
mod message_info;
mod state;
mod syscalls;
mod user_context;
mod vcpu_reg;

pub mod sys;

pub use sel4_config::{
    self as config, sel4_cfg, sel4_cfg_attr, sel4_cfg_bool, sel4_cfg_if, sel4_cfg_str,
    sel4_cfg_usize, sel4_cfg_word,
};

pub use cptr::{CPtr, CPtrBits, Cap, CapType, cap, cap_type};
pub use error::{Error, Result};
pub use fault::{
    CapFault, Fault, NullFault, Timeout, UnknownSyscall, UserException, VCpuFault, VGicMaintenance,
    VPpiEvent, VmFault,
};
pub use invocation_context::{InvocationContext, NoExplicitInvocationContext, NoInvocationContext};
pub use ipc_buffer::IpcBuffer;
pub use message_info::{MessageInfo, MessageInfoBuilder};
pub use state::{
    ImplicitInvocationContext, ipc_buffer_is_thread_local, set_ipc_buffer, with_ipc_buffer,
    with_ipc_buffer_mut,
};
pub use syscalls::{
    Badge, CallWithMRs, ConveysReplyAuthority, FastMessages, NUM_FAST_MESSAGE_REGISTERS,
    NUM_MESSAGE_REGISTERS, RecvWithMRs, ReplyAuthority, r#yield,
};
pub use user_context::UserContext;
pub use vcpu_reg::VCpuReg;

#[sel4_cfg(HARDWARE_DEBUG_API)]
pub use fault::DebugException;

sel4_cfg_if! {
    if #[sel4_cfg(PRINTING)] {
        mod printing;

        pub use printing::{DebugWrite, debug_put_char};
    }
}

#[sel4_cfg(DEBUG_BUILD)]
pub use syscalls::{debug_halt, debug_snapshot};

/// The machine word, `seL4_Word`.
pub type Word = sys::seL4_Word;

/// The size of [`Word`] in bits.
pub const WORD_SIZE: usize = sel4_cfg_usize!(WORD_SIZE);

#[doc(hidden)]
pub mod _private {
    #[sel4_config::sel4_cfg(PRINTING)]
    pub use super::printing::_private as printing;
}
