//! The part that must work before the build tool can be built: Rust and a C compiler.

use std::fs;

use crate::machine::Machine;

/// apt-get that notes its arguments, and fails `update` where there is a file `offline`.
fn apt_get(machine: &Machine, simulation: &str) {
    machine.stub(
        "apt-get",
        &format!(
            "echo \"$*\" >>{log}\n\
             case $* in\n\
             *--simulate*) {simulation} ;;\n\
             *update*) if [ -e {offline} ]; then echo 'E: Failed to fetch' >&2; exit 100; fi; touch {updated} ;;\n\
             *install*) cp {program}/sh {program}/cc ;;\n\
             esac",
            log = machine.path("apt.log").display(),
            offline = machine.path("offline").display(),
            updated = machine.path("updated").display(),
            program = machine.path("bin").display(),
        ),
    );
}

fn log(machine: &Machine) -> String {
    fs::read_to_string(machine.path("apt.log")).unwrap_or_default()
}

#[test]
fn a_machine_that_can_build_is_left_alone() {
    let run = Machine::new().setup(&["linker"]).expect_well();
    assert!(run.said.is_empty() && run.found.is_empty(), "{}", run.said);
}

#[test]
fn an_old_or_missing_rust_is_named() {
    let machine = Machine::new();
    machine.stub("cargo", "echo cargo 1.63.0");
    let run = machine.setup(&["linker"]);
    run.expect_failure(&["Rust 1.63.0 is too old: 1.90 or newer"]);
    machine.remove("cargo");
    let run = machine.setup(&["linker"]);
    run.expect_failure(&["cargo is not on the PATH"]);
}

#[test]
fn a_c_compiler_is_installed() {
    let machine = Machine::new();
    machine.remove("cc");
    apt_get(&machine, "echo Inst gcc");
    let run = machine.setup(&["linker"]).expect_well();
    assert!(
        run.said.contains("installing gcc libc6-dev"),
        "{}",
        run.said
    );
    assert!(log(&machine).contains("--no-remove"), "{}", log(&machine));
    machine.setup(&["linker"]).expect_well();
    assert_eq!(
        log(&machine).lines().count(),
        2,
        "simulated and installed once"
    );
}

#[test]
fn the_package_lists_of_a_new_machine_are_fetched_first() {
    let machine = Machine::new();
    machine.remove("cc");
    let updated = machine.path("updated");
    apt_get(&machine, &format!("[ -e {} ]", updated.display()));
    machine.setup(&["linker"]).expect_well();
    assert!(updated.exists());
}

#[test]
fn a_c_compiler_that_cannot_be_installed_is_asked_for_in_a_sentence() {
    let machine = Machine::new();
    machine.remove("cc");
    let sentence = "please install Debian's packages gcc and libc6-dev";
    let run = machine.setup(&["linker"]);
    run.expect_failure(&["there is no apt-get", sentence]);
    apt_get(&machine, "echo; echo 'Remv clang [1]'; echo Inst gcc");
    let run = machine.setup(&["linker"]);
    run.expect_failure(&["would remove", sentence]);
    assert_eq!(log(&machine).lines().count(), 1, "nothing but a simulation");
    apt_get(&machine, "exit 100");
    fs::write(machine.path("offline"), "").unwrap();
    let run = machine.setup(&["linker"]);
    run.expect_failure(&["apt-get does not find them", sentence]);
    machine.ordinary_user();
    let run = machine.setup(&["linker"]);
    run.expect_failure(&["nobody can be root", sentence]);
}

#[test]
fn crates_that_cannot_be_downloaded_are_told_in_a_sentence() {
    let machine = Machine::new();
    machine.stub(
        "cargo",
        "case $1 in\n\
         --version) echo cargo 1.95.0 ;;\n\
         tree) exit 101 ;;\n\
         *) printf 'error: failed\\n\\nCaused by:\\n  Could not resolve host\\n' >&2; exit 101 ;;\n\
         esac",
    );
    let run = machine.setup(&["linker"]);
    run.expect_failure(&["crates", "cannot be downloaded: Could not resolve host"]);
    assert_eq!(run.said.lines().count(), 1, "{}", run.said);
    // Only the first build needs them.
    fs::create_dir_all(machine.path("target/debug")).unwrap();
    fs::write(machine.path("target/debug/xtask"), "").unwrap();
    machine.setup(&["linker"]).expect_well();
}

#[test]
fn everything_else_is_left_to_the_build_tool() {
    let machine = Machine::new();
    machine.stub(
        "cargo",
        "case $1 in --version) echo cargo 1.95.0 ;; *) echo \"$*\" ;; esac",
    );
    let run = machine.setup(&["linker", "qemu", "dtc"]).expect_well();
    assert_eq!(run.found, "run --package xtask -- setup qemu dtc\n");
    fs::create_dir_all(machine.path("target/debug")).unwrap();
    fs::write(machine.path("target/debug/xtask"), "").unwrap();
    let run = machine.setup(&[]).expect_well();
    assert_eq!(run.found, "run --quiet --package xtask -- setup\n");
}
