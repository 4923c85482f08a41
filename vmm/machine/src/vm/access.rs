//! The path of a memory fault: syndrome, reservation, device, register.

use vmm_config::{Device, MAX_RAM, ReservationKind};

use super::{Vm, fresh_memory::FreshMemory, resumption::Resumption};
use crate::{
    AccessSize, Gpa, Gpr, VcpuId,
    device::{Access, DeviceSet, Region},
    emulate::{self, Emulation, Plan},
    exception::GuestException,
    exit::MemoryFault,
    kernel::{InterruptController, Kernel},
    mmio::{self, ByteOrder, Direction, MmioAccess, Undescribed},
    outcome::Outcome,
    pstate::{Pstate, advance},
    syndrome::{DataAbort, Esr, FaultStatus},
};

impl<G: InterruptController, D: DeviceSet> Vm<'_, G, D> {
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
        let access = MmioAccess::of(gpa, iss);
        let Some(found) = self
            .device_at(gpa, access.size)
            .filter(|_| access.is_aligned())
        else {
            return self.rarer_access(vcpu, (pc, gpa), syndrome, kernel);
        };
        let register = access.direction.register();
        let mut order = ByteOrder::Little;
        // Only AArch64 has the zero register, and zero has no byte order.
        if register != Gpr::ZR {
            kernel.prepare(register);
            if !Pstate::from_bits(kernel.pstate()).is_plain() {
                return self.rarer_access(vcpu, (pc, gpa), syndrome, kernel);
            }
            if access.size != AccessSize::Byte && !self.byte_orders.is_known_little(vcpu, pc) {
                order = self.byte_order(vcpu, pc, kernel);
            }
        }
        self.perform(vcpu, &access, order, found, kernel);
        kernel.set_pc(pc.wrapping_add(4));
        Outcome::Resume
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
            Undescribed::Skip => step(kernel),
            Undescribed::Inject(exception) => self.refuse(vcpu, exception, &fault, kernel),
        }
    }

    /// An access to no device, or one that is not aligned or whose end changes more than the PC:
    /// of AArch32, or in a software step.
    #[inline(never)]
    fn rarer_access(
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
        let esr = Esr::from_bits(syndrome);
        let access = MmioAccess::of(gpa, DataAbort::from_bits(esr.iss()));
        self.emulated = !esr.il() || !Pstate::from_bits(kernel.pstate()).is_plain();
        let plan = Plan::described(access, esr.instruction_bytes());
        self.perform_plan(vcpu, &fault, &plan, kernel)
    }

    /// The emulated device that an access lands in, and where in it.
    #[inline(always)]
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
        order: ByteOrder,
        found: (Device, u64),
        kernel: &mut impl Kernel,
    ) {
        match access.direction {
            Direction::Load { target, .. } => {
                let value = self.read(found, vcpu, access.size, kernel);
                let value = order.convert(value, access.size);
                kernel.set_gpr(target, access.extend(value));
            }
            Direction::Store { source } => {
                let value = order.convert(kernel.gpr(source), access.size);
                self.write(found, vcpu, access.size, value, kernel);
            }
        }
    }

    /// A load from a device.
    #[inline(always)]
    fn read(
        &mut self,
        (device, offset): (Device, u64),
        vcpu: VcpuId,
        size: AccessSize,
        kernel: &mut impl Kernel,
    ) -> u64 {
        let at = |region| Access {
            vcpu,
            region: Region(region),
            offset,
            size,
        };
        match device {
            Device::GicDistributor => self.gic.read(at(0)),
            Device::Emulated { device, region } => self.read_device(device, at(region), kernel),
        }
    }

    /// A store to a device.
    #[inline(always)]
    fn write(
        &mut self,
        (device, offset): (Device, u64),
        vcpu: VcpuId,
        size: AccessSize,
        value: u64,
        kernel: &mut impl Kernel,
    ) {
        let at = |region| Access {
            vcpu,
            region: Region(region),
            offset,
            size,
        };
        match device {
            Device::GicDistributor => self.gic.write(at(0), value, kernel),
            Device::Emulated { device, region } => {
                self.write_device(device, at(region), value, kernel);
            }
        }
    }

    /// An access that the processor does not describe: the instruction tells.
    #[cold]
    #[inline(never)]
    fn emulate<K: Kernel>(&mut self, vcpu: VcpuId, fault: MemoryFault, kernel: &mut K) -> Outcome {
        self.emulated = true;
        match emulate::plan(&fault, kernel, &self.guest_view::<K>()) {
            Emulation::Perform(plan) => self.perform_plan(vcpu, &fault, &plan, kernel),
            Emulation::Skip => step(kernel),
            Emulation::Inject(exception) => self.inject(vcpu, exception, kernel),
        }
    }

    /// Performs all accesses of an instruction, or none.
    #[inline(never)]
    fn perform_plan(
        &mut self,
        vcpu: VcpuId,
        fault: &MemoryFault,
        plan: &Plan,
        kernel: &mut impl Kernel,
    ) -> Outcome {
        let resumption = match self.resumption_after(plan, kernel) {
            Ok(resumption) => resumption,
            Err(exception) => return self.refuse(vcpu, exception, fault, kernel),
        };
        let order = self.byte_order(vcpu, fault.pc, kernel);
        for access in &plan.accesses {
            if let Some(found) = self.device_at(access.gpa, access.size) {
                self.perform(vcpu, access, order, found, kernel);
            }
        }
        plan.finish(kernel);
        resumption.apply(kernel);
        Outcome::Resume
    }

    /// How the guest goes on behind a plan all of whose accesses can be performed.
    fn resumption_after(
        &mut self,
        plan: &Plan,
        kernel: &mut impl Kernel,
    ) -> Result<Resumption, GuestException> {
        for (index, access) in plan.accesses.iter().enumerate() {
            if self.device_at(access.gpa, access.size).is_none() {
                return Err(plan.refuse(index, FaultStatus::EXTERNAL));
            }
            if !access.is_aligned() {
                return Err(plan.refuse(index, FaultStatus::ALIGNMENT));
            }
        }
        let resumption = self.resumption(plan.changes_registers(), kernel);
        resumption.ok_or_else(|| plan.refuse(0, FaultStatus::EXTERNAL))
    }

    /// Guest memory as the VMM may read it.
    pub(super) fn guest_view<K: Kernel>(&self) -> FreshMemory<'_, MAX_RAM> {
        FreshMemory {
            memory: self.memory,
            backend: self.map.backend(),
            refresh: K::refresh_cache,
        }
    }

    /// Tells the guest that its access failed, and where.
    #[cold]
    #[inline(never)]
    fn refuse<K: Kernel>(
        &mut self,
        vcpu: VcpuId,
        exception: GuestException,
        fault: &MemoryFault,
        kernel: &mut K,
    ) -> Outcome {
        let exception = emulate::locate(exception, fault, kernel, &self.guest_view::<K>());
        self.inject(vcpu, exception, kernel)
    }
}

/// Steps over cache maintenance, which is an instruction of A64.
fn step(kernel: &mut impl Kernel) -> Outcome {
    advance(kernel, 4);
    Outcome::Resume
}
