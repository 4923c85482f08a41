//! Calls, replies, notifications.
use super::*;

#[test]
fn a_call_runs_the_server_and_its_answer_the_client() {
    let mut system = System::new();
    system.interrupt(30);
    assert_eq!(system.current(), Some(CLIENT));
    let tag = MessageInfo::reply(9, 6);
    system.call(syscall::CALL, slot::ENDPOINT + 1, tag, &[1, 2, 3, 4, 5, 6]);
    assert_eq!(system.current(), Some(SERVER));
    assert_eq!(system.badge(SERVER), 1 << 63 | 5);
    assert_eq!(system.message(SERVER), (9, vec![1, 2, 3, 4, 5, 6]));
    let tag = MessageInfo::reply(77, 1);
    system.x(SERVER)[6] = slot::REPLY;
    system.call(syscall::REPLY_RECV, slot::INPUT, tag, &[8]);
    assert_eq!(system.current(), Some(CLIENT));
    assert_eq!(system.message(CLIENT), (77, vec![8]));
}

#[test]
fn a_second_receive_with_the_reply_in_use_drops_the_first_caller() {
    let mut system = System::new();
    system.interrupt(30);
    system.call(syscall::CALL, slot::ENDPOINT + 1, MessageInfo::new(), &[]);
    let _ = console::take();
    system.receive(SERVER);
    assert!(console::take().contains("Reply object already has unexecuted reply!"));
    assert_eq!(system.state(CLIENT), State::Inactive);
}

#[test]
fn a_reply_that_nobody_waits_for_does_nothing() {
    let mut system = System::new();
    system.wake_vmm();
    let answer = system.invoke(slot::REPLY, 1, &[5]);
    assert_eq!(answer, (0, vec![]));
    assert_eq!(system.current(), Some(VMM));
}

#[test]
fn after_wait_there_is_no_caller_to_answer() {
    let mut system = System::new();
    system.interrupt(30);
    system.call(
        syscall::SEND,
        slot::NOTIFICATION + 3,
        MessageInfo::new(),
        &[],
    );
    assert_eq!(system.current(), Some(SERVER));
    assert_eq!(system.badge(SERVER), 1 << 7);
    system.call(syscall::WAIT, slot::INPUT, MessageInfo::new(), &[]);
    assert_eq!(system.current(), Some(CLIENT));
    system.call(syscall::CALL, slot::ENDPOINT + 1, MessageInfo::new(), &[]);
    assert_eq!(system.current(), Some(SERVER));
    assert_eq!(system.state(CLIENT), State::Inactive);
}

#[test]
fn signals_gather_until_they_are_received() {
    let mut system = System::new();
    system.wake_vmm();
    for badge in [1, 4, 4, 0x20] {
        system
            .kernel
            .signal(crate::objects::NotificationId(0), badge);
    }
    system.receive(VMM);
    assert_eq!(system.current(), Some(VMM));
    assert_eq!(system.badge(VMM), 0x25);
}

#[test]
fn a_thread_is_not_invoked_before_a_receive() {
    let mut system = System::new();
    system.wake_vmm();
    let _ = console::take();
    system.x(VMM)[8] = slot::VM_TCB;
    let tag = MessageInfo::reply(label::TCB_RESUME, 0);
    system.call(syscall::NB_SEND_RECV, slot::INPUT, tag, &[]);
    assert!(console::take().contains("Cannot invoke thread capabilities in the first phase"));
    assert_eq!(system.state(VCPU), State::Inactive);
    assert!(matches!(system.state(VMM), State::Receiving { .. }));
}

#[test]
fn empty_slots_answer_a_call_and_ignore_a_send() {
    let mut system = System::new();
    system.wake_vmm();
    let _ = console::take();
    assert_eq!(system.invoke(9, 1, &[]), (2, vec![0]));
    let line = console::take();
    assert!(line.contains("[decodeInvocation/643 T"), "{line}");
    assert!(line.contains("\"vmm\" @200"), "{line}");
    assert!(
        line.contains("Attempted to invoke a null cap #9.>>"),
        "{line}"
    );
    system.call(syscall::SEND, 9, MessageInfo::new(), &[]);
    assert_eq!(system.current(), Some(VMM));
}

#[test]
fn badges_of_capabilities_to_the_same_endpoint_arrive() {
    let mut system = System::new();
    system.interrupt(30);
    system
        .kernel
        .set_buffer_word(CLIENT, 122, slot::ENDPOINT + 1);
    let tag = MessageInfo::reply(1, 0).with_extra_caps(1);
    system.call(syscall::CALL, slot::ENDPOINT + 1, tag, &[]);
    let info = MessageInfo::from_register(system.x(SERVER)[1]);
    assert_eq!((info.extra_caps(), info.caps_unwrapped()), (1, 1));
    assert_eq!(system.kernel.buffer_word(SERVER, 122), 1 << 63 | 5);
}
