//! `profile`: where the instructions of an exit go, function by function.

use anyhow::{Result, bail};
use clap::Args;

use crate::knobs::Knobs;
use crate::profile::{exits, owners, run};
use crate::tree::Tree;
use crate::verb::bench;

/// Functions of each exit that are told when all exits are.
const OVERVIEW: usize = 8;

/// Options of `profile`.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Only this kind of exit, with all its functions, as mmio-read-w0 [default: all kinds]
    #[arg(long, env = "EXIT", value_name = "NAME")]
    exit: Option<String>,
}

/// Runs the bench guest with its instructions counted, and prints what each exit takes.
///
/// # Errors
/// When the image cannot be built, the guest does not come to its end, or has no such exit.
pub fn profile(tree: &Tree, knobs: &Knobs, options: &Options) -> Result<()> {
    let recipe = bench::recipe(tree, knobs)?;
    let image = recipe.build(tree)?;
    let run = run(tree, &recipe, &image, &[])?;
    let all = exits::exits(&run, &owners(tree, &recipe, &image)?)?;
    let Some(wanted) = options.exit.as_deref().filter(|name| !name.is_empty()) else {
        print!("{}", exits::table(&all, OVERVIEW));
        return Ok(());
    };
    let Some(one) = all.iter().find(|exit| exit.name == wanted) else {
        let names: Vec<&str> = all.iter().map(|exit| exit.name.as_str()).collect();
        bail!(
            "EXIT: there is no exit '{wanted}', only: {}",
            names.join(", ")
        );
    };
    print!("{}", exits::table(std::slice::from_ref(one), usize::MAX));
    Ok(())
}
