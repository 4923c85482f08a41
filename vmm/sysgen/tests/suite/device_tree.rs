//! The generated device tree: golden source, what dtc says of it, and the user's own tree.

use std::io::Write;
use std::process::{Command, Stdio};

use dtoolkit::fdt::Fdt;
use dtoolkit::model::DeviceTree;
use dtoolkit::{Node, Property};
use sysgen::Seed;
use sysgen::device_tree::{self, Chosen};

use crate::{golden, systems};

/// The same bytes in every run.
pub(crate) fn fixed_seed() -> Seed {
    Seed {
        rng: std::array::from_fn(|index| index as u8),
        kaslr: [0xa5; 8],
    }
}

fn blob(system: &str, initrd: Option<(u64, u64)>) -> Vec<u8> {
    let system = systems::load(system);
    let guest = &system.guests[0];
    let chosen = Chosen {
        bootargs: guest.boot.bootargs.clone(),
        initrd,
        seed: fixed_seed(),
    };
    device_tree::generate(guest, &chosen)
}

fn text(blob: &[u8]) -> String {
    DeviceTree::from_fdt(&Fdt::new(blob).expect("a good tree")).to_string()
}

#[test]
fn device_trees_are_as_expected() {
    let one = blob(systems::ONE, Some((0x4201_0000, 0x4201_1235)));
    golden::check("one.dts", &text(&one));
    golden::check("two_vcpus.dts", &text(&blob(systems::TWO_VCPUS, None)));
    golden::check("devices.dts", &text(&blob(systems::DEVICES, None)));
    golden::check("drivers.dts", &text(&blob(systems::DRIVERS, None)));
}

/// The kernel passes one private interrupt on, the virtual timer's: no other may be offered, and
/// who goes by position must find that one third (the Linux binding of arm,armv8-timer).
#[test]
fn the_only_timer_on_offer_is_the_virtual_one() {
    const VIRTUAL_TIMER: [u32; 2] = [1, 11];
    for system in [systems::ONE, systems::TWO_VCPUS, systems::TWO_GUESTS] {
        let blob = blob(system, None);
        let tree = DeviceTree::from_fdt(&Fdt::new(&blob).expect("a good tree"));
        let timer = tree.root.child("timer").expect("a timer");
        let value = |name| timer.property(name).expect("there").value().to_vec();
        let interrupts = value("interrupts");
        let (cells, _) = interrupts.as_chunks::<4>();
        let cells: Vec<u32> = cells.iter().map(|cell| u32::from_be_bytes(*cell)).collect();
        let (offered, _) = cells.as_chunks::<3>();
        assert_eq!(offered.len(), 3);
        for interrupt in offered {
            assert_eq!(interrupt[..2], VIRTUAL_TIMER);
        }
        assert_eq!(value("interrupt-names"), b"unused\0unused\0virt\0");
    }
}

/// dtc's own checks; skipped where there is no dtc.
#[test]
fn dtc_has_no_complaints() {
    for system in [
        systems::ONE,
        systems::TWO_VCPUS,
        systems::TWO_GUESTS,
        systems::DEVICES,
    ] {
        let dtc = Command::new("dtc")
            .args(["-I", "dtb", "-O", "dts", "-o", "/dev/null", "-"])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let Ok(mut dtc) = dtc else {
            eprintln!("no dtc here: not checked");
            return;
        };
        let mut input = dtc.stdin.take().expect("a pipe");
        input
            .write_all(&blob(system, Some((0x4200_0000, 0x4200_0003))))
            .expect("dtc reads");
        drop(input);
        let output = dtc.wait_with_output().expect("dtc ends");
        let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            output.status.success() && complaints.is_empty(),
            "{complaints}"
        );
    }
}

#[test]
fn the_initrd_is_exact_to_the_byte() {
    let blob = blob(systems::ONE, Some((0x4201_0000, 0x4201_1235)));
    let tree = Fdt::new(&blob).expect("a good tree");
    let chosen = tree.find_node("/chosen").expect("chosen");
    let number = |name: &str| {
        use dtoolkit::{Node, Property};
        let property = chosen.property(name).expect("present");
        u64::from_be_bytes(property.value().try_into().expect("two cells"))
    };
    assert_eq!(number("linux,initrd-start"), 0x4201_0000);
    assert_eq!(number("linux,initrd-end"), 0x4201_1235);
}

#[test]
fn random_seeds_differ() {
    let first = Seed::random().expect("randomness");
    let second = Seed::random().expect("randomness");
    assert_ne!(first.rng, second.rng);
    assert_ne!(first.kaslr, second.kaslr);
}

#[test]
fn a_users_tree_learns_where_the_initrd_is_and_keeps_the_rest() {
    let given = DeviceTree::from_fdt(&Fdt::new(&blob(systems::ONE, None)).expect("good"));
    let unchanged = device_tree::complete(given.clone(), None, None);
    assert_eq!(text(&unchanged), given.to_string());
    let completed = device_tree::complete(given.clone(), Some("single"), Some((0x1000, 0x1001)));
    let text = text(&completed);
    assert!(text.contains("bootargs = \"single\";"), "{text}");
    assert!(!text.contains("quiet"), "{text}");
    assert!(text.contains("linux,initrd-end"), "{text}");
    assert!(
        text.contains("/* flags */") || text.contains("pl011"),
        "{text}"
    );
}
