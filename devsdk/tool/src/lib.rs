//! Stand-in for Microkit's tool: a system description and programs in, one bootable image out.
//!
//! The same command line, system XML and checks as the `microkit` tool of Microkit 2.3,
//! and the same kind of messages. What that tool refuses is refused here; of what it
//! accepts, scheduling domains, CSpaces, I/O address spaces and boot information are
//! refused too, with a message that says so.
//!
//! [`system`] reads and checks the XML, [`program`] reads and patches the ELF files,
//! [`memory`] places everything in physical memory, [`image`] writes the result for
//! the stand-in kernel, [`report`] tells a person what lies where.

pub mod arguments;
pub mod error;
pub mod image;
pub mod kernel;
pub mod memory;
pub mod program;
pub mod report;
pub mod sdk;
pub mod symbols;
pub mod system;
mod xml;

pub use error::{Error, Result};
