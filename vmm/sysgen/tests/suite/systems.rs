//! The systems and boards that the tests use, and that the good ones are good.

use std::path::{Path, PathBuf};

use sysgen::source::Source;
use sysgen::{Board, System};

pub(crate) const ONE: &str = include_str!("../systems/one.xml");
pub(crate) const TWO_VCPUS: &str = include_str!("../systems/two_vcpus.xml");
pub(crate) const TWO_GUESTS: &str = include_str!("../systems/two_guests.xml");
pub(crate) const DEVICES: &str = include_str!("../systems/devices.xml");
pub(crate) const DRIVERS: &str = include_str!("../systems/drivers.xml");
pub(crate) const SHADOW: &str = include_str!("../systems/shadow.xml");

/// The top of the repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A board by its name.
pub(crate) fn board(name: &str) -> Board {
    let path = repository().join("board").join(name).join("board.toml");
    Board::load(&path).expect("a good board file")
}

/// QEMU's virt machine.
pub(crate) fn virt() -> Board {
    board("qemu_virt_aarch64")
}

/// A source called `system.xml`.
pub(crate) fn source(text: &str) -> Source {
    Source {
        name: "system.xml".to_owned(),
        text: text.to_owned(),
    }
}

/// A system that must be good.
pub(crate) fn load(text: &str) -> System {
    System::parse(source(text), &virt()).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_good_systems_have_no_findings() {
    for text in [ONE, TWO_VCPUS, TWO_GUESTS, SHADOW, DEVICES, DRIVERS] {
        let system = load(text);
        assert!(system.warnings.is_empty(), "{}", system.warnings());
    }
}

#[test]
fn the_systems_for_users_have_no_findings() {
    for name in [
        "system.xml",
        "examples/plain/system.xml",
        "examples/custom-device/system.xml",
    ] {
        let system = System::load(&repository().join(name), &virt());
        let system = system.unwrap_or_else(|error| panic!("{error}"));
        assert!(system.warnings.is_empty(), "{}", system.warnings());
        assert_eq!(system.guests.len(), 1);
    }
}

#[test]
fn a_byte_order_mark_and_other_line_ends_change_nothing() {
    for text in [format!("\u{feff}{ONE}"), ONE.replace('\n', "\r\n")] {
        assert_eq!(load(&text).guests[0].boot.bootargs, "quiet");
        let wrong = System::parse(source(&text.replace("rwx", "rw")), &virt());
        let error = wrong.expect_err("RAM that is not executable").to_string();
        assert!(error.contains("--> system.xml:24:53"), "{error}");
    }
}

#[test]
fn a_file_in_another_encoding_is_named() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let path = folder.path().join("system.xml");
    let marked = format!("\u{feff}{ONE}");
    let wide: Vec<u8> = marked.encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(&path, wide).expect("a file");
    let error = System::load(&path, &virt())
        .expect_err("UTF-16")
        .to_string();
    assert_eq!(
        error,
        format!(
            "{} is no UTF-8 text; save it as UTF-8, which is what the microkit tool reads",
            path.display()
        )
    );
}

#[test]
fn each_guest_is_found_by_its_name() {
    let system = load(TWO_GUESTS);
    let names: Vec<_> = system
        .guests
        .iter()
        .map(|g| (&*g.domain, &*g.name))
        .collect();
    assert_eq!(names, [("vmm_a", "a"), ("vmm_b", "b")]);
    assert_eq!(system.guest(Some("b")).expect("there is b").domain, "vmm_b");
    let error = system.guest(None).expect_err("there are two").to_string();
    assert_eq!(error, "name one of the guests: a, b");
    let error = system
        .guest(Some("c"))
        .expect_err("there is no c")
        .to_string();
    assert_eq!(error, "no guest is called `c`; there are: a, b");
}

#[test]
fn a_virtual_machine_of_another_vmm_is_left_alone() {
    let foreign = "<protection_domain name=\"theirs\" priority=\"2\">\
        <program_image path=\"x.elf\"/><virtual_machine name=\"v\" priority=\"1\">\
        <vcpu id=\"0\"/><map mr=\"shared\" vaddr=\"0x1000\"/></virtual_machine>\
        </protection_domain></system>";
    let system = load(&ONE.replace("</system>", foreign));
    assert_eq!(system.guests.len(), 1);
}

#[test]
fn a_given_command_line_is_doubted_when_it_names_another_uart() {
    let system = load(ONE);
    let doubt = |text| System::doubt(&system.guests[0], &virt(), text);
    let expected = "warning: BOOTARGS: the console of guest `guest` is not called ttyS0, so Linux \
                    would print nothing there; write console=ttyAMA0";
    assert_eq!(
        doubt("root=/dev/ram console=ttyS0,115200").as_deref(),
        Some(expected)
    );
    for fine in [
        "",
        "quiet",
        "console=ttyAMA0",
        "console=ttyS0 console=ttyAMA0",
        "console=tty0",
        "console=hvc0",
        "netconsole=ttyS0",
    ] {
        assert_eq!(doubt(fine), None, "{fine}");
    }
}
