//! Several vCPUs: interrupts between them, and those that find their target off.

use vmm_machine::{outcome::Outcome, register::SystemRegister};

use crate::model::{ENTRY, Machine, Thread, UART_CHANNEL, UART_INTERRUPT};

const CPU_OFF: u64 = 0x8400_0002;
const CPU_ON: u64 = 0xc400_0003;
const SGIR: u64 = 0xf00;
const TIMER: u16 = 27;

/// Two vCPUs that run, the distributor enabled.
fn two() -> Machine<2> {
    let mut machine = Machine::started();
    machine.write_distributor(0, 1);
    machine.smc(&[CPU_ON, 1, ENTRY, 0]);
    machine
}

#[test]
fn an_sgi_wakes_its_target() {
    let mut machine = two();
    machine.wfi_of(1);
    machine.write_distributor(SGIR, 1 << 17 | 5);
    assert_eq!(machine.thread(1), Thread::Running);
    assert_eq!((machine.pending(0), machine.pending(1)), (vec![], vec![5]));
}

#[test]
fn an_sgi_to_all_others_and_to_itself() {
    let mut machine = two();
    machine.write_distributor_of(1, SGIR, 1 << 24 | 3);
    assert_eq!((machine.pending(0), machine.pending(1)), (vec![3], vec![]));
    machine.write_distributor_of(1, SGIR, 2 << 24 | 4);
    assert_eq!(machine.pending(1), [4]);
}

#[test]
fn three_sgis_while_masked_are_one() {
    let mut machine = two();
    for _ in 0..3 {
        machine.write_distributor(SGIR, 2 << 24 | 4);
    }
    assert_eq!(machine.pending(0), [4]);
    machine.acknowledge(0);
    machine.end_interrupt(0, 4);
    assert_eq!(machine.pending(0), []);
}

#[test]
fn an_interrupt_goes_where_its_target_register_says_and_wakes() {
    let mut machine = two();
    machine.enable_for(1, UART_INTERRUPT, 0xa0);
    machine.wfi_of(0);
    machine.wfi_of(1);
    machine.fire(UART_CHANNEL, UART_INTERRUPT);
    assert_eq!(machine.thread(0), Thread::Inactive);
    assert_eq!(machine.thread(1), Thread::Running);
    assert_eq!(machine.pending(1), [UART_INTERRUPT]);
}

#[test]
fn an_interrupt_for_a_vcpu_that_goes_off_is_not_lost() {
    let mut machine = two();
    machine.enable_for(1, UART_INTERRUPT, 0xa0);
    machine.fire(UART_CHANNEL, UART_INTERRUPT);
    machine.smc_of(1, &[CPU_OFF]);
    machine.byte_target(UART_INTERRUPT, 1);
    // A level is asked for once more before it is delivered late.
    machine.fire(UART_CHANNEL, UART_INTERRUPT);
    assert_eq!(machine.pending(0), [UART_INTERRUPT]);
}

/// A vCPU goes off in its timer's handler; the timer's registers are its own after that too.
#[test]
fn a_vcpu_that_comes_back_has_no_past() {
    let mut machine = two();
    machine.enable_for(1, TIMER, 0xa0);
    machine.set_timer(1, 100);
    machine.wfi_of(1);
    machine.time(100);
    assert_eq!(machine.thread(1), Thread::Running);
    machine.timer_exit(1);
    assert_eq!(machine.acknowledge(1), Some(TIMER));
    machine.smc_of(1, &[CPU_OFF]);
    machine.smc(&[CPU_ON, 1, ENTRY, 0]);
    assert_eq!(machine.system(1, SystemRegister::CntvCtlEl0), 0);
    machine.vcpu(1).set_system(SystemRegister::CntvCtlEl0, 3);
    machine.end_interrupt(1, TIMER);
    let control = machine.system(1, SystemRegister::CntvCtlEl0);
    assert_eq!(control, 3);
}

/// It slept while the distributor was off, so its timer counted for nothing then.
#[test]
fn a_sleepers_timer_counts_once_another_enables_the_distributor() {
    for fired_before in [true, false] {
        let mut machine = two();
        machine.enable_for(1, TIMER, 0xa0);
        machine.write_distributor(0, 0);
        machine.kernel.now = 50;
        machine.set_timer(1, if fired_before { 50 } else { 100 });
        assert_eq!(machine.timer_exit(1).is_some(), fired_before);
        assert_eq!(machine.wfi_of(1), Outcome::Block);
        assert_eq!(machine.kernel.alarm(), None);
        machine.write_distributor(0, 1);
        machine.time(100);
        assert_eq!(machine.thread(1), Thread::Running);
        machine.timer_exit(1);
        assert_eq!(machine.pending(1), [TIMER]);
    }
}

#[test]
fn all_may_sleep_at_once() {
    let mut machine = two();
    assert_eq!(machine.wfi_of(0), Outcome::Block);
    assert_eq!(machine.wfi_of(1), Outcome::Block);
    assert_eq!(machine.kernel.alarm(), None);
}

/// Each way to let an interrupt through to a vCPU that sleeps, by a write of another vCPU.
#[test]
fn whatever_makes_an_interrupt_deliverable_wakes() {
    const UART_BIT: u64 = 1 << (UART_INTERRUPT - 32);
    const ISPENDR: u64 = 0x204;
    // First what closes the way, then what opens it.
    type Step = fn(&mut Machine<2>);
    let ways: [(&str, Step, Step); 5] = [
        (
            "GICD_ISPENDR",
            |_| {},
            |machine| machine.write_distributor(ISPENDR, UART_BIT),
        ),
        (
            "GICD_ISENABLER",
            |machine| machine.write_distributor(0x184, UART_BIT),
            |machine| machine.write_distributor(0x104, UART_BIT),
        ),
        (
            "GICD_ICACTIVER",
            |machine| machine.write_distributor(0x304, UART_BIT),
            |machine| machine.write_distributor(0x384, UART_BIT),
        ),
        (
            "GICD_ITARGETSR",
            |machine| machine.byte_target(UART_INTERRUPT, 0),
            |machine| machine.byte_target(UART_INTERRUPT, 2),
        ),
        (
            "GICD_CTLR",
            |machine| machine.write_distributor(0, 0),
            |machine| machine.write_distributor(0, 1),
        ),
    ];
    for (name, close, open) in ways {
        let mut machine = two();
        machine.enable_for(1, UART_INTERRUPT, 0xa0);
        close(&mut machine);
        if name != "GICD_ISPENDR" {
            machine.write_distributor(ISPENDR, UART_BIT);
        }
        assert_eq!(machine.wfi_of(1), Outcome::Block, "{name}");
        open(&mut machine);
        assert_eq!(machine.thread(1), Thread::Running, "{name}");
        assert_eq!(machine.pending(1), [UART_INTERRUPT], "{name}");
    }
}

#[test]
fn the_next_target_wakes_when_the_first_goes_off() {
    let mut machine = two();
    machine.enable_for(1, UART_INTERRUPT, 0xa0);
    machine.byte_target(UART_INTERRUPT, 3);
    machine.wfi_of(1);
    machine.write_distributor(0x204, 1 << (UART_INTERRUPT - 32));
    assert_eq!(machine.pending(0), [UART_INTERRUPT]);
    machine.smc_of(0, &[CPU_OFF]);
    assert_eq!(machine.thread(1), Thread::Running);
    assert_eq!(machine.pending(1), [UART_INTERRUPT]);
}

#[test]
fn an_sgi_to_a_vcpu_that_is_off_waits_until_it_is_on() {
    let mut machine = Machine::<2>::started();
    machine.write_distributor(0, 1);
    machine.write_distributor(SGIR, 1 << 17 | 5);
    assert_eq!(machine.pending(1), []);
    machine.smc(&[CPU_ON, 1, ENTRY, 0]);
    assert_eq!(machine.pending(1), [5]);
    machine.smc_of(1, &[CPU_OFF]);
    machine.write_distributor(SGIR, 1 << 17 | 6);
    assert_eq!(machine.pending(1), [5], "it is off");
    machine.smc(&[CPU_ON, 1, ENTRY, 0]);
    assert_eq!(machine.pending(1), [5, 6]);
}
