//! From the kernel's fault messages to [`VmExit`] (seL4 manual, chapter 6.2 and appendix).

use super::{MemoryFault, VmExit};
use crate::{
    Gpa, IntId,
    calls::{Message, fault},
};

/// What an exit's message says.
#[inline(always)]
pub(crate) fn decode(message: &Message) -> VmExit {
    match message.label {
        fault::VM => VmExit::Memory(decode_memory_fault(message)),
        // CapFault: an HVC whose x7 looks like a system call of seL4's that needs a capability;
        // the guest has none.
        fault::UNKNOWN_SYSCALL | fault::CAP => VmExit::Hypercall,
        _ => decode_rarer(message),
    }
}

/// A fault of the guest's memory.
#[inline(always)]
pub(crate) fn decode_memory_fault(message: &Message) -> MemoryFault {
    let [pc, address, fetch, syndrome] = message.words;
    MemoryFault {
        pc,
        gpa: Gpa(address),
        fetch: fetch != 0,
        syndrome,
    }
}

/// Any other exit.
#[inline(always)]
pub(crate) fn decode_rarer(message: &Message) -> VmExit {
    let [word, ..] = message.words;
    match message.label {
        fault::VCPU => VmExit::Trap { syndrome: word },
        fault::MAINTENANCE => VmExit::Maintenance {
            // The kernel says -1 when no list register was at fault.
            index: usize::try_from(word).ok().filter(|index| *index < 64),
        },
        fault::VPPI => match u32::try_from(word).ok().and_then(IntId::new) {
            Some(intid) => VmExit::PrivateInterrupt { intid },
            None => VmExit::Unknown {
                label: message.label,
            },
        },
        label => VmExit::Unknown { label },
    }
}
