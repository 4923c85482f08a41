//! From the generated tables to a machine: every reservation, its mapping, the images.
#![expect(
    unsafe_code,
    reason = "the tables name memory that the system XML maps into this protection domain"
)]

use core::fmt;

use vmm_config::{Guest, MAX_RAM, Mapping, Reservation, ReservationKind};

use crate::{
    Gpa, GpaRange,
    boot::{BootError, Package},
    kernel::InterruptController,
    memory::{Backend, FrameRun, GuestMemory, RamWindow, SourceWindow, StaticBackend},
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
            Self::Images(error) => write!(f, "{error}; build the image anew"),
        }
    }
}

const fn tables(region: &'static str, problem: &'static str) -> SetupError {
    SetupError::Tables { region, problem }
}

/// Makes the machine that the tables describe.
pub(super) fn machine<G: InterruptController>(
    guest: &'static Guest,
    gic: G,
) -> Result<Vm<G>, SetupError> {
    let backend =
        StaticBackend::new(guest.mappings).ok_or(tables("mappings", "not ordered by address"))?;
    let mut map = Map::new(backend);
    let mut memory = GuestMemory::new();
    for reservation in guest.reservations {
        reserve(&mut map, guest, reservation)?;
        if reservation.kind == ReservationKind::Ram {
            add_ram(&map, &mut memory, reservation)?;
        }
    }
    let package = Package::open(image_window(guest)?).map_err(SetupError::Images)?;
    Ok(Vm::new(guest, map, memory, package, gic))
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

fn add_ram(
    map: &Map,
    memory: &mut GuestMemory<MAX_RAM>,
    one: &Reservation,
) -> Result<(), SetupError> {
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

fn image_window(guest: &Guest) -> Result<SourceWindow, SetupError> {
    // SAFETY: sysgen proved that the system XML maps the prefilled region here for reading,
    // and nothing else of this protection domain lies there. The window is the room kept for
    // it, of which the first page and what the package's `length` covers are sure to be
    // mapped; `Package` reads nothing beyond these.
    unsafe { SourceWindow::new(guest.image.vmm_address, guest.image.size) }
        .map_err(|_| tables("guest image", "not in the VMM's address space"))
}
