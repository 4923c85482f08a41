//! QEMU's devices behind the drivers of a system.

use std::path::Path;

use anyhow::{Context, Result, bail};
use fs_err::{self as fs, File};
use sysgen::model::{Driver, DriverKind};

use crate::image::Image;

/// Bytes of a disk that is made.
const DISK_BYTES: u64 = 64 << 20;

/// The arguments for all devices that the drivers of `image` have. Its disk is made when it is
/// missing and keeps its data; without one, the disk is empty at each start.
///
/// # Errors
/// When QEMU has no such device at a driver's address, or the disk cannot be made.
pub(super) fn arguments(image: &Image) -> Result<Vec<String>> {
    let mut arguments = Vec::new();
    let mut disk = image.disk.as_deref();
    for (index, driver) in image.drivers.iter().enumerate() {
        if driver.kind == DriverKind::Serial {
            continue;
        }
        let bus = bus(image, driver)?;
        let (backend, device) = match driver.kind {
            // Several disks in one file would overwrite each other.
            DriverKind::Block => (drive(image, disk.take(), index)?, "virtio-blk-device"),
            DriverKind::Network => (
                vec!["-netdev".to_owned(), format!("user,id=backend{index}")],
                "virtio-net-device",
            ),
            DriverKind::Entropy | DriverKind::Serial => (Vec::new(), "virtio-rng-device"),
        };
        let link = match driver.kind {
            DriverKind::Block => format!(",drive=backend{index}"),
            DriverKind::Network => format!(",netdev=backend{index}"),
            DriverKind::Entropy | DriverKind::Serial => String::new(),
        };
        arguments.extend(backend);
        arguments.push("-device".to_owned());
        arguments.push(format!("{device},bus={bus}{link}"));
    }
    if disk.is_some() {
        bail!(
            "DISK: no driver of this system has a disk; that of the default system, system.xml, has one"
        );
    }
    if !arguments.is_empty() {
        arguments.extend(["-global", "virtio-mmio.force-legacy=false"].map(str::to_owned));
    }
    Ok(arguments)
}

/// The bus of QEMU's at which the device of `driver` is.
fn bus(image: &Image, driver: &Driver) -> Result<String> {
    let kind = [driver.kind.compatible()];
    let mut all = image.board.devices.of_kind(&kind);
    let number = all.position(|device| device.base == driver.physical);
    let pattern = image
        .board
        .qemu
        .as_ref()
        .and_then(|q| q.virtio_bus.as_ref());
    let name = number
        .zip(pattern)
        .map(|(number, pattern)| pattern.replace("{number}", &number.to_string()));
    name.with_context(|| {
        format!(
            "QEMU has no device for the {} driver `{}` at {:#x}",
            driver.kind.name(),
            driver.domain,
            driver.physical
        )
    })
}

fn drive(image: &Image, disk: Option<&Path>, index: usize) -> Result<Vec<String>> {
    let made;
    let (file, snapshot) = if let Some(file) = disk {
        (file, "off")
    } else {
        made = image.loader.with_file_name("disk.img");
        (made.as_path(), "on")
    };
    if !file.exists() {
        File::create(file)?.set_len(DISK_BYTES)?;
    }
    let file = fs::canonicalize(file)?;
    // Between QEMU's suboptions a comma separates, two stand for one.
    let file = file.to_string_lossy().replace(',', ",,");
    let drive = format!("if=none,id=backend{index},format=raw,snapshot={snapshot},file={file}");
    Ok(vec!["-drive".to_owned(), drive])
}
