//! The verbs: what `make VERB` and `cargo xtask VERB` do, a file each.

pub mod bench;
pub mod build;
pub mod check;
pub mod clean;
pub mod explain;
pub mod image;
pub mod profile;
pub mod root_task;
pub mod run;
pub mod sdk;
pub mod setup;
pub mod test;
