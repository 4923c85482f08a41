//! A guest that never comes back: its exception vectors lie where nothing is, so that each abort
//! ends in the next. The monitor may end it as crashed or let it turn for ever; it may not fall.
#![no_std]
#![no_main]

use bare_metal::{load, println, write_system};

bare_metal::entry!(main);

fn main(_dtb: u64) {
    println!("RUNAWAY vectors in nothing");
    write_system!("vbar_el1", 0x0b00_0000);
    _ = load!("ldr {value:w}, [{address}]", 0x0b00_0000);
    println!("RUNAWAY came back");
}
