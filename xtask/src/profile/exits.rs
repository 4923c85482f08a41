//! What each kind of exit costs whom, and in which functions.
//!
//! The bench guest executes a marking instruction before and after each measurement, and says
//! afterwards what that was: every second phase of a run is one kind of exit, done many times.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Result, ensure};

use crate::profile::Run;
use crate::profile::counts::Phase;
use crate::profile::program::Part;
use crate::profile::shares::{Owners, Shares};

/// One kind of exit.
#[derive(Clone, Debug)]
pub struct Exit {
    /// The bench guest's name of it.
    pub name: String,
    /// How often it was done.
    pub times: u64,
    /// Whose instructions all of these took.
    pub shares: Shares,
    /// The instructions of all of these in each function, most first.
    pub functions: Vec<Function>,
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
pub fn exits(run: &Run, owners: &Owners) -> Result<Vec<Exit>> {
    let names = names(&run.console);
    ensure!(
        !names.is_empty() && run.phases.len() == 2 * names.len() + 1,
        "the guest is no bench guest, or did not come to its end; it printed:\n{}",
        run.console
    );
    let measured = run.phases.iter().skip(1).step_by(2);
    let exit = |((name, times), phase): ((String, u64), &Phase)| Exit {
        name,
        times,
        shares: owners.shares(phase),
        functions: functions(phase, owners),
    };
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
pub fn functions(phase: &Phase, owners: &Owners) -> Vec<Function> {
    let mut counts: BTreeMap<(Part, &str), u64> = BTreeMap::new();
    for block in phase {
        let program = owners.program(block);
        for (address, count) in block.instructions() {
            let name = program.map_or("(unknown)", |program| program.function(address));
            *counts.entry((owners.part(block), name)).or_default() += count;
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

/// The exits as text, instructions per exit; of each, at most `most` functions.
pub fn table(exits: &[Exit], most: usize) -> String {
    let mut text = format!(
        "{:60}{:>9}{:>9}{:>9}{:>9}\n",
        "instructions an exit", "all", "kernel", "VMM", "guest"
    );
    for exit in exits {
        let shares = &exit.shares;
        let each = |count: u64| each(count, exit.times);
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{:60}{:>9}{:>9}{:>9}{:>9}",
            exit.name,
            each(shares.total()),
            each(shares.kernel),
            each(shares.vmm),
            each(shares.guest())
        );
        let seen = exit
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
        Part::Kernel => 18,
        Part::Vmm => 27,
        Part::GuestKernel | Part::GuestUser => 36,
        Part::Loader | Part::Initialiser => 9,
    };
    // The end of too long a name says most.
    let name = without_generics(&function.name);
    let skipped = name.chars().count().saturating_sub(56);
    let name: String = name.chars().skip(skipped).collect();
    format!("  {name:58}{count:>width$}\n")
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
