//! The figures for other programs.

use serde::Serialize;

use super::budgets::Row;

#[derive(Serialize)]
struct Report<'a> {
    /// What was measured on.
    on: &'a str,
    /// Whose figures `peer` are.
    peer: &'a str,
    work: Vec<Line<'a>>,
}

#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    title: &'a str,
    measured: Option<u64>,
    budget: Option<u64>,
    peer: Option<u64>,
    met: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    shares: Option<Parts>,
}

#[derive(Serialize)]
struct Parts {
    loader: u64,
    kernel: u64,
    initialiser: u64,
    vmm: u64,
    guest_kernel: u64,
    guest_user: u64,
}

/// Everything that the table shows.
///
/// # Errors
/// serde_json's, which none of these types causes.
pub fn json(on: &str, peer: &str, rows: &[Row<'_>]) -> serde_json::Result<String> {
    let work = rows.iter().map(line).collect();
    Ok(serde_json::to_string_pretty(&Report { on, peer, work })? + "\n")
}

fn line<'a>(row: &Row<'a>) -> Line<'a> {
    Line {
        name: &row.work.name,
        title: &row.work.title,
        measured: row.measured,
        budget: row.budget,
        peer: row.work.peer,
        met: row.met(),
        shares: row.shares.map(|shares| Parts {
            loader: shares.loader,
            kernel: shares.kernel,
            initialiser: shares.initialiser,
            vmm: shares.vmm,
            guest_kernel: shares.guest_kernel,
            guest_user: shares.guest_user,
        }),
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
            shares: None,
        };
        let text = json("here", "they", &[row]).unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        let expected = serde_json::json!({"on": "here", "peer": "they", "work": [{
            "name": "read", "title": "the \"read\"", "measured": 90, "budget": 100,
            "peer": null, "met": true,
        }]});
        assert_eq!(value, expected);
    }
}
