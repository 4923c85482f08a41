//! The command line.

use std::fs;

use super::*;
use tempfile::TempDir;

/// An SDK with one board of two configurations.
fn sdk() -> (TempDir, Sdk) {
    let folder = tempfile::tempdir().unwrap();
    for config in ["debug", "release"] {
        fs::create_dir_all(folder.path().join("board/b").join(config)).unwrap();
    }
    let sdk = Sdk::at(folder.path()).unwrap();
    (folder, sdk)
}

fn parse_line(line: &str) -> Parsed<Request> {
    let (_folder, sdk) = sdk();
    parse(line.split_whitespace().map(str::to_owned), &sdk)
}

fn refusal(line: &str) -> (String, bool) {
    let misuse = parse_line(line).unwrap_err();
    (misuse.error.to_string(), misuse.show_usage)
}

#[test]
fn reads_every_option() {
    let line = "x.system --search-path a b --board b --config debug -o o.img -r r.txt \
                --search-path c --image-type binary --override-kernel k";
    let expected = Arguments {
        system: "x.system".into(),
        board: "b".into(),
        config: "debug".into(),
        output: "o.img".into(),
        report: "r.txt".into(),
        search_paths: vec!["a".into(), "b".into(), "c".into()],
        override_kernel: Some("k".into()),
    };
    assert_eq!(parse_line(line), Ok(Request::Build(expected)));
}

#[test]
fn output_names_have_defaults() {
    let Ok(Request::Build(arguments)) = parse_line("--board b --config release x") else {
        panic!("a right command line")
    };
    assert_eq!(arguments.output, PathBuf::from("loader.img"));
    assert_eq!(arguments.report, PathBuf::from("report.txt"));
}

#[test]
fn help_wins() {
    assert_eq!(parse_line("--board b -h"), Ok(Request::Help));
    let (_folder, sdk) = sdk();
    assert!(help(&sdk).contains("--board b\n"));
}

#[test]
fn refuses_what_it_does_not_know() {
    let cases = [
        (
            "",
            "the following arguments are required: --board, --config, system",
            true,
        ),
        (
            "--board b x",
            "the following arguments are required: --config",
            true,
        ),
        (
            "--board c",
            "argument --board: unknown parameter 'c'",
            false,
        ),
        (
            "--board b --config x y",
            "argument --config: invalid choice 'x' (choose from: debug, release)",
            false,
        ),
        ("x y", "unrecognized argument 'y'", true),
        ("-o", "argument --output: expected one parameter", false),
        (
            "--image-type iso",
            "argument --image-type: unknown parameter 'iso'",
            false,
        ),
        (
            "--capdl-json f",
            "argument --capdl-json: not offered by the stand-in SDK",
            false,
        ),
    ];
    for (line, message, show_usage) in cases {
        assert_eq!(
            refusal(line),
            (format!("microkit: error: {message}"), show_usage),
            "{line}"
        );
    }
}

#[test]
fn a_folder_without_boards_is_no_sdk() {
    let folder = tempfile::tempdir().unwrap();
    assert!(
        Sdk::at(folder.path())
            .unwrap_err()
            .to_string()
            .contains("'board' sub-directory")
    );
    assert!(
        Sdk::at(&folder.path().join("none"))
            .unwrap_err()
            .to_string()
            .contains("does not exist")
    );
}
