//! How much an image may hold on a board: its bootloader and kernel have fixed places, and all
//! guest images lie between them.
//!
//! The microkit tool puts what starts the system (the *initial task*, with the content of every
//! filled region) behind the kernel, and panics when that reaches the loader above.

use std::ops::Range;
use std::path::Path;

use anyhow::{Result, bail};
use elf::ElfBytes;
use elf::abi::PT_LOAD;
use elf::endian::LittleEndian;
use fs_err as fs;
use sysgen::{Guest, GuestFiles, number};

/// Pages of this size are filled as they are; the content of larger ones is compressed.
const SMALL_PAGE: u64 = 0x1000;

/// A region with a guest's images.
#[derive(Clone, Debug)]
pub struct Filled {
    /// Name of the region.
    pub region: String,
    /// Name of the guest.
    pub guest: String,
    /// Bytes of the file that fills it.
    pub bytes: u64,
    /// Its page size.
    pub page_size: u64,
}

/// The room of a board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    board: String,
    /// From the end of the kernel to the loader.
    range: Range<u64>,
}

impl Room {
    /// What the kernel and the loader in `folder`, the SDK's for a board and configuration, leave.
    /// `None` when there are none, as in the stand-in, or the loader is not above the kernel.
    pub fn of(board: &str, folder: &Path) -> Option<Self> {
        let kernel = physical_range(&folder.join("elf/sel4.elf"))?;
        let loader = physical_range(&folder.join("elf/loader.elf"))?;
        (kernel.end < loader.start).then(|| Self {
            board: board.to_owned(),
            range: kernel.end..loader.start,
        })
    }

    /// Refuses images that cannot fit. Some that pass here may still be too large, as the kernel's
    /// objects need room too.
    ///
    /// # Errors
    /// When there is too much.
    pub fn check(&self, filled: &[Filled]) -> Result<()> {
        let small = filled
            .iter()
            .filter(|region| region.page_size == SMALL_PAGE);
        let bytes: u64 = small.map(|region| region.bytes).sum();
        if bytes > self.range.end - self.range.start {
            bail!("{}", self.too_large(bytes, self.range.start, filled));
        }
        Ok(())
    }

    /// A sentence for the tool's panic, when that is what it printed.
    pub fn advice(&self, printed: &str, filled: &[Filled]) -> Option<String> {
        let text = printed.split_once("Overlapping regions: ")?.1;
        let ranges: Vec<Range<u64>> = text.split('[').filter_map(range).take(2).collect();
        let initial = ranges.iter().find(|range| range.start < self.range.end)?;
        Some(self.too_large(initial.end - initial.start, initial.start, filled))
    }

    /// `start` is the end of the kernel, with its objects where that is known.
    fn too_large(&self, bytes: u64, start: u64, filled: &[Filled]) -> String {
        let regions: Vec<String> = filled.iter().map(Filled::in_words).collect();
        let end = self.range.end;
        format!(
            "the images are too large for {}: they take {} ({}), but between the kernel, which \
             ends at {start:#x}, and the loader at {end:#x} there are at most {}; make the guest's \
             kernel or initrd smaller",
            self.board,
            mebibytes(bytes),
            regions.join(", "),
            mebibytes(end - start),
        )
    }
}

impl Filled {
    /// The region of `guest`, to be filled with the package in `files`.
    pub fn of(guest: &Guest, files: &GuestFiles) -> Self {
        Self {
            region: guest.image.region.clone(),
            guest: guest.name.clone(),
            bytes: files.package.len() as u64,
            page_size: guest.image.page_size,
        }
    }

    fn in_words(&self) -> String {
        format!(
            "region `{}` of guest `{}`: {}",
            self.region,
            self.guest,
            mebibytes(self.bytes)
        )
    }
}

fn mebibytes(bytes: u64) -> String {
    if bytes < 1 << 20 {
        return number::size(bytes);
    }
    let tenths = bytes.saturating_mul(10).div_ceil(1 << 20);
    format!("{}.{} MiB", tenths / 10, tenths % 10)
}

/// The `b..e)` of the tool's `[b..e)`.
fn range(text: &str) -> Option<Range<u64>> {
    let (start, rest) = text.split_once("..")?;
    let (end, _) = rest.split_once(')')?;
    let number = |digits| u64::from_str_radix(digits, 16).ok();
    Some(number(start)?..number(end)?)
}

/// Where an ELF file is loaded.
fn physical_range(path: &Path) -> Option<Range<u64>> {
    let bytes = fs::read(path).ok()?;
    let file = ElfBytes::<LittleEndian>::minimal_parse(&bytes).ok()?;
    let loaded = file
        .segments()?
        .iter()
        .filter(|part| part.p_type == PT_LOAD);
    let ranges = loaded.map(|part| part.p_paddr..part.p_paddr.saturating_add(part.p_memsz));
    ranges.reduce(|all, next| all.start.min(next.start)..all.end.max(next.end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room() -> Room {
        Room {
            board: "imx8mm_evk".to_owned(),
            range: 0x4025_e000..0x4100_0000,
        }
    }

    fn filled(bytes: u64) -> Vec<Filled> {
        vec![Filled {
            region: "guest_image".to_owned(),
            guest: "linux".to_owned(),
            bytes,
            page_size: SMALL_PAGE,
        }]
    }

    #[test]
    fn images_that_cannot_fit_are_refused_with_their_region_and_the_limit() {
        room().check(&filled(0xda_2000)).unwrap();
        let error = room().check(&filled(0xda_3000)).unwrap_err().to_string();
        assert_eq!(
            error,
            "the images are too large for imx8mm_evk: they take 13.7 MiB (region `guest_image` of \
             guest `linux`: 13.7 MiB), but between the kernel, which ends at 0x4025e000, and the \
             loader at 0x41000000 there are at most 13.7 MiB; make the guest's kernel or initrd \
             smaller"
        );
        // How far large pages can be compressed is not known.
        let mut large = filled(1 << 30);
        large[0].page_size = 0x20_0000;
        room().check(&large).unwrap();
    }

    #[test]
    fn the_panic_of_the_tool_becomes_a_sentence() {
        let printed = "thread 'main' panicked at tool/microkit/src/loader.rs:299:17:\n\
                       Overlapping regions: [41000000..4100d010) overlaps [403c9000..42468000)\n";
        let advice = room().advice(printed, &filled(32 << 20)).unwrap();
        assert!(
            advice.starts_with(
                "the images are too large for imx8mm_evk: they take 32.7 MiB (region `guest_image`"
            ) && advice.contains("ends at 0x403c9000"),
            "{advice}"
        );
        assert_eq!(room().advice("error: something else", &[]), None);
        assert_eq!(room().advice("Overlapping regions: none", &[]), None);
    }

    #[test]
    fn a_folder_without_kernel_and_loader_has_no_limit() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Room::of("board", folder.path()), None);
    }
}
