use std::{
    string::{String, ToString},
    vec::Vec,
};

use proptest::prelude::*;

use super::*;
use crate::{exit::MemoryFault, model_vcpu::ModelVcpu};
use vmm_config::{Device, ReservationKind};

const RESERVATIONS: [Reservation; 3] = [
    reservation(
        "gic-distributor",
        0x800_0000,
        0x1000,
        ReservationKind::Emulated(Device::GicDistributor),
    ),
    reservation("serial", 0x900_0000, 0x1000, ReservationKind::Passthrough),
    reservation("ram", 0x4000_0000, 0x1000_0000, ReservationKind::Ram),
];

const fn reservation(
    name: &'static str,
    base: u64,
    size: u64,
    kind: ReservationKind,
) -> Reservation {
    Reservation {
        name,
        base,
        size,
        kind,
    }
}

fn report(exit: VmExit) -> String {
    let mut vcpu = ModelVcpu::at_el1(0xffff_8000_1008_0000);
    vcpu.x = core::array::from_fn(|number| 0x100 + number as u64);
    vcpu.sp_el0 = 0x7000;
    vcpu.set_system(SystemRegister::EsrEl1, 0x9600_0050);
    let dump = RegisterDump::capture(&mut vcpu);
    CrashReport {
        guest: "debian",
        vcpu: VcpuId(1),
        reason: "the exception vector is not in RAM",
        exit,
        reservations: &RESERVATIONS,
        registers: Some(&dump),
    }
    .to_string()
}

#[test]
fn a_memory_fault_in_full() {
    let fault = MemoryFault {
        pc: 0xffff_8000_1008_0000,
        gpa: Gpa(0x0900_0018),
        fetch: false,
        syndrome: 0x9385_0046,
    };
    let text = report(VmExit::Memory(fault));
    let mut lines = text.lines();
    for expected in [
        "guest debian: vCPU 1 stopped: the exception vector is not in RAM",
        "  exit: memory access at IPA 0x9000018 by PC 0xffff800010080000",
        "  ESR_EL2 0x93850046: data abort from a lower level (EC 0x24): write, translation \
         fault at level 2, 4 bytes, register w5",
        "  address: 0x9000018 = serial + 0x18",
        "  PC  ffff800010080000  PSTATE 000003c5 (EL1h, masked DAIF)",
        "  X0  0000000000000100 X1  0000000000000101 X2  0000000000000102 X3  0000000000000103",
    ] {
        assert_eq!(lines.next(), Some(expected));
    }
    for expected in [
        "  X28 000000000000011c X29 000000000000011d X30 000000000000011e",
        "  SP_EL0    0000000000007000",
        "  ESR_EL1   0000000096000050  data abort (EC 0x25): write, external abort, \
         no instruction syndrome",
    ] {
        assert!(text.lines().any(|line| line == expected), "{text}");
    }
}

#[test]
fn every_kind_of_exit_has_a_line() {
    for (exit, expected) in [
        (
            VmExit::Trap {
                syndrome: 0x5e00_0000,
            },
            "  exit: trapped instruction",
        ),
        (VmExit::Hypercall, "  exit: HVC"),
        (
            VmExit::Maintenance { index: None },
            "  exit: maintenance of no list register",
        ),
        (
            VmExit::Maintenance { index: Some(2) },
            "  exit: maintenance of list register 2",
        ),
        (
            VmExit::PrivateInterrupt {
                intid: crate::IntId::VIRTUAL_TIMER,
            },
            "  exit: private interrupt 27",
        ),
        (
            VmExit::Unknown { label: 0x77 },
            "  exit: unknown message, label 0x77",
        ),
    ] {
        let text = report(exit);
        assert_eq!(text.lines().nth(1), Some(expected));
        assert!(!text.contains("address:"));
    }
}

/// The report's lines about the address.
fn about(gpa: u64) -> Vec<String> {
    let fault = MemoryFault {
        pc: 0,
        gpa: Gpa(gpa),
        fetch: true,
        syndrome: 0x8200_0006,
    };
    let is_about = |line: &&str| {
        ["  addr", "  below", "  above"]
            .iter()
            .any(|start| line.starts_with(start))
    };
    let text = report(VmExit::Memory(fault));
    text.lines()
        .filter(is_about)
        .map(ToString::to_string)
        .collect()
}

#[test]
fn an_address_is_named_or_its_neighbours_are() {
    assert_eq!(
        about(0x4fff_ffff),
        ["  address: 0x4fffffff = ram + 0xfffffff"]
    );
    assert_eq!(
        about(0x800_0000),
        ["  address: 0x8000000 = gic-distributor + 0x0"]
    );
    assert_eq!(
        about(0xb00_0200),
        [
            "  address: 0xb000200 is in no region",
            "  below it: serial, 0x9000000 to 0x9000fff",
            "  above it: ram, 0x40000000 to 0x4fffffff",
        ]
    );
    assert_eq!(
        about(0x10),
        [
            "  address: 0x10 is in no region",
            "  above it: gic-distributor, 0x8000000 to 0x8000fff",
        ]
    );
    assert_eq!(
        about(0x5000_0000),
        [
            "  address: 0x50000000 is in no region",
            "  below it: ram, 0x40000000 to 0x4fffffff",
        ]
    );
}

proptest! {
    #[test]
    fn a_report_is_bounded(
        pc: u64, gpa: u64, fetch: bool, syndrome: u64, pstate: u64, reason in ".{0,400}",
    ) {
        let mut vcpu = ModelVcpu::at_el1(pc);
        vcpu.pstate = pstate;
        vcpu.set_system(SystemRegister::EsrEl1, syndrome);
        let text = CrashReport {
            guest: &reason,
            vcpu: VcpuId(0),
            reason: &reason,
            exit: VmExit::Memory(MemoryFault { pc, gpa: Gpa(gpa), fetch, syndrome }),
            reservations: &RESERVATIONS,
            registers: Some(&RegisterDump::capture(&mut vcpu)),
        }
        .to_string();
        prop_assert!(text.chars().count() < 3000);
    }
}
