//! Stubs of the hardware for tests on a host: time, list registers and EL1 registers that tests set
//! and read, all else does nothing.
//!
//! Each test runs on a thread of its own, so the state is per thread.
extern crate std;

use core::cell::{Cell, RefCell};
use std::string::String;

use crate::list_register::ListRegister;

std::thread_local! {
    static NOW: Cell<u64> = const { Cell::new(0) };
    static DEADLINE: Cell<u64> = const { Cell::new(0) };
    static PENDING: Cell<Option<u32>> = const { Cell::new(None) };
    static MASKED: RefCell<[bool; 1020]> = const { RefCell::new([true; 1020]) };
    static LIST: Cell<[ListRegister; 4]> = const { Cell::new([ListRegister::new(); 4]) };
    static EL1: Cell<[u64; 24]> = const { Cell::new([0; 24]) };
    static OUTPUT: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Never returns; a test that halts fails.
pub fn halt() -> ! {
    panic!("halted");
}

#[expect(missing_docs, reason = "as the real one")]
pub mod console {
    use super::{OUTPUT, String, std};

    pub fn put(byte: u8) {
        OUTPUT.with_borrow_mut(|output| output.push(char::from(byte)));
    }

    pub fn print(text: core::fmt::Arguments<'_>) {
        OUTPUT.with_borrow_mut(|output| output.push_str(&std::format!("{text}")));
    }

    #[must_use]
    pub fn take() -> String {
        OUTPUT.take()
    }
}

#[expect(missing_docs, reason = "as the real one")]
pub mod timer {
    use super::{DEADLINE, NOW};

    #[must_use]
    pub fn now() -> u64 {
        NOW.get()
    }

    pub fn set_now(time: u64) {
        NOW.set(time);
    }

    pub fn set_deadline(time: u64) {
        DEADLINE.set(time);
    }

    #[must_use]
    pub fn deadline() -> u64 {
        DEADLINE.get()
    }
}

#[expect(missing_docs, reason = "as the real one")]
pub mod gic {
    use super::{MASKED, PENDING};

    pub fn enable(intid: u32, enabled: bool) {
        MASKED.with_borrow_mut(|masked| masked[intid as usize] = !enabled);
    }

    #[must_use]
    pub fn is_masked(intid: u32) -> bool {
        MASKED.with_borrow(|masked| masked[intid as usize])
    }

    pub fn set_edge_triggered(_: u32, _: bool) {}

    pub fn raise(intid: u32) {
        PENDING.set(Some(intid));
    }

    #[must_use]
    pub fn acknowledge() -> Option<u32> {
        PENDING.take()
    }

    pub fn end(_: u32) {}
}

#[expect(missing_docs, reason = "as the real one")]
pub mod gich {
    use super::{LIST, ListRegister};

    pub const MAX_LIST_REGISTERS: usize = 4;
    pub const HCR_ENABLE: u32 = 1;
    pub const MISR_EOI: u32 = 1;

    #[must_use]
    pub fn count() -> usize {
        MAX_LIST_REGISTERS
    }

    #[must_use]
    pub fn hcr() -> u32 {
        HCR_ENABLE
    }

    pub fn set_hcr(_: u32) {}

    #[must_use]
    pub fn vmcr() -> u32 {
        0
    }

    pub fn set_vmcr(_: u32) {}

    #[must_use]
    pub fn apr() -> u32 {
        0
    }

    pub fn set_apr(_: u32) {}

    #[must_use]
    pub fn misr() -> u32 {
        u32::from(ended_list_register().is_some())
    }

    #[must_use]
    pub fn ended_list_register() -> Option<usize> {
        LIST.get()
            .iter()
            .position(|lr| lr.maintenance() && lr.state() == 0)
    }

    #[must_use]
    pub fn list_register(index: usize) -> ListRegister {
        LIST.get()[index]
    }

    pub fn set_list_register(index: usize, value: ListRegister) {
        let mut list = LIST.get();
        list[index] = value;
        LIST.set(list);
    }
}

#[expect(missing_docs, reason = "as the real one")]
pub mod el1 {
    use super::EL1;
    use crate::vcpu_register::VcpuRegister;

    #[must_use]
    pub fn read(register: VcpuRegister) -> u64 {
        EL1.get()[register as usize]
    }

    pub fn write(register: VcpuRegister, value: u64) {
        let mut registers = EL1.get();
        registers[register as usize] = value;
        EL1.set(registers);
    }

    pub fn export_timer() {}

    pub fn enter_guest_mode() {}

    pub fn enter_native_mode() {}
}

#[expect(missing_docs, reason = "as the real one")]
pub mod fpu {
    use crate::thread::FpuState;

    pub fn set_trap(_: bool) {}

    pub fn save(_: &mut FpuState) {}

    pub fn load(_: &FpuState) {}
}

#[expect(missing_docs, reason = "as the real one")]
pub mod translation {
    pub fn set_root(_: u64, _: usize) {}

    #[must_use]
    pub fn guest_physical(address: u64) -> u64 {
        address
    }
}

#[expect(missing_docs, reason = "as the real one")]
pub mod cache {
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Operation {
        Clean,
        Invalidate,
        CleanInvalidate,
        Unify,
    }

    pub fn maintain(_: Operation, _: u64, _: u64) {}
}

#[expect(missing_docs, reason = "as the real one")]
pub mod smc {
    #[must_use]
    pub fn call(words: [u64; 8]) -> [u64; 8] {
        words
    }
}
