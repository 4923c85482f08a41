//! The stand-in crates offer what upstream's do: `devsdk/crates/seam` names all that they share,
//! with full types and numbers, and must compile against both. Upstream needs an official SDK.

mod official_sdk;

use std::collections::HashMap;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use official_sdk::BOARD;

const TARGET: &str = "aarch64-unknown-none-softfloat";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// What `setup` found for a bare-metal build.
fn setup(needs: &[&str]) -> HashMap<String, String> {
    let output = Command::new(root().join("setup"))
        .args(needs)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// `cargo build` of the seam; its folder is shared with the VMM's, for what both depend on.
fn build(found: &HashMap<String, String>, include: &Path, folder: &str) -> Command {
    let host = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let mut cargo = Command::new("cargo");
    cargo
        .args(["build", "--locked", "--target", TARGET, "--manifest-path"])
        .arg(root().join("devsdk/crates/seam/Cargo.toml"))
        .arg("--target-dir")
        .arg(host.join("bare").join(folder))
        .current_dir(root())
        .env("RUSTC", &found["RUSTC"])
        .env(
            "CARGO_TARGET_AARCH64_UNKNOWN_NONE_SOFTFLOAT_LINKER",
            &found["LINKER"],
        )
        .env("SEL4_INCLUDE_DIRS", include)
        // The host's compiler's, which another compiler must not see.
        .env_remove("LD_LIBRARY_PATH");
    if found["BUILD_STD"] == "yes" {
        cargo
            .arg("-Zbuild-std=core,alloc,compiler_builtins")
            .arg("-Zbuild-std-features=compiler-builtins-mem")
            .env("RUSTC_BOOTSTRAP", "1");
    }
    cargo
}

fn succeeds(cargo: &mut Command) {
    let output = cargo.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn the_stand_in_has_the_seam() {
    let include = root()
        .join("devsdk/board")
        .join(BOARD)
        .join("debug/include");
    let mut cargo = build(&setup(&["target"]), &include, &format!("devsdk-{BOARD}"));
    succeeds(cargo.arg("--config").arg("devsdk/patch.toml"));
}

#[test]
fn upstream_has_the_seam() {
    let Some(sdk) = official_sdk::find() else {
        println!(
            "skipped: no official Microkit SDK here (MICROKIT_SDK, .sdk, or microkit-sdk-2.3.* at home)"
        );
        return;
    };
    let include = sdk.join("board").join(BOARD).join("debug/include");
    let found = setup(&["sdk-target", "libclang"]);
    let lock = root().join("devsdk/crates/seam/sdk/Cargo.lock");
    let mut cargo = build(&found, &include, &format!("sdk-{BOARD}"));
    cargo
        .env("RUSTC_BOOTSTRAP", "1")
        .arg("-Zlockfile-path")
        .arg("--config");
    succeeds(cargo.arg(format!(
        "resolver.lockfile-path={:?}",
        lock.display().to_string()
    )));
}
