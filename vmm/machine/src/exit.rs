//! What made a vCPU leave the guest, free of any kernel's message layout.

pub(crate) mod decode;

use crate::{Gpa, IntId};

/// One exit of a vCPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VmExit {
    /// A stage-2 fault.
    Memory(MemoryFault),
    /// A trapped instruction: WFI, WFE, SMC, a system register access, or another class.
    Trap {
        /// ESR_EL2 as the processor wrote it.
        syndrome: u64,
    },
    /// HVC; x0 to x7 came with the exit and go back with the reply.
    Hypercall,
    /// A list register with its EOI bit set became free; `None` when the kernel named none.
    Maintenance {
        /// Index of the list register.
        index: Option<usize>,
    },
    /// A private interrupt that the kernel keeps masked until it is acknowledged.
    PrivateInterrupt {
        /// Which one.
        intid: IntId,
    },
    /// A message that no rule knows.
    Unknown {
        /// The kernel's label.
        label: u64,
    },
}

/// A stage-2 fault as the kernel reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryFault {
    /// Address of the instruction (virtual, the guest's).
    pub pc: u64,
    /// The faulting address after stage 1.
    pub gpa: Gpa,
    /// The fault was an instruction fetch.
    pub fetch: bool,
    /// ESR_EL2 as the processor wrote it.
    pub syndrome: u64,
}
