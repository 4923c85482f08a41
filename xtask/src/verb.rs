//! The verbs: what `make VERB` and `cargo xtask VERB` do, a file each.

pub mod clean;
pub mod sdk;
