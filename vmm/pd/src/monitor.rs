//! The protection domain's entry point: its own loop stands in for Microkit's, which would spend
//! more system calls.

use sel4_microkit::{Handler, Infallible, Never};
use vmm_machine::serve::serve;
use vmm_vgic::Distributor;

use crate::{GUEST, sel4::Invoker, shadow::ShadowPage, wake::Source};

/// The guest's interrupt controller, as large as the tables ask for.
type Gic = Distributor<{ GUEST.vcpus as usize }, { GUEST.gic.spis as usize / 32 }, ShadowPage>;

/// The entry point.
pub(crate) struct Monitor;

impl Handler for Monitor {
    type Error = Infallible;

    fn run(&mut self) -> Result<Never, Infallible> {
        sel4::with_ipc_buffer_mut(|ipc| {
            let calls = Invoker::new(ipc, GUEST.wake.map(Source::of));
            serve(&GUEST, calls, |count| Gic::with_shadow(count, ShadowPage));
            // The kernel always has another event.
            loop {
                core::hint::spin_loop();
            }
        })
    }
}
