//! Any access to the distributor.
#![no_main]
#![allow(
    dead_code,
    unused_imports,
    reason = "the model is shared, and no target uses all of it"
)]

#[path = "../../vmm/machine/tests/scripts/hostile/input.rs"]
mod input;
#[path = "../../vmm/machine/tests/scripts/model/mod.rs"]
mod model;
#[path = "../../vmm/machine/tests/scripts/hostile/distributor.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| target::run(bytes));
