//! `bench`: what exits cost, in executed instructions, against the budgets.

use std::fs;
use std::process::ExitCode;

use anyhow::Result;

use crate::bench::budgets::{Budgets, missed};
use crate::bench::chart::chart;
use crate::bench::json::json;
use crate::bench::{debian, measure, table};
use crate::image::Recipe;
use crate::knobs::Knobs;
use crate::microkit::Sdk;
use crate::progress::step;
use crate::tree::Tree;

/// Measures, prints the table, and writes it as Markdown, JSON and SVG into the build folder.
///
/// # Errors
/// When the image cannot be built or the guest does not come to its end.
pub fn bench(tree: &Tree, knobs: &Knobs) -> Result<ExitCode> {
    let budgets = Budgets::load(&tree.path("xtask/budgets.toml"))?;
    let recipe = recipe(tree, knobs)?;
    let mut figures = measure::exits_and_size(tree, &recipe)?;
    let (more, start) = debian::boot_and_idle(tree, &recipe)?;
    figures.extend(more);
    let rows = budgets.rows(&figures, recipe.sdk != Sdk::StandIn);
    let on = format!("{}, {}", recipe.sdk.name(), recipe.config);
    let (text, start_text) = (table::text(&on, &rows), table::start_text(&start));
    print!("{text}\n{start_text}");
    let markdown = table::markdown(&on, &budgets.peer, &rows);
    let written = [
        ("bench.md", markdown + "\n" + &table::start_markdown(&start)),
        ("bench.json", json(&on, &budgets.peer, &rows, &start)?),
        ("bench.svg", chart(&budgets.peer, &rows)),
    ];
    for (name, text) in written {
        fs::write(recipe.folder.join(name), text)?;
    }
    step(&format!(
        "bench.md, bench.json and bench.svg are in {}",
        Tree::shown(&recipe.folder)
    ));
    let missed = missed(&rows, 0);
    if missed.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("budgets missed:{missed}");
    Ok(ExitCode::FAILURE)
}

/// The bench guest on the release configuration, unless another was asked for.
pub(crate) fn recipe(tree: &Tree, knobs: &Knobs) -> Result<Recipe> {
    let mut images = measure::bench_guest(tree)?;
    images.bootargs.clone_from(&knobs.bootargs);
    Ok(Recipe {
        system: knobs.system(tree)?,
        board: knobs.board().to_owned(),
        config: config(knobs).to_owned(),
        sdk: Sdk::choose(tree, knobs.microkit_sdk.as_deref())?,
        folder: knobs.build_folder(tree)?.join("bench"),
        images,
        more_bootargs: None,
    })
}

/// Release, unless another was asked for.
pub(crate) fn config(knobs: &Knobs) -> &str {
    let given = knobs.microkit_config.as_deref();
    given.filter(|name| !name.is_empty()).unwrap_or("release")
}
