//! The kernel configuration at compile time.
//!
//! The same interface as rust-sel4's `sel4-config`, as far as a protection domain
//! needs it: attribute and expression macros that ask for a configuration key, and
//! the module [`consts`] with every key as a constant. The keys are read from the
//! SDK's `kernel/gen_config.json` and `sel4/gen_config.json`, found through
//! `SEL4_INCLUDE_DIRS` (a colon-separated list of folders) or
//! `SEL4_PREFIX` (then `libsel4/include` below it).

#![no_std]

pub use sel4_config_macros::{
    sel4_cfg, sel4_cfg_attr, sel4_cfg_bool, sel4_cfg_if, sel4_cfg_str, sel4_cfg_usize,
    sel4_cfg_word,
};

/// Every key of the configuration as a constant: `bool` for switches, `&str` otherwise.
pub mod consts {
    #![allow(
        missing_docs,
        reason = "the names are the kernel's own configuration keys"
    )]

    sel4_config_macros::declare_consts! {}
}
