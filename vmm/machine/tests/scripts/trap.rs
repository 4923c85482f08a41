//! Trapped instructions, and messages without a rule.

use vmm_machine::{
    exit::VmExit,
    outcome::{CrashReason, End, Outcome},
    register::SystemRegister,
    vm::Ending,
};

use crate::model::{ENTRY, Machine, RAM, Thread};

const IL: u64 = 1 << 25;
const VBAR: u64 = RAM + 0x800;

fn machine() -> Machine {
    let mut machine = Machine::started();
    machine.vcpu(0).set_system(SystemRegister::VbarEl1, VBAR);
    machine
}

/// ISS of MRS or MSR: op0, op1, CRn, CRm, op2, Rt, and the direction.
fn system(op: [u64; 5], register: u64, read: bool) -> u64 {
    let [op0, op1, crn, crm, op2] = op;
    0x18 << 26
        | IL
        | op0 << 20
        | op2 << 17
        | op1 << 14
        | crn << 10
        | register << 5
        | crm << 1
        | u64::from(read)
}

#[test]
fn wfe_goes_on_at_once() {
    let mut machine = machine();
    assert_eq!(machine.trap_of(0, 1 << 26 | IL | 1), Outcome::Resume);
    assert_eq!(machine.vcpu(0).pc, ENTRY + 4);
}

/// A Thumb instruction of a 32-bit program has two bytes: IL is clear.
#[test]
fn a_wait_of_two_bytes() {
    for wait in [0, 1] {
        let mut machine = machine();
        machine.vcpu(0).pstate = 0x30;
        machine.trap_of(0, 1 << 26 | wait);
        assert_eq!(machine.vcpu(0).pc, ENTRY + 2);
    }
}

#[test]
fn a_register_that_reads_as_zero() {
    let mut machine = machine();
    machine.vcpu(0).x[5] = u64::MAX;
    let actlr = [3, 0, 1, 0, 1];
    assert_eq!(machine.trap_of(0, system(actlr, 5, true)), Outcome::Resume);
    assert_eq!((machine.vcpu(0).x[5], machine.vcpu(0).pc), (0, ENTRY + 4));
    machine.vcpu(0).x[5] = 7;
    assert_eq!(machine.trap_of(0, system(actlr, 5, false)), Outcome::Resume);
    assert_eq!((machine.vcpu(0).x[5], machine.vcpu(0).pc), (7, ENTRY + 8));
}

#[test]
fn what_this_machine_lacks_is_undefined() {
    let icc_sgi1r = system([3, 0, 12, 11, 5], 0, false);
    let unheard_of = system([3, 7, 15, 15, 7], 0, true);
    let sve = 0x19 << 26 | IL;
    let reserved = 0x3f << 26 | IL;
    for syndrome in [icc_sgi1r, unheard_of, sve, reserved, 0] {
        let mut machine = machine();
        assert_eq!(machine.trap_of(0, syndrome), Outcome::Resume);
        assert_eq!(machine.vcpu(0).pc, VBAR + 0x200, "{syndrome:x}");
        assert_eq!(machine.system(0, SystemRegister::EsrEl1), IL);
        assert_eq!(machine.system(0, SystemRegister::ElrEl1), ENTRY);
    }
}

#[test]
fn an_unknown_message_is_a_crash() {
    let mut machine = machine();
    let outcome = machine.exit(VmExit::Unknown { label: 3 });
    let unknown = End::Crash(CrashReason::UnknownExit);
    assert_eq!(outcome, Outcome::End(unknown));
    assert_eq!(
        machine.ending,
        Some(Ending::Stopped),
        "the policy for crashes"
    );
    assert_eq!(machine.thread(0), Thread::Inactive);
}

#[test]
fn an_exit_of_a_vcpu_that_was_never_started_is_a_crash() {
    let mut machine = Machine::<2>::started();
    machine.vcpu(1).thread = Thread::Running;
    let outcome = machine.wfi_of(1);
    let never = End::Crash(CrashReason::NotStarted);
    assert_eq!(outcome, Outcome::End(never));
}
