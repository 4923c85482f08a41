//! A guest without manners: everything that it can do to the machine, in any order.

use vmm_config::{Action, Policy};
use vmm_machine::{
    AccessSize, Gpa,
    exit::{MemoryFault, VmExit},
    outcome::Outcome,
    register::SystemRegister,
    vm::Ending,
};

use super::input::Input;
use crate::model::{
    CARD_CHANNEL, CARD_INTERRUPT, DEVICE_TREE, ENTRY, GICC, GICD, Machine, NOWHERE, RAM, RAM_BYTES,
    Setup, Thread, UART, UART_CHANNEL, UART_INTERRUPT, load, store,
};

const VCPUS: usize = 3;
const TIMER: u16 = 27;
const SMC: u64 = 0x17 << 26 | 1 << 25;

const ERET: u32 = 0xd69f_03e0;

/// PSTATE.nRW.
const AARCH32: u64 = 1 << 4;

/// Of the syndrome of a memory fault.
const CACHE_MAINTENANCE: u64 = 1 << 8;

const CPU_ON: u64 = 0xc400_0003;

/// Functions that mean something, PSCI's first.
const FUNCTIONS: [u64; 14] = [
    CPU_ON,
    CPU_ON,
    0x8400_0002,
    0xc400_0001,
    0xc400_0004,
    0x8400_0003,
    0x8400_000a,
    0x8400_0000,
    0x8400_0008,
    0x8400_0009,
    0xc400_0012,
    0x8000_0001,
    0x8400_0001,
    0xc500_0020,
];

/// Where something begins.
const PLACES: [u64; 8] = [GICD, GICC, UART, RAM, ENTRY, DEVICE_TREE, NOWHERE, 0];

const REGISTERS: [SystemRegister; 9] = [
    SystemRegister::SctlrEl1,
    SystemRegister::Ttbr0El1,
    SystemRegister::Ttbr1El1,
    SystemRegister::TcrEl1,
    SystemRegister::VbarEl1,
    SystemRegister::SpEl1,
    SystemRegister::CntvoffEl2,
    SystemRegister::CntvCvalEl0,
    SystemRegister::CntvCtlEl0,
];

/// Instructions that exit without a syndrome, with X4 as their base.
const INSTRUCTIONS: [u32; 14] = [
    0x28c1_0480, // ldp w0, w1, [x4], #8
    0x2981_0480, // stp w0, w1, [x4, #8]!
    0xb840_4482, // ldr w2, [x4], #4
    0xb800_47e2, // str w2, [sp], #4
    0xc85f_7c80, // ldxr x0, [x4]
    0x3d80_0480, // str q0, [x4, #16]
    0xd50b_7424, // dc zva, x4
    0xd50b_7e24, // dc civac, x4
    0xe8b4_0023, // A32: ldmia r4!, {r0, r1, r5}
    0xe0c4_00f8, // A32: strd r0, r1, [r4], #8
    0xe694_5002, // A32: ldr r5, [r4], r2
    0x1b08_e8f4, // T32: ldrd r1, r11, [r4], #32
    0x0000_c4ff, // T32: stmia r4!, {r0-r7}
    0xd69f_03e0, // eret
];

/// Lets the guest do what `bytes` say.
pub(crate) fn run(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let mut guest = Guest::new(&mut input);
    while !input.is_empty() && guest.runs {
        guest.event(&mut input);
    }
    if guest.runs {
        guest.expect_nothing_lost();
    }
}

struct Guest {
    machine: Machine<VCPUS>,
    /// CNTV_CTL_EL0 as the guest wrote it last: the VMM leaves it alone.
    timer_control: [u64; VCPUS],
    /// The guest has not ended for good.
    runs: bool,
}

impl Guest {
    fn new(input: &mut Input<'_>) -> Self {
        let policy = Policy {
            power_off: Action::Restart { limit: Some(2) },
            reset: Action::Restart { limit: None },
            crash: Action::Restart { limit: Some(3) },
        };
        let setup = Setup {
            list_registers: 1 + input.below(4),
            has_wake_source: input.byte() & 7 != 0,
            policy,
        };
        let mut guest = Self {
            machine: Machine::with(&setup),
            timer_control: [0; VCPUS],
            runs: true,
        };
        guest.set_up(input);
        guest
    }

    /// Starts the other vCPUs and enables interrupts, as a guest does first; most have an ERET near
    /// their vectors.
    fn set_up(&mut self, input: &mut Input<'_>) {
        if input.byte() & 3 != 0 {
            self.machine.ram.write(0x904, &ERET.to_le_bytes());
        }
        for vcpu in 0..VCPUS as u8 {
            if vcpu > 0 && input.byte() & 3 != 0 {
                self.machine.smc(&[CPU_ON, vcpu.into(), ENTRY, 0]);
            }
            if self.is_running(vcpu) {
                let vbar = SystemRegister::VbarEl1;
                self.machine.vcpu(vcpu).set_system(vbar, RAM + 0x800);
                for intid in [TIMER, UART_INTERRUPT, CARD_INTERRUPT] {
                    self.machine.enable_for(vcpu, intid, input.byte());
                }
            }
        }
    }

    fn event(&mut self, input: &mut Input<'_>) {
        let running: Vec<u8> = (0..VCPUS as u8)
            .filter(|vcpu| self.is_running(*vcpu))
            .collect();
        let kind = input.byte();
        if running.is_empty() || kind < 60 {
            self.outside_event(input);
            return self.check_timers();
        }
        let vcpu = input.one_of(&running);
        if kind < 130 {
            return self.without_exit(vcpu, input);
        }
        // A timer that is due comes before the guest does anything else.
        if self.machine.timer_exit(vcpu).is_some() {
            return;
        }
        let exit = self.exit(vcpu, kind, input);
        self.perform(vcpu, exit);
    }

    fn is_running(&self, vcpu: u8) -> bool {
        self.machine.thread(vcpu) == Thread::Running
    }

    /// Time and devices.
    fn outside_event(&mut self, input: &mut Input<'_>) {
        match input.below(4) {
            0 => {
                let now = self.machine.kernel.now + u64::from(input.byte());
                self.machine.time(now);
            }
            1 => {
                self.machine.fire(UART_CHANNEL, UART_INTERRUPT);
            }
            2 => {
                self.machine.fire(CARD_CHANNEL, CARD_INTERRUPT);
            }
            // Anything may be signalled, except that a masked line cannot fire.
            _ => {
                let channel = input.below(64) as u8;
                if channel != UART_CHANNEL && channel != CARD_CHANNEL {
                    self.machine.notify(&[channel]);
                }
            }
        }
    }

    /// What a guest does without the VMM.
    fn without_exit(&mut self, vcpu: u8, input: &mut Input<'_>) {
        let now = self.machine.kernel.now;
        let state = self.machine.vcpu(vcpu);
        match input.below(9) {
            0 | 1 => {
                state.interface.acknowledge();
            }
            2 | 3 => {
                state.set_system(SystemRegister::CntvCvalEl0, now + u64::from(input.byte()));
                self.set_timer_control(vcpu, 1);
            }
            4 => {
                let register = input.one_of(&REGISTERS);
                let value = input.number();
                state.set_system(register, value);
                if register == SystemRegister::CntvCtlEl0 {
                    self.set_timer_control(vcpu, value & 3);
                }
            }
            5 => state.x[input.below(31)] = input.number(),
            6 => {
                state.pstate = match input.below(4) {
                    0 => input.number(),
                    1 => 0x1d0 | input.number() & 0x200,
                    2 => 0x1f0 | input.number() & 0x600_fe00,
                    _ => 0x3c5,
                }
            }
            7 => state.pc = input.one_of(&PLACES).wrapping_add(input.number() & 0xfff),
            _ => {
                let at = input.word() as usize % (RAM_BYTES as usize - 8);
                let word = input.word();
                self.machine.ram.write(at, &word.to_le_bytes());
            }
        }
    }

    fn set_timer_control(&mut self, vcpu: u8, control: u64) {
        self.timer_control[usize::from(vcpu)] = control;
        let register = SystemRegister::CntvCtlEl0;
        self.machine.vcpu(vcpu).set_system(register, control);
    }

    fn exit(&mut self, vcpu: u8, kind: u8, input: &mut Input<'_>) -> Option<VmExit> {
        match kind {
            ..165 => Some(self.distributor_access(vcpu, input)),
            165..170 => Some(self.undescribed_access(vcpu, input)),
            170..172 => Some(any_fault(self.machine.vcpu(vcpu).pc, input)),
            172..180 => Some(self.call(vcpu, input)),
            180..220 => Some(VmExit::Trap {
                syndrome: 1 << 26 | 1 << 25,
            }),
            220..250 => {
                let interface = &mut self.machine.vcpu(vcpu).interface;
                let active = interface.active();
                let ended = active.first().copied();
                ended.map(|number| interface.end(number));
                let index = interface.report();
                Some(VmExit::Maintenance { index })
            }
            _ => any_message(input),
        }
    }

    fn distributor_access(&mut self, vcpu: u8, input: &mut Input<'_>) -> VmExit {
        let offset = match input.byte() {
            0..60 => 0x100 + 4 * input.below(4) as u64 + 0x80 * input.below(6) as u64,
            60..80 => 0,
            80..120 => 0xf00 + 4 * input.below(12) as u64,
            120..180 => 0x400 + input.below(96) as u64 + 0x400 * input.below(3) as u64,
            _ => u64::from(input.word()) & 0xfff,
        };
        let number = input.byte() & 31;
        if let Some(x) = self.machine.vcpu(vcpu).x.get_mut(usize::from(number)) {
            *x = input.number();
        }
        let size = AccessSize::from_log2(input.one_of(&[2, 2, 2, 0, 1, 3]));
        let access = match input.below(3) {
            0 => load(GICD + offset),
            _ => store(GICD + offset),
        };
        let access = access.size(size).register(number);
        VmExit::Memory(access.at(self.machine.vcpu(vcpu).pc))
    }

    fn undescribed_access(&mut self, vcpu: u8, input: &mut Input<'_>) -> VmExit {
        let instruction = match input.byte() {
            0..200 => input.one_of(&INSTRUCTIONS),
            _ => input.word(),
        };
        let address = input.one_of(&PLACES) + u64::from(input.word() & 0xfff);
        let state = self.machine.vcpu(vcpu);
        if input.byte() & 7 != 0 {
            state.pc = ENTRY;
            state.x[4] = address;
            state.set_system(SystemRegister::SctlrEl1, 0);
        }
        self.machine
            .ram
            .write((ENTRY - RAM) as usize, &instruction.to_le_bytes());
        let access = match input.below(2) {
            0 => load(address),
            _ => store(address),
        };
        VmExit::Memory(access.undescribed().at(self.machine.vcpu(vcpu).pc))
    }

    fn call(&mut self, vcpu: u8, input: &mut Input<'_>) -> VmExit {
        let x = &mut self.machine.vcpu(vcpu).x;
        x[0] = input.one_of(&FUNCTIONS);
        x[1] = input.below(VCPUS + 1) as u64;
        x[2] = input.one_of(&PLACES);
        if input.byte() & 7 == 0 {
            x[0] = input.number();
            x[1] = input.number();
        }
        match input.below(2) {
            0 => VmExit::Hypercall,
            _ => VmExit::Trap { syndrome: SMC },
        }
    }

    fn perform(&mut self, vcpu: u8, exit: Option<VmExit>) {
        let Some(exit) = exit else {
            return;
        };
        // AArch32 at EL0 has none of these, and no cache maintenance.
        let is_aarch64 = match exit {
            VmExit::Trap { syndrome } => matches!(syndrome >> 26 & 63, 0x15..=0x19),
            VmExit::Memory(fault) => fault.syndrome & CACHE_MAINTENANCE != 0,
            _ => exit == VmExit::Hypercall,
        };
        if is_aarch64 {
            self.machine.vcpu(vcpu).pstate &= !AARCH32;
        }
        if let Outcome::End(_) = self.machine.exit_of(vcpu, exit) {
            self.restart();
        }
        self.check_timers();
    }

    /// Every timer is as the guest left it, or off where a vCPU was started anew.
    fn check_timers(&mut self) {
        for vcpu in 0..VCPUS as u8 {
            let control = self.machine.system(vcpu, SystemRegister::CntvCtlEl0);
            let own = &mut self.timer_control[usize::from(vcpu)];
            if control == 0 {
                *own = 0;
            }
            assert_eq!(control, *own, "the timer of vCPU {vcpu}");
        }
    }

    fn restart(&mut self) {
        self.runs = self.machine.ending == Some(Ending::Restarted);
        if !self.runs {
            return;
        }
        for vcpu in 0..VCPUS as u8 {
            self.machine.run_reset(vcpu);
            assert!(self.machine.vcpu(vcpu).interface.is_empty());
            let outcome = self.machine.trap_of(vcpu, SMC);
            assert!(matches!(outcome, Outcome::Drop | Outcome::Started));
        }
        assert_eq!(self.machine.vcpu(0).pc, ENTRY);
    }

    /// From now on the guest only takes and ends interrupts: a timer that is due comes, and no
    /// enabled line stays masked.
    fn expect_nothing_lost(&mut self) {
        let running: Vec<u8> = (0..VCPUS as u8)
            .filter(|vcpu| self.is_running(*vcpu))
            .collect();
        for &vcpu in &running {
            self.complete(vcpu);
        }
        for (intid, name) in [(UART_INTERRUPT, "UART"), (CARD_INTERRUPT, "card")] {
            let takers = running
                .iter()
                .filter(|vcpu| self.machine.forwards(**vcpu, intid));
            let is_masked = self.machine.kernel.masked_lines.contains(&intid);
            assert!(
                takers.count() == 0 || !is_masked,
                "the {name}'s line stays masked"
            );
        }
    }

    /// Ends what is active, takes what is pending and stops the timer when it comes.
    fn complete(&mut self, vcpu: u8) {
        let state = self.machine.vcpu(vcpu);
        let deadline = state.system(SystemRegister::CntvCvalEl0);
        let offset = state.system(SystemRegister::CntvoffEl2);
        let is_due = deadline.saturating_add(offset) <= self.machine.kernel.now
            && self.timer_control[usize::from(vcpu)] == 1;
        for number in self.machine.vcpu(vcpu).interface.active() {
            self.machine.end_interrupt(vcpu, number);
        }
        self.machine.report(vcpu);
        let is_expected = is_due && self.machine.forwards(vcpu, TIMER);
        let mut has_come = false;
        for _ in 0..100 {
            self.machine.timer_exit(vcpu);
            let Some(number) = self.machine.acknowledge(vcpu) else {
                break;
            };
            if number == TIMER {
                has_come = true;
                self.set_timer_control(vcpu, 0);
            }
            self.machine.end_interrupt(vcpu, number);
        }
        assert!(has_come || !is_expected, "the timer of vCPU {vcpu} is lost");
    }
}

fn any_fault(pc: u64, input: &mut Input<'_>) -> VmExit {
    VmExit::Memory(MemoryFault {
        pc,
        gpa: Gpa(input.one_of(&PLACES).wrapping_add(input.number())),
        fetch: input.below(4) == 0,
        syndrome: input.number(),
    })
}

fn any_message(input: &mut Input<'_>) -> Option<VmExit> {
    match input.byte() {
        0..8 => Some(VmExit::Unknown {
            label: input.number(),
        }),
        8..80 => Some(VmExit::Trap {
            syndrome: input.number() & 0x1ff_ffff | u64::from(input.byte() & 63) << 26,
        }),
        80..120 => Some(VmExit::Maintenance { index: None }),
        _ => None,
    }
}
