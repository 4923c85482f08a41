//! The figures in the documents, so that nobody copies them by hand.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use fs_err as fs;

/// Around what is replaced.
const BEGIN: &str = "<!-- figures of make bench -->\n";
const END: &str = "<!-- end of figures -->\n";

/// Replaces the figures in the document at `path`.
///
/// # Errors
/// When it has no place for them.
pub fn replace(path: &Path, figures: &str) -> Result<()> {
    let old = fs::read_to_string(path)?;
    let new = replaced(&old, figures).with_context(|| path.display().to_string())?;
    Ok(fs::write(path, new)?)
}

fn replaced(document: &str, figures: &str) -> Result<String> {
    let parts = document
        .split_once(BEGIN)
        .and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let (before, after) = parts.with_context(|| {
        format!("no place for the figures: it begins with the line {BEGIN}and ends with {END}")
    })?;
    ensure!(
        !after.contains(BEGIN),
        "more than one place for the figures"
    );
    Ok(format!("{before}{BEGIN}{figures}{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_marks_changes() {
        let document = format!("before\n{BEGIN}| old |\n{END}after\n");
        let new = replaced(&document, "| new |\n").unwrap();
        assert_eq!(new, format!("before\n{BEGIN}| new |\n{END}after\n"));
    }

    #[test]
    fn a_document_without_a_place_is_refused() {
        assert!(replaced("text\n", "").is_err());
        assert!(replaced(&format!("{BEGIN}text\n"), "").is_err());
        let twice = format!("{BEGIN}{END}").repeat(2);
        assert!(replaced(&twice, "").is_err());
    }

    #[test]
    fn the_documents_of_this_tree_have_a_place() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for name in ["README.md", "tests/perf/README.md"] {
            let document = fs::read_to_string(root.join(name)).unwrap();
            assert!(replaced(&document, "").is_ok(), "{name}");
        }
    }
}
