//! Processors with features that seL4 neither hides from guests nor switches: the guest is not
//! let run, and the VMM says why.

use std::fs;
use std::sync::Arc;

use anyhow::{Result, ensure};
use libtest_mimic::Trial;
use xtask::input::Input;
use xtask::machine;

use crate::bare_metal;
use crate::bench::Workbench;
use crate::case::{Case, Clock, DEBUG_AND_RELEASE};
use crate::console::Console;

/// QEMU's `-cpu` and what the VMM finds in it.
const REFUSED: [(&str, &str); 2] = [
    ("a64fx", "SVE"),
    ("max,lpa2=off,sve=off,sme=off", "pointer authentication"),
];

pub(crate) fn trials(bench: &Arc<Workbench>) -> Vec<Trial> {
    let mut trials = Vec::new();
    for kernel in ["devsdk", "sel4"] {
        for config in DEBUG_AND_RELEASE {
            let missing = bench.sdk(kernel).is_none();
            let bench = Arc::clone(bench);
            let name = format!("{kernel}/{config}/refused-processors");
            let trial = Trial::test(name, move || {
                run(&bench, kernel, config).map_err(|error| format!("{error:#}").into())
            });
            trials.push(trial.with_ignored_flag(missing));
        }
    }
    trials
}

fn run(bench: &Workbench, kernel: &str, config: &str) -> Result<()> {
    let case = Case {
        name: "refused-processors",
        system: "examples/plain/system.xml",
        configs: DEBUG_AND_RELEASE,
        clock: Clock::Host,
        images: |bench| bare_metal::elf(bench, "probes"),
        play: |_| Ok(()),
    };
    let folder = bench.folder(kernel, config, case.name);
    let image = bench.build(&case, kernel, config, &folder)?;
    for (processor, feature) in REFUSED {
        let arguments = ["-cpu", processor].map(str::to_owned);
        let mut console = Console::open(machine::qemu(&image, Input::Stream, &arguments)?)?;
        console.expect(&format!(
            "VMM: guest linux cannot be started: this processor has {feature}, "
        ))?;
        // The policy for a crash.
        console.expect_off()?;
        fs::write(folder.join("console.log"), console.text())?;
        let ran = console.text().contains("PROBE");
        ensure!(!ran, "on {processor} the guest ran all the same");
    }
    Ok(())
}
