//! Big-endian data: the registers of a device are little-endian, and the processor turns the bytes.

use vmm_machine::{outcome::Outcome, register::SystemRegister};

use crate::model::{Access, ENTRY, GICD, Machine, load, store};

const PRIORITIES: u64 = 0x420;
const AT: u64 = GICD + PRIORITIES;
const EE: u64 = 1 << 25;
const E0E: u64 = 1 << 24;

fn machine(sctlr: u64) -> Machine {
    let mut machine = Machine::started();
    machine.write_distributor(PRIORITIES, 0xf8c0_b0a0);
    machine.write_distributor(PRIORITIES + 4, 0x2830_3840);
    set(&mut machine, sctlr);
    machine
}

fn set(machine: &mut Machine, sctlr: u64) {
    let register = SystemRegister::SctlrEl1;
    machine.vcpu(0).set_system(register, sctlr);
}

fn loaded(machine: &mut Machine, access: Access) -> u64 {
    assert_eq!(machine.access(access.register(20)), Outcome::Resume);
    machine.vcpu(0).x[20]
}

#[test]
fn loads_turn_the_bytes_of_their_width() {
    for (access, value) in [
        (load(AT), 0xa0b0_c0f8),
        (load(AT).half(), 0xa0b0),
        (load(AT + 2).half(), 0xc0f8),
        (load(AT).byte(), 0xa0),
        (load(AT).double(), 0xa0b0_c0f8_4038_3028),
        (load(AT).signed().x(), 0xffff_ffff_a0b0_c0f8),
        (load(AT + 2).half().signed(), 0xffff_c0f8),
        (load(AT + 4).half().signed().x(), 0x4038),
    ] {
        let mut machine = machine(EE);
        assert_eq!(loaded(&mut machine, access), value, "{access:?}");
    }
}

#[test]
fn stores_turn_the_bytes_of_their_width() {
    for (access, value) in [
        (store(AT), 0x4060_80a0),
        (store(AT).half(), 0xf8c0_80a0),
        (store(AT + 2).half(), 0x80a0_b0a0),
        (store(AT + 1).byte(), 0xf8c0_a0a0),
    ] {
        let mut machine = machine(EE);
        machine.vcpu(0).x[20] = 0xa080_6040;
        // As the store's width has it, in the register's low bytes.
        if value >> 16 != 0x4060 {
            machine.vcpu(0).x[20] = 0xa080;
        }
        if value == 0xf8c0_a0a0 {
            machine.vcpu(0).x[20] = 0xa0;
        }
        machine.access(access.register(20));
        set(&mut machine, 0);
        assert_eq!(machine.read_distributor(PRIORITIES), value, "{access:?}");
    }
    let mut machine = machine(EE);
    machine.vcpu(0).x[20] = 0x1018_2028_3038_4048;
    machine.access(store(AT).double().register(20));
    set(&mut machine, 0);
    assert_eq!(machine.read_distributor(PRIORITIES), 0x2820_1810);
    assert_eq!(machine.read_distributor(PRIORITIES + 4), 0x4840_3830);
}

const LDP_W0_W1_POST_8: u32 = 0x28c1_0480; // ldp w0, w1, [x4], #8
const STP_X0_X1: u32 = 0xa900_0480; // stp x0, x1, [x4]

#[test]
fn each_element_of_a_pair_is_turned_on_its_own() {
    let mut machine = machine(EE);
    machine.code(&[LDP_W0_W1_POST_8, STP_X0_X1]);
    machine.vcpu(0).x[4] = AT;
    machine.access(load(AT).undescribed());
    assert_eq!(machine.vcpu(0).x[..2], [0xa0b0_c0f8, 0x4038_3028]);
    machine.vcpu(0).x[..2].copy_from_slice(&[0x0810_1820_2830_3840, 0x4850_5860_6870_7880]);
    machine.vcpu(0).x[4] = AT;
    machine.access(store(AT).undescribed());
    set(&mut machine, 0);
    let words = [0, 4, 8, 12].map(|offset| machine.read_distributor(PRIORITIES + offset));
    assert_eq!(words, [0x2018_1008, 0x4038_3028, 0x6058_5048, 0x8078_7068]);
}

#[test]
fn each_exception_level_has_its_own_bit() {
    for (pstate, sctlr, is_big) in [
        (0x3c5, E0E, false),
        (0x3c4, EE, true),
        (0x3c0, EE, false),
        (0x3c0, E0E, true),
    ] {
        let mut machine = machine(sctlr);
        machine.vcpu(0).pstate = pstate;
        let expected = if is_big { 0xa0b0_c0f8 } else { 0xf8c0_b0a0 };
        assert_eq!(loaded(&mut machine, load(AT)), expected, "{pstate:#x}");
    }
}

/// A guest that goes to and fro, from its first accesses on, and after many.
#[test]
fn a_change_is_seen() {
    for before in [1, 6, 200] {
        let mut machine = machine(0);
        machine.vcpu(0).pc = ENTRY;
        for _ in 0..before {
            machine.vcpu(0).pc = ENTRY;
            assert_eq!(loaded(&mut machine, load(AT)), 0xf8c0_b0a0);
        }
        // The one instruction was used much; another one shows that the guest has changed.
        if before > 6 {
            set(&mut machine, EE);
            machine.vcpu(0).pc = ENTRY + 0x20;
            assert_eq!(loaded(&mut machine, load(AT)), 0xa0b0_c0f8);
        }
        for round in 0..20 {
            let big = round % 2 == 0;
            set(&mut machine, if big { EE } else { 0 });
            machine.vcpu(0).pc = ENTRY;
            let expected = if big { 0xa0b0_c0f8 } else { 0xf8c0_b0a0 };
            assert_eq!(loaded(&mut machine, load(AT)), expected, "{before} {round}");
        }
    }
}

/// A much used instruction is looked at now and then all the same.
#[test]
fn a_change_is_seen_late_at_worst() {
    let mut machine = machine(0);
    for _ in 0..1000 {
        machine.vcpu(0).pc = ENTRY;
        loaded(&mut machine, load(AT));
    }
    set(&mut machine, EE);
    let late = (0..1000).take_while(|_| {
        machine.vcpu(0).pc = ENTRY;
        loaded(&mut machine, load(AT)) != 0xa0b0_c0f8
    });
    assert!(late.count() < 64);
}

/// DEN0022F 6.4.3.3: the endianness of the caller.
#[test]
fn a_started_vcpu_has_the_byte_order_of_its_caller() {
    for (sctlr, expected) in [(0, 0), (EE, EE), (E0E | 1, 0), (EE | 1, EE)] {
        let mut machine = Machine::<2>::started();
        let register = SystemRegister::SctlrEl1;
        machine.vcpu(0).set_system(register, sctlr);
        machine.smc(&[0xc400_0003, 1, ENTRY, 0]);
        let started = machine.system(1, register);
        assert_eq!(started, 0x30c5_0838 | expected);
    }
}

/// What is known of an instruction does not outlive a start with the other byte order.
#[test]
fn a_start_with_the_other_byte_order_is_seen() {
    let mut machine = Machine::<2>::started();
    let access = || load(AT).register(20);
    machine.smc(&[0xc400_0003, 1, ENTRY, 0]);
    for _ in 0..100 {
        machine.vcpu(1).pc = ENTRY;
        machine.access_of(1, access());
    }
    machine.smc_of(1, &[0x8400_0002]);
    machine.write_distributor(PRIORITIES, 0xf8c0_b0a0);
    let register = SystemRegister::SctlrEl1;
    machine.vcpu(0).set_system(register, EE);
    machine.smc(&[0xc400_0003, 1, ENTRY, 0]);
    machine.access_of(1, access());
    assert_eq!(machine.vcpu(1).x[20], 0xa0b0_c0f8);
}
