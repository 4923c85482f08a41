//! Protection domains that drive a device of the board, and the virtio devices that they serve.

use vmm_config::{DmaWindow, Window};

use super::find_region;
use super::interrupts::channel;
use crate::document::{Document, Domain, End, Map};
use crate::model::{Driver, DriverClient, DriverKind, EmulatedDevice, Guest};
use crate::number;
use crate::vocabulary::Word;

/// Is this protection domain a driver of ours?
pub(crate) fn is_driver(domain: &Domain) -> bool {
    domain.fact(Word::Driver).is_some()
}

/// What it drives.
pub(crate) fn driver_kind(domain: &Domain) -> Option<DriverKind> {
    let name = domain.fact(Word::Driver)?.get("type")?;
    let mut kinds = DriverKind::ALL.into_iter();
    kinds.find(|kind| kind.name() == name.value)
}

/// A virtio device at a channel of a driver.
pub(crate) struct Client<'a> {
    pub(crate) guest: &'a Guest,
    pub(crate) device: &'a EmulatedDevice,
    /// The driver's end of the channel.
    pub(crate) end: &'a End,
}

/// The virtio devices at the channels of a driver, in the order of the file.
pub(crate) fn clients<'a>(
    document: &'a Document,
    guests: &'a [Guest],
    driver: &'a Domain,
) -> Vec<Client<'a>> {
    let devices = guests
        .iter()
        .flat_map(|guest| guest.emulated.iter().map(move |device| (guest, device)));
    let devices = devices.filter(|(_, device)| device.virtio.is_some());
    let client = |(guest, device): (&'a Guest, &'a EmulatedDevice)| {
        let number = u64::from(device.channels.first()?.value);
        let is_it = |(_, other): &(&End, &End)| {
            other.domain.value == guest.domain && other.channel.value == number
        };
        let (end, _) = driver.channels(document).find(is_it)?;
        Some(Client { guest, device, end })
    };
    devices.filter_map(client).collect()
}

/// All drivers of the system. What has a mistake, which the checks report, is left out.
pub(crate) fn drivers(document: &Document, guests: &[Guest]) -> Vec<Driver> {
    let domains = document.domains.iter();
    domains
        .filter_map(|domain| driver(document, guests, domain))
        .collect()
}

fn driver(document: &Document, guests: &[Guest], domain: &Domain) -> Option<Driver> {
    let kind = driver_kind(domain)?;
    let marked = |word| domain.maps.iter().find(move |map| map.says(word));
    let interrupt = domain.interrupts.first();
    let clients = clients(document, guests, domain);
    let marked_registers = marked(Word::DriverRegisters)?;
    Some(Driver {
        domain: domain.name.value.clone(),
        program: domain.program.as_ref()?.value.clone(),
        kind,
        registers: registers(document, marked_registers)?,
        physical: physical_registers(document, marked_registers)?,
        dma: marked(Word::Dma).and_then(|map| dma(document, map)),
        interrupt: interrupt.and_then(|irq| channel(&irq.channel)),
        clients: clients
            .iter()
            .filter_map(|one| client(document, domain, one))
            .collect(),
    })
}

fn registers(document: &Document, map: &Map) -> Option<Window> {
    let (offset, size) = register_window(document, map)?;
    Some(Window {
        vmm_address: map.address.value.checked_add(offset)?,
        size,
    })
}

fn physical_registers(document: &Document, map: &Map) -> Option<u64> {
    let (offset, _) = register_window(document, map)?;
    let region = find_region(document, &map.region.value)?;
    region.physical.as_ref()?.value.checked_add(offset)
}

/// Offset and size of the registers in their region.
pub(crate) fn register_window(document: &Document, map: &Map) -> Option<(u64, u64)> {
    let fact = map.fact(Word::DriverRegisters)?;
    let whole = find_region(document, &map.region.value)?.size.as_ref()?;
    let number = |key| fact.get(key).map(|text| number::parse(&text.value));
    let offset = number("offset").unwrap_or(Some(0))?;
    let rest = whole.value.saturating_sub(offset);
    let size = number("size").unwrap_or(Some(rest))?;
    Some((offset, size))
}

fn dma(document: &Document, map: &Map) -> Option<DmaWindow> {
    let region = find_region(document, &map.region.value)?;
    Some(DmaWindow {
        vmm_address: map.address.value,
        physical: region.physical.as_ref()?.value,
        size: region.size.as_ref()?.value,
    })
}

fn client(document: &Document, driver: &Domain, client: &Client<'_>) -> Option<DriverClient> {
    let window = |region: &String| {
        let mut maps = driver.maps.iter();
        let map = maps.find(|map| map.region.value == *region)?;
        Some(Window {
            vmm_address: map.address.value,
            size: find_region(document, region)?.size.as_ref()?.value,
        })
    };
    let memory = client.device.memory.iter();
    let windows = memory.map(|memory| window(&memory.value.region));
    Some(DriverClient {
        name: format!("{}/{}", client.guest.name, client.device.name.value),
        channel: channel(&client.end.channel)?,
        windows: windows.collect::<Option<_>>()?,
        parameters: client.device.parameters.clone(),
    })
}
