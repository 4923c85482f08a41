//! The Debian guest: its boot, and what it costs when it does nothing.

use anyhow::{Result, ensure};
use sysgen::Images;

use super::{Figures, SEED};
use crate::image::{Recipe, debian};
use crate::profile::{boot, owners, run};
use crate::progress::step;
use crate::tree::Tree;

/// The figure of what is executed before the guest.
pub const START: &str = "debian-start";
/// As much on the console as the peer's guest has, and an end.
const BOOT: &str = "debug loglevel=8 autopoweroff";
/// Two boots that differ only in how long they sleep.
const SLEEPS: [&str; 2] = [
    "debug loglevel=8 autopoweroff autorun=\"sleep 100\"",
    "debug loglevel=8 autopoweroff autorun=\"sleep 200\"",
];
/// Seconds by which they differ.
const SECONDS: u64 = 100;
/// What its init prints when the sleep is over.
const SLEPT: &str = "AUTORUN-DONE 0";

/// Adds the figures. The image is made as `like` says, for Debian.
///
/// # Errors
/// When the image cannot be built or the guest does not come to its end.
pub fn boot_and_idle(tree: &Tree, like: &Recipe, figures: &mut Figures) -> Result<()> {
    let mut recipe = like.clone();
    recipe.folder = like.folder.join("debian");
    let guest = debian(tree)?;
    recipe.images = Images {
        kernel: guest.kernel,
        initrd: Some(guest.initrd),
        bootargs: None,
        device_tree: None,
    };
    recipe.more_bootargs = Some(BOOT);
    step("booting Debian");
    let image = recipe.build_repeatable(tree, &SEED)?;
    let boot = boot(tree, &recipe, &image)?;
    let start = boot.before_guest;
    let mut all = start;
    all += boot.to_userland;
    all += boot.rest;
    figures.add("debian-guest-kernel", all.guest_kernel, None);
    figures.add("debian-boot", all.total(), Some(all));
    figures.add(START, start.total(), Some(start));

    step("letting Debian sleep");
    let [less, more] = SLEEPS;
    let less = sleep(tree, &mut recipe, less)?;
    let more = sleep(tree, &mut recipe, more)?;
    figures.add("debian-idle", more.saturating_sub(less) / SECONDS, None);
    Ok(())
}

/// All instructions from machine start to power-off, with a sleep between.
fn sleep(tree: &Tree, recipe: &mut Recipe, arguments: &'static str) -> Result<u64> {
    recipe.more_bootargs = Some(arguments);
    let image = recipe.build_repeatable(tree, &SEED)?;
    let run = run(tree, recipe, &image, &[])?;
    ensure!(
        run.console.contains(SLEPT),
        "the guest did not sleep; it printed:\n{}",
        run.console
    );
    let owners = owners(tree, recipe, &image)?;
    let totals = run.phases.iter().map(|phase| owners.shares(phase).total());
    Ok(totals.sum())
}
