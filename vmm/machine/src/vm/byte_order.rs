//! Which byte order the data of an access has, without a look at SCTLR_EL1 for each one.
//!
//! Reading a system register takes a call to the kernel, a sixth of what an access costs. As long as
//! the guest was never seen with SCTLR_EL1.EE or E0E set, an instruction that met little-endian data
//! many times in a row is taken to do so again, and looked at every now and then. Once one of
//! the bits was seen, every access is looked at. A guest that turns one on for the first time
//! between two executions of the same much used instruction may get its data in the old order, at
//! most [`TRUSTED`] times.

use super::Vm;
use crate::{
    VcpuId,
    device::DeviceSet,
    kernel::{InterruptController, Kernel},
    mmio::ByteOrder,
    pstate::Pstate,
    register::SystemRegister,
};

/// Instructions that are remembered.
const PLACES: usize = 8;
/// How often an instruction is looked at before it is trusted.
const CHECKS: u8 = 8;
/// How often it is trusted until the next look.
const TRUSTED: u8 = 63;

/// What is known of the guest's byte orders.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ByteOrders {
    /// Some data may be big-endian.
    mixed: bool,
    known: [Known; PLACES],
}

/// An instruction whose data was little-endian.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    pc: u64,
    vcpu: VcpuId,
    /// Looks in a row, up to [`CHECKS`].
    checked: u8,
    /// Accesses until the next look.
    trusted: u8,
}

impl ByteOrders {
    /// May the access at `pc` be taken as little-endian without a look?
    #[inline(always)]
    pub(super) fn is_known_little(&mut self, vcpu: VcpuId, pc: u64) -> bool {
        let Some(known) = self.known.get_mut(place(pc)) else {
            return false;
        };
        let is_known = known.pc == pc && known.vcpu == vcpu && known.trusted > 0;
        if is_known {
            known.trusted = known.trusted.wrapping_sub(1);
        }
        is_known
    }

    /// `sctlr` was seen before the instruction at `pc`.
    pub(super) fn note(&mut self, vcpu: VcpuId, pc: u64, sctlr: u64) {
        if self.mixed {
            return;
        }
        if !Pstate::is_little_endian_throughout(sctlr) {
            *self = Self {
                mixed: true,
                ..Self::default()
            };
            return;
        }
        let Some(known) = self.known.get_mut(place(pc)) else {
            return;
        };
        if known.pc != pc || known.vcpu != vcpu {
            *known = Known {
                pc,
                vcpu,
                ..Known::default()
            };
        }
        known.checked = known.checked.saturating_add(1);
        if known.checked >= CHECKS {
            known.trusted = TRUSTED;
        }
    }
}

/// Instructions near each other have different places.
#[inline(always)]
const fn place(pc: u64) -> usize {
    (pc >> 2) as usize % PLACES
}

impl<G: InterruptController, D: DeviceSet> Vm<'_, G, D> {
    /// The byte order of the data of the instruction at `pc`, which is looked at.
    #[cold]
    #[inline(never)]
    pub(super) fn byte_order(
        &mut self,
        vcpu: VcpuId,
        pc: u64,
        kernel: &mut impl Kernel,
    ) -> ByteOrder {
        let pstate = Pstate::from_bits(kernel.pstate());
        let mut sctlr = 0;
        if !pstate.aarch32() {
            sctlr = kernel.system(SystemRegister::SctlrEl1);
            self.byte_orders.note(vcpu, pc, sctlr);
        }
        if pstate.is_big_endian(sctlr) {
            ByteOrder::Big
        } else {
            ByteOrder::Little
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VCPU: VcpuId = VcpuId(0);
    const PC: u64 = 0x4008_0004;

    fn looked_at(times: u8) -> ByteOrders {
        let mut orders = ByteOrders::default();
        for _ in 0..times {
            assert!(!orders.is_known_little(VCPU, PC));
            orders.note(VCPU, PC, 1);
        }
        orders
    }

    /// How many accesses in a row need no look.
    fn trusted(orders: &mut ByteOrders) -> usize {
        let known = |_: &usize| orders.is_known_little(VCPU, PC);
        (0..1000).take_while(known).count()
    }

    #[test]
    fn an_instruction_is_trusted_after_many_looks_and_not_for_ever() {
        let mut orders = looked_at(CHECKS);
        for _ in 0..3 {
            assert_eq!(trusted(&mut orders), usize::from(TRUSTED));
            orders.note(VCPU, PC, 1);
        }
    }

    #[test]
    fn another_instruction_or_vcpu_is_not_known() {
        let mut orders = looked_at(CHECKS);
        assert!(!orders.is_known_little(VcpuId(1), PC));
        assert!(!orders.is_known_little(VCPU, PC + 4));
        assert!(!orders.is_known_little(VCPU, PC + 4 * PLACES as u64));
        assert!(orders.is_known_little(VCPU, PC));
        orders.note(VCPU, PC + 4 * PLACES as u64, 1);
        assert_eq!(trusted(&mut orders), 0, "its place was taken");
    }

    #[test]
    fn once_big_endian_every_access_is_looked_at() {
        for bit in [24, 25] {
            let mut orders = looked_at(CHECKS);
            orders.note(VCPU, PC + 4, 1 << bit);
            assert_eq!(trusted(&mut orders), 0);
            for _ in 0..100 {
                orders.note(VCPU, PC, 1);
            }
            assert_eq!(trusted(&mut orders), 0);
        }
    }
}
