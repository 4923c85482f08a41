//! The registers of a thread in the order of the TCB invocations.

use super::seL4_Word;

/// Declares the structure and its two conversions from one list of registers.
macro_rules! user_context {
    ($count:literal: $($register:ident)+) => {
        /// `seL4_UserContext`.
        #[repr(C)]
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct seL4_UserContext {
            $(pub $register: seL4_Word,)+
        }

        impl seL4_UserContext {
            pub(crate) const COUNT: usize = $count;

            pub(crate) const fn from_array(array: [seL4_Word; $count]) -> Self {
                let [$($register),+] = array;
                Self { $($register),+ }
            }

            pub(crate) const fn to_array(self) -> [seL4_Word; $count] {
                [$(self.$register),+]
            }
        }
    };
}

user_context! {
    36:
    pc sp spsr
    x0 x1 x2 x3 x4 x5 x6 x7 x8 x16 x17 x18 x29 x30
    x9 x10 x11 x12 x13 x14 x15 x19 x20 x21 x22 x23 x24 x25 x26 x27 x28
    tpidr_el0 tpidrro_el0
}
