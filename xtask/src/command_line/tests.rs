use clap::CommandFactory;

use super::*;
use crate::tree::Tree;

#[test]
fn make_help_prints_what_the_command_line_knows() {
    let path = Tree::find().path("xtask/help.txt");
    let help = CommandLine::command().render_help().to_string();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &help).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == help,
        "xtask/help.txt is not\n{help}\nUPDATE_GOLDEN=1 cargo test -p xtask writes it"
    );
}

#[test]
fn the_makefile_has_every_verb() {
    let makefile = std::fs::read_to_string(Tree::find().path("Makefile")).unwrap();
    let line = makefile
        .lines()
        .find_map(|line| line.strip_prefix("VERBS := "))
        .unwrap();
    let mut of_make: Vec<&str> = line.split_whitespace().collect();
    let command = CommandLine::command();
    let mut ours: Vec<&str> = command
        .get_subcommands()
        .map(clap::Command::get_name)
        .collect();
    of_make.sort_unstable();
    ours.sort_unstable();
    assert_eq!(of_make, ours);
}

#[test]
fn a_verb_is_written_as_it_is_named() {
    for name in ["build", "check", "explain", "clean"] {
        let line = CommandLine::try_parse_from(["make", name]).unwrap();
        assert_eq!(line.verb.name(), name);
    }
}

#[test]
fn a_mistyped_verb_is_told_the_right_one() {
    for (typed, meant) in [("runn", "run"), ("tests", "test"), ("iamge", "image")] {
        let error = CommandLine::try_parse_from(["make", typed])
            .unwrap_err()
            .to_string();
        assert!(error.contains(&format!("'{meant}'")), "{error}");
    }
}
