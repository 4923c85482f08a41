//! Loads and stores in every form the architecture has, each as one instruction of known shape.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Runs one load, `{value}` from `[{address}]`, and gives the register, which held all ones before.
#[macro_export]
macro_rules! load {
    ($text:literal, $address:expr) => {{
        let value: u64;
        let address: u64 = $address;
        // SAFETY: a load into a register of its own; an abort is an exception that is handled.
        unsafe {
            core::arch::asm!($text, address = in(reg) address, value = inout(reg) u64::MAX => value, options(nostack));
        }
        value
    }};
}

/// Runs one store of `{value}` to `[{address}]`.
#[macro_export]
macro_rules! store {
    ($text:literal, $address:expr, $value:expr) => {{
        let (address, value): (u64, u64) = ($address, $value);
        // SAFETY: the address is a device's or nobody's; an abort is an exception that is handled.
        unsafe {
            core::arch::asm!($text, address = in(reg) address, value = in(reg) value, options(nostack));
        }
    }};
}

/// Runs one instruction that loads `{first}` and `{second}` and may change `{address}`; gives the three.
#[macro_export]
macro_rules! load_pair {
    ($text:literal, $address:expr) => {{
        let (mut first, mut second) = (u64::MAX, u64::MAX);
        let mut address: u64 = $address;
        // SAFETY: as for `load`.
        unsafe {
            core::arch::asm!(
                $text, address = inout(reg) address, first = inout(reg) first, second = inout(reg) second,
                options(nostack)
            );
        }
        (first, second, address)
    }};
}

/// Runs one instruction that stores `{first}` and `{second}` and may change `{address}`; gives the address.
#[macro_export]
macro_rules! store_pair {
    ($text:literal, $address:expr, $first:expr, $second:expr) => {{
        let (first, second): (u64, u64) = ($first, $second);
        let mut address: u64 = $address;
        // SAFETY: as for `store`.
        unsafe {
            core::arch::asm!(
                $text, address = inout(reg) address, first = in(reg) first, second = in(reg) second,
                options(nostack)
            );
        }
        address
    }};
}

/// Runs one instruction with another SCTLR_EL1; `{address}` and `{value}` are registers of its own,
/// which come back.
#[macro_export]
macro_rules! with_sctlr {
    ($text:literal, $sctlr:expr, $address:expr, $value:expr) => {{
        let own = $crate::read_system!("sctlr_el1");
        let (mut address, mut value): (u64, u64) = ($address, $value);
        // SAFETY: a device access; no data of the compiler's is touched until SCTLR_EL1 is back.
        unsafe {
            core::arch::asm!(
                "msr sctlr_el1, {other}", "isb", $text, "msr sctlr_el1, {own}", "isb",
                other = in(reg) $sctlr, own = in(reg) own,
                address = inout(reg) address, value = inout(reg) value, options(nostack)
            );
        }
        (address, value)
    }};
}

unsafe extern "C" {
    #[link_name = "load_into_each"]
    fn load_into_each_raw(table: *mut u64, address: u64);
    #[link_name = "store_from_each"]
    fn store_from_each_raw(table: *mut u64, address: u64);
}

/// Loads the word at `address` into W0, W1 to W30 in turn; gives X0 to X30, which held all ones.
pub fn load_into_each(address: u64) -> [u64; 31] {
    let mut table = [0; 31];
    // SAFETY: the function writes the table's 31 words and keeps the calling convention.
    unsafe { load_into_each_raw(table.as_mut_ptr(), address) };
    table
}

/// Stores `values[n]` to `address` from Wn for each n; gives what was read back after each.
pub fn store_from_each(address: u64, mut values: [u64; 31]) -> [u64; 31] {
    // SAFETY: as above.
    unsafe { store_from_each_raw(values.as_mut_ptr(), address) };
    values
}

unsafe extern "C" {
    #[link_name = "execute_watched"]
    fn execute_watched_raw(registers: *mut u64, encoding: u32);
}

/// Executes one instruction with X0 to X30 and NZCV as given, and gives them as they are afterwards.
///
/// The caller sees to it that the instruction leaves SP alone and does not branch.
pub fn execute_watched(encoding: u32, mut registers: [u64; 32]) -> [u64; 32] {
    // SAFETY: the function writes the 32 words and keeps the calling convention; where the
    // instruction stores is up to the caller.
    unsafe { execute_watched_raw(registers.as_mut_ptr(), encoding) };
    registers
}

/// Where `execute` puts its instruction: the instruction and a return.
static CODE: [AtomicU32; 2] = [const { AtomicU32::new(0) }; 2];
const RET: u32 = 0xd65f_03c0;

/// Executes one instruction of any encoding with x1 = `address` and x3 = 8.
///
/// The caller sees to it that the instruction changes none of x18 to x30 and does not branch.
pub fn execute(encoding: u32, address: u64) {
    CODE[0].store(encoding, Relaxed);
    CODE[1].store(RET, Relaxed);
    // SAFETY: the code is that instruction and a return. What it may change (x0 to x17, the SIMD
    // registers, the flags) is declared; where it stores is up to the caller.
    unsafe {
        core::arch::asm!(
            "dc cvau, {code}",
            "dsb ish",
            "ic ivau, {code}",
            "dsb ish",
            "isb",
            "blr {code}",
            code = in(reg) CODE.as_ptr(),
            in("x1") address,
            in("x3") 8_u64,
            clobber_abi("C"),
        );
    }
}
