//! A device of a user's: its registers, lines, channel and deferred work.

use vmm_machine::outcome::{End, Outcome};

use crate::model::{
    Machine, PROBE, PROBE_BYTES, PROBE_CHANNEL, PROBE_EDGE_INTERRUPT, PROBE_LEVEL_INTERRUPT,
    PROBE_SECOND, RAM, Thread, devices::register, load, store,
};

/// Started, with both interrupts of the probe enabled and the values 0x1111 and 0x2222.
fn machine<const VCPUS: usize>() -> Machine<VCPUS> {
    let mut machine = Machine::started();
    machine.enable(PROBE_LEVEL_INTERRUPT);
    let edge = 1 << (2 * (PROBE_EDGE_INTERRUPT % 16) + 1);
    machine.write_distributor(0xc00 + u64::from(PROBE_EDGE_INTERRUPT) / 16 * 4, edge);
    machine.enable(PROBE_EDGE_INTERRUPT);
    write(&mut machine, PROBE + register::VALUE, 0x1111);
    write(&mut machine, PROBE_SECOND + register::VALUE, 0x2222);
    machine
}

fn write<const VCPUS: usize>(machine: &mut Machine<VCPUS>, gpa: u64, value: u64) {
    machine.vcpu(0).x[3] = value;
    let outcome = machine.access(store(gpa).double().register(3));
    assert_eq!(outcome, Outcome::Resume);
}

fn read<const VCPUS: usize>(machine: &mut Machine<VCPUS>, gpa: u64) -> u64 {
    let outcome = machine.access(load(gpa).double().x().register(4));
    assert_eq!(outcome, Outcome::Resume);
    machine.vcpu(0).x[4]
}

#[test]
fn every_region_has_its_own_registers() {
    let mut machine = machine::<1>();
    assert_eq!(read(&mut machine, PROBE + register::VALUE), 0x1111);
    assert_eq!(read(&mut machine, PROBE_SECOND + register::VALUE), 0x2222);
}

#[test]
fn only_the_bits_of_the_access_count() {
    let mut machine = machine::<1>();
    machine.vcpu(0).x[3] = u64::MAX;
    machine.access(store(PROBE).byte().register(3));
    assert_eq!(read(&mut machine, PROBE), 0xff, "above them is zero");
    // A register that the device does not know reads as all ones, whatever the width.
    machine.access(load(PROBE + 0x38).half().register(4));
    assert_eq!(machine.vcpu(0).x[4], 0xffff);
}

#[test]
fn an_access_that_ends_outside_is_an_abort() {
    for gpa in [PROBE + PROBE_BYTES, PROBE_SECOND + PROBE_BYTES - 4] {
        let mut machine = machine::<1>();
        let pc = machine.vcpu(0).pc;
        machine.access(load(gpa).double().x().register(4));
        assert_ne!(machine.vcpu(0).pc, pc + 4, "{gpa:#x}");
    }
}

#[test]
fn a_level_is_pending_while_it_is_high() {
    let mut machine = machine::<1>();
    write(&mut machine, PROBE + register::LEVEL, 1);
    assert_eq!(machine.pending(0), [PROBE_LEVEL_INTERRUPT]);
    assert_eq!(machine.acknowledge(0), Some(PROBE_LEVEL_INTERRUPT));
    machine.end_interrupt(0, PROBE_LEVEL_INTERRUPT);
    assert_eq!(machine.pending(0), [PROBE_LEVEL_INTERRUPT], "still high");
    machine.acknowledge(0);
    write(&mut machine, PROBE + register::LEVEL, 0);
    machine.end_interrupt(0, PROBE_LEVEL_INTERRUPT);
    assert_eq!(machine.pending(0), [0; 0]);
}

#[test]
fn an_edge_is_one_interrupt_each_time() {
    let mut machine = machine::<1>();
    for _ in 0..2 {
        write(&mut machine, PROBE + register::EDGE, 1);
        assert_eq!(machine.acknowledge(0), Some(PROBE_EDGE_INTERRUPT));
        machine.end_interrupt(0, PROBE_EDGE_INTERRUPT);
        assert_eq!(machine.pending(0), [0; 0]);
    }
}

#[test]
fn a_notification_goes_to_the_channel_of_the_protection_domain() {
    let mut machine = machine::<1>();
    write(&mut machine, PROBE + register::NOTIFY, 1);
    assert_eq!(machine.kernel.notified, [PROBE_CHANNEL]);
}

#[test]
fn a_signal_reaches_the_device_and_wakes_the_guest() {
    let mut machine = machine::<1>();
    assert_eq!(machine.wfi(), Outcome::Block);
    machine.notify(&[PROBE_CHANNEL]);
    assert_eq!(machine.thread(0), Thread::Running);
    assert_eq!(machine.acknowledge(0), Some(PROBE_LEVEL_INTERRUPT));
    assert_eq!(read(&mut machine, PROBE + register::SIGNALS), 1);
}

#[test]
fn deferred_work_is_done_piece_by_piece() {
    let mut machine = machine::<1>();
    write(&mut machine, PROBE + register::DEFER, 2);
    assert!(machine.resume_devices(), "one piece is left");
    assert_eq!(read(&mut machine, PROBE + register::DEFER), 1);
    assert!(!machine.resume_devices());
    assert_eq!(machine.pending(0), [PROBE_LEVEL_INTERRUPT]);
}

#[test]
fn a_reset_lowers_lines_and_forgets_deferred_work() {
    let mut machine = machine::<1>();
    write(&mut machine, PROBE + register::LEVEL, 1);
    write(&mut machine, PROBE + register::DEFER, 2);
    machine.end(End::Reset);
    // Between two runs a signal is kept.
    machine.notify(&[PROBE_CHANNEL]);
    machine.reset();
    assert_eq!(read(&mut machine, PROBE + register::VALUE), 0);
    assert_eq!(read(&mut machine, PROBE + register::DEFER), 0);
    assert_eq!(read(&mut machine, PROBE + register::SIGNALS), 1);
    // The signal has raised the line of the new run.
    machine.enable(PROBE_LEVEL_INTERRUPT);
    assert_eq!(machine.pending(0), [PROBE_LEVEL_INTERRUPT]);
}

#[test]
fn a_device_starts_a_vcpu_that_is_off_and_no_other() {
    let mut machine = machine::<2>();
    write(&mut machine, PROBE + register::START, RAM + 0x4000);
    assert_eq!(machine.thread(1), Thread::Running);
    assert_eq!(machine.vcpu(1).pc, RAM + 0x4000);
    assert_eq!(machine.vcpu(1).x[0], 0x5a);
    write(&mut machine, PROBE + register::START, RAM + 0x5000);
    assert_eq!(machine.vcpu(1).pc, RAM + 0x4000, "it runs already");
}

#[test]
fn a_vcpu_starts_in_ram_only_and_must_exist() {
    let mut machine = machine::<2>();
    write(&mut machine, PROBE + register::START, PROBE);
    assert_ne!(machine.thread(1), Thread::Running);
    let mut machine = Machine::<1>::started();
    let pc = machine.vcpu(0).pc;
    write(&mut machine, PROBE + register::START, RAM);
    assert_eq!(machine.vcpu(0).pc, pc + 4, "there is one vCPU only");
}
