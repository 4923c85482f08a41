//! What guests, devices and kernels do, at random.

use proptest::prelude::*;
use vmm_machine::AccessSize;

#[derive(Clone, Debug)]
pub(super) enum Step {
    Write {
        vcpu: u8,
        offset: u64,
        size: AccessSize,
        value: u64,
    },
    Line {
        vcpu: u8,
        number: u16,
        high: bool,
    },
    Acknowledge {
        vcpu: u8,
    },
    End {
        vcpu: u8,
        newest: bool,
    },
    Online {
        vcpu: u8,
        online: bool,
    },
    Report {
        vcpu: u8,
    },
    Reset,
}

/// Few interrupts, so that they meet.
fn number() -> impl Strategy<Value = u16> {
    prop_oneof![0..3_u16, Just(20), Just(27), 32..36_u16, Just(40), Just(70)]
}

fn register_write(vcpus: u8) -> impl Strategy<Value = Step> {
    let bits = (
        0..6_u64,
        number(),
        any::<u32>(),
        any::<u32>(),
        any::<bool>(),
    )
        .prop_map(|(array, number, noise, more, single)| {
            let bit = 1_u64 << (number % 32);
            let value = if single {
                bit
            } else {
                bit | u64::from(noise & more)
            };
            (
                0x100 + array * 0x80 + u64::from(number / 32) * 4,
                AccessSize::Word,
                value,
            )
        });
    let priority = (number(), 0..4_u64)
        .prop_map(|(number, level)| (0x400 + u64::from(number), AccessSize::Byte, level * 0x28));
    let targets = (number(), 0..8_u64)
        .prop_map(|(number, mask)| (0x800 + u64::from(number), AccessSize::Byte, mask));
    let configuration = (number(), any::<u8>()).prop_map(|(number, value)| {
        (
            0xc00 + u64::from(number / 4),
            AccessSize::Byte,
            u64::from(value),
        )
    });
    let control = any::<bool>().prop_map(|on| (0, AccessSize::Word, u64::from(on)));
    let sgi = (0..3_u64, 0..4_u64, 0..8_u64).prop_map(|(number, filter, list)| {
        (0xf00, AccessSize::Word, filter << 24 | list << 16 | number)
    });
    let pend_sgi = (0..3_u64, any::<bool>(), 0..8_u64).prop_map(|(number, set, sources)| {
        (
            if set { 0xf20 } else { 0xf10 } + number,
            AccessSize::Byte,
            sources,
        )
    });
    let size = (0..4_u8).prop_map(AccessSize::from_log2);
    let anything = (0..0x1000_u64, size, any::<u64>(), any::<u64>()).prop_map(
        |(offset, size, value, mask): (u64, AccessSize, u64, u64)| {
            (offset & !(size.bytes() - 1), size, value & mask)
        },
    );
    let access = prop_oneof![
        8 => bits, 3 => priority, 2 => targets, 1 => configuration, 1 => control,
        4 => sgi, 2 => pend_sgi, 2 => anything,
    ];
    (0..vcpus, access).prop_map(|(vcpu, (offset, size, value))| Step::Write {
        vcpu,
        offset,
        size,
        value,
    })
}

fn step(vcpus: u8) -> impl Strategy<Value = Step> {
    let line = (
        0..vcpus,
        number().prop_filter("has a line", |&n| n >= 16),
        any::<bool>(),
    )
        .prop_map(|(vcpu, number, high)| Step::Line {
            vcpu: if number < 32 { vcpu } else { 0 },
            number,
            high,
        });
    let vcpu = 0..vcpus;
    prop_oneof![
        10 => register_write(vcpus),
        6 => line,
        6 => vcpu.clone().prop_map(|vcpu| Step::Acknowledge { vcpu }),
        6 => (vcpu.clone(), any::<bool>()).prop_map(|(vcpu, newest)| Step::End { vcpu, newest }),
        3 => vcpu.clone().prop_map(|vcpu| Step::Report { vcpu }),
        1 => (vcpu, any::<bool>()).prop_map(|(vcpu, online)| Step::Online { vcpu, online }),
    ]
}

/// Mostly a configured guest; sometimes one reset.
pub(super) fn story(vcpus: u8) -> impl Strategy<Value = Vec<Step>> {
    let steps = || prop::collection::vec(step(vcpus), 0..80);
    (steps(), steps(), any::<bool>()).prop_map(|(mut first, second, reset)| {
        if reset {
            first.push(Step::Reset);
        }
        first.extend(second);
        first
    })
}
