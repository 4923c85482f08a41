//! The machine under test, driven as the protection domain drives it.

use std::{cell::RefCell, rc::Rc};

use vmm_config::{Guest, Mapping, ReservationKind};
use vmm_machine::{
    AccessSize, Gpa, GpaRange, IntId, VcpuId,
    boot::Package,
    device::{self, DeviceMaker, Memory as RamOfGuest, OwnMemory, Resources},
    exit::VmExit,
    kernel::{Kernel, LOWEST_PRIORITY},
    memory::{FrameRun, StaticBackend},
    outcome::{End, Outcome},
    register::SystemRegister,
    vm::{Ending, Map, Vm},
};
use vmm_vgic::Distributor;

use super::{
    access::{Access, load, store},
    devices::{Devices, Maker},
    guest::{self, Setup, addresses::*},
    kernel::{ModelKernel, ModelVcpu, Thread},
    memory::{Memory, Static},
    reset::{Registers, Step},
    shared::Shared,
};

/// SPIs of the distributor in words of 32.
const SPI_WORDS: usize = 2;

/// A guest with `VCPUS` vCPUs.
pub(crate) struct Machine<const VCPUS: usize = 1> {
    vm: Vm<'static, Shared<Distributor<VCPUS, SPI_WORDS>>, Devices<'static>>,
    gic: Shared<Distributor<VCPUS, SPI_WORDS>>,
    pub(crate) kernel: ModelKernel,
    pub(crate) ram: Memory,
    _images: Memory,
    _tables: (Static<Guest>, Static<[Mapping; 3]>, Static<RamOfGuest>),
    /// What the last end of the guest led to.
    pub(crate) ending: Option<Ending>,
    /// The guest has ended and was not started again.
    is_between_runs: bool,
    /// What the processor's identification registers say.
    pub(crate) identification: [u64; 5],
    /// What the instructions of the last reset did.
    pub(crate) reset: Registers,
    /// The last exit left the vCPU at its store.
    repeats: bool,
}

/// SMC #0.
const SMC: u64 = 0x17 << 26 | 1 << 25;

impl<const VCPUS: usize> Machine<VCPUS> {
    /// Started, at the guest's first instruction.
    pub(crate) fn started() -> Self {
        Self::with(&Setup::default())
    }

    pub(crate) fn with(setup: &Setup) -> Self {
        let mut machine = Self::loaded(setup);
        machine.reset();
        machine
    }

    /// With its images in RAM, before any vCPU is reset.
    pub(crate) fn loaded(setup: &Setup) -> Self {
        let ram = Memory::new(RAM_BYTES);
        let maps = Static::new(guest::mappings(ram.vmm_address()));
        let mappings = maps.get();
        let tables = Static::new(guest::guest(VCPUS as u8, setup, mappings));
        let guest = tables.get();
        let mut map = Map::new(StaticBackend::new(mappings).unwrap());
        for one in guest.reservations {
            let range = GpaRange::new(Gpa(one.base), one.size).unwrap();
            let reservation = map.reserve_memory_at(range, one.kind).unwrap();
            if !matches!(one.kind, ReservationKind::Emulated(_)) {
                let mapping = mappings.iter().find(|mapping| mapping.base == one.base);
                let frames = FrameRun::of_mapping(mapping.unwrap());
                map.map_reservation(reservation, frames).unwrap();
            }
        }
        let mut memory = RamOfGuest::new();
        memory.add(ram.ram(RAM)).unwrap();
        let memory = Static::new(memory);
        let own = Static::new(OwnMemory::new());
        let resources = |_| Ok(Resources::new(&guest.devices[0], memory.get(), own.get()));
        let devices = Maker::make(resources).map_err(|(_, error)| error).unwrap();
        let images = Memory::of(&guest::images());
        let package = Package::open(images.source()).unwrap();
        let gic = Distributor::new(setup.list_registers);
        let gic = Shared(Rc::new(RefCell::new(gic)));
        let mut kernel = ModelKernel::new(VCPUS as u8, setup.list_registers);
        if !setup.has_wake_source {
            kernel = kernel.without_wake_source();
        }
        let mut machine = Self {
            vm: Vm::new(guest, map, memory.get(), package, gic.clone(), devices),
            gic,
            kernel,
            ram,
            _images: images,
            _tables: (tables, maps, memory),
            ending: None,
            is_between_runs: true,
            identification: [0; 5],
            reset: Registers::default(),
            repeats: false,
        };
        machine.vm.start(&mut machine.kernel).unwrap();
        machine
    }

    /// One exit of a vCPU, with everything that the protection domain does about it.
    pub(crate) fn exit_of(&mut self, vcpu: u8, exit: VmExit) -> Outcome {
        let id = VcpuId(vcpu);
        assert_eq!(self.vcpu(vcpu).thread, Thread::Running, "it does not run");
        self.kernel.current = id;
        self.vcpu(vcpu).thread = Thread::InExit;
        let before = self.vcpu(vcpu).clone();
        let outcome = self.vm.handle_exit(id, exit, &mut self.kernel);
        self.vcpu(vcpu).expect_writable_since(&before);
        self.repeats = matches!(exit, VmExit::Memory(_))
            && outcome == Outcome::Resume
            && self.vcpu(vcpu).pc == before.pc
            && self.gic.0.borrow().unsettled() != 0;
        match outcome {
            Outcome::Resume => {
                assert_eq!(self.vcpu(vcpu).thread, Thread::InExit, "nobody to reply to");
                self.vcpu(vcpu).thread = Thread::Running;
            }
            Outcome::Block => {
                self.kernel.suspend(id);
                self.vcpu(vcpu).asleep = true;
            }
            Outcome::Drop | Outcome::Started => {
                assert_ne!(self.vcpu(vcpu).thread, Thread::InExit, "waits for ever");
                if self.thread(vcpu) == Thread::Inactive {
                    self.vcpu(vcpu).interface.leave();
                }
            }
            Outcome::End(end) => self.ending = Some(self.end(end)),
        }
        self.check();
        if outcome == Outcome::Started {
            self.is_between_runs = false;
        }
        outcome
    }

    /// As [`exit_of`](Self::exit_of) vCPU 0.
    pub(crate) fn exit(&mut self, exit: VmExit) -> Outcome {
        self.exit_of(0, exit)
    }

    /// The next piece of the devices' deferred work. Is more left?
    pub(crate) fn resume_devices(&mut self) -> bool {
        assert!(self.vm.has_deferred_work());
        self.vm.resume_devices(&mut self.kernel);
        self.vm.has_deferred_work()
    }

    pub(crate) fn end(&mut self, end: End) -> Ending {
        self.is_between_runs = true;
        self.vm.end(end, &mut self.kernel)
    }

    /// Signals on channels of the VMM.
    pub(crate) fn notify(&mut self, channels: &[u8]) {
        let bits = channels.iter().fold(0, |bits, channel| bits | 1 << channel);
        self.vm.handle_notification(bits, &mut self.kernel);
        self.repeats = false;
        self.check();
    }

    /// A passed-through line fires, unless the kernel has it masked.
    pub(crate) fn fire(&mut self, channel: u8, intid: u16) -> bool {
        let fires = self.kernel.masked_lines.insert(intid);
        if fires {
            self.notify(&[channel]);
        }
        fires
    }

    /// The counter reaches `now`; the alarm goes off if it is due.
    pub(crate) fn time(&mut self, now: u64) {
        self.kernel.now = now;
        if self.kernel.alarm().is_some_and(|alarm| alarm <= now) {
            self.notify(&[WAKE_CHANNEL]);
        }
    }

    /// A faulting access of vCPU 0.
    pub(crate) fn access(&mut self, access: Access) -> Outcome {
        self.access_of(0, access)
    }

    pub(crate) fn access_of(&mut self, vcpu: u8, access: Access) -> Outcome {
        let pc = self.vcpu(vcpu).pc;
        let fault = access.at(pc);
        let outcome = self.exit_of(vcpu, VmExit::Memory(fault));
        if !self.repeats {
            return outcome;
        }
        // Before the store is performed once more, the kernel reports what has been ended.
        self.report(vcpu);
        let outcome = self.exit_of(vcpu, VmExit::Memory(fault));
        assert_ne!(self.vcpu(vcpu).pc, pc, "for ever the same store");
        outcome
    }

    /// An instruction that traps, by ESR_EL2.
    pub(crate) fn trap_of(&mut self, vcpu: u8, syndrome: u64) -> Outcome {
        self.exit_of(vcpu, VmExit::Trap { syndrome })
    }

    pub(crate) fn wfi(&mut self) -> Outcome {
        self.wfi_of(0)
    }

    pub(crate) fn wfi_of(&mut self, vcpu: u8) -> Outcome {
        self.trap_of(vcpu, 1 << 26 | 1 << 25 | 1 << 24 | 0xe << 20)
    }

    /// SMC #0 with `arguments` in X0 and on.
    pub(crate) fn smc_of(&mut self, vcpu: u8, arguments: &[u64]) -> Outcome {
        self.vcpu(vcpu).x[..arguments.len()].copy_from_slice(arguments);
        self.trap_of(vcpu, 0x17 << 26 | 1 << 25)
    }

    pub(crate) fn smc(&mut self, arguments: &[u64]) -> Outcome {
        self.smc_of(0, arguments)
    }

    pub(crate) fn hvc(&mut self, arguments: &[u64]) -> Outcome {
        self.vcpu(0).x[..arguments.len()].copy_from_slice(arguments);
        self.exit(VmExit::Hypercall)
    }

    /// The guest writes a word of the distributor.
    pub(crate) fn write_distributor_of(&mut self, vcpu: u8, offset: u64, value: u64) {
        self.vcpu(vcpu).x[9] = value;
        let outcome = self.access_of(vcpu, store(GICD + offset).register(9));
        assert_eq!(outcome, Outcome::Resume);
    }

    pub(crate) fn write_distributor(&mut self, offset: u64, value: u64) {
        self.write_distributor_of(0, offset, value);
    }

    /// The guest reads a word of the distributor.
    pub(crate) fn read_distributor(&mut self, offset: u64) -> u64 {
        assert_eq!(
            self.access(load(GICD + offset).register(9)),
            Outcome::Resume
        );
        self.vcpu(0).x[9]
    }

    /// Enables the distributor and an interrupt, SPIs for vCPU 0, with the priority 0xa0.
    pub(crate) fn enable(&mut self, intid: u16) {
        self.enable_for(0, intid, 0xa0);
    }

    pub(crate) fn enable_for(&mut self, vcpu: u8, intid: u16, priority: u8) {
        let id = u64::from(intid);
        self.write_distributor_of(vcpu, 0x000, 1);
        self.byte_to_distributor(vcpu, 0x400 + id, priority);
        if intid >= 32 {
            self.byte_to_distributor(vcpu, 0x800 + id, 1 << vcpu);
        }
        self.write_distributor_of(vcpu, 0x100 + id / 32 * 4, 1 << (id % 32));
    }

    fn byte_to_distributor(&mut self, vcpu: u8, offset: u64, value: u8) {
        self.vcpu(vcpu).x[9] = value.into();
        let outcome = self.access_of(vcpu, store(GICD + offset).byte().register(9));
        assert_eq!(outcome, Outcome::Resume);
    }

    /// The guest takes the most urgent interrupt.
    pub(crate) fn acknowledge(&mut self, vcpu: u8) -> Option<u16> {
        self.vcpu(vcpu).interface.acknowledge()
    }

    /// The guest ends an interrupt, and the kernel reports it.
    pub(crate) fn end_interrupt(&mut self, vcpu: u8, intid: u16) {
        assert!(self.vcpu(vcpu).interface.end(intid), "it is not active");
        self.report(vcpu);
    }

    /// Maintenance exits until nothing is left to report.
    pub(crate) fn report(&mut self, vcpu: u8) {
        while let Some(index) = self.vcpu(vcpu).interface.report() {
            let index = Some(index);
            self.exit_of(vcpu, VmExit::Maintenance { index });
        }
    }

    /// Runs the ERET at the PC of vCPU 0.
    pub(crate) fn run_eret(&mut self) {
        let at = usize::try_from(self.vcpu(0).pc - RAM).unwrap();
        assert_eq!(self.ram.word(at), 0xd69f_03e0, "no ERET");
        let vcpu = self.vcpu(0);
        assert_eq!(vcpu.pstate, 0x3c5, "nothing may come in between");
        vcpu.pc = vcpu.system(SystemRegister::ElrEl1);
        vcpu.pstate = vcpu.system(SystemRegister::SpsrEl1);
    }

    /// Routes an SPI to one vCPU.
    pub(crate) fn byte_target(&mut self, intid: u16, targets: u8) {
        self.byte_to_distributor(0, 0x800 + u64::from(intid), targets);
    }

    /// An exit that was sent before its vCPU was suspended.
    pub(crate) fn late_exit(&mut self, vcpu: u8, exit: VmExit) -> Outcome {
        let id = VcpuId(vcpu);
        self.kernel.current = id;
        self.vm.handle_exit(id, exit, &mut self.kernel)
    }

    /// Runs the instructions of a reset up to the SMC at their end.
    pub(crate) fn run_reset(&mut self, vcpu: u8) {
        self.reset = Registers::of_processor(&self.identification);
        for _ in 0..2000 {
            let state = &mut self.kernel.vcpus[usize::from(vcpu)];
            match self.reset.step(state, &self.ram) {
                Step::Next => {}
                Step::Ended => self.report(vcpu),
                Step::Smc => {
                    assert!(self.reset.are_reset(), "{:?}", self.reset);
                    return;
                }
            }
        }
        panic!("the reset never ends");
    }

    /// Runs a reset with its SMC.
    pub(crate) fn reset_of(&mut self, vcpu: u8) -> Outcome {
        self.run_reset(vcpu);
        self.trap_of(vcpu, SMC)
    }

    /// Resets every vCPU, up to the guest's first instruction.
    pub(crate) fn reset(&mut self) {
        for vcpu in 0..VCPUS as u8 {
            let is_last = usize::from(vcpu) + 1 == VCPUS;
            let expected = if is_last {
                Outcome::Started
            } else {
                Outcome::Drop
            };
            assert_eq!(self.reset_of(vcpu), expected);
        }
    }

    /// The guest sets its virtual timer: enabled, not masked.
    pub(crate) fn set_timer(&mut self, vcpu: u8, deadline: u64) {
        self.vcpu(vcpu)
            .set_system(SystemRegister::CntvCvalEl0, deadline);
        self.vcpu(vcpu).set_system(SystemRegister::CntvCtlEl0, 1);
    }

    /// The virtual timer interrupts a running vCPU, if it is due and not masked in the kernel.
    pub(crate) fn timer_exit(&mut self, vcpu: u8) -> Option<Outcome> {
        if !self.kernel.timer_is_due(VcpuId(vcpu)) {
            return None;
        }
        self.vcpu(vcpu).timer_masked = true;
        let intid = IntId::VIRTUAL_TIMER;
        Some(self.exit_of(vcpu, VmExit::PrivateInterrupt { intid }))
    }

    pub(crate) fn vcpu(&mut self, vcpu: u8) -> &mut ModelVcpu {
        &mut self.kernel.vcpus[usize::from(vcpu)]
    }

    pub(crate) fn thread(&self, vcpu: u8) -> Thread {
        self.kernel.vcpus[usize::from(vcpu)].thread
    }

    /// Would it interrupt this vCPU, as far as the distributor decides? The lowest priority never
    /// does: no priority mask lets it through (GICv2, 4.4.4).
    pub(crate) fn forwards(&self, vcpu: u8, intid: u16) -> bool {
        let id = IntId::new(intid.into()).unwrap();
        let gic = self.gic.0.borrow();
        let byte_of = |array: u64| {
            gic.read(device::Access {
                region: device::Region(0),
                vcpu: VcpuId(vcpu),
                offset: array + u64::from(intid),
                size: AccessSize::Byte,
            })
        };
        let routed = VCPUS == 1 || intid < 32 || byte_of(0x800) >> vcpu & 1 == 1;
        let priority = byte_of(0x400) >> 3;
        routed && priority < LOWEST_PRIORITY.into() && gic.is_enabled(VcpuId(vcpu), id)
    }

    pub(crate) fn system(&self, vcpu: u8, register: SystemRegister) -> u64 {
        self.kernel.vcpus[usize::from(vcpu)].system(register)
    }

    /// Interrupts in the list registers of a vCPU that it has not taken.
    pub(crate) fn pending(&self, vcpu: u8) -> Vec<u16> {
        self.kernel.vcpus[usize::from(vcpu)].interface.pending()
    }

    /// Puts instructions where the PC of vCPU 0 is.
    pub(crate) fn code(&mut self, words: &[u32]) {
        let offset = usize::try_from(self.vcpu(0).pc - RAM).unwrap();
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        self.ram.write(offset, &bytes);
    }

    /// What must hold between any two events.
    fn check(&self) {
        let gic = self.gic.0.borrow();
        let is_settled = self.is_between_runs || self.repeats || gic.unsettled() == 0;
        assert!(is_settled, "left unsettled");
        for (number, vcpu) in (0..).zip(&self.kernel.vcpus) {
            let id = VcpuId(number);
            if !vcpu.asleep {
                continue;
            }
            assert!(!gic.has_deliverable(id), "{id:?} sleeps over an interrupt");
            assert!(!vcpu.interface.has_pending(), "{id:?} sleeps over one");
            if let Some(deadline) = vcpu.deadline()
                && gic.is_enabled(id, IntId::VIRTUAL_TIMER)
            {
                let alarm = self.kernel.alarm();
                let in_time = alarm.is_some_and(|alarm| alarm <= deadline);
                assert!(in_time, "{id:?} oversleeps {deadline}: {alarm:?}");
            }
        }
    }
}
