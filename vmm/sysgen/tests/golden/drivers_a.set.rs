// Made by sysgen from the system XML; change that instead.

vmm_device::device_set! {
    /// The devices of `a`.
    pub struct Devices<'m> made by Maker {
        // `disk`
        0: device_0: vmm_virtio::device::SddfBlock<'m>,
        // `terminal`
        1: device_1: vmm_virtio::device::SddfConsole<'m>,
        // `random`
        2: device_2: vmm_virtio::device::SddfEntropy<'m>,
    }
}
