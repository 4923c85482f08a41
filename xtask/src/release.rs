//! A release of the Microkit SDK: fetched, checked against its checksum, unpacked.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use fs_err::{self as fs, File};
use sha2::{Digest, Sha256};

use crate::progress;

/// A release archive.
#[derive(Clone, Debug)]
pub struct Release {
    /// The folder that it unpacks to.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// Its SHA-256, in lower-case hexadecimal.
    pub sha256: String,
}

impl Release {
    /// The official release for Linux on x86-64 that this project is tested with.
    pub fn official() -> Self {
        Self {
            name: "microkit-sdk-2.3.1".to_owned(),
            url: "https://github.com/seL4/microkit/releases/download/2.3.1/microkit-sdk-2.3.1-linux-x86-64.tar.gz"
                .to_owned(),
            sha256: "b1b285b8785db7557eba6d0665dd4fbf2f265ea5c0b39d6f91ae3dcc43d2c424".to_owned(),
        }
    }

    /// Puts the release into `folder` with the program `curl`, and returns where it then is. Nothing is left behind when
    /// that fails.
    ///
    /// # Errors
    /// When it cannot be fetched, is not what the checksum says, or cannot be unpacked.
    pub fn install(&self, curl: &Path, folder: &Path) -> Result<PathBuf> {
        fs::create_dir_all(folder)?;
        let partial = folder.join(format!("partial-{}", std::process::id()));
        fs::create_dir_all(&partial)?;
        let result = self.fetch_and_unpack(curl, &partial).and_then(|unpacked| {
            let installed = folder.join(&self.name);
            fs::rename(unpacked, &installed).context("cannot move the unpacked SDK into place")?;
            Ok(installed)
        });
        fs::remove_dir_all(&partial)?;
        result
    }

    fn fetch_and_unpack(&self, curl: &Path, folder: &Path) -> Result<PathBuf> {
        let archive = folder.join("archive");
        self.fetch(curl, &archive)?;
        let found = sha256(&archive)?;
        if found != self.sha256 {
            bail!(
                "what {} sent is not the release {}: its SHA-256 is {found}, not {}",
                self.url,
                self.name,
                self.sha256
            );
        }
        let mut tar = Command::new("tar");
        tar.arg("-xzf").arg(&archive).arg("-C").arg(folder);
        progress::run("unpacking the SDK", &mut tar)?;
        let unpacked = folder.join(&self.name);
        if !unpacked.join("bin/microkit").is_file() {
            bail!(
                "the archive from {} holds no {}/bin/microkit",
                self.url,
                self.name
            );
        }
        Ok(unpacked)
    }

    fn fetch(&self, curl: &Path, archive: &Path) -> Result<()> {
        // On a terminal curl draws a bar, and writes what goes wrong below it.
        let draws = io::stderr().is_terminal();
        let (shown, stderr) = if draws {
            ("--progress-bar", Stdio::inherit())
        } else {
            ("--silent", Stdio::piped())
        };
        let output = Command::new(curl)
            .args(["--fail", "--location", shown, "--show-error"])
            .stderr(stderr)
            .args([
                "--connect-timeout",
                "20",
                "--speed-limit",
                "1",
                "--speed-time",
                "30",
            ])
            .arg("--output")
            .arg(archive)
            .arg(&self.url)
            .output()
            .context("cannot start curl")?;
        if !output.status.success() {
            let reason = String::from_utf8_lossy(&output.stderr);
            let reason = match reason.trim() {
                "" => "curl's message is above",
                reason => reason,
            };
            bail!("cannot fetch {}: {reason}", self.url);
        }
        Ok(())
    }
}

fn sha256(path: &Path) -> Result<String> {
    let mut hash = Sha256::new();
    io::copy(&mut File::open(path)?, &mut hash)?;
    Ok(hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

#[cfg(test)]
mod tests;
