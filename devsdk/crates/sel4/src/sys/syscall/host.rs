//! No kernel: for tests on the host, a closure that answers in its place.

extern crate std;

use std::boxed::Box;
use std::cell::RefCell;

use super::{Message, Received};
use crate::sys::{seL4_CPtr, seL4_IPCBuffer, seL4_Word};

/// A system call as the kernel sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) id: i32,
    pub(crate) dest: seL4_CPtr,
    pub(crate) source: seL4_CPtr,
    pub(crate) message: Message,
    pub(crate) reply: seL4_CPtr,
}

type Kernel = Box<dyn FnMut(Entry, &mut seL4_IPCBuffer) -> Received>;

std::thread_local! {
    static KERNEL: RefCell<Option<Kernel>> = const { RefCell::new(None) };
}

/// Makes `kernel` answer this thread's system calls.
#[cfg(test)]
pub(crate) fn set_kernel(kernel: impl FnMut(Entry, &mut seL4_IPCBuffer) -> Received + 'static) {
    KERNEL.set(Some(Box::new(kernel)));
}

fn enter(entry: Entry, buffer: &mut seL4_IPCBuffer) -> Received {
    KERNEL.with_borrow_mut(|kernel| match kernel {
        Some(kernel) => kernel(entry, buffer),
        None => panic!("there is no seL4 on this machine to call: {entry:?}"),
    })
}

pub(crate) fn send(id: i32, dest: seL4_CPtr, message: Message, buffer: &mut seL4_IPCBuffer) {
    enter(
        Entry {
            id,
            dest,
            source: 0,
            message,
            reply: 0,
        },
        buffer,
    );
}

pub(crate) fn two_phase(
    id: i32,
    dest: seL4_CPtr,
    source: seL4_CPtr,
    message: Message,
    reply: seL4_CPtr,
    buffer: &mut seL4_IPCBuffer,
) -> Received {
    enter(
        Entry {
            id,
            dest,
            source,
            message,
            reply,
        },
        buffer,
    )
}

pub(crate) fn simple(id: i32, argument: seL4_Word) {
    let entry = Entry {
        id,
        dest: 0,
        source: argument,
        message: Message::EMPTY,
        reply: 0,
    };
    enter(entry, &mut seL4_IPCBuffer::default());
}
