//! Running the tools of a build: one line when a step takes its time, their output when they fail.

use std::env;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Are the tools' own words wanted (`V=1`)?
pub fn verbose() -> bool {
    env::var_os("V").is_some_and(|value| !value.is_empty() && value != "0")
}

/// Says what is being done now.
pub fn step(what: &str) {
    eprintln!("  {what}");
}

/// Runs `command`; its output appears only when it fails or under `V=1`.
///
/// # Errors
/// When it cannot be started or fails; `what` names it.
pub fn run(what: &str, command: &mut Command) -> Result<()> {
    if verbose() {
        eprintln!("  {command:?}");
        let status = command
            .status()
            .with_context(|| not_started(what, command))?;
        return if status.success() {
            Ok(())
        } else {
            bail!("{what} failed")
        };
    }
    let output = command
        .output()
        .with_context(|| not_started(what, command))?;
    if output.status.success() {
        return Ok(());
    }
    eprint!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    bail!("{what} failed")
}

fn not_started(what: &str, command: &Command) -> String {
    format!(
        "{what}: cannot start {}",
        command.get_program().to_string_lossy()
    )
}
