//! The guest's program on a real processor: each access is one instruction.
#![no_std]
#![no_main]
#![expect(unsafe_code, reason = "inline assembly for single instructions")]

use bare_metal::store;
use root_task_scenario::guest::{self, Cpu, Stopped};
use vmm_arch::AccessSize;

bare_metal::entry!(main);

/// The processor that runs this.
struct Processor;

/// One load into a register that holds `$before`.
macro_rules! load {
    ($text:literal, $address:expr, $before:expr) => {{
        let (address, before): (u64, u64) = ($address, $before);
        let value: u64;
        // SAFETY: a load of memory that the program owns, or of a device; it changes nothing but
        // its register.
        unsafe {
            core::arch::asm!(
                $text,
                address = in(reg) address,
                value = inout(reg) before => value,
                options(nostack)
            );
        }
        value
    }};
}

impl Cpu for Processor {
    fn load(&mut self, address: u64, size: AccessSize, before: u64) -> Result<u64, Stopped> {
        Ok(match size {
            AccessSize::Byte => load!("ldrb {value:w}, [{address}]", address, before),
            AccessSize::Half => load!("ldrh {value:w}, [{address}]", address, before),
            AccessSize::Word => load!("ldr {value:w}, [{address}]", address, before),
            AccessSize::Double => load!("ldr {value}, [{address}]", address, before),
        })
    }

    fn store(&mut self, address: u64, size: AccessSize, value: u64) -> Result<(), Stopped> {
        match size {
            AccessSize::Byte => store!("strb {value:w}, [{address}]", address, value),
            AccessSize::Half => store!("strh {value:w}, [{address}]", address, value),
            AccessSize::Word => store!("str {value:w}, [{address}]", address, value),
            AccessSize::Double => store!("str {value}, [{address}]", address, value),
        }
        Ok(())
    }
}

/// The VMM passes the number of the start where others pass a device tree.
fn main(start: u64) {
    // A processor that is stopped does not get here.
    let _ = guest::run(&mut Processor, start);
}
