//! Keeps the time of the board's PL031 real-time clock (Arm DDI 0224) in a shared page, and signals
//! each new second.
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicU32, Ordering::Release};

use sel4_microkit::{Channel, ChannelSet, Handler, Infallible, protection_domain};

/// Where system.xml maps the registers and the shared page, and the numbers of the channels.
const REGISTERS: usize = 0x200_0000;
const SHARED: usize = 0x300_0000;
const INTERRUPT: Channel = Channel::new(0);
const VMM: Channel = Channel::new(1);

const RTCDR: usize = 0x00;
const RTCMR: usize = 0x04;
const RTCIMSC: usize = 0x10;
const RTCICR: usize = 0x1c;

fn read(register: usize) -> u32 {
    // SAFETY: system.xml maps the registers here, uncached, and nothing else.
    unsafe { ((REGISTERS + register) as *const u32).read_volatile() }
}

fn write(register: usize, value: u32) {
    // SAFETY: as in `read`.
    unsafe { ((REGISTERS + register) as *mut u32).write_volatile(value) };
}

/// Publishes the time, and asks for an interrupt at the next second.
fn publish() {
    let now = read(RTCDR);
    // SAFETY: system.xml maps a page of our own here, and it is used as an atomic only.
    let shared = unsafe { AtomicU32::from_ptr(SHARED as *mut u32) };
    shared.store(now, Release);
    write(RTCICR, 1);
    write(RTCMR, now.wrapping_add(1));
}

struct Clock;

impl Handler for Clock {
    type Error = Infallible;

    fn notified(&mut self, _: ChannelSet) -> Result<(), Infallible> {
        publish();
        VMM.notify();
        // The kernel refuses only a channel that is not an interrupt's.
        let _ = INTERRUPT.irq_ack();
        Ok(())
    }
}

#[protection_domain]
fn init() -> Clock {
    publish();
    write(RTCIMSC, 1);
    Clock
}
