//! `profile`: where the instructions of an exit, or of a boot, go, function by function.

use std::slice;

use anyhow::{Result, bail};
use clap::Args;

use crate::image::Recipe;
use crate::knobs::{Choice, Knobs};
use crate::profile::work::{Work, exits, table};
use crate::profile::{boot_phases, owners, run};
use crate::tree::Tree;
use crate::verb::{bench, run as boot};

/// Functions that are told of each of several works.
const OVERVIEW: usize = 8;
/// The word for the guest's boot in place of an exit.
const BOOT: &str = "boot";

/// Options of `profile`.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Only this kind of exit, with all its functions, as mmio-read-w0; or boot, for a guest's
    /// whole boot [default: all kinds of exits]
    #[arg(long, env = "EXIT", hide_env_values = true, value_name = "NAME")]
    exit: Option<String>,
}

/// Runs a guest with its instructions counted, and prints whose they were.
///
/// # Errors
/// When the image cannot be built, the guest does not come to its end, or has no such exit.
pub fn profile(tree: &Tree, knobs: &Knobs, options: &Options) -> Result<()> {
    let wanted = options.exit.as_deref().filter(|name| !name.is_empty());
    let text = match wanted {
        None => table(&measured(tree, knobs)?, OVERVIEW),
        Some(BOOT) => table(&booted(tree, knobs)?, OVERVIEW),
        Some(name) => table(
            slice::from_ref(&find(measured(tree, knobs)?, name)?),
            usize::MAX,
        ),
    };
    print!("{text}");
    Ok(())
}

/// The bench guest's exits.
fn measured(tree: &Tree, knobs: &Knobs) -> Result<Vec<Work>> {
    let recipe = bench::recipe(tree, knobs)?;
    let image = recipe.build(tree)?;
    let run = run(tree, &recipe, &image, &[])?;
    exits(&run, &owners(tree, &recipe, &image)?)
}

fn find(all: Vec<Work>, name: &str) -> Result<Work> {
    let names: Vec<String> = all.iter().map(|exit| exit.name.clone()).collect();
    match all.into_iter().find(|exit| exit.name == name) {
        Some(exit) => Ok(exit),
        None => bail!(
            "EXIT: there is no exit '{name}', only: {}; or {BOOT}",
            names.join(", ")
        ),
    }
}

/// The guest that `run` would boot, in release unless another configuration was asked for.
fn booted(tree: &Tree, knobs: &Knobs) -> Result<Vec<Work>> {
    let mut recipe = Recipe::new(tree, knobs)?;
    recipe.config = bench::config(knobs).to_owned();
    recipe.folder = recipe.folder.join("profile");
    if knobs.initrd()? == Choice::Default {
        recipe.more_bootargs = Some(boot::POWER_OFF);
    }
    let image = recipe.build(tree)?;
    let owners = owners(tree, &recipe, &image)?;
    let phases = boot_phases(tree, &recipe, &image, &owners)?;
    let names = [
        "before the guest",
        "to its first user program",
        "to the power-off",
    ];
    let work = |(name, phase)| Work::of(name, 1, phase, &owners);
    Ok(names.into_iter().zip(&phases).map(work).collect())
}
