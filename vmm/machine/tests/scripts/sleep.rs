//! WFI: the vCPU is suspended until it has an interrupt to take.

use vmm_machine::{
    exit::VmExit,
    outcome::{End, Outcome},
    register::SystemRegister,
};

use crate::model::{ENTRY, Machine, Setup, Thread, UART_CHANNEL, UART_INTERRUPT, WAKE_CHANNEL};

const TIMER: u16 = 27;
/// Counts by which the alarm is earlier than a sleeper's deadline.
const LEAD: u64 = 128;

fn timer_control<const VCPUS: usize>(machine: &Machine<VCPUS>, vcpu: u8) -> u64 {
    machine.system(vcpu, SystemRegister::CntvCtlEl0)
}

/// Asleep until its timer fires at 1000.
fn asleep() -> Machine {
    let mut machine = Machine::started();
    machine.enable(TIMER);
    machine.set_timer(0, 1000);
    assert_eq!(machine.wfi(), Outcome::Block);
    assert_eq!(machine.kernel.alarm(), Some(1000 - LEAD));
    machine
}

#[test]
fn nothing_to_do() {
    let mut machine = Machine::<1>::started();
    assert_eq!(machine.wfi(), Outcome::Block);
    assert_eq!(
        machine.vcpu(0).pc,
        ENTRY + 4,
        "an interrupt returns behind it"
    );
    assert_eq!(machine.thread(0), Thread::Inactive);
    assert_eq!(machine.kernel.alarm(), None);
}

#[test]
fn an_interrupt_that_waits_ends_the_sleep_before_it_begins() {
    let mut machine = Machine::<1>::started();
    machine.enable(UART_INTERRUPT);
    machine.fire(UART_CHANNEL, UART_INTERRUPT);
    let pc = machine.vcpu(0).pc;
    assert_eq!(machine.wfi(), Outcome::Resume);
    assert_eq!(machine.vcpu(0).pc, pc + 4);
    machine.acknowledge(0);
    machine.end_interrupt(0, UART_INTERRUPT);
    assert_eq!(machine.wfi(), Outcome::Block, "it is done");
}

#[test]
fn a_device_wakes() {
    let mut machine = Machine::<1>::started();
    machine.enable(UART_INTERRUPT);
    machine.wfi();
    machine.fire(UART_CHANNEL, UART_INTERRUPT);
    assert_eq!(machine.thread(0), Thread::Running);
    assert_eq!(machine.pending(0), [UART_INTERRUPT]);
}

#[test]
fn a_device_that_is_disabled_does_not_wake() {
    let mut machine = Machine::<1>::started();
    machine.wfi();
    machine.fire(UART_CHANNEL, UART_INTERRUPT);
    assert_eq!(machine.thread(0), Thread::Inactive);
}

/// A sleeper is let go a little early; its interrupt comes from its timer.
#[test]
fn the_alarm_wakes_and_the_timer_interrupts() {
    let mut machine = asleep();
    machine.time(999 - LEAD);
    assert_eq!(machine.thread(0), Thread::Inactive);
    machine.time(1000 - LEAD);
    assert_eq!(machine.thread(0), Thread::Running);
    assert_eq!(machine.kernel.alarm(), None);
    assert_eq!(machine.timer_exit(0), None, "not yet");
    assert_eq!(machine.wfi(), Outcome::Resume, "not worth another sleep");
    machine.kernel.now = 1000;
    assert_eq!(machine.timer_exit(0), Some(Outcome::Resume));
    assert_eq!(machine.pending(0), [TIMER]);
}

/// CNTV_CTL_EL0 is the guest's own, whatever it is, before and after its interrupt.
#[test]
fn the_timers_registers_are_left_alone() {
    for control in [0, 1, 2, 3] {
        let mut machine = asleep();
        machine.time(1000);
        assert_eq!(timer_control(&machine, 0), 1);
        machine.timer_exit(0);
        assert_eq!(machine.acknowledge(0), Some(TIMER));
        let register = SystemRegister::CntvCtlEl0;
        machine.vcpu(0).set_system(register, control);
        machine.end_interrupt(0, TIMER);
        assert_eq!(timer_control(&machine, 0), control);
    }
}

/// Woken early, the guest moves its deadline on: there is no interrupt.
#[test]
fn a_deadline_that_moves_on_takes_its_interrupt_along() {
    let mut machine = asleep();
    machine.time(1000 - LEAD);
    machine.set_timer(0, 5000);
    machine.kernel.now = 1000;
    assert_eq!(machine.timer_exit(0), None);
    assert_eq!(machine.pending(0), []);
    assert_eq!(machine.wfi(), Outcome::Block);
    assert_eq!(machine.kernel.alarm(), Some(5000 - LEAD));
}

/// A handler that waits for another interrupt: its own timer, still due, cannot end the wait.
#[test]
fn a_timer_that_has_fired_ends_no_wait() {
    let mut machine = Machine::<1>::started();
    machine.enable(TIMER);
    machine.set_timer(0, 1000);
    machine.kernel.now = 1000;
    machine.timer_exit(0);
    machine.acknowledge(0);
    // The kernel refuses to merge another with it, so that it is known to be active.
    machine.write_distributor(0x200, 1 << TIMER);
    assert_eq!(machine.wfi(), Outcome::Block);
    assert_eq!(machine.kernel.alarm(), None);
}

#[test]
fn a_spurious_alarm_wakes_nobody() {
    let mut machine = asleep();
    machine.notify(&[WAKE_CHANNEL]);
    assert_eq!(machine.thread(0), Thread::Inactive);
    assert_eq!(machine.kernel.alarm(), Some(1000 - LEAD), "set again");
    machine.time(1000);
    machine.notify(&[WAKE_CHANNEL]);
    assert_eq!(machine.thread(0), Thread::Running);
}

/// The kernel would have reported it; a guest may be faster than that.
#[test]
fn a_deadline_of_long_ago_ends_the_sleep_before_it_begins() {
    for deadline in [10, 1_000_000, 1_000_000 + LEAD] {
        let mut machine = Machine::<1>::started();
        machine.kernel.now = 1_000_000;
        machine.enable(TIMER);
        machine.set_timer(0, deadline);
        assert_eq!(machine.wfi(), Outcome::Resume);
    }
}

#[test]
fn the_counters_offset_counts() {
    let mut machine = Machine::<1>::started();
    machine.enable(TIMER);
    machine.set_timer(0, 1000);
    machine.vcpu(0).set_system(SystemRegister::CntvoffEl2, 500);
    machine.wfi();
    assert_eq!(machine.kernel.alarm(), Some(1500 - LEAD));
    machine.time(1499 - LEAD);
    assert_eq!(machine.thread(0), Thread::Inactive);
    machine.time(1500 - LEAD);
    assert_eq!(machine.thread(0), Thread::Running);
}

#[test]
fn a_timer_that_cannot_interrupt_sets_no_alarm() {
    for (control, is_enabled) in [(0, true), (3, true), (1, false)] {
        let mut machine = Machine::<1>::started();
        if is_enabled {
            machine.enable(TIMER);
        }
        machine.set_timer(0, 1000);
        let register = SystemRegister::CntvCtlEl0;
        machine.vcpu(0).set_system(register, control);
        assert_eq!(machine.wfi(), Outcome::Block);
        assert_eq!(machine.kernel.alarm(), None, "CNTV_CTL {control}");
    }
}

/// Boards whose SDK exports no timer: the guest waits by itself.
#[test]
fn without_a_wake_source_the_guest_goes_on() {
    let mut machine = Machine::<1>::with(&Setup {
        has_wake_source: false,
        ..Setup::default()
    });
    let pc = machine.vcpu(0).pc;
    assert_eq!(machine.wfi(), Outcome::Resume);
    assert_eq!(machine.vcpu(0).pc, pc + 4);
    assert_eq!(machine.kernel.alarm(), None);
}

#[test]
fn several_sleepers_wake_in_the_order_of_their_deadlines() {
    let mut machine = Machine::<3>::started();
    for vcpu in 1..3_u64 {
        machine.smc(&[0xc400_0003, vcpu, ENTRY, 0]);
    }
    for (vcpu, deadline) in [(0, 3000), (1, 1000), (2, 2000)] {
        machine.enable_for(vcpu, TIMER, 0xa0);
        machine.set_timer(vcpu, deadline);
        machine.wfi_of(vcpu);
    }
    assert_eq!(machine.kernel.alarm(), Some(1000 - LEAD));
    machine.time(1000);
    assert_eq!(machine.thread(1), Thread::Running);
    assert_eq!(machine.kernel.alarm(), Some(2000 - LEAD));
    machine.time(3000);
    assert_eq!(machine.thread(2), Thread::Running, "two at once");
    assert_eq!(machine.thread(0), Thread::Running);
    assert_eq!(machine.kernel.alarm(), None);
    for vcpu in 0..3 {
        machine.timer_exit(vcpu);
        assert_eq!(machine.pending(vcpu), [TIMER]);
    }
}

#[test]
fn who_wakes_early_takes_its_alarm_along() {
    let mut machine = asleep();
    machine.vcpu(0).thread = Thread::Inactive;
    machine.notify(&[UART_CHANNEL]);
    assert_eq!(machine.kernel.alarm(), Some(1000 - LEAD), "not enabled");
    let mut machine = Machine::<1>::started();
    machine.enable(TIMER);
    machine.enable(UART_INTERRUPT);
    machine.set_timer(0, 1000);
    machine.wfi();
    machine.fire(UART_CHANNEL, UART_INTERRUPT);
    assert_eq!(machine.kernel.alarm(), None);
    machine.kernel.now = 1000;
    assert_eq!(
        machine.timer_exit(0),
        Some(Outcome::Resume),
        "the kernel watches"
    );
}

#[test]
fn the_end_of_the_guest_takes_the_alarm_along() {
    let mut machine = asleep();
    machine.end(End::PowerOff);
    assert_eq!(machine.kernel.alarm(), None);
    machine.notify(&[WAKE_CHANNEL]);
    assert_eq!(machine.thread(0), Thread::Inactive);
}

/// More urgent interrupts than list registers arrive with the alarm: the timer's interrupt
/// waits, and must not be lost.
#[test]
fn a_timer_that_finds_no_list_register_comes_later() {
    let mut machine = Machine::<1>::with(&Setup {
        list_registers: 1,
        ..Setup::default()
    });
    machine.enable_for(0, TIMER, 0xa0);
    machine.enable_for(0, UART_INTERRUPT, 0x40);
    machine.set_timer(0, 1000);
    machine.wfi();
    machine.kernel.now = 1000;
    machine.kernel.masked_lines.insert(UART_INTERRUPT);
    machine.notify(&[UART_CHANNEL, WAKE_CHANNEL]);
    assert_eq!(machine.pending(0), [UART_INTERRUPT]);
    machine.acknowledge(0);
    machine.end_interrupt(0, UART_INTERRUPT);
    while machine.timer_exit(0).is_some() {}
    assert_eq!(machine.pending(0), [TIMER], "it is still due");
}

/// The guest disables the timer's interrupt before it takes it, and enables it again.
#[test]
fn a_timer_that_makes_way_for_another_comes_later() {
    let mut machine = Machine::<1>::with(&Setup {
        list_registers: 1,
        ..Setup::default()
    });
    machine.enable_for(0, TIMER, 0xa0);
    machine.enable_for(0, UART_INTERRUPT, 0x40);
    machine.set_timer(0, 1000);
    machine.wfi();
    machine.time(1000);
    machine.timer_exit(0);
    assert_eq!(machine.pending(0), [TIMER]);
    machine.fire(UART_CHANNEL, UART_INTERRUPT);
    assert_eq!(machine.pending(0), [UART_INTERRUPT], "more urgent");
    machine.acknowledge(0);
    machine.end_interrupt(0, UART_INTERRUPT);
    while machine.timer_exit(0).is_some() {}
    assert_eq!(machine.pending(0), [TIMER], "it is still due");
}

#[test]
fn a_maintenance_exit_that_names_nothing_is_harmless() {
    let mut machine = Machine::<1>::started();
    for index in [None, Some(0), Some(3), Some(63)] {
        let outcome = machine.exit(VmExit::Maintenance { index });
        assert_eq!(outcome, Outcome::Resume);
    }
}
