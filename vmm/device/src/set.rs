//! All emulated devices of a guest: one struct, one `match`, no allocator.

use crate::{Access, Channel, DeviceError, Effects, Resources};

/// The emulated devices of a guest, by their indices in `vmm_config::Guest::devices`.
///
/// What a device that does not exist is asked is ignored, and it reads as zero.
pub trait DeviceSet {
    /// [`Device::read`](crate::Device::read) of device `index`.
    fn read(&mut self, index: u8, access: Access, effects: &mut Effects) -> u64;
    /// [`Device::write`](crate::Device::write) of device `index`.
    fn write(&mut self, index: u8, access: Access, value: u64, effects: &mut Effects);
    /// [`Device::signalled`](crate::Device::signalled) of device `index`.
    fn signalled(&mut self, index: u8, channel: Channel, effects: &mut Effects);
    /// [`Device::resumed`](crate::Device::resumed) of device `index`.
    fn resumed(&mut self, index: u8, effects: &mut Effects);
    /// [`Device::reset`](crate::Device::reset) of device `index`.
    fn reset(&mut self, index: u8);
}

/// Makes the devices of a guest once its RAM is known.
pub trait DeviceMaker {
    /// The devices.
    type Devices<'m>: DeviceSet;

    /// Makes every device of its resources.
    ///
    /// # Errors
    /// The index of a device that cannot be made, and why.
    fn make<'m>(
        resources: impl Fn(u8) -> Result<Resources<'m>, DeviceError>,
    ) -> Result<Self::Devices<'m>, (u8, DeviceError)>;
}

/// Defines a guest's devices and their maker. sysgen writes one such definition for each guest.
///
/// ```
/// # use vmm_device::{Access, Device, DeviceError, Effects, FromResources, Resources};
/// # struct Counter;
/// # impl Device for Counter {
/// #     fn read(&mut self, _: Access, _: &mut Effects) -> u64 { 0 }
/// #     fn write(&mut self, _: Access, _: u64, _: &mut Effects) {}
/// #     fn reset(&mut self) {}
/// # }
/// # impl<'m> FromResources<'m> for Counter {
/// #     fn from_resources(_: Resources<'m>) -> Result<Self, DeviceError> { Ok(Self) }
/// # }
/// vmm_device::device_set! {
///     /// The guest's devices.
///     pub struct Devices<'m> made by Maker {
///         0: counter: Counter,
///     }
/// }
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! device_set {
    (
        $(#[$attribute:meta])*
        $visibility:vis struct $devices:ident<$life:lifetime> made by $maker:ident {
            $($index:literal: $name:ident: $type:ty,)*
        }
    ) => {
        $(#[$attribute])*
        $visibility struct $devices<$life> {
            $($name: $type,)*
            _memory: ::core::marker::PhantomData<&$life ()>,
        }

        /// Makes these devices.
        #[derive(Clone, Copy, Debug)]
        $visibility struct $maker;

        impl $crate::DeviceMaker for $maker {
            type Devices<$life> = $devices<$life>;

            fn make<$life>(
                resources: impl Fn(u8) -> Result<$crate::Resources<$life>, $crate::DeviceError>,
            ) -> Result<Self::Devices<$life>, (u8, $crate::DeviceError)> {
                let _ = &resources;
                Ok($devices {
                    $($name: resources($index)
                        .and_then(<$type as $crate::FromResources<$life>>::from_resources)
                        .map_err(|error| ($index, error))?,)*
                    _memory: ::core::marker::PhantomData,
                })
            }
        }

        impl $crate::DeviceSet for $devices<'_> {
            #[inline(always)]
            fn read(
                &mut self,
                index: u8,
                access: $crate::Access,
                effects: &mut $crate::Effects,
            ) -> u64 {
                let _ = (&access, &effects);
                match index {
                    $($index => $crate::Device::read(&mut self.$name, access, effects),)*
                    _ => 0,
                }
            }

            #[inline(always)]
            fn write(
                &mut self,
                index: u8,
                access: $crate::Access,
                value: u64,
                effects: &mut $crate::Effects,
            ) {
                let _ = (&access, value, &effects);
                match index {
                    $($index => $crate::Device::write(&mut self.$name, access, value, effects),)*
                    _ => {}
                }
            }

            fn signalled(
                &mut self,
                index: u8,
                channel: $crate::Channel,
                effects: &mut $crate::Effects,
            ) {
                let _ = (channel, &effects);
                match index {
                    $($index => $crate::Device::signalled(&mut self.$name, channel, effects),)*
                    _ => {}
                }
            }

            fn resumed(&mut self, index: u8, effects: &mut $crate::Effects) {
                let _ = &effects;
                match index {
                    $($index => $crate::Device::resumed(&mut self.$name, effects),)*
                    _ => {}
                }
            }

            fn reset(&mut self, index: u8) {
                match index {
                    $($index => $crate::Device::reset(&mut self.$name),)*
                    _ => {}
                }
            }
        }
    };
}

device_set! {
    /// No devices.
    #[derive(Debug)]
    pub struct NoDevices<'m> made by NoMaker {}
}
