//! Fault messages, the monitor, and registers of a faulted thread.
use super::*;

const DATA_ABORT: u64 = 0x93c5_8046;

#[test]
fn a_vcpus_access_fault_reaches_its_vmm_and_an_answer_restarts_it() {
    let mut system = System::new();
    system.start_vcpu();
    system.enter(DATA_ABORT, 0x900_0018);
    assert_eq!(system.current(), Some(VMM));
    assert_eq!(system.badge(VMM), 1 << 62);
    let words = vec![0x4000_0000, 0x900_0018, 0, DATA_ABORT];
    assert_eq!(system.message(VMM), (6, words));
    let (error, registers) = system.invoke(slot::VM_TCB, label::TCB_READ_REGISTERS, &[0, 4]);
    assert_eq!((error, registers), (0, vec![0x4000_0000, 0, 0x3c5, 7]));
    let write = [0, 1, 0x4000_0004];
    assert_eq!(
        system
            .invoke(slot::VM_TCB, label::TCB_WRITE_REGISTERS, &write)
            .0,
        0
    );
    system.x(VMM)[8] = slot::REPLY;
    system.call(syscall::NB_SEND_RECV, slot::INPUT, MessageInfo::new(), &[]);
    assert_eq!(system.current(), Some(VCPU));
    assert_eq!(system.kernel.thread(VCPU).context.elr, 0x4000_0004);
}

#[test]
fn an_interrupted_vcpu_goes_on_where_it_was() {
    let mut system = System::new();
    system.start_vcpu();
    system.kernel.thread_mut(VCPU).context.elr = 0x4000_1230;
    system.interrupt(27);
    assert_eq!(system.message(VMM), (9, vec![27]));
    system.x(VMM)[6] = slot::REPLY;
    system.call(syscall::REPLY_RECV, slot::INPUT, MessageInfo::new(), &[]);
    assert_eq!(system.current(), Some(VCPU));
    assert_eq!(system.kernel.thread(VCPU).context.elr, 0x4000_1230);
}

#[test]
fn an_unknown_system_call_is_answered_through_registers() {
    let mut system = System::new();
    system.start_vcpu();
    let context = &mut system.kernel.thread_mut(VCPU).context;
    context.x[0] = 0x8400_0000;
    context.x[7] = 0;
    context.elr = 0x4000_0010;
    system.enter(HVC, 0);
    let (fault, words) = system.message(VMM);
    assert_eq!((fault, words.len()), (2, 13));
    assert_eq!(
        (words[0], words[8], words[10], words[12]),
        (0x8400_0000, 0x4000_000c, 0x4000_0010, 0)
    );
    let answer = [0x1_0001, 0, 0, 0, 0, 0, 0, 0, 0x4000_0010];
    system.call(
        syscall::REPLY_RECV,
        slot::INPUT,
        MessageInfo::reply(0, 9),
        &answer,
    );
    assert_eq!(system.current(), Some(VCPU));
    let context = &system.kernel.thread(VCPU).context;
    assert_eq!((context.x[0], context.elr), (0x1_0001, 0x4000_0010));
}

#[test]
fn an_answer_with_a_label_leaves_the_thread_stopped() {
    let mut system = System::new();
    system.start_vcpu();
    system.x(VCPU)[7] = 5;
    system.enter(HVC, 0);
    system.call(
        syscall::REPLY_RECV,
        slot::INPUT,
        MessageInfo::reply(1, 0),
        &[],
    );
    assert_eq!(system.state(VCPU), State::Inactive);
}

#[test]
fn a_guests_hvc_can_be_a_system_call_on_its_empty_space() {
    let mut system = System::new();
    system.start_vcpu();
    let context = &mut system.kernel.thread_mut(VCPU).context;
    context.x[0] = 0x4000;
    context.x[7] = syscall::SEND.cast_unsigned();
    context.elr += 4;
    system.enter(HVC, 0);
    let words = vec![0x4000_0000, 0x4000, 0, 4, 64, 0, 55];
    assert_eq!(system.message(VMM), (1, words));
}

#[test]
fn the_monitor_prints_a_fault_and_the_thread_stays_stopped() {
    let mut system = System::with(|builder| builder.threads[2].stack_bottom = 0x9000);
    system.interrupt(30);
    let _ = console::take();
    system.enter(0x9200_0046, 0x8ff8);
    let text = console::take();
    for line in [
        "MON|ERROR: received message 0x00000006  badge: 0x0000000000000003  tcb cap: 0x000000000000000c\n",
        "MON|ERROR: faulting PD: client\n",
        "MON|ERROR: VMFault: ip=",
        "MON|ERROR:   dfsc = translation fault, level 2 (0x00000006) -- write not read\n",
        "MON|ERROR: potential stack overflow, fault address within one page outside of stack region\n",
    ] {
        assert!(text.contains(line), "{line:?} not in {text}");
    }
    assert_eq!(system.state(CLIENT), State::Inactive);
}

#[test]
fn release_prints_nothing() {
    let mut system = System::new();
    system.kernel.configuration = configuration::RELEASE;
    system.interrupt(30);
    let _ = console::take();
    system.call(syscall::CALL, 9, MessageInfo::new(), &[]);
    system.call(
        syscall::DEBUG_PUT_CHAR,
        u64::from(b'x'),
        MessageInfo::new(),
        &[],
    );
    assert_eq!(system.state(CLIENT), State::Inactive);
    assert_eq!(console::take(), "");
}

#[test]
fn bad_register_counts_are_refused() {
    let mut system = System::new();
    system.wake_vmm();
    let read = label::TCB_READ_REGISTERS;
    assert_eq!(system.invoke(slot::VM_TCB, read, &[0]), (7, vec![]));
    assert_eq!(system.invoke(slot::VM_TCB, read, &[0, 0]), (4, vec![1, 36]));
    assert_eq!(
        system.invoke(slot::VM_TCB, read, &[0, 37]),
        (4, vec![1, 36])
    );
    let write = label::TCB_WRITE_REGISTERS;
    assert_eq!(system.invoke(slot::VM_TCB, write, &[0, 2, 5]), (7, vec![]));
    assert_eq!(system.invoke(slot::VM_TCB, 1, &[]), (3, vec![]));
}
