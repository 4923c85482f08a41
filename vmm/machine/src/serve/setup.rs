//! From the generated tables to a machine: every reservation, its mapping, the images.
#![expect(
    unsafe_code,
    reason = "the tables name memory that the system XML maps into this protection domain"
)]

use core::fmt;

use vmm_config::{EmulatedDevice, Guest, Mapping, Reservation, ReservationKind};

use crate::{
    Gpa, GpaRange,
    boot::{BootError, Package},
    device::{DeviceError, DeviceMaker, Memory, OwnMemory, Resources},
    kernel::InterruptController,
    memory::{Backend, FrameRun, RamWindow, SourceWindow, StaticBackend},
    vm::{Map, Vm},
};

/// Why no machine can be made.
#[derive(Debug)]
pub(super) enum SetupError {
    /// The tables contradict themselves or the system that they run in, at the region of this
    /// name. sysgen lets no such tables out: they are of another system XML.
    Tables {
        region: &'static str,
        problem: &'static str,
    },
    /// This device cannot be made of what the system XML gives to it.
    Device {
        name: &'static str,
        error: DeviceError,
    },
    /// The region of the guest's images holds none.
    Images(BootError),
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tables { region, problem } => write!(
                f,
                "{region}: {problem}; build the VMM and the image from one system XML"
            ),
            Self::Device { name, error } => write!(f, "device {name} {error}"),
            Self::Images(error) => write!(f, "{error}; build the image anew"),
        }
    }
}

const fn tables(region: &'static str, problem: &'static str) -> SetupError {
    SetupError::Tables { region, problem }
}

/// Reserves and maps what the tables describe, and finds the memory behind it: the guest's RAM,
/// and what the VMM has of its own for devices.
pub(super) fn memory(
    guest: &'static Guest,
    memory: &mut Memory,
    own: &mut OwnMemory,
) -> Result<(Map, Package), SetupError> {
    let backend =
        StaticBackend::new(guest.mappings).ok_or(tables("mappings", "not ordered by address"))?;
    let mut map = Map::new(backend);
    for reservation in guest.reservations {
        reserve(&mut map, guest, reservation)?;
        if reservation.kind == ReservationKind::Ram {
            add_ram(&map, memory, reservation)?;
        }
    }
    for device in guest.devices {
        add_windows(own, device)?;
    }
    let package = Package::open(image_window(guest)?).map_err(SetupError::Images)?;
    Ok((map, package))
}

/// Makes the machine that the tables describe.
pub(super) fn machine<'m, G: InterruptController, M: DeviceMaker>(
    guest: &'static Guest,
    (map, package): (Map, Package),
    memory: &'m Memory,
    own: &'m OwnMemory,
    gic: G,
) -> Result<Vm<'m, G, M::Devices<'m>>, SetupError> {
    let resources = |index| {
        let device = guest.devices.get(usize::from(index));
        let device = device.ok_or(DeviceError("not in the tables"))?;
        Ok(Resources::new(device, memory, own))
    };
    let devices = M::make(resources).map_err(|(index, error)| {
        let device = guest.devices.get(usize::from(index));
        SetupError::Device {
            name: device.map_or("?", |device| device.name),
            error,
        }
    })?;
    Ok(Vm::new(guest, map, memory, package, gic, devices))
}

/// Reserves, and maps what is memory or a passed-through device. An emulated device is a
/// reservation that is never mapped.
fn reserve(map: &mut Map, guest: &Guest, one: &Reservation) -> Result<(), SetupError> {
    let range = range_of(one)?;
    let reservation = map
        .reserve_memory_at(range, one.kind)
        .map_err(|_| tables(one.name, "its range is taken, or there are too many"))?;
    if let ReservationKind::Emulated(_) = one.kind {
        return Ok(());
    }
    let mapping =
        mapping_at(guest, one.base).ok_or(tables(one.name, "not mapped into the guest"))?;
    map.map_reservation(reservation, FrameRun::of_mapping(mapping))
        .map_err(|_| tables(one.name, "mapped with another size or other rights"))
}

fn mapping_at(guest: &Guest, base: u64) -> Option<&'static Mapping> {
    guest.mappings.iter().find(|mapping| mapping.base == base)
}

fn range_of(one: &Reservation) -> Result<GpaRange, SetupError> {
    GpaRange::new(Gpa(one.base), one.size)
        .map_err(|_| tables(one.name, "empty, or beyond the last address"))
}

fn add_ram(map: &Map, memory: &mut Memory, one: &Reservation) -> Result<(), SetupError> {
    let address = map
        .backend()
        .vmm_address(range_of(one)?)
        .map_err(|_| tables(one.name, "not mapped into the VMM"))?;
    // SAFETY: sysgen proved that the system XML maps this region here with read and write
    // rights, and nothing else of this protection domain lies there.
    let window = unsafe { RamWindow::new(address, one.size, Gpa(one.base)) }
        .map_err(|_| tables(one.name, "not in the VMM's address space"))?;
    memory
        .add(window)
        .map_err(|_| tables(one.name, "overlaps other RAM, or there are too many"))
}

/// Memory that two devices name is there once.
fn add_windows(own: &mut OwnMemory, device: &EmulatedDevice) -> Result<(), SetupError> {
    for window in device.windows {
        let at = Gpa(window.vmm_address);
        if GpaRange::new(at, window.size).is_ok_and(|range| own.contains(range)) {
            continue;
        }
        // SAFETY: sysgen proved that the system XML maps this region here, cached, and nothing
        // else of this protection domain lies there. What it maps read-only, the devices that
        // sysgen gives it to do not write.
        let window = unsafe { RamWindow::new(window.vmm_address, window.size, at) }
            .map_err(|_| tables(device.name, "its memory is not in the VMM's address space"))?;
        own.add(window)
            .map_err(|_| tables(device.name, "its memory overlaps another's, or is too much"))?;
    }
    Ok(())
}

fn image_window(guest: &Guest) -> Result<SourceWindow, SetupError> {
    // SAFETY: sysgen proved that the system XML maps the prefilled region here for reading,
    // and nothing else of this protection domain lies there. The window is the room kept for
    // it, of which the first page and what the package's `length` covers are sure to be
    // mapped; `Package` reads nothing beyond these.
    unsafe { SourceWindow::new(guest.image.vmm_address, guest.image.size) }
        .map_err(|_| tables("guest image", "not in the VMM's address space"))
}
