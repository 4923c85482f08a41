//! The protection domain's entry point: its own loop stands in for Microkit's, which would spend
//! more system calls.

use core::marker::PhantomData;

use sel4_microkit::{Handler, Infallible, Never};
use vmm_device::DeviceMaker;
use vmm_machine::serve::serve;
use vmm_vgic::Distributor;

use crate::{GUEST, console, sel4::Invoker, shadow::ShadowPage, wake::Source};

/// The guest's interrupt controller, as large as the tables ask for.
type Gic = Distributor<{ GUEST.vcpus as usize }, { GUEST.gic.spis as usize / 32 }, ShadowPage>;

/// The entry point of a VMM whose guest has the devices that `M` makes.
#[derive(Debug)]
pub struct Monitor<M>(PhantomData<M>);

/// Gets ready to serve the guest.
pub fn monitor<M: DeviceMaker>() -> Monitor<M> {
    console::init();
    Monitor(PhantomData)
}

impl<M: DeviceMaker> Handler for Monitor<M> {
    type Error = Infallible;

    fn run(&mut self) -> Result<Never, Infallible> {
        sel4::with_ipc_buffer_mut(|ipc| {
            let calls = Invoker::new(ipc, GUEST.wake.map(Source::of));
            let gic = |count| Gic::with_shadow(count, ShadowPage);
            serve::<_, _, M>(&GUEST, calls, gic);
            // The kernel always has another event.
            loop {
                core::hint::spin_loop();
            }
        })
    }
}
