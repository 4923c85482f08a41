//! Running the guest that measures exits.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use sysgen::Images;

use super::{Figures, SEED, size};
use crate::image::{Recipe, load_board, load_system};
use crate::profile::shares::Shares;
use crate::profile::work::{Work, exits};
use crate::profile::{owners, run};
use crate::toolchain::bare_metal;
use crate::tree::Tree;

/// The idle second of the bench guest; the clock does not count what a sleeper's VMM does.
const IDLE: &str = "idle-second";

/// The bench guest's figures and the VMM's size, in seconds. The recipe's images are the bench
/// guest's.
///
/// # Errors
/// When the image cannot be built or the guest does not come to its end.
pub fn exits_and_size(tree: &Tree, recipe: &Recipe) -> Result<Figures> {
    let image = recipe.build_repeatable(tree, &SEED)?;
    let run = run(tree, recipe, &image, &[])?;
    ensure!(
        run.console.lines().any(|line| line.trim() == "BENCH-END"),
        "the bench guest did not come to its end; it printed:\n{}",
        run.console
    );
    let mut figures = Figures {
        counts: figures(&run.console),
        ..Figures::default()
    };
    for work in exits(&run, &owners(tree, recipe, &image)?)? {
        add_shares(&mut figures, &work);
    }
    let system = load_system(&recipe.system, &load_board(tree, &recipe.board)?)?;
    if let [guest] = system.guests.as_slice() {
        let size = size::text_and_data(&recipe.folder.join(&guest.program))?;
        figures.add("vmm-bytes", size, None);
    }
    Ok(figures)
}

/// Adds whose instructions a figure is, where what was counted is what the guest's clock says:
/// it measures only a part of some works.
fn add_shares(figures: &mut Figures, work: &Work) {
    let each = |count: u64| (count + work.times / 2) / work.times;
    let total = each(work.shares.total());
    let timed = match figures.counts.get(&work.name) {
        None if work.name == IDLE => total,
        None => return,
        Some(&timed) => timed,
    };
    // An access that traps is executed twice, once by QEMU's clock.
    if timed.abs_diff(total) <= 1 {
        let shares = Shares {
            kernel: each(work.shares.kernel),
            vmm: each(work.shares.vmm),
            guest_kernel: each(work.shares.guest_kernel),
            ..Shares::default()
        };
        figures.add(&work.name, timed, Some(shares));
    }
}

/// The bench guest.
///
/// # Errors
/// When it does not build.
pub fn bench_guest(tree: &Tree) -> Result<Images> {
    Ok(Images {
        kernel: bare_metal(tree)?.join("bench"),
        initrd: None,
        bootargs: None,
        device_tree: None,
    })
}

/// The figures in the bench guest's output: `BENCH name number`.
pub fn figures(output: &str) -> BTreeMap<String, u64> {
    let figure = |line: &str| {
        let (name, number) = line.trim().strip_prefix("BENCH ")?.split_once(' ')?;
        Some((name.to_owned(), number.parse().ok()?))
    };
    output.lines().filter_map(figure).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_found_among_other_lines() {
        let printed =
            "VMM: guest linux started\r\nBENCH read 150\r\nBENCH-MARK begin\r\nBENCH write x\r\n";
        assert_eq!(figures(printed), BTreeMap::from([("read".to_owned(), 150)]));
    }

    #[test]
    fn shares_are_told_of_what_the_clock_saw_whole() {
        let mut figures = Figures::default();
        figures.add("read", 99, None);
        figures.add("timer", 50, None);
        for name in ["read", "timer", IDLE, "unknown"] {
            let shares = Shares {
                kernel: 704,
                vmm: 296,
                ..Shares::default()
            };
            let work = Work {
                name: name.to_owned(),
                times: 10,
                shares,
                functions: Vec::new(),
            };
            add_shares(&mut figures, &work);
        }
        let each = Shares {
            kernel: 70,
            vmm: 30,
            ..Shares::default()
        };
        let expected = [("idle-second", each), ("read", each)];
        assert_eq!(
            figures.shares,
            BTreeMap::from(expected.map(|(name, shares)| (name.to_owned(), shares)))
        );
        assert_eq!((figures.counts["read"], figures.counts[IDLE]), (99, 100));
    }
}
