//! One run of apt-get that takes its time: a progress bar on a terminal, its reason when it fails.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};

/// How often the time on a bar moves on.
const TICK: Duration = Duration::from_millis(200);
/// What a download gets that stands still. apt unpacks what it fetched in that time, too.
const PATIENCE: Duration = Duration::from_secs(30);

/// A bar of `length` steps on standard error; it appears on a terminal only.
pub fn bar(length: u64) -> ProgressBar {
    let bar = ProgressBar::new(length);
    // Written here, so it is right.
    if let Ok(style) = ProgressStyle::with_template("  [{bar:40}] {percent}% {msg}") {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.enable_steady_tick(TICK);
    bar
}

/// `bytes` as people read it.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes.div_ceil(1000)),
        _ => format!("{} MB", (bytes + 500_000) / 1_000_000),
    }
}

/// Packages and their bytes, as people read it.
pub fn total(packages: usize, bytes: u64) -> String {
    let plural = if packages == 1 { "" } else { "s" };
    format!("{packages} package{plural}, {}", size(bytes))
}

/// Runs `apt_get` to its end and shows how far it is. A download that stands still is given up.
///
/// # Errors
/// When it cannot be started or fails; the reason is that of apt's first error.
pub fn run(apt_get: &mut Command) -> Result<()> {
    run_with(apt_get, PATIENCE)
}

fn run_with(apt_get: &mut Command, patience: Duration) -> Result<()> {
    // Where apt reports its progress, a line each time.
    apt_get.args(["-o", "APT::Status-Fd=1"]);
    let mut child = apt_get
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot start apt-get")?;
    let output = child.stdout.take().context("apt-get has an output")?;
    let mut errors = child.stderr.take().context("apt-get has an error output")?;
    let errors = thread::spawn(move || {
        let mut text = Vec::new();
        // What came before a read error is still worth showing.
        let _ = errors.read_to_end(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    });
    if !follow(output, patience) {
        // Fails where another user runs it; that one's own time limits end it.
        let _ = child.kill();
        child.wait()?;
        bail!(
            "nothing has come from the mirror for {} seconds",
            patience.as_secs()
        );
    }
    let errors = errors.join().unwrap_or_default();
    let status = child.wait()?;
    if status.success() {
        return Ok(());
    }
    match reason(&errors) {
        reason if reason.is_empty() => bail!("apt-get failed ({status})"),
        reason => bail!(reason),
    }
}

/// Shows the progress until the output ends; `false` when a download stands still for so long.
fn follow(output: impl Read, patience: Duration) -> bool {
    let bar = bar(100);
    let mut last = (String::new(), Instant::now());
    // dpkg's words between the lines may be of any encoding.
    for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line).into_owned();
        if let Some((percent, what)) = progress(&line) {
            bar.set_position(percent);
            bar.set_message(what.to_owned());
        }
        // While it downloads apt repeats itself twice a second.
        if !line.starts_with("dlstatus:") || line != last.0 {
            last = (line, Instant::now());
        } else if last.1.elapsed() >= patience {
            bar.finish_and_clear();
            return false;
        }
    }
    bar.finish_and_clear();
    true
}

/// `dlstatus:5:42.5:Retrieving file 5 of 9` and `pmstatus:PACKAGE:42.5:Unpacking`.
fn progress(line: &str) -> Option<(u64, &str)> {
    let mut fields = line.splitn(4, ':');
    if !matches!(fields.next()?, "dlstatus" | "pmstatus") {
        return None;
    }
    let percent = fields.nth(1)?.split('.').next()?.parse().ok()?;
    Some((percent, fields.next()?))
}

/// The first error that apt printed; all it printed when there is none of the usual form.
pub fn reason(errors: &str) -> String {
    let first = errors.lines().find_map(|line| line.strip_prefix("E: "));
    let Some(first) = first else {
        return errors.trim().to_owned();
    };
    match first.strip_prefix("Failed to fetch ") {
        Some(fetch) => match fetch.split_once("  ") {
            Some((address, why)) => format!("cannot fetch {address}: {}", why.trim()),
            None => format!("cannot fetch {fetch}"),
        },
        None => first.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apts_progress_is_read() {
        let retrieving = progress("dlstatus:4:12.8997:Retrieving file 4 of 5");
        assert_eq!(retrieving, Some((12, "Retrieving file 4 of 5")));
        let unpacking = progress("pmstatus:libc6:50.0:Unpacking libc6");
        assert_eq!(unpacking, Some((50, "Unpacking libc6")));
        assert_eq!(progress("Reading package lists..."), None);
    }

    #[test]
    fn the_reason_is_one_sentence() {
        let printed = "W: slow\n\
            E: Failed to fetch http://m.example/InRelease  Temporary failure resolving 'm.example'\n\
            E: Some index files failed to download.\n";
        assert_eq!(
            reason(printed),
            "cannot fetch http://m.example/InRelease: Temporary failure resolving 'm.example'"
        );
        assert_eq!(
            reason("E: Unable to locate package x\n"),
            "Unable to locate package x"
        );
        assert_eq!(reason("odd\n"), "odd");
    }

    #[test]
    fn sizes_are_rounded() {
        assert_eq!(size(1), "1 kB");
        assert_eq!(size(999_000), "999 kB");
        assert_eq!(size(37_400_000), "37 MB");
        assert_eq!(total(1, 2000), "1 package, 2 kB");
        assert_eq!(total(3, 0), "3 packages, 0 kB");
    }

    #[test]
    fn a_download_that_stands_still_is_given_up() {
        let patience = Duration::from_millis(300);
        let mut shell = Command::new("sh");
        let still = "while sleep 0.05; do echo dlstatus:1:0.5:x; done";
        let error = run_with(shell.args(["-c", still]), patience).unwrap_err();
        assert!(error.to_string().contains("nothing has come"), "{error}");
        let moving = "for n in 1 2 3 4 5 6 7 8 9; do echo dlstatus:1:$n.0:x; sleep 0.05; done";
        let mut shell = Command::new("sh");
        run_with(shell.args(["-c", moving]), patience).unwrap();
        let installing = "for n in 1 2 3 4 5 6 7 8 9; do echo pmstatus:x:1:y; sleep 0.05; done";
        let mut shell = Command::new("sh");
        run_with(shell.args(["-c", installing]), patience).unwrap();
    }

    #[test]
    fn all_output_is_taken_whatever_its_encoding() {
        let mut shell = Command::new("sh");
        let latin = "printf 'G\\374nter\\n'; seq 100000";
        run(shell.args(["-c", latin])).unwrap();
    }

    #[test]
    fn a_program_that_fails_gives_its_error() {
        let mut shell = Command::new("sh");
        shell.args(["-c", "echo E: broken >&2; exit 3"]);
        let error = format!("{:#}", run(&mut shell).unwrap_err());
        assert!(error.contains("broken"), "{error}");
    }
}
