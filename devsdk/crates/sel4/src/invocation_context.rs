//! How an invocation finds the thread's IPC buffer.

use core::cell::RefCell;

use crate::IpcBuffer;

/// A way to the thread's IPC buffer.
pub trait InvocationContext {
    /// Runs `f` with the buffer.
    fn with_context<T>(&mut self, f: impl FnOnce(&mut IpcBuffer) -> T) -> T;
}

/// No way to an IPC buffer: a capability with it cannot be invoked.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct NoInvocationContext;

impl NoInvocationContext {
    /// The one value.
    pub const fn new() -> Self {
        Self
    }
}

impl InvocationContext for &mut IpcBuffer {
    fn with_context<T>(&mut self, f: impl FnOnce(&mut IpcBuffer) -> T) -> T {
        f(self)
    }
}

impl<U: InvocationContext> InvocationContext for &mut U {
    fn with_context<T>(&mut self, f: impl FnOnce(&mut IpcBuffer) -> T) -> T {
        U::with_context(self, f)
    }
}

impl<U: InvocationContext> InvocationContext for &RefCell<U> {
    fn with_context<T>(&mut self, f: impl FnOnce(&mut IpcBuffer) -> T) -> T {
        self.borrow_mut().with_context(f)
    }
}

/// What a capability uses when nothing else is said: the buffer given to
/// [`set_ipc_buffer`](crate::set_ipc_buffer).
pub type NoExplicitInvocationContext = crate::ImplicitInvocationContext;
