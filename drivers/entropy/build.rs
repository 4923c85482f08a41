//! The table of device and clients comes from outside the crate: cargo must look at it again when
//! it changes.
fn main() {
    println!("cargo::rerun-if-env-changed=DRIVER_TABLES");
}
