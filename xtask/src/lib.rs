//! The build tool: turns a system XML and a guest into an image, and runs it.
//!
//! `main.rs` is the command line; the tests use this library to build and run images too.

pub mod knobs;
pub mod microkit;
pub mod progress;
pub mod release;
pub mod setup;
pub mod toolchain;
pub mod tree;
pub mod verb;
