//! Hands the link script of our own guests to the linker.

fn main() {
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../guest-images/bare-metal/link.ld"
    );
    println!("cargo::rustc-link-arg-bins=-T{script}");
    println!("cargo::rerun-if-changed={script}");
}
