//! Running the tools of a build: what they are doing is seen, what they print only when they fail.

mod live;

use std::env;
use std::io::{BufRead, BufReader, PipeReader, pipe};
use std::process::Command;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

pub use live::Live;

/// How often the time on the live line is renewed.
const TICK: Duration = Duration::from_secs(1);

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
    run_or_advise(what, command, &|_| None)
}

/// As [`run`]; when it fails, `advice` may make a sentence of what it printed.
///
/// # Errors
/// As [`run`].
pub fn run_or_advise(
    what: &str,
    command: &mut Command,
    advice: &dyn Fn(&str) -> Option<String>,
) -> Result<()> {
    if verbose() {
        eprintln!("  {command:?}");
    }
    let (output, writer) = pipe()?;
    let (log, status) = {
        let not_started = not_started(what, command);
        command.stdout(writer.try_clone()?).stderr(writer);
        let child = command.spawn();
        // Lets go of the pipe's other end, so that the output ends when the child does.
        command.stdout(std::process::Stdio::null());
        command.stderr(std::process::Stdio::null());
        let mut child = child.context(not_started)?;
        (follow(what, output), child.wait()?)
    };
    if status.success() {
        return Ok(());
    }
    if let Some(advice) = advice(&log) {
        bail!("{what} failed: {advice} (V=1 shows what it printed)");
    }
    if !verbose() {
        eprint!("{log}");
    }
    bail!("{what} failed")
}

/// Shows what comes, and returns all of it.
fn follow(what: &str, output: PipeReader) -> String {
    let mut live = Live::new(what);
    let mut log = String::new();
    for line in lines(output) {
        match line {
            Some(line) => {
                if verbose() {
                    eprintln!("{line}");
                } else {
                    live.show(&line);
                }
                log += &line;
                log.push('\n');
            }
            None => live.tick(),
        }
    }
    live.clear();
    log
}

/// The lines of `output` until its end; `None` when nothing came for a while.
pub(crate) fn lines(output: PipeReader) -> impl Iterator<Item = Option<String>> {
    let (sender, receiver) = channel();
    thread::spawn(move || read(output, &sender));
    std::iter::from_fn(move || next(&receiver))
}

fn read(output: PipeReader, lines: &Sender<String>) {
    for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        if lines.send(line.trim_end_matches('\r').to_owned()).is_err() {
            return;
        }
    }
}

fn next(lines: &Receiver<String>) -> Option<Option<String>> {
    match lines.recv_timeout(TICK) {
        Ok(line) => Some(Some(line)),
        Err(RecvTimeoutError::Timeout) => Some(None),
        Err(RecvTimeoutError::Disconnected) => None,
    }
}

fn not_started(what: &str, command: &Command) -> String {
    format!(
        "{what}: cannot start {}",
        command.get_program().to_string_lossy()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-c", script]);
        shell
    }

    #[test]
    fn a_tool_that_fails_names_its_step_and_the_advice_for_what_it_printed() {
        run("printing", &mut shell("echo fine")).unwrap();
        let advice = |log: &str| log.contains("no way").then(|| "go round".to_owned());
        for (script, expected) in [
            (
                "echo no way >&2; exit 1",
                "printing failed: go round (V=1 shows what it printed)",
            ),
            (
                "echo no way; exit 1",
                "printing failed: go round (V=1 shows what it printed)",
            ),
            ("echo else; exit 1", "printing failed"),
        ] {
            let error = run_or_advise("printing", &mut shell(script), &advice).unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
        let error = run("printing", &mut Command::new("no such program")).unwrap_err();
        assert_eq!(error.to_string(), "printing: cannot start no such program");
    }

    #[test]
    fn output_is_followed_to_its_end() {
        let (output, writer) = pipe().unwrap();
        let mut child = shell("echo one; printf 'two\\r\\n'; printf three >&2")
            .stdout(writer.try_clone().unwrap())
            .stderr(writer)
            .spawn()
            .unwrap();
        assert_eq!(follow("counting", output), "one\ntwo\nthree\n");
        child.wait().unwrap();
    }
}
