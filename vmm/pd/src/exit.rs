//! From the kernel's fault messages to [`VmExit`] (seL4 manual, chapter 6.2 and appendix).

use vmm_machine::{
    Gpa, IntId, VcpuId,
    exit::{MemoryFault, VmExit},
};

use crate::{
    context::Context,
    sel4::{Message, fault},
};

/// Reads the message of an exit and prepares `context` for it.
#[inline(always)]
pub(crate) fn decode(context: &mut Context<'_>, vcpu: VcpuId, message: &Message) -> VmExit {
    match message.label {
        fault::VM => {
            let [pc, address, fetch, syndrome] = message.words;
            context.begin_at(vcpu, pc);
            VmExit::Memory(MemoryFault {
                pc,
                gpa: Gpa(address),
                fetch: fetch != 0,
                syndrome,
            })
        }
        fault::UNKNOWN_SYSCALL => {
            context.begin_hypercall(vcpu, message);
            VmExit::Hypercall
        }
        other => {
            context.begin(vcpu);
            let [word, ..] = message.words;
            decode_short(other, word)
        }
    }
}

/// Messages that say nothing of registers; `word` is the first of the message.
#[inline(always)]
fn decode_short(label: u64, word: u64) -> VmExit {
    match label {
        fault::VCPU => VmExit::Trap { syndrome: word },
        fault::MAINTENANCE => VmExit::Maintenance {
            // The kernel says -1 when no list register was at fault.
            index: usize::try_from(word).ok().filter(|index| *index < 64),
        },
        fault::VPPI => match u32::try_from(word).ok().and_then(IntId::new) {
            Some(intid) => VmExit::PrivateInterrupt { intid },
            None => VmExit::Unknown { label },
        },
        // An HVC whose x7 looks like a system call of seL4's that needs a capability: the
        // guest has none.
        fault::CAP => VmExit::Hypercall,
        label => VmExit::Unknown { label },
    }
}
