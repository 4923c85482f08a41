//! The loop: wait for an event, let the machine answer it, enter the kernel again.

use log::{error, info};
use sel4::IpcBuffer;
use sel4_microkit::{Handler, Infallible, Never};
use vmm_machine::{
    VcpuId,
    exit::VmExit,
    kernel::Kernel,
    outcome::{End, Outcome},
    report::{CrashReport, RegisterDump},
    vm::{Ending, Vm},
};
use vmm_vgic::Distributor;

use crate::{
    GUEST,
    context::Context,
    exit,
    sel4::{Event, Invoker, Message},
    setup,
    shadow::ShadowPage,
};

/// The guest's interrupt controller, as large as the tables ask for.
pub(crate) type Gic =
    Distributor<{ GUEST.vcpus as usize }, { GUEST.gic.spis as usize / 32 }, ShadowPage>;

/// The protection domain's entry points; its own loop stands in for Microkit's, which would
/// spend more system calls.
pub(crate) struct Monitor;

impl Handler for Monitor {
    type Error = Infallible;

    fn run(&mut self) -> Result<Never, Infallible> {
        sel4::with_ipc_buffer_mut(|ipc| serve(ipc))
    }
}

/// Sets the guest up, starts it and serves it for ever.
fn serve(ipc: &mut IpcBuffer) -> ! {
    let mut context = Context::new(Invoker::new(ipc), GUEST.interrupts);
    // The kernel may hold interrupts back until their first acknowledgement (seL4 issue 1536).
    if let Some(channel) = GUEST.wake_timer {
        context.set_alarm(None);
        context.invoker.acknowledge(channel);
    }
    let gic = Gic::with_shadow(context.invoker.list_registers(), ShadowPage);
    let mut vm = match setup::machine(gic) {
        Ok(vm) => vm,
        Err(error) => {
            error!("guest {} cannot be set up: {error}", GUEST.name);
            idle(&mut context)
        }
    };
    if let Err(error) = vm.start(&mut context) {
        error!("guest {} cannot be started: {error}", GUEST.name);
        idle(&mut context)
    }
    info!("guest {} started", GUEST.name);
    run(&mut vm, &mut context)
}

/// The loop. All of a device access but the device is in this one function, so that it costs no
/// calls; what is rarer is in functions of its own, so that this one keeps to registers.
#[inline(never)]
fn run(vm: &mut Vm<Gic>, context: &mut Context<'_>) -> ! {
    let mut event = context.invoker.wait();
    loop {
        event = match event {
            Event::Exit(vcpu, message) => handle_exit(vm, vcpu, &message, context),
            Event::Notified(channels) => notified(vm, channels, context),
        };
    }
}

#[inline(always)]
fn handle_exit(
    vm: &mut Vm<Gic>,
    vcpu: VcpuId,
    message: &Message,
    context: &mut Context<'_>,
) -> Event {
    let exit = exit::decode(context, vcpu, message);
    let outcome = vm.handle_exit(vcpu, &exit, context);
    if outcome == Outcome::Resume {
        return context.resume_and_wait();
    }
    stop(vm, vcpu, &exit, outcome, context);
    context.invoker.wait()
}

/// The vCPU does not go on at once.
#[inline(never)]
fn stop(
    vm: &mut Vm<Gic>,
    vcpu: VcpuId,
    exit: &VmExit,
    outcome: Outcome,
    context: &mut Context<'_>,
) {
    match outcome {
        Outcome::Block => {
            context.write_back();
            context.suspend(vcpu);
        }
        Outcome::Resume | Outcome::Drop => {}
        Outcome::End(end) => handle_end(vm, vcpu, exit, end, context),
    }
}

#[inline(never)]
fn notified(vm: &mut Vm<Gic>, channels: u64, context: &mut Context<'_>) -> Event {
    vm.handle_notification(channels, context);
    match GUEST.wake_timer {
        Some(channel) if channels & (1 << channel) != 0 => {
            context.invoker.acknowledge_and_wait(channel)
        }
        _ => context.invoker.wait(),
    }
}

#[cold]
fn handle_end(vm: &mut Vm<Gic>, vcpu: VcpuId, exit: &VmExit, end: End, context: &mut Context<'_>) {
    match end {
        End::PowerOff => info!("guest {} powered off", GUEST.name),
        End::Reset => info!("guest {} resets", GUEST.name),
        End::Crash(reason) => {
            let dump = RegisterDump::capture(context);
            let report = CrashReport {
                guest: GUEST.name,
                vcpu,
                reason: reason.text(),
                exit: *exit,
                reservations: GUEST.reservations,
                registers: Some(&dump),
            };
            error!("{report}");
            info!("guest {} crashed", GUEST.name);
        }
    }
    match vm.end(end, context) {
        Ending::Restarted => {}
        Ending::Stopped => info!("guest {} stays stopped", GUEST.name),
        Ending::MachineOff => {
            context.invoker.machine_off();
            error!("the machine cannot be switched off: the protection domain needs smc=\"true\"");
        }
    }
}

/// Nothing can be done: waits without end, so that the rest of the system goes on.
fn idle(context: &mut Context<'_>) -> ! {
    loop {
        context.invoker.wait();
    }
}
