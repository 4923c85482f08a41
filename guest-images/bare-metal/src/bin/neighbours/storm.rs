//! What a guest can do to cost its VMM time, or to take its neighbour's timer. It has RAM and a
//! GIC and no console.

use bare_metal::firmware::{Conduit, call, function};
use bare_metal::gic::{self, interface, register};
use bare_metal::{cpu, exception, instruction, timer, write_system};

/// Nothing is here.
const NOWHERE: u64 = 0x0a00_0000;
/// An SGI.
const SGI: u32 = 5;

/// Does what `number` says, for ever or until the guest ends.
pub(crate) fn run(number: u64) {
    gic::init();
    // What is pending stays so.
    gic::write_interface(interface::PMR, 0);
    match number {
        0x1 => forever(|| gic::write(register::IPRIORITYR + 0x40, 0)),
        0x2 => switch_the_distributor(),
        0x3 => forever(|| {
            let _ = exception::catch(|| cpu::read32(NOWHERE));
        }),
        0x4 => end(function::SYSTEM_RESET),
        0x5 => end(function::SYSTEM_OFF),
        0x6 => {
            timer::delay(20_000);
            end(function::SYSTEM_OFF);
        }
        0x7 => write_the_physical_timer(),
        0x8 => forever(enable_the_physical_timer),
        0x9 => crash(),
        0xa => forever(|| gic::write(register::SGIR, 2 << 24 | SGI)),
        0xb => {
            gic::enable(SGI);
            gic::write_interface(interface::PMR, 0xff);
            gic::write(register::SGIR, 2 << 24 | SGI);
            forever(cpu::wait_for_interrupt);
        }
        0xc => forever(|| {
            let _ = call(Conduit::Smc, function::VERSION, [0; 3]);
        }),
        0xd => forever(yield_to_sel4),
        0xe => sleep_without_counter_access(),
        0xf => {
            timer::delay(10_000);
            end(function::SYSTEM_RESET);
        }
        // A neighbour that only sleeps.
        _ => forever(cpu::wait_for_interrupt),
    }
}

fn forever(mut action: impl FnMut()) {
    loop {
        action();
    }
}

fn end(function: u64) {
    call(Conduit::Smc, function, [0; 3]);
}

/// With everything pending, enabled and of another priority than before, off and on again.
fn switch_the_distributor() {
    for word in 0..gic::words() {
        for part in 0..8 {
            gic::write(register::IPRIORITYR + 32 * word + 4 * part, 0xf8f8_f8f8);
        }
        gic::write(register::ISENABLER + 4 * word, u32::MAX);
        gic::write(register::ISPENDR + 4 * word, u32::MAX);
    }
    forever(|| {
        gic::write(register::CTLR, 0);
        gic::write(register::CTLR, 1);
    });
}

/// Every way to set the timer that a VMM might use, none of which reaches this guest's own wakes.
fn write_the_physical_timer() {
    forever(|| {
        for value in [0, 1, 1 << 31, u64::MAX / 2, u64::MAX, timer::now()] {
            write_system!("cntp_cval_el0", value);
            write_system!("cntp_tval_el0", value);
            for control in 0..4 {
                write_system!("cntp_ctl_el0", control);
            }
        }
        write_system!("cntp_ctl_el0", 0);
        // QEMU takes long over each of these writes.
        timer::delay(5);
    });
}

/// Its interrupt is always due.
fn enable_the_physical_timer() {
    write_system!("cntp_cval_el0", 0);
    write_system!("cntp_ctl_el0", 1);
    timer::delay(1);
}

/// Its exception handler is nowhere.
fn crash() {
    write_system!("vbar_el1", NOWHERE);
    cpu::read32(NOWHERE);
}

/// HVC with x7 = -11 is a system call of this vCPU's thread: seL4's Yield.
fn yield_to_sel4() {
    let mut registers = [0; 30];
    registers[7] = (-11_i64).cast_unsigned();
    bare_metal::firmware::call_with(Conduit::Hvc, registers);
}

/// EL0 may not read the counters while this guest runs; what runs in its place must.
fn sleep_without_counter_access() {
    write_system!("cntkctl_el1", 0);
    gic::enable(timer::INTID);
    forever(|| {
        timer::fire_in(700);
        instruction!("wfi");
    });
}
