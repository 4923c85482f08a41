//! Trapped waits: WFI, WFE and their kin with a timeout.
//!
//! Models the ISS of a trapped WF* instruction (Arm ARM D24.2.40, "ISS encoding for an exception
//! from a WF* instruction") and what the architecture lets a wait do (D1.7). Whatever the answer,
//! the PC moves past the instruction: an interrupt taken on waking must not return to the wait.

use crate::{
    Gpr,
    syndrome::{Esr, WaitTrap},
};

/// What a trapped wait asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// WFI: sleep until an interrupt is pending, masked or not.
    Interrupt,
    /// WFIT: as WFI, and no longer than until CNTVCT_EL0 reaches the value in the register.
    InterruptUntil(Gpr),
    /// WFE, WFET and a WFIT without its register: events are not seen by a monitor, and each of
    /// these may end at any time, so the guest goes on at once.
    Yield,
}

/// What the wait with this syndrome asks for.
pub const fn decode(esr: Esr) -> Wait {
    let iss = WaitTrap::from_bits(esr.iss());
    match (iss.ti(), iss.rv()) {
        (0, _) => Wait::Interrupt,
        (2, true) => Wait::InterruptUntil(Gpr::from_field(iss.rn())),
        _ => Wait::Yield,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(iss: u32) -> Wait {
        decode(Esr::new().with_il(true).with_iss(iss))
    }

    #[test]
    fn each_of_the_four_has_its_answer() {
        const RV: u32 = 1 << 2;
        assert_eq!(wait(0), Wait::Interrupt);
        assert_eq!(wait(1), Wait::Yield);
        assert_eq!(
            wait(2 | RV | 9 << 5),
            Wait::InterruptUntil(Gpr::from_field(9))
        );
        assert_eq!(wait(2 | RV | 31 << 5), Wait::InterruptUntil(Gpr::ZR));
        assert_eq!(wait(2 | 9 << 5), Wait::Yield, "the register is not known");
        assert_eq!(wait(3 | RV | 9 << 5), Wait::Yield);
    }

    #[test]
    fn the_condition_field_does_not_matter() {
        assert_eq!(wait(1 << 24 | 0xe << 20), Wait::Interrupt);
        assert_eq!(wait(1 << 24 | 0xe << 20 | 1), Wait::Yield);
    }
}
