//! The systems and boards that the tests use, and that the good ones are good.

use std::path::{Path, PathBuf};

use sysgen::source::Source;
use sysgen::{Board, System};

pub(crate) const ONE: &str = include_str!("../systems/one.xml");
pub(crate) const TWO_VCPUS: &str = include_str!("../systems/two_vcpus.xml");
pub(crate) const TWO_GUESTS: &str = include_str!("../systems/two_guests.xml");
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
    for text in [ONE, TWO_VCPUS, TWO_GUESTS, SHADOW] {
        let system = load(text);
        assert!(system.warnings.is_empty(), "{}", system.warnings());
    }
}

#[test]
fn the_default_system_has_no_findings() {
    let system = System::load(&repository().join("system.xml"), &virt());
    let system = system.unwrap_or_else(|error| panic!("{error}"));
    assert!(system.warnings.is_empty(), "{}", system.warnings());
    assert_eq!(system.guests.len(), 1);
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
