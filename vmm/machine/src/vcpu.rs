//! Power state of one virtual CPU (PSCI 1.1, 5.7 AFFINITY_INFO, and the WFI sleep).

/// What a vCPU is doing, as far as the VMM is concerned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Power {
    /// Never started, or switched off by CPU_OFF.
    #[default]
    Off,
    /// In the guest or in an exit.
    On,
    /// Suspended in WFI or CPU_SUSPEND until an interrupt is deliverable.
    Waiting,
}

/// One virtual CPU.
#[derive(Clone, Copy, Debug, Default)]
pub struct Vcpu {
    /// Its power state.
    pub power: Power,
    /// While it waits: when its virtual timer would interrupt it, in counts of the physical
    /// counter. Nothing can change that before it runs again.
    pub deadline: Option<u64>,
}
