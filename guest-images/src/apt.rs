//! A private apt: Debian's packages of any suite and architecture, without touching the host's
//! package system.
//!
//! apt runs with its own architecture, package lists, status file and folders,
//! all inside the cache. The host's apt.conf.d (proxies) and keyrings
//! still apply, and its mirror is used when it has one.

mod sources;
pub mod transfer;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use fs_err as fs;

use sources::{Mirrors, sources_list};
use transfer::size;

/// Debian's own keyring, as the package debian-archive-keyring installs it.
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Older package lists may name packages that the mirror no longer has.
const LISTS_LAST: Duration = Duration::from_secs(24 * 60 * 60);

/// For each run of apt-get that reaches for the network: fail within seconds where there is none.
pub const NETWORK_OPTIONS: [&str; 6] = [
    "-o",
    "Acquire::Retries=0",
    "-o",
    "Acquire::http::Timeout=10",
    "-o",
    "Acquire::https::Timeout=10",
];

/// apt for the packages of one suite and architecture, with all its state in one folder.
#[derive(Debug)]
pub struct Apt {
    folder: PathBuf,
    suite: String,
    architecture: String,
}

/// A package file that is to be downloaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageFile {
    /// `PACKAGE_VERSION_ARCHITECTURE.deb`; the colon of a version is written `%3a`.
    pub name: String,
    /// Its bytes.
    pub size: u64,
}

impl PackageFile {
    /// The package's name.
    pub fn package(&self) -> &str {
        self.name.split('_').next().unwrap_or(&self.name)
    }

    /// The package's version.
    pub fn version(&self) -> String {
        let version = self.name.split('_').nth(1).unwrap_or_default();
        version.replace("%3a", ":")
    }
}

impl Apt {
    /// Keeps its state under `folder` (absolute); `architecture` as Debian calls it.
    pub fn new(folder: PathBuf, suite: &str, architecture: &str) -> Self {
        Self {
            folder,
            suite: suite.to_owned(),
            architecture: architecture.to_owned(),
        }
    }

    /// The files of `packages` and of all that they depend on, none of it thought to be
    /// installed.
    ///
    /// # Errors
    /// When the suite lacks one, or its lists cannot be fetched.
    pub fn closure(&self, packages: &[&str]) -> Result<Vec<PackageFile>> {
        self.update()?;
        // Of an empty folder, as apt does not name the files that are there already.
        let archives = format!("Dir::Cache::archives={}", self.nowhere()?.display());
        let mut command = self.command("apt-get");
        command
            .args(["-qq", "--yes", "--print-uris", "-o", &archives, "install"])
            .args(packages);
        Ok(parse_uris(&run(&mut command)?))
    }

    /// Downloads `packages`, and all that they depend on, into `folder`; goes on where an
    /// earlier try was interrupted.
    ///
    /// apt checks the repository's signature and the files' checksums.
    ///
    /// # Errors
    /// When a file cannot be fetched or is not what the lists say.
    pub fn fetch_closure(&self, packages: &[&str], folder: &Path) -> Result<()> {
        fs::create_dir_all(folder.join("partial"))?;
        let archives = format!("Dir::Cache::archives={}", folder.display());
        let mut command = self.command("apt-get");
        command
            .args(["-qq", "--yes", "--download-only", "-o", &archives])
            .arg("install")
            .args(packages);
        transfer::run(&mut command)
    }

    /// Downloads `package` into `folder` unless it is there, and gives the file's path.
    ///
    /// apt checks the repository's signature and the file's checksum.
    pub(crate) fn download(&self, package: &str, folder: &Path) -> Result<PathBuf> {
        if let Some(found) = find_package(folder, package)? {
            return Ok(found);
        }
        self.update()?;
        // Into a folder of its own, so that an interrupted download is not taken for a package.
        let partial = folder.join("partial");
        fs::create_dir_all(&partial)?;
        let uris = run(self
            .command("apt-get")
            .args(["-qq", "--print-uris", "download", package])
            .current_dir(&partial))?;
        let bytes = parse_uris(&uris).iter().map(|file| file.size).sum();
        eprintln!(
            "  downloading {package} of {}, {}",
            self.title(),
            size(bytes)
        );
        let mut command = self.command("apt-get");
        command
            .args(["-qq", "download", package])
            .current_dir(&partial);
        transfer::run(&mut command)?;
        let file = find_package(&partial, package)?
            .with_context(|| format!("apt-get downloaded no file for {package}"))?;
        let name = file.file_name().context("a package file has a name")?;
        let target = folder.join(name);
        fs::rename(&file, &target)?;
        Ok(target)
    }

    /// The package that the metapackage `package` depends on and whose name starts with `prefix`.
    pub(crate) fn dependency(&self, package: &str, prefix: &str) -> Result<String> {
        self.update()?;
        let text = run(self.command("apt-cache").args(["depends", package]))?;
        parse_dependency(&text, prefix).with_context(|| {
            format!(
                "{package} of {} depends on no package named {prefix}*",
                self.suite
            )
        })
    }

    /// The suite and architecture in words.
    pub fn title(&self) -> String {
        format!("Debian {} ({})", self.suite, self.architecture)
    }

    /// Fetches the package lists unless they are there and recent; they stay in the cache.
    fn update(&self) -> Result<()> {
        let done = self.updated_path();
        if is_recent(&done) {
            return Ok(());
        }
        eprintln!("  downloading the package lists of {}", self.title());
        for folder in ["state/lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(self.folder.join(folder))?;
        }
        fs::write(self.folder.join("status"), "")?;
        fs::write(self.configuration_path(), self.configuration())?;
        fs::write(self.folder.join("sources.list"), self.sources())?;
        // Errors that apt counts as passing would leave a list out: refuse those too.
        transfer::run(
            self.command("apt-get")
                .args(["-qq", "--error-on=any", "update"]),
        )
        .with_context(|| {
            let keyring = match Path::new(KEYRING).exists() {
                true => "",
                false => ", and this machine has no debian-archive-keyring",
            };
            format!(
                "no package lists of {} (a first run needs a Debian mirror{keyring})",
                self.title()
            )
        })?;
        fs::write(done, "")?;
        Ok(())
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.arg("-c").arg(self.configuration_path());
        command.env("LC_ALL", "C").stdin(Stdio::null());
        if program == "apt-get" {
            command.args(NETWORK_OPTIONS);
        }
        command
    }

    /// An empty folder.
    fn nowhere(&self) -> Result<PathBuf> {
        let folder = self.folder.join("nowhere");
        fs::create_dir_all(folder.join("partial"))?;
        Ok(folder)
    }

    /// Its time is that of the package lists.
    fn updated_path(&self) -> PathBuf {
        self.folder.join("updated")
    }

    fn configuration_path(&self) -> PathBuf {
        self.folder.join("apt.conf")
    }

    /// Read by apt after the host's own configuration. `#clear` drops what the host set.
    fn configuration(&self) -> String {
        let folder = self.folder.display();
        let architecture = &self.architecture;
        // Backports are taken only when asked for; the other suites want the newest, security's too.
        let default_release = if self.suite.ends_with("-backports") {
            self.suite.as_str()
        } else {
            ""
        };
        format!(
            r##"#clear APT::Architectures;
APT::Architecture "{architecture}";
APT::Architectures {{ "{architecture}"; }};
APT::Default-Release "{default_release}";
APT::Install-Recommends "false";
APT::Install-Suggests "false";
// The files belong to whoever runs this; the user _apt may not be able to reach them.
APT::Sandbox::User "root";
Dir::State "{folder}/state";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}/cache";
// Read a few times only: not worth a file larger than the lists.
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Acquire::Languages {{ "none"; }};
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
// Hooks of the host name the host's folders.
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

/// Was the file written within [`LISTS_LAST`]?
fn is_recent(path: &Path) -> bool {
    let written = fs::metadata(path).and_then(|metadata| metadata.modified());
    // A time in the future says nothing of the lists' age.
    written.is_ok_and(|time| time.elapsed().is_ok_and(|age| age < LISTS_LAST))
}

/// Reads lines of `'ADDRESS' NAME SIZE CHECKSUM`, as apt-get's `--print-uris` gives them.
pub fn parse_uris(text: &str) -> Vec<PackageFile> {
    let file = |line: &str| {
        let mut words = line.strip_prefix('\'')?.split_whitespace().skip(1);
        Some(PackageFile {
            name: words.next()?.to_owned(),
            size: words.next()?.parse().ok()?,
        })
    };
    text.lines().filter_map(file).collect()
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

/// Unpacks the files of `package` that match one of `patterns` (`./boot/vmlinuz-*`) under
/// `folder`; all of them when there are no patterns.
///
/// # Errors
/// When the package is damaged or the folder cannot be written.
pub fn unpack(package: &Path, patterns: &[&str], folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    let mut archive = Command::new("dpkg-deb")
        .arg("--fsys-tarfile")
        .arg(package)
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start dpkg-deb, which every Debian has")?;
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
        "cannot unpack {}; delete that file to download it again",
        package.display()
    );
    Ok(())
}

/// The paths of the files in a package, as [`unpack`] takes them.
///
/// # Errors
/// When the file is not a package.
pub fn contents(package: &Path) -> Result<Vec<String>> {
    let text = run(Command::new("dpkg-deb").arg("--contents").arg(package))?;
    let path = |line: &str| line.split_whitespace().nth(5).map(str::to_owned);
    Ok(text.lines().filter_map(path).collect())
}

/// Runs a program quietly and gives its standard output; its error output goes into the error.
fn run(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .with_context(|| format!("cannot start {program}, which every Debian has"))?;
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
mod tests;
