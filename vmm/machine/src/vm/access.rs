//! The way of a memory fault: syndrome, reservation, device, register.

use vmm_config::{Device, ReservationKind};

use super::Vm;
use crate::{
    AccessSize, Gpa, VcpuId,
    device::DeviceAccess,
    emulate::{self, Emulation, Plan},
    exception::{self, GuestException, Injection, Pstate},
    exit::MemoryFault,
    kernel::{InterruptController, Kernel, VcpuRegisters},
    mmio::{self, Direction, MmioAccess, Undescribed},
    outcome::{CrashReason, End, Outcome},
    syndrome::{DataAbort, Esr, FaultStatus},
};

/// Where the last device access went; before the first one, nowhere.
#[derive(Clone, Copy, Debug)]
pub(super) struct RecentDevice {
    base: Gpa,
    size: u64,
    device: Device,
}

impl RecentDevice {
    pub(super) const NONE: Self = Self {
        base: Gpa(0),
        size: 0,
        device: Device::GicDistributor,
    };
}

impl<G: InterruptController> Vm<G> {
    /// Handles a stage-2 fault.
    #[inline(always)]
    pub(super) fn memory_fault(
        &mut self,
        vcpu: VcpuId,
        fault: MemoryFault,
        kernel: &mut impl Kernel,
    ) -> Outcome {
        // The rest of the fault goes to the rarer ways as numbers: a structure would have to be
        // in memory, every time.
        let MemoryFault {
            pc,
            gpa,
            fetch,
            syndrome,
        } = fault;
        let Some(iss) = mmio::described(&fault) else {
            return self.undescribed(vcpu, (pc, gpa), (fetch, syndrome), kernel);
        };
        let Some(found) = self.recent_device_at(gpa, AccessSize::from_log2(iss.sas())) else {
            return self.first_access(vcpu, (pc, gpa), syndrome, kernel);
        };
        self.perform(vcpu, &MmioAccess::of(gpa, iss), found, kernel);
        step(pc, syndrome, kernel)
    }

    #[inline(never)]
    fn undescribed(
        &mut self,
        vcpu: VcpuId,
        (pc, gpa): (u64, Gpa),
        (fetch, syndrome): (bool, u64),
        kernel: &mut impl Kernel,
    ) -> Outcome {
        let fault = MemoryFault {
            pc,
            gpa,
            fetch,
            syndrome,
        };
        match mmio::decode(&fault) {
            Undescribed::NoSyndrome => self.emulate(vcpu, fault, kernel),
            Undescribed::Skip => step(pc, syndrome, kernel),
            Undescribed::Inject(exception) => self.refuse(exception, fault, kernel),
        }
    }

    /// The device of the last access, if this one lands in it and is aligned: most do. Devices
    /// are made of whole words, so an aligned access lies inside when its first byte does.
    #[inline(always)]
    fn recent_device_at(&self, gpa: Gpa, size: AccessSize) -> Option<(Device, u64)> {
        let recent = self.recent.get();
        let offset = gpa.0.wrapping_sub(recent.base.0);
        (offset < recent.size && gpa.is_aligned(size.bytes())).then_some((recent.device, offset))
    }

    /// An access to another device than the last one, or to none.
    #[inline(never)]
    fn first_access(
        &mut self,
        vcpu: VcpuId,
        (pc, gpa): (u64, Gpa),
        syndrome: u64,
        kernel: &mut impl Kernel,
    ) -> Outcome {
        let fault = MemoryFault {
            pc,
            gpa,
            fetch: false,
            syndrome,
        };
        let iss = DataAbort::from_bits(Esr::from_bits(syndrome).iss());
        let access = MmioAccess::of(gpa, iss);
        let Some((device, offset)) = self.device_at(access.gpa, access.size) else {
            let exception = GuestException::external(None, access.is_write());
            return self.refuse(exception, fault, kernel);
        };
        if !access.is_aligned() {
            return self.refuse(misaligned(access.is_write()), fault, kernel);
        }
        if let Some(whole) = self.whole_device(access.gpa, device) {
            self.recent.set(whole);
        }
        self.perform(vcpu, &access, (device, offset), kernel);
        step(pc, syndrome, kernel)
    }

    fn whole_device(&self, gpa: Gpa, device: Device) -> Option<RecentDevice> {
        let mut all = self.guest.reservations.iter();
        let one = all.find(|one| {
            let offset = gpa.0.checked_sub(one.base);
            offset.is_some_and(|offset| offset < one.size) && one.size % 8 == 0
        })?;
        Some(RecentDevice {
            base: Gpa(one.base),
            size: one.size,
            device,
        })
    }

    /// The emulated device that an access lands in, and where in it.
    #[inline(never)]
    fn device_at(&self, gpa: Gpa, size: AccessSize) -> Option<(Device, u64)> {
        match self.map.find(gpa, size) {
            Some((ReservationKind::Emulated(device), offset)) => Some((*device, offset)),
            _ => None,
        }
    }

    #[inline(always)]
    fn perform(
        &mut self,
        vcpu: VcpuId,
        access: &MmioAccess,
        (device, offset): (Device, u64),
        kernel: &mut impl Kernel,
    ) {
        let at = DeviceAccess {
            vcpu,
            offset,
            size: access.size,
        };
        match (device, access.direction) {
            (Device::GicDistributor, Direction::Load { target, .. }) => {
                let value = self.gic.read(at);
                kernel.prepare(target);
                kernel.set_gpr(target, access.extend(value));
            }
            (Device::GicDistributor, Direction::Store { source }) => {
                kernel.prepare(source);
                let value = kernel.gpr(source);
                self.gic.write(at, value, kernel);
            }
        }
    }

    /// An access that the processor does not describe: the instruction tells.
    #[cold]
    #[inline(never)]
    fn emulate(&mut self, vcpu: VcpuId, fault: MemoryFault, kernel: &mut impl Kernel) -> Outcome {
        match emulate::plan(&fault, kernel, &self.memory) {
            Emulation::Perform(plan) => self.perform_plan(vcpu, &plan, kernel),
            Emulation::Skip => step(fault.pc, fault.syndrome, kernel),
            Emulation::Inject(exception) => inject(exception, kernel),
        }
    }

    /// Performs all accesses of an instruction, or none.
    fn perform_plan(&mut self, vcpu: VcpuId, plan: &Plan, kernel: &mut impl Kernel) -> Outcome {
        if plan
            .accesses
            .iter()
            .any(|one| self.device_at(one.gpa, one.size).is_none())
        {
            let exception = plan.refuse(FaultStatus::EXTERNAL);
            return inject(exception, kernel);
        }
        if plan.accesses.iter().any(|one| !one.is_aligned()) {
            return inject(plan.refuse(FaultStatus::ALIGNMENT), kernel);
        }
        for access in &plan.accesses {
            if let Some(found) = self.device_at(access.gpa, access.size) {
                self.perform(vcpu, access, found, kernel);
            }
        }
        plan.finish(kernel);
        Outcome::Resume
    }

    /// Tells the guest that its access failed, and where.
    #[cold]
    #[inline(never)]
    fn refuse(
        &mut self,
        exception: GuestException,
        fault: MemoryFault,
        kernel: &mut impl Kernel,
    ) -> Outcome {
        let exception = emulate::locate(exception, &fault, kernel, &self.memory);
        inject(exception, kernel)
    }
}

/// Device memory takes no access across a multiple of its width.
#[cold]
fn misaligned(write: bool) -> GuestException {
    GuestException::DataAbort {
        status: FaultStatus::ALIGNMENT,
        address: None,
        write,
    }
}

/// Moves on past the instruction that faulted.
#[inline(always)]
fn step(pc: u64, syndrome: u64, registers: &mut impl VcpuRegisters) -> Outcome {
    if Esr::from_bits(syndrome).il() {
        registers.set_pc(pc.wrapping_add(4));
    } else {
        step_thumb(pc, registers);
    }
    Outcome::Resume
}

/// An instruction of two bytes is Thumb's, and may be one of an IT block.
#[cold]
#[inline(never)]
fn step_thumb(pc: u64, registers: &mut impl VcpuRegisters) {
    registers.set_pc(pc.wrapping_add(2));
    let pstate = Pstate::from_bits(registers.pstate());
    registers.set_pstate(pstate.after_thumb().into_bits());
}

/// Lets the guest take an exception for the exit at hand.
#[cold]
pub(super) fn inject(exception: GuestException, kernel: &mut impl Kernel) -> Outcome {
    match exception::inject(kernel, exception) {
        Injection::Taken => Outcome::Resume,
        Injection::Endless => Outcome::End(End::Crash(CrashReason::EndlessException)),
    }
}
