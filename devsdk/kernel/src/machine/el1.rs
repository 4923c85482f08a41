//! EL1 registers of a vCPU, and the two modes of the processor: PD at EL0 or vCPU at EL1 and EL0.
#![expect(unsafe_code, reason = "writes registers that aarch64-cpu lacks")]

use aarch64_cpu::asm::barrier::{SY, dsb, isb};
use aarch64_cpu::registers::{
    ACTLR_EL1, AFSR0_EL1, AFSR1_EL1, AMAIR_EL1, CNTHCTL_EL2, CNTKCTL_EL1, CNTV_CTL_EL0,
    CNTV_CVAL_EL0, CNTVOFF_EL2, CONTEXTIDR_EL1, CPACR_EL1, ELR_EL1, ESR_EL1, FAR_EL1, HCR_EL2,
    MAIR_EL1, PAR_EL1, Readable, SCTLR_EL1, SP_EL1, SPSR_EL1, TCR_EL1, TPIDR_EL1, TTBR0_EL1,
    TTBR1_EL1, VBAR_EL1, VMPIDR_EL2, Writeable,
};
use devsdk_image::configuration;

use crate::vcpu_register::VcpuRegister as R;

const VM: u64 = 1;
const SWIO: u64 = 1 << 1;
const FMO: u64 = 1 << 3;
const IMO: u64 = 1 << 4;
const AMO: u64 = 1 << 5;
const DC: u64 = 1 << 12;
const TWI: u64 = 1 << 13;
const TWE: u64 = 1 << 14;
const TSC: u64 = 1 << 19;
const TACR: u64 = 1 << 21;
const TTLB: u64 = 1 << 25;
const TVM: u64 = 1 << 26;
const TGE: u64 = 1 << 27;
const RW: u64 = 1 << 31;
const BOTH: u64 = VM | RW | AMO | IMO | FMO | TSC;
/// A PD: EL0 only, its exceptions go to EL2, stage 1 off but cacheable.
const HCR_NATIVE: u64 = BOTH | TGE | TVM | TTLB | DC | TACR | SWIO;
/// A vCPU: WFI, WFE and SMC trap; the rest of EL1 is its own.
const HCR_VCPU: u64 = BOTH | TWE | TWI;
/// RES1 bits, CP15BEN, nTWI, nTWE, caches on; EL0 may clean caches and read the cache type.
const SCTLR_NATIVE: u64 =
    0x30d0_0800 | 1 << 5 | 1 << 16 | 1 << 18 | 1 << 2 | 1 << 12 | 1 << 26 | 1 << 15;
/// CPACR_EL1.FPEN: no trap.
const FPEN: u64 = 3 << 20;
/// CNTKCTL_EL1: EL0 may use the physical counter and timer.
const EL0PCTEN: u64 = 1;
const EL0PTEN: u64 = 1 << 9;
/// CNTHCTL_EL2: EL1 too.
const EL1PCTEN: u64 = 1;
const EL1PCEN: u64 = 1 << 1;

/// Reads a register.
#[must_use]
pub fn read(register: R) -> u64 {
    match register {
        R::Sctlr => SCTLR_EL1.get(),
        R::Cpacr => CPACR_EL1.get(),
        R::Ttbr0 => TTBR0_EL1.get(),
        R::Ttbr1 => TTBR1_EL1.get(),
        R::Tcr => TCR_EL1.get(),
        R::Mair => MAIR_EL1.get(),
        R::Amair => AMAIR_EL1.get(),
        R::ContextIdr => CONTEXTIDR_EL1.get() & 0xffff_ffff,
        R::Actlr => ACTLR_EL1.get(),
        R::Afsr0 => AFSR0_EL1.get() & 0xffff_ffff,
        R::Afsr1 => AFSR1_EL1.get() & 0xffff_ffff,
        R::Esr => ESR_EL1.get() & 0xffff_ffff,
        R::Far => FAR_EL1.get(),
        R::Par => PAR_EL1.get(),
        R::Vbar => VBAR_EL1.get(),
        R::Tpidr => TPIDR_EL1.get(),
        R::Vmpidr => VMPIDR_EL2.get(),
        R::Sp => SP_EL1.get(),
        R::Elr => ELR_EL1.get(),
        R::Spsr => SPSR_EL1.get(),
        R::CntvCtl => CNTV_CTL_EL0.get(),
        R::CntvCval => CNTV_CVAL_EL0.get(),
        R::CntvOff => CNTVOFF_EL2.get(),
        R::CntkCtl => CNTKCTL_EL1.get(),
    }
}

/// Writes a register.
pub fn write(register: R, value: u64) {
    match register {
        R::Sctlr => SCTLR_EL1.set(value),
        R::Cpacr => CPACR_EL1.set(value),
        R::Ttbr0 => TTBR0_EL1.set(value),
        R::Ttbr1 => TTBR1_EL1.set(value),
        R::Tcr => TCR_EL1.set(value),
        R::Mair => MAIR_EL1.set(value),
        R::Amair => AMAIR_EL1.set(value),
        R::ContextIdr => CONTEXTIDR_EL1.set(value & 0xffff_ffff),
        R::Actlr => ACTLR_EL1.set(value),
        R::Afsr0 => AFSR0_EL1.set(value & 0xffff_ffff),
        R::Afsr1 => AFSR1_EL1.set(value & 0xffff_ffff),
        R::Esr => ESR_EL1.set(value & 0xffff_ffff),
        R::Far => FAR_EL1.set(value),
        R::Par => PAR_EL1.set(value),
        R::Vbar => VBAR_EL1.set(value),
        R::Tpidr => TPIDR_EL1.set(value),
        R::Vmpidr => VMPIDR_EL2.set(value),
        R::Sp => SP_EL1.set(value),
        R::Elr => ELR_EL1.set(value),
        R::Spsr => SPSR_EL1.set(value),
        R::CntvCtl => CNTV_CTL_EL0.set(value),
        R::CntvCval => CNTV_CVAL_EL0.set(value),
        R::CntvOff => CNTVOFF_EL2.set(value),
        R::CntkCtl => CNTKCTL_EL1.set(value),
    }
}

/// Prepares the processor for PDs.
pub fn initialise(configuration: u32) {
    enter_native_mode();
    export_timer();
    if configuration == configuration::BENCHMARK {
        // SAFETY: lets EL0 read the performance counters; no effect on memory.
        unsafe { core::arch::asm!("msr pmuserenr_el0, {}", in(reg) 1u64, options(nomem, nostack)) }
    }
}

/// EL0 and EL1 may use the physical counter and the EL1 physical timer; not the virtual ones.
pub fn export_timer() {
    CNTKCTL_EL1.set(EL0PCTEN | EL0PTEN);
    CNTHCTL_EL2.set(EL1PCTEN | EL1PCEN);
}

/// From now on EL1 and EL0 are a vCPU's.
pub fn enter_guest_mode() {
    HCR_EL2.set(HCR_VCPU);
    isb(SY);
}

/// From now on EL0 is a PD's.
pub fn enter_native_mode() {
    dsb(SY);
    SCTLR_EL1.set(SCTLR_NATIVE);
    HCR_EL2.set(HCR_NATIVE);
    CPACR_EL1.set(CPACR_EL1.get() | FPEN);
    isb(SY);
}
