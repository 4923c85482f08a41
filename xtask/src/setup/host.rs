//! This machine: what is on the PATH, which Debian it is, and who may install.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use fs_err as fs;

/// Debian's release to take packages of where the machine is none.
const DEFAULT_SUITE: &str = "bookworm";

/// Every file named `program` in the folders of the PATH, in their order.
pub(super) fn on_path(program: &str) -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .map(|folder| folder.join(program))
        .filter(|file| file.is_file())
        .collect()
}

/// The words to put before a command that root must run; `None` when nobody can be root here.
/// sudo must need no password: nobody may be there to type it.
pub(super) fn root_prefix() -> Option<&'static [&'static str]> {
    let id = Command::new("id").arg("-u").output().ok()?;
    if id.stdout.trim_ascii() == b"0" {
        return Some(&[]);
    }
    let sudo = Command::new("sudo")
        .args(["-n", "true"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    sudo.is_ok_and(|status| status.success())
        .then_some(&["sudo", "-n"])
}

/// The Debian release of this machine, by its code name.
pub(super) fn suite() -> String {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    debian_code_name(&release).unwrap_or_else(|| DEFAULT_SUITE.to_owned())
}

fn debian_code_name(os_release: &str) -> Option<String> {
    let value = |name: &str| {
        os_release
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
            .map(|value| value.trim_matches('"'))
    };
    let name = value("VERSION_CODENAME")?;
    (value("ID") == Some("debian")).then(|| name.to_owned())
}

/// This machine's architecture, as Debian calls it.
pub(super) fn architecture() -> Result<String> {
    let output = Command::new("dpkg")
        .arg("--print-architecture")
        .output()
        .context("there is no dpkg on this machine")?;
    ensure!(
        output.status.success(),
        "dpkg names no architecture of this machine"
    );
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_debian_has_debians_code_names() {
        let debian = "PRETTY_NAME=\"Debian\"\nVERSION_CODENAME=trixie\nID=debian\n";
        assert_eq!(debian_code_name(debian).as_deref(), Some("trixie"));
        assert_eq!(
            debian_code_name("VERSION_CODENAME=noble\nID=ubuntu\n"),
            None
        );
        assert_eq!(debian_code_name("ID=debian\n"), None);
    }
}
