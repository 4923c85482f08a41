//! `bench`: what exits cost, in executed instructions, against the budgets.

use std::fs;
use std::process::{Command, ExitCode};

use anyhow::{Result, bail};
use sysgen::Images;

use crate::budget::{Budgets, chart, figures, json, table};
use crate::image::Recipe;
use crate::input::Input;
use crate::knobs::Knobs;
use crate::machine;
use crate::microkit::Sdk;
use crate::progress::step;
use crate::toolchain::bare_metal;
use crate::tree::Tree;

/// One instruction takes one nanosecond, and a sleeping machine skips to its next timer.
const COUNTED: [&str; 2] = ["-icount", "shift=0,sleep=off"];
/// Seconds that the guest gets; it needs about ten.
const LIMIT: &str = "300";

/// Measures, prints the table, and writes it as JSON and SVG into the build folder.
///
/// # Errors
/// When the image cannot be built or the guest does not come to its end.
pub fn bench(tree: &Tree, knobs: &Knobs) -> Result<ExitCode> {
    let budgets = Budgets::load(&tree.path("xtask/budgets.toml"))?;
    let recipe = recipe(tree, knobs)?;
    let image = recipe.build(tree)?;
    let counted: Vec<String> = COUNTED.iter().map(|&word| word.to_owned()).collect();
    let qemu = machine::qemu(&image, Input::Nothing, &counted)?;
    step("measuring");
    let output = Command::new("timeout")
        .arg(LIMIT)
        .arg(qemu.get_program())
        .args(qemu.get_args())
        .stdin(std::process::Stdio::null())
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    if !text.lines().any(|line| line.trim() == "BENCH-END") {
        bail!("the bench guest did not come to its end; it printed:\n{text}");
    }
    let figures = figures(&text);
    let rows = budgets.rows(&figures, recipe.sdk != Sdk::StandIn);
    print!("{}", table(&rows));
    fs::write(recipe.folder.join("bench.json"), json(&rows))?;
    fs::write(recipe.folder.join("bench.svg"), chart(&rows))?;
    let met = rows.iter().all(crate::budget::Row::met);
    Ok(if met {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The bench guest on the release configuration, unless another was asked for.
pub(crate) fn recipe(tree: &Tree, knobs: &Knobs) -> Result<Recipe> {
    let config = knobs
        .microkit_config
        .as_deref()
        .filter(|config| !config.is_empty());
    let board = knobs.board().to_owned();
    Ok(Recipe {
        system: knobs.system(tree)?,
        board,
        config: config.unwrap_or("release").to_owned(),
        sdk: Sdk::choose(tree, knobs.microkit_sdk.as_deref())?,
        folder: knobs.build_folder(tree)?.join("bench"),
        images: Images {
            kernel: bare_metal(tree)?.join("bench"),
            initrd: None,
            bootargs: knobs.bootargs.clone(),
            device_tree: None,
        },
        more_bootargs: None,
    })
}
