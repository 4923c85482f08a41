//! Labels of object invocations: their places in the kernel's interface files, so that an
//! optional invocation moves every later one.

sel4_config::sel4_cfg_if! {
    if #[sel4_cfg(HARDWARE_DEBUG_API)] {
        /// How many labels the breakpoint invocations take.
        const BREAKPOINTS: u32 = 4;

        pub const TCBSetBreakpoint: u32 = 16;
        pub const TCBGetBreakpoint: u32 = 17;
        pub const TCBUnsetBreakpoint: u32 = 18;
        pub const TCBConfigureSingleStepping: u32 = 19;
    } else {
        const BREAKPOINTS: u32 = 0;
    }
}

pub const InvalidInvocation: u32 = 0;
pub const UntypedRetype: u32 = 1;
pub const TCBReadRegisters: u32 = 2;
pub const TCBWriteRegisters: u32 = 3;
pub const TCBCopyRegisters: u32 = 4;
pub const TCBConfigure: u32 = 5;
pub const TCBSetPriority: u32 = 6;
pub const TCBSetMCPriority: u32 = 7;
pub const TCBSetSchedParams: u32 = 8;
pub const TCBSetTimeoutEndpoint: u32 = 9;
pub const TCBSetIPCBuffer: u32 = 10;
pub const TCBSetSpace: u32 = 11;
pub const TCBSuspend: u32 = 12;
pub const TCBResume: u32 = 13;
pub const TCBBindNotification: u32 = 14;
pub const TCBUnbindNotification: u32 = 15;
pub const TCBSetTLSBase: u32 = 16 + BREAKPOINTS;
pub const TCBSetFlags: u32 = 17 + BREAKPOINTS;
pub const CNodeRevoke: u32 = 18 + BREAKPOINTS;
pub const CNodeDelete: u32 = 19 + BREAKPOINTS;
pub const CNodeCancelBadgedSends: u32 = 20 + BREAKPOINTS;
pub const CNodeCopy: u32 = 21 + BREAKPOINTS;
pub const CNodeMint: u32 = 22 + BREAKPOINTS;
pub const CNodeMove: u32 = 23 + BREAKPOINTS;
pub const CNodeMutate: u32 = 24 + BREAKPOINTS;
pub const CNodeRotate: u32 = 25 + BREAKPOINTS;
pub const IRQIssueIRQHandler: u32 = 26 + BREAKPOINTS;
pub const IRQAckIRQ: u32 = 27 + BREAKPOINTS;
pub const IRQSetIRQHandler: u32 = 28 + BREAKPOINTS;
pub const IRQClearIRQHandler: u32 = 29 + BREAKPOINTS;
pub const DomainSetSet: u32 = 30 + BREAKPOINTS;
pub const DomainScheduleConfigure: u32 = 31 + BREAKPOINTS;
pub const DomainScheduleSetStart: u32 = 32 + BREAKPOINTS;
pub const SchedControlConfigureFlags: u32 = 33 + BREAKPOINTS;
pub const SchedContextBind: u32 = 34 + BREAKPOINTS;
pub const SchedContextUnbind: u32 = 35 + BREAKPOINTS;
pub const SchedContextUnbindObject: u32 = 36 + BREAKPOINTS;
pub const SchedContextConsumed: u32 = 37 + BREAKPOINTS;
pub const SchedContextYieldTo: u32 = 38 + BREAKPOINTS;
pub const ARMVSpaceClean_Data: u32 = 39 + BREAKPOINTS;
pub const ARMVSpaceInvalidate_Data: u32 = 40 + BREAKPOINTS;
pub const ARMVSpaceCleanInvalidate_Data: u32 = 41 + BREAKPOINTS;
pub const ARMVSpaceUnify_Instruction: u32 = 42 + BREAKPOINTS;
pub const ARMSMCCall: u32 = 43 + BREAKPOINTS;
pub const ARMPageTableMap: u32 = 44 + BREAKPOINTS;
pub const ARMPageTableUnmap: u32 = 45 + BREAKPOINTS;
pub const ARMPageMap: u32 = 46 + BREAKPOINTS;
pub const ARMPageUnmap: u32 = 47 + BREAKPOINTS;
pub const ARMPageClean_Data: u32 = 48 + BREAKPOINTS;
pub const ARMPageInvalidate_Data: u32 = 49 + BREAKPOINTS;
pub const ARMPageCleanInvalidate_Data: u32 = 50 + BREAKPOINTS;
pub const ARMPageUnify_Instruction: u32 = 51 + BREAKPOINTS;
pub const ARMPageGetAddress: u32 = 52 + BREAKPOINTS;
pub const ARMASIDControlMakePool: u32 = 53 + BREAKPOINTS;
pub const ARMASIDPoolAssign: u32 = 54 + BREAKPOINTS;
pub const ARMVCPUSetTCB: u32 = 55 + BREAKPOINTS;
pub const ARMVCPUInjectIRQ: u32 = 56 + BREAKPOINTS;
pub const ARMVCPUReadReg: u32 = 57 + BREAKPOINTS;
pub const ARMVCPUWriteReg: u32 = 58 + BREAKPOINTS;
pub const ARMVCPUAckVPPI: u32 = 59 + BREAKPOINTS;
pub const ARMIRQIssueIRQHandlerTrigger: u32 = 60 + BREAKPOINTS;
pub const ARMIRQIssueSGISignal: u32 = 61 + BREAKPOINTS;
