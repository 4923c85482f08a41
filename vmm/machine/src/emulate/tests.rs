use std::{collections::BTreeMap, vec::Vec};

use proptest::prelude::*;

use super::*;
use crate::{AccessSize, Gpr, model_vcpu::ModelVcpu, syndrome::WalkLevel};

const CODE: u64 = 0x4008_0000;
const DEVICE: u64 = 0x0900_0000;
/// Virtual address of the page of [`DEVICE`], once the MMU is on.
const MAPPED: u64 = 0xffff_ffff_c000_0000;

/// Guest memory as words.
#[derive(Default)]
struct Memory(BTreeMap<u64, u32>);

impl Memory {
    fn with_instruction(word: u32) -> Self {
        Self(BTreeMap::from([(CODE, word)]))
    }

    fn put(&mut self, address: u64, value: u64) {
        self.0.insert(address, value as u32);
        self.0.insert(address + 4, (value >> 32) as u32);
    }
}

impl ReadGuest for Memory {
    fn read_u64(&self, address: Gpa) -> Option<u64> {
        let low = self.read_u32(address)?;
        let high = self.read_u32(Gpa(address.0 + 4))?;
        Some(u64::from(high) << 32 | u64::from(low))
    }

    fn read_u32(&self, address: Gpa) -> Option<u32> {
        self.0.get(&address.0).copied()
    }
}

/// A translation fault at level 3 without syndrome.
fn fault(gpa: u64, write: bool) -> MemoryFault {
    let iss = DataAbort::from_bits(0x07).with_wnr(write);
    MemoryFault {
        pc: CODE,
        gpa: Gpa(gpa),
        fetch: false,
        syndrome: 0x9200_0000 | u64::from(iss.into_bits()),
    }
}

/// EL1 with the MMU off and `base` in X4.
fn vcpu(base: u64) -> ModelVcpu {
    let mut vcpu = ModelVcpu::at_el1(CODE);
    vcpu.x[4] = base;
    vcpu
}

fn perform(word: u32, write: bool, vcpu: &mut ModelVcpu, gpa: u64) -> Plan {
    match plan(&fault(gpa, write), vcpu, &Memory::with_instruction(word)) {
        Emulation::Perform(plan) => plan,
        other => panic!("{other:?}"),
    }
}

fn injected(emulation: Emulation) -> GuestException {
    match emulation {
        Emulation::Inject(exception) => exception,
        other => panic!("{other:?}"),
    }
}

const LDP_X0_X1_POST_16: u32 = 0xa8c1_0480; // ldp x0, x1, [x4], #16
const STR_W7_PRE_MINUS_4: u32 = 0xb81f_cc87; // str w7, [x4, #-4]!
const STP_W0_W1: u32 = 0x2900_0480; // stp w0, w1, [x4]
const LDRSB_SP_POST_1: u32 = 0x3880_17e2; // ldrsb x2, [sp], #1
const LDR_Q0: u32 = 0x3dc0_0080; // ldr q0, [x4]
const LDXR_X0: u32 = 0xc85f_7c80; // ldxr x0, [x4]
const DC_ZVA_X4: u32 = 0xd50b_7424;
const DC_CIVAC_X4: u32 = 0xd50b_7e24;
const LDTR_X0: u32 = 0xf840_0880; // ldtr x0, [x4]

#[test]
fn a_pair_becomes_two_loads_and_a_new_base() {
    let mut vcpu = vcpu(DEVICE + 0x10);
    let plan = perform(LDP_X0_X1_POST_16, false, &mut vcpu, DEVICE + 0x10);
    let load = |offset, register| MmioAccess {
        gpa: Gpa(DEVICE + offset),
        size: AccessSize::Double,
        direction: Direction::Load {
            target: Gpr::from_field(register),
            sign_extend: false,
            wide: true,
        },
    };
    assert_eq!(plan.accesses, [load(0x10, 0), load(0x18, 1)]);
    assert_eq!(vcpu.x[4], DEVICE + 0x10, "not before the end");
    plan.finish(&mut vcpu);
    assert_eq!((vcpu.x[4], vcpu.pc), (DEVICE + 0x20, CODE + 4));
}

#[test]
fn pre_index_moves_the_address_too() {
    let mut vcpu = vcpu(DEVICE + 8);
    let plan = perform(STR_W7_PRE_MINUS_4, true, &mut vcpu, DEVICE + 4);
    assert_eq!(plan.accesses[0].gpa, Gpa(DEVICE + 4));
    assert_eq!(
        plan.accesses[0].direction,
        Direction::Store {
            source: Gpr::from_field(7)
        }
    );
    plan.finish(&mut vcpu);
    assert_eq!(vcpu.x[4], DEVICE + 4);
}

#[test]
fn the_stack_pointer_is_the_one_that_pstate_selects() {
    for (pstate, at_el1) in [(0x3c5, true), (0x3c4, false), (0, false)] {
        let mut vcpu = vcpu(0);
        vcpu.pstate = pstate;
        vcpu.sp_el0 = DEVICE + 1;
        vcpu.set_system(SystemRegister::SpEl1, DEVICE + 9);
        let gpa = if at_el1 { DEVICE + 9 } else { DEVICE + 1 };
        let plan = perform(LDRSB_SP_POST_1, false, &mut vcpu, gpa);
        plan.finish(&mut vcpu);
        let moved = if at_el1 { [1, 10] } else { [2, 9] };
        assert_eq!(vcpu.sp_el0, DEVICE + moved[0]);
        assert_eq!(vcpu.system(SystemRegister::SpEl1), DEVICE + moved[1]);
    }
}

/// LDR and STR of every width, by an index register that is shifted by it or not.
#[test]
fn an_index_register_is_extended_and_shifted() {
    for (word, write, index, offset) in [
        (0xb861_7880, false, 4, 16),                 // ldr w0, [x4, x1, lsl #2]
        (0xb861_6880, false, 4, 4),                  // ldr w0, [x4, x1]
        (0xf821_7880, true, 4, 32),                  // str x0, [x4, x1, lsl #3]
        (0x7861_5880, false, 0xf_0000_0004, 8),      // ldrh w0, [x4, w1, uxtw #1]
        (0xb861_d880, false, 0xf_ffff_fffe, -8_i64), // ldr w0, [x4, w1, sxtw #2]
    ] {
        let mut vcpu = vcpu(DEVICE + 0x100);
        vcpu.x[1] = index;
        let at = (DEVICE + 0x100).wrapping_add_signed(offset);
        let plan = perform(word, write, &mut vcpu, at);
        assert_eq!(plan.accesses[0].gpa, Gpa(at), "{word:08x}");
    }
}

#[test]
fn what_device_memory_refuses_is_refused() {
    let known = Some(DEVICE);
    for (word, status, address) in [
        (LDR_Q0, FaultStatus::EXTERNAL, known),
        (LDXR_X0, FaultStatus::UNSUPPORTED_EXCLUSIVE, known),
        (DC_ZVA_X4, FaultStatus::ALIGNMENT, known),
        (0, FaultStatus::EXTERNAL, None),
    ] {
        let memory = Memory::with_instruction(word);
        let exception = injected(plan(&fault(DEVICE, false), &mut vcpu(DEVICE), &memory));
        let expected = GuestException::DataAbort {
            status,
            address,
            write: false,
        };
        assert_eq!(exception, expected, "{word:08x}");
    }
    let cache = Memory::with_instruction(DC_CIVAC_X4);
    let skipped = plan(&fault(DEVICE, true), &mut vcpu(DEVICE), &cache);
    assert_eq!(skipped, Emulation::Skip);
}

#[test]
fn an_instruction_that_cannot_be_read_aborts() {
    let nowhere = plan(&fault(DEVICE, true), &mut vcpu(DEVICE), &Memory::default());
    assert_eq!(injected(nowhere), GuestException::external(None, true));
}

#[test]
fn an_instruction_that_changed_after_the_fault_aborts() {
    let memory = Memory::with_instruction(STP_W0_W1);
    let load_reported = plan(&fault(DEVICE, false), &mut vcpu(DEVICE), &memory);
    assert_eq!(
        injected(load_reported),
        GuestException::external(Some(DEVICE), false)
    );
    let elsewhere = plan(&fault(DEVICE + 0x1000, true), &mut vcpu(DEVICE), &memory);
    assert_eq!(
        injected(elsewhere),
        GuestException::external(Some(DEVICE), true)
    );
}

#[test]
fn an_element_over_a_page_border_is_misaligned() {
    let memory = Memory::with_instruction(STP_W0_W1);
    let exception = injected(plan(&fault(DEVICE, true), &mut vcpu(DEVICE - 2), &memory));
    let expected = GuestException::DataAbort {
        status: FaultStatus::ALIGNMENT,
        address: Some(DEVICE - 2),
        write: true,
    };
    assert_eq!(exception, expected);
}

/// 4 KiB pages, 39 bits in TTBR1: code at `MAPPED + 0x2000`, the device page at `MAPPED`, and
/// what `second` says at the page after it.
fn paged(word: u32, second: u64) -> (ModelVcpu, Memory) {
    let mut memory = Memory::default();
    let (level1, level2, level3) = (0x4100_0000, 0x4100_1000, 0x4100_2000);
    memory.put(level1 + 511 * 8, level2 | 3);
    memory.put(level2, level3 | 3);
    memory.put(level3, DEVICE | 0x443);
    memory.put(level3 + 8, second);
    memory.put(level3 + 16, CODE | 0x443);
    memory.0.insert(CODE, word);
    let mut vcpu = vcpu(MAPPED + 0xff8);
    vcpu.pc = MAPPED + 0x2000;
    vcpu.set_system(SystemRegister::SctlrEl1, 1);
    vcpu.set_system(SystemRegister::TcrEl1, 25 | 25 << 16 | 2 << 30);
    vcpu.set_system(SystemRegister::Ttbr1El1, level1);
    (vcpu, memory)
}

fn paged_fault(gpa: u64) -> MemoryFault {
    MemoryFault {
        pc: MAPPED + 0x2000,
        ..fault(gpa, false)
    }
}

#[test]
fn the_second_of_a_pair_may_lie_on_another_page() {
    let (mut vcpu, memory) = paged(LDP_X0_X1_POST_16, 0x0a00_0000 | 0x403);
    for gpa in [DEVICE + 0xff8, 0x0a00_0000] {
        let Emulation::Perform(plan) = plan(&paged_fault(gpa), &mut vcpu, &memory) else {
            panic!("not planned");
        };
        let gpas: Vec<u64> = plan.accesses.iter().map(|access| access.gpa.0).collect();
        assert_eq!(gpas, [DEVICE + 0xff8, 0x0a00_0000]);
    }
}

#[test]
fn a_page_that_the_code_may_not_touch_faults_as_on_hardware() {
    let denied = |status| GuestException::DataAbort {
        status,
        address: Some(MAPPED + 0x1000),
        write: false,
    };
    let (mut vcpu, memory) = paged(LDP_X0_X1_POST_16, 0);
    let hole = plan(&paged_fault(DEVICE + 0xff8), &mut vcpu, &memory);
    assert_eq!(
        injected(hole),
        denied(FaultStatus::translation(WalkLevel::LAST))
    );
    let (mut vcpu, memory) = paged(LDP_X0_X1_POST_16, 0x0a00_0000 | 0x403);
    vcpu.pstate = 0;
    let kernels = plan(&paged_fault(DEVICE + 0xff8), &mut vcpu, &memory);
    assert_eq!(
        injected(kernels),
        denied(FaultStatus::permission(WalkLevel::LAST))
    );
}

#[test]
fn unprivileged_accesses_have_the_rights_of_el0() {
    let (mut vcpu, memory) = paged(LDTR_X0, 0x0a00_0000 | 0x403);
    vcpu.x[4] = MAPPED + 0x1000;
    let exception = injected(plan(&paged_fault(0x0a00_0000), &mut vcpu, &memory));
    assert_eq!(
        exception,
        GuestException::DataAbort {
            status: FaultStatus::permission(WalkLevel::LAST),
            address: Some(MAPPED + 0x1000),
            write: false
        }
    );
}

#[test]
fn an_abort_names_its_virtual_address() {
    let (mut vcpu, memory) = paged(0xb940_0880, 0); // ldr w0, [x4, #8]
    vcpu.x[4] = MAPPED + 0x10;
    let unlocated = GuestException::external(None, false);
    let found = locate(unlocated, &paged_fault(DEVICE + 0x18), &mut vcpu, &memory);
    assert_eq!(found, GuestException::external(Some(MAPPED + 0x18), false));
    let other = locate(unlocated, &paged_fault(DEVICE + 0x20), &mut vcpu, &memory);
    assert_eq!(other, unlocated, "the register has changed since");
    let named = GuestException::external(Some(5), true);
    assert_eq!(
        locate(named, &paged_fault(DEVICE), &mut vcpu, &memory),
        named
    );
}

/// Forms without a plan: instruction word, and where it lies from X4 (or the stack pointer).
const UNDECODED: [(&str, u32, i64); 16] = [
    ("ldr q0, [x4]", 0x3dc0_0080, 0),
    ("ldr q0, [x4, #4096]", 0x3dc4_0080, 4096),
    ("ldr b0, [x4, #3]", 0x3d40_0c80, 3),
    ("str s1, [x4, #-4]!", 0xbc1f_cc81, -4),
    ("ldr s0, [x4], #4", 0xbc40_4480, 0),
    ("ldur d3, [x4, #-8]", 0xfc5f_8083, -8),
    ("ldp q0, q1, [x4, #-1024]", 0xad60_0480, -1024),
    ("ldp d0, d1, [x4], #16", 0x6cc1_0480, 0),
    ("ldr q0, [x4, x1]", 0x3ce1_6880, 0),
    ("ld1 {v0.16b}, [x4]", 0x4c40_7080, 0),
    ("ldxr x0, [x4]", 0xc85f_7c80, 0),
    ("ldadd x1, x0, [x4]", 0xf821_0080, 0),
    ("casp x0, x1, x2, x3, [x4]", 0x4820_7c82, 0),
    ("dc zva, x4", 0xd50b_7424, 0),
    ("ldr q0, [sp, #16]", 0x3dc0_07e0, 16),
    ("ldr q0, [x4, #16]", 0x3dc0_0480, 16),
];

#[test]
fn an_abort_of_an_undecoded_form_names_its_address() {
    for (text, word, offset) in UNDECODED {
        let (mut vcpu, memory) = paged(word, 0);
        let base = (MAPPED + 0x420).wrapping_add_signed(-offset);
        vcpu.x[4] = base;
        vcpu.set_system(SystemRegister::SpEl1, base);
        let exception = injected(plan(&paged_fault(DEVICE + 0x424), &mut vcpu, &memory));
        let GuestException::DataAbort { address, .. } = exception else {
            panic!("{text}: {exception:?}");
        };
        assert_eq!(address, Some(MAPPED + 0x424), "{text}");
        let unlocated = GuestException::external(None, false);
        let located = locate(unlocated, &paged_fault(DEVICE + 0x424), &mut vcpu, &memory);
        let expected = GuestException::external(Some(MAPPED + 0x424), false);
        assert_eq!(located, expected, "{text}");
    }
}

#[test]
fn an_address_on_another_page_than_the_fault_is_not_told() {
    for (text, word, _) in UNDECODED {
        let (mut vcpu, memory) = paged(word, 0x0a00_0000 | 0x403);
        vcpu.x[4] = MAPPED + 0x1800;
        vcpu.set_system(SystemRegister::SpEl1, MAPPED + 0x1800);
        let unlocated = GuestException::external(None, false);
        let located = locate(unlocated, &paged_fault(DEVICE + 0x800), &mut vcpu, &memory);
        assert_eq!(located, unlocated, "{text}");
    }
    let (mut vcpu, memory) = paged(0x8b01_0080, 0); // add x0, x4, x1
    let unlocated = GuestException::external(None, false);
    let located = locate(unlocated, &paged_fault(DEVICE + 0xff8), &mut vcpu, &memory);
    assert_eq!(located, unlocated, "no access at all");
}

#[test]
fn a_simd_literal_is_found_from_the_pc() {
    let literal = 0x5c00_0000 | 1024 << 5; // ldr d0, . + 4096
    let memory = Memory::with_instruction(literal);
    let fault = fault(CODE + 4096, false);
    let exception = injected(plan(&fault, &mut vcpu(0), &memory));
    let expected = GuestException::external(Some(CODE + 4096), false);
    assert_eq!(exception, expected);
}

#[test]
fn a_missing_table_is_reported_for_undecoded_forms_too() {
    let (mut vcpu, mut memory) = paged(LDXR_X0, 0);
    memory.put(0x4100_1000 + 8, 0x0f00_0000 | 3);
    vcpu.x[4] = MAPPED + 0x20_0000;
    let mut fault = paged_fault(0x0f00_0000);
    fault.syndrome |= 1 << 7;
    let unlocated = GuestException::external(None, false);
    let expected = GuestException::DataAbort {
        status: FaultStatus::external_on_walk(WalkLevel::LAST),
        address: Some(MAPPED + 0x20_0000),
        write: false,
    };
    assert_eq!(locate(unlocated, &fault, &mut vcpu, &memory), expected);
}

#[test]
fn a_table_outside_ram_is_reported_with_its_level() {
    let (mut vcpu, mut memory) = paged(LDTR_X0, 0);
    memory.put(0x4100_1000 + 8, 0x0f00_0000 | 3); // a level-3 table where nothing is
    vcpu.x[4] = MAPPED + 0x20_0000;
    let mut fault = paged_fault(0x0f00_0000);
    fault.syndrome |= 1 << 7;
    let status = FaultStatus::external_on_walk(WalkLevel::LAST);
    assert_eq!(
        locate(
            GuestException::external(None, false),
            &fault,
            &mut vcpu,
            &memory
        ),
        GuestException::DataAbort {
            status,
            address: Some(MAPPED + 0x20_0000),
            write: false
        }
    );
    fault.fetch = true;
    fault.pc = MAPPED + 0x20_0000;
    let fetch = GuestException::InstructionAbort {
        status: FaultStatus::EXTERNAL,
    };
    assert_eq!(
        locate(fetch, &fault, &mut vcpu, &memory),
        GuestException::InstructionAbort { status }
    );
}

#[test]
fn a_fetch_from_a_device_stays_an_external_abort() {
    let (mut vcpu, memory) = paged(LDTR_X0, 0);
    let fetch = GuestException::InstructionAbort {
        status: FaultStatus::EXTERNAL,
    };
    let mut fault = paged_fault(DEVICE);
    (fault.fetch, fault.pc) = (true, MAPPED);
    assert_eq!(locate(fetch, &fault, &mut vcpu, &memory), fetch);
    // The guest took the page away meanwhile, and the processor did not report the walk.
    fault.pc = MAPPED + 0x1000;
    assert_eq!(locate(fetch, &fault, &mut vcpu, &memory), fetch);
}

proptest! {
    #[test]
    fn any_guest_has_an_answer(
        word: u32, syndrome: u64, gpa: u64, base: u64, pstate: u64, sctlr: u64, tcr: u64,
        ttbr: u64,
    ) {
        let mut vcpu = ModelVcpu::at_el1(CODE);
        vcpu.x = [base; 31];
        vcpu.pstate = pstate;
        vcpu.set_system(SystemRegister::SctlrEl1, sctlr);
        vcpu.set_system(SystemRegister::TcrEl1, tcr);
        vcpu.set_system(SystemRegister::Ttbr0El1, ttbr);
        let fault = MemoryFault { pc: CODE, gpa: Gpa(gpa), fetch: false, syndrome };
        let memory = Memory::with_instruction(word);
        let exception = GuestException::external(None, false);
        locate(exception, &fault, &mut vcpu, &memory);
        if let Emulation::Perform(plan) = plan(&fault, &mut vcpu, &memory) {
            prop_assert!(!plan.accesses.is_empty());
            plan.finish(&mut vcpu);
            prop_assert_eq!(vcpu.pc, CODE + 4);
        }
    }

    #[test]
    fn a_plan_stays_with_the_faults_page(base in DEVICE..DEVICE + 0x1000, gpa in DEVICE..DEVICE + 0x1000) {
        let memory = Memory::with_instruction(STP_W0_W1);
        if let Emulation::Perform(plan) = plan(&fault(gpa, true), &mut vcpu(base), &memory) {
            prop_assert!((base..base + 8).contains(&gpa));
            prop_assert_eq!(plan.accesses[0].gpa, Gpa(base));
        }
    }
}

mod aarch32;
