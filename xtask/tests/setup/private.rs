//! Tools that are unpacked: without rights, without network, interrupted, and two at once.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::debian::{Debian, OWN};
use crate::machine::{Machine, Run};

/// "Within seconds", on a loaded machine.
const SECONDS: Duration = Duration::from_secs(10);

#[test]
fn an_ordinary_user_gets_tools_without_sudo() {
    let machine = Machine::new();
    machine.ordinary_user();
    let debian = Debian::new(&machine).package(
        &OWN,
        "device-tree-compiler",
        "1.6.1",
        "dtc",
        "echo Version: DTC 1.6.1",
    );
    let run = machine.xtask(&["dtc"]).expect_well();
    assert!(run.value("DTC").starts_with(machine.tools()));
    assert!(run.said.contains("nobody can be root"), "{}", run.said);
    assert_eq!(debian.installations(), 0);
    let output = std::process::Command::new(run.value("DTC"))
        .output()
        .unwrap();
    assert_eq!(output.stdout, b"Version: DTC 1.6.1\n");
}

#[test]
fn a_tool_of_any_version_is_used_if_it_runs() {
    let machine = Machine::new();
    machine.stub("dtc", "exit 127");
    machine.ordinary_user();
    let run = machine.xtask(&["dtc"]);
    run.expect_failure(&["the device tree compiler is needed"]);
    machine.stub("dtc", "echo Version: unknown");
    let run = machine.xtask(&["dtc"]).expect_well();
    assert_eq!(run.value("DTC"), machine.program("dtc"));
}

#[test]
fn sudo_is_used_when_it_asks_for_no_password() {
    let machine = Machine::new();
    machine.ordinary_user();
    let debian = Debian::new(&machine).qemu(&OWN, "7.2");
    machine.stub(
        "sudo",
        "[ \"$1\" = -n ] || exit 1\nshift\n[ \"$1\" = true ] || exec \"$@\"",
    );
    machine.xtask(&["qemu"]).expect_well();
    assert_eq!((debian.installations(), debian.downloads()), (1, 0));
    machine.remove("qemu-system-aarch64");
    machine.stub("sudo", "echo a password is required >&2; exit 1");
    machine.xtask(&["qemu"]).expect_well();
    assert_eq!((debian.installations(), debian.downloads()), (1, 1));
}

#[test]
fn no_network_is_told_in_a_sentence_within_seconds() {
    for root in [true, false] {
        let machine = Machine::new();
        let debian = Debian::new(&machine).qemu(&OWN, "7.2").with("offline", "");
        if !root {
            machine.ordinary_user();
        }
        let start = Instant::now();
        let run = machine.xtask(&["qemu"]);
        run.expect_failure(&[
            "QEMU 7.2 or newer is needed",
            "cannot fetch http://mirror.example/InRelease",
            "Temporary failure resolving",
        ]);
        assert!(start.elapsed() < SECONDS);
        let _debian = debian.without("offline");
        machine.xtask(&["qemu"]).expect_well();
    }
}

#[test]
fn a_machine_without_apt_get_is_told_the_package() {
    let run = Machine::new().xtask(&["dtc"]);
    run.expect_failure(&["there is no apt-get", "device-tree-compiler"]);
}

#[test]
fn an_interrupted_download_goes_on_the_next_time() {
    let machine = Machine::new();
    machine.ordinary_user();
    let debian = Debian::new(&machine)
        .qemu(&OWN, "7.2")
        .with("interrupt", "");
    let run = machine.xtask(&["qemu"]);
    run.expect_failure(&["QEMU 7.2 or newer is needed", "Connection reset"]);
    // As a run leaves it that was ended while it unpacked.
    let names = fs::read_dir(machine.tools()).unwrap();
    let download = names
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|end| end == "download"))
        .unwrap();
    let partial = download.with_extension("partial");
    fs::create_dir_all(partial.join("wrapper")).unwrap();
    fs::write(partial.join("wrapper/qemu-system-aarch64"), "half").unwrap();
    let run = machine.xtask(&["qemu"]).expect_well();
    assert!(run.value("QEMU").starts_with(machine.tools()));
    assert!(
        !partial.exists() && !download.exists(),
        "nothing is left over"
    );
    assert_eq!(debian.downloads(), 2);
}

#[test]
fn a_damaged_package_is_downloaded_again() {
    let machine = Machine::new();
    machine.ordinary_user();
    let debian = Debian::new(&machine).qemu(&OWN, "7.2");
    machine.stub("dpkg-deb", "echo damaged >&2; exit 2");
    let run = machine.xtask(&["qemu"]);
    run.expect_failure(&["QEMU 7.2 or newer is needed", "cannot unpack"]);
    machine.stub("dpkg-deb", "cat $2");
    machine.xtask(&["qemu"]).expect_well();
    assert_eq!(debian.downloads(), 2);
}

#[test]
fn two_runs_at_once_download_once() {
    let machine = Machine::new();
    machine.ordinary_user();
    let debian = Debian::new(&machine).qemu(&OWN, "7.2").with("slow", "");
    let runs = [(); 2].map(|()| {
        let mut command = machine.command(&["qemu"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    });
    let ends = runs.map(|run| Run::new(run.wait_with_output().unwrap()).expect_well());
    assert_eq!(ends[0].value("QEMU"), ends[1].value("QEMU"));
    assert_eq!(debian.downloads(), 1);
    let waited = ends
        .iter()
        .filter(|end| end.said.contains("waiting for another"));
    assert_eq!(waited.count(), 1);
}

#[test]
fn an_unknown_need_is_refused() {
    let run = Machine::new().xtask(&["coffee"]);
    assert!(!run.well && run.said.contains("'coffee'"), "{}", run.said);
    assert!(run.said.contains("possible values: target"), "{}", run.said);
}
