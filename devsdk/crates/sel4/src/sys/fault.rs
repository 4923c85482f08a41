//! Labels of fault messages and the message registers of each.

pub mod seL4_Fault_tag {
    pub type Type = u64;
    pub const seL4_Fault_NullFault: Type = 0;
    pub const seL4_Fault_CapFault: Type = 1;
    pub const seL4_Fault_UnknownSyscall: Type = 2;
    pub const seL4_Fault_UserException: Type = 3;
    #[sel4_config::sel4_cfg(HARDWARE_DEBUG_API)]
    pub const seL4_Fault_DebugException: Type = 4;
    pub const seL4_Fault_Timeout: Type = 5;
    pub const seL4_Fault_VMFault: Type = 6;
    pub const seL4_Fault_VGICMaintenance: Type = 7;
    pub const seL4_Fault_VCPUFault: Type = 8;
    pub const seL4_Fault_VPPIEvent: Type = 9;
}

/// Declares the registers of one message, numbered from 0, the last being their count.
macro_rules! message {
    ($module:ident: $ty:ty { $($register:ident = $index:literal),+ $(,)? }) => {
        pub mod $module {
            pub type Type = $ty;
            $(pub const $register: Type = $index;)+
        }
    };
}

message!(seL4_CapFault_Msg: u64 {
    seL4_CapFault_IP = 0,
    seL4_CapFault_Addr = 1,
    seL4_CapFault_InRecvPhase = 2,
    seL4_CapFault_LookupFailureType = 3,
    seL4_CapFault_BitsLeft = 4,
    seL4_CapFault_DepthMismatch_BitsFound = 5,
    seL4_CapFault_GuardMismatch_GuardFound = 5,
    seL4_CapFault_GuardMismatch_BitsFound = 6,
});

message!(seL4_UnknownSyscall_Msg: u64 {
    seL4_UnknownSyscall_X0 = 0,
    seL4_UnknownSyscall_X1 = 1,
    seL4_UnknownSyscall_X2 = 2,
    seL4_UnknownSyscall_X3 = 3,
    seL4_UnknownSyscall_X4 = 4,
    seL4_UnknownSyscall_X5 = 5,
    seL4_UnknownSyscall_X6 = 6,
    seL4_UnknownSyscall_X7 = 7,
    seL4_UnknownSyscall_FaultIP = 8,
    seL4_UnknownSyscall_SP = 9,
    seL4_UnknownSyscall_LR = 10,
    seL4_UnknownSyscall_SPSR = 11,
    seL4_UnknownSyscall_Syscall = 12,
    seL4_UnknownSyscall_Length = 13,
});

message!(seL4_UserException_Msg: u64 {
    seL4_UserException_FaultIP = 0,
    seL4_UserException_SP = 1,
    seL4_UserException_SPSR = 2,
    seL4_UserException_Number = 3,
    seL4_UserException_Code = 4,
    seL4_UserException_Length = 5,
});

message!(seL4_Timeout_Msg: u64 {
    seL4_Timeout_Data = 0,
    seL4_Timeout_Consumed = 1,
    seL4_Timeout_Length = 2,
});

message!(seL4_VMFault_Msg: u64 {
    seL4_VMFault_IP = 0,
    seL4_VMFault_Addr = 1,
    seL4_VMFault_PrefetchFault = 2,
    seL4_VMFault_FSR = 3,
    seL4_VMFault_Length = 4,
});

message!(seL4_VGICMaintenance_Msg: u64 {
    seL4_VGICMaintenance_IDX = 0,
    seL4_VGICMaintenance_Length = 1,
});

message!(seL4_VCPUFault_Msg: u64 {
    seL4_VCPUFault_HSR = 0,
    seL4_VCPUFault_Length = 1,
});

message!(seL4_VPPIEvent_Msg: u64 {
    seL4_VPPIEvent_IRQ = 0,
    seL4_VPPIEvent_Length = 1,
});
