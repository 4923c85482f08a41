//! Small protection domains, right and deliberately wrong, on the stand-in kernel and on real
//! seL4: both must print what `tests/pd/expected` says.

mod text;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use libtest_mimic::Trial;
use xtask::image::{self, Image};
use xtask::input::Input;
use xtask::machine;
use xtask::microkit::Sdk;
use xtask::program::Builder;
use xtask::progress;
use xtask::tree::Tree;

use crate::bench::Workbench;
use crate::case::Clock;
use crate::console::Console;
use crate::expected;

const BOARD: &str = "qemu_virt_aarch64";
/// Only this configuration prints.
const CONFIG: &str = "debug";
const PROGRAMS: &str = "tests/pd";

/// Each is `tests/systems/parity-NAME.xml`, `tests/pd/src/bin/NAME.rs` and
/// `tests/pd/expected/NAME.txt`.
const SYSTEMS: &[&str] = &["faults", "calls", "guest"];

pub(crate) fn trials(bench: &Arc<Workbench>) -> Vec<Trial> {
    let mut trials = Vec::new();
    for kernel in ["devsdk", "sel4"] {
        for name in SYSTEMS {
            let sdk = bench.sdk(kernel);
            let missing = sdk.is_none();
            let run = move || match sdk {
                Some(sdk) => run(kernel, &sdk, name).map_err(|error| format!("{error:#}").into()),
                None => Err("there is no official SDK".into()),
            };
            let trial = Trial::test(format!("{kernel}/{CONFIG}/parity-{name}"), run);
            trials.push(trial.with_ignored_flag(missing));
        }
    }
    trials
}

fn run(kernel: &str, sdk: &Sdk, name: &str) -> Result<()> {
    let tree = Tree::find();
    let folder = tree
        .target("boot-tests")
        .join(kernel)
        .join("parity")
        .join(name);
    fs::create_dir_all(&folder)?;
    let image = build(&tree, sdk, name, &folder)?;
    let mut console = Console::open(machine::qemu(
        &image,
        Input::Stream,
        &Clock::Instructions.arguments(),
    )?)?;
    let off = console.expect_off();
    let printed = text::comparable(console.text());
    // The whole console for people, the comparable part to look at or to become the expected.
    fs::write(folder.join("console.log"), console.text())?;
    fs::write(folder.join("printed.txt"), &printed)?;
    off.with_context(|| format!("its end:\n{}", console.tail()))?;
    let expected = tree.path(PROGRAMS).join(format!("expected/{name}.txt"));
    expected::compare(&expected, printed.lines())
        .with_context(|| format!("all is in {}", folder.display()))
}

fn build(tree: &Tree, sdk: &Sdk, name: &str, folder: &Path) -> Result<Image> {
    let builder = Builder::new(tree, sdk, BOARD, CONFIG)?;
    let programs = builder.build_protection_domains(tree, PROGRAMS)?;
    // The tool wants a name that ends in .elf.
    let program = format!("{name}.elf");
    fs::copy(programs.join(name), folder.join(&program))?;
    let system = tree.path(format!("tests/systems/parity-{name}.xml"));
    let loader = folder.join("loader.img");
    let mut tool = builder.tool(tree, &system, folder, &loader);
    progress::run("the microkit tool", &mut tool)?;
    Ok(Image {
        loader,
        board: image::load_board(tree, BOARD)?,
        guests: 0,
        drivers: Vec::new(),
        disk: None,
    })
}
