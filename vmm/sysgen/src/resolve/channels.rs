//! Whose the VMM's channels are.

use vmm_config::{ChannelEntry, ChannelOwner};

use crate::model::{EmulatedDevice, Interrupt, Wake};

/// One table: interrupts of passed-through devices, what ends a sleep, then emulated devices.
pub(super) fn table(
    interrupts: &[Interrupt],
    wake: Option<&Wake>,
    devices: &[EmulatedDevice],
) -> Vec<ChannelEntry> {
    let entry = |channel, owner| ChannelEntry { channel, owner };
    let mut table = Vec::new();
    for interrupt in interrupts {
        let owner = ChannelOwner::Interrupt(interrupt.intid);
        table.push(entry(interrupt.channel, owner));
    }
    match wake {
        None => {}
        Some(Wake::PhysicalTimer(channel)) => table.push(entry(*channel, ChannelOwner::Wake)),
        Some(Wake::Tickers(tickers)) => {
            let channels = tickers.iter().map(|ticker| ticker.entry.channel);
            table.extend(channels.map(|channel| entry(channel, ChannelOwner::Wake)));
        }
    }
    for (device, index) in devices.iter().zip(0..=u8::MAX) {
        for (channel, number) in device.channels.iter().zip(0..=u8::MAX) {
            let owner = ChannelOwner::Device {
                device: index,
                channel: number,
            };
            table.push(entry(channel.value, owner));
        }
    }
    table
}
