//! The guest's device tree, made from the model (Devicetree Specification 0.4; bindings of
//! the Linux kernel).

pub(crate) mod agreement;
mod devices;
pub mod given;
mod tree;

use dtoolkit::model::{DeviceTree, DeviceTreeNode};

use crate::model::{Conduit, DISTRIBUTOR_SIZE, Guest};
use tree::{cells, node, range, with};

/// Phandle of the interrupt controller.
const GIC_PHANDLE: u32 = 1;
/// `interrupts` flags: triggered by an edge, or by a high level.
const EDGE_RISING: u32 = 1;
const LEVEL_HIGH: u32 = 4;

/// What the build adds to the model.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// Kernel command line.
    pub bootargs: String,
    /// Guest-physical start and end of the initrd.
    pub initrd: Option<(u64, u64)>,
    /// First entropy for the guest.
    pub seed: Seed,
}

/// Bytes for the guest's `rng-seed` and `kaslr-seed`.
#[derive(Clone, Debug)]
pub struct Seed {
    /// For the random number generator.
    pub rng: [u8; 32],
    /// For the kernel's choice of its own address.
    pub kaslr: [u8; 8],
}

impl Seed {
    /// Fresh random bytes.
    ///
    /// # Errors
    /// When the host has no source of randomness.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut seed = Self {
            rng: [0; 32],
            kaslr: [0; 8],
        };
        getrandom::fill(&mut seed.rng)?;
        getrandom::fill(&mut seed.kaslr)?;
        Ok(seed)
    }
}

/// The flattened device tree.
pub fn generate(guest: &Guest, chosen: &Chosen) -> Vec<u8> {
    let mut tree = DeviceTree::new();
    let root = &mut tree.root;
    with(root, "compatible", "linux,dummy-virt");
    with(
        root,
        "model",
        format!("seL4 virtual machine {}", guest.name),
    );
    with(root, "#address-cells", 2u32);
    with(root, "#size-cells", 2u32);
    with(root, "interrupt-parent", GIC_PHANDLE);
    root.add_child(aliases(guest));
    root.add_child(chosen_node(guest, chosen));
    for piece in guest.listed_ram() {
        let mut memory = node(format!("memory@{:x}", piece.base));
        with(&mut memory, "device_type", "memory");
        with(&mut memory, "reg", range(piece.base, piece.size));
        root.add_child(memory);
    }
    root.add_child(cpus(guest));
    root.add_child(psci(guest.boot.psci));
    root.add_child(timer(guest.vcpus));
    root.add_child(interrupt_controller(guest));
    devices::add(root, guest);
    tree.to_dtb()
}

/// Writes what only the build knows into the `/chosen` of a device tree made elsewhere: the
/// command line if one is given, and the place of the initrd if there is one.
pub fn complete(
    mut tree: DeviceTree,
    bootargs: Option<&str>,
    initrd: Option<(u64, u64)>,
) -> Vec<u8> {
    if tree.root.child_mut("chosen").is_none() {
        tree.root.add_child(node("chosen"));
    }
    if let Some(chosen) = tree.root.child_mut("chosen") {
        if let Some(bootargs) = bootargs {
            with(chosen, "bootargs", bootargs);
        }
        if let Some((start, end)) = initrd {
            with(chosen, "linux,initrd-start", start);
            with(chosen, "linux,initrd-end", end);
        }
    }
    tree.to_dtb()
}

fn aliases(guest: &Guest) -> DeviceTreeNode {
    let mut aliases = node("aliases");
    if let Some(path) = console_path(guest) {
        with(&mut aliases, "serial0", path);
    }
    aliases
}

fn console_path(guest: &Guest) -> Option<String> {
    let name = guest.boot.stdout.as_ref()?;
    Some(format!("/{}", devices::node_name(guest, name)?))
}

fn chosen_node(guest: &Guest, chosen: &Chosen) -> DeviceTreeNode {
    let mut node = node("chosen");
    with(&mut node, "bootargs", chosen.bootargs.as_str());
    if let Some(path) = console_path(guest) {
        with(&mut node, "stdout-path", path);
    }
    if let Some((start, end)) = chosen.initrd {
        with(&mut node, "linux,initrd-start", start);
        with(&mut node, "linux,initrd-end", end);
    }
    with(&mut node, "rng-seed", chosen.seed.rng);
    with(&mut node, "kaslr-seed", chosen.seed.kaslr);
    node
}

fn cpus(guest: &Guest) -> DeviceTreeNode {
    let mut cpus = node("cpus");
    with(&mut cpus, "#address-cells", 1u32);
    with(&mut cpus, "#size-cells", 0u32);
    for id in 0..guest.vcpus {
        let mut cpu = node(format!("cpu@{id:x}"));
        with(&mut cpu, "device_type", "cpu");
        with(&mut cpu, "compatible", "arm,armv8");
        with(&mut cpu, "reg", u32::from(id));
        with(&mut cpu, "enable-method", "psci");
        cpus.add_child(cpu);
    }
    cpus
}

fn psci(conduit: Conduit) -> DeviceTreeNode {
    let mut psci = node("psci");
    let compatible: Vec<&str> = vec!["arm,psci-1.0", "arm,psci-0.2"];
    with(&mut psci, "compatible", compatible);
    let method = match conduit {
        Conduit::Smc => "smc",
        Conduit::Hvc => "hvc",
    };
    with(&mut psci, "method", method);
    psci
}

/// The virtual timer, PPI 11, is the only one whose interrupt reaches a guest: the kernel keeps
/// the physical timers' lines to itself.
///
/// The binding's positions are secure physical, physical, virtual. Who goes by position (EDK2,
/// Linux before 5.13) finds the virtual timer at the third, so the two before it must exist; who
/// goes by name finds no other.
fn timer(vcpus: u8) -> DeviceTreeNode {
    const VIRTUAL_TIMER_PPI: u32 = 11;
    let mut timer = node("timer");
    with(&mut timer, "compatible", "arm,armv8-timer");
    // GICv2 binding: bits 15 to 8 of the flags say which CPUs the PPI is wired to.
    let wired = 1u32
        .checked_shl(u32::from(vcpus))
        .map_or(u32::MAX, |n| n - 1);
    let flags = ((wired & 0xff) << 8) | LEVEL_HIGH;
    let interrupts = [[1, VIRTUAL_TIMER_PPI, flags]; 3];
    with(&mut timer, "interrupts", cells(interrupts.as_flattened()));
    let names: Vec<&str> = vec!["unused", "unused", "virt"];
    with(&mut timer, "interrupt-names", names);
    with(&mut timer, "always-on", Vec::<u8>::new());
    timer
}

fn interrupt_controller(guest: &Guest) -> DeviceTreeNode {
    let gic = &guest.gic;
    let mut node = node(format!("interrupt-controller@{:x}", gic.distributor));
    with(&mut node, "compatible", "arm,cortex-a15-gic");
    with(&mut node, "#interrupt-cells", 3u32);
    with(&mut node, "#address-cells", 0u32);
    with(&mut node, "interrupt-controller", Vec::<u8>::new());
    let (base, size) = gic.cpu_interface;
    let mut reg = range(gic.distributor, DISTRIBUTOR_SIZE);
    reg.extend(range(base, size));
    with(&mut node, "reg", reg);
    with(&mut node, "phandle", GIC_PHANDLE);
    node
}
