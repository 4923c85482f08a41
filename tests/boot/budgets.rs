//! What an exit may cost, and how large the VMM may be: `xtask/budgets.toml`, with a little slack.

use std::sync::Arc;

use anyhow::{Result, ensure};
use libtest_mimic::Trial;
use xtask::bench::budgets::{Budgets, missed};
use xtask::bench::measure;
use xtask::image::Recipe;
use xtask::microkit::Sdk;
use xtask::tree::Tree;

use crate::bench::{BOARD, Workbench};

/// As products use it.
const CONFIG: &str = "release";

pub(crate) fn trials(bench: &Arc<Workbench>) -> Vec<Trial> {
    ["devsdk", "sel4"]
        .map(|kernel| {
            let sdk = bench.sdk(kernel);
            let missing = sdk.is_none();
            let run = move || match sdk {
                Some(sdk) => check(kernel, sdk).map_err(|error| format!("{error:#}").into()),
                None => Err("there is no official SDK".into()),
            };
            let name = format!("{kernel}/{CONFIG}/budgets");
            Trial::test(name, run).with_ignored_flag(missing)
        })
        .into()
}

fn check(kernel: &str, sdk: Sdk) -> Result<()> {
    let tree = Tree::find();
    let on_sel4 = sdk != Sdk::StandIn;
    let recipe = Recipe {
        system: tree.path("examples/plain/system.xml"),
        board: BOARD.to_owned(),
        config: CONFIG.to_owned(),
        sdk,
        folder: tree
            .target("boot-tests")
            .join(kernel)
            .join(CONFIG)
            .join("budgets"),
        images: measure::bench_guest(&tree)?,
        more_bootargs: None,
    };
    let figures = measure::exits_and_size(&tree, &recipe)?;
    let budgets = Budgets::load(&tree.path("xtask/budgets.toml"))?;
    let compiler = recipe.compiler(&tree)?;
    let slack = budgets.slack(&compiler);
    let missed = missed(&budgets.guards(&figures, on_sel4), slack);
    ensure!(
        missed.is_empty(),
        "over xtask/budgets.toml by more than {slack} %, built by rustc {compiler}:{missed}\n\
         (`make bench` shows all figures)"
    );
    Ok(())
}
