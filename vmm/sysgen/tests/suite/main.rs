//! Tests of sysgen from outside: a system and images go in, files and messages come out.

mod boards;
mod device_tree;
mod diagnostics;
mod explain;
mod golden;
mod images;
mod package;
mod systems;
mod tables;
