//! Lines that a system must print, from a file.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

/// Compares `printed` with the lines of `file`, one by one.
///
/// # Errors
/// The first difference.
pub(crate) fn compare<'a>(file: &Path, mut printed: impl Iterator<Item = &'a str>) -> Result<()> {
    let expected = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    for (number, line) in expected.lines().enumerate() {
        let found = printed.next().unwrap_or("nothing");
        ensure!(
            found == line,
            "line {}: expected {line:?}, found {found:?}",
            number + 1
        );
    }
    let more = printed.next();
    ensure!(more.is_none(), "more than expected: {more:?}");
    Ok(())
}
