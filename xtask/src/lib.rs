//! The build tool: turns a system XML and a guest into an image, and runs it.
//!
//! `main.rs` is the command line; the tests use this library to build and run images too.

pub mod bench;
pub mod command_line;
pub mod console;
pub mod image;
pub mod input;
pub mod knobs;
pub mod machine;
pub mod microkit;
pub mod processor;
pub mod profile;
pub mod program;
pub mod programs;
pub mod progress;
pub mod release;
pub mod room;
pub mod root_task;
pub mod setup;
pub mod tally;
pub mod toolchain;
pub mod tree;
pub mod variables;
pub mod verb;
