//! Kernels inside a compressed file: gzip (RFC 1952), and the EFI program that newer
//! distributions wrap around a gzip (the Linux kernel's "zboot": its kind is named at offset
//! 4, the payload's offset and length are at 8 and 12, the compression at 24).

use std::io::Read;

use flate2::bufread::GzDecoder;

use super::appended;

/// Most bytes that a kernel may have unpacked.
const LIMIT: u64 = 1 << 30;
/// Magic, and the only method that there is.
const GZIP: &[u8] = &[0x1f, 0x8b, 8];

/// What a file holds once it is unpacked.
#[derive(Clone, Debug)]
pub struct Unpacked {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Was it compressed?
    pub was_packed: bool,
    /// What is in the file and not used.
    pub doubts: Vec<String>,
}

/// The kernel inside, or the bytes themselves when they are not compressed.
///
/// # Errors
/// When the compressed file is damaged, or of a kind that is not known here.
pub fn unpack(bytes: Vec<u8>) -> Result<Unpacked, String> {
    if bytes.starts_with(b"MZ") && bytes.get(4..8) == Some(b"zimg") {
        return gunzip(zboot_payload(&bytes)?);
    }
    if bytes.starts_with(GZIP) {
        return gunzip(&bytes);
    }
    Ok(Unpacked {
        bytes,
        was_packed: false,
        doubts: Vec::new(),
    })
}

fn zboot_payload(bytes: &[u8]) -> Result<&[u8], String> {
    let too_early = || "is a damaged EFI zboot kernel: it ends too early".to_owned();
    let word = |at: usize| {
        let word = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>());
        word.map_or(0, |word| u32::from_le_bytes(*word) as usize)
    };
    let kind = bytes.get(24..56).ok_or_else(too_early)?;
    let kind = kind.split(|byte| *byte == 0).next().unwrap_or_default();
    if kind != b"gzip" {
        return Err(format!(
            "is an EFI zboot kernel compressed with `{}`, of which only gzip is known; \
             give the Image inside it",
            String::from_utf8_lossy(kind)
        ));
    }
    let (start, length) = (word(8), word(12));
    let end = start.checked_add(length);
    end.and_then(|end| bytes.get(start..end))
        .ok_or_else(too_early)
}

/// All members of a gzip file, one after the other. As gzip itself does: zeroes behind the last
/// one are padding, and anything else is left alone, with a word about it.
fn gunzip(bytes: &[u8]) -> Result<Unpacked, String> {
    let mut unpacked = Vec::new();
    let mut rest = bytes;
    while rest.starts_with(GZIP) {
        let mut member = GzDecoder::new(rest);
        let room = (LIMIT + 1).saturating_sub(unpacked.len() as u64);
        member
            .by_ref()
            .take(room)
            .read_to_end(&mut unpacked)
            .map_err(|error| format!("is a damaged gzip file: {error}"))?;
        if unpacked.len() as u64 > LIMIT {
            return Err("unpacks to more than 1 GiB".to_owned());
        }
        rest = member.into_inner();
    }
    Ok(Unpacked {
        bytes: unpacked,
        was_packed: true,
        doubts: behind(bytes, rest).into_iter().collect(),
    })
}

/// What is said about `rest`, which follows the last member.
fn behind(bytes: &[u8], rest: &[u8]) -> Option<String> {
    let padding = rest.iter().take_while(|byte| **byte == 0).count();
    let garbage = rest.get(padding..).filter(|garbage| !garbage.is_empty())?;
    let at = bytes.len() - garbage.len();
    Some(match appended::tree_in(garbage) {
        Some(tree) => appended::unused_tree(at + tree),
        None => format!(
            "has {} bytes behind the end of its gzip data, from {at:#x} on; they are not used",
            garbage.len()
        ),
    })
}
