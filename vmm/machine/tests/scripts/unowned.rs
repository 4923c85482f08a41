//! A VMM that owns nothing to be woken by: whatever its guest does and however it ends, nothing
//! is asked to wake it. The kernel model has no source to ask, so there is nothing to touch.

use vmm_config::{Action, Policy};
use vmm_machine::{
    exit::VmExit,
    outcome::{CrashReason, End, Outcome},
    register::SystemRegister,
    vm::Ending,
};

use crate::model::{ENTRY, Machine, NOWHERE, Setup, Thread, WAKE_CHANNEL, fetch};

const SYSTEM_OFF: u64 = 0x8400_0008;
const SYSTEM_RESET: u64 = 0x8400_0009;
const SYSTEM_RESET2: u64 = 0xc400_0012;
const CPU_OFF: u64 = 0x8400_0002;
const CPU_ON: u64 = 0xc400_0003;
const CPU_SUSPEND: u64 = 0xc400_0001;
const TIMER: u16 = 27;

const ACTIONS: [Action; 4] = [
    Action::Stop,
    Action::Restart { limit: None },
    Action::Restart { limit: Some(0) },
    Action::MachineOff,
];

type Run = fn(&mut Machine<2>) -> Outcome;

/// Every way in which a run ends.
const ENDS: [(Run, End); 6] = [
    (|machine| machine.smc(&[SYSTEM_OFF]), End::PowerOff),
    (|machine| machine.hvc(&[SYSTEM_OFF]), End::PowerOff),
    (|machine| machine.smc(&[SYSTEM_RESET]), End::Reset),
    (|machine| machine.hvc(&[SYSTEM_RESET2, 0, 0]), End::Reset),
    (
        |machine| machine.exit(VmExit::Unknown { label: 99 }),
        End::Crash(CrashReason::UnknownExit),
    ),
    (endless, End::Crash(CrashReason::EndlessException)),
];

/// It ends the guest only when no other vCPU could mend it.
fn endless(machine: &mut Machine<2>) -> Outcome {
    machine.smc_of(1, &[CPU_OFF]);
    let nowhere = NOWHERE + 0x200;
    machine.vcpu(0).set_system(SystemRegister::VbarEl1, NOWHERE);
    machine.vcpu(0).pc = nowhere;
    machine.access(fetch(nowhere))
}

/// Two vCPUs, the second of which has its timer running.
fn machine(action: Action) -> Machine<2> {
    let mut machine = Machine::with(&Setup {
        has_wake_source: false,
        policy: Policy {
            power_off: action,
            reset: action,
            crash: action,
        },
        ..Setup::default()
    });
    machine.smc(&[CPU_ON, 1, ENTRY, 0]);
    machine.enable_for(1, TIMER, 0xa0);
    machine.set_timer(1, 1000);
    machine
}

#[test]
fn every_end_of_a_guest() {
    for action in ACTIONS {
        for (run, end) in ENDS {
            let mut machine = machine(action);
            assert_eq!(run(&mut machine), Outcome::End(end));
            let ending = machine.ending;
            match action {
                Action::MachineOff => assert_eq!(ending, Some(Ending::MachineOff)),
                Action::Restart { limit: None } => assert_eq!(ending, Some(Ending::Restarted)),
                _ => assert_eq!(ending, Some(Ending::Stopped)),
            }
            // Signals of others, and of a timer that some guest has set.
            machine.notify(&[WAKE_CHANNEL]);
            if ending == Some(Ending::Restarted) {
                assert_runs_again(&mut machine);
            }
        }
    }
}

fn assert_runs_again(machine: &mut Machine<2>) {
    machine.reset();
    assert_eq!(machine.thread(0), Thread::Running);
    assert_eq!(machine.wfi(), Outcome::Resume);
}

/// The restart itself fails: what runs between two runs is not what the VMM laid down.
#[test]
fn an_end_between_two_runs() {
    let mut machine = machine(Action::Restart { limit: None });
    machine.smc(&[SYSTEM_RESET]);
    let outcome = machine.exit(VmExit::Hypercall);
    assert_eq!(outcome, Outcome::End(End::Crash(CrashReason::ResetFailed)));
}

#[test]
fn every_wait_goes_on_at_once() {
    let mut machine = machine(Action::Stop);
    assert_eq!(machine.wfi_of(1), Outcome::Resume);
    assert_eq!(machine.wfi(), Outcome::Resume);
    let pc = machine.vcpu(0).pc;
    assert_eq!(machine.smc(&[CPU_SUSPEND]), Outcome::Resume);
    assert_eq!(machine.vcpu(0).pc, pc + 4);
    machine.kernel.now = 2000;
    machine.notify(&[WAKE_CHANNEL]);
    assert_eq!(machine.timer_exit(1), Some(Outcome::Resume));
    assert_eq!(machine.pending(1), [TIMER]);
}
