//! Fault messages, decoded.

use crate::sys::seL4_Fault_tag as tag;
use crate::{IpcBuffer, MessageInfo, Word, sel4_cfg_if};

/// Declares a fault as the first message registers of its message.
macro_rules! fault {
    ($(#[$meta:meta])* $name:ident: $registers:literal {
        $($(#[$doc:meta])* $accessor:ident = $index:literal,)*
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name([Word; $registers]);

        impl $name {
            fn read(message: &[Word]) -> Self {
                let mut registers = [0; $registers];
                registers.iter_mut().zip(message).for_each(|(register, word)| *register = *word);
                Self(registers)
            }

            $($(#[$doc])* pub fn $accessor(&self) -> Word { self.0[$index] })*
        }
    };
}

fault!(
    /// No fault.
    NullFault: 0 {}
);
fault!(
    /// A capability was missing.
    CapFault: 7 {}
);
fault!(
    /// A system call number that the kernel does not know; from a guest, an `hvc`.
    UnknownSyscall: 13 {
        /// The address of the instruction itself.
        fault_ip = 8,
        /// SP_EL0.
        sp = 9,
        /// The link register.
        lr = 10,
        /// The saved program status.
        spsr = 11,
        /// The number.
        syscall = 12,
    }
);
fault!(
    /// An exception of the program itself.
    UserException: 5 {}
);
fault!(
    /// The budget ran out.
    Timeout: 2 {}
);
fault!(
    /// A page was missing or did not allow the access.
    VmFault: 4 {
        /// The address of the instruction.
        ip = 0,
        /// The address accessed; from a guest, guest-physical.
        addr = 1,
        /// ESR_EL2, whole.
        fsr = 3,
    }
);
fault!(
    /// List registers need attention.
    VGicMaintenance: 1 {}
);
fault!(
    /// The guest did what the kernel traps.
    VCpuFault: 1 {
        /// ESR_EL2.
        hsr = 0,
    }
);
fault!(
    /// A virtual private interrupt fired.
    VPpiEvent: 1 {
        /// Its INTID.
        irq = 0,
    }
);

impl UnknownSyscall {
    /// Register `ix`, 0 to 7.
    ///
    /// # Panics
    /// When the message holds no such register.
    pub fn gpr(&self, ix: usize) -> Word {
        assert!(ix < 8, "no x{ix} in the message");
        self.0[ix]
    }
}

impl VmFault {
    /// Whether an instruction fetch faulted.
    pub fn is_prefetch(&self) -> bool {
        let Self([_, _, prefetch, _]) = self;
        *prefetch != 0
    }
}

impl VGicMaintenance {
    /// The list register whose interrupt ended, if the kernel found one.
    pub fn idx(&self) -> Option<Word> {
        let Self([index]) = self;
        (*index != Word::MAX).then_some(*index)
    }
}

/// Declares [`Fault`]: the faults of every configuration and those given.
macro_rules! faults {
    ($($extra:ident = $extra_tag:ident,)*) => {
        faults! {
            @all
            NullFault = seL4_Fault_NullFault,
            CapFault = seL4_Fault_CapFault,
            UnknownSyscall = seL4_Fault_UnknownSyscall,
            UserException = seL4_Fault_UserException,
            VmFault = seL4_Fault_VMFault,
            Timeout = seL4_Fault_Timeout,
            VGicMaintenance = seL4_Fault_VGICMaintenance,
            VCpuFault = seL4_Fault_VCPUFault,
            VPpiEvent = seL4_Fault_VPPIEvent,
            $($extra = $extra_tag,)*
        }
    };
    (@all $($name:ident = $tag:ident,)+) => {
        /// A fault message.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[allow(missing_docs, reason = "each variant holds the type of its name")]
        pub enum Fault {
            $($name($name),)+
        }

        impl Fault {
            /// Decodes the message just received.
            ///
            /// # Panics
            /// When its label is no fault's.
            pub fn new(ipc_buffer: &IpcBuffer, info: &MessageInfo) -> Self {
                let message = ipc_buffer.msg_regs();
                match info.label() {
                    $(tag::$tag => Self::$name($name::read(message)),)+
                    label => panic!("no fault has label {label}"),
                }
            }
        }
    };
}

sel4_cfg_if! {
    if #[sel4_cfg(HARDWARE_DEBUG_API)] {
        fault!(
            /// A breakpoint or watchpoint was hit.
            DebugException: 4 {}
        );
        faults! { DebugException = seL4_Fault_DebugException, }
    } else {
        faults! {}
    }
}

#[cfg(test)]
mod tests;
