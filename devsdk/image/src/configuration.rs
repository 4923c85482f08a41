//! The kernel's configuration: values of [`crate::Header::configuration`].

/// Checks and prints as seL4's debug build; has the debug system calls.
pub const DEBUG: u32 = 0;
/// Silent.
pub const RELEASE: u32 = 1;
/// As release, with the benchmark system calls' numbers and the PD's own TCB in slot 6.
pub const BENCHMARK: u32 = 2;
