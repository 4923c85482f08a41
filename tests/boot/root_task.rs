//! The memory interface on real capabilities: `examples/root-task` on seL4 prints what its test
//! on the host, `scenario/tests/host`, prints on the model of the kernel.

use std::fs;
use std::sync::Arc;

use anyhow::{Context, Result};
use libtest_mimic::Trial;
use xtask::input::Input;
use xtask::machine;
use xtask::microkit::Sdk;
use xtask::root_task::{self, FOLDER};
use xtask::tree::Tree;

use crate::bench::Workbench;
use crate::case::{Clock, DEBUG_AND_RELEASE};
use crate::console::Console;
use crate::expected;

/// What begins the root task's lines and the guest's, among those of the loader and the kernel.
const OURS: [&str; 3] = ["KERNEL ", "VMM ", "GUEST "];

pub(crate) fn trials(bench: &Arc<Workbench>) -> Vec<Trial> {
    DEBUG_AND_RELEASE
        .iter()
        .map(|config| {
            let sdk = bench.sdk("sel4");
            let missing = sdk.is_none();
            let run = move || match sdk {
                Some(sdk) => run(&sdk, config).map_err(|error| format!("{error:#}").into()),
                None => Err("there is no official SDK".into()),
            };
            Trial::test(format!("sel4/{config}/root-task"), run).with_ignored_flag(missing)
        })
        .collect()
}

fn run(sdk: &Sdk, config: &str) -> Result<()> {
    let tree = Tree::find();
    let folder = tree
        .target("boot-tests/sel4")
        .join(config)
        .join("root-task");
    let image = root_task::build(&tree, sdk, config, &folder)?;
    let arguments = Clock::Instructions.arguments();
    let mut console = Console::open(machine::qemu(&image, Input::Stream, &arguments)?)?;
    let off = console.expect_off();
    let log = folder.join("console.log");
    fs::write(&log, console.text())?;
    off.with_context(|| format!("its end:\n{}", console.tail()))?;
    let expected = tree.path(FOLDER).join("expected.txt");
    let lines = console
        .text()
        .lines()
        .map(|line| line.trim_end_matches('\r'));
    let printed = lines.filter(|line| OURS.iter().any(|word| line.starts_with(word)));
    expected::compare(&expected, printed).with_context(|| format!("all is in {}", log.display()))
}
