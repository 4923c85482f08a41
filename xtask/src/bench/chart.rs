//! A bar chart: our figures as parts of the peer's.

use std::fmt::Write as _;

use super::budgets::Row;
use super::number::{percent, short};

const WIDTH: u32 = 780;
const ROW: u32 = 26;
const TOP: u32 = 52;
/// Where bars begin, and how long the longest is.
const LEFT: u32 = 270;
const LONGEST: f64 = 270.0;
/// Where the numbers are.
const PART: u32 = 552;
const FIGURES: u32 = 622;
const STYLE: &str = "text{font:13px sans-serif;fill:#24292f}.head{font-weight:bold;font-size:14px}\
                     .small{fill:#57606a;font-size:12px}.part{font-weight:bold}";

/// Every row that has a peer. Rows are of very different sizes, so each has the peer's figure as
/// its own scale.
pub fn chart(peer: &str, rows: &[Row<'_>]) -> String {
    let compared: Vec<_> = rows
        .iter()
        .filter_map(|row| Some((row, row.measured?, row.work.peer?, row.ratio()?)))
        .collect();
    // A slower one than the peer makes all bars shorter.
    let scale = compared
        .iter()
        .fold(1.0, |most: f64, (.., ratio)| most.max(*ratio));
    let height = TOP + ROW * u32::try_from(compared.len()).unwrap_or_default() + 12;
    // On a page of any colour.
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         viewBox=\"0 0 {WIDTH} {height}\">\n<style>{STYLE}</style>\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" rx=\"8\" fill=\"#ffffff\"/>\n\
         <text class=\"head\" x=\"16\" y=\"26\">What it costs, as a part of {peer}'s</text>\n"
    );
    let mut top = TOP;
    for (row, measured, theirs, ratio) in compared {
        let full = LONGEST / scale;
        // Also next to nothing can be seen.
        let ours = (full * ratio).max(1.0);
        let base = top + 14;
        // Writing to a String cannot fail.
        let _ = writeln!(
            svg,
            "<text x=\"16\" y=\"{base}\">{}</text>\
             <rect x=\"{LEFT}\" y=\"{top}\" width=\"{full:.1}\" height=\"18\" fill=\"#d0d7de\"/>\
             <rect x=\"{LEFT}\" y=\"{top}\" width=\"{ours:.1}\" height=\"18\" fill=\"#2563eb\"/>\
             <text class=\"part\" x=\"{PART}\" y=\"{base}\">{}</text>\
             <text class=\"small\" x=\"{FIGURES}\" y=\"{base}\">{} of {}</text>",
            row.work.title,
            percent(ratio),
            short(measured),
            short(theirs),
        );
        top += ROW;
    }
    svg + "</svg>\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::budgets::Work;

    #[test]
    fn only_what_the_peer_was_measured_at_is_drawn() {
        let work = |peer| Work {
            title: "the work".to_owned(),
            peer,
            ..Work::default()
        };
        let (alone, faster, slower) = (work(None), work(Some(2000)), work(Some(500)));
        let row = |work| Row {
            work,
            budget: None,
            measured: Some(1000),
            shares: None,
        };
        let unmeasured = Row {
            measured: None,
            ..row(&faster)
        };
        let svg = chart(
            "they",
            &[row(&alone), row(&faster), row(&slower), unmeasured],
        );
        assert_eq!(svg.matches("the work").count(), 2, "{svg}");
        assert!(
            svg.contains(">50 %</text>") && svg.contains(">200 %</text>"),
            "{svg}"
        );
        assert!(svg.contains(">1 000 of 2 000</text>"), "{svg}");
        // The slower of both is as long as bars can be.
        assert!(
            svg.contains("width=\"270.0\" height=\"18\" fill=\"#2563eb\""),
            "{svg}"
        );
    }
}
