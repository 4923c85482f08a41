//! The virtual timer of a running vCPU: a line that the kernel masks when it fires.

use vmm_machine::{IntId, VcpuId, outcome::Outcome, register::SystemRegister};

use crate::model::{Machine, Thread};

const TIMER: u16 = 27;

#[test]
fn a_tick() {
    let mut machine = Machine::<1>::started();
    machine.kernel.resampled.clear();
    machine.enable(TIMER);
    machine.set_timer(0, 100);
    assert_eq!(machine.timer_exit(0), None, "too early");
    machine.kernel.now = 100;
    assert_eq!(machine.timer_exit(0), Some(Outcome::Resume));
    assert_eq!(machine.pending(0), [TIMER]);
    assert_eq!(machine.timer_exit(0), None, "masked in the kernel");
    assert_eq!(machine.acknowledge(0), Some(TIMER));
    machine.set_timer(0, 200);
    assert!(machine.kernel.resampled.is_empty(), "not before the end");
    machine.end_interrupt(0, TIMER);
    assert_eq!(
        machine.kernel.resampled,
        [(VcpuId(0), IntId::VIRTUAL_TIMER)]
    );
    machine.kernel.now = 200;
    assert_eq!(machine.timer_exit(0), Some(Outcome::Resume));
}

/// The guest must get on (no exit after exit), and must get the interrupt once it may.
#[test]
fn firing_while_disabled_is_neither_endless_nor_lost() {
    let mut machine = Machine::<1>::started();
    machine.set_timer(0, 0);
    assert_eq!(machine.timer_exit(0), Some(Outcome::Resume));
    assert_eq!(machine.pending(0), []);
    assert_eq!(machine.timer_exit(0), None, "it stays masked");
    machine.enable(TIMER);
    assert_eq!(machine.timer_exit(0), Some(Outcome::Resume), "asked again");
    assert_eq!(machine.pending(0), [TIMER]);
}

#[test]
fn a_timer_that_was_stopped_while_disabled_does_not_come() {
    let mut machine = Machine::<1>::started();
    machine.set_timer(0, 0);
    machine.timer_exit(0);
    machine.vcpu(0).set_system(SystemRegister::CntvCtlEl0, 0);
    machine.enable(TIMER);
    assert_eq!(machine.timer_exit(0), None);
    assert_eq!(machine.pending(0), []);
}

/// It fired while disabled, so the kernel masks it, and then the guest enables it and sleeps.
#[test]
fn a_sleep_after_a_tick_while_disabled_ends() {
    let mut machine = Machine::<1>::started();
    machine.set_timer(0, 0);
    machine.timer_exit(0);
    machine.enable(TIMER);
    if machine.timer_exit(0).is_none() {
        machine.wfi();
        machine.time(1);
    }
    assert_eq!(machine.thread(0), Thread::Running);
    assert_eq!(machine.pending(0), [TIMER]);
}

#[test]
fn each_vcpu_has_its_own() {
    let mut machine = Machine::<2>::started();
    machine.smc(&[0xc400_0003, 1, crate::model::ENTRY, 0]);
    for vcpu in 0..2 {
        machine.enable_for(vcpu, TIMER, 0xa0);
    }
    machine.kernel.resampled.clear();
    machine.set_timer(1, 0);
    assert_eq!(machine.timer_exit(1), Some(Outcome::Resume));
    assert_eq!(
        (machine.pending(0), machine.pending(1)),
        (vec![], vec![TIMER])
    );
    machine.acknowledge(1);
    machine.end_interrupt(1, TIMER);
    assert_eq!(
        machine.kernel.resampled,
        [(VcpuId(1), IntId::VIRTUAL_TIMER)]
    );
}

/// The VMM learns of it at the guest's next exit.
#[test]
fn a_deadline_that_moves_on_takes_a_waiting_interrupt_back() {
    let mut machine = Machine::<1>::started();
    machine.enable(TIMER);
    machine.set_timer(0, 100);
    machine.kernel.now = 100;
    machine.timer_exit(0);
    assert_eq!(machine.pending(0), [TIMER]);
    assert_ne!(machine.read_distributor(0x200), 0, "still due");
    assert_eq!(machine.pending(0), [TIMER]);
    machine.set_timer(0, 500);
    assert_eq!(machine.read_distributor(0x200), 0);
    assert_eq!(machine.pending(0), []);
    assert_eq!(machine.wfi(), Outcome::Block, "nothing waits");
    machine.time(500);
    assert_eq!(machine.timer_exit(0), Some(Outcome::Resume));
    assert_eq!(machine.pending(0), [TIMER]);
}

#[test]
fn a_handler_that_moves_the_deadline_on_ends_its_interrupt_itself() {
    let mut machine = Machine::<1>::started();
    machine.enable(TIMER);
    machine.set_timer(0, 100);
    machine.kernel.now = 100;
    machine.timer_exit(0);
    machine.acknowledge(0);
    machine.kernel.resampled.clear();
    machine.set_timer(0, 500);
    machine.read_distributor(0x200);
    assert!(machine.kernel.resampled.is_empty(), "not before the end");
    machine.end_interrupt(0, TIMER);
    assert_eq!(machine.kernel.resampled.len(), 1);
}
