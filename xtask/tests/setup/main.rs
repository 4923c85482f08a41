//! The setup script, and the verb that it calls, on machines that lack something: a PATH of stubs
//! stands for a Debian.

mod debian;
mod machine;

mod compiler;
mod private;
mod qemu;
mod script;
