//! Whole systems on QEMU: one list, run on the stand-in SDK always and on real seL4 when an
//! official SDK is found. Both must behave the same.

mod bare_metal;
mod bench;
mod budgets;
mod case;
mod console;
mod counter;
mod debian;
mod expected;
mod interference;
mod other_guests;
mod parity;
mod placement;
mod processor;
mod root_task;
mod two_guests;
mod virtio;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Trial};

use crate::bench::Workbench;
use crate::case::Case;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let bench = match Workbench::new() {
        Ok(bench) => Arc::new(bench),
        Err(error) => {
            eprintln!("{error:#}");
            return ExitCode::FAILURE;
        }
    };
    let mut trials: Vec<Trial> = cases()
        .into_iter()
        .flat_map(|case| trials(&bench, &Arc::new(case)))
        .collect();
    trials.extend(parity::trials(&bench));
    trials.extend(root_task::trials(&bench));
    trials.extend(budgets::trials(&bench));
    trials.extend(counter::trials(&bench));
    trials.extend(interference::trials(&bench));
    trials.extend(processor::trials(&bench));
    trials.extend(two_guests::trials(&bench));
    trials.extend(virtio::trials(&bench));
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn cases() -> Vec<Case> {
    let mut all = debian::cases();
    all.extend(bare_metal::cases());
    all.extend(bare_metal::with_shadow_page());
    all.extend(other_guests::cases());
    all.extend(placement::cases());
    all
}

/// A case on each SDK and configuration; those on seL4 are skipped when there is no SDK.
fn trials(bench: &Arc<Workbench>, case: &Arc<Case>) -> Vec<Trial> {
    let mut trials = Vec::new();
    for kernel in ["devsdk", "sel4"] {
        for config in case.configs {
            let (bench, case) = (Arc::clone(bench), Arc::clone(case));
            let missing = bench.sdk(kernel).is_none();
            let name = format!("{kernel}/{config}/{}", case.name);
            let trial = Trial::test(name, move || {
                bench
                    .run(&case, kernel, config)
                    .map_err(|error| format!("{error:#}").into())
            });
            trials.push(trial.with_ignored_flag(missing));
        }
    }
    trials
}
