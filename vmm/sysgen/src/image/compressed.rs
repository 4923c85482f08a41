//! Kernels inside a compressed file: gzip (RFC 1952), and the EFI program that newer
//! distributions wrap around a gzip (the Linux kernel's "zboot": its kind is named at offset
//! 4, the payload's offset and length are at 8 and 12, the compression at 24).

use std::io::Read;

use flate2::read::MultiGzDecoder;

/// Most bytes that a kernel may have unpacked.
const LIMIT: u64 = 1 << 30;

/// The kernel inside, or the bytes themselves when they are not compressed.
pub(super) fn unpack(bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    if bytes.starts_with(b"MZ") && bytes.get(4..8) == Some(b"zimg") {
        return gunzip(zboot_payload(&bytes)?);
    }
    if bytes.starts_with(&[0x1f, 0x8b, 8]) {
        return gunzip(&bytes);
    }
    Ok(bytes)
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

fn gunzip(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let mut unpacked = Vec::new();
    let mut decoder = MultiGzDecoder::new(bytes).take(LIMIT + 1);
    decoder
        .read_to_end(&mut unpacked)
        .map_err(|error| format!("is a damaged gzip file: {error}"))?;
    if unpacked.len() as u64 > LIMIT {
        return Err("unpacks to more than 1 GiB".to_owned());
    }
    Ok(unpacked)
}
