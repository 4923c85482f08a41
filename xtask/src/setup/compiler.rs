//! The compiler and the linker of programs that run without an operating system.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Result, anyhow};
use fs_err as fs;

use super::host;
use super::obtain::{Wanted, program};
use super::private::wrapper;
use super::tool::{LLD, RUSTC};
use super::version::Version;
use crate::progress::step;
use crate::toolchain::TARGET;
use crate::tree::Tree;

/// Where rustc-web puts its compiler; the environment variable of this name is for tests.
const DEBIAN_RUSTC: (&str, &str) = ("DEBIAN_RUSTC", "/usr/bin/rustc");

/// Seconds that rustup may take; it has no limit of its own where nothing answers.
const RUSTUP_SECONDS: &str = "60";

/// A compiler and a linker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compiler {
    /// rustc.
    pub rustc: PathBuf,
    /// The core library comes as source and is built too.
    pub build_std: bool,
    /// lld, by whichever name.
    pub linker: PathBuf,
}

/// Finds a compiler of the version `minimum` with its linker, or gets them.
pub(super) fn find(tree: &Tree, minimum: &Version) -> Result<Compiler> {
    let usable = |rustc: &PathBuf| is_new(rustc, minimum) && has_sources(rustc);
    let rustc = Wanted {
        tool: &RUSTC,
        minimum: Some(minimum),
        on_machine: &|| on_machine(minimum),
        in_folder: &|root| Some(wrapper(root, "rustc")).filter(usable),
        other_way: Some(&|| ask_rustup(minimum)),
    }
    .obtain(tree)
    .map_err(|error| anyhow!("{error:#}; 'rustup target add {TARGET}' gives one, too"))?;
    Ok(Compiler {
        build_std: !has_target(&rustc),
        linker: linker(tree, &rustc)?,
        rustc,
    })
}

/// The three ways, the quickest first.
fn on_machine(minimum: &Version) -> Option<PathBuf> {
    let on_path: Vec<_> = host::on_path("rustc")
        .into_iter()
        .filter(|rustc| is_new(rustc, minimum))
        .collect();
    let with_target = on_path.iter().find(|rustc| has_target(rustc));
    let (name, place) = DEBIAN_RUSTC;
    let debian = env::var_os(name).unwrap_or_else(|| place.into());
    let debian = Some(PathBuf::from(debian)).filter(|rustc| is_new(rustc, minimum));
    with_target.cloned().or_else(|| {
        let mut others = debian.into_iter().chain(on_path);
        others.find(|rustc| has_sources(rustc))
    })
}

fn is_new(rustc: &Path, minimum: &Version) -> bool {
    Version::of(rustc).is_some_and(|version| version >= *minimum)
}

/// Does it come with the compiled core library?
fn has_target(rustc: &Path) -> bool {
    let folder = print(rustc, &["target-libdir", "--target", TARGET]);
    let entries = folder.and_then(|folder| fs::read_dir(folder).ok());
    entries.into_iter().flatten().flatten().any(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        name.starts_with("libcore-") && name.ends_with(".rlib")
    })
}

/// Does it come with the core library's sources?
fn has_sources(rustc: &Path) -> bool {
    let sources = "lib/rustlib/src/rust/library/core/Cargo.toml";
    print(rustc, &["sysroot"]).is_some_and(|folder| folder.join(sources).exists())
}

/// What `rustc --print` says.
fn print(rustc: &Path, what: &[&str]) -> Option<PathBuf> {
    let output = Command::new(rustc)
        .arg("--print")
        .args(what)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().into())
}

/// Lets rustup add the target to its compiler, when that is new enough.
fn ask_rustup(minimum: &Version) {
    let is_there = !host::on_path("rustup").is_empty();
    let rustc = host::on_path("rustc").into_iter().next();
    if !is_there || !rustc.is_some_and(|rustc| is_new(&rustc, minimum)) {
        return;
    }
    step(&format!("asking rustup for the target {TARGET}"));
    let status = Command::new("timeout")
        .args([RUSTUP_SECONDS, "rustup", "target", "add", TARGET])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !status.is_ok_and(|status| status.success()) {
        step("rustup cannot download it; looking for Debian's compiler and library sources");
    }
}

/// The linker of the compiler's own toolchain, or of rustup's, or Debian's.
fn linker(tree: &Tree, rustc: &Path) -> Result<PathBuf> {
    let own = [rustc, Path::new("rustc")].into_iter().find_map(rust_lld);
    let named = || host::on_path("rust-lld").into_iter().next();
    match own.or_else(named) {
        Some(linker) => Ok(linker),
        None => program(tree, &LLD, None),
    }
}

fn rust_lld(rustc: &Path) -> Option<PathBuf> {
    let machines = print(rustc, &["sysroot"])?.join("lib/rustlib");
    let mut places = fs::read_dir(machines)
        .ok()?
        .flatten()
        .map(|entry| entry.path().join("bin/rust-lld"));
    places.find(|path| path.is_file())
}
