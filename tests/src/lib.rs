//! Boot tests: see `boot/main.rs`.
