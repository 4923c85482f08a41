//! A device tree that the user gives: images are placed as it says, and it must agree with the
//! system XML.

use dtoolkit::memreserve::MemoryReservation;
use dtoolkit::model::{DeviceTree, DeviceTreeNode, DeviceTreeProperty};
use sysgen::{GuestFiles, Images, System};
use tempfile::TempDir;
use vmm_config::package::Header;

use crate::device_tree::fixed_seed;
use crate::images::{arm64_image, elf};
use crate::{golden, systems};

const MIB: u64 = 1 << 20;

/// A node with properties, whose values are as they lie in the blob.
fn node(name: &str, properties: &[(&str, Vec<u8>)]) -> DeviceTreeNode {
    let mut node = DeviceTreeNode::new_unchecked(name);
    for (name, value) in properties {
        node.add_property(DeviceTreeProperty::new_unchecked(*name, value.clone()));
    }
    node
}

fn cells(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

fn text(text: &str) -> Vec<u8> {
    format!("{text}\0").into_bytes()
}

/// Addresses and sizes of two cells each.
fn reg(pairs: &[(u64, u64)]) -> Vec<u8> {
    let words = pairs.iter().flat_map(|(base, size)| [*base, *size]);
    words.flat_map(u64::to_be_bytes).collect()
}

fn memory(pairs: &[(u64, u64)]) -> DeviceTreeNode {
    node(
        "memory@40000000",
        &[("device_type", text("memory")), ("reg", reg(pairs))],
    )
}

fn tree(children: impl IntoIterator<Item = DeviceTreeNode>) -> DeviceTree {
    let mut tree = DeviceTree::new();
    tree.root = node(
        "",
        &[
            ("#address-cells", cells(&[2])),
            ("#size-cells", cells(&[2])),
        ],
    );
    for child in children {
        tree.root.add_child(child);
    }
    tree
}

/// Builds `kernel` with an initrd of 5000 bytes and the tree.
fn build_in(system: &str, kernel: &[u8], tree: &DeviceTree) -> Result<GuestFiles, String> {
    let folder = TempDir::new().expect("a folder");
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("a file");
        path
    };
    let images = Images {
        kernel: file("kernel", kernel),
        initrd: Some(file("initrd", &b"070701".repeat(1000)[..5000])),
        bootargs: None,
        device_tree: Some(file("given.dtb", &tree.to_dtb())),
    };
    let system: System = systems::load(system);
    let shown = |text: String| text.replace(&format!("{}/", folder.path().display()), "");
    match system.build(&system.guests[0], &images, fixed_seed()) {
        Ok(mut files) => {
            files.warnings = files.warnings.into_iter().map(shown).collect();
            Ok(files)
        }
        Err(error) => Err(shown(error.to_string())),
    }
}

fn build(tree: &DeviceTree) -> Result<GuestFiles, String> {
    build_in(systems::ONE, &arm64_image(1001, 0, 3 * MIB, 0), tree)
}

fn header(files: &GuestFiles) -> Header {
    Header::decode(files.package.first_chunk().expect("a header")).expect("a package")
}

/// Entry, initrd and tree.
fn places(files: &GuestFiles) -> (u64, u64, u64) {
    let fdt = dtoolkit::fdt::Fdt::new(&files.device_tree).expect("a tree");
    let tree = DeviceTree::from_fdt(&fdt);
    let chosen = tree.find_node("/chosen").expect("chosen");
    let start = dtoolkit::Node::property(chosen, "linux,initrd-start").expect("an initrd");
    let start = dtoolkit::Property::value(&start)
        .try_into()
        .expect("64 bits");
    let header = header(files);
    (header.entry, u64::from_be_bytes(start), header.device_tree)
}

#[test]
fn images_lie_in_the_memory_of_the_tree() {
    let built = build(&tree([memory(&[(0x4200_0000, 0x200_0000)])])).expect("fits");
    assert_eq!(places(&built), (0x4200_0000, 0x4230_0000, 0x4240_0000));
    assert!(built.warnings.is_empty(), "{:?}", built.warnings);
    // Several stretches, and another property that Linux prefers.
    let two = tree([memory(&[(0x4000_0000, MIB), (0x4380_0000, 0x80_0000)])]);
    assert_eq!(
        places(&build(&two).expect("fits")),
        (0x4380_0000, 0x43b0_0000, 0x43c0_0000)
    );
    let mut usable = memory(&[(0x4000_0000, 0x400_0000)]);
    usable.add_property(DeviceTreeProperty::new_unchecked(
        "linux,usable-memory",
        reg(&[(0x4300_0000, 0x100_0000)]),
    ));
    assert_eq!(
        places(&build(&tree([usable])).expect("fits")).0,
        0x4300_0000
    );
    let error = build(&tree([memory(&[(0x4200_0000, 0x20_0000)])])).expect_err("too small");
    assert!(
        error.contains(
            "the kernel needs 3 MiB at a multiple of 2 MiB, but the largest free part of the \
             memory in given.dtb is 0x42000000 to 0x42200000 (2 MiB)"
        ),
        "{error}"
    );
}

#[test]
fn a_tree_without_memory_is_refused_for_linux() {
    let no_type = node(
        "memory@40000000",
        &[("reg", reg(&[(0x4000_0000, 0x400_0000)]))],
    );
    let mut off = memory(&[(0x4000_0000, 0x400_0000)]);
    off.add_property(DeviceTreeProperty::new_unchecked("status", "disabled"));
    let problem = "describes no memory: no node below the root has device_type = \"memory\" and a \
                   `reg` with a size; add one for the guest's RAM";
    for tree in [
        tree([]),
        tree([memory(&[])]),
        tree([memory(&[(0x4000_0000, 0)])]),
        tree([no_type]),
        tree([off]),
    ] {
        let error = build(&tree).expect_err("no memory");
        assert_eq!(error, format!("given.dtb: {problem}"));
        let flat =
            build_in(systems::ONE, &[0x14; 64], &tree).expect("another guest may do without");
        assert_eq!(flat.warnings, [
            "warning: kernel: has no header, and its first instructions lead to 0x505050, behind \
             its end; it is taken for a flat binary and started all the same".to_owned(),
            format!("warning: given.dtb: {problem}"),
        ]);
    }
}

fn reserved(children: impl IntoIterator<Item = DeviceTreeNode>) -> DeviceTreeNode {
    let mut parent = node(
        "reserved-memory",
        &[
            ("#address-cells", cells(&[2])),
            ("#size-cells", cells(&[2])),
            ("ranges", Vec::new()),
        ],
    );
    for child in children {
        parent.add_child(child);
    }
    parent
}

#[test]
fn images_avoid_what_the_tree_keeps_back() {
    let all = || memory(&[(0x4000_0000, 0x400_0000)]);
    let firmware = || {
        node(
            "fw@40100000",
            &[
                ("reg", reg(&[(0x4010_0000, 0x40_0000)])),
                ("no-map", Vec::new()),
            ],
        )
    };
    let given = tree([all(), reserved([firmware()])]);
    assert_eq!(
        places(&build(&given).expect("fits")),
        (0x4060_0000, 0x4090_0000, 0x40a0_0000),
        "a kernel has no use for memory below itself"
    );
    let mut given = tree([all()]);
    given
        .memory_reservations
        .push(MemoryReservation::new(0x4030_0000, 0x2000));
    given
        .memory_reservations
        .push(MemoryReservation::new(0x4040_0000, 1));
    let built = build(&given).expect("fits");
    assert_eq!(places(&built), (0x4000_0000, 0x4030_2000, 0x4060_0000));
    let fdt = dtoolkit::fdt::Fdt::new(&built.device_tree).expect("a tree");
    assert_eq!(
        fdt.memory_reservations().count(),
        2,
        "they stay in the tree"
    );

    // What has no place yet, and what is switched off, is in nobody's way.
    let anywhere = node("pool", &[("size", reg(&[(0, 0x1000)])[8..].to_vec())]);
    let mut off = firmware();
    off.add_property(DeviceTreeProperty::new_unchecked("status", "disabled"));
    let given = tree([all(), reserved([anywhere, off])]);
    assert_eq!(places(&build(&given).expect("fits")).0, 0x4000_0000);
}

#[test]
fn a_binary_with_an_address_must_not_lie_on_what_the_tree_keeps_back() {
    let firmware = node("fw@40100000", &[("reg", reg(&[(0x4010_0000, 0x40_0000)]))]);
    let given = tree([memory(&[(0x4000_0000, 0x400_0000)]), reserved([firmware])]);
    let at = 0x4020_0000;
    let error = build_in(systems::ONE, &elf(183, at, &[(at, at, b"code", 4)]), &given);
    let error = error.expect_err("kept back");
    assert!(
        error.contains(
            "a segment of the kernel (0x40200000 to 0x40200004) lies on fw@40100000, which \
             given.dtb keeps back (0x40100000 to 0x40500000)"
        ),
        "{error}"
    );
    let system = systems::ONE.replace("bootargs=", "load=\"0x40200000\" bootargs=");
    assert!(system.contains("load="));
    let error = build_in(&system, &[0x14; 64], &given).expect_err("kept back");
    golden::check("build/load_kept_back.txt", &format!("{error}\n"));
}

#[test]
fn firmware_may_lie_outside_the_memory_that_its_tree_shows() {
    let given = tree([memory(&[(0x4200_0000, 0x200_0000)])]);
    let at = 0x4000_0000;
    let built = build_in(systems::ONE, &elf(183, at, &[(at, at, b"code", 4)]), &given);
    let built = built.expect("RAM of the guest");
    assert_eq!(places(&built), (at, 0x4200_0000, 0x4220_0000));
    assert_eq!(
        built.warnings,
        [
            "warning: given.dtb: the kernel at 0x40000000 to 0x40000004 lies outside the memory \
             that this tree describes"
        ]
    );
}

fn gic(name: &str, compatible: &str, windows: &[(u64, u64)]) -> DeviceTreeNode {
    node(
        name,
        &[
            ("compatible", text(compatible)),
            ("interrupt-controller", Vec::new()),
            ("reg", reg(windows)),
        ],
    )
}

/// Each way in which a tree can contradict the system, with the picture of its message.
#[test]
fn a_tree_that_contradicts_the_system_is_refused() {
    let all = || memory(&[(0x4000_0000, 0x400_0000)]);
    let cpu = |id: u32| {
        let name = format!("cpu@{id}");
        node(
            &name,
            &[("device_type", text("cpu")), ("reg", cells(&[id]))],
        )
    };
    let mut cpus = node(
        "cpus",
        &[
            ("#address-cells", cells(&[1])),
            ("#size-cells", cells(&[0])),
        ],
    );
    cpus.add_child(cpu(0));
    cpus.add_child(cpu(1));
    let elsewhere = [(0xf901_0000, 0x1000), (0xf902_0000, 0x2000)];
    for (name, tree) in [
        ("memory", tree([memory(&[(0x4000_0000, 0x400_1000)])])),
        ("cpu", tree([all(), cpus])),
        (
            "gic_elsewhere",
            tree([all(), gic("gic@f9010000", "arm,gic-400", &elsewhere)]),
        ),
        (
            "gic_v3",
            tree([
                all(),
                gic("gic@8000000", "arm,gic-v3", &[(0x800_0000, 0x1_0000)]),
            ]),
        ),
    ] {
        let error = build(&tree).expect_err("a contradiction");
        golden::check(&format!("build/tree_{name}.txt"), &format!("{error}\n"));
    }
    let same = [(0x800_0000, 0x1000), (0x801_0000, 0x2000)];
    let good = tree([all(), gic("intc@8000000", "arm,cortex-a15-gic", &same)]);
    assert!(build(&good).expect("agrees").warnings.is_empty());
}

#[test]
fn devices_that_the_guest_does_not_have_are_named() {
    let device = |name: &str, at: u64| {
        node(
            name,
            &[("compatible", text("x,y")), ("reg", reg(&[(at, 0x1000)]))],
        )
    };
    let mut bus = node(
        "soc",
        &[
            ("compatible", text("simple-bus")),
            ("#address-cells", cells(&[1])),
            ("#size-cells", cells(&[1])),
            // Child address 0x1000 is the guest's 0x9000000.
            ("ranges", cells(&[0x1000, 0, 0x900_0000, 0x1_0000])),
        ],
    );
    let on_bus = |name: &str, at: u32| {
        node(
            name,
            &[("compatible", text("x,y")), ("reg", cells(&[at, 0x1000]))],
        )
    };
    bus.add_child(on_bus("serial@1000", 0x1000));
    bus.add_child(on_bus("rtc@2000", 0x2000));
    let mut off = device("off@b000000", 0xb00_0000);
    off.add_property(DeviceTreeProperty::new_unchecked("status", "disabled"));
    let given = tree([
        memory(&[(0x4000_0000, 0x400_0000)]),
        device("serial@9000000", 0x900_0000),
        device("pcie@10000000", 0x1000_0000),
        off,
        bus,
    ]);
    let built = build(&given).expect("only a warning");
    golden::check(
        "build/tree_devices.txt",
        &format!("{}\n", built.warnings.join("\n")),
    );
}
