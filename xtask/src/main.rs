//! `cargo xtask VERB`: what the Makefile's verbs do.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use xtask::knobs::Knobs;
use xtask::tree::Tree;
use xtask::verb::{bench, build, clean, explain, image, profile, run, sdk, test};

/// Builds, runs and tests guests on the VMM.
#[derive(Parser)]
#[command(
    name = "make",
    override_usage = "make <VERB> [VARIABLE=VALUE]...\n       cargo xtask <VERB> [OPTIONS]",
    subcommand_value_name = "VERB",
    subcommand_help_heading = "Verbs",
    after_help = "With make, the options are variables, of the names in [env: ...]:\n\n    \
                  make run KERNEL=Image INITRD=my.cpio BOOTARGS=\"console=ttyAMA0 quiet\"\n\n\
                  One given empty (INITRD=) means none. V=1 shows what the tools print."
)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    knobs: Knobs,
}

#[derive(Subcommand)]
enum Verb {
    /// Build the VMM of each guest
    Build,
    /// Build BUILD_DIR/loader.img
    Image,
    /// Build the image and run it on QEMU, with the terminal for the guest
    Run,
    /// Run every test
    Test,
    /// Measure what exits cost, against the budgets
    Bench(bench::Options),
    /// Say where the instructions of exits go: make profile EXIT=mmio-read-w0
    Profile(profile::Options),
    /// Say what a guest-physical address is: make explain ADDR=0x8000000
    Explain(explain::Options),
    /// Fetch the official Microkit SDK, and use it from then on
    Sdk(sdk::Options),
    /// Remove what was built in build/ and target/, keep what was downloaded
    Clean,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match perform(&cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn perform(cli: &Cli) -> Result<ExitCode> {
    let tree = Tree::find();
    match &cli.verb {
        Verb::Build => build::build(&tree, &cli.knobs)?,
        Verb::Image => image::image(&tree, &cli.knobs)?,
        Verb::Run => return run::run(&tree, &cli.knobs),
        Verb::Test => return test::test(&tree, &cli.knobs),
        Verb::Bench(options) => return bench::bench(&tree, &cli.knobs, options),
        Verb::Profile(options) => profile::profile(&tree, &cli.knobs, options)?,
        Verb::Explain(options) => explain::explain(&tree, &cli.knobs, options)?,
        Verb::Sdk(options) => sdk::sdk(&tree, options)?,
        Verb::Clean => clean::clean(&tree, &cli.knobs)?,
    }
    Ok(ExitCode::SUCCESS)
}
