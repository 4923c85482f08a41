//! The scenario on the model of the kernel: it prints what it prints on seL4.

mod cpu;
mod kernel;

use cpu::HostCpu;
use kernel::HostKernel;
use root_task_scenario::{Vmm, guest, layout};
use std::fs;
use std::path::Path;

/// Runs all starts, and returns what was printed.
fn printed() -> String {
    let mut vmm = Vmm::new(HostKernel::new()).unwrap();
    for number in 0..layout::STARTS {
        // The guest's program is this one's: there is no image.
        vmm.start(number, &[]).unwrap();
        let mut cpu = HostCpu::new(&mut vmm);
        if guest::run(&mut cpu, number).is_ok() {
            cpu.power_off();
        }
    }
    vmm.end();
    vmm.kernel().printed().to_owned()
}

/// The boot tests compare what seL4 prints with the same file.
#[test]
fn the_model_prints_what_sel4_prints() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../expected.txt");
    let printed = printed();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &printed).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap();
    for (number, (expected, printed)) in expected.lines().zip(printed.lines()).enumerate() {
        assert_eq!(printed, expected, "line {}", number + 1);
    }
    assert_eq!(printed.lines().count(), expected.lines().count());
}
