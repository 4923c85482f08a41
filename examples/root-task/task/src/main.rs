//! A VMM as an seL4 root task: it makes a guest of untyped memory, and backs the guest's memory
//! through the kernel.
//!
//! `kernel` makes the calls of the scenario, `guest` answers the guest's faults, `objects` makes
//! what both need, and `own_memory` maps what the root task itself looks at.
#![no_std]
#![no_main]

mod guest;
mod kernel;
mod objects;
mod own_memory;

use core::fmt::Write;
use kernel::{Sel4, to_kernel_error};
use objects::Objects;
use own_memory::{OwnMemory, Uart};
use root_task_scenario::vmm::Error;
use root_task_scenario::{Vmm, layout};
use sel4::{MessageInfo, init_thread, sys};
// The SDK's tool looks for its symbols.
use sel4_phdrs_patched as _;
use sel4_root_task::root_task;

/// The guest's program, as it lies in memory.
static GUEST: &[u8] = include_bytes!(env!("ROOT_TASK_GUEST"));
/// Physical address of the PL011.
const UART: usize = 0x0900_0000;
/// PSCI's SYSTEM_OFF (Arm DEN 0022).
const SYSTEM_OFF: u64 = 0x8400_0008;

#[root_task(stack_size = 0x2_0000)]
fn main(bootinfo: &sel4::BootInfoPtr) -> ! {
    // Without a serial port there is nothing to report an error on.
    if let Ok((objects, own_memory, mut uart)) = open_serial_port(bootinfo)
        && let Err(error) = run(bootinfo, objects, own_memory, uart)
    {
        // Printing cannot fail.
        let _ = writeln!(uart, "VMM failed: {error}");
    }
    power_off();
    init_thread::suspend_self()
}

/// A release kernel prints nothing, so the root task has the serial port mapped.
fn open_serial_port(bootinfo: &sel4::BootInfo) -> sel4::Result<(Objects, OwnMemory, Uart)> {
    let mut objects = Objects::new(bootinfo)?;
    let mut own_memory = OwnMemory::new();
    let frame = objects.device_frame(bootinfo, UART)?;
    let uart = own_memory.uart(&mut objects, frame)?;
    Ok((objects, own_memory, uart))
}

/// Makes the guest and runs it as often as the scenario has starts.
fn run(
    bootinfo: &sel4::BootInfo,
    mut objects: Objects,
    own_memory: OwnMemory,
    uart: Uart,
) -> Result<(), Error> {
    let vspace = objects
        .make_fixed::<sel4::cap_type::VSpace>()
        .map_err(to_kernel_error)?;
    let mut vmm = Vmm::new(Sel4::new(objects, own_memory, uart, vspace))?;
    let processor = vmm.kernel_mut().make_processor(bootinfo)?;
    for number in 0..layout::STARTS {
        let entry = vmm.start(number, GUEST)?;
        processor
            .run(&mut vmm, entry, number)
            .map_err(to_kernel_error)?;
    }
    vmm.end();
    Ok(())
}

/// Asks the firmware, through the capability that the kernel gives its root task for that.
fn power_off() {
    let info = MessageInfo::new(sys::invocation_label::ARMSMCCall.into(), 0, 0, 8);
    sel4::with_ipc_buffer_mut(|buffer| buffer.msg_regs_mut()[..8].fill(0));
    let smc = init_thread::slot::SMC.cap();
    smc.call_with_mrs(info, [SYSTEM_OFF, 0, 0, 0]);
}
