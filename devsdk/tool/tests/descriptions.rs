//! What the tool accepts and refuses, and with which words; the same of Microkit's own tool when
//! an official SDK is found.

mod official_sdk;
mod samples;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use official_sdk::BOARD;
use samples::descriptions::{ACCEPTED, REFUSED, REFUSED_HERE, Refused, whole};
use samples::program;
use tempfile::TempDir;

/// A folder with the programs and files that the descriptions name.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    write("sample.elf", &program::sample());
    write("no_symbols.elf", &program::with_symbols(&[]));
    let shared = [
        (program::TEXT, 0x1008, 0x1008, 5),
        (program::DATA, program::DATA_LENGTH, program::DATA_MEMORY, 6),
    ];
    write(
        "shared_page.elf",
        &program::build(&shared, &program::tool_symbols()),
    );
    write("small.bin", b"1234");
    write("empty.bin", b"");
    write("sample.elf.large", &[0; 0x2000]);
    write(
        "kernel.elf",
        &program::build(&[(0x7000_0000, 0x40, 0x40, 5)], &[]),
    );
    let mut kernel = fs::read(folder.path().join("kernel.elf")).unwrap();
    kernel[24..32].copy_from_slice(&0x7000_0000_u64.to_le_bytes());
    write("kernel.elf", &kernel);
    folder
}

/// Runs a tool on a description within `folder`; the description's name is `@`.
fn run(tool: &mut Command, folder: &Path, body: &str) -> Output {
    fs::write(folder.join("@"), whole(body)).unwrap();
    let tool = tool
        .current_dir(folder)
        .args(["@", "--search-path", ".", "--board", BOARD]);
    tool.args(["--config", "debug", "-o", "loader.img", "-r", "report.txt"])
        .output()
        .unwrap()
}

fn stand_in(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_devsdk-microkit"));
    command.env("MICROKIT_SDK", concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    command.env("DEVSDK_KERNEL", folder.join("kernel.elf"));
    command
}

/// The official SDK's tool.
fn official() -> Option<Command> {
    let sdk = official_sdk::find()?;
    let mut command = Command::new(sdk.join("bin/microkit"));
    command.env("MICROKIT_SDK", sdk);
    Some(command)
}

/// The first line of the message; a message that Rust's `main` printed is unquoted.
fn message(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let line = text.lines().next().unwrap_or_default();
    match line
        .strip_prefix("Error: \"")
        .and_then(|line| line.strip_suffix('"'))
    {
        Some(line) if line.starts_with("ERROR: ") => line.to_owned(),
        Some(line) => format!("Error: {line}"),
        None => line.replace("(./", "("),
    }
}

#[test]
fn accepts_what_is_right() {
    let folder = folder();
    for body in ACCEPTED {
        let output = run(&mut stand_in(folder.path()), folder.path(), body);
        assert!(output.status.success(), "{body}\n{}", message(&output));
        assert!(fs::read(folder.path().join("loader.img")).unwrap().len() > 0x1000);
        assert!(
            !fs::read_to_string(folder.path().join("report.txt"))
                .unwrap()
                .is_empty()
        );
    }
}

fn check_refusals(cases: &[Refused], tool: impl Fn(&Path) -> Command) {
    let folder = folder();
    let mut wrong = Vec::new();
    for Refused {
        body,
        message: expected,
    } in cases
    {
        let output = run(&mut tool(folder.path()), folder.path(), body);
        let said = message(&output);
        if output.status.code() != Some(1) || !said.starts_with(expected) {
            wrong.push(format!(
                "{body}\n  expected: {expected}\n  said:     {said}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn refuses_what_is_wrong() {
    check_refusals(REFUSED, stand_in);
}

#[test]
fn refuses_what_it_does_not_offer() {
    check_refusals(REFUSED_HERE, stand_in);
}

#[test]
fn the_official_tool_agrees() {
    if official().is_none() {
        println!(
            "skipped: no official Microkit SDK here (MICROKIT_SDK, or microkit-sdk-2.3.* at home)"
        );
        return;
    }
    check_refusals(REFUSED, |_| official().unwrap());
    let folder = folder();
    for body in ACCEPTED {
        let output = run(&mut official().unwrap(), folder.path(), body);
        assert!(output.status.success(), "{body}\n{}", message(&output));
    }
}
