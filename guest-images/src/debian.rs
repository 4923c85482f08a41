//! The Debian guest: Debian's arm64 kernel and an initramfs around busybox-static.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use fs_err as fs;
use sysgen::image::{Format, Pieces};

use crate::ARCHITECTURE;
use crate::apt::{Apt, unpack};
use crate::cache::{Cache, write_if_changed};
use crate::initramfs::Initramfs;

const INIT: &[u8] = include_bytes!("../debian/init");

/// The two files a Debian guest boots from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DebianGuest {
    /// A plain arm64 Image.
    pub kernel: PathBuf,
    /// An uncompressed newc archive.
    pub initrd: PathBuf,
}

/// Makes the Debian guest of `suite` (`bookworm`, `bookworm-backports`, `trixie`) in `cache`.
///
/// # Errors
/// When the suite cannot be downloaded or does not hold what a guest needs; the text says which.
pub fn debian(cache: &Cache, suite: &str) -> Result<DebianGuest> {
    let suite_folder = cache.suite(suite)?;
    let folder = &suite_folder.path;
    let guest = DebianGuest {
        kernel: folder.join("Image"),
        initrd: folder.join("initrd.cpio"),
    };
    if !guest.kernel.exists() {
        make_kernel(folder, suite, &guest.kernel)?;
    }
    let busybox = folder.join("busybox");
    if !busybox.exists() {
        make_busybox(folder, suite, &busybox)?;
    }
    // Cheap, and so never out of step with the init of this tree.
    let initramfs = initramfs(&fs::read(&busybox)?)?;
    write_if_changed(&guest.initrd, &initramfs)?;
    Ok(guest)
}

fn make_kernel(folder: &Path, suite: &str, target: &Path) -> Result<()> {
    let apt = Apt::new(folder.join("apt"), suite, ARCHITECTURE);
    let package = apt.dependency("linux-image-arm64", "linux-image-")?;
    let package = apt.download(&package, &folder.join("packages"))?;
    eprintln!("  unpacking the kernel of {suite}");
    let unpacked = folder.join("kernel");
    unpack(&package, &["./boot/vmlinuz-*"], &unpacked)?;
    let file = only_file(&unpacked.join("boot"))?;
    let image = plain_image(fs::read(&file)?).with_context(|| file.display().to_string())?;
    write_if_changed(target, &image)?;
    fs::remove_dir_all(unpacked)?;
    Ok(())
}

fn make_busybox(folder: &Path, suite: &str, target: &Path) -> Result<()> {
    let apt = Apt::new(folder.join("apt"), suite, ARCHITECTURE);
    let package = apt.download("busybox-static", &folder.join("packages"))?;
    eprintln!("  unpacking busybox of {suite}");
    let unpacked = folder.join("unpacked");
    unpack(&package, &["*bin/busybox"], &unpacked)?;
    // Either place, before and after Debian's merge of /bin into /usr/bin.
    let file = ["bin/busybox", "usr/bin/busybox"]
        .map(|place| unpacked.join(place))
        .into_iter()
        .find(|path| path.exists())
        .context("busybox-static holds no busybox")?;
    write_if_changed(target, &fs::read(file)?)?;
    fs::remove_dir_all(unpacked)?;
    Ok(())
}

/// The plain Image of Debian's /boot/vmlinuz, which is that itself or, on newer suites, an EFI
/// program that holds it compressed.
fn plain_image(file: Vec<u8>) -> Result<Vec<u8>> {
    let kernel = sysgen::image::understand(file);
    let kernel = kernel.map_err(|problem| anyhow!("the kernel {problem}"))?;
    match (kernel.format, kernel.pieces) {
        (Format::Arm64Image, Pieces::Movable { data, .. }) => Ok(data),
        _ => bail!("the kernel is not an arm64 Image"),
    }
}

/// The one file in `folder`; two kernels in one package would be a surprise worth hearing of.
fn only_file(folder: &Path) -> Result<PathBuf> {
    let files = fs::read_dir(folder)?.collect::<std::io::Result<Vec<_>>>()?;
    match files.as_slice() {
        [one] => Ok(one.path()),
        other => bail!("{} holds {} files, not one", folder.display(), other.len()),
    }
}

fn initramfs(busybox: &[u8]) -> Result<Vec<u8>> {
    let mut archive = Initramfs::default();
    for folder in ["bin", "dev", "proc", "sys", "tmp", "root"] {
        archive.directory(folder)?;
    }
    archive
        .program("bin/busybox", busybox)?
        .program("init", INIT)?
        // What scripts ask for by path. Every other applet is found by its name,
        // as Debian's busybox-static prefers its own applets.
        .symlink("bin/sh", "busybox")?
        .character_device("dev/console", (5, 1))?
        .character_device("dev/null", (1, 3))?;
    archive.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unpacked_package_must_hold_one_kernel() {
        let folder = tempfile::tempdir().unwrap();
        assert!(only_file(folder.path()).is_err());
        fs::write(folder.path().join("vmlinuz-1"), "").unwrap();
        assert_eq!(
            only_file(folder.path()).unwrap(),
            folder.path().join("vmlinuz-1")
        );
        fs::write(folder.path().join("vmlinuz-2"), "").unwrap();
        assert!(only_file(folder.path()).is_err());
    }

    #[test]
    fn only_an_arm64_image_is_a_debian_kernel() {
        let mut image = vec![0; 64];
        image[0x38..0x3c].copy_from_slice(b"ARM\x64");
        assert_eq!(plain_image(image.clone()).unwrap(), image);
        let flat = plain_image(vec![0x1f, 0x20, 0x03, 0xd5]).unwrap_err();
        assert_eq!(flat.to_string(), "the kernel is not an arm64 Image");
        let empty = plain_image(Vec::new()).unwrap_err();
        assert_eq!(empty.to_string(), "the kernel is empty");
    }

    #[test]
    fn the_initramfs_needs_a_busybox() {
        assert!(initramfs(b"").is_err());
        assert!(initramfs(b"\x7fELF").is_ok());
    }
}
