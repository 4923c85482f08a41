//! The tables come from outside the crate: cargo must look at them again when they change.
//! A linker script leaves out what only unwinding needs.
fn main() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/discard.ld");
    println!("cargo::rerun-if-changed={script}");
    println!("cargo::rustc-link-arg=-T{script}");
    println!("cargo::rerun-if-env-changed=VMM_TABLES");
    println!("cargo::rerun-if-env-changed=VMM_DEVICES");
}
