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
    /// What its time goes by.
    pub(crate) clock: Clock,
    /// The guest's images.
    pub(crate) images: fn(&Workbench) -> Result<sysgen::Images>,
    /// What happens on the console, to the end of the machine.
    pub(crate) play: fn(&mut Console) -> Result<()>,
}

/// What the machine's time goes by.
#[derive(Clone, Copy)]
pub(crate) enum Clock {
    /// The host's time, as for a person at the console.
    Host,
    /// Executed instructions, so that a guest that waits for its timer sees the same however
    /// loaded the host is.
    Instructions,
}

impl Clock {
    /// QEMU's arguments for it.
    pub(crate) fn arguments(self) -> Vec<String> {
        match self {
            Self::Host => Vec::new(),
            Self::Instructions => ["-icount", "shift=0,sleep=off"].map(str::to_owned).into(),
        }
    }
}

/// With the kernel's checks and messages, and as products use it.
pub(crate) const DEBUG_AND_RELEASE: &[&str] = &["debug", "release"];
/// For what does not depend on the configuration.
pub(crate) const DEBUG: &[&str] = &["debug"];
