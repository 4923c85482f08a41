//! The instructions themselves (Arm ARM C6.2; register encodings of chapter D19).

use super::ENTRY;

/// Where an instruction that this processor lacks leads: on to the next one.
pub(super) const VECTOR: [u32; 4] = [
    0xd538_403e, // mrs   x30, elr_el1
    0x9100_13de, // add   x30, x30, #4
    0xd518_403e, // msr   elr_el1, x30
    0xd69f_03e0, // eret
];

/// Data in memory, then instructions and translations out of the caches. x0 points to pairs of
/// addresses, from and to, up to a pair of zeroes.
const CACHES: [u32; 19] = [
    0x10ff_ec01, // adr   x1, . - 0x280       the start of the page
    0xd518_c001, // msr   vbar_el1, x1
    0xd503_3fdf, // isb
    0xd53b_0021, // mrs   x1, ctr_el0
    0xd350_4c21, // ubfx  x1, x1, #16, #4     DminLine
    0xd280_0082, // mov   x2, #4
    0x9ac1_2041, // lsl   x1, x2, x1          bytes of a cache line
    0xa8c1_0c02, // ldp   x2, x3, [x0], #16   from, to
    0xb400_00c3, // cbz   x3, . + 24          end of the pairs
    0xd50b_7e22, // dc    civac, x2
    0x8b01_0042, // add   x2, x2, x1
    0xeb03_005f, // cmp   x2, x3
    0x54ff_ffa3, // b.lo  . - 12
    0x17ff_fffa, // b     . - 24
    0xd503_3f9f, // dsb   sy
    0xd508_751f, // ic    iallu
    0xd508_871f, // tlbi  vmalle1
    0xd503_3f9f, // dsb   sy
    0xd503_3fdf, // isb
];

/// The virtual CPU interface. x0 points to the address of GICC, then the INTIDs that may be
/// active.
const INTERRUPTS: [u32; 22] = [
    0xf840_8401, // ldr   x1, [x0], #8        x1 = GICC
    0xb900_d03f, // str   wzr, [x1, #0xd0]    APR0 = 0: nothing active hides the rest
    0x5280_4022, // mov   w2, #0x201
    0xb900_0022, // str   w2, [x1]            CTLR = EnableGrp0 | EOImodeNS: EOIR drops, DIR ends
    0x5280_1fe2, // mov   w2, #0xff
    0xb900_0422, // str   w2, [x1, #4]        PMR = lowest: all are let through
    0xb840_4403, // ldr   w3, [x0], #4        next INTID of the list
    0x37f8_0063, // tbnz  w3, #31, . + 12     end of the list
    0xb910_0023, // str   w3, [x1, #0x1000]   DIR = INTID
    0x17ff_fffd, // b     . - 12
    0xb940_0c23, // ldr   w3, [x1, #0xc]      IAR
    0x1200_2464, // and   w4, w3, #0x3ff
    0x710f_f09f, // cmp   w4, #1020
    0x5400_0082, // b.hs  . + 16              nothing pending any more
    0xb900_1023, // str   w3, [x1, #0x10]     EOIR
    0xb910_0023, // str   w3, [x1, #0x1000]   DIR
    0x17ff_fffa, // b     . - 24
    0xb900_003f, // str   wzr, [x1]           CTLR = 0
    0xb900_043f, // str   wzr, [x1, #4]       PMR = 0
    0xb900_083f, // str   wzr, [x1, #8]       BPR = 0
    0xb900_1c3f, // str   wzr, [x1, #0x1c]    ABPR = 0
    0xb900_d03f, // str   wzr, [x1, #0xd0]    APR0 = 0
];

/// x1 = 3 << 20, and no trap of FP any more.
const ALLOW_FP: [u32; 3] = [
    0x52a0_0601, // mov   w1, #0x300000       CPACR_EL1.FPEN
    0xd518_1041, // msr   cpacr_el1, x1
    0xd503_3fdf, // isb
];
/// movi v0.2d, #0; the register's number is added.
const CLEAR_VECTOR: u32 = 0x6f00_e400;

const ONE: u32 = 0x5280_0021; // mov   w1, #1
const SIX: u32 = 0x5280_00c1; // mov   w1, #6
const ALL_ONES: u32 = 0x9280_0001; // mov   x1, #-1
const SMC: u32 = 0xd400_0003; // smc   #0
const LOOP: u32 = 0x1400_0000; // b     .

/// XZR and X1 as operands.
const ZR: u8 = 31;
const X1: u8 = 1;

/// op0, op1, CRn, CRm, op2 of a system register.
type Encoding = (u8, u8, u8, u8, u8);

const OSLAR_EL1: Encoding = (2, 0, 1, 0, 4);
const PMCR_EL0: Encoding = (3, 3, 9, 12, 0);

const CLEARED_BY_ONES: [Encoding; 4] = [
    (3, 3, 9, 12, 2), // PMCNTENCLR_EL0
    (3, 0, 9, 14, 2), // PMINTENCLR_EL1
    (3, 3, 9, 12, 3), // PMOVSCLR_EL0
    (2, 0, 7, 9, 6),  // DBGCLAIMCLR_EL1
];

const CLEARED: [Encoding; 18] = [
    (2, 0, 0, 0, 2),  // OSDTRRX_EL1
    (2, 0, 0, 3, 2),  // OSDTRTX_EL1
    (2, 0, 0, 6, 2),  // OSECCR_EL1
    (2, 0, 0, 2, 0),  // MDCCINT_EL1
    (2, 0, 0, 2, 2),  // MDSCR_EL1
    (2, 0, 1, 3, 4),  // OSDLR_EL1
    (2, 0, 1, 4, 4),  // DBGPRCR_EL1
    (3, 3, 9, 12, 5), // PMSELR_EL0
    (3, 3, 9, 14, 0), // PMUSERENR_EL0
    (3, 2, 0, 0, 0),  // CSSELR_EL1
    (3, 0, 10, 4, 3), // LORC_EL1
    (3, 0, 10, 4, 0), // LORSA_EL1
    (3, 0, 10, 4, 1), // LOREA_EL1
    (3, 0, 10, 4, 2), // LORN_EL1
    (3, 0, 5, 3, 1),  // ERRSELR_EL1
    (3, 0, 12, 1, 1), // DISR_EL1
    (3, 0, 13, 0, 7), // SCXTNUM_EL1
    (3, 3, 13, 0, 7), // SCXTNUM_EL0
];

/// FPCR and FPSR.
const FP_CONTROL: [Encoding; 2] = [(3, 3, 4, 4, 0), (3, 3, 4, 4, 1)];

/// ID_AA64PFR0_EL1, ID_AA64PFR1_EL1, ID_AA64ISAR1_EL1, ID_AA64ISAR2_EL1, ID_AA64MMFR3_EL1; into
/// X1 and on.
const IDENTIFICATION: [Encoding; 5] = [
    (3, 0, 0, 4, 0),
    (3, 0, 0, 4, 1),
    (3, 0, 0, 6, 1),
    (3, 0, 0, 6, 2),
    (3, 0, 0, 7, 3),
];

/// `msr register, x(source)`.
const fn msr(register: Encoding, source: u8) -> u32 {
    0xd510_0000 | operands(register, source)
}

/// `mrs x(target), register`.
const fn mrs(target: u8, register: Encoding) -> u32 {
    0xd530_0000 | operands(register, target)
}

const fn operands((op0, op1, crn, crm, op2): Encoding, general: u8) -> u32 {
    ((op0 as u32 & 1) << 19)
        | ((op1 as u32) << 16)
        | ((crn as u32) << 12)
        | ((crm as u32) << 8)
        | ((op2 as u32) << 5)
        | general as u32
}

/// The first instructions, in order.
pub(super) static HEAD: [u32; 73] = head();
/// The instructions behind them, which differ in one number only.
pub(super) static BLOCKS: [Block; 9] = [
    // V0 to V31.
    Block::new(CLEAR_VECTOR, 32, 1),
    // DBGBVRn_EL1, DBGBCRn_EL1, DBGWVRn_EL1 and DBGWCRn_EL1.
    Block::new(msr((2, 0, 0, 0, 4), ZR), 16, CRM),
    Block::new(msr((2, 0, 0, 0, 5), ZR), 16, CRM),
    Block::new(msr((2, 0, 0, 0, 6), ZR), 16, CRM),
    Block::new(msr((2, 0, 0, 0, 7), ZR), 16, CRM),
    // PMEVTYPERn_EL0 and, last, PMCCFILTR_EL0. The counters are reset by PMCR_EL0.
    Block::new(msr((3, 3, 14, 12, 0), ZR), 8, OP2),
    Block::new(msr((3, 3, 14, 13, 0), ZR), 8, OP2),
    Block::new(msr((3, 3, 14, 14, 0), ZR), 8, OP2),
    Block::new(msr((3, 3, 14, 15, 0), ZR), 8, OP2),
];
/// The last instructions.
pub(super) static TAIL: [u32; 7] = tail();
/// Number of instructions.
pub(super) const LENGTH: usize = 73 + 32 + 4 * 16 + 4 * 8 + 7;

/// One more in a field of an MSR.
const CRM: u16 = 1 << 8;
const OP2: u16 = 1 << 5;

/// Instructions that count up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    first: u32,
    count: u16,
    step: u16,
}

impl Block {
    const fn new(first: u32, count: u16, step: u16) -> Self {
        Self { first, count, step }
    }

    /// Each of them.
    pub(super) fn words(self) -> impl Iterator<Item = u32> {
        let Self { first, count, step } = self;
        (0..u32::from(count)).map(move |n| first.wrapping_add(n.wrapping_mul(step.into())))
    }
}

/// A program in the making.
struct Assembler<const LENGTH: usize> {
    program: [u32; LENGTH],
    length: usize,
}

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "runs in the compiler only, which refuses what does not fit"
)]
impl<const LENGTH: usize> Assembler<LENGTH> {
    const fn new() -> Self {
        Self {
            program: [0; LENGTH],
            length: 0,
        }
    }

    const fn word(&mut self, word: u32) {
        self.program[self.length] = word;
        self.length += 1;
    }

    const fn words(&mut self, words: &[u32]) {
        let mut index = 0;
        while index < words.len() {
            self.word(words[index]);
            index += 1;
        }
    }

    /// Writes X1 to each register, or zero.
    const fn write(&mut self, registers: &[Encoding], source: u8) {
        let mut index = 0;
        while index < registers.len() {
            self.word(msr(registers[index], source));
            index += 1;
        }
    }

    const fn finish(self) -> [u32; LENGTH] {
        assert!(self.length == LENGTH, "count them");
        self.program
    }

    const fn identify(&mut self) {
        let mut index = 0;
        while index < IDENTIFICATION.len() {
            self.word(mrs(index as u8 + 1, IDENTIFICATION[index]));
            index += 1;
        }
    }
}

const fn head() -> [u32; 73] {
    let mut all = Assembler::new();
    all.words(&CACHES);
    all.words(&INTERRUPTS);
    all.words(&ALLOW_FP);
    all.write(&FP_CONTROL, ZR);
    // While the OS lock is on, MDSCR_EL1's flags of the debug channel can be written.
    all.word(ONE);
    all.write(&[OSLAR_EL1], X1);
    all.write(&CLEARED, ZR);
    all.word(SIX);
    all.write(&[PMCR_EL0], X1);
    all.word(ALL_ONES);
    all.write(&CLEARED_BY_ONES, X1);
    all.finish()
}

const fn tail() -> [u32; 7] {
    let mut all = Assembler::new();
    all.identify();
    all.words(&[SMC, LOOP]);
    all.finish()
}

const _: () = assert!(
    ENTRY == 0x280,
    "the first instruction looks for the vector from there"
);
