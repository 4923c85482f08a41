//! The guest's emulated devices other than the interrupt controller, and what they ask for.

use vmm_config::{ChannelOwner, EmulatedDevice};

use super::{Vm, is_signalled};
use crate::{
    IntId,
    device::{Access, Channel, DeviceSet, Effects, LineChange, VcpuStart},
    kernel::{InterruptController, Kernel},
    psci::{CpuPower, CpuTable},
    vcpu::Power,
};

impl<G: InterruptController, D: DeviceSet> Vm<'_, G, D> {
    /// The value of a load, with nothing above the bits that it covers.
    #[inline(never)]
    pub(super) fn read_device(
        &mut self,
        device: u8,
        access: Access,
        kernel: &mut impl Kernel,
    ) -> u64 {
        let mut effects = Effects::NONE;
        let value = self.devices.read(device, access, &mut effects);
        self.apply(device, &effects, kernel);
        value & access.size.mask()
    }

    /// A store; of `value` only the bits count that it covers.
    #[inline(never)]
    pub(super) fn write_device(
        &mut self,
        device: u8,
        access: Access,
        value: u64,
        kernel: &mut impl Kernel,
    ) {
        let mut effects = Effects::NONE;
        let value = value & access.size.mask();
        self.devices.write(device, access, value, &mut effects);
        self.apply(device, &effects, kernel);
    }

    /// A channel of a device was signalled.
    pub(super) fn signal_device(&mut self, device: u8, channel: Channel, kernel: &mut impl Kernel) {
        let mut effects = Effects::NONE;
        self.devices.signalled(device, channel, &mut effects);
        self.apply(device, &effects, kernel);
    }

    /// Is there work that devices have put off?
    #[inline(always)]
    pub const fn has_deferred_work(&self) -> bool {
        self.deferred != 0
    }

    /// Lets every device that has put work off do the next part of it.
    #[inline(never)]
    pub fn resume_devices(&mut self, kernel: &mut impl Kernel) {
        let deferred = core::mem::take(&mut self.deferred);
        for device in (0..64).filter(|device| deferred >> device & 1 != 0) {
            let mut effects = Effects::NONE;
            self.devices.resumed(device, &mut effects);
            self.apply(device, &effects, kernel);
        }
        self.settle(kernel);
    }

    /// All devices as at power-on, and their lines low.
    pub(super) fn reset_devices(&mut self, kernel: &mut impl Kernel) {
        self.deferred = 0;
        for (number, device) in (0..=u8::MAX).zip(self.guest.devices) {
            self.devices.reset(number);
            for intid in device.lines.iter().filter_map(|line| intid(line.intid)) {
                self.gic.set_line(intid, false, kernel);
            }
        }
    }

    /// Tells the devices what was signalled between two runs.
    pub(super) fn deliver_missed_signals(&mut self, kernel: &mut impl Kernel) {
        let missed = core::mem::take(&mut self.missed);
        for entry in self.guest.channels {
            if let ChannelOwner::Device { device, channel } = entry.owner
                && is_signalled(missed, entry.channel)
            {
                self.signal_device(device, Channel(channel), kernel);
            }
        }
    }

    /// What a device asked for is done.
    #[inline(always)]
    fn apply(&mut self, device: u8, effects: &Effects, kernel: &mut impl Kernel) {
        if !effects.is_empty() {
            self.apply_all(device, effects, kernel);
        }
    }

    #[inline(never)]
    fn apply_all(&mut self, number: u8, effects: &Effects, kernel: &mut impl Kernel) {
        let Some(device) = self.guest.devices.get(usize::from(number)) else {
            return;
        };
        for change in effects.lines() {
            self.change_line(device, change, kernel);
        }
        for Channel(channel) in effects.channels() {
            if let Some(channel) = device.channels.get(usize::from(channel)) {
                kernel.notify(*channel);
            }
        }
        if effects.is_deferred() {
            self.deferred |= 1_u64.wrapping_shl(number.into());
        }
        if let Some(start) = effects.vcpu_start() {
            self.start_for_device(start, kernel);
        }
    }

    fn change_line(
        &mut self,
        device: &EmulatedDevice,
        change: LineChange,
        kernel: &mut impl Kernel,
    ) {
        let Some(line) = device.lines.get(usize::from(change.line.0)) else {
            return;
        };
        let Some(intid) = intid(line.intid) else {
            return;
        };
        if line.edge {
            // Each time that it is raised is an interrupt, whatever the level was.
            self.gic.set_line(intid, change.raised, kernel);
            self.gic.set_line(intid, false, kernel);
        } else {
            self.gic.set_line(intid, change.high, kernel);
        }
    }

    /// One that runs already is left alone, and so is one that does not exist.
    fn start_for_device(&mut self, start: VcpuStart, kernel: &mut impl Kernel) {
        let VcpuStart {
            vcpu,
            entry,
            argument,
        } = start;
        if vcpu.0 < self.guest.vcpus
            && CpuTable::power(self, vcpu) == CpuPower::Off
            && self.is_entry_point(entry)
        {
            self.byte_orders.note(vcpu, entry.0, 0);
            self.set_power(vcpu, Power::On);
            Self::start_vcpu(vcpu, entry, (argument, 0), kernel);
        }
    }
}

fn intid(number: u16) -> Option<IntId> {
    IntId::new(number.into())
}
