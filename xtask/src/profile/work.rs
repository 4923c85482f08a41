//! What a piece of work, such as a kind of exit, costs whom, and in which functions.
//!
//! The bench guest executes a marking instruction before and after each measurement, and says
//! afterwards what that was: every second phase of its run is one kind of exit, done many times.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Result, ensure};

use crate::profile::Run;
use crate::profile::counts::Phase;
use crate::profile::program::Part;
use crate::profile::shares::{Owners, Shares};

/// The functions of a guest whose kernel is no ELF file, and of guests' programs.
const NO_SYMBOLS: &str = "(all: no symbols are known)";

/// One piece of work.
#[derive(Clone, Debug)]
pub struct Work {
    /// For an exit, the bench guest's name of it.
    pub name: String,
    /// How often it was done.
    pub times: u64,
    /// Whose instructions all of these took.
    pub shares: Shares,
    /// The instructions of all of these in each function, most first.
    pub functions: Vec<Function>,
}

impl Work {
    /// The work of a phase.
    pub fn of(name: &str, times: u64, phase: &Phase, owners: &Owners) -> Self {
        Self {
            name: name.to_owned(),
            times,
            shares: owners.shares(phase),
            functions: functions(phase, owners),
        }
    }
}

/// A function that was executed; those inlined into it are part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Whose it is.
    pub part: Part,
    /// Its name.
    pub name: String,
    /// Instructions.
    pub count: u64,
}

/// The exits that a run of the bench guest measured.
///
/// # Errors
/// When its marks and its words do not fit together.
pub fn exits(run: &Run, owners: &Owners) -> Result<Vec<Work>> {
    let names = names(&run.console);
    ensure!(
        !names.is_empty() && run.phases.len() == 2 * names.len() + 1,
        "the guest is no bench guest, or did not come to its end; it printed:\n{}",
        run.console
    );
    let measured = run.phases.iter().skip(1).step_by(2);
    let exit =
        |((name, times), phase): ((String, u64), &Phase)| Work::of(&name, times, phase, owners);
    Ok(names.into_iter().zip(measured).map(exit).collect())
}

/// Names and repetitions, in the order of the measurements.
fn names(console: &str) -> Vec<(String, u64)> {
    let name = |line: &str| {
        let words = line.trim().strip_prefix("BENCH-INFO profile ")?;
        let (name, times) = words.split_once(' ')?;
        let times = times.parse().ok().filter(|&times| times > 0)?;
        Some((name.to_owned(), times))
    };
    console.lines().filter_map(name).collect()
}

/// The functions of a phase, most instructions first.
fn functions(phase: &Phase, owners: &Owners) -> Vec<Function> {
    let mut counts: BTreeMap<(Part, &str), u64> = BTreeMap::new();
    for block in phase {
        let program = owners.program(block);
        let part = owners.part(block);
        for (address, count) in block.instructions() {
            let name = program.map_or(NO_SYMBOLS, |program| program.function(address));
            *counts.entry((part, name)).or_default() += count;
        }
    }
    let function = |((part, name), count): ((Part, &str), u64)| Function {
        part,
        name: name.to_owned(),
        count,
    };
    let mut functions: Vec<Function> = counts.into_iter().map(function).collect();
    functions.sort_by_key(|function| std::cmp::Reverse(function.count));
    functions
}

/// The works as text, instructions each time; of each, at most `most` functions.
pub fn table(works: &[Work], most: usize) -> String {
    let mut text = format!(
        "{:57}{:>12}{:>10}{:>10}{:>10}\n",
        "instructions", "all", "kernel", "VMM", "guest"
    );
    for work in works {
        let shares = &work.shares;
        let each = |count: u64| each(count, work.times);
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{:57}{:>12}{:>10}{:>10}{:>10}",
            work.name,
            each(shares.total()),
            each(shares.kernel),
            each(shares.vmm),
            each(shares.guest())
        );
        let seen = work
            .functions
            .iter()
            .filter(|function| each(function.count) > 0);
        for function in seen.take(most) {
            text += &line(function, each(function.count));
        }
    }
    text
}

/// A function, its figure in the column of its part.
fn line(function: &Function, count: u64) -> String {
    let width = match function.part {
        Part::Loader | Part::Initialiser => 12,
        Part::Kernel => 22,
        Part::Vmm => 32,
        Part::GuestKernel | Part::GuestUser => 42,
    };
    // The end of too long a name says most.
    let name = without_generics(&function.name);
    let skipped = name.chars().count().saturating_sub(53);
    let name: String = name.chars().skip(skipped).collect();
    format!("  {name:55}{count:>width$}\n")
}

/// `<Vm<A, B>>::call::<C>` as `<Vm>::call`: what it is generic over fills a page in Rust.
fn without_generics(name: &str) -> String {
    let mut shown = String::new();
    let mut depth = 0_usize;
    let mut last = ' ';
    for character in name.chars() {
        let opens = character == '<' && (depth > 0 || last.is_alphanumeric() || last == ':');
        let closes = character == '>' && depth > 0 && last != '-';
        depth += usize::from(opens);
        if depth == 0 {
            shown.push(character);
        }
        depth -= usize::from(closes);
        last = character;
    }
    shown.trim_end_matches(':').to_owned()
}

/// Rounded to the nearest.
fn each(count: u64, times: u64) -> u64 {
    (count + times / 2) / times
}

#[cfg(test)]
mod tests;
