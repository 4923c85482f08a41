//! `cargo xtask VERB`: what the Makefile's verbs do.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use xtask::knobs::Knobs;
use xtask::tree::Tree;
use xtask::verb::{clean, sdk};

/// Builds, runs and tests guests on the VMM.
///
/// Each option is a variable of make as well: `make run INITRD=my.cpio`. One given empty
/// (`INITRD=`) means none.
#[derive(Parser)]
#[command(name = "make", disable_help_subcommand = false)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    knobs: Knobs,
}

#[derive(Subcommand)]
enum Verb {
    /// Fetch the official Microkit SDK, and use it from then on
    Sdk(sdk::Options),
    /// Remove what was built, keep what was downloaded
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
        Verb::Sdk(options) => sdk::sdk(&tree, options)?,
        Verb::Clean => clean::clean(&tree, &cli.knobs)?,
    }
    Ok(ExitCode::SUCCESS)
}
