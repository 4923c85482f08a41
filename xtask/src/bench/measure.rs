//! Running the guests that measure.

use std::process::{Command, Stdio};

use anyhow::{Result, bail, ensure};
use sysgen::Images;

use super::{Figures, size};
use crate::image::{Image, Recipe, load_board, load_system};
use crate::input::Input;
use crate::machine;
use crate::progress::step;
use crate::toolchain::bare_metal;
use crate::tree::Tree;

/// One instruction takes one nanosecond, and a sleeping machine skips to its next timer.
const COUNTED: [&str; 2] = ["-icount", "shift=0,sleep=off"];
/// Seconds that a guest gets; the bench guest needs about ten.
const LIMIT: &str = "300";

/// The bench guest's figures and the VMM's size, in seconds. The recipe's images are the bench
/// guest's.
///
/// # Errors
/// When the image cannot be built or the guest does not come to its end.
pub fn exits(tree: &Tree, recipe: &Recipe) -> Result<Figures> {
    let image = recipe.build(tree)?;
    step("measuring exits");
    let text = run(&image)?;
    ensure!(
        text.lines().any(|line| line.trim() == "BENCH-END"),
        "the bench guest did not come to its end; it printed:\n{text}"
    );
    let mut figures = figures(&text);
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

/// Runs the image to the machine's end, and gives what it printed.
fn run(image: &Image) -> Result<String> {
    let qemu = machine::qemu(image, Input::Nothing, &COUNTED.map(str::to_owned))?;
    let output = Command::new("timeout")
        .arg(LIMIT)
        .arg(qemu.get_program())
        .args(qemu.get_args())
        .stdin(Stdio::null())
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        bail!("QEMU ended with {}: {errors}\n{text}", output.status);
    }
    Ok(text)
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
