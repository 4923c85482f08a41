//! Sets a guest up and serves it: the loop that waits for an event, lets the machine answer it,
//! and enters the kernel again.
//!
//! It is generic over the kernel calls, so that host tests drive the very loop that runs on seL4.

mod setup;

use log::{error, info};
use vmm_config::Guest;

use crate::{
    VcpuId,
    calls::{Calls, Event, fault},
    context::Context,
    device::{DeviceMaker, DeviceSet, Memory, OwnMemory},
    exit::{VmExit, decode},
    kernel::{InterruptController, Kernel},
    outcome::{End, Outcome},
    report::{CrashReport, RegisterDump},
    vm::{Ending, Vm, is_signalled},
    wake::WakeSource,
};

/// Serves `guest` for ever. `gic` makes its interrupt controller, for so many list registers, and
/// `M` its other emulated devices.
///
/// A guest that cannot be set up or started is reported, and left alone: the rest of the system
/// goes on. Returns only when [`Calls::wait`] has nothing more to give, in a test.
pub fn serve<C: Calls, G: InterruptController, M: DeviceMaker>(
    guest: &'static Guest,
    calls: C,
    gic: impl FnOnce(usize) -> G,
) {
    let mut context = Context::new(calls, guest.interrupts);
    // The kernel may hold interrupts back until their first acknowledgement (seL4 issue 1536).
    if let Some(channel) = wake_interrupt(&mut context) {
        context.calls().acknowledge(channel);
    }
    let gic = gic(context.calls().list_registers());
    let (mut memory, mut own) = (Memory::new(), OwnMemory::new());
    let made = setup::memory(guest, &mut memory, &mut own)
        .and_then(|parts| setup::machine::<G, M>(guest, parts, &memory, &own, gic));
    let mut vm = match made {
        Ok(vm) => vm,
        Err(error) => {
            error!("guest {} cannot be set up: {error}", guest.name);
            return idle(&mut context);
        }
    };
    if let Err(error) = vm.start(&mut context) {
        error!("guest {} cannot be started: {error}", guest.name);
        return idle(&mut context);
    }
    run(guest, &mut vm, &mut context);
}

/// The channel of the wake source's interrupt, if it has one.
fn wake_interrupt<C: Calls>(context: &mut Context<C>) -> Option<u8> {
    context.wake_source()?.interrupt()
}

/// The loop. All of a device access but the device is in this one function, so that it costs no
/// calls; what is rarer is in functions of its own, so that this one keeps to registers.
#[inline(never)]
fn run<C: Calls, G: InterruptController, D: DeviceSet>(
    guest: &'static Guest,
    vm: &mut Vm<'_, G, D>,
    context: &mut Context<C>,
) {
    let mut answer = C::NO_ANSWER;
    while let Some(event) = next_event(vm, answer, context) {
        answer = match event {
            Event::Exit(vcpu, message) => {
                context.begin(vcpu, message);
                let outcome = match message.label {
                    fault::VM => handle_memory_fault(vm, vcpu, context),
                    fault::UNKNOWN_SYSCALL | fault::CAP => handle_hypercall(vm, vcpu, context),
                    _ => handle_rarer_exit(vm, vcpu, context),
                };
                if outcome == Outcome::Resume {
                    context.resume()
                } else {
                    stop(guest, vm, vcpu, outcome, context);
                    C::NO_ANSWER
                }
            }
            Event::Notified(channels) => {
                notified(vm, channels, context).map_or(C::NO_ANSWER, C::acknowledgement)
            }
        };
    }
}

/// Sends `answer`, and waits. What devices have put off is done while nothing else is there.
#[inline(always)]
fn next_event<C: Calls, G: InterruptController, D: DeviceSet>(
    vm: &mut Vm<'_, G, D>,
    mut answer: C::Answer,
    context: &mut Context<C>,
) -> Option<Event> {
    while vm.has_deferred_work() {
        if let Some(event) = context.calls().poll(answer) {
            return Some(event);
        }
        answer = C::NO_ANSWER;
        context.begin_notification();
        vm.resume_devices(context);
    }
    context.calls().wait(answer)
}

#[inline(always)]
fn handle_memory_fault<C: Calls, G: InterruptController, D: DeviceSet>(
    vm: &mut Vm<'_, G, D>,
    vcpu: VcpuId,
    context: &mut Context<C>,
) -> Outcome {
    let fault = decode::decode_memory_fault(context.message());
    context.set_known_pc(fault.pc);
    vm.handle_exit(vcpu, VmExit::Memory(fault), context)
}

#[inline(never)]
fn handle_hypercall<C: Calls, G: InterruptController, D: DeviceSet>(
    vm: &mut Vm<'_, G, D>,
    vcpu: VcpuId,
    context: &mut Context<C>,
) -> Outcome {
    if context.message().label == fault::UNKNOWN_SYSCALL {
        context.load_call();
    }
    vm.handle_exit(vcpu, VmExit::Hypercall, context)
}

#[inline(never)]
fn handle_rarer_exit<C: Calls, G: InterruptController, D: DeviceSet>(
    vm: &mut Vm<'_, G, D>,
    vcpu: VcpuId,
    context: &mut Context<C>,
) -> Outcome {
    let exit = decode::decode_rarer(context.message());
    vm.handle_exit(vcpu, exit, context)
}

/// The vCPU does not go on at once.
#[inline(never)]
fn stop<C: Calls, G: InterruptController, D: DeviceSet>(
    guest: &'static Guest,
    vm: &mut Vm<'_, G, D>,
    vcpu: VcpuId,
    outcome: Outcome,
    context: &mut Context<C>,
) {
    match outcome {
        Outcome::Block => {
            context.write_back();
            context.suspend(vcpu);
        }
        Outcome::Resume | Outcome::Drop => {}
        Outcome::Started => info!("guest {} started", guest.name),
        Outcome::End(end) => handle_end(guest, vm, vcpu, end, context),
    }
}

/// Channels were signalled; gives the one that is to be acknowledged.
#[inline(never)]
fn notified<C: Calls, G: InterruptController, D: DeviceSet>(
    vm: &mut Vm<'_, G, D>,
    channels: u64,
    context: &mut Context<C>,
) -> Option<u8> {
    context.begin_notification();
    vm.handle_notification(channels, context);
    wake_interrupt(context).filter(|&channel| is_signalled(channels, channel))
}

#[cold]
fn handle_end<C: Calls, G: InterruptController, D: DeviceSet>(
    guest: &'static Guest,
    vm: &mut Vm<'_, G, D>,
    vcpu: VcpuId,
    end: End,
    context: &mut Context<C>,
) {
    match end {
        End::PowerOff => info!("guest {} powered off", guest.name),
        End::Reset => info!("guest {} resets", guest.name),
        End::Crash(reason) => {
            let dump = RegisterDump::capture(context);
            let report = CrashReport {
                guest: guest.name,
                vcpu,
                reason: reason.text(),
                exit: decode::decode(context.message()),
                reservations: guest.reservations,
                registers: Some(&dump),
            };
            error!("{report}");
            info!("guest {} crashed", guest.name);
        }
        End::Refused(feature) => error!(
            "guest {} cannot be started: this processor has {feature}, which seL4 neither hides \
             from guests nor switches between them; one without is needed, such as Cortex-A53, \
             A72 or A76 (on QEMU: -cpu cortex-a53)",
            guest.name
        ),
    }
    match vm.end(end, context) {
        Ending::Restarted => {}
        // That it cannot be started says it already.
        Ending::Stopped if matches!(end, End::Refused(_)) => {}
        Ending::Stopped => info!("guest {} stays stopped", guest.name),
        Ending::MachineOff => {
            context.calls().machine_off();
            error!(
                "the machine cannot be switched off: its firmware does not do it, or the \
                 protection domain lacks smc=\"true\""
            );
        }
    }
}

/// Nothing can be done: waits without end, so that the rest of the system goes on.
fn idle<C: Calls>(context: &mut Context<C>) {
    while context.calls().wait(C::NO_ANSWER).is_some() {}
}
