//! Where packages come from: the host's own Debian mirror, and the lines of sources.list for a suite.

/// Where Debian's two archives are.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mirrors {
    main: String,
    security: String,
}

impl Mirrors {
    /// Takes the host's own mirrors out of its index targets (`release component uri` a line).
    pub(super) fn from_host(targets: &str) -> Self {
        let find = |wanted: fn(&str) -> bool, otherwise: &str| {
            targets
                .lines()
                .filter_map(|line| {
                    let mut words = line.split_whitespace();
                    let found = (words.next()?, words.next()?, words.next()?);
                    words.next().is_none().then_some(found)
                })
                .find(|(release, component, _)| *component == "main" && wanted(release))
                .map_or(otherwise, |(_, _, uri)| uri.trim_end_matches('/'))
                .to_owned()
        };
        Self {
            main: find(is_debian_release, "http://deb.debian.org/debian"),
            security: find(
                |release| {
                    release
                        .strip_suffix("-security")
                        .is_some_and(is_debian_release)
                },
                "http://deb.debian.org/debian-security",
            ),
        }
    }
}

/// Is this the plain name of a Debian release? (A third party's `main` says `nodistro` or the like,
/// or a Debian name too; Debian's own entry comes first on every host we know.)
fn is_debian_release(name: &str) -> bool {
    const NAMES: [&str; 10] = [
        "bullseye",
        "bookworm",
        "trixie",
        "forky",
        "duke",
        "sid",
        "oldstable",
        "stable",
        "testing",
        "unstable",
    ];
    NAMES.contains(&name)
}

/// The lines of sources.list for `suite`.
pub(super) fn sources_list(mirrors: &Mirrors, suite: &str, keyring: Option<&str>) -> String {
    let signed_by = keyring.map_or_else(String::new, |path| format!(" [signed-by={path}]"));
    let base = suite.strip_suffix("-backports").unwrap_or(suite);
    let mut lines = vec![format!("deb{signed_by} {} {base} main", mirrors.main)];
    if !matches!(base, "sid" | "unstable") {
        lines.push(format!(
            "deb{signed_by} {} {base}-updates main",
            mirrors.main
        ));
        lines.push(format!(
            "deb{signed_by} {} {base}-security main",
            mirrors.security
        ));
    }
    if base != suite {
        lines.push(format!("deb{signed_by} {} {suite} main", mirrors.main));
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hosts_mirror_is_used_for_any_suite() {
        let mirrors = Mirrors::from_host(
            "nodistro main https://third.example/x\n\
             bookworm contrib http://other.example/debian/\n\
             bookworm main http://mirror.example/debian/\n\
             bookworm-security main http://mirror.example/security/\n",
        );
        assert_eq!(
            sources_list(&mirrors, "trixie", Some("/k.gpg")),
            "deb [signed-by=/k.gpg] http://mirror.example/debian trixie main\n\
             deb [signed-by=/k.gpg] http://mirror.example/debian trixie-updates main\n\
             deb [signed-by=/k.gpg] http://mirror.example/security trixie-security main\n"
        );
        assert_eq!(
            sources_list(&mirrors, "bookworm-backports", None),
            "deb http://mirror.example/debian bookworm main\n\
             deb http://mirror.example/debian bookworm-updates main\n\
             deb http://mirror.example/security bookworm-security main\n\
             deb http://mirror.example/debian bookworm-backports main\n"
        );
        assert_eq!(
            sources_list(&mirrors, "sid", None),
            "deb http://mirror.example/debian sid main\n"
        );
    }

    #[test]
    fn a_host_without_debian_sources_uses_debians_own() {
        let mirrors = Mirrors::from_host("noble main http://archive.ubuntu.example/ubuntu/\n");
        assert_eq!(mirrors.main, "http://deb.debian.org/debian");
        assert_eq!(mirrors.security, "http://deb.debian.org/debian-security");
    }
}
