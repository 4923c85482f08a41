//! Guest images: what a kernel file is and which bytes of RAM it wants.

mod appended;
mod arm64;
mod compressed;
mod elf;
mod flat;
mod foreign;
mod initrd;
mod place;
mod space;

use std::fs;
use std::path::{Path, PathBuf};

pub use compressed::{Unpacked, unpack};
pub use place::{Layout, place};
pub use space::{Space, SpaceError};

/// A kernel file, understood.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// What it was found to be.
    pub format: Format,
    /// Bytes and where they go.
    pub pieces: Pieces,
    /// KiB of the pages that it needs, when its header says so.
    pub page_kib: Option<u16>,
    /// What is odd about the file, but does not stop the build.
    pub doubts: Vec<String>,
}

/// An initial RAM disk.
#[derive(Clone, Debug)]
pub struct Initrd {
    /// Contents.
    pub bytes: Vec<u8>,
    /// Why Linux will not be able to use it.
    pub doubt: Option<String>,
}

/// What a kernel file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// arm64 Linux kernel Image (Documentation/arch/arm64/booting.rst).
    Arm64Image,
    /// ELF64 for AArch64.
    Elf,
    /// Anything else: loaded and entered at its first byte.
    Flat,
}

/// The parts of a kernel.
#[derive(Clone, Debug)]
pub enum Pieces {
    /// One block that can go to any suitable place.
    Movable {
        /// Contents.
        data: Vec<u8>,
        /// Bytes it occupies once started, at least the length of `data`.
        size: u64,
        /// Distance from a 2 MiB boundary.
        text_offset: u64,
        /// Can it use memory below itself?
        uses_memory_below: bool,
    },
    /// Parts with addresses of their own.
    Fixed {
        /// Contents.
        parts: Vec<Part>,
        /// Where execution starts.
        entry: u64,
    },
}

/// A part that goes to one address.
#[derive(Clone, Debug)]
pub struct Part {
    /// Guest-physical address.
    pub base: u64,
    /// Bytes in RAM; what `data` does not cover is zero.
    pub size: u64,
    /// Contents.
    pub data: Vec<u8>,
}

/// An image that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// It cannot be read.
    #[error("cannot read {path}: {reason}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: std::io::Error,
    },
    /// It is not what it should be.
    #[error("{path}: {problem}")]
    Bad {
        /// The file.
        path: PathBuf,
        /// What was found and what to do.
        problem: String,
    },
}

/// Reads and understands a kernel file.
///
/// # Errors
/// When the file cannot be read, or is of a known format but damaged or for another machine.
pub fn load_kernel(path: &Path) -> Result<Kernel, ImageError> {
    let bytes = read(path)?;
    let bad = |problem: String| ImageError::Bad {
        path: path.to_owned(),
        problem,
    };
    if bytes.is_empty() {
        return Err(bad(
            "is empty; a kernel is an arm64 Image, ELF or flat binary".to_owned(),
        ));
    }
    understand(bytes).map_err(bad)
}

/// Understands the bytes of a kernel file.
///
/// # Errors
/// What is wrong, when they are certainly no kernel, or damaged, or for another machine.
pub fn understand(bytes: Vec<u8>) -> Result<Kernel, String> {
    let unpacked = unpack(bytes)?;
    let kernel = if unpacked.bytes.is_empty() {
        Err("is empty".to_owned())
    } else {
        understand_plain(unpacked.bytes)
    };
    let mut kernel = match kernel {
        Err(problem) if unpacked.was_packed => {
            return Err(format!("holds, compressed, a file that {problem}"));
        }
        other => other?,
    };
    kernel.doubts.splice(0..0, unpacked.doubts);
    Ok(kernel)
}

fn understand_plain(bytes: Vec<u8>) -> Result<Kernel, String> {
    if arm64::is_image(&bytes) {
        let image = arm64::image(bytes)?;
        return Ok(Kernel {
            format: Format::Arm64Image,
            pieces: image.pieces,
            page_kib: image.page_kib,
            doubts: image.doubt.into_iter().collect(),
        });
    }
    if elf::is_elf(&bytes) {
        return Ok(Kernel {
            format: Format::Elf,
            pieces: elf::pieces(&bytes)?,
            page_kib: None,
            doubts: Vec::new(),
        });
    }
    foreign::refuse(&bytes)?;
    arm64::refuse_other_programs(&bytes)?;
    let doubt = flat::check(&bytes)?;
    let size = bytes.len() as u64;
    Ok(Kernel {
        format: Format::Flat,
        pieces: Pieces::Movable {
            data: bytes,
            size,
            text_offset: 0,
            uses_memory_below: true,
        },
        page_kib: None,
        doubts: doubt.into_iter().collect(),
    })
}

/// Reads an initrd.
///
/// # Errors
/// When the file cannot be read or is empty.
pub fn load_initrd(path: &Path) -> Result<Initrd, ImageError> {
    let bytes = read(path)?;
    if bytes.is_empty() {
        return Err(ImageError::Bad {
            path: path.to_owned(),
            problem: "is empty; leave the initrd out instead".to_owned(),
        });
    }
    let doubt = initrd::doubt(&bytes);
    Ok(Initrd { bytes, doubt })
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, ImageError> {
    if path.is_dir() {
        return Err(ImageError::Bad {
            path: path.to_owned(),
            problem: "is a folder; give a file in it".to_owned(),
        });
    }
    fs::read(path).map_err(|reason| ImageError::Read {
        path: path.to_owned(),
        reason,
    })
}
