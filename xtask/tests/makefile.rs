//! The Makefile, with a script in the place of cargo that prints what it is called with.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};
use std::{env, fs};

use tempfile::TempDir;

const CARGO: &str = "#!/bin/sh\necho \"cargo $*; $MAKE_GOALS; $MAKE_VARIABLES; $KERNEL\"\n";

/// A folder with the script, and one with a build tool that is there already.
fn prepared() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let (bin, built) = (
        folder.path().join("bin"),
        folder.path().join("target/debug"),
    );
    for path in [&bin, &built] {
        fs::create_dir_all(path).unwrap();
    }
    fs::write(built.join("xtask"), "").unwrap();
    fs::write(bin.join("cargo"), CARGO).unwrap();
    fs::set_permissions(bin.join("cargo"), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

fn make(folder: &Path, arguments: &[&str]) -> Output {
    let path = format!(
        "{}:{}",
        folder.join("bin").display(),
        env::var("PATH").unwrap()
    );
    Command::new("make")
        .args(arguments)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .env("PATH", path)
        .env("CARGO_TARGET_DIR", folder.join("target"))
        // `make test` may run this.
        .env_remove("MAKELEVEL")
        .env_remove("MAKEFLAGS")
        .env_remove("MAKE_GOALS")
        .env_remove("MAKE_VARIABLES")
        .output()
        .unwrap()
}

fn printed(arguments: &[&str]) -> String {
    let folder = prepared();
    String::from_utf8(make(folder.path(), arguments).stdout).unwrap()
}

#[test]
fn xtask_is_told_the_variables_of_the_command_line() {
    assert_eq!(
        printed(&["image", "KERNAL=x"]),
        "cargo run --quiet --package xtask -- image; image; KERNAL; \n"
    );
    assert_eq!(
        printed(&["clean", "KERNEL=a b", "image"]),
        "cargo run --quiet --package xtask -- clean; clean image; KERNEL; a b\n\
         cargo run --quiet --package xtask -- image; clean image; KERNEL; a b\n"
    );
}

#[test]
fn a_make_that_calls_this_one_may_have_variables_of_its_own() {
    let folder = prepared();
    let outer = folder.path().join("Makefile");
    fs::write(
        &outer,
        "all:\n\t@$(MAKE) --no-print-directory -C $(TOP) image\n",
    )
    .unwrap();
    let top = format!(
        "TOP={}",
        Path::new(env!("CARGO_MANIFEST_DIR")).join("..").display()
    );
    let outer = outer.to_str().unwrap();
    let output = make(folder.path(), &["-f", outer, &top, "OWN=1"]);
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "cargo run --quiet --package xtask -- image; ; ; \n"
    );
}

#[test]
fn a_goal_that_is_no_verb_goes_to_xtask_before_all_others() {
    for wrong in ["runn", "tests", "Makefile", "my.cpio"] {
        let text = printed(&["run", wrong]);
        let first = format!("cargo run --quiet --package xtask -- {wrong};");
        assert!(text.starts_with(&first), "{text}");
    }
}

#[test]
fn help_needs_no_build() {
    let folder = prepared();
    fs::remove_dir_all(folder.path().join("target")).unwrap();
    for arguments in [&["help"][..], &[]] {
        let output = make(folder.path(), arguments);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.starts_with("Builds, runs and tests guests"), "{text}");
        assert!(!text.contains("cargo run"), "{text}");
    }
}

#[test]
fn mistakes_are_told_before_the_first_build() {
    let folder = prepared();
    fs::remove_file(folder.path().join("target/debug/xtask")).unwrap();
    for (arguments, expected) in [
        (
            ["run", "KERNAL=x"],
            "KERNAL is not a variable of this Makefile",
        ),
        (
            ["runn", "V=1"],
            "there is no verb runn; the verbs are build",
        ),
    ] {
        let output = make(folder.path(), &arguments);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(errors.contains(expected), "{errors}");
        assert!(!output.status.success() && output.stdout.is_empty());
    }
}

#[test]
fn the_first_build_shows_what_it_builds() {
    let folder = prepared();
    fs::remove_file(folder.path().join("target/debug/xtask")).unwrap();
    let text = String::from_utf8(make(folder.path(), &["check"]).stdout).unwrap();
    assert!(text.starts_with("cargo build --package xtask;"), "{text}");
}
