//! The types of devices, compiled: `device_set!` takes what sysgen writes, and virtio devices have
//! the names that sysgen knows.

use core::marker::PhantomData;

use vmm_device::{Access, Device, DeviceError, DeviceMaker, Effects, FromResources, Resources};

/// In place of the users' devices that the systems name.
#[derive(Debug)]
struct Fake<'m>(PhantomData<&'m ()>);

impl Device for Fake<'_> {
    fn read(&mut self, _: Access, _: &mut Effects) -> u64 {
        0
    }

    fn write(&mut self, _: Access, _: u64, _: &mut Effects) {}

    fn reset(&mut self) {}
}

impl<'r> FromResources<'r> for Fake<'_> {
    fn from_resources(_: Resources<'r>) -> Result<Self, DeviceError> {
        Ok(Self(PhantomData))
    }
}

/// The golden file, compiled.
mod devices {
    mod counter_device {
        pub(super) type Counter = super::super::Fake<'static>;
    }
    mod acme {
        pub(super) type Lamp<'m> = super::super::Fake<'m>;
    }
    include!("../golden/devices.set.rs");
}

/// The golden file, compiled.
mod drivers_a {
    include!("../golden/drivers_a.set.rs");
}

/// The golden file, compiled.
mod drivers_b {
    include!("../golden/drivers_b.set.rs");
}

/// The golden file, compiled.
mod two_vcpus {
    include!("../golden/two_vcpus.set.rs");
}

fn first_failure<M: DeviceMaker>() -> Option<u8> {
    let error = DeviceError("has no resources");
    M::make(|_| Err(error)).err().map(|(index, _)| index)
}

#[test]
fn sets_have_the_devices_of_the_xml() {
    assert_eq!(first_failure::<devices::Maker>(), Some(0));
    assert_eq!(first_failure::<drivers_a::Maker>(), Some(0));
    assert_eq!(first_failure::<drivers_b::Maker>(), Some(0));
    assert_eq!(first_failure::<two_vcpus::Maker>(), None, "no device");
}
