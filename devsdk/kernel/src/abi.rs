//! Numbers of the seL4 16 MCS interface for AArch64: system calls, invocation labels, slots.
//!
//! Invocation labels depend on the configuration: the debug kernel has four more TCB methods (the
//! hardware debug API) before `TCB_SetTLSBase`. The kernel works with the release numbers.

use devsdk_image::configuration;

/// System call numbers, passed in x7.
pub mod syscall {
    /// Send and wait for the reply.
    pub const CALL: i64 = -1;
    /// Reply, then receive.
    pub const REPLY_RECV: i64 = -2;
    /// Send without waiting, then receive with a reply object.
    pub const NB_SEND_RECV: i64 = -3;
    /// Send without waiting, then receive without one.
    pub const NB_SEND_WAIT: i64 = -4;
    /// Send.
    pub const SEND: i64 = -5;
    /// Send if a receiver waits.
    pub const NB_SEND: i64 = -6;
    /// Receive with a reply object.
    pub const RECV: i64 = -7;
    /// Receive if a sender waits.
    pub const NB_RECV: i64 = -8;
    /// Receive without a reply object.
    pub const WAIT: i64 = -9;
    /// Receive without a reply object if a sender waits.
    pub const NB_WAIT: i64 = -10;
    /// Give up the time slice.
    pub const YIELD: i64 = -11;
    /// Debug configuration only.
    pub const DEBUG_PUT_CHAR: i64 = -12;
    /// Debug configuration only.
    pub const DEBUG_DUMP_SCHEDULER: i64 = -13;
    /// Debug configuration only.
    pub const DEBUG_HALT: i64 = -14;
    /// Debug configuration only.
    pub const DEBUG_CAP_IDENTIFY: i64 = -15;
    /// Debug configuration only.
    pub const DEBUG_SNAPSHOT: i64 = -16;
    /// Debug configuration only.
    pub const DEBUG_NAME_THREAD: i64 = -17;
    /// The benchmark configuration's own calls, `FlushCaches` to `ResetThreadUtilisation`.
    pub const BENCHMARK: core::ops::RangeInclusive<i64> = -27..=-21;
}

/// Invocation labels of the release configuration.
pub mod label {
    /// `TCB_ReadRegisters`.
    pub const TCB_READ_REGISTERS: u64 = 2;
    /// `TCB_WriteRegisters`.
    pub const TCB_WRITE_REGISTERS: u64 = 3;
    /// `TCB_CopyRegisters`.
    pub const TCB_COPY_REGISTERS: u64 = 4;
    /// `TCB_Configure`.
    pub const TCB_CONFIGURE: u64 = 5;
    /// `TCB_SetPriority`.
    pub const TCB_SET_PRIORITY: u64 = 6;
    /// `TCB_SetMCPriority`.
    pub const TCB_SET_MC_PRIORITY: u64 = 7;
    /// `TCB_SetSchedParams`.
    pub const TCB_SET_SCHED_PARAMS: u64 = 8;
    /// `TCB_SetTimeoutEndpoint`.
    pub const TCB_SET_TIMEOUT_ENDPOINT: u64 = 9;
    /// `TCB_SetIPCBuffer`.
    pub const TCB_SET_IPC_BUFFER: u64 = 10;
    /// `TCB_SetSpace`.
    pub const TCB_SET_SPACE: u64 = 11;
    /// `TCB_Suspend`.
    pub const TCB_SUSPEND: u64 = 12;
    /// `TCB_Resume`.
    pub const TCB_RESUME: u64 = 13;
    /// `TCB_BindNotification`.
    pub const TCB_BIND_NOTIFICATION: u64 = 14;
    /// `TCB_UnbindNotification`.
    pub const TCB_UNBIND_NOTIFICATION: u64 = 15;
    /// `TCB_SetTLSBase`.
    pub const TCB_SET_TLS_BASE: u64 = 16;
    /// `TCB_SetFlags`.
    pub const TCB_SET_FLAGS: u64 = 17;
    /// `IRQHandler_Ack`.
    pub const IRQ_ACK: u64 = 27;
    /// `IRQHandler_SetNotification`.
    pub const IRQ_SET_NOTIFICATION: u64 = 28;
    /// `IRQHandler_Clear`.
    pub const IRQ_CLEAR: u64 = 29;
    /// `ARM_VSpace_Clean_Data`.
    pub const VSPACE_CLEAN: u64 = 39;
    /// `ARM_VSpace_Invalidate_Data`.
    pub const VSPACE_INVALIDATE: u64 = 40;
    /// `ARM_VSpace_CleanInvalidate_Data`.
    pub const VSPACE_CLEAN_INVALIDATE: u64 = 41;
    /// `ARM_VSpace_Unify_Instruction`.
    pub const VSPACE_UNIFY: u64 = 42;
    /// `ARM_SMC_Call`.
    pub const SMC_CALL: u64 = 43;
    /// `ARM_VCPU_SetTCB`.
    pub const VCPU_SET_TCB: u64 = 55;
    /// `ARM_VCPU_InjectIRQ`.
    pub const VCPU_INJECT_IRQ: u64 = 56;
    /// `ARM_VCPU_ReadRegs`.
    pub const VCPU_READ_REG: u64 = 57;
    /// `ARM_VCPU_WriteRegs`.
    pub const VCPU_WRITE_REG: u64 = 58;
    /// `ARM_VCPU_AckVPPI`.
    pub const VCPU_ACK_VPPI: u64 = 59;

    /// First label of the debug configuration's hardware debug methods.
    const DEBUG_API: u64 = 16;
    /// Number of those methods.
    const DEBUG_API_COUNT: u64 = 4;
    /// Stands for every method that the kernel does not have.
    pub const UNKNOWN: u64 = u64::MAX;

    /// The release number of a label as the given configuration passes it.
    #[must_use]
    pub const fn normalise(label: u64, configuration: u32) -> u64 {
        if configuration != super::configuration::DEBUG || label < DEBUG_API {
            label
        } else if label < DEBUG_API + DEBUG_API_COUNT {
            UNKNOWN
        } else {
            label - DEBUG_API_COUNT
        }
    }
}

/// Slots of a PD's capability space, as Microkit 2.3 fills them.
pub mod slot {
    /// Endpoint or notification that the PD receives from.
    pub const INPUT: u64 = 1;
    /// Endpoint of the PD's fault handler.
    pub const FAULT_ENDPOINT: u64 = 2;
    /// The PD's address space.
    pub const VSPACE: u64 = 3;
    /// The PD's reply object.
    pub const REPLY: u64 = 4;
    /// The monitor's endpoint, for a passive PD.
    pub const MONITOR_ENDPOINT: u64 = 5;
    /// The PD's own TCB, in the benchmark configuration.
    pub const TCB: u64 = 6;
    /// SMC calls, with `smc="true"`.
    pub const ARM_SMC: u64 = 7;
    /// First notification slot.
    pub const NOTIFICATION: u64 = 10;
    /// First call slot.
    pub const ENDPOINT: u64 = 74;
    /// First interrupt slot.
    pub const IRQ: u64 = 138;
    /// First slot of a nested PD's TCB.
    pub const CHILD_TCB: u64 = 202;
    /// First slot of a vCPU's TCB.
    pub const VM_TCB: u64 = 266;
    /// First vCPU slot.
    pub const VCPU: u64 = 330;
    /// Slots in each of the ranges above.
    pub const RANGE: u64 = 64;
}

/// Badge of a message that is a fault: bit 62 and the child's id.
pub const FAULT_BADGE: u64 = 1 << 62;
/// Badge of a protected procedure call: bit 63 and the channel's id.
pub const CALL_BADGE: u64 = 1 << 63;
/// Most words of a message.
pub const MAX_MESSAGE_LENGTH: u64 = 120;
/// Message words that travel in registers (x2 to x5).
pub const MESSAGE_REGISTERS: usize = 4;
/// The virtual timer's interrupt, the only VPPI.
pub const VIRTUAL_TIMER_IRQ: u32 = 27;
/// The virtual GIC's maintenance interrupt.
pub const MAINTENANCE_IRQ: u32 = 25;
/// The kernel's timer (EL2 physical).
pub const KERNEL_TIMER_IRQ: u32 = 26;
/// Highest interrupt number that seL4 knows on this platform.
pub const MAX_IRQ: u64 = devsdk_image::MAX_IRQ as u64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_labels_lie_four_higher_from_set_tls_base_on() {
        let debug = |label| label::normalise(label, configuration::DEBUG);
        let release = |label| label::normalise(label, configuration::RELEASE);
        assert_eq!(debug(2), label::TCB_READ_REGISTERS);
        assert_eq!(debug(20), label::TCB_SET_TLS_BASE);
        assert_eq!(debug(31), label::IRQ_ACK);
        assert_eq!(debug(63), label::VCPU_ACK_VPPI);
        assert_eq!(debug(17), label::UNKNOWN);
        assert_eq!(release(17), label::TCB_SET_FLAGS);
        assert_eq!(release(59), label::VCPU_ACK_VPPI);
    }
}
