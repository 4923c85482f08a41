use proptest::prelude::*;
use std::vec::Vec;

use super::*;
use crate::model_vcpu::ModelVcpu;

const RAM: u64 = 0x4000_0000;

/// Two clusters of two; the last vCPU has Aff3.
struct Machine(Vec<(u64, CpuPower)>);

impl Machine {
    fn new() -> Self {
        Self(Vec::from([
            (0x000, CpuPower::On),
            (0x001, CpuPower::Off),
            (0x100, CpuPower::OnPending),
            (0x1_0000_0101, CpuPower::Off),
        ]))
    }
}

impl CpuTable for Machine {
    fn count(&self) -> u8 {
        self.0.len() as u8
    }

    fn affinity(&self, vcpu: VcpuId) -> u64 {
        self.0[vcpu.index()].0
    }

    fn power(&self, vcpu: VcpuId) -> CpuPower {
        self.0[vcpu.index()].1
    }

    fn is_entry_point(&self, address: Gpa) -> bool {
        (RAM..RAM + 0x1000_0000).contains(&address.0)
    }
}

fn psci(arguments: &[u64]) -> CallAction {
    let mut vcpu = ModelVcpu::with_arguments(arguments);
    match FunctionId::try_from(arguments[0] as u32) {
        Ok(function) => call(function, &mut vcpu, &Machine::new()),
        Err(_) => CallAction::Return(NOT_SUPPORTED),
    }
}

fn returns(arguments: &[u64]) -> i64 {
    match psci(arguments) {
        CallAction::Return(value) => value,
        other => panic!("{other:?}"),
    }
}

const NOT_SUPPORTED: i64 = -1;
const INVALID_PARAMETERS: i64 = -2;
const ALREADY_ON: i64 = -4;
const ON_PENDING: i64 = -5;
const INVALID_ADDRESS: i64 = -9;

#[test]
fn the_version_is_1_1_and_costs_one_register() {
    assert_eq!(returns(&[0x8400_0000]), 0x1_0001);
    let mut vcpu = ModelVcpu::with_arguments(&[0x8400_0000]);
    call(FunctionId::PsciVersion, &mut vcpu, &Machine::new());
    assert!(
        vcpu.reads.is_empty(),
        "no argument is read: {:?}",
        vcpu.reads
    );
}

#[test]
fn cpu_on_starts_a_vcpu_that_is_off() {
    assert_eq!(
        psci(&[0xc400_0003, 1, RAM + 0x80, 0x1234_5678_9abc]),
        CallAction::CpuOn {
            target: VcpuId(1),
            entry: Gpa(RAM + 0x80),
            context: 0x1234_5678_9abc,
        }
    );
    assert_eq!(
        psci(&[0xc400_0003, 0x1_0000_0101, RAM, 0]),
        CallAction::CpuOn {
            target: VcpuId(3),
            entry: Gpa(RAM),
            context: 0,
        }
    );
}

#[test]
fn the_32_bit_cpu_on_sees_low_halves_only() {
    assert_eq!(
        psci(&[
            0x8400_0003,
            0xdead_0000_0001,
            0xbeef_0000_0000 | RAM,
            0xffff_0000_0007
        ]),
        CallAction::CpuOn {
            target: VcpuId(1),
            entry: Gpa(RAM),
            context: 7,
        }
    );
    let with_aff3 = returns(&[0x8400_0003, 0x101, RAM, 0]);
    assert_eq!(with_aff3, INVALID_PARAMETERS, "Aff3 has no 32-bit name");
}

#[test]
fn cpu_on_refuses_what_it_cannot_start() {
    for (target, entry, error) in [
        (0, RAM, ALREADY_ON),
        (0x100, RAM, ON_PENDING),
        (2, RAM, INVALID_PARAMETERS),
        (0x8000_0001, RAM, INVALID_PARAMETERS),
        (1 << 40 | 1, RAM, INVALID_PARAMETERS),
        (u64::MAX, RAM, INVALID_PARAMETERS),
        (1, 0, INVALID_ADDRESS),
        (1, RAM + 2, INVALID_ADDRESS),
        (1, u64::MAX, INVALID_ADDRESS),
    ] {
        assert_eq!(
            returns(&[0xc400_0003, target, entry, 0]),
            error,
            "{target:#x} {entry:#x}"
        );
    }
}

#[test]
fn affinity_info_answers_for_each_level() {
    let info = |mpidr, level| returns(&[0xc400_0004, mpidr, level]);
    assert_eq!(info(0, 0), 0, "on");
    assert_eq!(info(1, 0), 1, "off");
    assert_eq!(info(0x100, 0), 2, "on pending");
    assert_eq!(info(0x2, 0), INVALID_PARAMETERS);
    assert_eq!(info(0x1, 1), 0, "its cluster has a vCPU that is on");
    assert_eq!(info(0x133, 1), 2, "the lower field does not count");
    assert_eq!(info(0x1_0000_0000, 3), 1);
    assert_eq!(info(0x200, 1), INVALID_PARAMETERS);
    assert_eq!(info(0, 4), INVALID_PARAMETERS);
    assert_eq!(returns(&[0x8400_0004, 0xffff_ffff_0000_0001, 1 << 32]), 1);
}

#[test]
fn suspend_waits_in_every_state() {
    assert_eq!(psci(&[0xc400_0001, 0, 0, 0]), CallAction::Suspend);
    assert_eq!(
        psci(&[0x8400_0001, 0x4000_0000, RAM, 0]),
        CallAction::Suspend
    );
    assert_eq!(
        returns(&[0xc400_0001, 0x4000_0000, 0x10, 0]),
        INVALID_ADDRESS
    );
    assert_eq!(
        returns(&[0xc400_0001, 0x8000_0000, RAM, 0]),
        INVALID_PARAMETERS
    );
}

#[test]
fn the_guest_ends_and_restarts_itself() {
    assert_eq!(psci(&[0x8400_0002]), CallAction::CpuOff);
    assert_eq!(psci(&[0x8400_0008]), CallAction::SystemOff);
    assert_eq!(psci(&[0x8400_0009]), CallAction::SystemReset);
    assert_eq!(psci(&[0xc400_0012, 0, 5]), CallAction::SystemReset);
    assert_eq!(
        psci(&[0x8400_0012, 0xffff_ffff_0000_0000, 5]),
        CallAction::SystemReset
    );
    assert_eq!(returns(&[0xc400_0012, 1, 0]), INVALID_PARAMETERS);
    assert_eq!(returns(&[0xc400_0012, 0x8000_0000, 0]), INVALID_PARAMETERS);
}

#[test]
fn no_trusted_os_needs_migration() {
    assert_eq!(returns(&[0x8400_0006]), 2);
    assert_eq!(returns(&[0x8400_0005, 0]), NOT_SUPPORTED);
    assert_eq!(returns(&[0x8400_0007]), NOT_SUPPORTED);
}

#[test]
fn features_agrees_with_what_a_call_does() {
    for number in 0..=0x1f {
        for base in [0x8400_0000, 0xc400_0000] {
            let id = base | number;
            // A power-down request to nowhere: every implemented function that takes arguments
            // answers something other than "not supported" to it.
            let offered = returns(&[0x8400_000a, id]) != NOT_SUPPORTED;
            let works = psci(&[id, 0x8400_0000, 0, 0]) != CallAction::Return(NOT_SUPPORTED);
            assert_eq!(offered, works, "{id:#x}");
        }
    }
}

#[test]
fn features_has_the_flags_of_suspend_and_knows_smccc() {
    assert_eq!(returns(&[0x8400_000a, 0xc400_0001]), 2);
    assert_eq!(returns(&[0x8400_000a, 0x8000_0000]), 0);
    assert_eq!(returns(&[0x8400_000a, 0xffff_ffff_8400_0003]), 0);
    assert_eq!(returns(&[0x8400_000a, 0x8000_0001]), NOT_SUPPORTED);
}

#[test]
fn a_function_has_only_the_widths_of_the_specification() {
    for id in [
        0xc400_0000,
        0xc400_0002,
        0xc400_0008,
        0xc400_0009,
        0x0400_0003,
    ] {
        assert_eq!(returns(&[id, 1, RAM, 0]), NOT_SUPPORTED, "{id:#x}");
    }
}

proptest! {
    #[test]
    fn any_call_has_an_answer(number in 0u32..0x40, wide: bool, x1: u64, x2: u64, x3: u64) {
        let id = if wide { 0xc400_0000 } else { 0x8400_0000 } | number;
        let action = psci(&[id.into(), x1, x2, x3]);
        if let CallAction::Return(value) = action {
            prop_assert!((-9..=0x1_0001).contains(&value));
        }
    }
}
