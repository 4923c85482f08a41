//! The instruction counter counts right: the bench guest knows its loops, and the guest's
//! counter goes by executed instructions.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use xtask::bench::measure::figures;
use xtask::image::Recipe;
use xtask::profile::counts::Block;
use xtask::profile::program::Part;
use xtask::profile::shares::Owners;
use xtask::profile::work::{Work, exits};
use xtask::profile::{Run, owners, run};
use xtask::tree::Tree;

use crate::bare_metal::bare;
use crate::bench::{BOARD, Workbench};

const CONFIG: &str = "release";
/// How often the bench guest does what it measures.
const TIMES: u64 = 1000;
/// Instructions of its loop around nothing: `nop`, `subs`, `b.ne`.
const LOOP: usize = 3;

pub(crate) fn trials(bench: &Arc<Workbench>) -> Vec<Trial> {
    let trial = |kernel: &'static str| {
        let missing = bench.sdk(kernel).is_none();
        let bench = Arc::clone(bench);
        let test = move || count(&bench, kernel).map_err(|error| format!("{error:#}").into());
        Trial::test(format!("{kernel}/{CONFIG}/counter"), test).with_ignored_flag(missing)
    };
    ["devsdk", "sel4"].map(trial).into()
}

fn count(bench: &Workbench, kernel: &str) -> Result<()> {
    let tree = Tree::find();
    let recipe = Recipe {
        system: tree.path("examples/plain/system.xml"),
        board: BOARD.to_owned(),
        config: CONFIG.to_owned(),
        sdk: bench.sdk(kernel).context("there is no official SDK")?,
        folder: tree.target("boot-tests").join(kernel).join("counter"),
        images: bare(bench.bare_metal("bench")?),
        more_bootargs: None,
    };
    let image = recipe.build(&tree)?;
    let owners = owners(&tree, &recipe, &image)?;
    // The first phase is split where the guest begins.
    let marks = [owners.guest_memory().to_vec()];
    let mut run = run(&tree, &recipe, &image, &marks)?;
    let before = owners.shares(&run.phases.remove(0));
    ensure!(
        before.guest() == 0 && before.vmm > 0 && before.kernel > 0,
        "before the guest: {before:?}"
    );
    let nothing = run.phases.get(1).context("too few phases")?;
    let found = in_loop(nothing, &owners);
    ensure!(
        found == LOOP,
        "{found} instructions in the loop around nothing"
    );
    compare(&run, &exits(&run, &owners)?)
}

/// How many of the guest's instructions were executed exactly as often as its loop goes round.
fn in_loop(phase: &[Block], owners: &Owners) -> usize {
    let mut counts: BTreeMap<u64, u64> = BTreeMap::new();
    let guest = |block: &&Block| owners.part(block) == Part::GuestKernel;
    // The same instruction can be in several blocks.
    for (address, count) in phase.iter().filter(guest).flat_map(Block::instructions) {
        *counts.entry(address).or_default() += count;
    }
    counts.values().filter(|&&count| count == TIMES).count()
}

/// What was counted, against the guest's clock of one nanosecond an instruction; it does not
/// count a device access that traps.
fn compare(run: &Run, exits: &[Work]) -> Result<()> {
    let timed = figures(&run.console);
    for exit in exits.iter().filter(|exit| exit.times == TIMES) {
        let counted = exit.shares.total() / TIMES;
        let timed = *timed.get(&exit.name).context("a figure is missing")?;
        ensure!(
            counted.abs_diff(timed) <= 1,
            "{}: {counted} counted, {timed} by the clock",
            exit.name
        );
    }
    Ok(())
}
