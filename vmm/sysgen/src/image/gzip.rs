//! gzip of a kernel (RFC 1952).

use std::io::Read;

use flate2::read::MultiGzDecoder;

/// Most bytes that a kernel may have unpacked.
const LIMIT: u64 = 1 << 30;

pub(super) fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b, 8])
}

pub(super) fn unpack(bytes: &[u8]) -> Result<Vec<u8>, String> {
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
