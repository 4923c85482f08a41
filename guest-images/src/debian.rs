//! The Debian guest: Debian's arm64 kernel and an initramfs around busybox-static.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use fs_err as fs;
use sysgen::image::{Format, Pieces};

use crate::ARCHITECTURE;
use crate::apt::{Apt, contents, unpack};
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
    /// The same with the kernel's modules for virtio devices and a file system.
    pub initrd_with_modules: PathBuf,
}

/// Modules of the kernel package, in the order in which they can be loaded: file systems, drivers,
/// and at last the bus, so that every driver is there when its device is found.
const MODULES: [&str; 13] = [
    "crc16",
    "crc32c_generic",
    "libcrc32c",
    "mbcache",
    "jbd2",
    "ext4",
    "failover",
    "net_failover",
    "virtio_blk",
    "virtio_net",
    "virtio_console",
    "virtio-rng",
    "virtio_mmio",
];

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
        initrd_with_modules: folder.join("initrd-modules.cpio"),
    };
    let modules = folder.join("modules");
    if !guest.kernel.exists() || !modules.exists() {
        make_kernel(folder, suite, &guest.kernel, &modules)?;
    }
    let busybox = folder.join("busybox");
    if !busybox.exists() {
        make_busybox(folder, suite, &busybox)?;
    }
    // Cheap, and so never out of step with the init of this tree.
    let busybox = fs::read(&busybox)?;
    write_if_changed(&guest.initrd, &initramfs(&busybox, &[])?)?;
    let modules = read_modules(&modules)?;
    write_if_changed(&guest.initrd_with_modules, &initramfs(&busybox, &modules)?)?;
    Ok(guest)
}

fn make_kernel(folder: &Path, suite: &str, target: &Path, modules: &Path) -> Result<()> {
    let apt = Apt::new(folder.join("apt"), suite, ARCHITECTURE);
    let package = apt.dependency("linux-image-arm64", "linux-image-")?;
    let package = apt.download(&package, &folder.join("packages"))?;
    eprintln!("  unpacking the kernel of {suite}");
    let unpacked = folder.join("kernel");
    let files = contents(&package)?;
    let mut wanted: Vec<&str> = files.iter().map(String::as_str).collect();
    wanted.retain(|path| MODULES.iter().any(|name| is_module(path, name)));
    wanted.push("./boot/vmlinuz-*");
    unpack(&package, &wanted, &unpacked)?;
    let file = only_file(&unpacked.join("boot"))?;
    let image = plain_image(fs::read(&file)?).with_context(|| file.display().to_string())?;
    write_if_changed(target, &image)?;
    let found = unpacked.join("modules");
    fs::create_dir_all(&found)?;
    gather_modules(&unpacked, &found)?;
    if modules.exists() {
        fs::remove_dir_all(modules)?;
    }
    // In one step, so that a folder of half of them is never taken for all.
    fs::rename(found, modules)?;
    fs::remove_dir_all(unpacked)?;
    Ok(())
}

/// Is this the file of a module of that name, compressed or not?
fn is_module(path: &str, name: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or_default();
    let suffix = file.strip_prefix(name);
    suffix.is_some_and(|suffix| suffix == ".ko" || suffix == ".ko.xz")
}

/// Moves every module below `from` to `to`.
fn gather_modules(from: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            if entry.path() != to {
                gather_modules(&entry.path(), to)?;
            }
        } else if entry.file_name().to_string_lossy().contains(".ko") {
            fs::rename(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

/// File names and contents of the modules in `folder`, in the order of [`MODULES`]. A kernel has
/// some of them built in.
fn read_modules(folder: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let mut modules = Vec::new();
    for name in MODULES {
        for suffix in ["ko", "ko.xz"] {
            let file = format!("{name}.{suffix}");
            let path = folder.join(&file);
            if path.exists() {
                modules.push((file, fs::read(path)?));
            }
        }
    }
    Ok(modules)
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

fn initramfs(busybox: &[u8], modules: &[(String, Vec<u8>)]) -> Result<Vec<u8>> {
    let mut archive = Initramfs::default();
    for folder in [
        "bin",
        "dev",
        "proc",
        "sys",
        "tmp",
        "root",
        "lib",
        "lib/modules",
    ] {
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
    for (index, (name, content)) in modules.iter().enumerate() {
        // init loads them in the order of their names.
        archive.program(&format!("lib/modules/{index:02}-{name}"), content)?;
    }
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
        assert!(initramfs(b"", &[]).is_err());
        assert!(initramfs(b"\x7fELF", &[]).is_ok());
    }
}
