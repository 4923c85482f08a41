//! Versions of programs and packages, compared by their numbers.

use std::fmt;
use std::path::Path;
use std::process::{Command, Stdio};

/// The numbers of a version such as 7.2.19.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(Vec<u32>);

impl Version {
    /// Reads `7.2.19` or `v7.2.19`, and of a Debian version (`1:7.2+dfsg-7`) the upstream's numbers.
    pub fn parse(text: &str) -> Option<Self> {
        let upstream = text.split_once(':').map_or(text, |(_, rest)| rest);
        let upstream = upstream.strip_prefix('v').unwrap_or(upstream);
        let is_other = |c: char| !c.is_ascii_digit() && c != '.';
        let numbers = upstream.split(is_other).next()?.trim_end_matches('.');
        let numbers: Result<Vec<u32>, _> = numbers.split('.').map(str::parse).collect();
        let mut numbers = numbers.ok()?;
        // 7.2 and 7.2.0 are equal.
        while numbers.len() > 1 && numbers.last() == Some(&0) {
            numbers.pop();
        }
        Some(Self(numbers))
    }

    /// The first version in what a program prints for `--version`.
    pub fn find(text: &str) -> Option<Self> {
        text.split_whitespace()
            .filter(|word| word.contains('.'))
            .find_map(Self::parse)
    }

    /// The version of a program; `None` when it does not run or names none.
    pub fn of(program: &Path) -> Option<Self> {
        Self::find(&ask(program)?)
    }
}

/// What `program --version` prints; `None` when the program does not run.
pub(super) fn ask(program: &Path) -> Option<String> {
    let output = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    output.status.success().then_some(text)
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<String> = self.0.iter().map(u32::to_string).collect();
        f.write_str(&numbers.join("."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    #[test]
    fn versions_compare_by_number() {
        assert!(version("7.2") < version("11.1"));
        assert!(version("7.2.22") > version("7.2"));
        assert_eq!(version("7.2.0"), version("7.2"));
        assert!(version("1:7.2+dfsg-7+deb12u18") < version("7.2.1"));
        assert_eq!(version("1:11.1.3+ds-1~bpo13+1"), version("11.1.3"));
        assert_eq!(Version::parse("dfsg"), None);
    }

    #[test]
    fn programs_name_their_version_among_words() {
        for (text, expected) in [
            (
                "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)",
                "7.2.22",
            ),
            ("rustc 1.95.0 (59807616e 2026-04-14)", "1.95.0"),
            ("Version: DTC 1.6.1", "1.6.1"),
            ("Version: DTC v1.7.0-43-gbcd02b5", "1.7.0"),
        ] {
            assert_eq!(Version::find(text), Some(version(expected)), "{text}");
        }
        assert_eq!(Version::find("no version here."), None);
    }

    #[test]
    fn a_program_that_does_not_run_has_no_version() {
        assert_eq!(Version::of(Path::new("/nonexistent")), None);
        assert_eq!(Version::of(Path::new("/bin/false")), None);
    }
}
