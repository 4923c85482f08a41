//! Small protection domains, right and deliberately wrong, on the stand-in kernel and on real
//! seL4: both must print what `tests/pd/expected` says.

mod text;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
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
    let expected = fs::read_to_string(&expected).with_context(|| expected.display().to_string())?;
    compare(&expected, &printed).with_context(|| format!("all is in {}", folder.display()))
}

fn compare(expected: &str, printed: &str) -> Result<()> {
    let mut printed = printed.lines();
    for (number, line) in expected.lines().enumerate() {
        let found = printed.next().unwrap_or("nothing");
        ensure!(
            found == line,
            "line {}: expected {line:?}, found {found:?}",
            number + 1
        );
    }
    let more = printed.next();
    ensure!(more.is_none(), "more than expected: {more:?}");
    Ok(())
}

fn build(tree: &Tree, sdk: &Sdk, name: &str, folder: &Path) -> Result<Image> {
    let builder = Builder::new(tree, sdk, BOARD, CONFIG)?;
    let programs = builder.build_protection_domains(tree, PROGRAMS)?;
    // The tool wants a name that ends in .elf.
    let program = format!("{name}.elf");
    fs::copy(programs.join(name), folder.join(&program))?;
    let mut tool = builder.tool(tree);
    let loader: PathBuf = folder.join("loader.img");
    tool.arg(tree.path(format!("tests/systems/parity-{name}.xml")))
        .arg("--search-path")
        .arg(folder)
        .args(["--board", BOARD, "--config", CONFIG, "-o"])
        .arg(&loader)
        .arg("-r")
        .arg(folder.join("report.txt"));
    progress::run("the microkit tool", &mut tool)?;
    Ok(Image {
        loader,
        board: image::load_board(tree, BOARD)?,
        guests: 0,
    })
}
