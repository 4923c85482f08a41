//! Firmware calls with nonsense in the registers.

use bare_metal::check::{Check, Outcome};
use bare_metal::exception::catch;
use bare_metal::firmware::Conduit::{self, Hvc, HvcReserved, Smc, SmcReserved};
use bare_metal::firmware::{call_with, function};

use crate::random::Random;
use crate::still_works;

pub(crate) const CHECKS: &[Check] = &[
    ("hostile-random-smc", || random_calls(&[Smc, SmcReserved])),
    ("hostile-random-hvc", || random_calls(&[Hvc, HvcReserved])),
    ("hostile-cpu-on-arguments", cpu_on_arguments),
    ("hostile-hvc-kernel-numbers", kernel_numbers),
];

/// Would the call end this guest, put its only CPU to sleep for ever, or enter it elsewhere?
fn ends_the_guest(id: u64) -> bool {
    matches!(id & !0x4000_0000 & 0xffff_ffff, 0x8400_0000..=0x8400_001f)
}

fn random_calls(conduits: &[Conduit]) -> Outcome {
    let mut random = Random::new(3);
    for n in 0..1000 {
        let mut registers = [0; 30];
        for register in &mut registers {
            *register = u64::from(random.next()) << 32 | u64::from(random.next());
        }
        // Half of them look like a call of some owner.
        if n % 2 == 0 {
            registers[0] = 0x8000_0000 | u64::from(random.next() & 0x7f00_00ff);
        }
        // x7 below zero is the next check's.
        registers[7] &= u64::MAX >> 1;
        if ends_the_guest(registers[0]) {
            continue;
        }
        for conduit in conduits {
            let (_, _) = catch(|| call_with(*conduit, registers));
        }
    }
    still_works()
}

/// CPUs that do not exist, and entries where nothing is.
fn cpu_on_arguments() -> Outcome {
    let mut random = Random::new(4);
    for conduit in [Hvc, Smc] {
        for _ in 0..100 {
            let mut registers = [0; 30];
            registers[0] = function::CPU_ON;
            // Affinity 0 to 0xff of cluster 1 and up: never a CPU of ours.
            registers[1] = u64::from(random.next()) << 32 | u64::from(random.next()) | 0x100;
            registers[2] = u64::from(random.next());
            registers[3] = u64::from(random.next());
            let (_, _) = catch(|| call_with(conduit, registers));
            registers[0] = function::AFFINITY_INFO;
            let (_, _) = catch(|| call_with(conduit, registers));
        }
    }
    still_works()
}

/// seL4 takes an HVC's x7 from -11 to -1 as a system call of the guest's own thread. Without caps
/// it comes to nothing, and the guest must go on.
fn kernel_numbers() -> Outcome {
    for number in 1..=11 {
        for cap in [0, 1, 4, 266, u64::MAX] {
            let mut registers = [0; 30];
            registers[0] = cap;
            registers[6] = 4;
            registers[7] = 0_u64.wrapping_sub(number);
            let (_, _) = catch(|| call_with(Hvc, registers));
        }
    }
    still_works()
}
