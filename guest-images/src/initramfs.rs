//! The guest's initramfs: busybox, a small init, and the nodes a console needs.
//!
//! A newc cpio archive, uncompressed. It is written here and not by packing a
//! folder, because an archive can hold device nodes that only root could make.

use std::io::Write;

use anyhow::{Result, ensure};
use cpio::newc::{self, ModeFileType};

/// The archive's entries, in order; every parent before its children.
#[derive(Debug, Default)]
pub(crate) struct Initramfs {
    bytes: Vec<u8>,
    entries: u32,
}

impl Initramfs {
    pub(crate) fn directory(&mut self, path: &str) -> Result<&mut Self> {
        let builder = newc::Builder::new(path).mode(0o755);
        self.entry(builder.set_mode_file_type(ModeFileType::Directory), &[])
    }

    pub(crate) fn program(&mut self, path: &str, content: &[u8]) -> Result<&mut Self> {
        ensure!(
            !content.is_empty(),
            "/{path} of the initramfs would be empty"
        );
        let builder = newc::Builder::new(path).mode(0o755);
        self.entry(builder.set_mode_file_type(ModeFileType::Regular), content)
    }

    pub(crate) fn symlink(&mut self, path: &str, target: &str) -> Result<&mut Self> {
        let builder = newc::Builder::new(path).mode(0o777);
        self.entry(
            builder.set_mode_file_type(ModeFileType::Symlink),
            target.as_bytes(),
        )
    }

    pub(crate) fn character_device(&mut self, path: &str, node: (u32, u32)) -> Result<&mut Self> {
        let builder = newc::Builder::new(path)
            .mode(0o600)
            .rdev_major(node.0)
            .rdev_minor(node.1);
        self.entry(builder.set_mode_file_type(ModeFileType::Char), &[])
    }

    /// Closes the archive.
    pub(crate) fn finish(self) -> Result<Vec<u8>> {
        Ok(newc::trailer(self.bytes)?)
    }

    fn entry(&mut self, builder: newc::Builder, content: &[u8]) -> Result<&mut Self> {
        self.entries += 1;
        let builder = builder.ino(self.entries).nlink(1);
        let mut writer = builder.write(&mut self.bytes, u32::try_from(content.len())?);
        writer.write_all(content)?;
        writer.finish()?;
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn what_was_put_in_is_in_the_archive() {
        let mut archive = Initramfs::default();
        archive.directory("dev").unwrap();
        archive.character_device("dev/console", (5, 1)).unwrap();
        archive.program("init", b"#!/bin/sh\n").unwrap();
        archive.symlink("bin", "usr/bin").unwrap();
        let bytes = archive.finish().unwrap();

        let mut reader = newc::Reader::new(bytes.as_slice()).unwrap();
        let mut seen = Vec::new();
        while !reader.entry().is_trailer() {
            let entry = reader.entry();
            let facts = (
                entry.name().to_owned(),
                entry.mode(),
                (entry.rdev_major(), entry.rdev_minor()),
            );
            let mut content = String::new();
            reader.read_to_string(&mut content).unwrap();
            seen.push((facts, content));
            reader = newc::Reader::new(reader.finish().unwrap()).unwrap();
        }
        let expected = [
            ("dev", 0o040_755, (0, 0), ""),
            ("dev/console", 0o020_600, (5, 1), ""),
            ("init", 0o100_755, (0, 0), "#!/bin/sh\n"),
            ("bin", 0o120_777, (0, 0), "usr/bin"),
        ];
        assert_eq!(seen.len(), expected.len());
        for (((name, mode, node), content), wanted) in seen.iter().zip(expected) {
            assert_eq!((name.as_str(), *mode, *node, content.as_str()), wanted);
        }
    }

    #[test]
    fn an_empty_program_is_refused() {
        assert!(Initramfs::default().program("init", b"").is_err());
    }
}
