//! `sel4-microkit`: types and signatures.

use core::ptr::NonNull;
use core::str::Utf8Error;

use sel4_microkit::{
    Channel, ChannelSet, Child, DeferredAction, DeferredActionInterface, DeferredActionSlot,
    Handler, Infallible, IrqAckError, MessageInfo, MessageLabel, MessageRegisterValue,
    memory_region_symbol, var,
};

pub(crate) fn signatures() {
    channels();
    messages();
    symbols();
    let _: fn(&mut Everything) -> Option<DeferredAction> = Everything::take_deferred_action;
}

fn channels() {
    const CHANNEL: Channel = Channel::new(3);
    let _: usize = CHANNEL.index();
    let _: fn(&Channel) = Channel::notify;
    let _: fn(&Channel) -> Result<(), IrqAckError> = Channel::irq_ack;
    let _: fn(&Channel, MessageInfo) -> MessageInfo = Channel::pp_call;
    let _: fn(&Channel) -> sel4::cap::Notification = Channel::notification;
    let _: fn(&Channel) -> sel4::cap::IrqHandler = Channel::irq_handler;
    let _: fn(&Channel) -> sel4::cap::Endpoint = Channel::endpoint;
    let _: fn(&Child) -> sel4::cap::Tcb = Child::tcb;
    let _: usize = Child::new(1).index();
    let _: fn(Channel) -> DeferredAction = DeferredAction::new_notify;
    let _: fn(DeferredAction) -> Result<(), IrqAckError> = DeferredAction::execute_now;
    let action = DeferredAction::new(CHANNEL, DeferredActionInterface::IrqAck);
    let _: (Channel, DeferredActionInterface) = (action.channel(), action.interface());
    const EMPTY: DeferredActionSlot = DeferredActionSlot::new();
    let mut slot = EMPTY;
    let _: Option<DeferredAction> = slot.take();
    let _: fn(&mut DeferredActionSlot, Channel) -> Result<(), IrqAckError> =
        DeferredActionSlot::defer_irq_ack;
}

fn messages() {
    let _: fn(MessageLabel, usize) -> MessageInfo = MessageInfo::new;
    let _: fn(&MessageInfo) -> MessageLabel = MessageInfo::label;
    let _: fn(&MessageInfo) -> usize = MessageInfo::count;
    let _: fn(&MessageInfo) -> sel4::Fault = MessageInfo::fault;
    let _: fn(sel4::MessageInfo) -> MessageInfo = MessageInfo::from_inner;
    let _: fn(MessageInfo) -> sel4::MessageInfo = MessageInfo::into_inner;
    let _: fn(usize) -> MessageRegisterValue = sel4_microkit::get_mr;
    let _: fn(usize, MessageRegisterValue) = sel4_microkit::set_mr;
    let length: usize = sel4_microkit::with_msg_regs(|registers| registers.len());
    let _: usize = sel4_microkit::with_msg_bytes(|bytes| bytes.len());
    sel4_microkit::with_msg_regs_mut(|registers| registers[length - 1] = 0);
    sel4_microkit::with_msg_bytes_mut(|bytes| bytes[0] = 0);
}

fn symbols() {
    let _: fn() -> Result<&'static str, Utf8Error> = sel4_microkit::pd_name;
    let _: fn() -> bool = sel4_microkit::pd_is_passive;
    if sel4_microkit::pd_is_passive() {
        let _: &'static usize = var!(seam_word: usize = 0);
        let _: NonNull<u64> = memory_region_symbol!(seam_region: *mut u64);
        let _: NonNull<u32> = memory_region_symbol!(seam_sized: *mut u32, bytes = 4);
        let _: NonNull<[u8]> = memory_region_symbol!(seam_bytes: *mut [u8], n = 16);
    }
    sel4_microkit::debug_print!("{}", 1);
    sel4_microkit::debug_println!();
    sel4_microkit::debug_println!("{}", 1);
}

/// A handler with every method.
struct Everything;

impl Handler for Everything {
    type Error = Infallible;

    fn notified(&mut self, channels: ChannelSet) -> Result<(), Self::Error> {
        let _: bool = channels.contains(Channel::new(0));
        sel4_microkit::debug_println!("{}", channels.display());
        channels.iter().for_each(|channel| channel.notify());
        Ok(())
    }

    fn protected(&mut self, _: Channel, message: MessageInfo) -> Result<MessageInfo, Self::Error> {
        Ok(message)
    }

    fn fault(&mut self, _: Child, _: MessageInfo) -> Result<Option<MessageInfo>, Self::Error> {
        Ok(Some(MessageInfo::default()))
    }

    fn take_deferred_action(&mut self) -> Option<DeferredAction> {
        None
    }
}
