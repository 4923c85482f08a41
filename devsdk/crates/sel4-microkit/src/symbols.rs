//! Variables that the `microkit` tool fills in the program's ELF file.

#![allow(
    unsafe_code,
    reason = "static variables that the tool writes before the program starts"
)]

use core::cell::UnsafeCell;
use core::hint;
use core::str::{self, Utf8Error};

/// A value that the tool may have replaced in the file, and that never changes at run time.
#[doc(hidden)]
#[repr(transparent)]
pub struct ImmutableCell<T: ?Sized>(UnsafeCell<T>);

// SAFETY: no one writes it while the program runs.
unsafe impl<T> Sync for ImmutableCell<T> {}

impl<T> ImmutableCell<T> {
    /// The value before the tool has seen it.
    pub const fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }

    /// The value as the tool left it; the compiler may not assume the one in the source.
    pub fn get(&self) -> &T {
        // SAFETY: the cell is initialised and never written; `black_box` returns its argument.
        unsafe { &*hint::black_box(self.0.get()).cast_const() }
    }
}

/// `var!(symbol: Type = default)`: a variable of that name for `setvar_*`, as `&'static Type`.
#[macro_export]
macro_rules! var {
    ($(#[$attrs:meta])* $symbol:ident: $ty:ty = $default:expr) => {{
        $(#[$attrs])*
        #[unsafe(no_mangle)]
        #[unsafe(link_section = ".data")]
        static $symbol: $crate::_private::ImmutableCell<$ty> =
            $crate::_private::ImmutableCell::new($default);

        $symbol.get()
    }};
}

/// `memory_region_symbol!(symbol: *mut Type)`: a variable of that name for `setvar_vaddr`, as a
/// `NonNull<Type>`; `, bytes = size` checks the size. With `*mut [Type], n = count`, a `NonNull<[Type]>`.
///
/// # Panics
/// When the tool did not set the variable.
#[macro_export]
macro_rules! memory_region_symbol {
    ($(#[$attrs:meta])* $symbol:ident: *mut $ty:ty, bytes = $bytes:expr $(,)?) => {{
        assert!($bytes == ::core::mem::size_of::<$ty>());
        $crate::memory_region_symbol!($(#[$attrs])* $symbol: *mut $ty)
    }};
    ($(#[$attrs:meta])* $symbol:ident: *mut [$ty:ty], n = $n:expr $(,)?) => {
        ::core::ptr::NonNull::slice_from_raw_parts(
            $crate::memory_region_symbol!($(#[$attrs])* $symbol: *mut $ty),
            $n,
        )
    };
    ($(#[$attrs:meta])* $symbol:ident: *mut $ty:ty $(,)?) => {
        ::core::ptr::NonNull::new(*$crate::var!($(#[$attrs])* $symbol: usize = 0) as *mut $ty)
            .unwrap_or_else(|| panic!("{} is null", stringify!($symbol)))
    };
}

const NAME_LENGTH: usize = 64;

/// Declares the variables that every protection domain has. The entry point refers to each, so
/// that the linker keeps them all.
macro_rules! tool_variables {
    ($($symbol:ident: $ty:ty = $default:expr;)+) => {
        $(
            #[allow(non_upper_case_globals, reason = "the tool's name")]
            #[unsafe(no_mangle)]
            #[unsafe(link_section = ".data")]
            static $symbol: ImmutableCell<$ty> = ImmutableCell::new($default);
        )+
    };
}

tool_variables! {
    microkit_name: [u8; NAME_LENGTH] = [0; NAME_LENGTH];
    microkit_passive: bool = false;
    microkit_irqs: usize = 0;
    microkit_notifications: usize = 0;
    microkit_pps: usize = 0;
    microkit_ioports: usize = 0;
}

/// Whether this protection domain runs only when called.
pub fn pd_is_passive() -> bool {
    *microkit_passive.get()
}

pub(crate) fn pd_irqs() -> usize {
    *microkit_irqs.get()
}

pub(crate) fn pd_notifications() -> usize {
    *microkit_notifications.get()
}

pub(crate) fn pd_pps() -> usize {
    *microkit_pps.get()
}

/// This protection domain's name in the system description.
///
/// # Errors
/// When the tool cut the name within a character.
pub fn pd_name() -> Result<&'static str, Utf8Error> {
    let bytes = microkit_name.get();
    let name = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    str::from_utf8(name)
}

#[cfg(test)]
mod tests;
