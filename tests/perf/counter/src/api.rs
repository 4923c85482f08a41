//! The part of QEMU's plugin interface that is used, as QEMU's documentation describes it.
//!
//! Version 1 is that of QEMU 7.2; since version 2 (QEMU 9.0) plugins of version 1 are refused,
//! and since version 3 an instruction's bytes are copied out.

use std::ffi::{c_char, c_int, c_uint, c_void};

/// What QEMU calls this plugin.
pub(crate) type Id = u64;

/// A block that is being translated.
#[repr(C)]
pub(crate) struct Block {
    opaque: [u8; 0],
}

/// An instruction of it.
#[repr(C)]
pub(crate) struct Instruction {
    opaque: [u8; 0],
}

/// The start of what QEMU says about itself.
#[repr(C)]
pub(crate) struct Info {
    pub(crate) target_name: *const c_char,
    pub(crate) oldest_version: c_int,
    pub(crate) version: c_int,
}

/// Called before an instruction is executed.
pub(crate) type Executed = extern "C" fn(vcpu: c_uint, data: *mut c_void);

/// The callback reads no registers.
pub(crate) const NO_REGISTERS: c_int = 0;

#[expect(
    clashing_extern_declarations,
    reason = "one function has another signature in each version"
)]
unsafe extern "C" {
    #[link_name = "qemu_plugin_register_vcpu_tb_trans_cb"]
    pub(crate) fn on_translation(id: Id, callback: extern "C" fn(Id, *mut Block));
    #[link_name = "qemu_plugin_register_atexit_cb"]
    pub(crate) fn on_exit(id: Id, callback: extern "C" fn(Id, *mut c_void), data: *mut c_void);
    #[link_name = "qemu_plugin_register_vcpu_insn_exec_cb"]
    pub(crate) fn on_execution(
        instruction: *mut Instruction,
        callback: Executed,
        flags: c_int,
        data: *mut c_void,
    );
    #[link_name = "qemu_plugin_tb_n_insns"]
    pub(crate) fn length(block: *const Block) -> usize;
    #[link_name = "qemu_plugin_tb_get_insn"]
    pub(crate) fn instruction(block: *const Block, index: usize) -> *mut Instruction;
    #[link_name = "qemu_plugin_insn_vaddr"]
    pub(crate) fn address(instruction: *const Instruction) -> u64;
    /// Up to version 2.
    #[link_name = "qemu_plugin_insn_data"]
    pub(crate) fn bytes(instruction: *const Instruction) -> *const [u8; 4];
    /// From version 3 on.
    #[link_name = "qemu_plugin_insn_data"]
    pub(crate) fn copy_bytes(
        instruction: *const Instruction,
        to: *mut [u8; 4],
        length: usize,
    ) -> usize;
    /// The C library's.
    pub(crate) fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
}
