//! WFI: the vCPU is suspended until it has an interrupt to take.

use vmm_machine::{
    exit::VmExit,
    outcome::{End, Outcome},
    register::SystemRegister,
};

use crate::model::{ENTRY, Machine, Setup, Thread, UART_CHANNEL, UART_INTERRUPT, WAKE_CHANNEL};

const TIMER: u16 = 27;
const ENABLED: u64 = 1;
const ENABLED_AND_MASKED: u64 = 3;

fn timer_control<const VCPUS: usize>(machine: &Machine<VCPUS>, vcpu: u8) -> u64 {
    machine.system(vcpu, SystemRegister::CntvCtlEl0)
}

/// Asleep until its timer fires at 1000.
fn asleep() -> Machine {
    let mut machine = Machine::started();
    machine.enable(TIMER);
    machine.set_timer(0, 1000);
    assert_eq!(machine.wfi(), Outcome::Block);
    assert_eq!(machine.kernel.alarm(), Some(1000));
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

/// The kernel does not watch the timer of a sleeper, and must not report it once more.
#[test]
fn the_alarm_wakes_with_the_timers_interrupt() {
    let mut machine = asleep();
    machine.time(999);
    assert_eq!(machine.thread(0), Thread::Inactive);
    machine.time(1000);
    assert_eq!(machine.thread(0), Thread::Running);
    assert_eq!(machine.pending(0), [TIMER]);
    assert_eq!(timer_control(&machine, 0), ENABLED_AND_MASKED);
    assert_eq!(machine.timer_exit(0), None, "masked at its source");
    assert_eq!(machine.kernel.alarm(), None);
}

#[test]
fn the_mask_goes_with_the_end_of_the_interrupt() {
    let mut machine = asleep();
    machine.time(1000);
    assert_eq!(machine.acknowledge(0), Some(TIMER));
    machine.end_interrupt(0, TIMER);
    assert_eq!(timer_control(&machine, 0), ENABLED);
    assert_eq!(machine.timer_exit(0), Some(Outcome::Resume), "still due");
    assert_eq!(machine.pending(0), [TIMER], "once more, as a level does");
}

#[test]
fn a_timer_that_the_guest_has_programmed_since_is_left_alone() {
    for control in [0, ENABLED, 2] {
        let mut machine = asleep();
        machine.time(1000);
        machine.acknowledge(0);
        machine.set_timer(0, 5000);
        machine
            .vcpu(0)
            .set_system(SystemRegister::CntvCtlEl0, control);
        machine.end_interrupt(0, TIMER);
        assert_eq!(timer_control(&machine, 0), control);
    }
}

/// The mask that the VMM set for one sleep is not looked for after the next interrupt.
#[test]
fn a_mask_of_the_guests_own_stays() {
    let mut machine = asleep();
    machine.time(1000);
    machine.acknowledge(0);
    machine.set_timer(0, 2000);
    machine.end_interrupt(0, TIMER);
    machine.kernel.now = 2000;
    assert_eq!(machine.timer_exit(0), Some(Outcome::Resume));
    machine.acknowledge(0);
    let control = SystemRegister::CntvCtlEl0;
    machine.vcpu(0).set_system(control, ENABLED_AND_MASKED);
    machine.end_interrupt(0, TIMER);
    assert_eq!(timer_control(&machine, 0), ENABLED_AND_MASKED);
}

#[test]
fn a_spurious_alarm_wakes_nobody() {
    let mut machine = asleep();
    machine.notify(&[WAKE_CHANNEL]);
    assert_eq!(machine.thread(0), Thread::Inactive);
    assert_eq!(machine.kernel.alarm(), Some(1000), "set again");
    machine.time(1000);
    machine.notify(&[WAKE_CHANNEL]);
    assert_eq!(machine.pending(0), [TIMER], "once");
}

#[test]
fn a_deadline_of_long_ago_wakes_at_once() {
    let mut machine = Machine::<1>::started();
    machine.kernel.now = 1_000_000;
    machine.enable(TIMER);
    machine.set_timer(0, 10);
    // The kernel would have reported it; a guest may be faster than that.
    machine.wfi();
    assert_eq!(machine.kernel.alarm(), Some(10));
    machine.time(1_000_000);
    assert_eq!(machine.thread(0), Thread::Running);
}

#[test]
fn the_counters_offset_counts() {
    let mut machine = Machine::<1>::started();
    machine.enable(TIMER);
    machine.set_timer(0, 1000);
    machine.vcpu(0).set_system(SystemRegister::CntvoffEl2, 500);
    machine.wfi();
    assert_eq!(machine.kernel.alarm(), Some(1500));
    machine.time(1499);
    assert_eq!(machine.thread(0), Thread::Inactive);
    machine.time(1500);
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
    assert_eq!(machine.kernel.alarm(), Some(1000));
    machine.time(1000);
    assert_eq!(machine.thread(1), Thread::Running);
    assert_eq!(machine.kernel.alarm(), Some(2000));
    machine.time(3000);
    assert_eq!(machine.thread(2), Thread::Running, "two at once");
    assert_eq!(machine.thread(0), Thread::Running);
    assert_eq!(machine.kernel.alarm(), None);
    for vcpu in 0..3 {
        assert_eq!(machine.pending(vcpu), [TIMER]);
    }
}

#[test]
fn who_wakes_early_takes_its_alarm_along() {
    let mut machine = asleep();
    machine.vcpu(0).thread = Thread::Inactive;
    machine.notify(&[UART_CHANNEL]);
    assert_eq!(machine.kernel.alarm(), Some(1000), "not enabled");
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
/// waits, and must not be lost while its line is masked at the source.
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
