//! What the bench guest measured, against what it may cost.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

/// The budgets file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budgets {
    /// Every piece of work that has a budget.
    pub work: Vec<Work>,
}

/// One piece of work; figures are instructions.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Work {
    /// The bench guest's name of it.
    pub name: String,
    /// For people.
    pub title: String,
    /// Most that it may cost on real seL4, release.
    pub sel4: u64,
    /// Most that it may cost on the stand-in, release.
    pub devsdk: u64,
    /// What the peer took on real seL4.
    pub peer: Option<u64>,
}

/// One line of the table.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    work: &'a Work,
    budget: u64,
    measured: Option<u64>,
}

impl Budgets {
    /// Reads the file.
    ///
    /// # Errors
    /// When it is missing or wrong.
    pub fn load(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        toml::from_str(&text).with_context(|| path.display().to_string())
    }

    /// Puts figures beside budgets: seL4's, or the stand-in's.
    pub fn rows(&self, figures: &BTreeMap<String, u64>, on_sel4: bool) -> Vec<Row<'_>> {
        let row = |work| Row {
            work,
            budget: if on_sel4 { work.sel4 } else { work.devsdk },
            measured: figures.get(&work.name).copied(),
        };
        self.work.iter().map(row).collect()
    }
}

impl Row<'_> {
    /// Was it measured, and within the budget?
    pub fn met(&self) -> bool {
        self.measured
            .is_some_and(|measured| measured <= self.budget)
    }

    fn ratio(&self) -> Option<f64> {
        let precise = |number: u64| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
        Some(precise(self.measured?) / precise(self.work.peer?))
    }
}

/// The figures in the bench guest's output: `BENCH name number`.
pub fn figures(output: &str) -> BTreeMap<String, u64> {
    let figure = |line: &str| {
        let (name, number) = line.trim().strip_prefix("BENCH ")?.split_once(' ')?;
        Some((name.to_owned(), number.parse().ok()?))
    };
    output.lines().filter_map(figure).collect()
}

fn or_dash(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

/// The table as text.
pub fn table(rows: &[Row<'_>]) -> String {
    let mut text = format!(
        "{:34}{:>10}{:>10}{:>10}{:>10}\n",
        "instructions", "measured", "budget", "peer", "ratio"
    );
    for row in rows {
        let ratio = row.ratio().map(|ratio| format!("{ratio:.2}"));
        let verdict = if row.met() { "" } else { "  MISSED" };
        let (measured, peer, ratio) = (
            or_dash(row.measured),
            or_dash(row.work.peer),
            or_dash(ratio),
        );
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{:34}{measured:>10}{:>10}{peer:>10}{ratio:>10}{verdict}",
            row.work.title, row.budget
        );
    }
    text
}

/// The rows as JSON, one object each.
pub fn json(rows: &[Row<'_>]) -> String {
    let object = |row: &Row<'_>| {
        let number =
            |value: Option<u64>| value.map_or_else(|| "null".to_owned(), |value| value.to_string());
        format!(
            r#"  {{"work": {:?}, "measured": {}, "budget": {}, "peer": {}, "met": {}}}"#,
            row.work.name,
            number(row.measured),
            row.budget,
            number(row.work.peer),
            row.met()
        )
    };
    let objects: Vec<String> = rows.iter().map(object).collect();
    format!("[\n{}\n]\n", objects.join(",\n"))
}

/// A bar chart: ours over the peer's.
pub fn chart(rows: &[Row<'_>]) -> String {
    const ROW: usize = 44;
    let longest = rows
        .iter()
        .filter_map(|row| row.measured.max(row.work.peer))
        .max()
        .unwrap_or(1)
        .max(1);
    let height = rows.len() * ROW + 30;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"720\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <text x=\"4\" y=\"16\">instructions for one piece of work: ours (blue), libvmm 0.2.0 (grey)</text>\n"
    );
    for (index, row) in rows.iter().enumerate() {
        let top = 30 + index * ROW;
        let _ = writeln!(
            svg,
            "<text x=\"4\" y=\"{}\">{}</text>",
            top + 18,
            row.work.title
        );
        for (offset, value, colour) in
            [(2, row.measured, "#2563eb"), (20, row.work.peer, "#9ca3af")]
        {
            let Some(value) = value else { continue };
            let width = value * 400 / longest;
            let _ = writeln!(
                svg,
                "<rect x=\"240\" y=\"{}\" width=\"{width}\" height=\"16\" fill=\"{colour}\"/>\
                 <text x=\"{}\" y=\"{}\">{value}</text>",
                top + offset,
                246 + width,
                top + offset + 12
            );
        }
    }
    svg + "</svg>\n"
}

#[cfg(test)]
mod tests;
