//! Messages: their tag and the message registers.

/// A message's label.
pub type MessageLabel = sel4::Word;

/// A message register's value.
pub type MessageRegisterValue = sel4::Word;

/// The tag of a message, `microkit_msginfo`.
#[derive(Debug, Clone)]
pub struct MessageInfo {
    inner: sel4::MessageInfo,
}

impl MessageInfo {
    #[doc(hidden)]
    pub fn from_inner(inner: sel4::MessageInfo) -> Self {
        Self { inner }
    }

    #[doc(hidden)]
    pub fn inner(&self) -> &sel4::MessageInfo {
        &self.inner
    }

    #[doc(hidden)]
    pub fn into_inner(self) -> sel4::MessageInfo {
        self.inner
    }

    /// A tag for `count` message registers.
    pub fn new(label: MessageLabel, count: usize) -> Self {
        Self::from_inner(sel4::MessageInfo::new(label, 0, 0, count))
    }

    /// The label.
    pub fn label(&self) -> MessageLabel {
        self.inner.label()
    }

    /// How many bits a label has.
    pub const fn label_width() -> usize {
        sel4::MessageInfo::label_width()
    }

    /// How many message registers are filled.
    pub fn count(&self) -> usize {
        self.inner.length()
    }

    /// The message in the IPC buffer as a fault.
    ///
    /// # Panics
    /// When the label is no fault's.
    pub fn fault(&self) -> sel4::Fault {
        sel4::with_ipc_buffer(|buffer| sel4::Fault::new(buffer, self.inner()))
    }
}

impl Default for MessageInfo {
    fn default() -> Self {
        Self::new(0, 0)
    }
}

/// Runs `f` with the message registers.
pub fn with_msg_regs<T>(f: impl FnOnce(&[MessageRegisterValue]) -> T) -> T {
    sel4::with_ipc_buffer(|buffer| f(buffer.msg_regs()))
}

/// Runs `f` with the message registers.
pub fn with_msg_regs_mut<T>(f: impl FnOnce(&mut [MessageRegisterValue]) -> T) -> T {
    sel4::with_ipc_buffer_mut(|buffer| f(buffer.msg_regs_mut()))
}

/// Runs `f` with the message registers as bytes.
pub fn with_msg_bytes<T>(f: impl FnOnce(&[u8]) -> T) -> T {
    sel4::with_ipc_buffer(|buffer| f(buffer.msg_bytes()))
}

/// Runs `f` with the message registers as bytes.
pub fn with_msg_bytes_mut<T>(f: impl FnOnce(&mut [u8]) -> T) -> T {
    sel4::with_ipc_buffer_mut(|buffer| f(buffer.msg_bytes_mut()))
}

/// Sets message register `i`.
///
/// # Panics
/// When there is no such register.
pub fn set_mr(i: usize, value: MessageRegisterValue) {
    with_msg_regs_mut(|registers| registers[i] = value);
}

/// Message register `i`.
///
/// # Panics
/// When there is no such register.
pub fn get_mr(i: usize) -> MessageRegisterValue {
    with_msg_regs(|registers| registers[i])
}
