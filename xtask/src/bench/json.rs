//! The figures for other programs.

use serde::Serialize;

use super::budgets::Row;
use crate::profile::shares::Shares;

#[derive(Serialize)]
struct Report<'a> {
    /// What was measured on.
    on: &'a str,
    /// Whose figures `peer` are.
    peer: &'a str,
    work: Vec<Line<'a>>,
    /// Whose instructions those before the guest's first are.
    start: Start,
}

#[derive(Serialize)]
struct Start {
    loader: u64,
    kernel: u64,
    initialiser: u64,
    vmm: u64,
}

#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    title: &'a str,
    measured: Option<u64>,
    budget: Option<u64>,
    peer: Option<u64>,
    met: bool,
}

/// Everything that the table shows.
///
/// # Errors
/// serde_json's, which none of these types causes.
pub fn json(on: &str, peer: &str, rows: &[Row<'_>], start: &Shares) -> serde_json::Result<String> {
    let report = Report {
        on,
        peer,
        work: rows.iter().map(line).collect(),
        start: Start {
            loader: start.loader,
            kernel: start.kernel,
            initialiser: start.initialiser,
            vmm: start.vmm,
        },
    };
    Ok(serde_json::to_string_pretty(&report)? + "\n")
}

fn line<'a>(row: &Row<'a>) -> Line<'a> {
    Line {
        name: &row.work.name,
        title: &row.work.title,
        measured: row.measured,
        budget: row.budget,
        peer: row.work.peer,
        met: row.met(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::budgets::Work;

    #[test]
    fn an_unknown_number_is_null() {
        let work = Work {
            name: "read".to_owned(),
            title: "the \"read\"".to_owned(),
            ..Work::default()
        };
        let row = Row {
            work: &work,
            budget: Some(100),
            measured: Some(90),
        };
        let start = Shares {
            kernel: 5,
            ..Shares::default()
        };
        let text = json("here", "they", &[row], &start).unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        let expected = serde_json::json!({"on": "here", "peer": "they", "work": [{
            "name": "read", "title": "the \"read\"", "measured": 90, "budget": 100,
            "peer": null, "met": true,
        }], "start": {"loader": 0, "kernel": 5, "initialiser": 0, "vmm": 0}});
        assert_eq!(value, expected);
    }
}
