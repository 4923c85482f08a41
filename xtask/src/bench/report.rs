//! What `make bench` shows, writes, and puts into the documents.

use std::path::Path;

use anyhow::Result;
use fs_err as fs;

use super::budgets::Row;
use super::chart::chart;
use super::debian::START;
use super::json::json;
use super::{record, table};
use crate::profile::shares::Shares;
use crate::progress::step;
use crate::tree::Tree;

/// Figures beside their budgets.
#[derive(Clone, Debug)]
pub struct Report<'a> {
    /// What was measured on.
    pub on: String,
    /// Whose figures ours are compared with.
    pub peer: &'a str,
    /// The figures.
    pub rows: &'a [Row<'a>],
}

impl Report<'_> {
    /// For a terminal.
    pub fn text(&self) -> String {
        let start = self.start().map(|start| table::start_text(&start));
        table::text(&self.on, self.rows) + "\n" + &start.unwrap_or_default()
    }

    /// Writes `bench.md`, `bench.json` and `bench.svg`.
    ///
    /// # Errors
    /// When the folder takes no files.
    pub fn write(&self, folder: &Path) -> Result<()> {
        fs::write(folder.join("bench.md"), self.markdown())?;
        fs::write(
            folder.join("bench.json"),
            json(&self.on, self.peer, self.rows)?,
        )?;
        fs::write(folder.join("bench.svg"), chart(self.peer, self.rows))?;
        let folder = Tree::shown(folder);
        step(&format!(
            "bench.md, bench.json and bench.svg are in {folder}"
        ));
        Ok(())
    }

    /// Puts the figures into the documents.
    ///
    /// # Errors
    /// When they have no place for them.
    pub fn record(&self, tree: &Tree) -> Result<()> {
        let comparison = table::comparison(&self.on, self.peer, self.rows);
        record::replace(&tree.path("README.md"), &comparison)?;
        record::replace(&tree.path("tests/perf/README.md"), &self.markdown())?;
        let chart = chart(self.peer, self.rows);
        Ok(fs::write(tree.path("tests/perf/bench.svg"), chart)?)
    }

    fn markdown(&self) -> String {
        let start = self.start().map(|start| table::start_markdown(&start));
        table::full(&self.on, self.peer, self.rows) + "\n" + &start.unwrap_or_default()
    }

    /// Whose instructions those before the guest's first are.
    fn start(&self) -> Option<Shares> {
        let row = self.rows.iter().find(|row| row.work.name == START);
        row.and_then(|row| row.shares)
    }
}
