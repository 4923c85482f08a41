//! What an emulated device sees of the machine, and what it may ask for.
//!
//! A [`Device`] answers reads and writes of its regions, hears its channels, and states in
//! [`Effects`] what shall happen outside of it. It makes no kernel call, knows no address, no
//! INTID and no other device: regions, lines and channels are numbered from zero in the order
//! in which the system XML gives them to the device.
#![cfg_attr(not(test), no_std)]
#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic
    )
)]

mod access;
mod effects;
mod resources;
mod set;

pub use access::{Access, Region};
pub use effects::{Channel, Effects, Line, LineChange, VcpuStart};
pub use resources::{DeviceError, FromResources, Memory, OwnMemory, Resources};
pub use set::{DeviceMaker, DeviceSet, NoDevices, NoMaker};

/// An emulated device.
///
/// Every call comes from the guest or from another protection domain, and neither is trusted:
/// a device answers each in bounded time and never panics.
pub trait Device {
    /// The value of a load. Bits above the width of the access are ignored.
    fn read(&mut self, access: Access, effects: &mut Effects) -> u64;

    /// A store. Only the bits that the width covers count; those above are zero.
    fn write(&mut self, access: Access, value: u64, effects: &mut Effects);

    /// One of the device's channels was signalled. Signals merge: one call may stand for many.
    fn signalled(&mut self, channel: Channel, effects: &mut Effects) {
        let _ = (channel, effects);
    }

    /// Goes on with what was left when [`Effects::defer`] was called. Exits and signals may have
    /// come in between.
    fn resumed(&mut self, effects: &mut Effects) {
        let _ = effects;
    }

    /// Back to the state at power-on: the guest is started anew. The machine lowers all lines
    /// of the device.
    fn reset(&mut self);
}
