//! A private apt: Debian's arm64 packages without touching the host's package system.
//!
//! apt runs with its own architecture, package lists, status file and folders,
//! all inside the cache. The host's apt.conf.d (proxies) and keyrings
//! still apply, and its mirror is used when it has one.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use fs_err as fs;

/// Debian's own keyring, as the package debian-archive-keyring installs it.
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// apt for arm64 packages of one suite, with all its state in one folder.
#[derive(Debug)]
pub(crate) struct Apt {
    folder: PathBuf,
    suite: String,
}

impl Apt {
    /// Keeps its state under `folder` (absolute).
    pub(crate) fn new(folder: PathBuf, suite: &str) -> Self {
        Self {
            folder,
            suite: suite.to_owned(),
        }
    }

    /// Downloads `package` into `folder` unless it is there, and gives the file's path.
    ///
    /// apt checks the repository's signature and the file's checksum.
    pub(crate) fn download(&self, package: &str, folder: &Path) -> Result<PathBuf> {
        if let Some(found) = find_package(folder, package)? {
            return Ok(found);
        }
        self.update_once()?;
        eprintln!("guest-images: downloading {package} ({})", self.suite);
        // Into a folder of its own, so that an interrupted download is not taken for a package.
        let partial = folder.join("partial");
        fs::create_dir_all(&partial)?;
        let mut command = self.command("apt-get");
        command
            .args(["-q", "download", package])
            .current_dir(&partial);
        run(&mut command)?;
        let file = find_package(&partial, package)?
            .with_context(|| format!("apt-get downloaded no file for {package}"))?;
        let name = file.file_name().context("a package file has a name")?;
        let target = folder.join(name);
        fs::rename(&file, &target)?;
        Ok(target)
    }

    /// The package that the metapackage `package` depends on and whose name starts with `prefix`.
    pub(crate) fn dependency(&self, package: &str, prefix: &str) -> Result<String> {
        self.update_once()?;
        let text = run(self.command("apt-cache").args(["depends", package]))?;
        parse_dependency(&text, prefix).with_context(|| {
            format!(
                "{package} of {} depends on no package named {prefix}*",
                self.suite
            )
        })
    }

    /// Fetches the package lists once; they stay in the cache.
    fn update_once(&self) -> Result<()> {
        let done = self.updated_path();
        if done.exists() {
            return Ok(());
        }
        eprintln!(
            "guest-images: fetching the arm64 package lists of {}",
            self.suite
        );
        for folder in ["state/lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(self.folder.join(folder))?;
        }
        fs::write(self.folder.join("status"), "")?;
        fs::write(self.configuration_path(), self.configuration())?;
        fs::write(self.folder.join("sources.list"), self.sources())?;
        // Errors that apt counts as passing would leave a list out: refuse those too.
        run(self
            .command("apt-get")
            .args(["-q", "--error-on=any", "update"]))
        .with_context(|| {
            format!(
                "no package lists for arm64 of Debian's suite `{}`: the first run needs a Debian \
                 mirror (through the host's apt sources and proxy settings)",
                self.suite
            )
        })?;
        fs::write(done, "")?;
        Ok(())
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.arg("-c").arg(self.configuration_path());
        command.env("LC_ALL", "C").stdin(Stdio::null());
        command
    }

    /// Exists once the package lists are there.
    fn updated_path(&self) -> PathBuf {
        self.folder.join("updated")
    }

    fn configuration_path(&self) -> PathBuf {
        self.folder.join("apt.conf")
    }

    /// Read by apt after the host's own configuration. `#clear` drops what the host set.
    fn configuration(&self) -> String {
        let folder = self.folder.display();
        // Backports are taken only when asked for; the other suites want the newest, security's too.
        let default_release = if self.suite.ends_with("-backports") {
            self.suite.as_str()
        } else {
            ""
        };
        format!(
            r##"#clear APT::Architectures;
APT::Architecture "arm64";
APT::Architectures {{ "arm64"; }};
APT::Default-Release "{default_release}";
// The files belong to whoever runs this; the user _apt may not be able to reach them.
APT::Sandbox::User "root";
Dir::State "{folder}/state";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}/cache";
Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Acquire::Languages {{ "none"; }};
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
// Hooks of the host speak of the host's folders.
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
"##
        )
    }

    fn sources(&self) -> String {
        let listed = Command::new("apt-get")
            .args([
                "indextargets",
                "--format",
                "$(RELEASE) $(COMPONENT) $(REPO_URI)",
            ])
            .arg("Created-By: Packages")
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output();
        let listed = listed.map_or_else(
            |_| String::new(),
            |output| String::from_utf8_lossy(&output.stdout).into_owned(),
        );
        let keyring = Path::new(KEYRING).exists().then_some(KEYRING);
        sources_list(&Mirrors::from_host(&listed), &self.suite, keyring)
    }
}

/// Where Debian's two archives are.
#[derive(Debug, PartialEq, Eq)]
struct Mirrors {
    main: String,
    security: String,
}

impl Mirrors {
    /// Takes the host's own mirrors out of its index targets (`release component uri` a line).
    fn from_host(targets: &str) -> Self {
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
fn sources_list(mirrors: &Mirrors, suite: &str, keyring: Option<&str>) -> String {
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

/// Finds `Depends: PREFIX...` in what `apt-cache depends` prints.
fn parse_dependency(text: &str, prefix: &str) -> Option<String> {
    text.lines()
        .filter_map(|line| line.trim().strip_prefix("Depends: "))
        .find(|name| name.starts_with(prefix))
        .map(str::to_owned)
}

/// The file `PACKAGE_VERSION_ARCHITECTURE.deb` in `folder`, if any.
fn find_package(folder: &Path, package: &str) -> Result<Option<PathBuf>> {
    if !folder.exists() {
        return Ok(None);
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        if name.strip_suffix(".deb").and_then(|n| n.split('_').next()) == Some(package) {
            return Ok(Some(entry.path()));
        }
    }
    Ok(None)
}

/// Unpacks the files of `package` that match one of `patterns` (`./boot/vmlinuz-*`) under `folder`.
pub(crate) fn unpack(package: &Path, patterns: &[&str], folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    let mut archive = Command::new("dpkg-deb")
        .arg("--fsys-tarfile")
        .arg(package)
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start dpkg-deb; guests are made on Debian")?;
    let stream = archive.stdout.take().context("dpkg-deb has an output")?;
    let tar = Command::new("tar")
        .args(["--extract", "--no-same-owner", "--wildcards", "--directory"])
        .arg(folder)
        .args(patterns)
        .stdin(stream)
        .status()
        .context("cannot start tar")?;
    let archive = archive.wait()?;
    ensure!(
        tar.success() && archive.success(),
        "cannot unpack {} from {}; delete that file to download it again",
        patterns.join(", "),
        package.display()
    );
    Ok(())
}

/// Runs a program quietly and gives its standard output; its error output goes into the error.
fn run(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .with_context(|| format!("cannot start {program}; guests are made on Debian"))?;
    if !output.status.success() {
        bail!(
            "{program} failed ({}):\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim_end()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
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

    #[test]
    fn the_kernel_package_is_found_behind_its_metapackage() {
        let text = "linux-image-arm64\n  Depends: linux-image-6.1.0-56-arm64\n";
        assert_eq!(
            parse_dependency(text, "linux-image-").as_deref(),
            Some("linux-image-6.1.0-56-arm64")
        );
        assert_eq!(parse_dependency("x\n", "linux-image-"), None);
    }

    #[test]
    fn a_package_is_found_by_its_whole_name() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("busybox-static_1%3a1.35_arm64.deb"), "").unwrap();
        assert!(find_package(folder.path(), "busybox").unwrap().is_none());
        assert!(
            find_package(folder.path(), "busybox-static")
                .unwrap()
                .is_some()
        );
    }
}
