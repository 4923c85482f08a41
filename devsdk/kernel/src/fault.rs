//! Faults of a thread: what its handler is told.
use crate::capability::LookupFailure;

/// Why a thread stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A capability address did not resolve, or not to what a receive needs.
    Cap {
        /// The capability address.
        address: u64,
        /// While receiving.
        receiving: bool,
        /// Why.
        failure: LookupFailure,
    },
    /// A system call number that the kernel does not know.
    UnknownSyscall(u64),
    /// An undefined instruction.
    UserException {
        /// The syndrome.
        number: u64,
        /// Always 0.
        code: u64,
    },
    /// A breakpoint instruction, in the debug configuration.
    Debug,
    /// A memory access that is not mapped or not allowed.
    Memory {
        /// Virtual, for a vCPU guest-physical.
        address: u64,
        /// Instruction fetch.
        instruction: bool,
        /// The syndrome.
        status: u64,
    },
    /// List register whose interrupt the guest has ended; none: another reason.
    VgicMaintenance(Option<u64>),
    /// A trapped instruction, with its syndrome.
    Vcpu(u64),
    /// A private interrupt of the virtual machine.
    VppiEvent(u64),
}

impl Fault {
    /// The label of the message.
    #[must_use]
    pub const fn label(&self) -> u64 {
        match self {
            Self::Cap { .. } => 1,
            Self::UnknownSyscall(_) => 2,
            Self::UserException { .. } => 3,
            Self::Debug => 4,
            Self::Memory { .. } => 6,
            Self::VgicMaintenance(_) => 7,
            Self::Vcpu(_) => 8,
            Self::VppiEvent(_) => 9,
        }
    }
}
