//! Tests of sysgen from outside: a system and images go in, files and messages come out.

mod boards;
mod device_sets;
mod device_tree;
mod diagnostics;
mod emulated;
mod explain;
mod foreign;
mod given_tree;
mod golden;
mod gzip;
mod images;
mod package;
mod placement;
mod systems;
mod tables;
