//! A PL031 real-time clock for the guest, whose time another protection domain keeps (Arm DDI 0224).
//!
//! That domain leaves the seconds in a shared page and signals each new one. The guest reads and
//! sets its clock, and can ask for an interrupt at a given second.
#![cfg_attr(not(test), no_std)]

use vmm_device::{Access, Channel, Device, DeviceError, Effects, FromResources, Line, Resources};
use vmm_memory::RamSlice;

/// Registers (DDI 0224, 3.2): time, alarm, setting of the time, and the interrupt's mask, state,
/// masked state and clearing.
const RTCDR: u64 = 0x00;
const RTCMR: u64 = 0x04;
const RTCLR: u64 = 0x08;
const RTCCR: u64 = 0x0c;
const RTCIMSC: u64 = 0x10;
const RTCRIS: u64 = 0x14;
const RTCMIS: u64 = 0x18;
const RTCICR: u64 = 0x1c;
/// RTCPeriphID0 to 3 and RTCPCellID0 to 3, by which drivers know the device.
const IDENTIFICATION: u64 = 0xfe0;
const IDENTITY: [u8; 8] = [0x31, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1];

/// The device: one region of 4 KiB, one level-sensitive line, one channel, one memory region.
#[derive(Debug)]
pub struct RealTimeClock<'m> {
    /// The first word is the time in seconds; the other domain writes it.
    shared: RamSlice<'m>,
    line: Line,
    /// What the guest has set its clock ahead of the other domain's.
    ahead: u32,
    /// The time that the alarm was compared with last.
    compared: u32,
    alarm: u32,
    enabled: bool,
    ringing: bool,
}

impl RealTimeClock<'_> {
    fn now(&self) -> u32 {
        let seconds = self.shared.read_u32(0).unwrap_or(0);
        seconds.wrapping_add(self.ahead)
    }

    /// Rings when the alarm lies between the last comparison and now.
    fn compare(&mut self) {
        let now = self.now();
        let passed = now.wrapping_sub(self.compared);
        self.ringing |= self.alarm.wrapping_sub(self.compared).wrapping_sub(1) < passed;
        self.compared = now;
    }

    fn update_line(&self, effects: &mut Effects) {
        effects.set_line(self.line, self.enabled && self.ringing);
    }
}

impl Device for RealTimeClock<'_> {
    fn read(&mut self, access: Access, _: &mut Effects) -> u64 {
        let value = match access.offset {
            RTCDR => self.now(),
            RTCMR => self.alarm,
            RTCCR => 1,
            RTCIMSC => self.enabled.into(),
            RTCRIS => self.ringing.into(),
            RTCMIS => (self.enabled && self.ringing).into(),
            offset => {
                let index = offset.checked_sub(IDENTIFICATION).map(|from| from / 4);
                let byte = index.and_then(|index| IDENTITY.get(index as usize));
                byte.copied().unwrap_or(0).into()
            }
        };
        value.into()
    }

    fn write(&mut self, access: Access, value: u64, effects: &mut Effects) {
        let value = value as u32;
        match access.offset {
            RTCMR => {
                self.alarm = value;
                self.compared = self.now().wrapping_sub(1);
                self.compare();
            }
            RTCLR => {
                self.ahead = self.ahead.wrapping_add(value.wrapping_sub(self.now()));
                self.compared = value;
            }
            RTCIMSC => self.enabled = value & 1 != 0,
            RTCICR if value & 1 != 0 => self.ringing = false,
            _ => {}
        }
        self.update_line(effects);
    }

    /// The other domain has written a new second.
    fn signalled(&mut self, _: Channel, effects: &mut Effects) {
        self.compare();
        self.update_line(effects);
    }

    /// The time goes on: a clock has a battery.
    fn reset(&mut self) {
        self.enabled = false;
        self.ringing = false;
    }
}

impl<'m> FromResources<'m> for RealTimeClock<'m> {
    fn from_resources(resources: Resources<'m>) -> Result<Self, DeviceError> {
        resources.channel(0)?;
        Ok(Self {
            shared: resources.window(0)?,
            line: resources.line(0)?,
            ahead: 0,
            compared: 0,
            alarm: 0,
            enabled: false,
            ringing: false,
        })
    }
}

#[cfg(test)]
mod tests;
