// Made by sysgen from the system XML; change that instead.

vmm_device::device_set! {
    /// The devices of `b`.
    pub struct Devices<'m> made by Maker {
        // `disk`
        0: device_0: vmm_virtio::device::SddfBlock<'m>,
        // `card`
        1: device_1: vmm_virtio::device::SddfNetwork<'m>,
    }
}
