//! `sel4` and `sel4-config`: types and signatures.

use core::cell::RefCell;

use sel4::{
    Badge, CPtr, CPtrBits, CallWithMRs, Cap, CapType, ConveysReplyAuthority, Error, Fault,
    ImplicitInvocationContext, InvocationContext, IpcBuffer, MessageInfo, MessageInfoBuilder,
    NoExplicitInvocationContext, NoInvocationContext, RecvWithMRs, ReplyAuthority, UserContext,
    VCpuReg, Word, cap, cap_type,
};

type Kernel<T> = sel4::Result<T>;

pub(crate) fn signatures() {
    capabilities();
    messages();
    invocations();
    faults();
    configuration();
    contexts();
}

fn capabilities() {
    const INPUT: cap::Endpoint = Cap::from_bits(1);
    const CPTR: CPtr = CPtr::from_bits(4);
    let reply: cap::Reply = CPTR.cast::<cap_type::Reply>();
    let _: CPtrBits = reply.bits();
    let _: CPtr = Cap::<cap_type::Reply>::from_cptr(CPTR).cptr();
    let any: cap::Unspecified = INPUT.upcast();
    let _: cap::Notification = any.downcast::<cap_type::Notification>();
    let _: cap::VCpu = INPUT.cast::<cap_type::VCpu>();
    let _: &str = <cap_type::Tcb as CapType>::NAME;
    let _: ReplyAuthority = reply.into_reply_authority();
    let _: (
        Option<cap::Untyped>,
        Option<cap::CNode>,
        Option<cap::IrqControl>,
    ) = (None, None, None);
    let _: (
        Option<cap::Null>,
        Option<cap::SchedContext>,
        Option<cap::VSpace>,
    ) = (None, None, None);
    let _: (
        Option<cap::Granule>,
        Option<cap::SmallPage>,
        Option<cap::PT>,
    ) = (None, None, None);
    let _: fn(cap::Notification) = cap::Notification::signal;
    let _: fn(cap::Notification) -> (MessageInfo, Badge) = cap::Notification::wait;
    let _: fn(cap::Notification) -> (MessageInfo, Badge) = cap::Notification::poll;
    let _: fn() = sel4::r#yield;
}

fn messages() {
    let _: fn(Word, usize, usize, usize) -> MessageInfo = MessageInfo::new;
    let _: fn(&MessageInfo) -> Word = MessageInfo::label;
    let _: fn(&MessageInfo) -> usize = MessageInfo::length;
    let _: fn(&MessageInfo) -> usize = MessageInfo::extra_caps;
    let _: fn(&MessageInfo) -> usize = MessageInfo::caps_unwrapped;
    let _: fn() -> usize = MessageInfo::label_width;
    let builder = MessageInfoBuilder::default()
        .label(1)
        .length(2)
        .caps_unwrapped(0)
        .extra_caps(0);
    let info: MessageInfo = builder.build();
    let _: MessageInfo = builder.into();
    let _: sel4::sys::seL4_MessageInfo = info.clone().into_inner();
    let _: fn(cap::Endpoint, MessageInfo) = cap::Endpoint::send;
    let _: fn(cap::Endpoint, MessageInfo) = cap::Endpoint::nb_send;
    let _: fn(cap::Endpoint, MessageInfo) -> MessageInfo = cap::Endpoint::call;
    let _: fn(cap::Endpoint, cap::Reply) -> (MessageInfo, Badge) = |input, reply| input.recv(reply);
    let _: fn(cap::Endpoint, cap::Reply) -> (MessageInfo, Badge) =
        |input, reply| input.nb_recv(reply);
    let _: fn(cap::Endpoint, cap::Reply) -> (MessageInfo, Badge) =
        |input, reply| input.reply_recv(MessageInfo::new(0, 0, 0, 0), reply);
    let _: fn(cap::Reply, cap::Endpoint) -> (MessageInfo, Badge) =
        |reply, input| reply.nb_send_recv(MessageInfo::new(0, 0, 0, 0), input, reply);
    let _: fn(cap::Endpoint, cap::Reply) -> RecvWithMRs = |input, reply| input.recv_with_mrs(reply);
    let _: fn(cap::Tcb, MessageInfo, [Word; 2]) = cap::Tcb::send_with_mrs::<[Word; 2]>;
    let _: fn(cap::Tcb, MessageInfo, [Word; 4]) -> CallWithMRs =
        cap::Tcb::call_with_mrs::<[Word; 4]>;
    let _: fn(cap::Tcb, MessageInfo, &'static [Word]) -> CallWithMRs =
        cap::Tcb::call_with_mrs::<&'static [Word]>;
    let answer: fn(CallWithMRs) -> (MessageInfo, [Word; 4]) = |called| (called.info, called.msg);
    let _ = answer;
}

fn invocations() {
    let _: fn(cap::Tcb, bool, Word) -> Kernel<UserContext> = cap::Tcb::tcb_read_registers;
    let _: fn(cap::Tcb, bool) -> Kernel<UserContext> = cap::Tcb::tcb_read_all_registers;
    let _: fn(cap::Tcb, bool, Word, &mut UserContext) -> Kernel<()> = cap::Tcb::tcb_write_registers;
    let _: fn(cap::Tcb, bool, &mut UserContext) -> Kernel<()> = cap::Tcb::tcb_write_all_registers;
    let _: fn(cap::Tcb) -> Kernel<()> = cap::Tcb::tcb_resume;
    let _: fn(cap::Tcb) -> Kernel<()> = cap::Tcb::tcb_suspend;
    let _: fn(cap::IrqHandler) -> Kernel<()> = cap::IrqHandler::irq_handler_ack;
    let _: fn(cap::VCpu, VCpuReg) -> Kernel<Word> = cap::VCpu::vcpu_read_regs;
    let _: fn(cap::VCpu, VCpuReg, Word) -> Kernel<()> = cap::VCpu::vcpu_write_regs;
    let _: fn(cap::VCpu, Word) -> Kernel<()> = cap::VCpu::vcpu_ack_vppi;
    let _: fn(cap::VCpu, u16, u8, u8, u8) -> Kernel<()> = cap::VCpu::vcpu_inject_irq;
    let _: fn(&UserContext) -> &Word = UserContext::pc;
    let _: fn(&UserContext) -> &Word = UserContext::sp;
    let _: fn(&UserContext) -> &Word = UserContext::spsr;
    let _: fn(&UserContext, usize) -> &Word = UserContext::gpr;
    let _: fn(&UserContext, usize) -> &Word = UserContext::c_param;
    let _: fn(&mut UserContext) -> &mut Word = UserContext::pc_mut;
    let _: fn(&mut UserContext) -> &mut Word = UserContext::sp_mut;
    let _: fn(&mut UserContext) -> &mut Word = UserContext::spsr_mut;
    let _: fn(&mut UserContext, usize) -> &mut Word = UserContext::gpr_mut;
    let _: fn(&mut UserContext, usize) -> &mut Word = UserContext::c_param_mut;
    let _: sel4::sys::seL4_UserContext = UserContext::default().into_inner();
    let _: fn(u32) -> Option<Error> = Error::from_sys;
    let _: fn(Error) -> u32 = Error::into_sys;
}

fn faults() {
    let _: fn(&IpcBuffer, &MessageInfo) -> Fault = Fault::new;
    let words: fn(Fault) -> Word = |fault| match fault {
        Fault::NullFault(_) | Fault::CapFault(_) | Fault::UserException(_) | Fault::Timeout(_) => 0,
        Fault::UnknownSyscall(fault) => {
            fault.gpr(7)
                + fault.fault_ip()
                + fault.sp()
                + fault.lr()
                + fault.spsr()
                + fault.syscall()
        }
        Fault::VmFault(fault) if fault.is_prefetch() => fault.ip(),
        Fault::VmFault(fault) => fault.addr() + fault.fsr(),
        Fault::VGicMaintenance(fault) => fault.idx().unwrap_or(0),
        Fault::VCpuFault(fault) => fault.hsr(),
        Fault::VPpiEvent(fault) => fault.irq(),
        #[allow(
            unreachable_patterns,
            reason = "there are more in the debug configuration"
        )]
        _ => 0,
    };
    let _ = words;
}

fn configuration() {
    let _: (bool, bool) = (
        sel4::sel4_cfg_bool!(PRINTING),
        sel4_config::sel4_cfg_bool!(KERNEL_MCS),
    );
    let _: usize = sel4::sel4_cfg_usize!(MAX_NUM_NODES);
    let _: Word = sel4::sel4_cfg_word!(NUM_PRIORITIES);
    let _: (bool, &str) = (
        sel4_config::consts::DEBUG_BUILD,
        sel4::config::consts::WORD_SIZE,
    );
    sel4::sel4_cfg_if! {
        if #[sel4_cfg(all(DEBUG_BUILD, PRINTING))] {
            let _: fn(u8) = sel4::debug_put_char;
            let _: fn() = sel4::debug_halt;
            let _: fn() = sel4::debug_snapshot;
            sel4::debug_println!("{}", 1);
            let _ = core::fmt::Write::write_str(&mut sel4::DebugWrite, "");
        } else if #[sel4_cfg(not(WORD_SIZE = "64"))] {
            compile_error!("a 64-bit machine");
        } else {
        }
    }
    let _: usize = sel4::WORD_SIZE;
}

fn contexts() {
    let _: fn() -> ImplicitInvocationContext = NoExplicitInvocationContext::new;
    let _: fn() -> NoInvocationContext = NoInvocationContext::new;
    let _: fn(&'static mut IpcBuffer) = sel4::set_ipc_buffer;
    let _: bool = sel4::ipc_buffer_is_thread_local();
    let mut buffer = IpcBuffer::default();
    let _: &[Word] = buffer.msg_regs();
    let _: &mut [Word] = buffer.msg_regs_mut();
    let _: &[u8] = buffer.msg_bytes();
    let _: &mut [u8] = buffer.msg_bytes_mut();
    let _: &[Word] = buffer.caps_or_badges();
    buffer.set_user_data(buffer.user_data());
    let tcb: cap::Tcb = Cap::from_bits(266);
    let explicit: cap::Tcb<&mut IpcBuffer> = tcb.with(&mut buffer);
    let _: &mut IpcBuffer = explicit.into_invocation_context();
    let shared = RefCell::new(&mut buffer);
    let _: cap::Tcb<&RefCell<&mut IpcBuffer>> = tcb.with(&shared);
    let _: usize = (&shared).with_context(|buffer| buffer.msg_regs().len());
    if tcb.bits() == 0 {
        let _: Word = sel4::with_ipc_buffer(|buffer| buffer.msg_regs()[0]);
        sel4::with_ipc_buffer_mut(|buffer| buffer.msg_regs_mut()[0] = 0);
    }
}
