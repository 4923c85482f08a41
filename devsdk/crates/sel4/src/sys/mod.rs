//! The kernel's ABI as numbers and plain structures, under libsel4's own names.
//!
//! Sources of the numbers: libsel4's `constants.h`, `syscall.xml`, the three
//! `object-api*.xml` files and `shared_types.bf` of seL4 16.0.0.

#![allow(
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals,
    reason = "these are libsel4's names"
)]
#![allow(
    missing_docs,
    reason = "one-to-one with libsel4, where each is described"
)]

mod fault;
pub mod invocation_label;
mod ipc_buffer;
mod message_info;
pub(crate) mod syscall;
pub mod syscall_id;
mod user_context;

pub use fault::{
    seL4_CapFault_Msg, seL4_Fault_tag, seL4_Timeout_Msg, seL4_UnknownSyscall_Msg,
    seL4_UserException_Msg, seL4_VCPUFault_Msg, seL4_VGICMaintenance_Msg, seL4_VMFault_Msg,
    seL4_VPPIEvent_Msg,
};
pub use ipc_buffer::seL4_IPCBuffer;
pub use message_info::seL4_MessageInfo;
pub use user_context::seL4_UserContext;

pub type seL4_Word = u64;
pub type seL4_CPtr = seL4_Word;
pub type ReplyAuthority = seL4_CPtr;

pub const seL4_PageBits: u32 = 12;
pub const seL4_LargePageBits: u32 = 21;
pub const seL4_HugePageBits: u32 = 30;
pub const seL4_FastMessageRegisters: u32 = 4;
/// Last address of user space with 40-bit physical addresses under a hypervisor kernel.
pub const seL4_UserVSpaceTop: seL4_Word = 0xff_ffff_ffff;

pub mod seL4_MsgLimits {
    pub type Type = u32;
    pub const seL4_MsgLengthBits: Type = 7;
    pub const seL4_MsgExtraCapBits: Type = 2;
    pub const seL4_MsgMaxLength: Type = 120;
}

pub mod seL4_Error {
    pub type Type = u32;
    pub const seL4_NoError: Type = 0;
    pub const seL4_InvalidArgument: Type = 1;
    pub const seL4_InvalidCapability: Type = 2;
    pub const seL4_IllegalOperation: Type = 3;
    pub const seL4_RangeError: Type = 4;
    pub const seL4_AlignmentError: Type = 5;
    pub const seL4_FailedLookup: Type = 6;
    pub const seL4_TruncatedMessage: Type = 7;
    pub const seL4_DeleteFirst: Type = 8;
    pub const seL4_RevokeFirst: Type = 9;
    pub const seL4_NotEnoughMemory: Type = 10;
    pub const seL4_NumErrors: Type = 11;
}

pub mod seL4_VCPUReg {
    pub type Type = u64;
    pub const seL4_VCPUReg_SCTLR: Type = 0;
    pub const seL4_VCPUReg_CPACR: Type = 1;
    pub const seL4_VCPUReg_TTBR0: Type = 2;
    pub const seL4_VCPUReg_TTBR1: Type = 3;
    pub const seL4_VCPUReg_TCR: Type = 4;
    pub const seL4_VCPUReg_MAIR: Type = 5;
    pub const seL4_VCPUReg_AMAIR: Type = 6;
    pub const seL4_VCPUReg_CIDR: Type = 7;
    pub const seL4_VCPUReg_ACTLR: Type = 8;
    pub const seL4_VCPUReg_AFSR0: Type = 9;
    pub const seL4_VCPUReg_AFSR1: Type = 10;
    pub const seL4_VCPUReg_ESR: Type = 11;
    pub const seL4_VCPUReg_FAR: Type = 12;
    pub const seL4_VCPUReg_PAR: Type = 13;
    pub const seL4_VCPUReg_VBAR: Type = 14;
    pub const seL4_VCPUReg_TPIDR_EL1: Type = 15;
    pub const seL4_VCPUReg_VMPIDR_EL2: Type = 16;
    pub const seL4_VCPUReg_SP_EL1: Type = 17;
    pub const seL4_VCPUReg_ELR_EL1: Type = 18;
    pub const seL4_VCPUReg_SPSR_EL1: Type = 19;
    pub const seL4_VCPUReg_CNTV_CTL: Type = 20;
    pub const seL4_VCPUReg_CNTV_CVAL: Type = 21;
    pub const seL4_VCPUReg_CNTVOFF: Type = 22;
    pub const seL4_VCPUReg_CNTKCTL_EL1: Type = 23;
    pub const seL4_VCPUReg_Num: Type = 24;
}
