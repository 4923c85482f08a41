//! QEMU on machines that have it, have an old one, or may not install it.

use std::fs;

use crate::debian::{BACKPORTS, Debian, OWN};
use crate::machine::Machine;

const PROGRAM: &str = "qemu-system-aarch64";

#[test]
fn one_on_the_path_is_used() {
    let machine = Machine::new();
    machine.stub(PROGRAM, "echo QEMU emulator version 8.0.4");
    let debian = Debian::new(&machine).qemu(&OWN, "7.2");
    let run = machine.xtask(&["qemu"]).expect_well();
    assert_eq!(run.value("QEMU"), machine.program(PROGRAM));
    assert!(
        run.said.is_empty() && debian.log().is_empty(),
        "{}",
        run.said
    );
}

#[test]
fn a_missing_one_is_installed_where_that_takes_nothing_away() {
    let machine = Machine::new();
    let debian = Debian::new(&machine).qemu(&OWN, "7.2");
    let run = machine.xtask(&["qemu"]).expect_well();
    assert_eq!(run.value("QEMU"), machine.program(PROGRAM));
    let said = "installing qemu-system-arm with apt-get: 2 packages, ";
    assert!(run.said.contains(said), "{}", run.said);
    assert_eq!((debian.installations(), debian.downloads()), (1, 0));
}

#[test]
fn qemu_utils_from_backports_is_not_removed_for_it() {
    let machine = Machine::new();
    let debian = Debian::new(&machine).qemu(&OWN, "7.2");
    let debian = debian.with("removes", "qemu-utils");
    let run = machine.xtask(&["qemu"]).expect_well();
    assert!(run.value("QEMU").starts_with(machine.tools()));
    let said = "apt-get would remove qemu-utils";
    assert!(run.said.contains(said), "{}", run.said);
    assert!(run.said.contains(": 2 packages, "), "{}", run.said);
    assert_eq!((debian.installations(), debian.downloads()), (0, 1));
    let again = machine.xtask(&["qemu"]).expect_well();
    assert!(again.said.is_empty(), "{}", again.said);
}

#[test]
fn a_conflict_that_apt_get_cannot_solve_needs_no_root() {
    let machine = Machine::new();
    let debian = Debian::new(&machine).qemu(&OWN, "7.2");
    let debian = debian.with("conflict", "pkgProblemResolver::Resolve generated breaks");
    let run = machine.xtask(&["qemu"]).expect_well();
    assert!(run.value("QEMU").starts_with(machine.tools()));
    assert!(run.said.contains("generated breaks"), "{}", run.said);
    assert!(!run.said.contains("updating"), "new lists do not help");
    assert_eq!(debian.installations(), 0);
}

#[test]
fn one_that_apt_get_installed_is_used_whatever_else_failed() {
    let machine = Machine::new();
    let debian = Debian::new(&machine).qemu(&OWN, "7.2");
    let debian = debian.with("stumbles", "");
    let run = machine.xtask(&["qemu"]).expect_well();
    assert_eq!(run.value("QEMU"), machine.program(PROGRAM));
    assert_eq!(debian.downloads(), 0);
}

#[test]
fn a_machine_without_package_lists_gets_them() {
    let machine = Machine::new();
    let debian = Debian::new(&machine).qemu(&OWN, "7.2");
    let debian = debian.without("machine/ready");
    let run = machine.xtask(&["qemu"]).expect_well();
    assert!(run.said.contains("updating"), "{}", run.said);
    assert_eq!((debian.installations(), debian.downloads()), (1, 0));
}

#[test]
fn one_that_would_be_downgraded_is_not() {
    let machine = Machine::new();
    let debian = Debian::new(&machine).qemu(&OWN, "7.2");
    let simulation = machine.path("debian/machine/simulation");
    let plan = fs::read_to_string(&simulation).unwrap();
    let plan = format!("The following packages will be DOWNGRADED:\n  libfdt1\n{plan}");
    fs::write(simulation, plan).unwrap();
    let run = machine.xtask(&["qemu"]).expect_well();
    assert!(run.value("QEMU").starts_with(machine.tools()));
    assert_eq!(debian.installations(), 0);
}

#[test]
fn an_old_one_is_passed_over() {
    let machine = Machine::new();
    machine.stub(PROGRAM, "echo QEMU emulator version 5.2.0");
    machine.ordinary_user();
    let _debian = Debian::new(&machine).qemu(&OWN, "7.2");
    let run = machine.xtask(&["qemu"]).expect_well();
    assert!(run.value("QEMU").starts_with(machine.tools()));
}

#[test]
fn an_old_one_that_hides_what_apt_get_installs_is_passed_over() {
    let machine = Machine::new();
    let debian = Debian::new(&machine).qemu(&OWN, "7.2");
    // What is installed is not what the PATH finds, as with a QEMU in /usr/local.
    let installs = machine.path("debian/machine/installs");
    fs::rename(installs.join(PROGRAM), installs.join("elsewhere")).unwrap();
    machine.stub(PROGRAM, "echo QEMU emulator version 5.2.0");
    let run = machine.xtask(&["qemu"]).expect_well();
    assert!(
        run.value("QEMU").starts_with(machine.tools()),
        "{}",
        run.said
    );
    assert_eq!(debian.installations(), 1);
}

#[test]
fn a_board_that_needs_a_newer_one_gets_it() {
    let machine = Machine::new();
    machine.stub(PROGRAM, "echo QEMU emulator version 7.2.22");
    let debian = Debian::new(&machine)
        .qemu(&OWN, "7.2")
        .qemu(&BACKPORTS, "11.1.3");
    let mut command = machine.command(&["qemu"]);
    let output = command
        .env("MICROKIT_BOARD", "imx8mm_evk")
        .output()
        .unwrap();
    let run = crate::machine::Run::new(output).expect_well();
    let found = run.value("QEMU");
    assert!(
        found.starts_with(machine.tools().join("qemu-trixie-backports")),
        "{}",
        run.said
    );
    assert_eq!(debian.installations(), 0, "apt-get has the old one only");
    let other_board = machine.xtask(&["qemu"]).expect_well();
    assert_eq!(other_board.value("QEMU"), machine.program(PROGRAM));
}

#[test]
fn one_that_no_debian_has_is_named() {
    let machine = Machine::new();
    let _debian = Debian::new(&machine)
        .qemu(&OWN, "5.2")
        .qemu(&BACKPORTS, "5.2");
    let run = machine.xtask(&["qemu"]);
    run.expect_failure(&[
        "QEMU 7.2 or newer is needed",
        "trixie-backports has 1:5.2+dfsg-7",
    ]);
}
