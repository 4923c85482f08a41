//! The table, for the terminal and as Markdown.

use super::budgets::Row;
use super::number::{percent, short};
use crate::profile::shares::Shares;

const START: &str = "before the guest's first instruction";
const COLUMNS: [&str; 5] = ["measured", "budget", "peer", "ratio", ""];

/// For a terminal; `title` heads the first column.
pub fn text(title: &str, rows: &[Row<'_>]) -> String {
    let line = |first: &str, cells: &[String; 5]| {
        let [measured, budget, peer, ratio, complaint] = cells;
        let line = format!("{first:42}{measured:>14}{budget:>14}{peer:>16}{ratio:>8}  {complaint}");
        line.trim_end().to_owned() + "\n"
    };
    let head = line(title, &COLUMNS.map(str::to_owned));
    let body = rows.iter().map(|row| line(&row.work.title, &cells(row)));
    head + &body.collect::<String>()
}

/// For a README: what the peer was measured at, too; `on` says what ours was measured on.
pub fn comparison(on: &str, peer: &str, rows: &[Row<'_>]) -> String {
    let head = format!("| {on} | measured | budget | {peer} | ratio |\n|---|--:|--:|--:|--:|\n");
    let compared = rows.iter().filter(|row| row.work.peer.is_some());
    head + &compared.map(|row| markdown(row, "")).collect::<String>()
}

/// All rows, and whose instructions they are.
pub fn full(on: &str, peer: &str, rows: &[Row<'_>]) -> String {
    let head = format!(
        "| {on} | measured | budget | {peer} | ratio | of which kernel | VMM |\n\
         |---|--:|--:|--:|--:|--:|--:|\n"
    );
    let line = |row: &Row<'_>| {
        let shares = row
            .shares
            .map(|shares| [shares.kernel, shares.vmm].map(short));
        let [kernel, vmm] = shares.unwrap_or_default();
        markdown(row, &format!(" {kernel} | {vmm} |"))
    };
    head + &rows.iter().map(line).collect::<String>()
}

fn markdown(row: &Row<'_>, more: &str) -> String {
    let [mut measured, budget, peer, ratio, complaint] = cells(row);
    if !complaint.is_empty() {
        measured = format!("**{measured}** ({complaint})");
    }
    let title = &row.work.title;
    format!("| {title} | {measured} | {budget} | {peer} | {ratio} |{more}\n")
}

/// Whose the instructions before the guest's first are, for a terminal.
pub fn start_text(start: &Shares) -> String {
    let parts = parts(start).map(|(name, count)| format!("{name} {}", short(count)));
    format!(
        "before the guest's first instruction: {}\n",
        parts.join(", ")
    )
}

/// The same for a README.
pub fn start_markdown(start: &Shares) -> String {
    let row = |first: &str, cells: [String; 5]| format!("| {first} | {} |\n", cells.join(" | "));
    let parts = parts(start);
    row("", parts.map(|(name, _)| name.to_owned()))
        + "|---|--:|--:|--:|--:|--:|\n"
        + &row(START, parts.map(|(_, count)| short(count)))
}

fn parts(start: &Shares) -> [(&'static str, u64); 5] {
    [
        ("loader", start.loader),
        ("kernel", start.kernel),
        ("initialiser", start.initialiser),
        ("VMM", start.vmm),
        ("in all", start.total()),
    ]
}

fn cells(row: &Row<'_>) -> [String; 5] {
    let number = |value: Option<u64>| value.map_or_else(|| "-".to_owned(), short);
    [
        number(row.measured),
        number(row.budget),
        number(row.work.peer),
        row.ratio().map_or_else(|| "-".to_owned(), percent),
        row.complaint(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::budgets::Work;

    fn work() -> [Work; 2] {
        let work = |title: &str, peer| Work {
            title: title.to_owned(),
            peer,
            ..Work::default()
        };
        [work("the read", Some(4000)), work("the write", None)]
    }

    fn rows(work: &[Work; 2]) -> [Row<'_>; 2] {
        let [read, write] = work;
        [
            Row {
                work: read,
                budget: Some(2000),
                measured: Some(2500),
                shares: None,
            },
            Row {
                work: write,
                budget: None,
                measured: Some(7),
                shares: Some(Shares {
                    kernel: 4,
                    vmm: 3,
                    ..Shares::default()
                }),
            },
        ]
    }

    #[test]
    fn every_row_is_shown_and_one_over_its_budget_says_so() {
        let work = work();
        let text = text("here", &rows(&work));
        let lines: Vec<Vec<&str>> = text
            .lines()
            .map(|line| {
                line.split("  ")
                    .map(str::trim)
                    .filter(|cell| !cell.is_empty())
                    .collect()
            })
            .collect();
        assert_eq!(lines[0], ["here", "measured", "budget", "peer", "ratio"]);
        assert_eq!(
            lines[1],
            ["the read", "2 500", "2 000", "4 000", "62 %", "25.0 % over"]
        );
        assert_eq!(lines[2], ["the write", "7", "-", "-", "-"]);
    }

    #[test]
    fn the_comparison_is_of_what_can_be_compared() {
        let work = work();
        assert_eq!(
            comparison("here", "they", &rows(&work)),
            "| here | measured | budget | they | ratio |\n\
             |---|--:|--:|--:|--:|\n\
             | the read | **2 500** (25.0 % over) | 2 000 | 4 000 | 62 % |\n"
        );
    }

    #[test]
    fn the_full_table_says_whose_instructions_they_are() {
        let work = work();
        let full = full("here", "they", &rows(&work));
        let lines: Vec<&str> = full.lines().skip(2).collect();
        assert_eq!(
            lines,
            [
                "| the read | **2 500** (25.0 % over) | 2 000 | 4 000 | 62 % |  |  |",
                "| the write | 7 | - | - | - | 4 | 3 |",
            ]
        );
    }

    #[test]
    fn the_start_is_told_by_part() {
        let start = Shares {
            loader: 1000,
            kernel: 200,
            initialiser: 30,
            vmm: 4,
            ..Shares::default()
        };
        let parts = "loader 1 000, kernel 200, initialiser 30, VMM 4, in all 1 234";
        assert!(start_text(&start).contains(parts));
        let row = "| before the guest's first instruction | 1 000 | 200 | 30 | 4 | 1 234 |";
        assert_eq!(start_markdown(&start).lines().last(), Some(row));
    }
}
