//! The table, for the terminal and as Markdown.

use super::budgets::Row;
use super::number::{grouped, percent};
use crate::profile::shares::Shares;

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

/// For a README; `on` says what was measured on.
pub fn markdown(on: &str, peer: &str, rows: &[Row<'_>]) -> String {
    let head = format!("| {on} | measured | budget | {peer} | ratio |\n|---|--:|--:|--:|--:|\n");
    let line = |row: &Row<'_>| {
        let [mut measured, budget, peer, ratio, complaint] = cells(row);
        if !complaint.is_empty() {
            measured = format!("**{measured}** ({complaint})");
        }
        let title = &row.work.title;
        format!("| {title} | {measured} | {budget} | {peer} | {ratio} |\n")
    };
    head + &rows.iter().map(line).collect::<String>()
}

/// Whose the instructions before the guest's first are, for a terminal.
pub fn start_text(start: &Shares) -> String {
    let parts = parts(start).map(|(name, count)| format!("{name} {}", grouped(count)));
    format!(
        "before the guest's first instruction: {}\n",
        parts.join(", ")
    )
}

/// The same for a README.
pub fn start_markdown(start: &Shares) -> String {
    let cells = parts(start);
    let row = |cells: [String; 5]| format!("| {} |\n", cells.join(" | "));
    let head = row(cells.map(|(name, _)| name.to_owned()));
    head + &row([(); 5].map(|()| "--:".to_owned())) + &row(cells.map(|(_, count)| grouped(count)))
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
    let number = |value: Option<u64>| value.map_or_else(|| "-".to_owned(), grouped);
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
        let budget = Some(2000);
        [
            Row {
                work: read,
                budget,
                measured: Some(2500),
            },
            Row {
                work: write,
                budget: None,
                measured: Some(7),
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
    fn markdown_has_the_same() {
        let work = work();
        assert_eq!(
            markdown("here", "they", &rows(&work)),
            "| here | measured | budget | they | ratio |\n\
             |---|--:|--:|--:|--:|\n\
             | the read | **2 500** (25.0 % over) | 2 000 | 4 000 | 62 % |\n\
             | the write | 7 | - | - | - |\n"
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
        let row = "| 1 000 | 200 | 30 | 4 | 1 234 |";
        assert_eq!(start_markdown(&start).lines().last(), Some(row));
    }
}
