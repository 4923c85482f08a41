//! Debian's U-Boot for QEMU's arm64 virt machine, a guest that is a flat binary.

use std::path::PathBuf;

use anyhow::Result;
use fs_err as fs;

use crate::ARCHITECTURE;
use crate::apt::{Apt, unpack};
use crate::cache::{Cache, write_if_changed};

/// Fetches U-Boot of `suite` into `cache` and gives the path of its flat binary.
///
/// # Errors
/// When the suite cannot be downloaded; the text says why.
pub fn u_boot(cache: &Cache, suite: &str) -> Result<PathBuf> {
    let suite_folder = cache.suite(suite)?;
    let folder = &suite_folder.path;
    let target = folder.join("u-boot.bin");
    if target.exists() {
        return Ok(target);
    }
    let apt = Apt::new(folder.join("apt"), suite, ARCHITECTURE);
    let package = apt.download("u-boot-qemu", &folder.join("packages"))?;
    eprintln!("  unpacking U-Boot of {suite}");
    let unpacked = folder.join("unpacked");
    let place = "usr/lib/u-boot/qemu_arm64/u-boot.bin";
    unpack(&package, &[&format!("./{place}")], &unpacked)?;
    write_if_changed(&target, &fs::read(unpacked.join(place))?)?;
    fs::remove_dir_all(unpacked)?;
    Ok(target)
}
