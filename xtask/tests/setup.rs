//! The setup script on machines that lack something: a PATH of stubs stands for the machine.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// What the script itself is made of.
const TOOLS: [&str; 9] = [
    "sh", "sort", "head", "ls", "env", "timeout", "cat", "mkdir", "touch",
];

struct Machine {
    folder: TempDir,
}

impl Machine {
    /// With cargo 1.95, a rustc that has the target, a C compiler, and root's rights.
    fn new() -> Self {
        let machine = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        for tool in TOOLS {
            let real = ["/bin", "/usr/bin"].map(|folder| Path::new(folder).join(tool));
            let real = real.iter().find(|path| path.exists()).unwrap();
            symlink(real, machine.path(tool)).unwrap();
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
        machine.stub("ld.lld", "");
        machine.stub("id", "echo 0");
        machine
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn stub(&self, name: &str, script: &str) {
        let path = self.path(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// apt-get that notes its arguments and then does `script`.
    fn apt_get(&self, script: &str) {
        let log = self.path("apt.log");
        self.stub(
            "apt-get",
            &format!("echo \"$*\" >> {}\n{script}", log.display()),
        );
    }

    fn apt_log(&self) -> String {
        fs::read_to_string(self.path("apt.log")).unwrap_or_default()
    }

    /// Success, standard output, standard error.
    fn setup(&self, needs: &[&str]) -> (bool, String, String) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../setup");
        let output = Command::new("/bin/sh")
            .arg(script)
            .args(needs)
            .env_clear()
            .env("PATH", self.folder.path())
            .env("DEBIAN_RUSTC", self.path("debian-rustc"))
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (
            output.status.success(),
            text(output.stdout),
            text(output.stderr),
        )
    }
}

#[test]
fn a_machine_with_everything_is_left_alone() {
    let machine = Machine::new();
    let (well, found, said) = machine.setup(&["linker", "target"]);
    assert!(well && said.is_empty(), "{said}");
    let rustc = machine.path("rustc");
    assert!(
        found.contains(&format!("RUSTC={}\nBUILD_STD=no\nLINKER=", rustc.display())),
        "{found}"
    );
}

#[test]
fn what_is_missing_is_installed_and_nothing_is_removed_for_it() {
    let machine = Machine::new();
    machine.apt_get(&format!(
        "touch {}",
        machine.path("qemu-system-aarch64").display()
    ));
    let (well, _, said) = machine.setup(&["qemu"]);
    assert!(well, "{said}");
    assert!(said.contains("installing qemu-system-arm"), "{said}");
    let log = machine.apt_log();
    assert!(
        log.contains("install -y --no-install-recommends --no-remove qemu-system-arm"),
        "{log}"
    );
}

#[test]
fn a_failed_installation_is_tried_again_with_fresh_lists_and_then_told() {
    let machine = Machine::new();
    machine.apt_get("case $* in *update*) exit 0 ;; *) exit 100 ;; esac");
    let (well, _, said) = machine.setup(&["qemu"]);
    assert!(!well);
    assert!(
        said.contains("apt-get could not install: qemu-system-arm"),
        "{said}"
    );
    assert_eq!(
        machine.apt_log().lines().count(),
        3,
        "install, update, install"
    );
}

#[test]
fn a_machine_without_apt_or_rights_is_told_the_packages() {
    let machine = Machine::new();
    let (well, _, said) = machine.setup(&["dtc"]);
    assert!(
        !well && said.contains("please install what Debian calls: device-tree-compiler"),
        "{said}"
    );
    machine.apt_get("");
    machine.stub("id", "echo 1000");
    let (well, _, said) = machine.setup(&["dtc"]);
    assert!(
        !well
            && said.contains("installed by root, and there is no sudo here: device-tree-compiler"),
        "{said}"
    );
    machine.stub("sudo", "exec \"$@\"");
    let (well, _, said) = machine.setup(&["dtc"]);
    assert!(well, "{said}");
}

#[test]
fn an_old_or_missing_rust_is_named() {
    let machine = Machine::new();
    machine.stub("cargo", "echo cargo 1.63.0");
    let (well, _, said) = machine.setup(&["linker"]);
    assert!(
        !well && said.contains("Rust 1.63.0 is too old: 1.90 or newer"),
        "{said}"
    );
    fs::remove_file(machine.path("cargo")).unwrap();
    let (well, _, said) = machine.setup(&["linker"]);
    assert!(!well && said.contains("cargo is not on the PATH"), "{said}");
}

#[test]
fn package_lists_from_before_the_needed_compiler_are_updated() {
    let machine = Machine::new();
    fs::remove_file(machine.path("lib/libcore-0.rlib")).unwrap();
    let sources = machine.path("lib/lib/rustlib/src/rust/library/core");
    let updated = machine.path("updated");
    // Only with fresh lists does the installation bring what is needed.
    machine.apt_get(&format!(
        "case $* in\n*update*) touch {updated} ;;\n*) if [ -e {updated} ]; then mkdir -p {sources}; touch {sources}/Cargo.toml; fi ;;\nesac",
        updated = updated.display(),
        sources = sources.display()
    ));
    let (well, found, said) = machine.setup(&["target"]);
    assert!(
        well && said.contains("updating the package lists"),
        "{said}"
    );
    assert!(found.contains("BUILD_STD=yes"), "{found}");
    let (well, _, said) = machine.setup(&["target"]);
    assert!(well && said.is_empty(), "{said}");
}

#[test]
fn an_unknown_need_is_refused() {
    let (well, _, said) = Machine::new().setup(&["coffee"]);
    assert!(!well && said.contains("unknown need 'coffee'"), "{said}");
}
