//! All programs of a system: each guest's VMM, tickers, drivers, and those of the user's own.

use std::path::Path;

use anyhow::Result;
use sysgen::{System, tables};

use crate::program::{Builder, Program};
use crate::progress::step;
use crate::tree::Tree;

/// Builds the programs of `system`, which was read from `file`, into `folder`.
///
/// # Errors
/// When one does not build.
pub fn build(
    tree: &Tree,
    builder: &Builder,
    system: &System,
    file: &Path,
    folder: &Path,
) -> Result<()> {
    let beside = file.parent().unwrap_or(Path::new("."));
    for guest in &system.guests {
        let (text, devices) = (tables::generate(guest), tables::generate_devices(guest));
        let program = match &guest.program_crate {
            None => Program::vmm(tree, &text, &devices),
            Some(own) => Program::vmm_in(&beside.join(own), &text, &devices)?,
        };
        build_one(tree, builder, &program, &folder.join(&guest.program))?;
    }
    for ticker in &system.tickers {
        let text = tables::generate_ticker(ticker);
        let program = Program::ticker(tree, &text);
        build_one(tree, builder, &program, &folder.join(&ticker.program))?;
    }
    for driver in &system.drivers {
        let text = tables::generate_driver(driver);
        let program = Program::driver(tree, driver.kind.name(), &text);
        build_one(tree, builder, &program, &folder.join(&driver.program))?;
    }
    for own in &system.programs {
        let program = Program::in_folder(&beside.join(&own.folder))?;
        build_one(tree, builder, &program, &folder.join(&own.program))?;
    }
    Ok(())
}

fn build_one(tree: &Tree, builder: &Builder, program: &Program<'_>, target: &Path) -> Result<()> {
    builder.build(tree, program, target)?;
    step(&Tree::shown(target));
    Ok(())
}
