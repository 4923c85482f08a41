//! Jumps, stacks and vectors where nothing is.

use bare_metal::check::{Check, Outcome};
use bare_metal::exception::catch;
use bare_metal::{cpu, load, store, timer, write_system};

use crate::still_works;

pub(crate) const CHECKS: &[Check] = &[
    ("hostile-jumps", jumps),
    ("hostile-stacks", stacks),
    ("hostile-cache-maintenance", cache_maintenance),
    ("hostile-physical-timer", physical_timer),
    ("hostile-timer-storm", timer_storm),
];

fn jumps() -> Outcome {
    for target in [
        0,
        0x0800_0000,
        0x0801_0000,
        0x0b00_0000,
        0x3fff_fffc,
        0xb000_0000,
        0xff_ffff_fffc,
        0x4008_0002,
        u64::MAX - 3,
        1 << 63,
    ] {
        let ((), _) = catch(|| {
            _ = load!("mov {value}, x30\nblr {address}\nmov x30, {value}", target);
        });
    }
    still_works()
}

fn stacks() -> Outcome {
    for stack in [
        0,
        0x0800_0ff0,
        0x0b00_0000,
        0xb000_0000,
        u64::MAX & !0xf,
        0x4008_0008,
    ] {
        let ((), _) = catch(|| {
            _ = load!(
                "mov {value}, sp\nmov sp, {address}\nldr xzr, [sp]\nldp xzr, x16, [sp, #16]\nmov sp, {value}",
                stack
            );
        });
    }
    still_works()
}

/// Cache maintenance, also the one that writes, on devices and on nothing.
fn cache_maintenance() -> Outcome {
    for place in [0x0800_0000, 0x0801_0000, 0x0b00_0000, 0xb000_0000] {
        let ((), _) = catch(|| store!("dc zva, {address} // {value}", place, 0));
        let ((), _) = catch(|| store!("dc ivac, {address} // {value}", place, 0));
        let ((), _) = catch(|| store!("dc civac, {address} // {value}", place, 0));
        let ((), _) = catch(|| store!("dc cvau, {address} // {value}", place, 0));
        let ((), _) = catch(|| store!("ic ivau, {address} // {value}", place, 0));
        let ((), _) = catch(|| store!("prfm pldl1keep, [{address}] // {value}", place, 0));
        let ((), _) = catch(|| store!("at s1e1r, {address} // {value}", place, 0));
    }
    still_works()
}

/// The physical timer may be there, and its interrupt may go to somebody else.
fn physical_timer() -> Outcome {
    let ((), _) = catch(|| {
        for _ in 0..20 {
            write_system!("cntp_cval_el0", 0);
            write_system!("cntp_ctl_el0", 1);
            timer::delay(100);
            write_system!("cntp_ctl_el0", 0);
        }
    });
    still_works()
}

/// Deadlines in the past and far ahead, as fast as they can be set, with and without sleep.
fn timer_storm() -> Outcome {
    bare_metal::gic::enable(timer::INTID);
    for n in 0..500 {
        timer::fire_at(0);
        timer::fire_at(u64::MAX);
        timer::fire_at(timer::now() + n % 3);
        if n % 50 == 0 {
            timer::fire_at(0);
            cpu::wait_for_interrupt();
        }
    }
    timer::stop();
    still_works()
}
