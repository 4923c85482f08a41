//! Which registers and which words of the buffer a call uses, with a closure for a kernel.

extern crate std;

use std::boxed::Box;
use std::cell::RefCell;
use std::rc::Rc;
use std::vec::Vec;

use super::*;
use crate::sys::syscall::host::{Entry, set_kernel};
use crate::{MessageInfoBuilder, set_ipc_buffer, with_ipc_buffer};

/// Answers every call with `received`; the calls are noted.
fn kernel(received: Received) -> Rc<RefCell<Vec<Entry>>> {
    let entries = Rc::new(RefCell::new(Vec::new()));
    let noted = Rc::clone(&entries);
    set_kernel(move |entry, _| {
        noted.borrow_mut().push(entry);
        received
    });
    entries
}

fn answer(label: Word, registers: [Word; 4], badge: Word) -> Received {
    let info = sys::seL4_MessageInfo::new(label, 0, 0, 4);
    Received {
        message: Message { info, registers },
        badge,
    }
}

fn info(label: Word, length: usize) -> MessageInfo {
    MessageInfoBuilder::default()
        .label(label)
        .length(length)
        .build()
}

const INPUT: cap::Endpoint = Cap::from_bits(1);
const REPLY: cap::Reply = Cap::from_bits(4);

#[test]
fn a_reply_and_a_wait_are_one_entry() {
    let entries = kernel(answer(6, [10, 11, 12, 13], 1 << 62));
    let mut buffer = IpcBuffer::default();
    buffer.msg_regs_mut()[..5].copy_from_slice(&[1, 2, 3, 4, 5]);
    let (received, badge) = REPLY
        .with(&mut buffer)
        .nb_send_recv(info(7, 5), INPUT, REPLY);
    assert_eq!(
        (received.label(), received.length(), badge),
        (6, 4, 1 << 62)
    );
    assert_eq!(buffer.msg_regs()[..5], [10, 11, 12, 13, 5]);
    let expected = Entry {
        id: -3,
        dest: 4,
        source: 1,
        message: Message {
            info: info(7, 5).into_inner(),
            registers: [1, 2, 3, 4],
        },
        reply: 4,
    };
    assert_eq!(*entries.borrow(), [expected]);
}

#[test]
fn waiting_names_the_reply_object() {
    let entries = kernel(answer(0, [0; 4], 9));
    let mut buffer = IpcBuffer::default();
    assert_eq!(INPUT.with(&mut buffer).recv(REPLY).1, 9);
    assert_eq!(INPUT.with(&mut buffer).reply_recv(info(0, 0), REPLY).1, 9);
    let seen: Vec<_> = entries
        .borrow()
        .iter()
        .map(|e| (e.id, e.source, e.reply))
        .collect();
    assert_eq!(seen, [(-7, 1, 4), (-2, 1, 4)]);
}

#[test]
fn registers_beyond_the_length_are_zero() {
    let entries = kernel(answer(3, [5, 6, 7, 8], 0));
    let mut buffer = IpcBuffer::default();
    buffer.msg_regs_mut().fill(99);
    let tcb: cap::Tcb = Cap::from_bits(266);
    let called = tcb.with(&mut buffer).call_with_mrs(info(2, 1), [20, 21]);
    assert_eq!((called.info.label(), called.msg), (3, [5, 6, 7, 8]));
    tcb.with(&mut buffer)
        .send_with_mrs(info(3, 4), [30, 31, 32].as_slice());
    let seen: Vec<_> = entries
        .borrow()
        .iter()
        .map(|e| e.message.registers)
        .collect();
    assert_eq!(seen, [[20, 0, 0, 0], [30, 31, 32, 0]]);
    assert!(
        buffer.msg_regs().iter().all(|word| *word == 99),
        "the buffer stays as it was"
    );
}

#[test]
#[should_panic(expected = "too many words for registers")]
fn more_words_than_registers_are_refused() {
    kernel(answer(0, [0; 4], 0));
    let mut buffer = IpcBuffer::default();
    INPUT
        .with(&mut buffer)
        .send_with_mrs(info(0, 5), [0; 5].as_slice());
}

/// The implicit buffer is one static, so one test uses it.
#[test]
fn the_implicit_context_uses_the_buffer_that_was_set() {
    let entries = kernel(answer(0, [7, 0, 0, 0], 2));
    set_ipc_buffer(Box::leak(Box::default()));
    let notification: cap::Notification = Cap::from_bits(12);
    notification.signal();
    assert_eq!(notification.poll().1, 2);
    assert_eq!(with_ipc_buffer(|buffer| buffer.msg_regs()[0]), 7);
    let seen: Vec<_> = entries
        .borrow()
        .iter()
        .map(|e| (e.id, e.dest, e.source))
        .collect();
    assert_eq!(seen, [(-5, 12, 0), (-10, 0, 12)]);
}
