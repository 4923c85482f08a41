//! The kernel's logic on a host: a system of PDs and a vCPU, driven by system calls and faults.
//!
//! What is asserted here was seen on seL4 16 under Microkit 2.3.
extern crate std;

use std::boxed::Box;
use std::vec;
use std::vec::Vec;

use devsdk_image::{
    ChannelEnd, ChannelKind, Image, ImageBuilder, Irq, NONE, PhysicalRange, Thread as Record,
    ThreadFlags, ThreadKind, VSpace, configuration,
};

use crate::abi::{label, slot, syscall};
use crate::kernel::Kernel;
use crate::machine::{console, gic, gich, timer};
use crate::message::MessageInfo;
use crate::queue::ThreadId;
use crate::thread::State;
use crate::trap::Entry;
use crate::vcpu_register::VcpuRegister;

const ADDRESS: u64 = 0x7010_0000;
const VMM: ThreadId = ThreadId(0);
const SERVER: ThreadId = ThreadId(1);
const CLIENT: ThreadId = ThreadId(2);
const VCPU: ThreadId = ThreadId(3);
const SVC: u64 = 0x5600_0000;
const HVC: u64 = 0x5a00_0000;

mod faults;
mod messages;
mod scheduling;
mod vcpus;

/// A kernel with a VMM (priority 200), a server (150) that it and the client (100) may call, and a
/// vCPU (50) of the VMM. All have run and wait for messages; the vCPU is inactive.
struct System {
    kernel: Box<Kernel>,
}

fn record(name: &str, priority: u32, kind: ThreadKind) -> Record {
    let mut bytes = [0; 64];
    bytes[..name.len()].copy_from_slice(name.as_bytes());
    let buffer = Box::leak(Box::new(Page([0; 512])));
    Record {
        name: bytes,
        kind: kind as u32,
        flags: ThreadFlags::FPU,
        entry: 0x20_0000,
        stack_top: 0,
        stack_bottom: 0,
        ipc_buffer_address: 0,
        ipc_buffer_physical: core::ptr::from_mut(buffer) as u64,
        priority,
        vspace: 0,
        budget: 1000,
        period: 1000,
        parent: NONE,
        id: 0,
    }
}

#[repr(align(4096))]
struct Page(#[expect(dead_code, reason = "used by address")] [u64; 512]);

fn end(kind: ChannelKind, holder: u32, holder_id: u32, target: u32, target_id: u32) -> ChannelEnd {
    ChannelEnd {
        kind: kind as u32,
        holder,
        holder_id,
        target,
        target_id,
        reserved: 0,
    }
}

impl System {
    fn new() -> Self {
        Self::with(|_| ())
    }

    fn with(change: impl FnOnce(&mut ImageBuilder)) -> Self {
        let mut builder = ImageBuilder::new(ADDRESS, configuration::DEBUG);
        builder.vspaces.push(VSpace::default());
        builder.page_pool = PhysicalRange {
            address: 0x6100_0000,
            length: 0x10_0000,
        };
        let pd = ThreadKind::ProtectionDomain;
        builder.threads.push(record("vmm", 200, pd));
        builder.threads.push(record("server", 150, pd));
        builder.threads.push(record("client", 100, pd));
        let mut vcpu = record("guest", 50, ThreadKind::Vcpu);
        vcpu.parent = 0;
        builder.threads.push(vcpu);
        builder.channel_ends.extend([
            end(ChannelKind::Call, 0, 1, 1, 4),
            end(ChannelKind::Call, 2, 1, 1, 5),
            end(ChannelKind::Notify, 2, 2, 0, 6),
            end(ChannelKind::Notify, 2, 3, 1, 7),
        ]);
        builder.irqs.push(Irq {
            intid: 30,
            thread: 2,
            id: 0,
            trigger: 0,
        });
        change(&mut builder);
        let mut kernel = Box::new(Kernel::new());
        kernel.set_up(&parse(builder.build()));
        kernel.schedule();
        kernel.activate_current();
        let mut system = Self { kernel };
        for thread in [VMM, SERVER, CLIENT] {
            assert_eq!(system.current(), Some(thread));
            system.receive(thread);
        }
        assert_eq!(system.current(), None);
        system
    }

    fn current(&self) -> Option<ThreadId> {
        self.kernel.scheduler.current
    }

    fn x(&mut self, thread: ThreadId) -> &mut [u64; 31] {
        &mut self.kernel.thread_mut(thread).context.x
    }

    fn enter(&mut self, syndrome: u64, address: u64) {
        self.kernel
            .handle_entry(Entry::Synchronous { syndrome, address });
    }

    fn interrupt(&mut self, intid: u32) {
        gic::raise(intid);
        self.kernel.handle_entry(Entry::Interrupt);
    }

    /// A system call of the current thread.
    fn call(&mut self, number: i64, capability: u64, tag: MessageInfo, words: &[u64]) {
        let thread = self.current().expect("a thread runs");
        for (index, word) in words.iter().enumerate() {
            self.kernel.set_message_word(thread, index, *word);
        }
        let context = &mut self.kernel.thread_mut(thread).context;
        context.x[0] = capability;
        context.x[1] = tag.into_bits();
        context.x[6] = slot::REPLY;
        context.x[7] = number.cast_unsigned();
        context.elr += 4;
        self.enter(SVC, 0);
    }

    /// `Recv` of a PD, which must be the current thread.
    fn receive(&mut self, thread: ThreadId) {
        assert_eq!(self.current(), Some(thread));
        self.call(syscall::RECV, slot::INPUT, MessageInfo::new(), &[]);
    }

    /// An invocation by `Call`. Returns the answer's label and words.
    fn invoke(&mut self, capability: u64, method: u64, words: &[u64]) -> (u64, Vec<u64>) {
        let thread = self.current().expect("a thread runs");
        let debug = if method > 15 { method + 4 } else { method };
        let tag = MessageInfo::reply(debug, words.len() as u64);
        self.call(syscall::CALL, capability, tag, words);
        self.message(thread)
    }

    /// Label and words that a thread got.
    fn message(&mut self, thread: ThreadId) -> (u64, Vec<u64>) {
        let info = MessageInfo::from_register(self.x(thread)[1]);
        let words = (0..info.length() as usize).map(|i| self.kernel.message_word(thread, i));
        (info.label(), words.collect())
    }

    fn badge(&mut self, thread: ThreadId) -> u64 {
        self.x(thread)[0]
    }

    fn state(&self, thread: ThreadId) -> State {
        self.kernel.thread(thread).state
    }

    /// Wakes the VMM from outside, so that it runs.
    fn wake_vmm(&mut self) {
        self.kernel.signal(crate::objects::NotificationId(0), 1);
        self.kernel.schedule();
        self.kernel.activate_current();
        assert_eq!(self.current(), Some(VMM));
    }

    /// Has the VMM start the vCPU and wait.
    fn start_vcpu(&mut self) {
        self.wake_vmm();
        let (error, _) = self.invoke(
            slot::VM_TCB,
            label::TCB_WRITE_REGISTERS,
            &[1, 4, 0x4000_0000, 0, 0x3c5, 7],
        );
        assert_eq!(error, 0);
        self.receive(VMM);
        assert_eq!(self.current(), Some(VCPU));
        assert_eq!(self.kernel.thread(VCPU).context.elr, 0x4000_0000);
    }
}

fn parse(bytes: Vec<u8>) -> Image<'static> {
    let mut words = vec![0u64; bytes.len().div_ceil(8)];
    for (word, chunk) in words.iter_mut().zip(bytes.chunks(8)) {
        let mut padded = [0; 8];
        padded[..chunk.len()].copy_from_slice(chunk);
        *word = u64::from_le_bytes(padded);
    }
    let words: &'static [u64] = Vec::leak(words);
    let bytes = zerocopy::IntoBytes::as_bytes(words);
    Image::parse(bytes, ADDRESS).expect("the test's image is valid")
}
