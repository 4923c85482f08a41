//! Every finding that sysgen can have, as the user sees it.
//!
//! Each case changes a good system a little and compares the whole rendered text with
//! `tests/golden/diagnostics/NAME.txt`.

mod cases;
mod device_cases;
mod driver_cases;

use std::collections::BTreeSet;

use sysgen::System;
use sysgen::source::Source;

use crate::{golden, systems};
use cases::Case;

/// Findings with a test of their own: the first comes up only with images (`package.rs`).
const NO_CASES: [&str; 2] = ["build_ram_too_small", "bootargs_too_long"];

fn cases() -> impl Iterator<Item = &'static Case> {
    let lists = [cases::CASES, device_cases::CASES, driver_cases::CASES];
    lists.into_iter().flatten()
}

fn source(case: &Case) -> Source {
    let mut text = case.system.to_owned();
    for (from, to) in case.edits {
        assert!(text.contains(from), "{}: no {from:?} to replace", case.name);
        text = text.replacen(from, to, 1);
    }
    systems::source(&text)
}

#[test]
fn findings_are_as_expected() {
    for case in cases() {
        let source = source(case);
        let (_, found) = sysgen::analyse(&source, &systems::board(case.board));
        assert!(!found.is_empty(), "{}: nothing was found", case.name);
        assert_eq!(
            found.has_errors(),
            !case.name.starts_with("warning_"),
            "{}: {}",
            case.name,
            found.render(&source, false)
        );
        let text = format!("{}\n", found.render(&source, false));
        golden::check(&format!("diagnostics/{}.txt", case.name), &text);
    }
}

#[test]
fn every_finding_points_at_text_and_says_what_to_do() {
    for case in cases() {
        let source = source(case);
        let (_, found) = sysgen::analyse(&source, &systems::board(case.board));
        for item in found.iter() {
            let place = source.slice(&item.span);
            assert!(
                !place.is_empty(),
                "{}: {} points at nothing",
                case.name,
                item.title
            );
            let hint = item.hint.as_deref().unwrap_or_default();
            assert!(
                !hint.is_empty(),
                "{}: {} has no hint",
                case.name,
                item.title
            );
        }
    }
}

#[test]
fn errors_stop_the_build_and_warnings_do_not() {
    for case in cases() {
        let loaded = System::parse(source(case), &systems::board(case.board));
        assert_eq!(
            loaded.is_ok(),
            case.name.starts_with("warning_"),
            "{}",
            case.name
        );
    }
}

#[test]
fn a_command_line_that_linux_would_cut_is_found() {
    let with = |length| systems::ONE.replace("quiet", &"quiet ".repeat(length)[..length]);
    let source = systems::source(&with(2047));
    let (_, found) = sysgen::analyse(&source, &systems::virt());
    assert!(found.is_empty(), "{}", found.render(&source, false));
    let source = systems::source(&with(2060));
    let (_, found) = sysgen::analyse(&source, &systems::virt());
    let text = format!("{}\n", found.render(&source, false));
    golden::check("diagnostics/bootargs_too_long.txt", &text);
}

#[test]
fn no_golden_file_is_left_over() {
    let names: BTreeSet<String> = cases().map(|case| case.name.to_owned()).collect();
    assert_eq!(names.len(), cases().count(), "two cases have one name");
    let folder = std::fs::read_dir(golden::path("diagnostics")).expect("the folder");
    for entry in folder {
        let path = entry.expect("an entry").path();
        let name = path
            .file_stem()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let known = names.contains(&name) || NO_CASES.contains(&name.as_str());
        assert!(known, "{name} belongs to no case");
    }
}

#[test]
fn arbitrary_damage_is_never_a_panic() {
    for system in [systems::ONE, systems::DEVICES, systems::DRIVERS] {
        damage(system);
    }
}

fn damage(system: &str) {
    let board = systems::virt();
    // Every prefix, and the text with one byte taken out, at many places.
    for cut in (0..system.trim_end().len()).step_by(7) {
        let prefix = systems::source(&system[..cut]);
        let (_, found) = sysgen::analyse(&prefix, &board);
        assert!(found.has_errors());
        found.render(&prefix, false);
        let mut text = system.to_owned();
        text.remove(cut);
        // A character of several bytes, where places could be miscounted.
        text.insert(cut, 'ß');
        let damaged = systems::source(&text);
        let (_, found) = sysgen::analyse(&damaged, &board);
        found.render(&damaged, true);
    }
}
