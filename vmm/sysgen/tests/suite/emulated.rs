//! What the VMM and its drivers have room for, and devices that drivers tell apart.

use sysgen::System;
use vmm_config::MAX_DEVICE_WINDOWS;

use crate::systems::{self, DEVICES, DRIVERS};

/// The findings of a system.
fn findings(text: &str) -> String {
    System::parse(systems::source(text), &systems::virt())
        .err()
        .map_or_else(String::new, |error| error.to_string())
}

/// `DEVICES` with a device that uses so many memory regions more than the four there.
fn with_windows(count: usize) -> String {
    let names: Vec<String> = (0..count).map(|index| format!("w{index}")).collect();
    let regions: Vec<String> = names
        .iter()
        .map(|name| format!("<memory_region name=\"{name}\" size=\"0x1000\" />\n"))
        .collect();
    let maps: Vec<String> = names
        .iter()
        .enumerate()
        .map(|(index, name)| {
            let address = 0x3800_0000 + 0x1000 * index;
            format!("<map mr=\"{name}\" vaddr=\"{address:#x}\" perms=\"rw\" />\n")
        })
        .collect();
    let device = format!(
        "<?vmm emulated name=\"many\" type=\"acme::Many\" registers=\"0xc000000:0x1000\" memory=\"{}\"?>",
        names.join(" ")
    );
    DEVICES
        .replace("<system>", &format!("<system>\n{}", regions.concat()))
        .replace("<?vmm image?>", &format!("{}<?vmm image?>", maps.concat()))
        .replace("<vcpu", &format!("{device}<vcpu"))
}

#[test]
fn as_many_windows_as_the_vmm_has_room_for() {
    let there = 4;
    assert_eq!(findings(&with_windows(MAX_DEVICE_WINDOWS - there)), "");
    let text = findings(&with_windows(MAX_DEVICE_WINDOWS - there + 1));
    assert!(
        text.contains("the devices of the guest use too many memory regions"),
        "{text}"
    );
    assert!(text.contains("the VMM has room for 48"), "{text}");
}

/// `DRIVERS` with so many consoles more in guest `a`, each with memory and a channel of its own.
fn with_consoles(count: usize) -> String {
    let mut text = DRIVERS.to_owned();
    let mut insert = |before: &str, more: &str| {
        text = text.replacen(before, &format!("{more}\n{before}"), 1);
    };
    for index in 0..count {
        let parts = ["q", "d", "r", "e"].map(|part| format!("{part}{index}"));
        for (number, part) in parts.iter().enumerate() {
            let address = 0x3800_0000 + 0x4000 * index + 0x1000 * number;
            let map = format!("<map mr=\"{part}\" vaddr=\"{address:#x}\" perms=\"rw\" />");
            insert(
                "<protection_domain name=\"vmm_a\"",
                &format!("<memory_region name=\"{part}\" size=\"0x1000\" />"),
            );
            insert("<?vmm image?>", &map);
            insert("<irq irq=\"33\"", &map);
        }
        let (address, channel) = (0xc00_0000 + 0x200 * index, 20 + index);
        insert(
            "<vcpu",
            &format!(
                "<?vmm virtio name=\"c{index}\" type=\"console\" address=\"{address:#x}\" \
                 interrupt=\"{}\" backend=\"sddf\" channel=\"{channel}\" memory=\"{}\"?>",
                100 + index,
                parts.join(" ")
            ),
        );
        insert(
            "</system>",
            &format!(
                "<channel><end pd=\"vmm_a\" id=\"{channel}\" /><end pd=\"ser\" id=\"{channel}\" /></channel>"
            ),
        );
    }
    text
}

#[test]
fn as_many_clients_as_a_driver_has_room_for() {
    let system = systems::load(&with_consoles(7));
    let serial = system.drivers.iter().find(|driver| driver.domain == "ser");
    assert_eq!(serial.expect("the driver").clients.len(), 8);
    let text = findings(&with_consoles(8));
    assert!(text.contains("`ser` serves 9 devices"), "{text}");
}

#[test]
fn network_devices_of_a_driver_have_their_own_addresses() {
    let names = [
        "send_free",
        "send_active",
        "send_data",
        "receive_free",
        "receive_active",
        "receive_data",
    ];
    let mut text = DRIVERS.to_owned();
    for (index, name) in names.iter().enumerate() {
        let address = 0x3800_0000 + 0x10_0000 * index;
        let map = format!("<map mr=\"{name}2\" vaddr=\"{address:#x}\" perms=\"rw\" />\n");
        let size = if name.ends_with("data") {
            "0x40000"
        } else {
            "0x1000"
        };
        let region = format!("<memory_region name=\"{name}2\" size=\"{size}\" />\n");
        text = text
            .replacen(
                "<protection_domain name=\"vmm_a\"",
                &format!("{region}<protection_domain name=\"vmm_a\""),
                1,
            )
            .replacen("<?vmm image?>", &format!("{map}<?vmm image?>"), 1)
            .replacen("<irq irq=\"78\"", &format!("{map}<irq irq=\"78\""), 1);
    }
    let memory = names.map(|name| format!("{name}2")).join(" ");
    let with_mac = |mac: &str| {
        let device = format!(
            "<?vmm virtio name=\"card\" type=\"network\" address=\"0xc000000\" interrupt=\"100\" \
             backend=\"sddf\" channel=\"20\" memory=\"{memory}\" mac=\"{mac}\"?>\n<vcpu"
        );
        let channel = "<channel><end pd=\"vmm_a\" id=\"20\" /><end pd=\"net\" id=\"20\" /></channel></system>";
        text.replacen("<vcpu", &device, 1)
            .replace("</system>", channel)
    };
    assert_eq!(findings(&with_mac("02:00:00:00:00:1e")), "");
    let same = findings(&with_mac("02:00:00:00:00:1F"));
    assert!(
        same.contains("two network devices of one driver have the same address"),
        "{same}"
    );
}

#[test]
fn readers_of_a_disk_that_nobody_writes_may_be_several() {
    let both = DEVICES.replace(
        "backend=\"ram\" memory=\"disk\"",
        "backend=\"ram\" memory=\"tools\" read-only=\"true\"",
    );
    assert_eq!(findings(&both), "");
}

#[test]
fn programs_of_crates_are_known() {
    let system = systems::load(DEVICES);
    let programs: Vec<_> = system
        .programs
        .iter()
        .map(|p| (&*p.domain, &*p.program, &*p.folder))
        .collect();
    assert_eq!(programs, [("sensor", "sensor.elf", "../sensor")]);
    let system = systems::load(DRIVERS);
    assert!(system.programs.is_empty());
    let folders: Vec<_> = system
        .guests
        .iter()
        .map(|g| g.program_crate.as_deref())
        .collect();
    assert_eq!(folders, [None, Some("my-vmm")]);
}

/// A server of somebody else's is not looked at.
#[test]
fn a_domain_that_is_no_driver_may_serve_a_device() {
    let system = systems::load(DRIVERS);
    assert!(
        system
            .drivers
            .iter()
            .all(|driver| driver.domain != "upstream")
    );
    let random = &system.guests[0].emulated[2];
    assert_eq!((random.channels[0].value, random.memory.len()), (3, 2));
}
