//! What an invocation that the kernel refused came back with.

use core::{fmt, result};

use crate::sys;

/// A result with the kernel's error.
pub type Result<T> = result::Result<T, Error>;

/// Declares the errors and their conversions from one list.
macro_rules! errors {
    ($($(#[$doc:meta])* $name:ident = $number:ident,)+) => {
        /// `seL4_Error`, without the value that means success.
        #[repr(u32)]
        #[derive(Debug, Clone, Copy, Eq, PartialEq)]
        pub enum Error {
            $($(#[$doc])* $name = sys::seL4_Error::$number,)+
        }

        impl Error {
            /// The error of this number; `None` for success.
            ///
            /// # Panics
            /// When the kernel has no such error.
            pub fn from_sys(number: sys::seL4_Error::Type) -> Option<Self> {
                match number {
                    sys::seL4_Error::seL4_NoError => None,
                    $(sys::seL4_Error::$number => Some(Self::$name),)+
                    _ => panic!("invalid seL4_Error: {number}"),
                }
            }
        }
    };
}

errors! {
    /// An argument has a value that is never right.
    InvalidArgument = seL4_InvalidArgument,
    /// A capability is of the wrong type.
    InvalidCapability = seL4_InvalidCapability,
    /// The object does not allow this now.
    IllegalOperation = seL4_IllegalOperation,
    /// An argument is out of range; message registers 0 and 1 hold the bounds.
    RangeError = seL4_RangeError,
    /// An address is not aligned.
    AlignmentError = seL4_AlignmentError,
    /// A capability could not be found.
    FailedLookup = seL4_FailedLookup,
    /// The message is too short.
    TruncatedMessage = seL4_TruncatedMessage,
    /// The destination is in use.
    DeleteFirst = seL4_DeleteFirst,
    /// The object has children.
    RevokeFirst = seL4_RevokeFirst,
    /// No memory is left.
    NotEnoughMemory = seL4_NotEnoughMemory,
}

impl Error {
    /// The kernel's number.
    pub const fn into_sys(self) -> sys::seL4_Error::Type {
        self as sys::seL4_Error::Type
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seL4_Error: {self:?}")
    }
}
