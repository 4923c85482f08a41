//! Debian's firmware for QEMU's arm64 virt machine: guests that are flat binaries.

use std::path::PathBuf;

use anyhow::Result;
use fs_err as fs;

use crate::ARCHITECTURE;
use crate::apt::{Apt, unpack};
use crate::cache::{Cache, write_if_changed};

/// A file of a Debian package.
struct Firmware {
    title: &'static str,
    package: &'static str,
    place: &'static str,
    name: &'static str,
}

const U_BOOT: Firmware = Firmware {
    title: "U-Boot",
    package: "u-boot-qemu",
    place: "usr/lib/u-boot/qemu_arm64/u-boot.bin",
    name: "u-boot.bin",
};

const UEFI: Firmware = Firmware {
    title: "UEFI",
    package: "qemu-efi-aarch64",
    place: "usr/share/qemu-efi-aarch64/QEMU_EFI.fd",
    name: "QEMU_EFI.fd",
};

/// Fetches U-Boot of `suite` into `cache` and gives the path of its flat binary.
///
/// # Errors
/// When the suite cannot be downloaded; the text says why.
pub fn u_boot(cache: &Cache, suite: &str) -> Result<PathBuf> {
    firmware(&U_BOOT, cache, suite)
}

/// Fetches EDK2's UEFI firmware of `suite` into `cache` and gives the path of its flat binary,
/// which runs at address 0 and looks for the device tree where RAM begins, at 0x4000_0000.
///
/// # Errors
/// When the suite cannot be downloaded; the text says why.
pub fn uefi(cache: &Cache, suite: &str) -> Result<PathBuf> {
    firmware(&UEFI, cache, suite)
}

fn firmware(wanted: &Firmware, cache: &Cache, suite: &str) -> Result<PathBuf> {
    let suite_folder = cache.suite(suite)?;
    let folder = &suite_folder.path;
    let target = folder.join(wanted.name);
    if target.exists() {
        return Ok(target);
    }
    let apt = Apt::new(folder.join("apt"), suite, ARCHITECTURE);
    let package = apt.download(wanted.package, &folder.join("packages"))?;
    eprintln!("guest-images: unpacking {} of {suite}", wanted.title);
    let unpacked = folder.join("unpacked");
    unpack(&package, &[&format!("./{}", wanted.place)], &unpacked)?;
    write_if_changed(&target, &fs::read(unpacked.join(wanted.place))?)?;
    fs::remove_dir_all(unpacked)?;
    Ok(target)
}
