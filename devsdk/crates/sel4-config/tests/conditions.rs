//! The macros against the configuration that the tests are built with: any of the stand-in's.

use sel4_config::{
    consts, sel4_cfg, sel4_cfg_attr, sel4_cfg_bool, sel4_cfg_if, sel4_cfg_str, sel4_cfg_usize,
    sel4_cfg_word,
};

#[sel4_cfg(all(ARCH_AARCH64, WORD_SIZE = "64", not(ENABLE_SMP_SUPPORT)))]
const KEPT: bool = true;
#[sel4_cfg(any(ARCH_AARCH32, WORD_SIZE = "32"))]
const KEPT: bool = false;

#[sel4_cfg_attr(KERNEL_MCS, derive(Debug))]
#[sel4_cfg_attr(not(KERNEL_MCS), derive(NoSuchTrait))]
struct Shown;

#[test]
fn items_and_attributes_follow_the_condition() {
    assert_eq!([KEPT], [true]);
    assert_eq!(format!("{Shown:?}"), "Shown");
}

#[test]
fn the_first_branch_that_holds_is_taken() {
    let branch = sel4_cfg_if! {
        if #[sel4_cfg(ARCH_X86)] { 1 }
        else if #[sel4_cfg(MAX_NUM_NODES = "1")] { 2 }
        else { 3 }
    };
    assert_eq!(branch, 2);
    let otherwise = sel4_cfg_if! { if #[sel4_cfg(ARCH_X86)] { 1 } else { 2 } };
    assert_eq!(otherwise, 2);
}

#[test]
fn values_have_their_types() {
    let numbers: (usize, u64) = (sel4_cfg_usize!(WORD_SIZE), sel4_cfg_word!(NUM_PRIORITIES));
    assert_eq!(numbers, (64, 256));
    let name: &str = sel4_cfg_str!(SEL4_ARCH);
    assert_eq!(name, "aarch64");
    assert_eq!(consts::WORD_SIZE, "64");
    assert_eq!(consts::PRINTING, sel4_cfg_bool!(PRINTING));
}

/// What the crates and the kernel take for granted of every configuration.
#[test]
fn the_configuration_is_a_hypervisor_with_smc_and_the_physical_counter() {
    let assumed = [
        consts::KERNEL_MCS,
        consts::ARM_HYPERVISOR_SUPPORT,
        consts::ARM_PA_SIZE_BITS_40,
        consts::ALLOW_SMC_CALLS,
        consts::EXPORT_PCNT_USER,
        !consts::DISABLE_WFI_WFE_TRAPS,
        !consts::VTIMER_UPDATE_VOFFSET,
        !consts::SET_TLS_BASE_SELF,
        consts::PRINTING == consts::DEBUG_BUILD,
    ];
    assert_eq!(assumed, [true; 9]);
}
