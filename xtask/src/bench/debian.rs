//! The Debian guest: its boot, and what it costs when it does nothing.

use anyhow::{Result, ensure};
use sysgen::{Images, Seed};

use super::Figures;
use crate::image::{Recipe, debian};
use crate::profile::shares::Shares;
use crate::profile::{boot, owners, run};
use crate::progress::step;
use crate::tree::Tree;

/// The same in every run, and none for the kernel's address, as the peer's guest has none.
const SEED: Seed = Seed {
    rng: [7; 32],
    kaslr: [0; 8],
};
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

/// The figures, and whose instructions they are before the guest's first. The image is made as
/// `like` says, for Debian.
///
/// # Errors
/// When the image cannot be built or the guest does not come to its end.
pub fn boot_and_idle(tree: &Tree, like: &Recipe) -> Result<(Figures, Shares)> {
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
    let kernel = boot.to_userland.guest_kernel + boot.rest.guest_kernel;
    let all = [boot.before_guest, boot.to_userland, boot.rest].map(|phase| phase.total());
    step("letting Debian sleep");
    let [less, more] = SLEEPS;
    let less = sleep(tree, &mut recipe, less)?;
    let more = sleep(tree, &mut recipe, more)?;
    let figures = [
        ("debian-idle", more.saturating_sub(less) / SECONDS),
        ("debian-guest-kernel", kernel),
        ("debian-boot", all.iter().sum()),
        ("debian-start", boot.before_guest.total()),
    ];
    let figures = figures.map(|(name, figure)| (name.to_owned(), figure));
    Ok((figures.into(), boot.before_guest))
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
