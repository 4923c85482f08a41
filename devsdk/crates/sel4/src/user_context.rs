//! The registers of a thread.

use crate::{Word, sys};

/// `seL4_UserContext`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserContext(sys::seL4_UserContext);

/// Picks the field of a general register, by value of `$index`.
macro_rules! general_register {
    ($index:expr, $inner:expr, $($reference:tt)+) => {
        general_register!(@arms $index, $inner, ($($reference)+),
            0 x0 1 x1 2 x2 3 x3 4 x4 5 x5 6 x6 7 x7 8 x8 9 x9 10 x10 11 x11 12 x12 13 x13
            14 x14 15 x15 16 x16 17 x17 18 x18 19 x19 20 x20 21 x21 22 x22 23 x23 24 x24
            25 x25 26 x26 27 x27 28 x28 29 x29 30 x30)
    };
    (@arms $index:expr, $inner:expr, $reference:tt, $($number:literal $field:ident)+) => {
        match $index {
            $($number => general_register!(@borrow $reference $inner, $field),)+
            index => panic!("no general register x{index}"),
        }
    };
    (@borrow (shared) $inner:expr, $field:ident) => { &$inner.$field };
    (@borrow (exclusive) $inner:expr, $field:ident) => { &mut $inner.$field };
}

impl UserContext {
    pub(crate) const COUNT: usize = sys::seL4_UserContext::COUNT;

    pub(crate) const fn from_registers(registers: [Word; Self::COUNT]) -> Self {
        Self(sys::seL4_UserContext::from_array(registers))
    }

    pub(crate) const fn to_registers(&self) -> [Word; Self::COUNT] {
        self.0.to_array()
    }

    /// Wraps the ABI's structure.
    pub const fn from_inner(inner: sys::seL4_UserContext) -> Self {
        Self(inner)
    }

    /// The ABI's structure.
    pub const fn into_inner(self) -> sys::seL4_UserContext {
        self.0
    }

    /// The ABI's structure.
    pub const fn inner(&self) -> &sys::seL4_UserContext {
        &self.0
    }

    /// The ABI's structure.
    pub fn inner_mut(&mut self) -> &mut sys::seL4_UserContext {
        &mut self.0
    }

    /// The program counter.
    pub fn pc(&self) -> &Word {
        &self.0.pc
    }

    /// The program counter.
    pub fn pc_mut(&mut self) -> &mut Word {
        &mut self.0.pc
    }

    /// SP_EL0.
    pub fn sp(&self) -> &Word {
        &self.0.sp
    }

    /// SP_EL0.
    pub fn sp_mut(&mut self) -> &mut Word {
        &mut self.0.sp
    }

    /// The saved program status.
    pub fn spsr(&self) -> &Word {
        &self.0.spsr
    }

    /// The saved program status.
    pub fn spsr_mut(&mut self) -> &mut Word {
        &mut self.0.spsr
    }

    /// General register `ix`, 0 to 30.
    ///
    /// # Panics
    /// When there is no such register.
    pub fn gpr(&self, ix: usize) -> &Word {
        general_register!(ix, self.0, shared)
    }

    /// General register `ix`, 0 to 30.
    ///
    /// # Panics
    /// When there is no such register.
    pub fn gpr_mut(&mut self, ix: usize) -> &mut Word {
        general_register!(ix, self.0, exclusive)
    }

    /// Argument register `ix`, 0 to 7.
    ///
    /// # Panics
    /// When there is no such register.
    pub fn c_param(&self, ix: usize) -> &Word {
        assert!(ix < 8, "no argument register {ix}");
        self.gpr(ix)
    }

    /// Argument register `ix`, 0 to 7.
    ///
    /// # Panics
    /// When there is no such register.
    pub fn c_param_mut(&mut self, ix: usize) -> &mut Word {
        assert!(ix < 8, "no argument register {ix}");
        self.gpr_mut(ix)
    }
}
