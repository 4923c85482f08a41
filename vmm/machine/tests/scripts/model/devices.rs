//! An emulated device that does what its driver asks, so that scripts see what comes of it.

use vmm_machine::device::{
    Access, Channel, Device, DeviceError, Effects, FromResources, Line, Resources, VcpuStart,
};
use vmm_machine::{Gpa, VcpuId};

/// Registers of the probe, in each of its regions.
pub(crate) mod register {
    /// Reads back what was written.
    pub(crate) const VALUE: u64 = 0x00;
    /// Level of line 0.
    pub(crate) const LEVEL: u64 = 0x08;
    /// Raises line 1.
    pub(crate) const EDGE: u64 = 0x10;
    /// Notifies its channel.
    pub(crate) const NOTIFY: u64 = 0x18;
    /// Puts off so many pieces of work.
    pub(crate) const DEFER: u64 = 0x20;
    /// Counts signals.
    pub(crate) const SIGNALS: u64 = 0x28;
    /// Starts vCPU 1 at this address.
    pub(crate) const START: u64 = 0x30;
}

/// The device.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Probe {
    values: [u64; 2],
    work: u64,
    signals: u64,
}

impl Device for Probe {
    fn read(&mut self, access: Access, _: &mut Effects) -> u64 {
        match access.offset {
            register::VALUE => self.values[usize::from(access.region.0)],
            register::SIGNALS => self.signals,
            register::DEFER => self.work,
            _ => u64::MAX,
        }
    }

    fn write(&mut self, access: Access, value: u64, effects: &mut Effects) {
        match access.offset {
            register::VALUE => self.values[usize::from(access.region.0)] = value,
            register::LEVEL => effects.set_line(Line(0), value != 0),
            register::EDGE => effects.raise(Line(1)),
            register::NOTIFY => effects.notify(Channel(0)),
            register::DEFER => {
                self.work = value;
                effects.defer();
            }
            register::START => effects.start(VcpuStart {
                vcpu: VcpuId(1),
                entry: Gpa(value),
                argument: 0x5a,
            }),
            _ => {}
        }
    }

    fn signalled(&mut self, channel: Channel, effects: &mut Effects) {
        assert_eq!(channel, Channel(0));
        self.signals += 1;
        effects.raise(Line(0));
    }

    fn resumed(&mut self, effects: &mut Effects) {
        self.work -= 1;
        if self.work > 0 {
            effects.defer();
        } else {
            effects.raise(Line(0));
        }
    }

    fn reset(&mut self) {
        // Signals are counted over all runs.
        *self = Self {
            signals: self.signals,
            ..Self::default()
        };
    }
}

impl<'m> FromResources<'m> for Probe {
    fn from_resources(resources: Resources<'m>) -> Result<Self, DeviceError> {
        resources.line(0)?;
        resources.line(1)?;
        resources.channel(0)?;
        assert_eq!(resources.name(), "probe");
        assert_eq!(resources.parameter("wanted"), Some(7));
        assert_eq!(resources.parameter("other"), None);
        Ok(Self::default())
    }
}

vmm_machine::device::device_set! {
    pub(crate) struct Devices<'m> made by Maker {
        0: probe: Probe,
    }
}
