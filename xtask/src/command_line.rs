//! The command line: the verbs, and their options with the make variables of the same meaning.

use clap::{Parser, Subcommand};

use crate::knobs::Knobs;
use crate::verb::{bench, explain, profile, sdk, setup};

/// Builds, runs and tests guests on the VMM.
#[derive(Parser)]
#[command(
    name = "make",
    display_name = "xtask",
    version,
    override_usage = "make <VERB> [VARIABLE=VALUE]...\n       cargo xtask <VERB> [OPTIONS]",
    subcommand_value_name = "VERB",
    subcommand_help_heading = "Verbs",
    after_help = "With make, the options are variables, of the names in [env: ...]:\n\n    \
                  make run KERNEL=Image INITRD=my.cpio BOOTARGS=\"console=ttyAMA0 quiet\"\n\n\
                  One given empty (INITRD=) means none. V=1 shows what the tools print."
)]
#[derive(Debug)]
pub struct CommandLine {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
    /// With what.
    #[command(flatten)]
    pub knobs: Knobs,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Build the VMM of each guest
    Build,
    /// Build BUILD_DIR/loader.img
    Image,
    /// Build the image and run it on QEMU, with the terminal for the guest
    Run,
    /// Check the system description against the board, without building anything
    Check,
    /// Run every test
    Test,
    /// Measure what exits cost, against the budgets
    Bench(bench::Options),
    /// Say where the instructions of exits go: make profile EXIT=mmio-read-w0
    Profile(profile::Options),
    /// Say what a guest-physical address is: make explain ADDR=0x8000000
    Explain(explain::Options),
    /// Run examples/root-task, a VMM as the root task of the official SDK's seL4
    RootTask,
    /// Fetch the official Microkit SDK, and use it from then on
    Sdk(sdk::Options),
    /// Find what builds and tests need of the machine, or get it
    Setup(setup::Options),
    /// Remove what was built in build/ and target/, keep what was downloaded
    Clean,
}

impl Verb {
    /// As it is written.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Build => "build",
            Self::Image => "image",
            Self::Run => "run",
            Self::Check => "check",
            Self::Test => "test",
            Self::Bench(_) => "bench",
            Self::Profile(_) => "profile",
            Self::Explain(_) => "explain",
            Self::RootTask => "root-task",
            Self::Sdk(_) => "sdk",
            Self::Setup(_) => "setup",
            Self::Clean => "clean",
        }
    }
}

#[cfg(test)]
mod tests;
