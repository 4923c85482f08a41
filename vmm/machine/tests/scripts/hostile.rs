//! Any stream of exits: the machine always answers, and no interrupt is lost.

mod guest;
mod input;

use proptest::{collection::vec, prelude::*};

proptest! {
    #[test]
    fn any_guest_is_survived(bytes in vec(any::<u8>(), 0..1500)) {
        guest::run(&bytes);
    }
}
