//! A guest on a model of the kernel: what a script drives and looks at.

pub(crate) mod access;
pub(crate) mod cpu_interface;
pub(crate) mod devices;
pub(crate) mod guest;
pub(crate) mod kernel;
pub(crate) mod machine;
pub(crate) mod memory;
pub(crate) mod reset;
pub(crate) mod shared;

pub(crate) use access::{Access, fetch, load, store};
pub(crate) use guest::{Setup, addresses::*};
pub(crate) use kernel::Thread;
pub(crate) use machine::Machine;
