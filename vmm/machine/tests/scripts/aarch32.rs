//! Programs of AArch32 at EL0: the kernel takes no PSTATE of theirs, so EL1 returns to them.

use vmm_machine::{outcome::Outcome, register::SystemRegister};

use crate::model::{Access, ENTRY, GICD, Machine, NOWHERE, RAM, load, store};

const PRIORITIES: u64 = 0x420;
const AT: u64 = GICD + PRIORITIES;
const VBAR: u64 = RAM + 0x4000;
const ERET_AT: u64 = VBAR + 0x904;
const ERET: u32 = 0xd69f_03e0;
const USER: u64 = 0x1d0;
const THUMB: u64 = 0x1f0;
/// IT state of the first of two instructions for EQ, of the second, and Z.
const FIRST: u64 = 0x04 >> 2 << 10;
const SECOND: u64 = 0x08 >> 2 << 10;
const Z: u64 = 1 << 30;
const BIG: u64 = 1 << 9;

fn machine(pstate: u64) -> Machine {
    let mut machine = without_eret(pstate);
    machine
        .ram
        .write((ERET_AT - RAM) as usize, &ERET.to_le_bytes());
    machine
}

fn without_eret(pstate: u64) -> Machine {
    let mut machine = Machine::started();
    // What the VMM ran before the guest has one as well.
    let bytes = machine.ram.bytes();
    for (number, word) in bytes.chunks(4).enumerate() {
        if word == ERET.to_le_bytes() {
            machine.ram.write(4 * number, &[0; 4]);
        }
    }
    machine.write_distributor(PRIORITIES, 0xf8c0_b0a0);
    machine.write_distributor(PRIORITIES + 4, 0x2830_3840);
    machine.vcpu(0).set_system(SystemRegister::VbarEl1, VBAR);
    (machine.vcpu(0).pc, machine.vcpu(0).pstate) = (ENTRY, pstate);
    machine
}

/// The access is performed, EL1 returns, and the program goes on with this PC and PSTATE.
fn returns(machine: &mut Machine, access: Access, pc: u64, pstate: u64) {
    assert_eq!(machine.access(access), Outcome::Resume);
    assert_eq!(machine.vcpu(0).pc, ERET_AT);
    machine.run_eret();
    assert_eq!((machine.vcpu(0).pc, machine.vcpu(0).pstate), (pc, pstate));
}

#[test]
fn a_load_returns_by_an_eret() {
    for (pstate, access, pc) in [
        (USER, load(AT).register(2), ENTRY + 4),
        (THUMB, load(AT).register(2), ENTRY + 4),
        (THUMB, load(AT).register(2).thumb(), ENTRY + 2),
        (
            USER | 0xf000_0000 | 1 << 27,
            load(AT).register(2),
            ENTRY + 4,
        ),
    ] {
        let mut machine = machine(pstate);
        returns(&mut machine, access, pc, pstate);
        assert_eq!(machine.vcpu(0).x[2], 0xf8c0_b0a0);
    }
}

#[test]
fn a_store_goes_on_straight() {
    for (access, bytes) in [(store(AT), 4), (store(AT).thumb(), 2)] {
        let mut machine = without_eret(THUMB);
        machine.vcpu(0).x[0] = 0x4038_3028;
        assert_eq!(machine.access(access), Outcome::Resume);
        assert_eq!(machine.vcpu(0).pc, ENTRY + bytes);
        assert_eq!(machine.vcpu(0).pstate, THUMB);
        machine.vcpu(0).pstate = 0x3c5;
        assert_eq!(machine.read_distributor(PRIORITIES), 0x4038_3028);
    }
}

#[test]
fn an_it_block_advances_with_every_width() {
    for access in [load(AT), store(AT), load(AT).thumb(), store(AT).thumb()] {
        let mut machine = machine(THUMB | FIRST | Z);
        let is_long = access.at(0).syndrome >> 25 & 1 == 1;
        let pc = ENTRY + if is_long { 4 } else { 2 };
        returns(&mut machine, access, pc, THUMB | SECOND | Z);
        returns(&mut machine, access, 2 * pc - ENTRY, THUMB | Z);
    }
}

#[test]
fn the_e_bit_is_its_byte_order() {
    let mut machine = machine(THUMB | BIG);
    // SCTLR_EL1's bits are AArch64's.
    let sctlr = SystemRegister::SctlrEl1;
    machine.vcpu(0).set_system(sctlr, 3 << 24);
    returns(&mut machine, load(AT).register(2), ENTRY + 4, THUMB | BIG);
    assert_eq!(machine.vcpu(0).x[2], 0xa0b0_c0f8);
    machine.vcpu(0).pstate = THUMB;
    returns(&mut machine, load(AT).half().register(2), ENTRY + 8, THUMB);
    assert_eq!(machine.vcpu(0).x[2], 0xb0a0);
    machine.vcpu(0).pstate = THUMB | BIG;
    machine.vcpu(0).x[2] = 0x1018_2028;
    machine.access(store(AT).register(2));
    (machine.vcpu(0).pstate, machine.vcpu(0).x[2]) = (0x3c5, 0);
    machine.vcpu(0).set_system(sctlr, 0);
    assert_eq!(machine.read_distributor(PRIORITIES), 0x2820_1810);
}

/// ldmia r1!, {r4, r5} and strd r4, r5, [r1], #8.
#[test]
fn forms_without_a_syndrome_are_performed() {
    let mut machine = machine(USER);
    machine.code(&[0xe8b1_0030, 0xe0c1_40f8]);
    machine.vcpu(0).x[1] = AT;
    returns(&mut machine, load(AT).undescribed(), ENTRY + 4, USER);
    assert_eq!(machine.vcpu(0).x[1], AT + 8);
    assert_eq!(machine.vcpu(0).x[4..6], [0xf8c0_b0a0, 0x2830_3840]);
    let next = AT + 8;
    returns(&mut machine, store(next).undescribed(), ENTRY + 8, USER);
    assert_eq!(machine.vcpu(0).x[1], AT + 16);
    machine.vcpu(0).pstate = 0x3c5;
    assert_eq!(machine.read_distributor(PRIORITIES + 8), 0xf8c0_b0a0);
    assert_eq!(machine.read_distributor(PRIORITIES + 12), 0x2830_3840);
}

/// push {r4, lr}: two bytes, though the syndrome says four where it describes nothing.
#[test]
fn an_undescribed_instruction_of_two_bytes() {
    let mut machine = machine(THUMB);
    machine.code(&[0xb510]);
    machine.vcpu(0).x[13] = AT + 8;
    returns(&mut machine, store(AT).undescribed(), ENTRY + 2, THUMB);
    assert_eq!(machine.vcpu(0).x[13], AT);
}

#[test]
fn without_an_eret_nothing_is_performed() {
    for access in [load(AT).register(2), store(AT).register(2)] {
        let mut machine = without_eret(THUMB | FIRST | Z);
        machine.code(&[0x2000_f8d1]); // ldr.w r2, [r1]
        machine.vcpu(0).x[1] = AT;
        let before = machine.vcpu(0).x;
        assert_eq!(machine.access(access), Outcome::Resume);
        assert_eq!(machine.vcpu(0).x, before);
        assert_eq!(machine.vcpu(0).pc, VBAR + 0x600);
        assert_eq!(machine.vcpu(0).pstate, 0x4000_03c5);
        let (esr, far) = (SystemRegister::EsrEl1, SystemRegister::FarEl1);
        assert_eq!(machine.system(0, esr) & !0x40, 0x92_000_010);
        assert_eq!(machine.system(0, far), AT);
        assert_eq!(machine.read_distributor(PRIORITIES), 0xf8c0_b0a0);
    }
}

#[test]
fn an_abort_is_of_the_lower_level_in_aarch32() {
    let mut machine = without_eret(THUMB | FIRST | Z | BIG);
    assert_eq!(machine.access(load(NOWHERE)), Outcome::Resume);
    assert_eq!(machine.vcpu(0).pc, VBAR + 0x600);
    let spsr = machine.system(0, SystemRegister::SpsrEl1);
    assert_eq!(spsr, THUMB | FIRST | Z | BIG);
    assert_eq!(machine.vcpu(0).pstate, 0x4000_03c5);
}

const WFI: u64 = 1 << 26;
const IL: u64 = 1 << 25;
const CV: u64 = 1 << 24;

#[test]
fn a_wait_in_an_it_block_advances_it() {
    for (syndrome, bytes) in [(WFI | IL, 4), (WFI, 2), (WFI | IL | 1, 4), (WFI | 1, 2)] {
        let mut machine = machine(THUMB | FIRST | Z);
        let outcome = machine.trap_of(0, syndrome);
        let sleeps = syndrome & 3 == 0;
        let expected = if sleeps {
            Outcome::Block
        } else {
            Outcome::Resume
        };
        assert_eq!(outcome, expected);
        assert_eq!(machine.vcpu(0).pc, ERET_AT);
        machine.run_eret();
        assert_eq!(machine.vcpu(0).pc, ENTRY + bytes);
        assert_eq!(machine.vcpu(0).pstate, THUMB | SECOND | Z);
    }
}

#[test]
fn a_wait_outside_a_block_needs_no_eret() {
    let mut machine = without_eret(THUMB);
    assert_eq!(machine.trap_of(0, WFI | IL | 1), Outcome::Resume);
    assert_eq!(machine.vcpu(0).pc, ENTRY + 4);
    let mut in_block = without_eret(THUMB | FIRST | Z);
    assert_eq!(in_block.trap_of(0, WFI | IL), Outcome::Resume);
    assert_eq!(in_block.vcpu(0).pc, VBAR + 0x600, "undefined");
}

/// The condition is in the syndrome, or in ITSTATE.
#[test]
fn a_wait_whose_condition_fails_does_not_wait() {
    const NE: u64 = 1 << 20;
    for (pstate, syndrome, waits) in [
        (USER, WFI | IL | CV | NE, true),
        (USER | Z, WFI | IL | CV | NE, false),
        (USER | Z, WFI | IL | CV, true),
        (USER, WFI | IL | CV | 0xe << 20, true),
        (THUMB | FIRST | Z, WFI, true),
        (THUMB | FIRST, WFI, false),
        (THUMB, WFI, true),
        (0x3c0, WFI | IL | CV, true),
    ] {
        let mut machine = machine(pstate);
        let outcome = machine.trap_of(0, syndrome);
        let expected = if waits {
            Outcome::Block
        } else {
            Outcome::Resume
        };
        assert_eq!(outcome, expected, "{pstate:#x} {syndrome:#x}");
    }
}
