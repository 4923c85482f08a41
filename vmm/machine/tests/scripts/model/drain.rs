//! A processor for the few instructions that the VMM runs between two runs of a guest.
//!
//! It knows the forms that they use and no other, and the virtual CPU interface's registers
//! (GICv2 4.4).

use super::{
    cpu_interface::CpuInterface,
    guest::addresses::{GICC, RAM},
    kernel::ModelVcpu,
    memory::Memory,
};

/// What one instruction did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Next,
    /// GICC_DIR or GICC_EOIR was written: the kernel may have something to report.
    Ended,
    /// SMC: not performed.
    Smc,
}

const CTLR: u64 = 0x00;
const PMR: u64 = 0x04;
const BPR: u64 = 0x08;
const IAR: u64 = 0x0c;
const EOIR: u64 = 0x10;
const APR: u64 = 0xd0;
const DIR: u64 = 0x1000;

/// No interrupt is pending.
const SPURIOUS: u32 = 1023;
/// EnableGrp0, and EOImodeNS at its place without the Security Extensions.
const ENABLED_WITH_SPLIT_ENDS: u32 = 0x201;

/// Registers of the interface beside the list registers.
#[derive(Debug, Default)]
pub(crate) struct Registers {
    control: u32,
    priority_mask: u32,
    active_priorities: Option<u32>,
    /// Flags of the last comparison: the first operand was at least the second.
    is_carry: bool,
}

impl Registers {
    /// Performs one instruction at the vCPU's PC.
    pub(crate) fn step(&mut self, vcpu: &mut ModelVcpu, ram: &Memory) -> Step {
        let word = ram.word(usize::try_from(vcpu.pc - RAM).unwrap());
        let (t, n) = ((word & 31) as usize, (word >> 5 & 31) as usize);
        let mut next = vcpu.pc + 4;
        let jump = |bits: u32, low: u32| {
            let unused = 32 - bits;
            let offset = i64::from(((word >> low) << unused) as i32 >> unused) * 4;
            vcpu.pc.wrapping_add_signed(offset)
        };
        let mut step = Step::Next;
        match word >> 24 {
            // LDR X post-index and LDR W post-index, from the list.
            0xf8 | 0xb8 if word & 0x00e0_0c00 == 0x0040_0400 => {
                let at = usize::try_from(vcpu.x[n] - RAM).unwrap();
                let low = ram.word(at);
                let high = if word >> 30 == 3 { ram.word(at + 4) } else { 0 };
                vcpu.x[t] = u64::from(high) << 32 | u64::from(low);
                vcpu.x[n] += u64::from(word >> 12 & 0x1ff);
            }
            // LDR W and STR W with an unsigned offset, at the interface.
            0xb9 => {
                let offset = vcpu.x[n] - GICC + u64::from(word >> 10 & 0xfff) * 4;
                let value = if t == 31 { 0 } else { vcpu.x[t] as u32 };
                match word >> 22 & 3 {
                    0 => step = self.store(offset, value, &mut vcpu.interface),
                    1 => vcpu.x[t] = self.load(offset, &mut vcpu.interface).into(),
                    _ => panic!("{word:08x}"),
                }
            }
            // MOVZ W.
            0x52 => vcpu.x[t] = u64::from(word >> 5 & 0xffff),
            // AND W, W, #0x3ff.
            0x12 => {
                assert_eq!(word >> 10 & 0xfff, 0x009, "only this mask");
                vcpu.x[t] = vcpu.x[n] & 0x3ff;
            }
            // CMP W, #imm.
            0x71 => self.is_carry = vcpu.x[n] as u32 >= word >> 10 & 0xfff,
            // B.HS.
            0x54 => {
                assert_eq!(word & 31, 2, "only this condition");
                if self.is_carry {
                    next = jump(19, 5);
                }
            }
            // TBNZ W, #31.
            0x37 => {
                assert_eq!(word >> 19 & 31, 31, "only this bit");
                if vcpu.x[t] >> 31 & 1 == 1 {
                    next = jump(14, 5);
                }
            }
            0x14 | 0x17 => next = jump(26, 0),
            0xd4 => return Step::Smc,
            _ => panic!("{word:08x} at {:x}", vcpu.pc),
        }
        vcpu.pc = next;
        step
    }

    fn load(&mut self, offset: u64, interface: &mut CpuInterface) -> u32 {
        assert_eq!(offset, IAR);
        assert_eq!(self.priority_mask, 0xff);
        assert_eq!(self.active_priorities, Some(0));
        assert_eq!(self.control, ENABLED_WITH_SPLIT_ENDS);
        interface.acknowledge_any().map_or(SPURIOUS, u32::from)
    }

    fn store(&mut self, offset: u64, value: u32, interface: &mut CpuInterface) -> Step {
        match offset {
            CTLR => self.control = value,
            PMR => self.priority_mask = value,
            APR => self.active_priorities = Some(value),
            BPR | EOIR => {}
            DIR => {
                assert_eq!(self.control, ENABLED_WITH_SPLIT_ENDS);
                interface.end(value as u16);
                return Step::Ended;
            }
            _ => panic!("a store at {offset:x}"),
        }
        Step::Next
    }

    /// Is the interface as at power-on?
    pub(crate) fn are_reset(&self) -> bool {
        (self.control, self.priority_mask, self.active_priorities) == (0, 0, Some(0))
    }
}
