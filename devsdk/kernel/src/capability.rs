//! Capability space of a thread: which address names which object.
//!
//! A PD has two levels: 64 root slots (the top six bits of an address), of which the first holds
//! Microkit's 512 slots behind a guard of 49 zero bits; the others are empty. A vCPU's thread has
//! one empty level of 512 slots behind 55 zero bits.
use crate::abi::{CALL_BADGE, FAULT_BADGE, slot};
use crate::objects::{EndpointId, NotificationId, VcpuId};
use crate::queue::ThreadId;
use crate::reply::ReplyId;

/// What a slot holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capability {
    /// Nothing.
    Null,
    /// An endpoint to send to and receive from, with a badge.
    Endpoint(EndpointId, u64),
    /// The monitor's endpoint.
    MonitorEndpoint,
    /// A notification, with a badge.
    Notification(NotificationId, u64),
    /// A reply object.
    Reply(ReplyId),
    /// A thread.
    Thread(ThreadId),
    /// A vCPU.
    Vcpu(VcpuId),
    /// An interrupt handler, by index.
    Irq(u8),
    /// An address space, by index.
    VSpace(u8),
    /// Secure monitor calls.
    Smc,
}

impl Capability {
    /// The type number that the debug configuration tells.
    #[must_use]
    pub const fn debug_type(self) -> u64 {
        match self {
            Self::Null => 0,
            Self::Endpoint(..) | Self::MonitorEndpoint => 4,
            Self::Notification(..) => 6,
            Self::Reply(_) => 8,
            Self::VSpace(_) => 9,
            Self::Thread(_) => 12,
            Self::Vcpu(_) => 15,
            Self::Irq(_) => 16,
            Self::Smc => 25,
        }
    }
}

/// Why an address did not resolve. The words are those of a fault message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookupFailure {
    /// The slot does not hold what is needed.
    MissingCapability {
        /// Bits of the address that were left.
        bits_left: u64,
    },
    /// Bits that must be zero are not.
    GuardMismatch {
        /// Bits of the address that were left.
        bits_left: u64,
        /// The guard's size.
        guard_bits: u64,
    },
}

/// Where an address points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// One of the 512 slots.
    Slot(u64),
    /// An empty slot of the root.
    EmptyRootSlot,
}

/// Resolves a capability address of a PD (two levels) or a vCPU's thread (one).
///
/// # Errors
/// [`LookupFailure`] when a guard does not match.
pub const fn resolve(address: u64, two_levels: bool) -> Result<Place, LookupFailure> {
    if two_levels && address >> 58 != 0 {
        return Ok(Place::EmptyRootSlot);
    }
    let (bits_left, guard_bits) = if two_levels { (58, 49) } else { (64, 55) };
    if address >> 9 != 0 {
        return Err(LookupFailure::GuardMismatch {
            bits_left,
            guard_bits,
        });
    }
    Ok(Place::Slot(address))
}

const EMPTY: u8 = u8::MAX;
const SLOTS: usize = slot::RANGE as usize;

/// A PD's capabilities beyond the fixed ones.
#[derive(Debug)]
pub struct Slots {
    /// Target PD and the channel's id there.
    notify: [(u8, u8); SLOTS],
    call: [(u8, u8); SLOTS],
    irq: [u8; SLOTS],
    child: [u8; SLOTS],
    vm_thread: [u8; SLOTS],
    vcpu: [u8; SLOTS],
    /// What the PD receives from.
    pub has_endpoint: bool,
    /// Its fault handler's endpoint.
    pub fault_endpoint: Capability,
    /// `passive="true"`.
    pub passive: bool,
    /// `smc="true"`.
    pub smc: bool,
    /// Slot of its own TCB is filled (benchmark configuration).
    pub own_thread: bool,
    /// Index of its address space.
    pub vspace: u8,
}

impl Slots {
    /// Only the fixed slots.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            notify: [(EMPTY, EMPTY); SLOTS],
            call: [(EMPTY, EMPTY); SLOTS],
            irq: [EMPTY; SLOTS],
            child: [EMPTY; SLOTS],
            vm_thread: [EMPTY; SLOTS],
            vcpu: [EMPTY; SLOTS],
            has_endpoint: false,
            fault_endpoint: Capability::Null,
            passive: false,
            smc: false,
            own_thread: false,
            vspace: 0,
        }
    }

    /// Fills a notification slot.
    pub fn set_notify(&mut self, id: u32, target: u32, target_id: u32) {
        self.notify[id as usize % SLOTS] = (target as u8, target_id as u8);
    }

    /// Fills a call slot.
    pub fn set_call(&mut self, id: u32, target: u32, target_id: u32) {
        self.call[id as usize % SLOTS] = (target as u8, target_id as u8);
    }

    /// Fills an interrupt slot.
    pub fn set_irq(&mut self, id: u32, handler: u8) {
        self.irq[id as usize % SLOTS] = handler;
    }

    /// Fills a nested PD's slot.
    pub fn set_child(&mut self, id: u32, thread: ThreadId) {
        self.child[id as usize % SLOTS] = thread.0;
    }

    /// Fills a vCPU's two slots.
    pub fn set_vcpu(&mut self, id: u32, thread: ThreadId, vcpu: VcpuId) {
        self.vm_thread[id as usize % SLOTS] = thread.0;
        self.vcpu[id as usize % SLOTS] = vcpu.0;
    }

    /// What slot `number` (0..512) of PD `owner` holds.
    #[must_use]
    pub fn get(&self, number: u64, owner: ThreadId) -> Capability {
        let index = |base: u64| (number - base) as usize % SLOTS;
        let some = |value: u8, make: fn(u8) -> Capability| match value {
            EMPTY => Capability::Null,
            value => make(value),
        };
        match number {
            slot::INPUT if self.has_endpoint => Capability::Endpoint(EndpointId(owner.0), 0),
            slot::INPUT => Capability::Notification(NotificationId(owner.0), 0),
            slot::FAULT_ENDPOINT => self.fault_endpoint,
            slot::VSPACE => Capability::VSpace(self.vspace),
            slot::REPLY => Capability::Reply(ReplyId(owner.0)),
            slot::MONITOR_ENDPOINT if self.passive => Capability::MonitorEndpoint,
            slot::TCB if self.own_thread => Capability::Thread(owner),
            slot::ARM_SMC if self.smc => Capability::Smc,
            slot::NOTIFICATION..slot::ENDPOINT => match self.notify[index(slot::NOTIFICATION)] {
                (EMPTY, _) => Capability::Null,
                (target, id) => Capability::Notification(NotificationId(target), 1 << id),
            },
            slot::ENDPOINT..slot::IRQ => match self.call[index(slot::ENDPOINT)] {
                (EMPTY, _) => Capability::Null,
                (target, id) => {
                    Capability::Endpoint(EndpointId(target), CALL_BADGE | u64::from(id))
                }
            },
            slot::IRQ..slot::CHILD_TCB => some(self.irq[index(slot::IRQ)], Capability::Irq),
            slot::CHILD_TCB..slot::VM_TCB => some(self.child[index(slot::CHILD_TCB)], |id| {
                Capability::Thread(ThreadId(id))
            }),
            slot::VM_TCB..slot::VCPU => some(self.vm_thread[index(slot::VM_TCB)], |id| {
                Capability::Thread(ThreadId(id))
            }),
            slot::VCPU..394 => some(self.vcpu[index(slot::VCPU)], |id| {
                Capability::Vcpu(VcpuId(id))
            }),
            _ => Capability::Null,
        }
    }
}

impl Default for Slots {
    fn default() -> Self {
        Self::new()
    }
}

/// Capability to a parent's endpoint for the faults of its child or vCPU `id`.
#[must_use]
pub const fn fault_endpoint(parent: EndpointId, id: u32) -> Capability {
    Capability::Endpoint(parent, FAULT_BADGE | id as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_resolve_through_two_levels_or_one() {
        assert_eq!(resolve(511, true), Ok(Place::Slot(511)));
        assert_eq!(
            resolve(512, true),
            Err(LookupFailure::GuardMismatch {
                bits_left: 58,
                guard_bits: 49
            })
        );
        assert_eq!(resolve(1 << 58, true), Ok(Place::EmptyRootSlot));
        assert_eq!(
            resolve(u64::MAX, false),
            Err(LookupFailure::GuardMismatch {
                bits_left: 64,
                guard_bits: 55
            })
        );
    }

    #[test]
    fn slots_hold_what_microkit_puts_there() {
        let owner = ThreadId(3);
        let mut slots = Slots::new();
        slots.set_notify(2, 5, 7);
        slots.set_call(63, 6, 1);
        slots.set_irq(0, 4);
        slots.set_vcpu(1, ThreadId(70), VcpuId(6));
        let get = |number| slots.get(number, owner);
        assert_eq!(get(1), Capability::Notification(NotificationId(3), 0));
        assert_eq!(get(4), Capability::Reply(ReplyId(3)));
        assert_eq!(get(5), Capability::Null);
        assert_eq!(get(7), Capability::Null);
        assert_eq!(get(12), Capability::Notification(NotificationId(5), 1 << 7));
        assert_eq!(get(13), Capability::Null);
        assert_eq!(get(137), Capability::Endpoint(EndpointId(6), 1 << 63 | 1));
        assert_eq!(get(138), Capability::Irq(4));
        assert_eq!(get(267), Capability::Thread(ThreadId(70)));
        assert_eq!(get(331), Capability::Vcpu(VcpuId(6)));
        assert_eq!(get(332), Capability::Null);
        assert_eq!(get(500), Capability::Null);
    }
}
