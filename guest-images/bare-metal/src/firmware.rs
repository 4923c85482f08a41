//! Calls to firmware: PSCI and SMCCC by SMC and by HVC (Arm DEN 0022 and DEN 0028).

use crate::{cpu, exception, println};

/// The instruction that calls. Immediates other than 0 are reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conduit {
    /// SMC #0.
    Smc,
    /// HVC #0.
    Hvc,
    /// SMC #1.
    SmcReserved,
    /// HVC #0xffff.
    HvcReserved,
}

/// Function identifiers; those with a 64-bit form carry it.
#[expect(missing_docs, reason = "the specifications' own names")]
pub mod function {
    pub const VERSION: u64 = 0x8400_0000;
    pub const CPU_SUSPEND: u64 = 0xc400_0001;
    pub const CPU_SUSPEND_32: u64 = 0x8400_0001;
    pub const CPU_OFF: u64 = 0x8400_0002;
    pub const CPU_ON: u64 = 0xc400_0003;
    pub const CPU_ON_32: u64 = 0x8400_0003;
    pub const AFFINITY_INFO: u64 = 0xc400_0004;
    pub const AFFINITY_INFO_32: u64 = 0x8400_0004;
    pub const MIGRATE_INFO_TYPE: u64 = 0x8400_0006;
    pub const SYSTEM_OFF: u64 = 0x8400_0008;
    pub const SYSTEM_RESET: u64 = 0x8400_0009;
    pub const FEATURES: u64 = 0x8400_000a;
    pub const SYSTEM_RESET2: u64 = 0xc400_0012;
    pub const SMCCC_VERSION: u64 = 0x8000_0000;
    pub const SMCCC_ARCH_FEATURES: u64 = 0x8000_0001;
}

/// Return values, as the 32-bit number that w0 holds.
#[expect(missing_docs, reason = "the specifications' own names")]
pub mod status {
    pub const SUCCESS: u32 = 0;
    pub const NOT_SUPPORTED: u32 = -1_i32 as u32;
    pub const INVALID_PARAMETERS: u32 = -2_i32 as u32;
    pub const ALREADY_ON: u32 = -4_i32 as u32;
}

unsafe extern "C" {
    fn firmware_smc(registers: *mut u64);
    fn firmware_hvc(registers: *mut u64);
    fn firmware_smc_reserved(registers: *mut u64);
    fn firmware_hvc_reserved(registers: *mut u64);
}

/// Calls with x0 to x29 as given and gives them as they are afterwards.
pub fn call_with(conduit: Conduit, mut registers: [u64; 30]) -> [u64; 30] {
    // SAFETY: the functions read and write the 30 words and keep what the C calling convention asks.
    unsafe {
        match conduit {
            Conduit::Smc => firmware_smc(registers.as_mut_ptr()),
            Conduit::Hvc => firmware_hvc(registers.as_mut_ptr()),
            Conduit::SmcReserved => firmware_smc_reserved(registers.as_mut_ptr()),
            Conduit::HvcReserved => firmware_hvc_reserved(registers.as_mut_ptr()),
        }
    }
    registers
}

/// Calls `function` with three arguments and zero in the other registers; gives x0.
pub fn call(conduit: Conduit, function: u64, arguments: [u64; 3]) -> u64 {
    let mut registers = [0; 30];
    registers[0] = function;
    registers[1..4].copy_from_slice(&arguments);
    call_with(conduit, registers)[0]
}

/// As `call` by SMC #0 or HVC #0, with another SCTLR_EL1 meanwhile.
pub fn call_with_sctlr(conduit: Conduit, sctlr: u64, function: u64, [x1, x2, x3]: [u64; 3]) -> u64 {
    let own = crate::read_system!("sctlr_el1");
    let x0;
    macro_rules! call {
        ($instruction:literal) => {
            // SAFETY: no data is touched until SCTLR_EL1 is back; the call changes x0 to x3 at most.
            unsafe {
                core::arch::asm!(
                    "msr sctlr_el1, {other}", "isb", $instruction, "msr sctlr_el1, {own}", "isb",
                    other = in(reg) sctlr, own = in(reg) own, in("x7") 0_u64,
                    inout("x0") function => x0, inout("x1") x1 => _, inout("x2") x2 => _,
                    inout("x3") x3 => _, options(nostack)
                );
            }
        };
    }
    match conduit {
        Conduit::Smc | Conduit::SmcReserved => call!("smc #0"),
        Conduit::Hvc | Conduit::HvcReserved => call!("hvc #0"),
    }
    x0
}

/// As `call`, and gives w0: what a PSCI status is.
pub fn status(conduit: Conduit, function: u64, arguments: [u64; 3]) -> u32 {
    call(conduit, function, arguments) as u32
}

/// Ends the guest: by HVC, where that does not answer by SMC, and waits for ever when neither does.
pub fn power_off() -> ! {
    for conduit in [Conduit::Hvc, Conduit::Smc] {
        let _ = exception::catch(|| call(conduit, function::SYSTEM_OFF, [0; 3]));
    }
    println!("GUEST-STUCK neither HVC nor SMC powers off");
    loop {
        cpu::mask_interrupts();
        cpu::wait_for_interrupt();
    }
}
