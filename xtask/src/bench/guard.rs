//! What tests guard, rewritten in the budgets file after work on what is measured.

use std::path::Path;

use anyhow::{Context, Result};
use fs_err as fs;
use toml_edit::{DocumentMut, Table, Value};

use super::budgets::Row;
use super::number::grouped;

/// Rewrites the file at `path` for a build by `compiler`: on seL4 what misses its budget or has none is `recorded`; on the
/// stand-in a little more than was measured becomes the budget.
///
/// # Errors
/// When it is no budgets file.
pub fn rewrite(path: &Path, rows: &[Row<'_>], on_sel4: bool, compiler: &str) -> Result<()> {
    let old = fs::read_to_string(path)?;
    let new =
        rewritten(&old, rows, on_sel4, compiler).with_context(|| path.display().to_string())?;
    Ok(fs::write(path, new)?)
}

fn rewritten(text: &str, rows: &[Row<'_>], on_sel4: bool, compiler: &str) -> Result<String> {
    let mut document: DocumentMut = text.parse()?;
    document["compiler"] = compiler.into();
    let work = document.get_mut("work");
    let work = work.and_then(|work| work.as_array_of_tables_mut());
    for table in work.context("there is no work in it")?.iter_mut() {
        let name = table.get("name").and_then(|name| name.as_str());
        let row = rows.iter().find(|row| Some(row.work.name.as_str()) == name);
        let Some((row, measured)) = row.and_then(|row| Some((row, row.measured?))) else {
            continue;
        };
        if !on_sel4 {
            set(table, "devsdk", with_slack(measured))?;
        } else if row.work.slow || row.budget.is_some_and(|budget| measured <= budget) {
            table.remove("recorded");
        } else {
            set(table, "recorded", measured)?;
        }
    }
    Ok(document.to_string())
}

fn set(table: &mut Table, key: &str, number: u64) -> Result<()> {
    let mut digits = number.to_string();
    if digits.len() > 4 {
        digits = grouped(number).replace(' ', "_");
    }
    let value: Value = digits.parse()?;
    table[key] = toml_edit::Item::Value(value.decorated(" ", ""));
    Ok(())
}

/// One percent more, rounded up to three digits or so.
fn with_slack(measured: u64) -> u64 {
    let digits = measured.checked_ilog10().unwrap_or(0);
    let step = 10_u64.pow(digits.saturating_sub(2));
    (measured + measured / 100).next_multiple_of(step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Figures;
    use crate::bench::budgets::Budgets;

    const FILE: &str = r#"
# A comment.
peer = "they"
compiler = "1.96.0"

[[work]]
name = "met"
title = "within its budget"
sel4 = 5000
devsdk = 9
recorded = 5218

[[work]]
name = "missed"
title = "over its budget"
sel4 = 4000
devsdk = 9

[[work]]
name = "unknown"
title = "not measured"
devsdk = 9
"#;

    fn rewritten_with(count: u64, on_sel4: bool) -> String {
        let budgets: Budgets = toml::from_str(FILE).unwrap();
        let mut figures = Figures::default();
        figures.add("met", count, None);
        figures.add("missed", count, None);
        rewritten(FILE, &budgets.rows(&figures, on_sel4), on_sel4, "1.97.0").unwrap()
    }

    #[test]
    fn on_sel4_what_misses_its_budget_is_recorded() {
        let expected = FILE
            .replace("1.96", "1.97")
            .replace("recorded = 5218\n", "")
            .replace(
                "sel4 = 4000\ndevsdk = 9\n",
                "sel4 = 4000\ndevsdk = 9\nrecorded = 4321\n",
            );
        assert_eq!(rewritten_with(4321, true), expected);
    }

    #[test]
    fn on_the_stand_in_a_little_more_is_the_budget() {
        let expected = FILE
            .replace("1.96", "1.97")
            .replacen("devsdk = 9\n", "devsdk = 4370\n", 2);
        assert_eq!(rewritten_with(4321, false), expected);
    }

    #[test]
    fn slack_is_a_percent_or_a_little_more() {
        let slack = [0, 9, 5218, 191_583, 854_000_000].map(with_slack);
        assert_eq!(slack, [0, 9, 5270, 194_000, 863_000_000]);
    }
}
