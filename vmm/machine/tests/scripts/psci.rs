//! PSCI and the rest of the calling convention, by SMC and by HVC.

use vmm_machine::{
    outcome::{End, Outcome},
    register::SystemRegister,
    vm::Ending,
};

use crate::model::{ENTRY, Machine, NOWHERE, RAM, Thread};

const VERSION: u64 = 0x8400_0000;
const CPU_SUSPEND: u64 = 0xc400_0001;
const CPU_OFF: u64 = 0x8400_0002;
const CPU_ON: u64 = 0xc400_0003;
const AFFINITY_INFO: u64 = 0xc400_0004;
const MIGRATE_INFO_TYPE: u64 = 0x8400_0006;
const SYSTEM_OFF: u64 = 0x8400_0008;
const SYSTEM_RESET: u64 = 0x8400_0009;
const SYSTEM_RESET2: u64 = 0xc400_0012;
const FEATURES: u64 = 0x8400_000a;

const SUCCESS: i64 = 0;
const NOT_SUPPORTED: i64 = -1;
const INVALID_PARAMETERS: i64 = -2;
const ALREADY_ON: i64 = -4;
const INVALID_ADDRESS: i64 = -9;

/// The answer of a call that returns; it changes X0 and the PC and nothing else.
fn answer<const VCPUS: usize>(machine: &mut Machine<VCPUS>, arguments: &[u64]) -> i64 {
    machine.vcpu(0).x[..arguments.len()].copy_from_slice(arguments);
    let before = machine.vcpu(0).clone();
    assert_eq!(machine.smc(arguments), Outcome::Resume);
    let x0 = machine.vcpu(0).x[0];
    assert_eq!(machine.vcpu(0).x[1..], before.x[1..]);
    assert_eq!(machine.vcpu(0).pc, before.pc + 4);
    assert_eq!(machine.vcpu(0).pstate, before.pstate);
    x0 as i64
}

#[test]
fn what_one_vcpu_may_ask() {
    let mut machine = Machine::<1>::started();
    for (arguments, expected) in [
        (&[VERSION][..], 0x1_0001),
        (&[MIGRATE_INFO_TYPE], 2),
        (&[AFFINITY_INFO, 0, 0], 0),
        (&[AFFINITY_INFO, 1, 0], INVALID_PARAMETERS),
        (&[FEATURES, CPU_ON], 0),
        (&[FEATURES, CPU_SUSPEND], 2),
        (&[FEATURES, 0x8400_0005], NOT_SUPPORTED),
        (&[FEATURES, 0x8000_0000], 0),
        (&[CPU_ON, 0, ENTRY, 0], ALREADY_ON),
        (&[CPU_ON, 1, ENTRY, 0], INVALID_PARAMETERS),
        (&[0x8000_0000], 0x1_0001),
        (&[0x8000_0001, 0x8000_8000], NOT_SUPPORTED),
    ] {
        assert_eq!(answer(&mut machine, arguments), expected, "{arguments:x?}");
    }
}

#[test]
fn unknown_calls_are_answered_with_minus_one() {
    let mut machine = Machine::<1>::started();
    for function in [
        0,
        0x0400_0003,
        0x8400_00ff,
        0xc600_ff01,
        0x8600_ff01,
        0xffff_ffff,
    ] {
        assert_eq!(
            answer(&mut machine, &[function]),
            NOT_SUPPORTED,
            "{function:x}"
        );
        assert_eq!(machine.hvc(&[function]), Outcome::Resume);
        assert_eq!(machine.vcpu(0).x[0], u64::MAX);
    }
    let smc_with_immediate = 0x17 << 26 | 1 << 25 | 1;
    machine.vcpu(0).x[0] = VERSION;
    machine.trap_of(0, smc_with_immediate);
    assert_eq!(machine.vcpu(0).x[0], u64::MAX);
}

#[test]
fn hvc_is_the_same() {
    let mut machine = Machine::<1>::started();
    let pc = machine.vcpu(0).pc;
    assert_eq!(machine.hvc(&[VERSION]), Outcome::Resume);
    assert_eq!(
        (machine.vcpu(0).x[0], machine.vcpu(0).pc),
        (0x1_0001, pc + 4)
    );
}

#[test]
fn a_new_vcpu_starts_as_out_of_reset() {
    let mut machine = Machine::<2>::started();
    machine
        .vcpu(1)
        .set_system(SystemRegister::SctlrEl1, u64::MAX);
    machine
        .vcpu(1)
        .set_system(SystemRegister::VbarEl1, u64::MAX);
    assert_eq!(answer(&mut machine, &[AFFINITY_INFO, 1, 0]), 1, "off");
    assert_eq!(
        answer(&mut machine, &[CPU_ON, 1, RAM + 0x40, 0xfeed]),
        SUCCESS
    );
    assert_eq!(answer(&mut machine, &[AFFINITY_INFO, 1, 0]), 0, "on");
    let vcpu = machine.vcpu(1);
    assert_eq!(vcpu.thread, Thread::Running);
    assert_eq!((vcpu.pc, vcpu.x[0]), (RAM + 0x40, 0xfeed));
    assert_eq!(vcpu.pstate, 0x3c5, "EL1h, all masked");
    for (register, value) in [
        (SystemRegister::SctlrEl1, 0x30c5_0838),
        (SystemRegister::VbarEl1, 0),
        (SystemRegister::CntvCtlEl0, 0),
        (SystemRegister::VmpidrEl2, 0x8000_0001),
    ] {
        assert_eq!(machine.system(1, register), value, "{register:?}");
    }
    assert_eq!(machine.system(0, SystemRegister::VmpidrEl2), 0x8000_0000);
}

#[test]
fn a_vcpu_is_not_started_twice_or_nowhere() {
    let mut machine = Machine::<2>::started();
    for entry in [NOWHERE, RAM + 2, RAM - 4, u64::MAX] {
        assert_eq!(
            answer(&mut machine, &[CPU_ON, 1, entry, 0]),
            INVALID_ADDRESS
        );
    }
    assert_eq!(machine.thread(1), Thread::Inactive);
    assert_eq!(answer(&mut machine, &[CPU_ON, 1, ENTRY, 0]), SUCCESS);
    machine.vcpu(1).pc = RAM;
    assert_eq!(answer(&mut machine, &[CPU_ON, 1, ENTRY, 0]), ALREADY_ON);
    assert_eq!(machine.vcpu(1).pc, RAM, "it was left alone");
}

#[test]
fn off_and_on_again() {
    let mut machine = Machine::<2>::started();
    answer(&mut machine, &[CPU_ON, 1, ENTRY, 1]);
    assert_eq!(machine.smc_of(1, &[CPU_OFF]), Outcome::Drop);
    assert_eq!(machine.thread(1), Thread::Inactive);
    assert_eq!(answer(&mut machine, &[AFFINITY_INFO, 1, 0]), 1, "off");
    assert_eq!(answer(&mut machine, &[CPU_ON, 1, RAM, 2]), SUCCESS);
    assert_eq!(machine.thread(1), Thread::Running);
    assert_eq!((machine.vcpu(1).pc, machine.vcpu(1).x[0]), (RAM, 2));
}

#[test]
fn a_sleeping_vcpu_is_on() {
    let mut machine = Machine::<2>::started();
    answer(&mut machine, &[CPU_ON, 1, ENTRY, 0]);
    assert_eq!(machine.wfi_of(1), Outcome::Block);
    assert_eq!(answer(&mut machine, &[AFFINITY_INFO, 1, 0]), 0, "on");
    assert_eq!(answer(&mut machine, &[CPU_ON, 1, ENTRY, 0]), ALREADY_ON);
    assert_eq!(machine.thread(1), Thread::Inactive, "still asleep");
}

#[test]
fn the_last_vcpu_switches_the_guest_off() {
    let mut machine = Machine::<2>::started();
    answer(&mut machine, &[CPU_ON, 1, ENTRY, 0]);
    assert_eq!(machine.smc_of(0, &[CPU_OFF]), Outcome::Drop);
    assert_eq!(machine.smc_of(1, &[CPU_OFF]), Outcome::End(End::PowerOff));
    assert_eq!(machine.ending, Some(Ending::MachineOff));
}

#[test]
fn suspend_waits_as_wfi_does_and_answers_success() {
    let mut machine = Machine::<1>::started();
    machine.enable(33);
    let pc = machine.vcpu(0).pc;
    assert_eq!(machine.smc(&[CPU_SUSPEND, 0, ENTRY, 0]), Outcome::Block);
    assert_eq!(machine.thread(0), Thread::Inactive);
    machine.fire(1, 33);
    assert_eq!(machine.thread(0), Thread::Running);
    assert_eq!((machine.vcpu(0).x[0], machine.vcpu(0).pc), (0, pc + 4));
    let nowhere = &[CPU_SUSPEND, 1 << 30, NOWHERE, 0];
    assert_eq!(answer(&mut machine, nowhere), INVALID_ADDRESS);
}

#[test]
fn suspend_by_hvc_waits_too() {
    let mut machine = Machine::<1>::started();
    assert_eq!(machine.hvc(&[CPU_SUSPEND, 0, ENTRY, 0]), Outcome::Block);
    assert_eq!(machine.vcpu(0).x[0], 0);
}

#[test]
fn the_system_goes_off_or_resets() {
    for (function, end) in [
        (SYSTEM_OFF, End::PowerOff),
        (SYSTEM_RESET, End::Reset),
        (SYSTEM_RESET2, End::Reset),
    ] {
        let mut machine = Machine::<2>::started();
        answer(&mut machine, &[CPU_ON, 1, ENTRY, 0]);
        assert_eq!(machine.smc(&[function, 0, 0]), Outcome::End(end));
        assert_eq!(machine.thread(1), Thread::Inactive, "no vCPU goes on");
    }
    let mut machine = Machine::<1>::started();
    let vendor = &[SYSTEM_RESET2, 0x8000_0000, 0];
    assert_eq!(answer(&mut machine, vendor), INVALID_PARAMETERS);
}
