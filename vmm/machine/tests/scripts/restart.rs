//! The end of a guest and its restart: images laid afresh, vCPUs reset, devices as at power-on.

use vmm_config::{Action, Policy};
use vmm_machine::{
    IntId, VcpuId,
    exit::VmExit,
    outcome::{CrashReason, End, Outcome},
    register::SystemRegister,
    vm::Ending,
};

use crate::model::{
    CARD_CHANNEL, CARD_INTERRUPT, CODE, DEVICE_TREE, ENTRY, Machine, RAM, Setup, Thread,
    UART_CHANNEL, UART_INTERRUPT,
};

const CPU_ON: u64 = 0xc400_0003;
const SYSTEM_RESET: u64 = 0x8400_0009;
const TIMER: u16 = 27;
/// First instruction of a reset, in the first page that no image needs.
const RESET: u64 = RAM + 0x280;
const SMC: u64 = 0x17 << 26 | 1 << 25;

fn with_policy(policy: Policy) -> Machine {
    Machine::with(&Setup {
        policy,
        ..Setup::default()
    })
}

const fn always(action: Action) -> Policy {
    Policy {
        power_off: action,
        reset: action,
        crash: action,
    }
}

fn assert_at_entry<const VCPUS: usize>(machine: &mut Machine<VCPUS>) {
    assert_eq!(machine.thread(0), Thread::Running);
    let vcpu = machine.vcpu(0);
    assert_eq!(vcpu.pc, ENTRY);
    assert_eq!(
        vcpu.x[..4],
        [DEVICE_TREE, 0, 0, 0],
        "the arm64 boot protocol"
    );
    assert_eq!(vcpu.pstate, 0x3c5);
}

#[test]
fn the_first_start() {
    let mut machine = Machine::<2>::started();
    assert_at_entry(&mut machine);
    assert_eq!(machine.thread(1), Thread::Inactive);
    let ram = machine.ram.bytes();
    assert_eq!(ram[0x1000..0x1010], CODE);
    assert_eq!(&ram[0x8000..0x8008], b"a tree!!");
}

#[test]
fn images_are_laid_down_afresh() {
    let mut machine = Machine::<1>::started();
    machine.ram.write(0x1000, &[0xff; 0x180]);
    machine.ram.write(0x8000, &[0xff; 8]);
    assert_eq!(machine.smc(&[SYSTEM_RESET]), Outcome::End(End::Reset));
    assert_eq!(machine.ending, Some(Ending::Restarted));
    assert_eq!(machine.reset_of(0), Outcome::Started);
    assert_at_entry(&mut machine);
    let ram = machine.ram.bytes();
    assert_eq!(ram[0x1000..0x1010], CODE);
    assert_eq!(ram[0x1010..0x1100], [0; 0xf0], "the tail is zero again");
    assert_eq!(ram[0x1100..0x1180], [0xff; 0x80], "and nothing behind it");
    assert_eq!(&ram[0x8000..0x8008], b"a tree!!");
}

/// Sent again while it was active, it would follow its own end.
#[test]
fn nothing_is_delivered_while_the_interface_is_emptied() {
    let mut machine = Machine::<1>::started();
    machine.write_distributor(0x000, 1);
    machine.write_distributor(0xf00, 2 << 24 | 3);
    assert_eq!(machine.acknowledge(0), Some(3));
    machine.write_distributor(0xf00, 2 << 24 | 3);
    machine.smc(&[SYSTEM_RESET]);
    machine.end_interrupt(0, 3);
    assert_eq!(machine.pending(0), []);
}

/// One interrupt active, one pending, one not yet seen: none of them reaches the next run.
#[test]
fn nothing_of_the_last_run_interrupts_the_next() {
    let mut machine = Machine::<1>::started();
    for intid in [3, TIMER, UART_INTERRUPT] {
        machine.enable(intid);
    }
    machine.fire(UART_CHANNEL, UART_INTERRUPT);
    assert_eq!(machine.acknowledge(0), Some(UART_INTERRUPT));
    machine.set_timer(0, 0);
    machine.timer_exit(0);
    machine.write_distributor(0xf00, 2 << 24 | 3);
    assert_eq!(machine.pending(0), [TIMER, 3]);
    machine.smc(&[SYSTEM_RESET]);
    machine.reset_of(0);
    assert!(machine.vcpu(0).interface.is_empty());
    assert_at_entry(&mut machine);
    assert_eq!(machine.system(0, SystemRegister::CntvCtlEl0), 0);
    assert_eq!(machine.read_distributor(0x000), 0, "GICD_CTLR");
    assert_eq!(machine.read_distributor(0x104), 0, "GICD_ISENABLER1");
    assert_eq!(machine.read_distributor(0x420), 0, "GICD_IPRIORITYR8");
}

#[test]
fn lines_that_fired_before_the_restart_are_seen_after_it() {
    let mut machine = Machine::<1>::started();
    machine.fire(UART_CHANNEL, UART_INTERRUPT);
    machine.set_timer(0, 0);
    machine.timer_exit(0);
    machine.smc(&[SYSTEM_RESET]);
    machine.reset_of(0);
    machine.enable(UART_INTERRUPT);
    machine.enable(TIMER);
    assert!(machine.fire(UART_CHANNEL, UART_INTERRUPT));
    assert_eq!(machine.pending(0), [UART_INTERRUPT]);
    machine.set_timer(0, 0);
    assert_eq!(machine.timer_exit(0), Some(Outcome::Resume));
    assert_eq!(machine.pending(0), [UART_INTERRUPT, TIMER]);
}

#[test]
fn a_signal_during_the_reset_is_found_again() {
    let mut machine = Machine::<1>::started();
    machine.smc(&[SYSTEM_RESET]);
    assert!(machine.fire(UART_CHANNEL, UART_INTERRUPT));
    machine.reset_of(0);
    machine.enable(UART_INTERRUPT);
    assert!(machine.fire(UART_CHANNEL, UART_INTERRUPT), "unmasked");
    assert_eq!(machine.pending(0), [UART_INTERRUPT]);
}

#[test]
fn every_vcpu_is_reset_in_turn() {
    let mut machine = Machine::<3>::started();
    machine.write_distributor(0, 1);
    machine.smc(&[CPU_ON, 1, ENTRY, 0]);
    machine.write_distributor(0xf00, 1 << 17 | 7);
    assert_eq!(machine.pending(1), [7]);
    machine.smc_of(1, &[SYSTEM_RESET]);
    for vcpu in 0..3 {
        for other in (0..3).filter(|other| *other != vcpu) {
            assert_eq!(machine.thread(other), Thread::Inactive);
        }
        assert_eq!(machine.vcpu(vcpu).pc, RESET);
        let is_last = vcpu == 2;
        let expected = if is_last {
            Outcome::Started
        } else {
            Outcome::Drop
        };
        assert_eq!(machine.reset_of(vcpu), expected);
        assert!(machine.vcpu(vcpu).interface.is_empty());
    }
    assert_at_entry(&mut machine);
    assert_eq!(machine.thread(1), Thread::Inactive);
    machine.smc(&[CPU_ON, 1, ENTRY, 0]);
    assert_eq!(machine.vcpu(0).x[0], 0, "it was off");
}

#[test]
fn exits_of_others_during_the_reset_are_forgotten() {
    let mut machine = Machine::<2>::started();
    machine.smc(&[CPU_ON, 1, ENTRY, 0]);
    machine.smc(&[SYSTEM_RESET]);
    let pc = machine.vcpu(0).pc;
    // It was on its way into the kernel when vCPU 0 ended the guest.
    let late = VmExit::Trap { syndrome: SMC };
    assert_eq!(machine.late_exit(1, late), Outcome::Drop);
    let late = VmExit::Unknown { label: 2 };
    assert_eq!(machine.late_exit(1, late), Outcome::Drop);
    assert_eq!(machine.vcpu(0).pc, pc);
    machine.reset_of(0);
    machine.reset_of(1);
    assert_at_entry(&mut machine);
}

/// While vCPU 0 is reset an interrupt becomes free to go to vCPU 1, which sleeps since the
/// last run: nothing of that run may go on.
#[test]
fn a_sleeper_of_the_last_run_does_not_wake_during_the_reset() {
    let mut machine = Machine::<2>::started();
    machine.enable(CARD_INTERRUPT);
    let number = u64::from(CARD_INTERRUPT);
    let edge = 1 << (2 * (number % 16) + 1);
    machine.write_distributor(0xc00 + number / 16 * 4, edge);
    machine.smc(&[CPU_ON, 1, ENTRY, 0]);
    machine.fire(CARD_CHANNEL, CARD_INTERRUPT);
    assert_eq!(machine.acknowledge(0), Some(CARD_INTERRUPT));
    machine.write_distributor(0x200 + number / 32 * 4, 1 << (number % 32));
    machine.byte_target(CARD_INTERRUPT, 2);
    assert_eq!(machine.wfi_of(1), Outcome::Block);
    machine.smc(&[SYSTEM_RESET]);
    machine.run_reset(0);
    assert_eq!(machine.thread(1), Thread::Inactive, "still off");
    assert_eq!(machine.pending(1), []);
    machine.trap_of(0, SMC);
    assert_eq!(machine.vcpu(1).pc, RESET, "its turn");
    machine.reset_of(1);
    assert_at_entry(&mut machine);
    assert_eq!((machine.pending(0), machine.pending(1)), (vec![], vec![]));
}

#[test]
fn the_timer_may_fire_during_the_reset() {
    let mut machine = Machine::<1>::started();
    machine.smc(&[SYSTEM_RESET]);
    machine.vcpu(0).timer_masked = true;
    let intid = IntId::VIRTUAL_TIMER;
    let outcome = machine.exit(VmExit::PrivateInterrupt { intid });
    assert_eq!(outcome, Outcome::Resume);
    machine.reset_of(0);
    assert!(!machine.vcpu(0).timer_masked, "given back");
    let given_back = (VcpuId(0), IntId::VIRTUAL_TIMER);
    assert!(machine.kernel.resampled.contains(&given_back));
}

#[test]
fn any_other_exit_of_the_reset_is_a_failure() {
    let failed = Outcome::End(End::Crash(CrashReason::ResetFailed));
    for exit in [VmExit::Hypercall, VmExit::Unknown { label: 1 }] {
        let mut machine = Machine::<1>::started();
        machine.smc(&[SYSTEM_RESET]);
        assert_eq!(machine.exit(exit), failed);
        assert_eq!(
            machine.ending,
            Some(Ending::Stopped),
            "the policy for crashes"
        );
    }
    let mut machine = Machine::<1>::started();
    machine.smc(&[SYSTEM_RESET]);
    assert_eq!(machine.access(crate::model::load(RAM)), failed);
}

#[test]
fn restarts_have_a_limit() {
    let policy = always(Action::Restart { limit: Some(2) });
    let mut machine = with_policy(policy);
    for _ in 0..2 {
        machine.smc(&[SYSTEM_RESET]);
        assert_eq!(machine.ending, Some(Ending::Restarted));
        machine.reset_of(0);
    }
    machine.smc(&[SYSTEM_RESET]);
    assert_eq!(machine.ending, Some(Ending::Stopped));
    assert_eq!(machine.thread(0), Thread::Inactive);
}

#[test]
fn restarts_are_counted_by_their_cause() {
    let mut machine = with_policy(Policy {
        power_off: Action::Stop,
        reset: Action::Restart { limit: None },
        crash: Action::Restart { limit: Some(1) },
    });
    for _ in 0..3 {
        machine.smc(&[SYSTEM_RESET]);
        machine.reset_of(0);
    }
    machine.exit(VmExit::Unknown { label: 1 });
    assert_eq!(machine.ending, Some(Ending::Restarted), "the first crash");
}

#[test]
fn the_policy_is_the_system_xmls() {
    let policy = Policy {
        power_off: Action::Stop,
        reset: Action::MachineOff,
        crash: Action::Restart { limit: Some(1) },
    };
    let crash = End::Crash(CrashReason::UnknownExit);
    for (end, ending) in [
        (End::PowerOff, Ending::Stopped),
        (End::Reset, Ending::MachineOff),
        (crash, Ending::Restarted),
    ] {
        assert_eq!(with_policy(policy).end(end), ending);
    }
    let mut machine = with_policy(policy);
    machine.exit(VmExit::Unknown { label: 1 });
    assert_eq!(machine.ending, Some(Ending::Restarted));
    machine.reset_of(0);
    assert_at_entry(&mut machine);
    machine.exit(VmExit::Unknown { label: 1 });
    assert_eq!(machine.ending, Some(Ending::Stopped), "once is enough");
}

#[test]
fn a_stopped_guest_stays_stopped() {
    let mut machine = with_policy(always(Action::Stop));
    machine.end(End::PowerOff);
    machine.notify(&[UART_CHANNEL]);
    assert_eq!(machine.late_exit(0, VmExit::Hypercall), Outcome::Drop);
    assert_eq!(machine.thread(0), Thread::Inactive);
}
