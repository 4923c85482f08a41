//! Names of registers by their offsets.

/// A run of registers of one name: first offset, offset after the last, bytes per register.
type Run = (u64, u64, u64, &'static str);

/// GICv2 architecture specification, table 4-1.
const DISTRIBUTOR: [Run; 18] = [
    (0x000, 0x004, 4, "GICD_CTLR"),
    (0x004, 0x008, 4, "GICD_TYPER"),
    (0x008, 0x00c, 4, "GICD_IIDR"),
    (0x080, 0x100, 4, "GICD_IGROUPR"),
    (0x100, 0x180, 4, "GICD_ISENABLER"),
    (0x180, 0x200, 4, "GICD_ICENABLER"),
    (0x200, 0x280, 4, "GICD_ISPENDR"),
    (0x280, 0x300, 4, "GICD_ICPENDR"),
    (0x300, 0x380, 4, "GICD_ISACTIVER"),
    (0x380, 0x400, 4, "GICD_ICACTIVER"),
    (0x400, 0x7fc, 4, "GICD_IPRIORITYR"),
    (0x800, 0xbfc, 4, "GICD_ITARGETSR"),
    (0xc00, 0xd00, 4, "GICD_ICFGR"),
    (0xe00, 0xf00, 4, "GICD_NSACR"),
    (0xf00, 0xf04, 4, "GICD_SGIR"),
    (0xf10, 0xf20, 4, "GICD_CPENDSGIR"),
    (0xf20, 0xf30, 4, "GICD_SPENDSGIR"),
    (0xfd0, 0x1000, 4, "an identification register"),
];

/// GICv2 architecture specification, table 4-2.
const CPU_INTERFACE: [Run; 14] = [
    (0x00, 0x04, 4, "GICC_CTLR"),
    (0x04, 0x08, 4, "GICC_PMR"),
    (0x08, 0x0c, 4, "GICC_BPR"),
    (0x0c, 0x10, 4, "GICC_IAR"),
    (0x10, 0x14, 4, "GICC_EOIR"),
    (0x14, 0x18, 4, "GICC_RPR"),
    (0x18, 0x1c, 4, "GICC_HPPIR"),
    (0x1c, 0x20, 4, "GICC_ABPR"),
    (0x20, 0x24, 4, "GICC_AIAR"),
    (0x24, 0x28, 4, "GICC_AEOIR"),
    (0x28, 0x2c, 4, "GICC_AHPPIR"),
    (0xd0, 0xe0, 4, "GICC_APR"),
    (0xfc, 0x100, 4, "GICC_IIDR"),
    (0x1000, 0x1004, 4, "GICC_DIR"),
];

/// Virtio 1.2, table 4.1 (section 4.2.2).
const VIRTIO: [Run; 30] = [
    (0x000, 0x004, 4, "MagicValue"),
    (0x004, 0x008, 4, "Version"),
    (0x008, 0x00c, 4, "DeviceID"),
    (0x00c, 0x010, 4, "VendorID"),
    (0x010, 0x014, 4, "DeviceFeatures"),
    (0x014, 0x018, 4, "DeviceFeaturesSel"),
    (0x020, 0x024, 4, "DriverFeatures"),
    (0x024, 0x028, 4, "DriverFeaturesSel"),
    (0x030, 0x034, 4, "QueueSel"),
    (0x034, 0x038, 4, "QueueNumMax"),
    (0x038, 0x03c, 4, "QueueNum"),
    (0x044, 0x048, 4, "QueueReady"),
    (0x050, 0x054, 4, "QueueNotify"),
    (0x060, 0x064, 4, "InterruptStatus"),
    (0x064, 0x068, 4, "InterruptACK"),
    (0x070, 0x074, 4, "Status"),
    (0x080, 0x084, 4, "QueueDescLow"),
    (0x084, 0x088, 4, "QueueDescHigh"),
    (0x090, 0x094, 4, "QueueDriverLow"),
    (0x094, 0x098, 4, "QueueDriverHigh"),
    (0x0a0, 0x0a4, 4, "QueueDeviceLow"),
    (0x0a4, 0x0a8, 4, "QueueDeviceHigh"),
    (0x0ac, 0x0b0, 4, "SHMSel"),
    (0x0b0, 0x0b4, 4, "SHMLenLow"),
    (0x0b4, 0x0b8, 4, "SHMLenHigh"),
    (0x0b8, 0x0bc, 4, "SHMBaseLow"),
    (0x0bc, 0x0c0, 4, "SHMBaseHigh"),
    (0x0c0, 0x0c4, 4, "QueueReset"),
    (0x0fc, 0x100, 4, "ConfigGeneration"),
    (0x100, 0x200, 1, "the configuration space"),
];

pub(super) fn distributor_register(offset: u64) -> Option<String> {
    register(&DISTRIBUTOR, offset)
}

pub(super) fn cpu_interface_register(offset: u64) -> Option<String> {
    register(&CPU_INTERFACE, offset)
}

/// A part of the configuration space belongs to the device's type.
pub(super) fn virtio_register(offset: u64) -> Option<String> {
    register(&VIRTIO, offset)
}

/// The name, with its index where there are several.
fn register(runs: &[Run], offset: u64) -> Option<String> {
    let mut runs = runs.iter();
    let (start, end, width, name) =
        runs.find(|(start, end, ..)| (*start..*end).contains(&offset))?;
    let is_array = end - start > *width && name.starts_with("GIC");
    let index = (offset - start) / width;
    Some(if is_array {
        format!("{name}{index}")
    } else {
        (*name).to_owned()
    })
}
