//! Reads the SDK's two `gen_config.json` files and hands their keys to the macros as a Rust table.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use serde_json::Value;

const INCLUDE_DIRS: &str = "SEL4_INCLUDE_DIRS";
const PREFIX: &str = "SEL4_PREFIX";

fn main() -> Result<(), String> {
    println!("cargo::rerun-if-env-changed={INCLUDE_DIRS}");
    println!("cargo::rerun-if-env-changed={PREFIX}");
    let folders = include_folders()?;
    let mut keys = BTreeMap::new();
    for name in ["kernel/gen_config.json", "sel4/gen_config.json"] {
        keys.extend(read_config(&find(&folders, name)?)?);
    }
    let out_dir = env::var_os("OUT_DIR").ok_or("cargo did not set OUT_DIR")?;
    let out = PathBuf::from(out_dir).join("keys.rs");
    fs::write(&out, table(&keys)).map_err(|error| format!("{}: {error}", out.display()))
}

fn include_folders() -> Result<Vec<PathBuf>, String> {
    if let Some(list) = env::var_os(INCLUDE_DIRS) {
        return Ok(env::split_paths(&list).collect());
    }
    match env::var_os(PREFIX) {
        Some(prefix) => Ok(vec![PathBuf::from(prefix).join("libsel4/include")]),
        None => Err(format!(
            "{INCLUDE_DIRS} or {PREFIX} must be set: name the include folder of the SDK's board \
             and configuration"
        )),
    }
}

fn find(folders: &[PathBuf], name: &str) -> Result<PathBuf, String> {
    let found = folders
        .iter()
        .map(|folder| folder.join(name))
        .find(|path| path.is_file());
    found.ok_or_else(|| format!("{name} is in no folder of {INCLUDE_DIRS}: {folders:?}"))
}

fn read_config(path: &Path) -> Result<BTreeMap<String, Value>, String> {
    println!("cargo::rerun-if-changed={}", path.display());
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}

/// Anything that is neither a switch nor a string has no macro that could ask for it.
fn table(keys: &BTreeMap<String, Value>) -> String {
    let mut text = String::from("&[\n");
    for (key, value) in keys {
        let value = match value {
            Value::Bool(value) => format!("Value::Switch({value})"),
            Value::String(value) => format!("Value::Text({value:?})"),
            _ => continue,
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "    ({key:?}, {value}),");
    }
    text + "]\n"
}
