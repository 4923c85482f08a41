//! The IPC buffer: message registers as words or bytes, and the received badges.

#![expect(unsafe_code, reason = "words seen as bytes")]

use core::slice;

use crate::{Word, sys};

/// `seL4_IPCBuffer`.
#[derive(Default)]
#[repr(transparent)]
pub struct IpcBuffer(sys::seL4_IPCBuffer);

impl IpcBuffer {
    /// Wraps the ABI's structure.
    pub const fn from_inner(inner: sys::seL4_IPCBuffer) -> Self {
        Self(inner)
    }

    /// The ABI's structure.
    pub const fn into_inner(self) -> sys::seL4_IPCBuffer {
        self.0
    }

    /// The ABI's structure.
    pub const fn inner(&self) -> &sys::seL4_IPCBuffer {
        &self.0
    }

    /// The ABI's structure.
    pub fn inner_mut(&mut self) -> &mut sys::seL4_IPCBuffer {
        &mut self.0
    }

    /// All message registers.
    pub fn msg_regs(&self) -> &[Word] {
        &self.0.msg
    }

    /// All message registers.
    pub fn msg_regs_mut(&mut self) -> &mut [Word] {
        &mut self.0.msg
    }

    /// All message registers as bytes.
    pub fn msg_bytes(&self) -> &[u8] {
        let words = &self.0.msg;
        // SAFETY: the words are initialised, live as long, and bytes have no alignment.
        unsafe { slice::from_raw_parts(words.as_ptr().cast(), size_of_val(words)) }
    }

    /// All message registers as bytes.
    pub fn msg_bytes_mut(&mut self) -> &mut [u8] {
        let words = &mut self.0.msg;
        // SAFETY: as above, borrowed mutably; every byte pattern is a word.
        unsafe { slice::from_raw_parts_mut(words.as_mut_ptr().cast(), size_of_val(words)) }
    }

    /// The word that the kernel leaves to the program.
    pub fn user_data(&self) -> Word {
        self.0.userData
    }

    /// Sets the word that the kernel leaves to the program.
    pub fn set_user_data(&mut self, data: Word) {
        self.0.userData = data;
    }

    /// Capabilities to send, or badges of those received.
    pub fn caps_or_badges(&self) -> &[Word] {
        &self.0.caps_or_badges
    }

    /// Capabilities to send, or badges of those received.
    pub fn caps_or_badges_mut(&mut self) -> &mut [Word] {
        &mut self.0.caps_or_badges
    }
}
