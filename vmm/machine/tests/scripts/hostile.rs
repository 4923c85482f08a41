//! Any input at each trust border: there is always an answer, and no interrupt is lost.
//!
//! `fuzz/` drives the same functions with a fuzzer's bytes.

mod distributor;
mod guest;
mod input;
mod instruction;
mod package;

use proptest::{collection::vec, prelude::*};

proptest! {
    #[test]
    fn any_guest_is_survived(bytes in vec(any::<u8>(), 0..1500)) {
        guest::run(&bytes);
    }

    #[test]
    fn any_access_to_the_distributor_is_answered(bytes in vec(any::<u8>(), 0..1000)) {
        distributor::run(&bytes);
    }

    #[test]
    fn any_instruction_and_table_is_survived(bytes in vec(any::<u8>(), 0..400)) {
        instruction::run(&bytes);
    }

    #[test]
    fn any_package_stays_in_guest_ram(bytes in vec(any::<u8>(), 0..200)) {
        package::run(&bytes);
    }
}
