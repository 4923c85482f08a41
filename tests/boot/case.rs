//! One thing that a whole system must do.

use anyhow::Result;

use crate::bench::Workbench;
use crate::console::Console;

/// A system, a guest, and what must be seen on the console.
pub(crate) struct Case {
    /// Its name in the test's output.
    pub(crate) name: &'static str,
    /// The system XML, from the top folder.
    pub(crate) system: &'static str,
    /// Microkit's configurations.
    pub(crate) configs: &'static [&'static str],
    /// The guest's images.
    pub(crate) images: fn(&Workbench) -> Result<sysgen::Images>,
    /// What happens on the console, to the end of the machine.
    pub(crate) play: fn(&mut Console) -> Result<()>,
}

/// With the kernel's checks and messages, and as products use it.
pub(crate) const DEBUG_AND_RELEASE: &[&str] = &["debug", "release"];
/// For what does not depend on the configuration.
pub(crate) const DEBUG: &[&str] = &["debug"];
