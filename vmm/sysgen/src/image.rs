//! Guest images: what a kernel file is and which bytes of RAM it wants.

mod arm64;
mod compressed;
mod elf;
mod given_tree;
mod place;

use std::fs;
use std::path::{Path, PathBuf};

pub use given_tree::load_device_tree;
pub use place::{Layout, place};

/// A kernel file, understood.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// What it was found to be.
    pub format: Format,
    /// Bytes and where they go.
    pub pieces: Pieces,
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
    /// It does not go into the guest's RAM.
    #[error("{0}")]
    Space(String),
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
/// What is wrong, when they are of a known format but damaged or for another machine.
pub fn understand(bytes: Vec<u8>) -> Result<Kernel, String> {
    let bytes = compressed::unpack(bytes)?;
    if arm64::is_image(&bytes) {
        return Ok(Kernel {
            format: Format::Arm64Image,
            pieces: arm64::pieces(bytes)?,
        });
    }
    if elf::is_elf(&bytes) {
        return Ok(Kernel {
            format: Format::Elf,
            pieces: elf::pieces(&bytes)?,
        });
    }
    arm64::refuse_other_programs(&bytes)?;
    refuse_foreign(&bytes)?;
    let size = bytes.len() as u64;
    Ok(Kernel {
        format: Format::Flat,
        pieces: Pieces::Movable {
            data: bytes,
            size,
            text_offset: 0,
        },
    })
}

/// Formats that are certainly no flat binary.
fn refuse_foreign(bytes: &[u8]) -> Result<(), String> {
    const FOREIGN: [(usize, &[u8], &str); 8] = [
        (0, b"\xfd7zXZ\0", "an xz file"),
        (0, b"\x28\xb5\x2f\xfd", "a zstd file"),
        (0, b"BZh", "a bzip2 file"),
        (0, b"\x02\x21\x4c\x18", "an lz4 file"),
        (0, b"\xd0\x0d\xfe\xed", "a device tree or FIT image"),
        (0, b"\x27\x05\x19\x56", "a U-Boot uImage"),
        (0, b"070701", "an initramfs"),
        (0x24, b"\x18\x28\x6f\x01", "a 32-bit Arm zImage"),
    ];
    for (offset, magic, what) in FOREIGN {
        let found = bytes
            .get(offset..)
            .is_some_and(|rest| rest.starts_with(magic));
        if found {
            return Err(format!(
                "is {what}; a kernel is an arm64 Image, gzip of one, ELF or flat binary"
            ));
        }
    }
    Ok(())
}

/// Reads an initrd.
///
/// # Errors
/// When the file cannot be read or is empty.
pub fn load_initrd(path: &Path) -> Result<Vec<u8>, ImageError> {
    let bytes = read(path)?;
    if bytes.is_empty() {
        return Err(ImageError::Bad {
            path: path.to_owned(),
            problem: "is empty; leave the initrd out instead".to_owned(),
        });
    }
    Ok(bytes)
}

fn read(path: &Path) -> Result<Vec<u8>, ImageError> {
    fs::read(path).map_err(|reason| ImageError::Read {
        path: path.to_owned(),
        reason,
    })
}
