//! The loop that runs in the protection domain, over kernel calls of the test: messages come in
//! the kernel's own form, and every call is recorded.

use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use vmm_config::{Guest, Mapping, Window};
use vmm_machine::{
    IntId, VcpuId,
    calls::{Calls, Event, Message, REGISTERS, fault},
    kernel::{Activity, ListRegister},
    register::SystemRegister,
    serve::serve,
    wake::WakeSource,
};
use vmm_vgic::Distributor;

use crate::model::{
    devices::{Maker, register},
    guest::{self, Setup, addresses::*},
    memory::{Memory, Static},
};

/// Positions in the kernel's order of registers.
const PC: usize = 0;
const SPSR: usize = 2;
const X0: usize = 3;
const X9: usize = 17;
const X28: usize = 33;

const SMC: u64 = 0x17 << 26 | 1 << 25;
const PSCI_VERSION: u64 = 0x8400_0000;
const SYSTEM_OFF: u64 = 0x8400_0008;
const EL1H: u64 = 0x3c5;

/// What the loop asked the kernel to do.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Call {
    Wait(Answer),
    Poll(Answer),
    Notify(u8),
    Read(usize),
    Write { count: usize, resume: bool },
    Suspend,
    Inject(u16),
    Acknowledge(u8),
    Alarm(Option<u64>),
    MachineOff,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    None,
    Reply(usize),
    Acknowledgement(u8),
}

/// One vCPU in the kernel's hands, and what happens to it next.
struct State {
    registers: [u64; REGISTERS],
    rest: Vec<u64>,
    reply: Vec<u64>,
    calls: Vec<Call>,
    script: VecDeque<Step>,
}

/// Something happens: registers of the guest may change, and the loop gets an event.
type Step = Box<dyn FnOnce(&mut State) -> Event>;

#[derive(Clone)]
struct Kernel(Rc<RefCell<State>>);

struct Alarm(Kernel);

impl WakeSource for Alarm {
    fn set(&mut self, deadline: Option<u64>) {
        self.0.record(Call::Alarm(deadline));
    }

    fn interrupt(&self) -> Option<u8> {
        Some(WAKE_CHANNEL)
    }

    fn is_signalled(&self, channels: u64) -> bool {
        channels & 1 << WAKE_CHANNEL != 0
    }
}

/// The kernel, and the source that wakes the loop.
struct Model {
    kernel: Kernel,
    alarm: Alarm,
}

impl Kernel {
    fn record(&self, call: Call) {
        self.0.borrow_mut().calls.push(call);
    }
}

impl Calls for Model {
    type Answer = Answer;
    type WakeSource = Alarm;

    const NO_ANSWER: Answer = Answer::None;

    fn reply(length: usize) -> Answer {
        Answer::Reply(length)
    }

    fn acknowledgement(channel: u8) -> Answer {
        Answer::Acknowledgement(channel)
    }

    fn wait(&mut self, answer: Answer) -> Option<Event> {
        self.kernel.record(Call::Wait(answer));
        let mut state = self.kernel.0.borrow_mut();
        if let Answer::Reply(9) = answer {
            // A reply to a system call writes x0 to x7 and the pc.
            let reply = state.reply.clone();
            state.registers[X0..X0 + 8].copy_from_slice(&reply[..8]);
            state.registers[PC] = reply[8];
        }
        let step = state.script.pop_front()?;
        Some(step(&mut state))
    }

    fn poll(&mut self, answer: Answer) -> Option<Event> {
        self.kernel.record(Call::Poll(answer));
        None
    }

    fn notify(&mut self, channel: u8) {
        self.kernel.record(Call::Notify(channel));
    }

    fn message_rest<const N: usize>(&self) -> [u64; N] {
        let state = self.kernel.0.borrow();
        std::array::from_fn(|index| state.rest[index])
    }

    fn set_reply<const N: usize>(&mut self, words: [u64; N]) {
        self.kernel.0.borrow_mut().reply = words.to_vec();
    }

    fn read_registers(&mut self, _: VcpuId, words: &mut [u64; REGISTERS], count: usize) {
        self.kernel.record(Call::Read(count));
        let state = self.kernel.0.borrow();
        words[..count].copy_from_slice(&state.registers[..count]);
        // What else is in there is lost.
        words[count..].fill(0xdead);
    }

    fn write_registers(&mut self, _: VcpuId, words: &[u64; REGISTERS], count: usize, resume: bool) {
        self.kernel.record(Call::Write { count, resume });
        let mut state = self.kernel.0.borrow_mut();
        state.registers[..count].copy_from_slice(&words[..count]);
    }

    fn resume(&mut self, _: VcpuId) {}

    fn suspend(&mut self, _: VcpuId) {
        self.kernel.record(Call::Suspend);
    }

    fn read_system(&mut self, _: VcpuId, _: SystemRegister) -> u64 {
        0
    }

    fn write_system(&mut self, _: VcpuId, _: SystemRegister, _: u64) {}

    fn list_registers(&mut self) -> usize {
        4
    }

    fn inject(&mut self, _: VcpuId, _: usize, entry: ListRegister) {
        self.kernel.record(Call::Inject(entry.intid.number()));
    }

    fn try_inject(&mut self, _: VcpuId, _: usize, entry: ListRegister) -> bool {
        self.kernel.record(Call::Inject(entry.intid.number()));
        true
    }

    fn acknowledge_private(&mut self, _: VcpuId, _: IntId) {}

    fn acknowledge(&mut self, channel: u8) {
        self.kernel.record(Call::Acknowledge(channel));
    }

    fn activity(&mut self) -> Activity {
        Activity::Unknown
    }

    fn now(&mut self) -> u64 {
        1000
    }

    fn wake_source(&mut self) -> Option<&mut Alarm> {
        Some(&mut self.alarm)
    }

    fn publish_code(&mut self, _: u64, _: u64) {}

    fn refresh_cache(_: u64, _: u64) {}

    fn machine_off(&mut self) {
        self.kernel.record(Call::MachineOff);
    }
}

fn exit(label: u64, words: [u64; 4]) -> Event {
    Event::Exit(VcpuId(0), Message { label, words })
}

/// The instructions before the guest's own end: the processor has nothing that is refused.
fn reset_ends() -> Step {
    Box::new(|state| {
        state.registers[X0..X0 + 6].fill(0);
        exit(fault::VCPU, [SMC, 0, 0, 0])
    })
}

/// A system that serves one guest with this script; gives the kernel afterwards.
fn run(script: Vec<Step>) -> State {
    run_with(script, |_| {})
}

fn run_with(script: Vec<Step>, change: impl FnOnce(&mut Guest)) -> State {
    let ram = Memory::new(RAM_BYTES);
    let images = Memory::of(&guest::images());
    let maps: Static<[Mapping; 3]> = Static::new(guest::mappings(ram.vmm_address()));
    let mut tables = guest::guest(1, &Setup::default(), maps.get());
    tables.image = Window {
        vmm_address: images.vmm_address(),
        size: guest::images().len() as u64,
    };
    change(&mut tables);
    let tables = Static::new(tables);
    let mut all: VecDeque<Step> = script.into();
    all.push_front(reset_ends());
    let kernel = Kernel(Rc::new(RefCell::new(State {
        registers: [0; REGISTERS],
        rest: vec![0; 8],
        reply: Vec::new(),
        calls: Vec::new(),
        script: all,
    })));
    let model = Model {
        alarm: Alarm(kernel.clone()),
        kernel: kernel.clone(),
    };
    serve::<_, _, Maker>(tables.get(), model, Distributor::<1, 2>::new);
    let state = Rc::try_unwrap(kernel.0)
        .map_err(|_| ())
        .expect("the loop has ended");
    state.into_inner()
}

/// The calls about the last event, from the wait that gave it to the wait after it.
fn last_calls(state: &State) -> &[Call] {
    let is_wait = |call: &Call| matches!(call, Call::Wait(_));
    let before = state
        .calls
        .split_last()
        .map_or(&[][..], |(_, before)| before);
    let first = before.iter().rposition(is_wait).unwrap_or(0);
    &state.calls[first + 1..]
}

/// The calls from the moment at which the guest's own code runs.
fn calls_of(state: &State) -> &[Call] {
    let start = state
        .calls
        .iter()
        .rposition(|call| matches!(call, Call::Write { resume: true, .. }));
    &state.calls[start.map_or(0, |at| at + 1)..]
}

/// `str` or `ldr` of a word at the distributor's start.
fn access(register: u64, write: bool) -> Step {
    let syndrome = 0x24 << 26 | 1 << 25 | 1 << 24 | 2 << 22 | register << 16 | 7;
    let syndrome = if write { syndrome | 1 << 6 } else { syndrome };
    Box::new(move |state| {
        state.registers[PC] = ENTRY;
        state.registers[SPSR] = EL1H;
        exit(fault::VM, [ENTRY, GICD, 0, syndrome])
    })
}

#[test]
fn the_guest_starts_at_its_entry() {
    let state = run(Vec::new());
    assert_eq!(state.registers[PC], ENTRY);
    assert_eq!(state.registers[SPSR], EL1H);
    assert_eq!(state.registers[X0], DEVICE_TREE);
    let first = [Call::Alarm(None), Call::Acknowledge(WAKE_CHANNEL)];
    assert!(first.iter().any(|call| state.calls.contains(call)));
    assert_eq!(calls_of(&state), [Call::Wait(Answer::None)]);
}

#[test]
fn a_load_reads_and_writes_the_shortest_prefix() {
    // X3 is the seventh register in the kernel's order, X9 the eighteenth, X28 the last. The
    // first access to a device makes it known; what counts are the others.
    for (register, position) in [(3, X0 + 3), (9, X9), (28, X28)] {
        let state = run(vec![access(31, true), access(register, false)]);
        let count = position + 1;
        let expected = [
            Call::Read(count),
            Call::Write {
                count,
                resume: false,
            },
            Call::Wait(Answer::Reply(0)),
        ];
        assert_eq!(last_calls(&state), expected, "X{register}");
        assert_eq!(state.registers[PC], ENTRY + 4);
        assert_eq!(state.registers[SPSR], EL1H);
        assert_eq!(state.registers[position], 0, "GICD_CTLR");
    }
}

#[test]
fn a_store_of_the_zero_register_reads_nothing() {
    let state = run(vec![access(31, true), access(31, true)]);
    let expected = [
        Call::Write {
            count: 1,
            resume: false,
        },
        Call::Wait(Answer::Reply(0)),
    ];
    assert_eq!(last_calls(&state), expected);
    assert_eq!(state.registers[PC], ENTRY + 4);
}

#[test]
fn registers_beside_the_target_keep_their_values() {
    let load = access(5, false);
    let state = run(vec![Box::new(|state| {
        for (index, word) in state.registers.iter_mut().enumerate() {
            *word = 0x100 + index as u64;
        }
        load(state)
    })]);
    for (index, &word) in state.registers.iter().enumerate() {
        match index {
            PC => assert_eq!(word, ENTRY + 4),
            SPSR => assert_eq!(word, EL1H),
            _ if index == X0 + 5 => assert_eq!(word, 0),
            _ => assert_eq!(word, 0x100 + index as u64, "position {index}"),
        }
    }
}

#[test]
fn a_hypercall_is_answered_by_the_reply() {
    let state = run(vec![Box::new(|state| {
        state.rest = vec![4, 5, 6, 7, ENTRY, 0, 0, EL1H];
        exit(fault::UNKNOWN_SYSCALL, [PSCI_VERSION, 1, 2, 3])
    })]);
    let expected = [Call::Wait(Answer::Reply(9))];
    assert_eq!(last_calls(&state), expected, "no call beside the reply");
    assert_eq!(state.registers[PC], ENTRY + 4);
    assert_eq!(state.registers[X0], 0x1_0001, "PSCI 1.1");
    assert_eq!(state.registers[X0 + 1..X0 + 8], [1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn a_firmware_call_reads_four_registers() {
    let state = run(vec![Box::new(|state| {
        state.registers[PC] = ENTRY;
        state.registers[X0] = PSCI_VERSION;
        exit(fault::VCPU, [SMC, 0, 0, 0])
    })]);
    assert_eq!(last_calls(&state)[0], Call::Read(4));
    assert_eq!(state.registers[PC], ENTRY + 4);
    assert_eq!(state.registers[X0], 0x1_0001);
}

#[test]
fn a_device_interrupt_is_injected_and_the_alarm_acknowledged() {
    let signals = 1 << UART_CHANNEL | 1 << WAKE_CHANNEL;
    let enable: Vec<Step> = vec![
        write_distributor(0, 1),
        write_distributor(0x104, 1 << (UART_INTERRUPT - 32)),
        write_distributor(0x820, 0x0101_0101),
        Box::new(move |_| Event::Notified(signals)),
    ];
    let state = run(enable);
    let calls = calls_of(&state);
    assert!(calls.contains(&Call::Inject(UART_INTERRUPT)), "{calls:?}");
    let last = Call::Wait(Answer::Acknowledgement(WAKE_CHANNEL));
    assert_eq!(calls.last(), Some(&last));
}

#[test]
fn deferred_work_is_done_while_there_is_no_event() {
    let state = run(vec![store(PROBE + register::DEFER, 2)]);
    let expected = [
        Call::Poll(Answer::Reply(0)),
        Call::Poll(Answer::None),
        Call::Wait(Answer::None),
    ];
    let calls = calls_of(&state);
    assert_eq!(
        calls[calls.len() - 3..],
        expected,
        "the guest goes on first"
    );
}

#[test]
fn a_device_notifies_and_is_signalled() {
    let state = run(vec![
        store(PROBE + register::NOTIFY, 1),
        write_distributor(0, 1),
        write_distributor(0x104, 1 << (PROBE_LEVEL_INTERRUPT - 32)),
        write_distributor(0x800 + u64::from(PROBE_LEVEL_INTERRUPT), 1),
        Box::new(|_| Event::Notified(1 << PROBE_CHANNEL)),
    ]);
    let calls = calls_of(&state);
    assert!(calls.contains(&Call::Notify(PROBE_CHANNEL)), "{calls:?}");
    let expected = [
        Call::Inject(PROBE_LEVEL_INTERRUPT),
        Call::Wait(Answer::None),
    ];
    assert_eq!(calls[calls.len() - 2..], expected);
}

fn write_distributor(offset: u64, value: u64) -> Step {
    store(GICD + offset, value)
}

/// A store of a word from X0.
fn store(gpa: u64, value: u64) -> Step {
    let syndrome = 0x24 << 26 | 1 << 25 | 1 << 24 | 2 << 22 | 1 << 6 | 7;
    Box::new(move |state| {
        state.registers[PC] = ENTRY;
        state.registers[SPSR] = EL1H;
        state.registers[X0] = value;
        exit(fault::VM, [ENTRY, gpa, 0, syndrome])
    })
}

#[test]
fn a_power_off_switches_the_machine_off() {
    let state = run(vec![Box::new(|state| {
        state.registers[X0] = SYSTEM_OFF;
        exit(fault::VCPU, [SMC, 0, 0, 0])
    })]);
    let calls = calls_of(&state);
    assert!(calls.contains(&Call::MachineOff), "{calls:?}");
    assert_eq!(
        calls.last(),
        Some(&Call::Wait(Answer::None)),
        "it goes on waiting"
    );
}

#[test]
fn a_message_that_no_rule_knows_stops_the_guest() {
    let state = run(vec![Box::new(|_| exit(77, [1, 2, 3, 4]))]);
    let calls = calls_of(&state);
    assert!(calls.contains(&Call::Suspend), "{calls:?}");
    assert_eq!(calls.last(), Some(&Call::Wait(Answer::None)));
}

#[test]
fn an_image_that_is_none_is_reported_and_the_system_goes_on() {
    let empty: Step = Box::new(|_| Event::Notified(1 << UART_CHANNEL));
    let state = run_with(vec![empty], |guest| guest.image.size = 0);
    let waits = state
        .calls
        .iter()
        .filter(|call| matches!(call, Call::Wait(_)));
    assert_eq!(waits.count(), 3, "both events of the script, and the end");
    assert!(
        !state
            .calls
            .iter()
            .any(|call| matches!(call, Call::Write { .. }))
    );
}
