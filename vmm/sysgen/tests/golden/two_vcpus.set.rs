// Made by sysgen from the system XML; change that instead.

vmm_device::device_set! {
    /// The devices of `pair`.
    pub struct Devices<'m> made by Maker {
    }
}
