//! `bench`: what exits cost, in executed instructions, against the budgets.

use std::process::ExitCode;

use anyhow::{Result, bail, ensure};
use clap::Args;

use crate::bench::budgets::{Budgets, missed};
use crate::bench::report::Report;
use crate::bench::{debian, guard, measure};
use crate::image::Recipe;
use crate::knobs::Knobs;
use crate::microkit::Sdk;
use crate::tree::Tree;

/// What is measured when nothing else is asked for, and what budgets are for.
const RELEASE: &str = "release";

/// Options of `bench`.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Rewrite what tests guard in the budgets file, and the documents' figures, too (yes)
    #[arg(long, env = "RECORD", hide_env_values = true, value_name = "yes")]
    record: Option<String>,
}

/// Measures, prints the table, and writes it as Markdown, JSON and SVG into the build folder.
///
/// # Errors
/// When an image cannot be built or a guest does not come to its end.
pub fn bench(tree: &Tree, knobs: &Knobs, options: &Options) -> Result<ExitCode> {
    let record = match options.record.as_deref() {
        None | Some("" | "no") => false,
        Some("yes") => true,
        Some(other) => bail!("RECORD: '{other}' is neither yes nor no"),
    };
    let path = tree.path("xtask/budgets.toml");
    let budgets = Budgets::load(&path)?;
    let recipe = recipe(tree, knobs)?;
    let on_sel4 = recipe.sdk != Sdk::StandIn;
    ensure!(
        !record || recipe.config == RELEASE,
        "RECORD: budgets are for the configuration release; leave MICROKIT_CONFIG out"
    );
    let mut figures = measure::exits_and_size(tree, &recipe)?;
    debian::boot_and_idle(tree, &recipe, &mut figures)?;
    let rows = budgets.rows(&figures, on_sel4);
    let report = Report {
        on: format!("{}, {}", recipe.sdk.name(), recipe.config),
        peer: &budgets.peer,
        rows: &rows,
    };
    print!("{}", report.text());
    report.write(&recipe.folder)?;
    if record {
        guard::rewrite(&path, &rows, on_sel4, &recipe.compiler(tree)?)?;
    }
    if record && on_sel4 {
        report.record(tree)?;
    }
    let missed = missed(&rows, 0);
    if missed.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("budgets missed:{missed}");
    Ok(ExitCode::FAILURE)
}

/// What exits cost is measured without virtio devices.
const PLAIN: &str = "examples/plain/system.xml";

/// The bench guest on the release configuration, unless another was asked for.
pub(crate) fn recipe(tree: &Tree, knobs: &Knobs) -> Result<Recipe> {
    let mut images = measure::bench_guest(tree)?;
    images.bootargs.clone_from(&knobs.bootargs);
    Ok(Recipe {
        system: knobs.system_or(tree, PLAIN)?,
        board: knobs.board().to_owned(),
        config: config(knobs).to_owned(),
        sdk: Sdk::choose(tree, knobs.microkit_sdk.as_deref())?,
        folder: knobs.make_build_folder(tree)?.join("bench"),
        images,
        more_bootargs: None,
    })
}

/// Release, unless another was asked for.
pub(crate) fn config(knobs: &Knobs) -> &str {
    let given = knobs.microkit_config.as_deref();
    given.filter(|name| !name.is_empty()).unwrap_or(RELEASE)
}
