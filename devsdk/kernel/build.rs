//! Links the kernel at the address where QEMU loads it.
fn main() {
    println!("cargo::rerun-if-changed=link.ld");
    let folder = env!("CARGO_MANIFEST_DIR");
    println!("cargo::rustc-link-arg-bins=-T{folder}/link.ld");
}
