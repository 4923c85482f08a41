//! Tables: their text, and that the text compiles to the values it should have.

use sysgen::tables;
use vmm_config::{
    Action, ChannelEntry, ChannelOwner, Console, ConsoleKind, Device, DeviceLine, Parameter,
    ReservationKind, Ticker, TickerClient, Wake, Window,
};

use crate::{golden, systems};

/// The golden file, compiled.
#[expect(unreachable_pub, reason = "the VMM wants it public")]
mod one {
    include!("../golden/one.rs");
}

/// The golden file, compiled.
#[expect(unreachable_pub, reason = "the VMM wants it public")]
mod two_vcpus {
    include!("../golden/two_vcpus.rs");
}

/// The golden file, compiled.
#[expect(unreachable_pub, reason = "the program wants it public")]
mod two_guests_a {
    include!("../golden/two_guests_a.rs");
}

/// The golden file, compiled.
#[expect(unreachable_pub, reason = "the program wants it public")]
mod two_guests_b {
    include!("../golden/two_guests_b.rs");
}

/// The golden file, compiled.
#[expect(unreachable_pub, reason = "the program wants it public")]
mod fine {
    include!("../golden/fine.rs");
}

/// The golden file, compiled.
#[expect(unreachable_pub, reason = "the program wants it public")]
mod coarse {
    include!("../golden/coarse.rs");
}

/// The golden file, compiled.
#[expect(unreachable_pub, reason = "the VMM wants it public")]
mod devices {
    include!("../golden/devices.rs");
}

/// The golden file, compiled.
#[expect(unreachable_pub, reason = "the VMM wants it public")]
mod drivers_a {
    include!("../golden/drivers_a.rs");
}

/// The golden file, compiled.
#[expect(unreachable_pub, reason = "the program wants it public")]
mod blk {
    include!("../golden/blk.rs");
}

/// The golden file, compiled.
#[expect(unreachable_pub, reason = "the program wants it public")]
mod ser {
    include!("../golden/ser.rs");
}

fn text(system: &str) -> String {
    tables::generate(&systems::load(system).guests[0])
}

#[test]
fn tables_are_as_expected() {
    golden::check("one.rs", &text(systems::ONE));
    golden::check("two_vcpus.rs", &text(systems::TWO_VCPUS));
    golden::check("shadow.rs", &text(systems::SHADOW));
    golden::check("devices.rs", &text(systems::DEVICES));
    let system = systems::load(systems::DRIVERS);
    for guest in &system.guests {
        let name = format!("drivers_{}.rs", guest.name);
        golden::check(&name, &tables::generate(guest));
    }
    for driver in &system.drivers {
        let name = format!("{}.rs", driver.domain);
        golden::check(&name, &tables::generate_driver(driver));
    }
    let system = systems::load(systems::TWO_GUESTS);
    for guest in &system.guests {
        let name = format!("two_guests_{}.rs", guest.name);
        golden::check(&name, &tables::generate(guest));
    }
    for ticker in &system.tickers {
        let name = format!("{}.rs", ticker.domain);
        golden::check(&name, &tables::generate_ticker(ticker));
    }
}

#[test]
fn device_sets_are_as_expected() {
    let set = |system| tables::generate_devices(&systems::load(system).guests[0]);
    golden::check("devices.set.rs", &set(systems::DEVICES));
    golden::check("two_vcpus.set.rs", &set(systems::TWO_VCPUS));
    let system = systems::load(systems::DRIVERS);
    for guest in &system.guests {
        let name = format!("drivers_{}.set.rs", guest.name);
        golden::check(&name, &tables::generate_devices(guest));
    }
}

#[test]
fn compiled_tables_hold_the_values_of_the_xml() {
    let guest = &one::GUEST;
    assert_eq!((guest.name, guest.vcpus), ("guest", 1));
    let bases: Vec<_> = guest.mappings.iter().map(|m| (m.name, m.base)).collect();
    assert_eq!(
        bases,
        [
            ("gicv", 0x801_0000),
            ("uart", 0x900_0000),
            ("ram", 0x4000_0000)
        ]
    );
    let ram = guest.mappings.last().expect("RAM");
    assert_eq!(
        (ram.size, ram.page_bits, ram.vmm_address),
        (64 << 20, 21, Some(0x4000_0000))
    );
    assert!(ram.read && ram.write && ram.execute);
    assert!(!guest.mappings[1].execute && guest.mappings[1].vmm_address.is_none());
    let kinds: Vec<_> = guest
        .reservations
        .iter()
        .map(|r| (r.base, r.kind))
        .collect();
    assert_eq!(
        kinds,
        [
            (
                0x800_0000,
                ReservationKind::Emulated(Device::GicDistributor)
            ),
            (0x801_0000, ReservationKind::GicCpuInterface),
            (0x900_0000, ReservationKind::Passthrough),
            (
                0xb00_0000,
                ReservationKind::Emulated(Device::Emulated {
                    device: 0,
                    region: 0
                })
            ),
            (0x4000_0000, ReservationKind::Ram),
        ]
    );
    assert_eq!(
        (guest.gic.version, guest.gic.spis, guest.gic.shadow),
        (2, 128, None)
    );
    assert_eq!(guest.image.vmm_address, 0x8000_0000);
    assert_eq!(guest.image.size, (64 << 20) + (2 << 20), "RAM and a page");
    assert_eq!(guest.wake, Some(Wake::PhysicalTimer { channel: 2 }));
    assert_eq!(guest.console, None);
    assert_eq!(guest.policy.power_off, Action::MachineOff);
    assert_eq!(guest.policy.reset, Action::Restart { limit: Some(3) });
    assert_eq!(guest.policy.crash, Action::Stop);
}

#[test]
fn compiled_tables_are_ordered_whatever_the_order_of_the_xml() {
    let guest = &two_vcpus::GUEST;
    assert_eq!(guest.vcpus, 2);
    assert!(guest.mappings.is_sorted_by_key(|mapping| mapping.base));
    assert!(guest.reservations.is_sorted_by_key(|piece| piece.base));
    let interrupts: Vec<_> = guest
        .interrupts
        .iter()
        .map(|i| (i.intid, i.channel, i.edge))
        .collect();
    assert_eq!(interrupts, [(33, 7, false), (45, 0, false), (46, 61, true)]);
    assert_eq!(
        guest.image.size, 0x500_1000,
        "both pieces of RAM and a page"
    );
    assert_eq!(guest.wake, None);
    assert_eq!(
        guest.console,
        Some(Console {
            vmm_address: 0x3000_0000,
            kind: ConsoleKind::Pl011
        })
    );
    assert_eq!(
        guest.policy.reset,
        Action::Restart { limit: None },
        "the default"
    );
}

fn windows(windows: &[Window]) -> Vec<(u64, u64)> {
    let each = windows.iter();
    each.map(|window| (window.vmm_address, window.size))
        .collect()
}

#[test]
fn compiled_devices_hold_what_the_xml_gives_them() {
    let [counter, hidden, disk, tools] = devices::GUEST.devices else {
        panic!("four devices");
    };
    let line = |intid, edge| DeviceLine { intid, edge };
    let parameter = |name, value| Parameter { name, value };
    assert_eq!(counter.name, "counter");
    assert_eq!(counter.lines, [line(64, false), line(65, true)]);
    assert_eq!(counter.channels, [3, 4]);
    let memory = [(0x3000_0000, 0x1000), (0x3000_2000, 0x2000)];
    assert_eq!(windows(counter.windows), memory);
    let numbers = [parameter("start", 5), parameter("step", 16)];
    assert_eq!(counter.parameters, numbers);
    assert!(hidden.lines.is_empty() && hidden.channels.is_empty());
    assert_eq!(disk.parameters, [parameter("read-only", 0)]);
    assert_eq!(tools.parameters, [parameter("read-only", 1)]);
    assert_eq!(tools.lines, [line(49, false)]);
    let owner = |channel, number| ChannelEntry {
        channel,
        owner: ChannelOwner::Device {
            device: 0,
            channel: number,
        },
    };
    assert_eq!(devices::GUEST.channels, [owner(3, 0), owner(4, 1)]);
    let places = devices::GUEST.reservations.iter();
    let of_counter: Vec<_> = places.filter(|piece| piece.name == "counter").collect();
    let region = |region| ReservationKind::Emulated(Device::Emulated { device: 0, region });
    assert_eq!(of_counter[0].kind, region(0));
    assert_eq!(of_counter[1].kind, region(1));
}

/// A device and its server have the same regions in the same order, and the same numbers.
#[test]
fn drivers_and_their_clients_agree() {
    let disk = &drivers_a::GUEST.devices[0];
    let served = &blk::DRIVER.clients[0];
    assert_eq!(served.name, "a/disk");
    assert_eq!(served.parameters, disk.parameters);
    let sizes = |all: &[Window]| all.iter().map(|window| window.size).collect::<Vec<_>>();
    assert_eq!(sizes(served.windows), sizes(disk.windows));
    assert_eq!(sizes(disk.windows), [0x1000, 0x1000, 0x1000, 0x4_0000]);
    assert_eq!((served.channel, blk::DRIVER.clients[1].channel), (0, 7));
    let registers = blk::DRIVER.registers;
    assert_eq!(
        (registers.vmm_address, registers.size),
        (0x2000_0e00, 0x200)
    );
    let dma = blk::DRIVER.dma.expect("memory");
    assert_eq!(
        (dma.vmm_address, dma.physical, dma.size),
        (0x2100_0000, 0x5000_0000, 0x20_0000)
    );
    assert_eq!(blk::DRIVER.interrupt, Some(3));
    assert!(ser::DRIVER.dma.is_none());
}

/// Each VMM and each ticker have the same words of the same pages, the longest period first.
#[test]
fn tickers_and_their_vmms_agree() {
    let ticker = |channel, request, period| Ticker {
        channel,
        request,
        period,
    };
    // 10 ms and 100 us at 62.5 MHz.
    const COARSE: u64 = 625_000;
    const FINE: u64 = 6250;
    let wake_a = [ticker(3, 0x3000_0000, COARSE), ticker(2, 0x3000_0008, FINE)];
    assert_eq!(tickers(two_guests_a::GUEST.wake), wake_a);
    let wake_b = [ticker(4, 0x3000_0000, FINE)];
    assert_eq!(tickers(two_guests_b::GUEST.wake), wake_b);
    let client = |channel, request| TickerClient { channel, request };
    let fine = [client(0, 0x2000_0008), client(1, 0x2000_1000)];
    assert_eq!(fine::CLIENTS, fine);
    assert_eq!(coarse::CLIENTS, [client(5, 0x2000_0000)]);
}

fn tickers(wake: Option<Wake>) -> &'static [Ticker] {
    match wake {
        Some(Wake::Tickers(tickers)) => tickers,
        _ => panic!("no tickers"),
    }
}

#[test]
fn a_shadow_page_is_known_to_the_tables() {
    let system = systems::load(systems::SHADOW);
    assert_eq!(system.guests[0].gic.shadow, Some(0x3000_0000));
}

/// `ONE` whose VMM has a console in the region `uart`.
fn with_console() -> String {
    let console = "<?vmm console?>\n<map mr=\"uart\" vaddr=\"0x30010000\" cached=\"false\" />";
    systems::ONE.replace("<?vmm image?>", &format!("{console}\n<?vmm image?>"))
}

fn console(text: &str) -> Option<Console> {
    systems::load(text).guests[0].console
}

#[test]
fn a_console_is_known_by_the_guests_device() {
    let text = with_console();
    let at = |vmm_address| {
        let kind = ConsoleKind::Pl011;
        Some(Console { vmm_address, kind })
    };
    assert_eq!(console(&text), at(0x3001_0000));
    let part = text.replace(
        "name=\"serial\" comp",
        "name=\"serial\" offset=\"0x40\" comp",
    );
    assert_eq!(console(&part), at(0x3001_0040));
}

#[test]
fn a_console_that_the_guest_does_not_have_is_known_by_the_board() {
    let guest_map = "<map mr=\"uart\" vaddr=\"0x9000000\"";
    let text = with_console()
        .replace("irq=\"33\"", "irq=\"47\"")
        .replace(guest_map, "<map mr=\"rtc\" vaddr=\"0x9010000\"")
        .replace(
            "compatible=\"arm,pl011 arm,primecell\"",
            "compatible=\"x,y\"",
        )
        .replace(
            "<system>",
            "<system><memory_region name=\"rtc\" size=\"0x1000\" phys_addr=\"0xc010000\" />",
        );
    let expected = Console {
        vmm_address: 0x3001_0000,
        kind: ConsoleKind::Pl011,
    };
    assert_eq!(console(&text), Some(expected));
}
