//! Running the guest that measures exits.

use anyhow::{Result, ensure};
use sysgen::Images;

use super::{Figures, size};
use crate::image::{Recipe, load_board, load_system};
use crate::profile::work::exits;
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
    let image = recipe.build(tree)?;
    let run = run(tree, recipe, &image, &[])?;
    ensure!(
        run.console.lines().any(|line| line.trim() == "BENCH-END"),
        "the bench guest did not come to its end; it printed:\n{}",
        run.console
    );
    let mut figures = figures(&run.console);
    let counted = exits(&run, &owners(tree, recipe, &image)?)?;
    let idle = counted.iter().find(|work| work.name == IDLE);
    figures.extend(idle.map(|idle| (IDLE.to_owned(), idle.shares.total())));
    let system = load_system(&recipe.system, &load_board(tree, &recipe.board)?)?;
    if let [guest] = system.guests.as_slice() {
        let size = size::text_and_data(&recipe.folder.join(&guest.program))?;
        figures.insert("vmm-bytes".to_owned(), size);
    }
    Ok(figures)
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
pub fn figures(output: &str) -> Figures {
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
        assert_eq!(figures(printed), Figures::from([("read".to_owned(), 150)]));
    }
}
