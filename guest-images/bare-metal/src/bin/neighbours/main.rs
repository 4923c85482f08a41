//! Two guests on one core: one with a heartbeat, which tells how late it came at worst, and one
//! that does its worst to delay it. `storm=0x..` on the kernel command line makes it the latter.
#![no_std]
#![no_main]

mod heartbeat;
mod storm;

bare_metal::entry!(main);

fn main(dtb: u64) {
    match bare_metal::argument::number(dtb, b"storm=") {
        Some(number) => storm::run(number),
        None => heartbeat::run(),
    }
}
