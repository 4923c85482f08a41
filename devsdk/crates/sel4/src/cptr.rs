//! Capability pointers, typed by what they point at.

use core::fmt;
use core::hash::Hash;
use core::marker::PhantomData;

use crate::{InvocationContext, IpcBuffer, NoExplicitInvocationContext, sys};

/// The bits of a capability pointer.
pub type CPtrBits = sys::seL4_CPtr;

/// An untyped capability pointer.
#[derive(Copy, Clone, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct CPtr {
    bits: CPtrBits,
}

impl CPtr {
    /// The slot number as the kernel sees it.
    pub const fn bits(self) -> CPtrBits {
        self.bits
    }

    /// A pointer at the slot with this number.
    pub const fn from_bits(bits: CPtrBits) -> Self {
        Self { bits }
    }

    /// Claims that the slot holds a capability of type `T`; the kernel checks it on each use.
    pub const fn cast<T: CapType>(self) -> Cap<T> {
        Cap::from_cptr(self)
    }
}

/// A capability pointer with the type of its object, and the way `C` to find the IPC buffer.
#[derive(Copy, Clone, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct Cap<T: CapType, C = NoExplicitInvocationContext> {
    cptr: CPtr,
    invocation_context: C,
    _phantom: PhantomData<T>,
}

impl<T: CapType, C> Cap<T, C> {
    /// The pointer without its type.
    pub const fn cptr(&self) -> CPtr {
        self.cptr
    }

    /// The slot number.
    pub const fn bits(&self) -> CPtrBits {
        self.cptr.bits()
    }

    /// The same slot under another type.
    pub fn cast<T1: CapType>(self) -> Cap<T1, C> {
        Cap {
            cptr: self.cptr,
            invocation_context: self.invocation_context,
            _phantom: PhantomData,
        }
    }

    /// The same capability, invoked through `context`.
    pub fn with<C1>(self, context: C1) -> Cap<T, C1> {
        Cap {
            cptr: self.cptr,
            invocation_context: context,
            _phantom: PhantomData,
        }
    }

    /// The same capability, invoked through the implicit context.
    pub fn without_context(self) -> Cap<T> {
        self.with(NoExplicitInvocationContext::new())
    }

    /// Gives the context back.
    pub fn into_invocation_context(self) -> C {
        self.invocation_context
    }

    /// Forgets the type.
    pub fn upcast(self) -> cap::Unspecified<C> {
        self.cast()
    }
}

impl<C> cap::Unspecified<C> {
    /// Claims a type, as [`CPtr::cast`].
    pub fn downcast<T: CapType>(self) -> Cap<T, C> {
        self.cast()
    }
}

impl<T: CapType> Cap<T> {
    /// A typed pointer with the implicit context.
    pub const fn from_cptr(cptr: CPtr) -> Self {
        Self {
            cptr,
            invocation_context: NoExplicitInvocationContext::new(),
            _phantom: PhantomData,
        }
    }

    /// A typed pointer at the slot with this number.
    pub const fn from_bits(bits: CPtrBits) -> Self {
        Self::from_cptr(CPtr::from_bits(bits))
    }
}

impl<T: CapType, C: InvocationContext> Cap<T, C> {
    /// Runs `f` with the slot number and the IPC buffer.
    pub(crate) fn invoke<R>(mut self, f: impl FnOnce(CPtrBits, &mut IpcBuffer) -> R) -> R {
        let bits = self.bits();
        self.invocation_context
            .with_context(|buffer| f(bits, buffer))
    }
}

impl<T: CapType, C> fmt::Debug for Cap<T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple(T::NAME).field(&self.bits()).finish()
    }
}

/// The marker types of [`cap_type`].
pub trait CapType: Copy + Clone + Eq + PartialEq + Ord + PartialOrd + Hash {
    /// The object's name in debug output.
    const NAME: &'static str;
}

/// Declares a marker in [`cap_type`] and its alias in [`cap`] for each object.
macro_rules! objects {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        /// Markers for the types of capabilities.
        pub mod cap_type {
            $(
                $(#[$doc])*
                #[derive(Debug, Copy, Clone, Eq, PartialEq, Ord, PartialOrd, Hash)]
                pub struct $name;

                impl super::CapType for $name {
                    const NAME: &'static str = stringify!($name);
                }
            )+

            /// The smallest page.
            pub type Granule = SmallPage;
        }

        /// Capability pointers by type: `cap::Tcb` is `Cap<cap_type::Tcb>`.
        pub mod cap {
            $(
                $(#[$doc])*
                pub type $name<C = crate::NoExplicitInvocationContext> =
                    crate::Cap<super::cap_type::$name, C>;
            )+

            /// The smallest page.
            pub type Granule<C = crate::NoExplicitInvocationContext> = SmallPage<C>;
        }
    };
}

objects! {
    /// Untyped memory.
    Untyped,
    /// An endpoint.
    Endpoint,
    /// A notification.
    Notification,
    /// A thread control block.
    Tcb,
    /// A capability table.
    CNode,
    /// The right to make interrupt handlers.
    IrqControl,
    /// One interrupt.
    IrqHandler,
    /// The right to make pools of address space identifiers.
    AsidControl,
    /// A pool of address space identifiers.
    AsidPool,
    /// The right to set scheduling domains.
    DomainSet,
    /// No capability.
    Null,
    /// Any capability.
    Unspecified,
    /// A page of any size.
    UnspecifiedPage,
    /// A translation table of any level.
    UnspecifiedIntermediateTranslationTable,
    /// A reply object.
    Reply,
    /// A scheduling context.
    SchedContext,
    /// The right to configure scheduling contexts.
    SchedControl,
    /// A virtual CPU.
    VCpu,
    /// A page of 4 KiB.
    SmallPage,
    /// A page of 2 MiB.
    LargePage,
    /// A page of 1 GiB.
    HugePage,
    /// An address space.
    VSpace,
    /// A translation table.
    PT,
}
