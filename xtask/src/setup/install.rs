//! Installing with the machine's own apt-get, when that takes nothing from the machine.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, anyhow, bail, ensure};
use guest_images::apt::transfer::{self, reason, total};
use guest_images::apt::{NETWORK_OPTIONS, PackageFile, parse_uris};

use super::host;
use super::tool::Tool;
use super::version::Version;
use crate::progress::step;

const INSTALL: [&str; 3] = ["--yes", "--no-install-recommends", "install"];

/// Installs the tool's packages.
///
/// # Errors
/// When nobody can be root, when something would be removed or downgraded or the packages are
/// too old, and when apt-get fails. Nothing has changed on the machine in the first cases.
pub(super) fn install(tool: &Tool, minimum: Option<&Version>) -> Result<()> {
    let prefix = host::root_prefix().context("nobody can be root here")?;
    let plan = match simulate(tool) {
        Ok(plan) => plan,
        Err(error) if !lists_are_old(&error.to_string()) => return Err(error),
        Err(_) => {
            step("updating the machine's package lists");
            let mut update = as_root(prefix);
            transfer::run(update.args(["-qq", "update"]))?;
            simulate(tool)?
        }
    };
    plan.check(tool, minimum)?;
    let files = files(tool);
    let bytes: u64 = files.iter().map(|file| file.size).sum();
    step(&format!(
        "installing {} with apt-get: {} to download",
        tool.packages.join(", "),
        total(plan.installed.len(), bytes)
    ));
    let mut apt_get = as_root(prefix);
    apt_get
        .args(["-qq", "--no-remove", "-o", "DPkg::Lock::Timeout=60"])
        .args(INSTALL)
        .args(tool.packages);
    transfer::run(&mut apt_get)
}

/// Did apt-get not find a package? A new machine has no package lists at all.
fn lists_are_old(error: &str) -> bool {
    error.contains("Unable to locate package") || error.contains("no installation candidate")
}

fn as_root(prefix: &[&str]) -> Command {
    let mut words = prefix.iter().copied();
    let mut command = words
        .next()
        .map_or_else(|| Command::new("env"), Command::new);
    command.args(words);
    if !prefix.is_empty() {
        command.arg("env");
    }
    command
        .args(["LC_ALL=C", "DEBIAN_FRONTEND=noninteractive", "apt-get"])
        .args(NETWORK_OPTIONS);
    command
}

fn apt_get(tool: &Tool, option: &str) -> Result<String> {
    let output = Command::new("apt-get")
        .env("LC_ALL", "C")
        .args(["-q", option])
        .args(INSTALL)
        .args(tool.packages)
        .stdin(Stdio::null())
        .output()
        .context("there is no apt-get here")?;
    if !output.status.success() {
        bail!(reason(&String::from_utf8_lossy(&output.stderr)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What an installation would do.
fn simulate(tool: &Tool) -> Result<Plan> {
    Ok(Plan::parse(&apt_get(tool, "--simulate")?))
}

/// What an installation would download; for people only, so nothing when apt-get does not say.
fn files(tool: &Tool) -> Vec<PackageFile> {
    parse_uris(&apt_get(tool, "--print-uris").unwrap_or_default())
}

/// What apt-get would do.
#[derive(Debug, Default, PartialEq, Eq)]
struct Plan {
    /// Packages and their versions.
    installed: Vec<(String, String)>,
    removed: Vec<String>,
    downgrades: bool,
}

impl Plan {
    /// Reads what `apt-get --simulate` prints.
    fn parse(text: &str) -> Self {
        let mut plan = Self::default();
        for line in text.lines() {
            let mut words = line.split_whitespace();
            match (words.next(), words.next()) {
                (Some("Inst"), Some(package)) => {
                    let version = words.find_map(|word| word.strip_prefix('('));
                    let version = version.unwrap_or_default().to_owned();
                    plan.installed.push((package.to_owned(), version));
                }
                (Some("Remv"), Some(package)) => plan.removed.push(package.to_owned()),
                _ => plan.downgrades |= line.contains("will be DOWNGRADED"),
            }
        }
        plan
    }

    fn check(&self, tool: &Tool, minimum: Option<&Version>) -> Result<()> {
        if !self.removed.is_empty() {
            bail!("apt-get would remove {}", self.removed.join(", "));
        }
        ensure!(!self.downgrades, "apt-get would downgrade packages");
        let first = tool.packages.first().copied().unwrap_or_default();
        let version = self.installed.iter().find(|(name, _)| name == first);
        let (_, version) =
            version.ok_or_else(|| anyhow!("{first} is installed, but what it has does not do"))?;
        if let (Some(minimum), Some(found)) = (minimum, Version::parse(version)) {
            ensure!(found >= *minimum, "apt-get has {first} {version} only");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tool::QEMU;
    use super::*;

    fn verdict(text: &str, minimum: &str) -> String {
        match Plan::parse(text).check(&QEMU, Version::parse(minimum).as_ref()) {
            Ok(()) => "install".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn only_what_takes_nothing_away_is_installed() {
        let qemu = "Inst libfdt1 (1.6.1-4+b1 Debian:12.15/oldstable [amd64])\n\
             Inst qemu-system-arm (1:7.2+dfsg-7+deb12u18 Debian:12.15/oldstable [amd64])\n";
        assert_eq!(verdict(qemu, "7.2"), "install");
        assert_eq!(
            verdict(&format!("Remv qemu-utils [1:10.0.2]\n{qemu}"), "7.2"),
            "apt-get would remove qemu-utils"
        );
        assert_eq!(
            verdict(
                &format!("The following packages will be DOWNGRADED:\n  x\n{qemu}"),
                "7.2"
            ),
            "apt-get would downgrade packages"
        );
        assert!(verdict(qemu, "11.1").contains("7.2+dfsg-7+deb12u18 only"));
        assert!(verdict("", "7.2").contains("qemu-system-arm is installed"));
    }

    #[test]
    fn an_upgrade_names_two_versions() {
        let plan = Plan::parse("Inst libc6 [2.36-1] (2.36-9 Debian:12 [amd64])\n");
        assert_eq!(plan.installed, [("libc6".to_owned(), "2.36-9".to_owned())]);
    }
}
