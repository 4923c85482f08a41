//! The compiler for bare-metal AArch64: three ways, and what gives one.

use std::fs;

use crate::debian::{Debian, OWN};
use crate::machine::Machine;

/// A machine whose rustc lacks the target.
fn without_target() -> Machine {
    let machine = Machine::new();
    fs::remove_file(machine.path("lib/libcore-0.rlib")).unwrap();
    machine
}

/// A rustc that has the library sources below `sysroot`.
fn rustc(sysroot: &str) -> String {
    format!("case $1 in --version) echo rustc 1.96.0 ;; --print) echo {sysroot} ;; esac")
}

fn add_sources(machine: &Machine, sysroot: &str) {
    let core = machine
        .path(sysroot)
        .join("lib/rustlib/src/rust/library/core");
    fs::create_dir_all(&core).unwrap();
    fs::write(core.join("Cargo.toml"), "").unwrap();
}

#[test]
fn one_with_the_target_is_used_as_it_is() {
    let machine = Machine::new();
    let run = machine.xtask(&["target"]).expect_well();
    assert!(run.said.is_empty(), "{}", run.said);
    assert_eq!(run.value("RUSTC"), machine.program("rustc"));
    assert_eq!(run.value("BUILD_STD").to_str(), Some("no"));
    assert_eq!(run.value("LINKER"), machine.program("ld.lld"));
}

#[test]
fn rustup_is_asked_for_the_target_first() {
    let machine = without_target();
    let library = machine.path("lib/libcore-0.rlib");
    machine.stub("rustup", &format!("touch {}", library.display()));
    let debian = Debian::new(&machine);
    let run = machine.xtask(&["target"]).expect_well();
    assert_eq!(run.value("BUILD_STD").to_str(), Some("no"));
    assert!(run.said.contains("asking rustup"), "{}", run.said);
    assert!(debian.log().is_empty());
}

#[test]
fn debians_is_installed_when_rustup_cannot() {
    let machine = without_target();
    machine.stub("rustup", "exit 1");
    add_sources(&machine, "sysroot");
    let sysroot = machine.path("sysroot");
    let script = rustc(sysroot.to_str().unwrap());
    let debian = Debian::new(&machine).package(&OWN, "rustc-web", "1.96.0+dfsg1", "rustc", &script);
    let run = machine.xtask(&["sdk-target"]).expect_well();
    assert_eq!(run.value("RUSTC"), machine.program("rustc"));
    assert_eq!(run.value("BUILD_STD").to_str(), Some("yes"));
    assert_eq!(debian.installations(), 1);
}

#[test]
fn debians_is_unpacked_for_an_ordinary_user() {
    let machine = without_target();
    machine.ordinary_user();
    add_sources(&machine, "sysroot");
    let sysroot = machine.path("sysroot");
    let script = rustc(sysroot.to_str().unwrap());
    let debian = Debian::new(&machine).package(&OWN, "rustc-web", "1.96.0+dfsg1", "rustc", &script);
    let run = machine.xtask(&["target"]).expect_well();
    assert!(run.value("RUSTC").starts_with(machine.tools()));
    assert_eq!(run.value("BUILD_STD").to_str(), Some("yes"));
    assert_eq!(debian.installations(), 0);
}

#[test]
fn one_that_is_too_old_for_the_sdk_is_named() {
    let machine = Machine::new();
    let debian = Debian::new(&machine);
    let _debian = debian.package(&OWN, "rustc-web", "1.85.0", "rustc", "exit 1");
    let run = machine.xtask(&["sdk-target"]);
    run.expect_failure(&["1.96 or newer is needed", "has 1.85.0"]);
    machine.xtask(&["target"]).expect_well();
}

#[test]
fn a_linker_is_unpacked_when_there_is_none() {
    let machine = Machine::new();
    machine.remove("ld.lld");
    machine.ordinary_user();
    let _debian = Debian::new(&machine).package(&OWN, "lld", "14", "ld.lld", "echo LLD 14.0.6");
    let run = machine.xtask(&["target"]).expect_well();
    assert!(run.value("LINKER").starts_with(machine.tools()));
    assert!(
        run.value("LINKER").ends_with("ld.lld"),
        "the name chooses what lld is"
    );
}
