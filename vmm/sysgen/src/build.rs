//! One guest and its images to files.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::device_tree::{self, Chosen, Seed};
use crate::diagnostic::Diagnostics;
use crate::image::{self, ImageError, Kernel, Layout, Part};
use crate::model::{COMMAND_LINE_LIMIT, Guest, Reservation};
use crate::{Error, System, number, package, tables, wants_colour};

/// Most bytes of a device tree (arm64 boot protocol).
const DEVICE_TREE_LIMIT: u64 = 2 << 20;

/// What the user gives to a guest.
#[derive(Clone, Debug)]
pub struct Images {
    /// arm64 Image, gzip of one, ELF64, or flat binary.
    pub kernel: PathBuf,
    /// Initial RAM disk.
    pub initrd: Option<PathBuf>,
    /// Kernel command line in place of the one in the system XML.
    pub bootargs: Option<String>,
    /// Device tree in place of the generated one. In its `/chosen`, the place of the initrd is
    /// set when there is one, and the command line when `bootargs` is given.
    pub device_tree: Option<PathBuf>,
}

/// What becomes of a guest.
#[derive(Clone, Debug)]
pub struct GuestFiles {
    /// Rust source with the VMM's tables.
    pub tables: String,
    /// The guest's device tree.
    pub device_tree: Vec<u8>,
    /// The guest image package.
    pub package: Vec<u8>,
    /// File name that the system XML wants for the package.
    pub package_name: String,
}

/// Where [`GuestFiles::write`] put things.
#[derive(Clone, Debug)]
pub struct WrittenFiles {
    /// Rust source with the VMM's tables.
    pub tables: PathBuf,
    /// The guest's device tree.
    pub device_tree: PathBuf,
    /// The guest image package.
    pub package: PathBuf,
}

impl GuestFiles {
    /// Writes `NAME.rs` and `NAME.dtb` and the package under the name that the system XML
    /// has for it. A file that would not change is left alone, so that cargo and make see no
    /// news where there are none.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, folder: &Path, name: &str) -> Result<WrittenFiles, Error> {
        let written = WrittenFiles {
            tables: folder.join(format!("{name}.rs")),
            device_tree: folder.join(format!("{name}.dtb")),
            package: folder.join(&self.package_name),
        };
        write(&written.tables, self.tables.as_bytes())?;
        write(&written.device_tree, &self.device_tree)?;
        write(&written.package, &self.package)?;
        Ok(written)
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, bytes))
        .map_err(|reason| Error::Write {
            path: path.to_owned(),
            reason,
        })
}

impl System {
    /// Makes the files of one guest.
    ///
    /// # Errors
    /// When an image is damaged, of a foreign kind, or does not fit into the guest's RAM.
    pub fn build(&self, guest: &Guest, images: &Images, seed: Seed) -> Result<GuestFiles, Error> {
        check_command_line(guest, images)?;
        let kernel = image::load_kernel(&images.kernel)?;
        let initrd = images.initrd.as_deref().map(image::load_initrd);
        let initrd = initrd.transpose()?;
        let length = initrd.as_ref().map(|bytes| bytes.len() as u64);
        let (layout, ram) = self.layout(guest, &kernel, length)?;
        let initrd_range = layout.initrd.zip(length);
        let initrd_range = initrd_range.map(|(start, length)| (start, start + length));
        let tree = device_tree(guest, images, initrd_range, seed)?;
        let size = tree.len() as u64;
        if size > DEVICE_TREE_LIMIT {
            let text = format!(
                "the device tree has {}; the boot protocol allows 2 MiB",
                number::size(size)
            );
            return Err(self.no_space(ram, &text));
        }
        let package = pack(&layout, initrd, &tree).map_err(|error| match error {
            ImageError::Space(text) => self.no_space(ram, &text),
            other => Error::Image(other),
        })?;
        Ok(GuestFiles {
            tables: tables::generate(guest),
            device_tree: tree,
            package,
            package_name: guest.image.file.clone(),
        })
    }

    /// Places the images into the first piece of RAM that has room for them.
    fn layout<'a>(
        &self,
        guest: &'a Guest,
        kernel: &Kernel,
        initrd: Option<u64>,
    ) -> Result<(Layout, &'a Reservation), Error> {
        let mut first_error = None;
        for ram in guest.ram() {
            let range: Range<u64> = ram.base..ram.end();
            match image::place(kernel.clone(), initrd, &range, guest.boot.load) {
                Ok(layout) => return Ok((layout, ram)),
                Err(error) => {
                    first_error.get_or_insert(self.no_space(ram, &error.to_string()));
                }
            }
        }
        Err(first_error.unwrap_or_else(|| Error::System("the guest has no RAM".to_owned())))
    }

    fn no_space(&self, ram: &Reservation, text: &str) -> Error {
        let mut found = Diagnostics::default();
        let (problem, hint) = text.split_once("; ").unwrap_or((text, ""));
        let title = "the guest's images do not fit into its RAM";
        let item = found.error(&ram.span, title, problem);
        if !hint.is_empty() {
            item.hint(hint);
        }
        Error::System(found.render(&self.source, wants_colour()))
    }
}

/// The line that the build writes into a device tree; one that the user's own has is not ours.
fn check_command_line(guest: &Guest, images: &Images) -> Result<(), Error> {
    let ours = images.bootargs.as_deref();
    let length = ours.unwrap_or(&guest.boot.bootargs).len();
    if length > COMMAND_LINE_LIMIT {
        return Err(Error::CommandLine(length));
    }
    Ok(())
}

/// The user's device tree, or the generated one.
fn device_tree(
    guest: &Guest,
    images: &Images,
    initrd: Option<(u64, u64)>,
    seed: Seed,
) -> Result<Vec<u8>, Error> {
    if let Some(path) = &images.device_tree {
        let ram: Vec<Range<u64>> = guest.ram().map(|piece| piece.base..piece.end()).collect();
        let given = image::load_device_tree(path, &ram)?;
        let bootargs = images.bootargs.as_deref();
        return Ok(device_tree::complete(given, bootargs, initrd));
    }
    let bootargs = images.bootargs.as_ref().unwrap_or(&guest.boot.bootargs);
    let chosen = Chosen {
        bootargs: bootargs.clone(),
        initrd,
        seed,
    };
    Ok(device_tree::generate(guest, &chosen))
}

fn pack(layout: &Layout, initrd: Option<Vec<u8>>, tree: &[u8]) -> Result<Vec<u8>, ImageError> {
    let mut parts = layout.kernel.clone();
    parts.extend(layout.initrd.zip(initrd).map(|(base, data)| Part {
        base,
        size: data.len() as u64,
        data,
    }));
    parts.push(Part {
        base: layout.device_tree,
        size: tree.len() as u64,
        data: tree.to_vec(),
    });
    package::pack(&parts, layout.entry, layout.device_tree)
}
