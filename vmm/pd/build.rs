//! The tables come from outside the crate: cargo must look at them again when they change.
fn main() {
    println!("cargo::rerun-if-env-changed=VMM_TABLES");
}
