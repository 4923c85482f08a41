//! The budgets file, and figures put beside it.

use std::path::Path;

use anyhow::{Context, Result};
use fs_err as fs;
use serde::Deserialize;

use super::Figures;
use super::number::float;
use crate::profile::shares::Shares;

/// Percent that a test allows.
const SLACK: u64 = 2;
/// The same for a build by another compiler than the budgets were measured with.
const SLACK_OF_ANOTHER_COMPILER: u64 = 10;

/// The budgets file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budgets {
    /// Whose figures ours are compared with.
    pub peer: String,
    /// The compiler that what tests guard was measured with, as 1.96.0.
    pub compiler: String,
    /// Every piece of work that is shown.
    pub work: Vec<Work>,
}

/// One piece of work; figures are instructions unless the title has another unit.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Work {
    /// The figure's name.
    pub name: String,
    /// For people.
    pub title: String,
    /// Most that it may cost on real seL4, release; none for information only.
    pub sel4: Option<u64>,
    /// Most that it may cost on the stand-in, release.
    pub devsdk: Option<u64>,
    /// What it costs on real seL4 when `sel4` is missed or not given: tests guard this instead.
    pub recorded: Option<u64>,
    /// What the peer took on real seL4.
    pub peer: Option<u64>,
    /// Measured by `make bench` only, as a test would take too long.
    #[serde(default)]
    pub slow: bool,
}

/// One line of the table.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    /// What was done.
    pub work: &'a Work,
    /// Most that it may cost.
    pub budget: Option<u64>,
    /// What it did cost.
    pub measured: Option<u64>,
    /// Whom, where that is known.
    pub shares: Option<Shares>,
}

impl Budgets {
    /// Reads the file.
    ///
    /// # Errors
    /// When it is missing or wrong.
    pub fn load(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path)?;
        toml::from_str(&text).with_context(|| path.display().to_string())
    }

    /// Puts figures beside budgets: seL4's, or the stand-in's.
    pub fn rows(&self, figures: &Figures, on_sel4: bool) -> Vec<Row<'_>> {
        let budget = |work: &Work| if on_sel4 { work.sel4 } else { work.devsdk };
        self.work
            .iter()
            .map(|work| Row::new(work, budget(work), figures))
            .collect()
    }

    /// How many percent a test allows more than it guards: instructions depend on the compiler.
    pub fn slack(&self, compiler: &str) -> u64 {
        if compiler == self.compiler {
            SLACK
        } else {
            SLACK_OF_ANOTHER_COMPILER
        }
    }

    /// What a test guards: the quick rows, with what was recorded in place of missed budgets.
    pub fn guards(&self, figures: &Figures, on_sel4: bool) -> Vec<Row<'_>> {
        let mut rows = self.rows(figures, on_sel4);
        rows.retain(|row| !row.work.slow);
        if on_sel4 {
            for row in &mut rows {
                row.budget = row.work.recorded.or(row.budget);
            }
        }
        rows
    }
}

impl<'a> Row<'a> {
    fn new(work: &'a Work, budget: Option<u64>, figures: &Figures) -> Self {
        Self {
            work,
            budget,
            measured: figures.counts.get(&work.name).copied(),
            shares: figures.shares.get(&work.name).copied(),
        }
    }

    /// Was it measured, and costs at most so many percent more than the budget?
    pub fn within(&self, percent: u64) -> bool {
        let most = self.budget.map_or(u64::MAX, |budget| {
            budget.saturating_mul(100 + percent) / 100
        });
        self.measured.is_some_and(|measured| measured <= most)
    }

    /// Was it measured, and within the budget?
    pub fn met(&self) -> bool {
        self.within(0)
    }

    /// Ours as a part of the peer's.
    pub fn ratio(&self) -> Option<f64> {
        Some(float(self.measured?) / float(self.work.peer?))
    }

    /// Why it is not met, in a few words; nothing when it is.
    pub fn complaint(&self) -> String {
        match (self.measured, self.budget) {
            (None, _) => "not measured".to_owned(),
            (Some(measured), Some(budget)) if measured > budget => {
                let over = float(measured - budget) * 100.0;
                format!("{:.1} % over", over / float(budget))
            }
            _ => String::new(),
        }
    }
}

/// The rows that miss their budget by more than so many percent, one line each; nothing when
/// there are none.
pub fn missed(rows: &[Row<'_>], percent: u64) -> String {
    rows.iter()
        .filter(|row| !row.within(percent))
        .map(|row| format!("\n  {}: {}", row.work.title, row.complaint()))
        .collect()
}

#[cfg(test)]
mod tests;
