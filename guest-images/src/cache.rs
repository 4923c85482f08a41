//! The cache folder: one folder per Debian suite, used by one process at a time.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use fs_err::{self as fs, File};

/// A folder that keeps what was downloaded and what was made of it.
///
/// It may be deleted at any time; the next use downloads again.
#[derive(Debug, Clone)]
pub struct Cache {
    root: PathBuf,
}

impl Cache {
    /// Uses `root`, which is created when it is missing.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder of one Debian suite, locked until the answer is dropped.
    pub(crate) fn suite(&self, suite: &str) -> Result<SuiteFolder> {
        ensure!(
            suite.starts_with(|c: char| c.is_ascii_lowercase())
                && suite
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'),
            "`{suite}` is not the name of a Debian suite; bookworm and bookworm-backports are"
        );
        fs::create_dir_all(&self.root)?;
        // apt refuses relative folders in its configuration.
        let path = fs::canonicalize(&self.root)?.join(suite);
        fs::create_dir_all(&path)?;
        let lock = File::create(path.join("lock"))?;
        lock.lock()?;
        Ok(SuiteFolder { path, _lock: lock })
    }
}

/// One suite's folder; nobody else has it while this lives.
#[derive(Debug)]
pub(crate) struct SuiteFolder {
    pub(crate) path: PathBuf,
    _lock: File,
}

/// Writes `content` to `path` in one step, so that a half-written file is never
/// taken for a whole one; leaves a file that is the same already untouched.
pub(crate) fn write_if_changed(path: &Path, content: &[u8]) -> Result<()> {
    match fs::read(path) {
        Ok(old) if old == content => return Ok(()),
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    let partial = path.with_extension("partial");
    fs::write(&partial, content)?;
    Ok(fs::rename(&partial, path)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suite_names_cannot_leave_the_cache() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path());
        for bad in ["", "..", "../x", "/etc", "a/b", "-x", "Bookworm"] {
            assert!(cache.suite(bad).is_err(), "{bad}");
        }
        let suite = cache.suite("bookworm-backports").unwrap();
        assert!(suite.path.is_absolute());
        assert!(suite.path.ends_with("bookworm-backports"));
    }

    #[test]
    fn an_unchanged_file_is_not_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        write_if_changed(&path, b"one").unwrap();
        let first = fs::metadata(&path).unwrap().modified().unwrap();
        write_if_changed(&path, b"one").unwrap();
        assert_eq!(first, fs::metadata(&path).unwrap().modified().unwrap());
        write_if_changed(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
    }
}
