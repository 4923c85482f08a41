//! Virtual interrupts, vCPU registers and the virtual timer.
use super::*;
use crate::list_register::ListRegister;

fn inject(system: &mut System, word: u64) -> (u64, Vec<u64>) {
    system.invoke(slot::VCPU, label::VCPU_INJECT_IRQ, &[word])
}

#[test]
fn injections_out_of_range_are_refused_with_the_range() {
    let mut system = System::new();
    system.wake_vmm();
    assert_eq!(inject(&mut system, 1024), (4, vec![0, 1023]));
    assert_eq!(inject(&mut system, 5 | 32 << 16), (4, vec![0, 31]));
    assert_eq!(inject(&mut system, 5 | 2 << 24), (4, vec![0, 1]));
    assert_eq!(inject(&mut system, 5 | 4 << 32), (4, vec![0, 3]));
    let answer = system.invoke(slot::VCPU, label::VCPU_INJECT_IRQ, &[]);
    assert_eq!(answer, (7, vec![]));
}

#[test]
fn a_pending_interrupt_is_overwritten_but_an_active_one_is_not() {
    let mut system = System::new();
    system.wake_vmm();
    assert_eq!(inject(&mut system, 40).0, 0);
    assert_eq!(inject(&mut system, 41).0, 0);
    let saved = &mut system.kernel.vcpus[0].list_registers[0];
    assert_eq!(saved.intid(), 41);
    *saved = saved.with_state(crate::list_register::ACTIVE);
    assert_eq!(inject(&mut system, 42), (8, vec![]));
}

#[test]
fn the_end_of_an_interrupt_is_told_once() {
    let mut system = System::new();
    system.start_vcpu();
    gich::set_list_register(2, ListRegister::new().with_intid(40).with_maintenance(true));
    system.interrupt(25);
    assert_eq!(system.message(VMM), (7, vec![2]));
    assert!(!gich::list_register(2).maintenance());
}

#[test]
fn the_virtual_timer_is_masked_until_it_is_acknowledged() {
    let mut system = System::new();
    system.start_vcpu();
    assert!(!gic::is_masked(27));
    system.interrupt(27);
    assert_eq!(system.message(VMM), (9, vec![27]));
    system.call(syscall::REPLY_RECV, slot::INPUT, MessageInfo::new(), &[]);
    assert_eq!(system.current(), Some(VCPU));
    assert!(gic::is_masked(27));
    system.enter(0x5e00_0000, 0);
    assert_eq!(system.message(VMM), (8, vec![0x5e00_0000]));
    let answer = system.invoke(slot::VCPU, label::VCPU_ACK_VPPI, &[27]);
    assert_eq!(answer, (0, vec![]));
    let other = system.invoke(slot::VCPU, label::VCPU_ACK_VPPI, &[26]);
    assert_eq!(other, (1, vec![0]));
    let large = system.invoke(slot::VCPU, label::VCPU_ACK_VPPI, &[160]);
    assert_eq!(large, (4, vec![0, 159]));
    system.call(syscall::REPLY_RECV, slot::INPUT, MessageInfo::new(), &[]);
    assert!(!gic::is_masked(27));
}

#[test]
fn registers_are_read_from_where_they_are() {
    let mut system = System::new();
    system.start_vcpu();
    crate::machine::el1::write(VcpuRegister::CntvCval, 1234);
    crate::machine::el1::write(VcpuRegister::Vbar, 0x800);
    system.enter(0x5e00_0000, 0);
    // Saved when the vCPU was left, and changed in the hardware since.
    crate::machine::el1::write(VcpuRegister::CntvCval, 99);
    let read = |system: &mut System, number| {
        let (error, words) = system.invoke(slot::VCPU, label::VCPU_READ_REG, &[number]);
        (error, words[0])
    };
    assert_eq!(read(&mut system, 21), (0, 1234));
    assert_eq!(read(&mut system, 14), (0, 0x800));
    assert_eq!(read(&mut system, 24), (1, 1));
    let write = [14, 0xc00];
    assert_eq!(
        system.invoke(slot::VCPU, label::VCPU_WRITE_REG, &write).0,
        0
    );
    assert_eq!(crate::machine::el1::read(VcpuRegister::Vbar), 0xc00);
}

#[test]
fn resuming_by_write_drops_the_fault_and_a_late_answer_does_nothing() {
    let mut system = System::new();
    system.start_vcpu();
    system.enter(0x5e00_0000, 0);
    let write = [1, 1, 0x4000_0040];
    assert_eq!(
        system
            .invoke(slot::VM_TCB, label::TCB_WRITE_REGISTERS, &write)
            .0,
        0
    );
    assert_eq!(system.state(VCPU), State::Restart);
    system.call(syscall::REPLY_RECV, slot::INPUT, MessageInfo::new(), &[]);
    assert_eq!(system.current(), Some(VCPU));
    assert_eq!(system.kernel.thread(VCPU).context.elr, 0x4000_0040);
}
