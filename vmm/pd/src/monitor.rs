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
    vm::{Ending, Vm, is_signalled},
};
use vmm_vgic::Distributor;

use crate::{
    GUEST,
    context::Context,
    exit,
    sel4::{Answer, Event, Invoker, fault},
    setup,
    shadow::ShadowPage,
    wake::Source,
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
    let source = GUEST.wake.map(Source::of);
    let mut context = Context::new(Invoker::new(ipc), GUEST.interrupts, source);
    // The kernel may hold interrupts back until their first acknowledgement (seL4 issue 1536).
    if let Some(channel) = context.wake_interrupt() {
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
    run(&mut vm, &mut context)
}

/// The loop. All of a device access but the device is in this one function, so that it costs no
/// calls; what is rarer is in functions of its own, so that this one keeps to registers.
#[inline(never)]
fn run(vm: &mut Vm<Gic>, context: &mut Context<'_>) -> ! {
    let mut answer = Answer::NONE;
    loop {
        answer = match context.invoker.wait(answer) {
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
                    stop(vm, vcpu, outcome, context);
                    Answer::NONE
                }
            }
            Event::Notified(channels) => {
                notified(vm, channels, context).map_or(Answer::NONE, Answer::acknowledge)
            }
        };
    }
}

#[inline(always)]
fn handle_memory_fault(vm: &mut Vm<Gic>, vcpu: VcpuId, context: &mut Context<'_>) -> Outcome {
    let fault = exit::decode_memory_fault(&context.message);
    context.know_pc(fault.pc);
    vm.handle_exit(vcpu, VmExit::Memory(fault), context)
}

#[inline(never)]
fn handle_hypercall(vm: &mut Vm<Gic>, vcpu: VcpuId, context: &mut Context<'_>) -> Outcome {
    if context.message.label == fault::UNKNOWN_SYSCALL {
        context.know_call();
    }
    vm.handle_exit(vcpu, VmExit::Hypercall, context)
}

#[inline(never)]
fn handle_rarer_exit(vm: &mut Vm<Gic>, vcpu: VcpuId, context: &mut Context<'_>) -> Outcome {
    let exit = exit::decode_rarer(&context.message);
    vm.handle_exit(vcpu, exit, context)
}

/// The vCPU does not go on at once.
#[inline(never)]
fn stop(vm: &mut Vm<Gic>, vcpu: VcpuId, outcome: Outcome, context: &mut Context<'_>) {
    match outcome {
        Outcome::Block => {
            context.write_back();
            context.suspend(vcpu);
        }
        Outcome::Resume | Outcome::Drop => {}
        Outcome::Started => info!("guest {} started", GUEST.name),
        Outcome::End(end) => handle_end(vm, vcpu, end, context),
    }
}

/// Channels were signalled; gives the one that is to be acknowledged.
#[inline(never)]
fn notified(vm: &mut Vm<Gic>, channels: u64, context: &mut Context<'_>) -> Option<u8> {
    vm.handle_notification(channels, context);
    context
        .wake_interrupt()
        .filter(|&channel| is_signalled(channels, channel))
}

#[cold]
fn handle_end(vm: &mut Vm<Gic>, vcpu: VcpuId, end: End, context: &mut Context<'_>) {
    match end {
        End::PowerOff => info!("guest {} powered off", GUEST.name),
        End::Reset => info!("guest {} resets", GUEST.name),
        End::Crash(reason) => {
            let dump = RegisterDump::capture(context);
            let report = CrashReport {
                guest: GUEST.name,
                vcpu,
                reason: reason.text(),
                exit: exit::decode(&context.message),
                reservations: GUEST.reservations,
                registers: Some(&dump),
            };
            error!("{report}");
            info!("guest {} crashed", GUEST.name);
        }
        End::Refused(feature) => error!(
            "guest {} cannot be started: this processor has {feature}, which seL4 neither hides \
             from guests nor switches between them; one without is needed, such as Cortex-A53, \
             A72 or A76 (on QEMU: -cpu cortex-a53)",
            GUEST.name
        ),
    }
    match vm.end(end, context) {
        Ending::Restarted => {}
        // That it cannot be started says it already.
        Ending::Stopped if matches!(end, End::Refused(_)) => {}
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
        context.invoker.wait(Answer::NONE);
    }
}
