//! From the generated tables to a machine: every reservation, its mapping, the images.
#![expect(
    unsafe_code,
    reason = "the tables name memory that the system XML maps into this protection domain"
)]

use vmm_config::{Mapping, Reservation, ReservationKind};
use vmm_machine::{
    Gpa, GpaRange,
    address::RangeError,
    boot::{BootError, Package},
    memory::{
        Backend, FrameRun, GuestMemory, MapError, RamWindow, ReserveError, SourceWindow,
        StaticBackend, backend::StaticError, raw::WindowError,
    },
    vm::{MAX_RAM, Map, Vm},
};

use crate::{GUEST, monitor::Gic};

/// Why no machine can be made of the tables: they do not fit the system they run in.
#[derive(Debug)]
pub(crate) enum SetupError {
    Order,
    Range(&'static str, RangeError),
    Reserve(&'static str, ReserveError),
    Map(&'static str, MapError<StaticError>),
    NoMap(&'static str),
    NotInVmm(&'static str, StaticError),
    Window(&'static str, WindowError),
    RamTwice(&'static str),
    Boot(BootError),
}

/// Makes the machine that the tables describe.
pub(crate) fn machine(gic: Gic) -> Result<Vm<Gic>, SetupError> {
    let backend = StaticBackend::new(GUEST.mappings).ok_or(SetupError::Order)?;
    let mut map = Map::new(backend);
    let mut memory = GuestMemory::new();
    for reservation in GUEST.reservations {
        reserve(&mut map, reservation)?;
        if reservation.kind == ReservationKind::Ram {
            add_ram(&map, &mut memory, reservation)?;
        }
    }
    let package = Package::open(image_window()?).map_err(SetupError::Boot)?;
    Ok(Vm::new(&GUEST, map, memory, package, gic))
}

/// Reserves, and maps what is memory or a passed-through device. An emulated device is a
/// reservation that is never mapped.
fn reserve(map: &mut Map, one: &Reservation) -> Result<(), SetupError> {
    let range = range_of(one)?;
    let reservation = map
        .reserve_memory_at(range, one.kind)
        .map_err(|error| SetupError::Reserve(one.name, error))?;
    if let ReservationKind::Emulated(_) = one.kind {
        return Ok(());
    }
    let mapping = mapping_at(one.base).ok_or(SetupError::NoMap(one.name))?;
    map.map_reservation(reservation, FrameRun::of_mapping(mapping))
        .map_err(|error| SetupError::Map(one.name, error))
}

fn mapping_at(base: u64) -> Option<&'static Mapping> {
    GUEST.mappings.iter().find(|mapping| mapping.base == base)
}

fn range_of(one: &Reservation) -> Result<GpaRange, SetupError> {
    GpaRange::new(Gpa(one.base), one.size).map_err(|error| SetupError::Range(one.name, error))
}

fn add_ram(
    map: &Map,
    memory: &mut GuestMemory<MAX_RAM>,
    one: &Reservation,
) -> Result<(), SetupError> {
    let address = map
        .backend()
        .vmm_address(range_of(one)?)
        .map_err(|error| SetupError::NotInVmm(one.name, error))?;
    // SAFETY: sysgen proved that the system XML maps this region here with read and write
    // rights, and nothing else of this protection domain lies there.
    let window = unsafe { RamWindow::new(address, one.size, Gpa(one.base)) }
        .map_err(|error| SetupError::Window(one.name, error))?;
    memory
        .add(window)
        .map_err(|_| SetupError::RamTwice(one.name))
}

fn image_window() -> Result<SourceWindow, SetupError> {
    // SAFETY: sysgen proved that the system XML maps the prefilled region here for reading,
    // and nothing else of this protection domain lies there.
    unsafe { SourceWindow::new(GUEST.image.vmm_address, GUEST.image.size) }
        .map_err(|error| SetupError::Window("guest image", error))
}
