//! Makes the guests that `make run`, the tests and the benchmark boot.
//!
//! [`debian`] assembles Debian's kernel with a small initramfs, [`u_boot`]
//! and [`uefi`] fetch Debian's firmware. All come from packages that apt has verified; the
//! host's own package system is never changed. Our own guests are in the crate at
//! [`bare_metal_source`]; [`flatten`] makes what cargo built a flat binary.
//!
//! Everything is kept in one cache folder. What is there already is used as it
//! is, without any network.

pub mod apt;
mod bare_metal;
mod cache;
mod debian;
mod firmware;
mod initramfs;

pub use bare_metal::{BARE_METAL, bare_metal_source, flatten};
pub use cache::Cache;
pub use debian::{DebianGuest, debian};
pub use firmware::{u_boot, uefi};

/// The Debian suite a guest is made from when none is named.
pub const DEFAULT_SUITE: &str = "bookworm";

/// The architecture of all guests, as Debian calls it.
const ARCHITECTURE: &str = "arm64";
