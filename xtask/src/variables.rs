//! The variables on make's command line: xtask knows each, and the verb uses it.
//!
//! make hands any variable on, also a misspelt one. The Makefile tells the names of those that
//! stand on its command line (`MAKE_VARIABLES`); what comes from the environment is not checked,
//! as it holds variables of other programs too.

use std::env;

use anyhow::{Result, bail};
use sysgen::vocabulary::nearest;

/// Each variable, and the verbs that use it.
const VARIABLES: &[(&str, &[&str])] = &[
    ("KERNEL", &["image", "run", "profile"]),
    ("INITRD", &["image", "run", "profile"]),
    ("BOOTARGS", &["image", "run", "bench", "profile"]),
    ("DTB", &["image", "run", "profile"]),
    (
        "SYSTEM",
        &[
            "build", "image", "run", "check", "bench", "profile", "explain",
        ],
    ),
    (
        "MICROKIT_SDK",
        &[
            "build",
            "image",
            "run",
            "test",
            "bench",
            "profile",
            "root-task",
        ],
    ),
    (
        "MICROKIT_BOARD",
        &[
            "build",
            "image",
            "run",
            "check",
            "bench",
            "profile",
            "explain",
            "root-task",
            "setup",
        ],
    ),
    (
        "MICROKIT_CONFIG",
        &["build", "image", "run", "bench", "profile", "root-task"],
    ),
    (
        "BUILD_DIR",
        &[
            "build",
            "image",
            "run",
            "bench",
            "profile",
            "root-task",
            "clean",
        ],
    ),
    ("DISK", &["run"]),
    ("QEMU_ARGS", &["run", "root-task"]),
    ("ADDR", &["explain"]),
    ("EXIT", &["profile"]),
    ("RECORD", &["bench"]),
    ("SDK_URL", &["sdk"]),
];

/// Those that cargo, our output and make itself read.
const OF_OTHERS: [&str; 6] = [
    "V",
    "NO_COLOR",
    "CARGO_TARGET_DIR",
    "RUSTUP_TOOLCHAIN",
    "MAKEFLAGS",
    "SHELL",
];

/// Checks the variables that the Makefile names.
///
/// # Errors
/// When one is unknown.
pub fn check(verb: &str) -> Result<()> {
    let names = env::var("MAKE_VARIABLES").unwrap_or_default();
    let goals = env::var("MAKE_GOALS").unwrap_or_default();
    let names: Vec<&str> = names.split_whitespace().collect();
    let goals: Vec<&str> = goals.split_whitespace().collect();
    for name in &names {
        check_known(name)?;
    }
    // Each goal is a run of xtask: one of them tells it.
    if goals.first() == Some(&verb) {
        for name in names.iter().filter(|name| is_unused(name, &goals)) {
            eprintln!("warning: make {} does not use {name}", goals.join(" "));
        }
    }
    Ok(())
}

fn check_known(name: &str) -> Result<()> {
    let known: Vec<&str> = VARIABLES.iter().map(|(known, _)| *known).collect();
    if OF_OTHERS.contains(&name) || known.contains(&name) {
        return Ok(());
    }
    let upper = name.to_ascii_uppercase();
    match nearest(&upper, known) {
        Some(meant) => bail!("{name} is not a variable of this Makefile; did you mean {meant}?"),
        None => bail!(
            "{name} is not a variable of this Makefile; `make help` lists its variables, one for \
             another program stands before `make`"
        ),
    }
}

/// Is it of no use to any of these goals?
fn is_unused(name: &str, goals: &[&str]) -> bool {
    let mut variables = VARIABLES.iter();
    let verbs = variables.find(|(known, _)| *known == name);
    verbs.is_some_and(|(_, verbs)| !goals.iter().any(|goal| verbs.contains(goal)))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::command_line::CommandLine;
    use crate::tree::Tree;

    #[test]
    fn every_option_is_a_variable() {
        let command = CommandLine::command();
        let of_verbs = command
            .get_subcommands()
            .flat_map(clap::Command::get_arguments);
        let arguments = command.get_arguments().chain(of_verbs);
        let mut ours: Vec<&str> = arguments
            .filter_map(|argument| argument.get_env()?.to_str())
            .collect();
        let mut known: Vec<&str> = VARIABLES.iter().map(|(name, _)| *name).collect();
        ours.sort_unstable();
        known.sort_unstable();
        assert_eq!(ours, known);
        for name in known {
            check_known(name).unwrap();
        }
    }

    #[test]
    fn the_makefile_knows_the_same() {
        let path = Tree::find().path("Makefile");
        let makefile = std::fs::read_to_string(path).unwrap();
        let (_, list) = makefile.split_once("\nVARIABLES := ").unwrap();
        let (list, _) = list.split_once("\nifeq").unwrap();
        let names: Vec<&str> = list
            .split_whitespace()
            .filter(|word| *word != "\\")
            .collect();
        let ours = VARIABLES.iter().map(|(name, _)| *name).chain(OF_OTHERS);
        assert_eq!(names, ours.collect::<Vec<_>>());
    }

    #[test]
    fn every_verb_in_the_table_exists() {
        let command = CommandLine::command();
        for (name, verbs) in VARIABLES {
            for verb in *verbs {
                assert!(command.find_subcommand(verb).is_some(), "{name}: {verb}");
            }
        }
    }

    #[test]
    fn an_unknown_variable_is_told_the_right_one() {
        for (typed, meant) in [
            ("KERNAL", "KERNEL"),
            ("kernel", "KERNEL"),
            ("KERNELS", "KERNEL"),
            ("INITRAMFS", "INITRD"),
            ("BOOT_ARGS", "BOOTARGS"),
            ("BOARD", "MICROKIT_BOARD"),
            ("SDK", "MICROKIT_SDK"),
            ("config", "MICROKIT_CONFIG"),
            ("MICROKIT_SKD", "MICROKIT_SDK"),
            ("BUILDDIR", "BUILD_DIR"),
            ("QEMUARGS", "QEMU_ARGS"),
            ("ADDRESS", "ADDR"),
        ] {
            let error = check_known(typed).unwrap_err().to_string();
            assert!(
                error.ends_with(&format!("did you mean {meant}?")),
                "{error}"
            );
        }
        let error = check_known("HTTP_ROXY").unwrap_err().to_string();
        assert!(error.contains("`make help` lists its variables"), "{error}");
    }

    #[test]
    fn a_variable_that_no_goal_uses_is_found() {
        assert!(is_unused("KERNEL", &["test"]));
        assert!(is_unused("QEMU_ARGS", &["image"]));
        assert!(!is_unused("KERNEL", &["clean", "run"]));
        assert!(!is_unused("V", &["clean"]));
    }
}
