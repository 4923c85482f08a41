//! A Debian kernel file to a plain arm64 Image.
//!
//! Debian's /boot/vmlinuz is either the Image itself or, on newer suites, an
//! EFI program that holds it compressed (the kernel's "zboot"). Headers: the
//! kernel's Documentation/arch/arm64/booting.rst, and zboot's own, which names
//! its kind at offset 4, the payload's place at 8 and 12, and the compression at 24.

use std::io::Read;

use anyhow::{Context, Result, bail, ensure};

const IMAGE_MAGIC: &[u8] = b"ARM\x64";
const IMAGE_MAGIC_OFFSET: usize = 56;
const ZBOOT_MAGIC: &[u8] = b"zimg";

/// Gives the plain Image inside `file`, which is `file` itself when it is one.
pub(crate) fn plain_image(file: Vec<u8>) -> Result<Vec<u8>> {
    let image = if file.get(4..8) == Some(ZBOOT_MAGIC) {
        unpack_zboot(&file)?
    } else {
        file
    };
    ensure!(
        image.get(IMAGE_MAGIC_OFFSET..IMAGE_MAGIC_OFFSET + 4) == Some(IMAGE_MAGIC),
        "the kernel is not an arm64 Image"
    );
    Ok(image)
}

fn unpack_zboot(file: &[u8]) -> Result<Vec<u8>> {
    let word = |offset: usize| -> Result<usize> {
        let bytes = file
            .get(offset..offset + 4)
            .context("the kernel file ends in its header")?;
        Ok(u32::from_le_bytes(bytes.try_into()?) as usize)
    };
    let (start, length) = (word(8)?, word(12)?);
    let payload = start
        .checked_add(length)
        .and_then(|end| file.get(start..end))
        .context("the kernel file is shorter than its header says")?;
    let kind = file.get(24..56).unwrap_or_default();
    if !kind.starts_with(b"gzip\0") {
        bail!(
            "the kernel is compressed with `{}`; only gzip is known here",
            String::from_utf8_lossy(kind).trim_end_matches('\0')
        );
    }
    let mut image = Vec::new();
    flate2::read::GzDecoder::new(payload)
        .read_to_end(&mut image)
        .context("the kernel's compressed part is damaged")?;
    Ok(image)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn image() -> Vec<u8> {
        let mut image = vec![0; 64];
        image[IMAGE_MAGIC_OFFSET..60].copy_from_slice(IMAGE_MAGIC);
        image
    }

    fn zboot(kind: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&image()).unwrap();
        let payload = encoder.finish().unwrap();
        let mut file = vec![0; 64];
        file[4..8].copy_from_slice(ZBOOT_MAGIC);
        file[8..12].copy_from_slice(&64_u32.to_le_bytes());
        file[12..16].copy_from_slice(&u32::try_from(payload.len()).unwrap().to_le_bytes());
        file[24..24 + kind.len()].copy_from_slice(kind);
        file.extend(payload);
        file
    }

    #[test]
    fn a_plain_image_stays_as_it_is() {
        assert_eq!(plain_image(image()).unwrap(), image());
    }

    #[test]
    fn a_zboot_kernel_is_unpacked() {
        assert_eq!(plain_image(zboot(b"gzip")).unwrap(), image());
    }

    #[test]
    fn what_is_no_kernel_is_refused() {
        assert!(plain_image(Vec::new()).is_err());
        assert!(plain_image(vec![0; 64]).is_err());
        let mut short = zboot(b"gzip");
        short.pop();
        assert!(plain_image(short).is_err());
        let error = plain_image(zboot(b"zstd")).unwrap_err();
        assert!(error.to_string().contains("`zstd`"), "{error}");
    }
}
