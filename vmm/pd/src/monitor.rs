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
    sel4::{Event, Invoker, Next},
    setup,
};

/// The guest's interrupt controller, as large as the tables ask for.
pub(crate) type Gic = Distributor<{ GUEST.vcpus as usize }, { GUEST.gic.spis as usize / 32 }>;

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
    let gic = Gic::new(context.invoker.list_registers());
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
    let mut next = Next::Receive;
    loop {
        next = match context.invoker.wait(next) {
            Event::Exit(vcpu, label) => handle_exit(&mut vm, vcpu, label, &mut context),
            Event::Notified(channels) => {
                notified(&mut vm, channels, &mut context);
                Next::Receive
            }
        };
    }
}

#[inline]
fn handle_exit(vm: &mut Vm<Gic>, vcpu: VcpuId, label: u64, context: &mut Context<'_>) -> Next {
    let exit = exit::decode(context, vcpu, label);
    match vm.handle_exit(vcpu, &exit, context) {
        Outcome::Resume => context.commit(),
        Outcome::Block => {
            context.write_back();
            context.suspend(vcpu);
            Next::Receive
        }
        Outcome::Drop => Next::Receive,
        Outcome::End(end) => {
            handle_end(vm, vcpu, &exit, end, context);
            Next::Receive
        }
    }
}

fn notified(vm: &mut Vm<Gic>, channels: u64, context: &mut Context<'_>) {
    vm.handle_notification(channels, context);
    if let Some(channel) = GUEST.wake_timer
        && channels & (1 << channel) != 0
    {
        context.invoker.acknowledge(channel);
    }
}

#[cold]
fn handle_end(
    vm: &mut Vm<Gic>,
    vcpu: VcpuId,
    exit: &VmExit,
    end: End,
    context: &mut Context<'_>,
) {
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
        context.invoker.wait(Next::Receive);
    }
}
