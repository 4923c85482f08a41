//! The one thread's IPC buffer, remembered.

#![expect(unsafe_code, reason = "a static for a program of one thread")]

use core::cell::RefCell;

use crate::{InvocationContext, IpcBuffer};

type Slot = Option<&'static mut IpcBuffer>;

struct OneThread(RefCell<Slot>);

// SAFETY: a Microkit protection domain is one thread; nothing else runs in its address space.
unsafe impl Sync for OneThread {}

static IPC_BUFFER: OneThread = OneThread(RefCell::new(None));

/// Remembers `ipc_buffer` for [`ImplicitInvocationContext`]; the runtime calls it first of all.
pub fn set_ipc_buffer(ipc_buffer: &'static mut IpcBuffer) {
    *IPC_BUFFER.0.borrow_mut() = Some(ipc_buffer);
}

/// Runs `f` with the IPC buffer, which must not be in use mutably.
///
/// # Panics
/// When the buffer is mutably borrowed or was never set.
pub fn with_ipc_buffer<F, T>(f: F) -> T
where
    F: FnOnce(&IpcBuffer) -> T,
{
    let slot = IPC_BUFFER
        .0
        .try_borrow()
        .expect("IPC buffer already mutably borrowed");
    f(slot.as_deref().expect("IPC buffer not set"))
}

/// Runs `f` with the IPC buffer, which must not be in use.
///
/// # Panics
/// When the buffer is borrowed or was never set.
pub fn with_ipc_buffer_mut<F, T>(f: F) -> T
where
    F: FnOnce(&mut IpcBuffer) -> T,
{
    let mut slot = IPC_BUFFER
        .0
        .try_borrow_mut()
        .expect("IPC buffer already borrowed");
    f(slot.as_deref_mut().expect("IPC buffer not set"))
}

/// Whether each thread has a buffer of its own: no, there is one thread.
pub const fn ipc_buffer_is_thread_local() -> bool {
    false
}

/// The way to the buffer given to [`set_ipc_buffer`].
#[derive(Debug, Copy, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImplicitInvocationContext;

impl ImplicitInvocationContext {
    /// The one value.
    pub const fn new() -> Self {
        Self
    }
}

impl InvocationContext for ImplicitInvocationContext {
    fn with_context<T>(&mut self, f: impl FnOnce(&mut IpcBuffer) -> T) -> T {
        with_ipc_buffer_mut(f)
    }
}
