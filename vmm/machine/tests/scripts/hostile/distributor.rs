//! Any access to the distributor, with list registers beneath that behave as hardware's.

use vmm_machine::{
    AccessSize, IntId, VcpuId,
    device::{Access, Region},
    kernel::InterruptController,
};
use vmm_vgic::Distributor;

use super::input::Input;
use crate::model::kernel::ModelKernel;

const VCPUS: u8 = 4;
const LIST_REGISTERS: usize = 3;

/// Does what `bytes` say.
pub(crate) fn run(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let mut gic = Distributor::<{ VCPUS as usize }, 31>::new(LIST_REGISTERS);
    let mut kernel = ModelKernel::new(VCPUS, LIST_REGISTERS);
    while !input.is_empty() {
        step(&mut gic, &mut kernel, &mut input);
        gic.settle_all(&mut kernel);
        assert!(gic.is_settled());
    }
}

fn step(gic: &mut impl InterruptController, kernel: &mut ModelKernel, input: &mut Input<'_>) {
    let vcpu = VcpuId(input.below(VCPUS.into()) as u8);
    let interface = &mut kernel.vcpus[vcpu.index()].interface;
    match input.below(8) {
        0 => {
            interface.acknowledge();
        }
        1 => {
            let ended = interface.active().first().copied();
            ended.map(|number| interface.end(number));
            let index = interface.report();
            gic.maintenance(vcpu, index, kernel);
        }
        2 => {
            if let Some(intid) = IntId::new(input.word() % 1020) {
                gic.fire(vcpu, intid, kernel);
            }
        }
        3 => gic.set_online(vcpu, input.below(4) > 0),
        _ => access(gic, kernel, vcpu, input),
    }
}

fn access(
    gic: &mut impl InterruptController,
    kernel: &mut ModelKernel,
    vcpu: VcpuId,
    input: &mut Input<'_>,
) {
    let size = AccessSize::from_log2(input.byte());
    let offset = u64::from(input.word() & 0xfff) & !(size.bytes() - 1);
    let at = Access {
        vcpu,
        region: Region(0),
        offset,
        size,
    };
    if input.below(3) == 0 {
        let value = gic.read(at);
        assert_eq!(value & !size.mask(), 0, "more than {size:?} at {offset:x}");
    } else {
        gic.write(at, input.number(), kernel);
    }
}
