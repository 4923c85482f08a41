//! Deliberately wrong protection domains: each ends in its fault, which the monitor prints, or in
//! the fault handler of its parent; and a parent whose invocations are refused.
#![no_std]
#![no_main]

mod child;
mod parent;
mod wrong;

use parity::domain::{Domain, name};
use parity::{label, slot, try_call};
use sel4_microkit::{Channel, debug_println, protection_domain};

#[protection_domain]
fn init() -> Domain {
    let mut domain = Domain::default();
    match name() {
        "begin" => {
            debug_println!("begin");
            Channel::new(0).notify();
        }
        "parent" => {
            parent::refusals();
            parent::silence();
            domain.fault = parent::resume;
        }
        "child" => child::run(),
        "passive" => domain.notified = wrong::when_notified,
        "waker" => Channel::new(0).notify(),
        "end" => {
            try_call("smc short", slot::SMC, label::ARMSMCCall, &[0; 7]);
            try_call("smc label", slot::SMC, label::TCBSuspend, &[0; 8]);
            parity::secure_monitor_call("psci version", 0x8400_0000);
            parity::secure_monitor_call("no such function", 0x1234_5678);
            parity::power_off();
        }
        other => wrong::run(other),
    }
    domain
}
