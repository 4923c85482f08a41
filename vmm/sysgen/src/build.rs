//! One guest and its images to files.

mod doubts;

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::device_tree::given::{self, GivenTree};
use crate::device_tree::{self, Chosen, Seed, agreement};
use crate::diagnostic::Diagnostics;
use crate::image::{self, Kernel, Layout, Part, Space, SpaceError};
use crate::model::{COMMAND_LINE_LIMIT, Guest};
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
    /// Rust source with the types of its emulated devices.
    pub devices: String,
    /// The guest's device tree.
    pub device_tree: Vec<u8>,
    /// The guest image package.
    pub package: Vec<u8>,
    /// File name that the system XML wants for the package.
    pub package_name: String,
    /// What is odd but does not stop the build, each a text of one or more lines.
    pub warnings: Vec<String>,
}

/// Where [`GuestFiles::write`] put things.
#[derive(Clone, Debug)]
pub struct WrittenFiles {
    /// Rust source with the VMM's tables.
    pub tables: PathBuf,
    /// Rust source with the types of its emulated devices.
    pub devices: PathBuf,
    /// The guest's device tree.
    pub device_tree: PathBuf,
    /// The guest image package.
    pub package: PathBuf,
}

impl GuestFiles {
    /// Writes `NAME.rs`, `NAME.devices.rs`, `NAME.dtb`, and the package under the name that the system XML
    /// has for it. A file that would not change is left alone, so that cargo and make see no
    /// news where there are none.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, folder: &Path, name: &str) -> Result<WrittenFiles, Error> {
        let written = WrittenFiles {
            tables: folder.join(format!("{name}.rs")),
            devices: folder.join(format!("{name}.devices.rs")),
            device_tree: folder.join(format!("{name}.dtb")),
            package: folder.join(&self.package_name),
        };
        write(&written.tables, self.tables.as_bytes())?;
        write(&written.devices, self.devices.as_bytes())?;
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
    /// When an image is damaged, of a foreign kind, or does not fit into the guest's RAM, or
    /// the user's device tree contradicts the system.
    pub fn build(&self, guest: &Guest, images: &Images, seed: Seed) -> Result<GuestFiles, Error> {
        check_command_line(guest, images)?;
        let kernel = image::load_kernel(&images.kernel)?;
        let initrd = images.initrd.as_deref().map(image::load_initrd);
        let initrd = initrd.transpose()?;
        let given = images.device_tree.as_deref().map(given::load).transpose()?;

        let mut warnings = doubts::of_files(images, &kernel, initrd.as_ref(), &self.cpu);
        warnings.extend(self.check(guest, &kernel, given.as_ref())?);

        let length = initrd.as_ref().map(|initrd| initrd.bytes.len() as u64);
        let load = guest.boot.load.as_ref().map(|load| load.value);
        let space = space(guest, given.as_ref());
        let layout = image::place(kernel, length, space, load)
            .map_err(|error| self.no_space(guest, &error))?;
        if let Some(given) = &given {
            warnings.extend(doubts::outside_tree(given, &layout));
        }
        let initrd_range = layout.initrd.zip(length);
        let initrd_range = initrd_range.map(|(start, length)| (start, start + length));
        let tree = device_tree(guest, images, given, initrd_range, seed);
        let size = tree.len() as u64;
        if size > DEVICE_TREE_LIMIT {
            return Err(self.no_space(
                guest,
                &SpaceError::new(
                    format!("the device tree has {}", number::size(size)),
                    "the boot protocol allows 2 MiB",
                ),
            ));
        }
        let package = pack(&layout, initrd.map(|initrd| initrd.bytes), &tree)
            .map_err(|error| self.no_space(guest, &error))?;
        Ok(GuestFiles {
            tables: tables::generate(guest),
            devices: tables::generate_devices(guest),
            device_tree: tree,
            package,
            package_name: guest.image.file.clone(),
            warnings,
        })
    }

    /// Does all that is given agree with the system XML? The result is warnings.
    fn check(
        &self,
        guest: &Guest,
        kernel: &Kernel,
        given: Option<&GivenTree>,
    ) -> Result<Vec<String>, Error> {
        let mut found = Diagnostics::default();
        let mut warnings = Vec::new();
        if let Some(given) = given {
            agreement::check(given, guest, &mut found);
            warnings.extend(doubts::no_memory(given, kernel)?);
        }
        doubts::unused_load(guest, kernel, &mut found);
        if found.has_errors() {
            return Err(self.report(&found));
        }
        if !found.is_empty() {
            warnings.push(found.render(&self.source, wants_colour()));
        }
        Ok(warnings)
    }

    fn no_space(&self, guest: &Guest, error: &SpaceError) -> Error {
        let mut found = Diagnostics::default();
        let load = guest.boot.load.as_ref().filter(|_| error.by_load);
        let mut ram = guest.ram().map(|piece| &piece.span);
        let span = load.map(|load| &load.span).or_else(|| ram.next());
        let title = match load {
            Some(_) => "the guest cannot be loaded here",
            None => "the guest's images do not fit into its RAM",
        };
        let item = found.error(span.unwrap_or(&guest.span), title, error.problem.as_str());
        item.hint(error.hint.as_str());
        self.report(&found)
    }

    fn report(&self, found: &Diagnostics) -> Error {
        Error::System(found.render(&self.source, wants_colour()))
    }
}

/// Where images may lie: the guest's RAM, as far as the user's tree knows and does not keep it.
fn space(guest: &Guest, given: Option<&GivenTree>) -> Space {
    let mut space = Space::new(guest.ram().map(|piece| piece.base..piece.end()));
    let listed = guest.listed_ram().map(|piece| piece.base..piece.end());
    space.limit(&listed.collect::<Vec<_>>(), "guest RAM");
    let Some(given) = given else {
        return space;
    };
    let path = given.path.display();
    if !given.memory.is_empty() {
        let memory = given.memory.iter().map(|stretch| stretch.range.clone());
        let memory: Vec<Range<u64>> = memory.collect();
        space.limit(&memory, format!("the memory in {path}"));
    }
    for stretch in &given.reserved {
        space.reserve(
            stretch.range.clone(),
            format!("{}, which {path} keeps back", stretch.name),
        );
    }
    space
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
    given: Option<GivenTree>,
    initrd: Option<(u64, u64)>,
    seed: Seed,
) -> Vec<u8> {
    if let Some(given) = given {
        let bootargs = images.bootargs.as_deref();
        return device_tree::complete(given.tree, bootargs, initrd);
    }
    let bootargs = images.bootargs.as_ref().unwrap_or(&guest.boot.bootargs);
    let chosen = Chosen {
        bootargs: bootargs.clone(),
        initrd,
        seed,
    };
    device_tree::generate(guest, &chosen)
}

fn pack(layout: &Layout, initrd: Option<Vec<u8>>, tree: &[u8]) -> Result<Vec<u8>, SpaceError> {
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
