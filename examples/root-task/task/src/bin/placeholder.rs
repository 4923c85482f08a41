//! The protection domain without which the SDK's tool makes no image. It never runs: the root
//! task takes the place of the program that would start it.
#![no_std]
#![no_main]

use sel4_microkit::{NullHandler, protection_domain};

#[protection_domain]
fn init() -> NullHandler {
    NullHandler::new()
}
