use proptest::prelude::*;

use super::*;
use crate::{model_vcpu::ModelVcpu, psci::CpuPower};

/// One vCPU that runs and one that does not.
struct Pair;

impl CpuTable for Pair {
    fn count(&self) -> u8 {
        2
    }

    fn affinity(&self, vcpu: VcpuId) -> u64 {
        vcpu.0.into()
    }

    fn power(&self, vcpu: VcpuId) -> CpuPower {
        match vcpu.0 {
            0 => CpuPower::On,
            _ => CpuPower::Off,
        }
    }

    fn is_entry_point(&self, address: Gpa) -> bool {
        address.0 < 0x1000_0000
    }
}

fn calls(immediate: u16, arguments: &[u64]) -> (CallAction, ModelVcpu) {
    let mut vcpu = ModelVcpu::with_arguments(arguments);
    let action = call(immediate, &mut vcpu, &Pair);
    (action, vcpu)
}

fn answer_to(arguments: &[u64]) -> u64 {
    let (action, vcpu) = calls(0, arguments);
    assert_eq!(action, CallAction::Return(vcpu.x[0] as i64));
    vcpu.x[0]
}

#[test]
fn discovery() {
    assert_eq!(answer_to(&[0x8000_0000]), 0x1_0001);
    assert_eq!(answer_to(&[0x8000_0001, 0x8000_0000]), 0);
    assert_eq!(answer_to(&[0x8000_0001, 0x8000_0001]), 0);
}

#[test]
fn what_nobody_offers_is_minus_one_in_all_bits() {
    for function in [
        0x8000_0002, // SOC_ID
        0x8000_8000, // WORKAROUND_1
        0x8000_7fff, // WORKAROUND_2
        0x8000_3fff, // WORKAROUND_3
        0x8400_0050, // TRNG_VERSION
        0xc400_0053, // TRNG_RND
        0x8400_ff01, // standard service UID
        0x8600_ff01, // vendor hypervisor UID
        0xc500_0020, // PV_TIME_FEATURES
        0x8200_ff00, // SiP call count
        0xb200_0000, // trusted OS
        0x0400_0003, // CPU_ON's number as a yielding call
        0x8403_0003, // reserved bits
        0x95c1_ba60, // PSCI 0.1's free choice
        0,
        u64::MAX,
    ] {
        assert_eq!(answer_to(&[function, 1, 2, 3]), u64::MAX, "{function:#x}");
        assert_eq!(
            answer_to(&[0x8000_0001, function]),
            u64::MAX,
            "{function:#x}"
        );
    }
}

#[test]
fn the_function_is_named_by_the_low_half_of_x0() {
    assert_eq!(answer_to(&[0xdead_beef_8400_0000]), 0x1_0001);
}

#[test]
fn an_immediate_makes_every_function_unknown() {
    let (action, vcpu) = calls(1, &[0x8400_0008]);
    assert_eq!((action, vcpu.x[0]), (CallAction::Return(-1), u64::MAX));
}

#[test]
fn errors_are_negative_in_all_64_bits() {
    assert_eq!(answer_to(&[0xc400_0003, 7, 0, 0]), -2i64 as u64);
}

#[test]
fn cpu_on_answers_success_and_asks_for_the_start() {
    let (action, vcpu) = calls(0, &[0xc400_0003, 1, 0x8_0000, 0x55]);
    assert_eq!(
        action,
        CallAction::CpuOn {
            target: VcpuId(1),
            entry: Gpa(0x8_0000),
            context: 0x55
        }
    );
    assert_eq!(vcpu.x[0], 0);
}

#[test]
fn a_suspended_caller_finds_success_when_it_wakes() {
    let (action, vcpu) = calls(0, &[0xc400_0001, 0, 0, 0]);
    assert_eq!(
        (action, vcpu.x[0], vcpu.pc),
        (CallAction::Suspend, 0, 0x1004)
    );
}

#[test]
fn the_guest_can_end_itself() {
    assert_eq!(calls(0, &[0x8400_0008]).0, CallAction::SystemOff);
    assert_eq!(calls(0, &[0x8400_0009]).0, CallAction::SystemReset);
    assert_eq!(calls(0, &[0x8400_0002]).0, CallAction::CpuOff);
}

proptest! {
    #[test]
    fn only_x0_and_the_pc_change(immediate: u16, x0: u64, x1: u64, x2: u64, x3: u64) {
        let (_, vcpu) = calls(immediate, &[x0, x1, x2, x3]);
        prop_assert_eq!(&vcpu.x[1..4], &[x1, x2, x3]);
        prop_assert!(vcpu.x[4..].iter().all(|&value| value == 0));
        prop_assert_eq!(vcpu.pc, 0x1004);
    }
}
