//! A processor for the few instructions that the VMM runs before each run of a guest.
//!
//! It knows the forms that they use and no other, the virtual CPU interface's registers
//! (GICv2 4.4), and writes down what else they do.

use std::collections::BTreeMap;

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

/// Work on caches and translations, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Maintenance {
    /// DC CIVAC of the line at a guest address.
    Data(u64),
    /// DSB SY.
    Barrier,
    /// IC IALLU.
    Instructions,
    /// TLBI VMALLE1.
    Translations,
}

const CTLR: u64 = 0x00;
const PMR: u64 = 0x04;
const BPR: u64 = 0x08;
const IAR: u64 = 0x0c;
const EOIR: u64 = 0x10;
const ABPR: u64 = 0x1c;
const APR: u64 = 0xd0;
const DIR: u64 = 0x1000;

/// No interrupt is pending.
const SPURIOUS: u32 = 1023;
/// EnableGrp0, and EOImodeNS at its place without the Security Extensions.
const ENABLED_WITH_SPLIT_ENDS: u32 = 0x201;

/// CTR_EL0 of a processor with data cache lines of [`LINE`] bytes: longer than any real one, so
/// that there are few.
const CTR: u64 = 9 << 16;
pub(crate) const LINE: u64 = 4 << 9;

/// State beside the list registers.
#[derive(Debug, Default)]
pub(crate) struct Registers {
    control: u32,
    priority_mask: u32,
    /// GICC_BPR and GICC_ABPR.
    binary_points: [Option<u32>; 2],
    active_priorities: Option<u32>,
    /// Flags of the last comparison: the first operand was at least the second.
    is_carry: bool,
    /// Last value written to each system register, by its field of an MSR.
    pub(crate) written: BTreeMap<u32, u64>,
    /// What each system register reads as; zero where it says nothing.
    pub(crate) read_as: BTreeMap<u32, u64>,
    /// SIMD registers that were zeroed, one bit each.
    pub(crate) vectors: u32,
    pub(crate) maintenance: Vec<Maintenance>,
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
            // ADR of the page's start.
            0x10 => vcpu.x[t] = jump(19, 5),
            // LDR X post-index and LDR W post-index, from the list.
            0xf8 | 0xb8 if word & 0x00e0_0c00 == 0x0040_0400 => {
                vcpu.x[t] = load(ram, vcpu.x[n], word >> 30 == 3);
                vcpu.x[n] += u64::from(word >> 12 & 0x1ff);
            }
            // LDP X post-index, from the list.
            0xa8 => {
                let second = (word >> 10 & 31) as usize;
                vcpu.x[t] = load(ram, vcpu.x[n], true);
                vcpu.x[second] = load(ram, vcpu.x[n] + 8, true);
                vcpu.x[n] += u64::from(word >> 15 & 0x7f) * 8;
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
            // B.HS and B.LO.
            0x54 => {
                assert!(matches!(word & 31, 2 | 3), "only these conditions");
                if self.is_carry == (word & 1 == 0) {
                    next = jump(19, 5);
                }
            }
            // CBZ X.
            0xb4 => {
                if vcpu.x[t] == 0 {
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
            // MOVI V.2D, #0.
            0x6f => {
                assert_eq!(word & !31, 0x6f00_e400, "only zero");
                self.vectors |= 1 << t;
            }
            0xd5 => self.system(word, vcpu),
            0xd4 => return Step::Smc,
            _ => self.calculate(word, &mut vcpu.x),
        }
        vcpu.pc = next;
        step
    }

    /// Instructions that use general-purpose registers only.
    fn calculate(&mut self, word: u32, x: &mut [u64; 31]) {
        let (t, n) = ((word & 31) as usize, (word >> 5 & 31) as usize);
        let m = (word >> 16 & 31) as usize;
        match word >> 24 {
            // MOVZ.
            0x52 | 0xd2 => x[t] = u64::from(word >> 5 & 0xffff) << (16 * (word >> 21 & 3)),
            // MOVN X.
            0x92 => x[t] = !u64::from(word >> 5 & 0xffff),
            // AND W, W, #0x3ff.
            0x12 => {
                assert_eq!(word >> 10 & 0xfff, 0x009, "only this mask");
                x[t] = x[n] & 0x3ff;
            }
            // UBFX X, X, #16, #4.
            0xd3 => {
                assert_eq!(word >> 10 & 0xfff, 0x413, "only this field");
                x[t] = x[n] >> 16 & 0xf;
            }
            // LSL X, X, X and ADD X, X, X.
            0x9a => x[t] = x[n] << x[m],
            0x8b => x[t] = x[n] + x[m],
            // CMP W, #imm and CMP X, X.
            0x71 => self.is_carry = x[n] as u32 >= word >> 10 & 0xfff,
            0xeb => self.is_carry = x[n] >= x[m],
            _ => panic!("{word:08x}"),
        }
    }

    /// MSR, MRS, barriers and maintenance.
    fn system(&mut self, word: u32, vcpu: &mut ModelVcpu) {
        let t = (word & 31) as usize;
        let register = register_field(word);
        match word >> 20 & 0xf {
            1 => {
                let value = if t == 31 { 0 } else { vcpu.x[t] };
                self.written.insert(register, value);
            }
            3 => vcpu.x[t] = self.read_as.get(&register).copied().unwrap_or(0),
            _ => match word {
                0xd503_3f9f => self.maintenance.push(Maintenance::Barrier),
                0xd503_3fdf => {}
                0xd508_751f => self.maintenance.push(Maintenance::Instructions),
                0xd508_871f => self.maintenance.push(Maintenance::Translations),
                0xd50b_7e20..=0xd50b_7e3e => {
                    self.maintenance.push(Maintenance::Data(vcpu.x[t]));
                }
                _ => panic!("{word:08x}"),
            },
        }
    }

    /// A processor that identifies itself like this: ID_AA64PFR0_EL1, ID_AA64PFR1_EL1,
    /// ID_AA64ISAR1_EL1, ID_AA64ISAR2_EL1, ID_AA64MMFR3_EL1.
    pub(crate) fn of_processor(identification: &[u64; 5]) -> Self {
        const CTR_EL0: u32 = 0xd53b_0020;
        const IDENTIFICATION: [u32; 5] = [
            0xd538_0400,
            0xd538_0420,
            0xd538_0620,
            0xd538_0640,
            0xd538_0760,
        ];
        let mut registers = Self::default();
        registers.read_as.insert(register_field(CTR_EL0), CTR);
        for (word, value) in IDENTIFICATION.into_iter().zip(identification) {
            registers.read_as.insert(register_field(word), *value);
        }
        registers
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
            BPR => self.binary_points[0] = Some(value),
            ABPR => self.binary_points[1] = Some(value),
            EOIR => {}
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
        (self.control, self.priority_mask) == (0, 0)
            && self.active_priorities == Some(0)
            && self.binary_points == [Some(0); 2]
    }
}

/// Which register an MSR or MRS names.
pub(crate) fn register_field(word: u32) -> u32 {
    word >> 5 & 0x7fff
}

fn load(ram: &Memory, address: u64, is_double: bool) -> u64 {
    let at = usize::try_from(address - RAM).unwrap();
    let high = if is_double { ram.word(at + 4) } else { 0 };
    u64::from(high) << 32 | u64::from(ram.word(at))
}
