//! Making the objects that an image describes.
use devsdk_image::{
    ChannelKind, Image, Irq, IrqTrigger, NONE, Thread as Record, ThreadFlags, ThreadKind,
    configuration,
};

use crate::abi::FAULT_BADGE;
use crate::capability::{Capability, Slots, fault_endpoint};
use crate::context::Context;
use crate::kernel::Kernel;
use crate::machine::gic;
use crate::objects::{
    Endpoint, EndpointId, FaultHandler, IrqHandler, Notification, NotificationId, VcpuId,
};
use crate::queue::ThreadId;
use crate::reply::Reply;
use crate::sched_context::SchedContext;
use crate::thread::{FpuState, State, Thread, text};
use crate::vcpu::Vcpu;

/// The tables are as large as an image can need, but the interrupts'.
const ROOM: &str = "the image was checked for the number of its records";

impl Kernel {
    /// Makes all objects and starts the PDs. Address spaces are made elsewhere.
    pub fn set_up(&mut self, image: &Image<'static>) {
        self.configuration = image.header.configuration;
        self.mappings = image.mappings;
        for (index, record) in (0u8..).zip(image.threads) {
            let id = ThreadId(index);
            let context = SchedContext::new(record.budget, record.period, self.scheduler.now, id);
            self.sched_contexts.push(context).expect(ROOM);
            if record.kind == ThreadKind::Vcpu as u32 {
                self.add_vcpu(id, record);
            } else {
                self.add_pd(id, record);
            }
        }
        for end in image.channel_ends {
            let slots = &mut self.slots[end.holder as usize];
            if end.kind == ChannelKind::Call as u32 {
                slots.set_call(end.holder_id, end.target, end.target_id);
                self.slots[end.target as usize].has_endpoint = true;
            } else {
                slots.set_notify(end.holder_id, end.target, end.target_id);
            }
        }
        for irq in image.irqs {
            self.add_irq(irq);
        }
        self.start_pds();
    }

    fn add_pd(&mut self, id: ThreadId, record: &Record) {
        let flags = ThreadFlags(record.flags);
        let mut slots = Slots::new();
        slots.passive = flags.has(ThreadFlags::PASSIVE);
        slots.smc = flags.has(ThreadFlags::SMC);
        slots.own_thread = self.configuration == configuration::BENCHMARK;
        slots.vspace = record.vspace as u8;
        slots.fault_endpoint = if record.parent == NONE {
            Capability::MonitorEndpoint
        } else {
            let parent = &mut self.slots[record.parent as usize];
            parent.has_endpoint = true;
            parent.set_child(record.id, id);
            fault_endpoint(EndpointId(record.parent as u8), record.id)
        };
        self.slots.push(slots).expect(ROOM);
        self.endpoints.push(Endpoint::default()).expect(ROOM);
        self.replies.push(Reply::default()).expect(ROOM);
        let notification = Notification {
            bound: Some(id),
            ..Notification::default()
        };
        self.notifications.push(notification).expect(ROOM);
        let mut thread = self.new_thread(record, None);
        thread.bound_notification = Some(NotificationId(id.0));
        thread.fpu_disabled = !flags.has(ThreadFlags::FPU);
        self.add_thread(id, thread);
    }

    fn add_vcpu(&mut self, id: ThreadId, record: &Record) {
        let vcpu = VcpuId(self.vcpus.len() as u8);
        self.vcpus.push(Vcpu::new()).expect(ROOM);
        let parent = &mut self.slots[record.parent as usize];
        parent.has_endpoint = true;
        parent.set_vcpu(record.id, id, vcpu);
        let thread = self.new_thread(record, Some(vcpu));
        self.add_thread(id, thread);
    }

    fn add_thread(&mut self, id: ThreadId, mut thread: Thread) {
        thread.sched_context = Some(crate::sched_context::SchedContextId(id.0));
        let added = self.threads.push(thread);
        assert!(added.is_ok(), "{ROOM}");
    }

    fn new_thread(&self, record: &Record, vcpu: Option<VcpuId>) -> Thread {
        let mut context = Context::new(!self.is_debug());
        context.fault_ip = record.entry;
        context.elr = record.entry;
        context.sp_el0 = record.stack_top;
        let fault_handler = if record.parent == NONE {
            FaultHandler::Monitor
        } else {
            let badge = FAULT_BADGE | u64::from(record.id);
            FaultHandler::Endpoint(EndpointId(record.parent as u8), badge)
        };
        Thread {
            context,
            fpu: FpuState {
                q: [0; 32],
                fpsr: 0,
                fpcr: 0,
            },
            fpu_disabled: false,
            state: State::Inactive,
            fault: None,
            sched_context: None,
            priority: record.priority as u8,
            highest_priority: record.priority as u8,
            queued: false,
            awaits_budget: false,
            bound_notification: None,
            fault_handler,
            ipc_buffer: record.ipc_buffer_physical as usize,
            vspace: record.vspace as usize,
            vcpu,
            name: record.name,
            stack_bottom: record.stack_bottom,
        }
    }

    fn add_irq(&mut self, irq: &Irq) {
        let trigger_edge = irq.trigger == IrqTrigger::Edge as u32;
        let handler = IrqHandler {
            intid: irq.intid,
            notification: Some(NotificationId(irq.thread as u8)),
            badge: 1 << irq.id,
        };
        let index = self.irq_handlers.len() as u8;
        let added = self.irq_handlers.push(handler);
        assert!(
            added.is_ok(),
            "more interrupts than the kernel has room for"
        );
        self.slots[irq.thread as usize].set_irq(irq.id, index);
        gic::set_edge_triggered(irq.intid, trigger_edge);
        gic::enable(irq.intid, true);
    }

    /// Starts the PDs in the order of their names, as Microkit's initialiser does.
    fn start_pds(&mut self) {
        let mut order: heapless::Vec<ThreadId, { devsdk_image::MAX_PDS }> =
            (0..self.slots.len() as u8).map(ThreadId).collect();
        let threads = &self.threads;
        order.sort_unstable_by(|a, b| {
            text(&threads[a.index()].name).cmp(text(&threads[b.index()].name))
        });
        for thread in order {
            self.start(thread);
        }
    }
}
