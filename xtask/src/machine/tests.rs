//! With shell scripts in the place of QEMU.

use std::time::Instant;

use super::*;

fn ends_well(script: &str) -> bool {
    let mut shell = Command::new("sh");
    shell.args(["-c", script]);
    run(shell, 1).unwrap()
}

#[test]
fn a_machine_that_goes_off_after_a_power_off_ends_well() {
    assert!(ends_well("echo 'VMM: guest a powered off'"));
    // Left by Ctrl-A X.
    assert!(ends_well("echo hello"));
}

#[test]
fn a_crash_or_a_failing_machine_does_not_end_well() {
    assert!(!ends_well("echo 'VMM: guest a crashed'"));
    assert!(!ends_well("exit 3"));
}

#[test]
fn a_machine_with_only_stopped_guests_is_switched_off() {
    let start = Instant::now();
    let script = |end: &str| {
        format!("echo 'VMM: guest a {end}'; echo 'VMM: guest a stays stopped'; exec sleep 100")
    };
    assert!(ends_well(&script("powered off")));
    assert!(!ends_well(&script("crashed")));
    assert!(start.elapsed().as_secs() < 50);
}
