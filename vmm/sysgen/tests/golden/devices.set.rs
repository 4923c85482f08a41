// Made by sysgen from the system XML; change that instead.

vmm_device::device_set! {
    /// The devices of `guest`.
    pub struct Devices<'m> made by Maker {
        // `counter`
        0: device_0: counter_device::Counter,
        // `hidden`
        1: device_1: acme::Lamp<'m>,
        // `disk`
        2: device_2: vmm_virtio::device::RamBlock<'m>,
        // `tools`
        3: device_3: vmm_virtio::device::RamBlock<'m>,
    }
}
