//! Two Debian guests that share console, disk, network and random numbers (`examples/two-guests`).

mod checks;
mod machine;

use std::sync::Arc;

use anyhow::Result;
use libtest_mimic::Trial;

use crate::bench::Workbench;
use crate::case::DEBUG_AND_RELEASE;
use machine::{Guest, Machine};

pub(crate) fn trials(bench: &Arc<Workbench>) -> Vec<Trial> {
    let mut trials = Vec::new();
    for kernel in ["devsdk", "sel4"] {
        for config in DEBUG_AND_RELEASE {
            let missing = bench.sdk(kernel).is_none();
            let bench = Arc::clone(bench);
            let trial = Trial::test(format!("{kernel}/{config}/two-guests"), move || {
                run(&bench, kernel, config).map_err(|error| format!("{error:#}").into())
            });
            trials.push(trial.with_ignored_flag(missing));
        }
    }
    trials
}

fn run(bench: &Workbench, kernel: &str, config: &str) -> Result<()> {
    let mut machine = Machine::start(bench, kernel, config)?;
    let result = play(&mut machine);
    machine.finish(result)
}

fn play(machine: &mut Machine) -> Result<()> {
    machine.boot()?;
    for guest in [Guest::A, Guest::B] {
        machine.choose(guest)?;
        checks::devices(machine, guest)?;
        checks::random_numbers(machine)?;
        checks::write_disk(machine, guest)?;
    }
    checks::ping(machine)?;
    checks::transfer(machine)?;
    // Both have written by now, so what a guest reads tells whether the other wrote over it.
    for guest in [Guest::B, Guest::A] {
        machine.choose(guest)?;
        checks::read_disk(machine, guest)?;
    }
    checks::restart(machine)?;
    machine.choose(Guest::A)?;
    machine.send("poweroff -f\n")?;
    machine.expect_off()
}
