//! `cargo xtask VERB`: what the Makefile's verbs do.

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use xtask::command_line::{CommandLine, Verb};
use xtask::tree::Tree;
use xtask::variables;
use xtask::verb::{
    bench, build, check, clean, explain, image, profile, root_task, run, sdk, setup, test,
};

fn main() -> ExitCode {
    match perform(&CommandLine::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn perform(line: &CommandLine) -> Result<ExitCode> {
    variables::check(line.verb.name())?;
    let (tree, knobs) = (Tree::find(), &line.knobs);
    match &line.verb {
        Verb::Build => build::build(&tree, knobs)?,
        Verb::Image => image::image(&tree, knobs)?,
        Verb::Run => return run::run(&tree, knobs),
        Verb::Check => check::check(&tree, knobs)?,
        Verb::Test => return test::test(&tree, knobs),
        Verb::Bench(options) => return bench::bench(&tree, knobs, options),
        Verb::Profile(options) => profile::profile(&tree, knobs, options)?,
        Verb::Explain(options) => explain::explain(&tree, knobs, options)?,
        Verb::RootTask => return root_task::root_task(&tree, knobs),
        Verb::Sdk(options) => sdk::sdk(&tree, options)?,
        Verb::Setup(options) => setup::setup(&tree, knobs, options)?,
        Verb::Clean => clean::clean(&tree, knobs)?,
    }
    Ok(ExitCode::SUCCESS)
}
