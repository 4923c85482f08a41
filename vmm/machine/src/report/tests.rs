use std::string::{String, ToString};

use proptest::prelude::*;

use super::*;
use crate::{Gpa, exit::MemoryFault, model_vcpu::ModelVcpu};

fn report(exit: VmExit, address: &str) -> String {
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
        address,
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
    let text = report(VmExit::Memory(fault), "pl011 + 0x18 (UARTFR)");
    let mut lines = text.lines();
    for expected in [
        "guest debian: vCPU 1 stopped: the exception vector is not in RAM",
        "  exit: memory access at IPA 0x9000018 by PC 0xffff800010080000",
        "  ESR_EL2 0x93850046: data abort from a lower level (EC 0x24): write, translation \
         fault at level 2, 4 bytes, register w5",
        "  address: pl011 + 0x18 (UARTFR)",
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
        let text = report(exit, "");
        assert_eq!(text.lines().nth(1), Some(expected));
        assert!(!text.contains("address:"));
    }
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
            address: &reason,
            registers: Some(&RegisterDump::capture(&mut vcpu)),
        }
        .to_string();
        prop_assert!(text.chars().count() < 3000);
    }
}
