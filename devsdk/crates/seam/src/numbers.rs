//! Numbers of the kernel's ABI: those of the crates are the kernel's.

use sel4::sys;

/// Fails the build when a constant does not have its number.
macro_rules! numbers {
    ($module:path: $($name:ident = $number:expr,)+) => {
        const _: () = {
            use $module as module;
            $(assert!(module::$name as i128 == $number as i128, stringify!($name));)+
        };
    };
}

/// Four invocations of the debug configuration's come before most others.
const SHIFT: u32 = if sel4::sel4_cfg_bool!(HARDWARE_DEBUG_API) {
    4
} else {
    0
};

numbers! { sys::invocation_label:
    InvalidInvocation = 0,
    UntypedRetype = 1,
    TCBReadRegisters = 2,
    TCBWriteRegisters = 3,
    TCBCopyRegisters = 4,
    TCBConfigure = 5,
    TCBSetPriority = 6,
    TCBSetMCPriority = 7,
    TCBSetSchedParams = 8,
    TCBSetTimeoutEndpoint = 9,
    TCBSetIPCBuffer = 10,
    TCBSetSpace = 11,
    TCBSuspend = 12,
    TCBResume = 13,
    TCBBindNotification = 14,
    TCBUnbindNotification = 15,
    TCBSetTLSBase = 16 + SHIFT,
    TCBSetFlags = 17 + SHIFT,
    CNodeRevoke = 18 + SHIFT,
    CNodeDelete = 19 + SHIFT,
    CNodeCancelBadgedSends = 20 + SHIFT,
    CNodeCopy = 21 + SHIFT,
    CNodeMint = 22 + SHIFT,
    CNodeMove = 23 + SHIFT,
    CNodeMutate = 24 + SHIFT,
    CNodeRotate = 25 + SHIFT,
    IRQIssueIRQHandler = 26 + SHIFT,
    IRQAckIRQ = 27 + SHIFT,
    IRQSetIRQHandler = 28 + SHIFT,
    IRQClearIRQHandler = 29 + SHIFT,
    DomainSetSet = 30 + SHIFT,
    DomainScheduleConfigure = 31 + SHIFT,
    DomainScheduleSetStart = 32 + SHIFT,
    SchedControlConfigureFlags = 33 + SHIFT,
    SchedContextBind = 34 + SHIFT,
    SchedContextUnbind = 35 + SHIFT,
    SchedContextUnbindObject = 36 + SHIFT,
    SchedContextConsumed = 37 + SHIFT,
    SchedContextYieldTo = 38 + SHIFT,
    ARMVSpaceClean_Data = 39 + SHIFT,
    ARMVSpaceInvalidate_Data = 40 + SHIFT,
    ARMVSpaceCleanInvalidate_Data = 41 + SHIFT,
    ARMVSpaceUnify_Instruction = 42 + SHIFT,
    ARMSMCCall = 43 + SHIFT,
    ARMPageTableMap = 44 + SHIFT,
    ARMPageTableUnmap = 45 + SHIFT,
    ARMPageMap = 46 + SHIFT,
    ARMPageUnmap = 47 + SHIFT,
    ARMPageClean_Data = 48 + SHIFT,
    ARMPageInvalidate_Data = 49 + SHIFT,
    ARMPageCleanInvalidate_Data = 50 + SHIFT,
    ARMPageUnify_Instruction = 51 + SHIFT,
    ARMPageGetAddress = 52 + SHIFT,
    ARMASIDControlMakePool = 53 + SHIFT,
    ARMASIDPoolAssign = 54 + SHIFT,
    ARMVCPUSetTCB = 55 + SHIFT,
    ARMVCPUInjectIRQ = 56 + SHIFT,
    ARMVCPUReadReg = 57 + SHIFT,
    ARMVCPUWriteReg = 58 + SHIFT,
    ARMVCPUAckVPPI = 59 + SHIFT,
    ARMIRQIssueIRQHandlerTrigger = 60 + SHIFT,
    ARMIRQIssueSGISignal = 61 + SHIFT,
}

numbers! { sys::syscall_id:
    Call = -1,
    ReplyRecv = -2,
    NBSendRecv = -3,
    NBSendWait = -4,
    Send = -5,
    NBSend = -6,
    Recv = -7,
    NBRecv = -8,
    Wait = -9,
    NBWait = -10,
    Yield = -11,
}

sel4::sel4_cfg_if! {
    if #[sel4_cfg(DEBUG_BUILD)] {
        numbers! { sys::syscall_id:
            DebugPutChar = -12,
            DebugDumpScheduler = -13,
            DebugHalt = -14,
            DebugCapIdentify = -15,
            DebugSnapshot = -16,
            DebugNameThread = -17,
        }
    }
}

numbers! { sys::seL4_CapFault_Msg:
    seL4_CapFault_IP = 0,
    seL4_CapFault_Addr = 1,
    seL4_CapFault_InRecvPhase = 2,
    seL4_CapFault_LookupFailureType = 3,
    seL4_CapFault_BitsLeft = 4,
    seL4_CapFault_DepthMismatch_BitsFound = 5,
    seL4_CapFault_GuardMismatch_GuardFound = 5,
    seL4_CapFault_GuardMismatch_BitsFound = 6,
}

numbers! { sys::seL4_UnknownSyscall_Msg:
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
}

numbers! { sys::seL4_UserException_Msg:
    seL4_UserException_FaultIP = 0,
    seL4_UserException_SP = 1,
    seL4_UserException_SPSR = 2,
    seL4_UserException_Number = 3,
    seL4_UserException_Code = 4,
    seL4_UserException_Length = 5,
}

numbers! { sys::seL4_Timeout_Msg:
    seL4_Timeout_Data = 0,
    seL4_Timeout_Consumed = 1,
    seL4_Timeout_Length = 2,
}

numbers! { sys::seL4_VMFault_Msg:
    seL4_VMFault_IP = 0,
    seL4_VMFault_Addr = 1,
    seL4_VMFault_PrefetchFault = 2,
    seL4_VMFault_FSR = 3,
    seL4_VMFault_Length = 4,
}

numbers! { sys::seL4_VGICMaintenance_Msg:
    seL4_VGICMaintenance_IDX = 0,
    seL4_VGICMaintenance_Length = 1,
}

numbers! { sys::seL4_VCPUFault_Msg:
    seL4_VCPUFault_HSR = 0,
    seL4_VCPUFault_Length = 1,
}

numbers! { sys::seL4_VPPIEvent_Msg:
    seL4_VPPIEvent_IRQ = 0,
    seL4_VPPIEvent_Length = 1,
}

numbers! { sys::seL4_Fault_tag:
    seL4_Fault_NullFault = 0,
    seL4_Fault_CapFault = 1,
    seL4_Fault_UnknownSyscall = 2,
    seL4_Fault_UserException = 3,
    seL4_Fault_Timeout = 5,
    seL4_Fault_VMFault = 6,
    seL4_Fault_VGICMaintenance = 7,
    seL4_Fault_VCPUFault = 8,
    seL4_Fault_VPPIEvent = 9,
}

numbers! { sys::seL4_Error:
    seL4_NoError = 0,
    seL4_InvalidArgument = 1,
    seL4_InvalidCapability = 2,
    seL4_IllegalOperation = 3,
    seL4_RangeError = 4,
    seL4_AlignmentError = 5,
    seL4_FailedLookup = 6,
    seL4_TruncatedMessage = 7,
    seL4_DeleteFirst = 8,
    seL4_RevokeFirst = 9,
    seL4_NotEnoughMemory = 10,
    seL4_NumErrors = 11,
}

numbers! { sys::seL4_VCPUReg:
    seL4_VCPUReg_SCTLR = 0,
    seL4_VCPUReg_CPACR = 1,
    seL4_VCPUReg_TTBR0 = 2,
    seL4_VCPUReg_TTBR1 = 3,
    seL4_VCPUReg_TCR = 4,
    seL4_VCPUReg_MAIR = 5,
    seL4_VCPUReg_AMAIR = 6,
    seL4_VCPUReg_CIDR = 7,
    seL4_VCPUReg_ACTLR = 8,
    seL4_VCPUReg_AFSR0 = 9,
    seL4_VCPUReg_AFSR1 = 10,
    seL4_VCPUReg_ESR = 11,
    seL4_VCPUReg_FAR = 12,
    seL4_VCPUReg_PAR = 13,
    seL4_VCPUReg_VBAR = 14,
    seL4_VCPUReg_TPIDR_EL1 = 15,
    seL4_VCPUReg_VMPIDR_EL2 = 16,
    seL4_VCPUReg_SP_EL1 = 17,
    seL4_VCPUReg_ELR_EL1 = 18,
    seL4_VCPUReg_SPSR_EL1 = 19,
    seL4_VCPUReg_CNTV_CTL = 20,
    seL4_VCPUReg_CNTV_CVAL = 21,
    seL4_VCPUReg_CNTVOFF = 22,
    seL4_VCPUReg_CNTKCTL_EL1 = 23,
    seL4_VCPUReg_Num = 24,
}

numbers! { sys::seL4_MsgLimits:
    seL4_MsgLengthBits = 7,
    seL4_MsgExtraCapBits = 2,
    seL4_MsgMaxLength = 120,
}

numbers! { sys:
    seL4_PageBits = 12,
    seL4_LargePageBits = 21,
    seL4_HugePageBits = 30,
    seL4_FastMessageRegisters = 4,
    seL4_UserVSpaceTop = 0xff_ffff_ffff_u64,
}

numbers! { sel4:
    NUM_MESSAGE_REGISTERS = 120,
    NUM_FAST_MESSAGE_REGISTERS = 4,
    WORD_SIZE = 64,
}

/// The order of the registers in a message.
const _: () = {
    use core::mem::offset_of;
    type Context = sys::seL4_UserContext;
    assert!(offset_of!(Context, pc) == 0 && offset_of!(Context, sp) == 8);
    assert!(offset_of!(Context, spsr) == 16 && offset_of!(Context, x0) == 24);
    assert!(offset_of!(Context, x8) == 8 * 11 && offset_of!(Context, x16) == 8 * 12);
    assert!(offset_of!(Context, x29) == 8 * 15 && offset_of!(Context, x30) == 8 * 16);
    assert!(offset_of!(Context, x9) == 8 * 17 && offset_of!(Context, x19) == 8 * 24);
    assert!(offset_of!(Context, tpidr_el0) == 8 * 34 && size_of::<Context>() == 8 * 36);
    assert!(offset_of!(sys::seL4_IPCBuffer, msg) == 8);
    assert!(offset_of!(sys::seL4_IPCBuffer, userData) == 8 * 121);
    assert!(size_of::<sys::seL4_IPCBuffer>() == 1024);
};
