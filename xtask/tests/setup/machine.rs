//! A machine: a folder of programs that is its whole PATH.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// What the scripts are made of.
const TOOLS: [&str; 19] = [
    "sh", "sort", "head", "ls", "env", "timeout", "cat", "mkdir", "touch", "cp", "mv", "rm",
    "sleep", "tar", "grep", "wc", "dirname", "tail", "sed",
];

pub(crate) struct Machine {
    folder: TempDir,
}

/// How a run ended.
pub(crate) struct Run {
    pub(crate) well: bool,
    pub(crate) found: String,
    pub(crate) said: String,
}

impl Machine {
    /// With cargo 1.95, a rustc that has the target, a C compiler, and root's rights.
    pub(crate) fn new() -> Self {
        let machine = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        fs::create_dir(machine.path("bin")).unwrap();
        for tool in TOOLS {
            let real = ["/bin", "/usr/bin"].map(|folder| Path::new(folder).join(tool));
            let real = real.iter().find(|path| path.exists()).unwrap();
            symlink(real, machine.program(tool)).unwrap();
        }
        fs::create_dir_all(machine.path("lib")).unwrap();
        fs::write(machine.path("lib/libcore-0.rlib"), "").unwrap();
        let lib = machine.path("lib");
        machine.stub("cargo", "echo cargo 1.95.0");
        machine.stub(
            "rustc",
            &format!(
                "case $1 in --version) echo rustc 1.95.0 ;; --print) echo {} ;; esac",
                lib.display()
            ),
        );
        machine.stub("cc", "");
        machine.stub("ld.lld", "echo LLD 14.0.6");
        machine.stub("id", "echo 0");
        machine
    }

    /// A path of the machine's own.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The file of a program on the PATH.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.path("bin").join(name)
    }

    /// Puts a shell script on the PATH.
    pub(crate) fn stub(&self, name: &str, script: &str) {
        let path = self.program(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Takes a program off the PATH.
    pub(crate) fn remove(&self, name: &str) {
        fs::remove_file(self.program(name)).unwrap();
    }

    /// Nobody is root, and there is no sudo.
    pub(crate) fn ordinary_user(&self) {
        self.stub("id", "echo 1000");
    }

    /// Where tools are unpacked.
    pub(crate) fn tools(&self) -> PathBuf {
        self.path("target/tools")
    }

    /// The script.
    pub(crate) fn setup(&self, needs: &[&str]) -> Run {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../setup");
        let mut command = Command::new("/bin/sh");
        self.run(command.arg(script).args(needs))
    }

    /// The verb.
    pub(crate) fn xtask(&self, needs: &[&str]) -> Run {
        self.run(&mut self.command(needs))
    }

    /// The verb, to be run.
    pub(crate) fn command(&self, needs: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.arg("setup").args(needs);
        self.prepare(&mut command);
        command
    }

    fn run(&self, command: &mut Command) -> Run {
        Run::new(self.prepare(command).output().unwrap())
    }

    fn prepare<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env_clear()
            .env("PATH", self.path("bin"))
            .env("CARGO_TARGET_DIR", self.path("target"))
            .env("DEBIAN_RUSTC", self.path("debian-rustc"))
    }
}

impl Run {
    pub(crate) fn new(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self {
            well: output.status.success(),
            found: text(output.stdout),
            said: text(output.stderr),
        }
    }

    /// The path behind `NAME=`.
    pub(crate) fn value(&self, name: &str) -> PathBuf {
        let value = self
            .found
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        value
            .unwrap_or_else(|| panic!("no {name}: {}{}", self.found, self.said))
            .into()
    }

    /// Fails unless it went well.
    pub(crate) fn expect_well(self) -> Self {
        assert!(self.well, "{}", self.said);
        self
    }

    /// Fails unless it failed, with all of `words` in the last line.
    pub(crate) fn expect_failure(&self, words: &[&str]) {
        let last = self.said.lines().last().unwrap_or_default();
        assert!(!self.well, "{}", self.said);
        for word in words {
            assert!(
                last.contains(word),
                "no '{word}' in the last of\n{}",
                self.said
            );
        }
    }
}
