//! PSCI and SMCCC by both conduits. Reset and power off have a guest of their own.

use bare_metal::check::{Check, Outcome, expect};
use bare_metal::exception::{Caught, UNDEFINED, catch};
use bare_metal::firmware::Conduit::{self, Hvc, Smc};
use bare_metal::firmware::status::{ALREADY_ON, INVALID_PARAMETERS, NOT_SUPPORTED, SUCCESS};
use bare_metal::firmware::{call, call_with, function, status};
use bare_metal::timer::{INTID, fire_in, stop, wait_until};
use bare_metal::{cpu, gic, read_system};

pub(crate) const CHECKS: &[Check] = &[
    ("psci-version-smc", || version(Smc)),
    ("psci-version-hvc", || version(Hvc)),
    ("psci-features-smc", || features(Smc)),
    ("psci-features-hvc", || features(Hvc)),
    ("psci-affinity-info-smc", || affinity_info(Smc)),
    ("psci-affinity-info-hvc", || affinity_info(Hvc)),
    ("psci-cpu-on-smc", || cpu_on(Smc)),
    ("psci-cpu-on-hvc", || cpu_on(Hvc)),
    ("psci-cpu-suspend-smc", || cpu_suspend(Smc)),
    ("psci-cpu-suspend-hvc", || cpu_suspend(Hvc)),
    ("psci-migrate-info-type-smc", || migrate_info_type(Smc)),
    ("psci-migrate-info-type-hvc", || migrate_info_type(Hvc)),
    ("psci-reset2-refused-smc", || reset2_refused(Smc)),
    ("psci-reset2-refused-hvc", || reset2_refused(Hvc)),
    ("smccc-version-smc", || smccc_version(Smc)),
    ("smccc-version-hvc", || smccc_version(Hvc)),
    ("smccc-features-smc", || smccc_features(Smc)),
    ("smccc-features-hvc", || smccc_features(Hvc)),
    ("smccc-unknown-smc", || unknown(Smc)),
    ("smccc-unknown-hvc", || unknown(Hvc)),
    ("smccc-registers-kept-smc", || registers_kept(Smc)),
    ("smccc-registers-kept-hvc", || registers_kept(Hvc)),
    ("smccc-immediate", immediate),
];

/// Runs a check whose conduit may not exist; then the exception is the failure.
fn guarded(check: impl FnOnce() -> Outcome) -> Outcome {
    let (outcome, caught) = catch(check);
    let esr = caught.map_or(0, |Caught { esr, .. }| esr);
    expect("no exception, ESR", 0_u64, esr)?;
    outcome
}

fn own_mpidr() -> u64 {
    read_system!("mpidr_el1") & 0x00ff_00ff_ffff
}

fn version(conduit: Conduit) -> Outcome {
    guarded(|| {
        let version = call(conduit, function::VERSION, [0; 3]);
        expect("major version", 1_u64, version >> 16)
    })
}

/// PSCI 1.0 names what an implementation must have; each has to say so.
fn features(conduit: Conduit) -> Outcome {
    guarded(|| {
        for function in [
            function::VERSION,
            function::CPU_SUSPEND,
            function::CPU_SUSPEND_32,
            function::CPU_OFF,
            function::CPU_ON,
            function::CPU_ON_32,
            function::AFFINITY_INFO,
            function::AFFINITY_INFO_32,
            function::MIGRATE_INFO_TYPE,
            function::SYSTEM_OFF,
            function::SYSTEM_RESET,
            function::FEATURES,
        ] {
            let got = status(conduit, function::FEATURES, [function, 0, 0]);
            expect("FEATURES is not negative", 0_u32, got >> 31)?;
        }
        for unknown in [0x8400_00ff, 0xc400_00ff, 0, 0xffff_ffff] {
            let got = status(conduit, function::FEATURES, [unknown, 0, 0]);
            expect("FEATURES of nothing", NOT_SUPPORTED, got)?;
        }
        Ok(())
    })
}

fn affinity_info(conduit: Conduit) -> Outcome {
    guarded(|| {
        for function in [function::AFFINITY_INFO, function::AFFINITY_INFO_32] {
            let own = status(conduit, function, [own_mpidr(), 0, 0]);
            expect("own state is ON", 0_u32, own)?;
            let other = status(conduit, function, [0x00_0f00, 0, 0]);
            expect("no such CPU", INVALID_PARAMETERS, other)?;
        }
        Ok(())
    })
}

fn cpu_on(conduit: Conduit) -> Outcome {
    guarded(|| {
        for function in [function::CPU_ON, function::CPU_ON_32] {
            let own = status(conduit, function, [own_mpidr(), 0x4008_0000, 0]);
            expect("already on", ALREADY_ON, own)?;
            let other = status(conduit, function, [0x00_0f00, 0x4008_0000, 0]);
            expect("no such CPU", INVALID_PARAMETERS, other)?;
        }
        Ok(())
    })
}

/// Standby returns with success when the timer has woken it.
fn cpu_suspend(conduit: Conduit) -> Outcome {
    guarded(|| {
        for function in [function::CPU_SUSPEND, function::CPU_SUSPEND_32] {
            gic::forget();
            gic::enable(INTID);
            fire_in(1000);
            let got = status(conduit, function, [0, 0, 0]);
            cpu::unmask_interrupts();
            wait_until(|| gic::count(INTID) > 0);
            cpu::mask_interrupts();
            stop();
            gic::disable(INTID);
            expect("status", SUCCESS, got)?;
            expect("taken", 1_u32, gic::count(INTID))?;
        }
        Ok(())
    })
}

fn migrate_info_type(conduit: Conduit) -> Outcome {
    guarded(|| {
        let got = status(conduit, function::MIGRATE_INFO_TYPE, [0; 3]);
        expect(
            "no trusted OS, or not there",
            true,
            got == 2 || got == NOT_SUPPORTED,
        )
    })
}

/// An architectural reset type that is reserved is refused and nothing happens.
fn reset2_refused(conduit: Conduit) -> Outcome {
    guarded(|| {
        let there = status(conduit, function::FEATURES, [function::SYSTEM_RESET2, 0, 0]);
        let expected = if there == NOT_SUPPORTED {
            NOT_SUPPORTED
        } else {
            INVALID_PARAMETERS
        };
        let got = status(conduit, function::SYSTEM_RESET2, [0x1234, 0, 0]);
        expect("status", expected, got)
    })
}

fn smccc_version(conduit: Conduit) -> Outcome {
    guarded(|| {
        let got = status(conduit, function::SMCCC_VERSION, [0; 3]);
        expect("at least 1.1", true, (0x1_0001..0x8000_0000).contains(&got))
    })
}

fn smccc_features(conduit: Conduit) -> Outcome {
    guarded(|| {
        let asked = [function::SMCCC_VERSION, 0, 0];
        let got = status(conduit, function::SMCCC_ARCH_FEATURES, asked);
        expect("of SMCCC_VERSION", SUCCESS, got)?;
        let got = status(conduit, function::SMCCC_ARCH_FEATURES, [0x8000_7ffe, 0, 0]);
        expect("of nothing", NOT_SUPPORTED, got)
    })
}

fn unknown(conduit: Conduit) -> Outcome {
    guarded(|| {
        for id in [
            0,
            0x8000_00ff,
            0x8400_00ff,
            0xc400_00ff,
            0x8200_0000,
            0xc600_1234,
            0xffff_ffff,
            0x0400_0000,
            0xbf00_ff01,
        ] {
            expect("status", NOT_SUPPORTED, status(conduit, id, [!0, !0, !0]))?;
        }
        // A 64-bit result carries its sign through.
        let wide = call(conduit, 0xc400_00ff, [0; 3]);
        expect("x0", u64::MAX, wide)
    })
}

/// Only x0 to x3 may change.
fn registers_kept(conduit: Conduit) -> Outcome {
    guarded(|| {
        for id in [function::VERSION, 0x8400_00ff, 0xc600_1234] {
            let mut registers = [0; 30];
            for (n, register) in registers.iter_mut().enumerate() {
                *register = 0x1111_2222_3333_0000 + n as u64;
            }
            registers[0] = id;
            let after = call_with(conduit, registers);
            for (before, after) in registers.iter().zip(after).skip(4) {
                expect("a register behind x3", *before, after)?;
            }
        }
        Ok(())
    })
}

/// Another immediate is reserved: -1, an answer, or undefined, and life goes on.
fn immediate() -> Outcome {
    for conduit in [Conduit::SmcReserved, Conduit::HvcReserved] {
        let (_, caught) = catch(|| call(conduit, 0x8400_00ff, [0; 3]));
        let class = caught.map_or(UNDEFINED, |caught| caught.class());
        expect("exception class", UNDEFINED, class)?;
    }
    Ok(())
}
