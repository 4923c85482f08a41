//! The tools that Debian has: their packages, and how each is run from a private folder.

use super::version::Version;

/// A tool that comes in Debian's packages.
#[derive(Debug)]
pub(super) struct Tool {
    /// In words.
    pub(super) title: &'static str,
    /// Its private folder's name starts with this.
    pub(super) name: &'static str,
    /// What is run; `None` for a library.
    pub(super) program: Option<&'static str>,
    /// Debian's packages; the first has the tool's version.
    pub(super) packages: &'static [&'static str],
    /// Package that is not unpacked.
    pub(super) left_out: Option<&'static str>,
    /// Shell commands before the program is run; `$root` is the private folder, `$triplet` the
    /// name of the library folder.
    pub(super) environment: &'static str,
    /// Arguments, of the same kind, before the caller's.
    pub(super) arguments: &'static str,
    /// Releases whose versions are known, the oldest first.
    pub(super) releases: &'static [(&'static str, &'static str)],
}

const PLAIN: Tool = Tool {
    title: "",
    name: "",
    program: None,
    packages: &[],
    left_out: None,
    environment: "",
    arguments: "",
    releases: &[],
};

pub(super) const QEMU: Tool = Tool {
    title: "QEMU",
    name: "qemu",
    program: Some("qemu-system-aarch64"),
    packages: &["qemu-system-arm"],
    environment: "export QEMU_MODULE_DIR=\"$root/usr/lib/$triplet/qemu\"",
    arguments: "-L \"$root/usr/share/qemu\" -L \"$root/usr/lib/ipxe/qemu\"",
    releases: &[
        ("bookworm", "7.2"),
        ("trixie", "10.0"),
        ("trixie-backports", "11.1"),
    ],
    ..PLAIN
};

pub(super) const DTC: Tool = Tool {
    title: "the device tree compiler",
    name: "dtc",
    program: Some("dtc"),
    packages: &["device-tree-compiler"],
    ..PLAIN
};

pub(super) const CURL: Tool = Tool {
    title: "curl",
    name: "curl",
    program: Some("curl"),
    packages: &["curl", "ca-certificates"],
    // The machine's certificates where it has some; the package's are joined by its installation
    // only.
    environment: "\
bundle=/etc/ssl/certs/ca-certificates.crt
if [ ! -e $bundle ]; then
    bundle=$root/wrapper/certificates
    [ -e \"$bundle\" ] || {
        cat \"$root\"/usr/share/ca-certificates/mozilla/*.crt >\"$bundle.$$\"
        mv \"$bundle.$$\" \"$bundle\"
    }
fi
export CURL_CA_BUNDLE=\"$bundle\"",
    ..PLAIN
};

pub(super) const LLD: Tool = Tool {
    title: "the linker lld",
    name: "lld",
    program: Some("ld.lld"),
    packages: &["lld"],
    ..PLAIN
};

pub(super) const RUSTC: Tool = Tool {
    title: "a Rust compiler for bare-metal AArch64",
    name: "rustc",
    program: Some("rustc"),
    packages: &["rustc-web", "rust-web-src"],
    ..PLAIN
};

pub(super) const LIBCLANG: Tool = Tool {
    title: "libclang",
    name: "libclang",
    packages: &["libclang1"],
    // It is loaded into programs that have the machine's own.
    left_out: Some("libc6"),
    ..PLAIN
};

impl Tool {
    /// The tool with the version that is needed, in words.
    pub(super) fn wanted(&self, minimum: Option<&Version>) -> String {
        match minimum {
            Some(minimum) => format!("{} {minimum} or newer", self.title),
            None => self.title.to_owned(),
        }
    }

    /// The Debian releases to look in, on a machine of the release `own`: its own, unless that is
    /// known to be too old, then the others that are new enough.
    pub(super) fn suites(&self, own: &str, minimum: Option<&Version>) -> Vec<String> {
        let is_old = |version: &str| {
            minimum.is_some_and(|minimum| Version::parse(version).is_some_and(|v| v < *minimum))
        };
        let (old, new): (Vec<_>, Vec<_>) = self
            .releases
            .iter()
            .partition(|(_, version)| is_old(version));
        let own_is_old = old.iter().any(|(name, _)| *name == own);
        let others = new
            .iter()
            .map(|(name, _)| *name)
            .filter(|name| *name != own);
        let own = (!own_is_old).then_some(own);
        own.into_iter().chain(others).map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_qemu_comes_from_a_newer_debian() {
        let suites = |own, minimum| QEMU.suites(own, Version::parse(minimum).as_ref());
        assert_eq!(
            suites("bookworm", "7.2"),
            ["bookworm", "trixie", "trixie-backports"]
        );
        assert_eq!(suites("bookworm", "11.1"), ["trixie-backports"]);
        assert_eq!(suites("trixie", "10.0"), ["trixie", "trixie-backports"]);
        assert_eq!(
            suites("forky", "11.1"),
            ["forky", "trixie-backports"],
            "a release that is not listed may have it"
        );
    }

    #[test]
    fn other_tools_come_from_the_machines_own_release() {
        assert_eq!(DTC.suites("trixie", None), ["trixie"]);
        let minimum = Version::parse("1.96");
        assert_eq!(RUSTC.suites("bookworm", minimum.as_ref()), ["bookworm"]);
    }
}
