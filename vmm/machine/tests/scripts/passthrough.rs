//! Interrupts of passed-through devices: fire, end, and the acknowledgement to the kernel.

use vmm_machine::{IntId, VcpuId};

use crate::model::{CARD_CHANNEL, CARD_INTERRUPT, Machine, UART_CHANNEL, UART_INTERRUPT};

const UART: IntId = intid(UART_INTERRUPT);

const fn intid(number: u16) -> IntId {
    IntId::new(number as u32).unwrap()
}

/// Started, with what `start` gave back to the kernel forgotten.
fn machine() -> Machine {
    let mut machine = Machine::started();
    machine.kernel.resampled.clear();
    machine
}

#[test]
fn the_first_start_gives_every_line_to_the_kernel() {
    let machine = Machine::<1>::started();
    let card = intid(CARD_INTERRUPT);
    assert_eq!(
        machine.kernel.resampled,
        [UART, card, IntId::VIRTUAL_TIMER].map(|intid| (VcpuId(0), intid))
    );
}

#[test]
fn from_the_device_to_the_end() {
    let mut machine = machine();
    machine.enable(UART_INTERRUPT);
    assert!(machine.fire(UART_CHANNEL, UART_INTERRUPT));
    assert_eq!(machine.pending(0), [UART_INTERRUPT]);
    assert!(!machine.fire(UART_CHANNEL, UART_INTERRUPT), "masked");
    assert_eq!(machine.acknowledge(0), Some(UART_INTERRUPT));
    assert!(machine.kernel.resampled.is_empty());
    machine.end_interrupt(0, UART_INTERRUPT);
    assert_eq!(machine.kernel.resampled, [(VcpuId(0), UART)]);
    assert!(machine.fire(UART_CHANNEL, UART_INTERRUPT));
}

#[test]
fn two_channels_in_one_notification() {
    let mut machine = machine();
    machine.enable_for(0, UART_INTERRUPT, 0xa0);
    machine.enable_for(0, CARD_INTERRUPT, 0x40);
    machine.notify(&[UART_CHANNEL, CARD_CHANNEL]);
    assert_eq!(machine.acknowledge(0), Some(CARD_INTERRUPT), "more urgent");
    machine.end_interrupt(0, CARD_INTERRUPT);
    assert_eq!(machine.acknowledge(0), Some(UART_INTERRUPT));
}

#[test]
fn a_level_that_fires_while_disabled_is_asked_for_when_enabled() {
    let mut machine = machine();
    assert!(machine.fire(UART_CHANNEL, UART_INTERRUPT));
    assert!(machine.kernel.resampled.is_empty(), "no storm");
    machine.enable(UART_INTERRUPT);
    assert_eq!(machine.kernel.resampled, [(VcpuId(0), UART)]);
    assert!(machine.fire(UART_CHANNEL, UART_INTERRUPT), "still high");
    assert_eq!(machine.pending(0), [UART_INTERRUPT]);
}

#[test]
fn an_edge_that_fires_while_disabled_is_kept() {
    let mut machine = machine();
    let edge = 1 << (2 * (CARD_INTERRUPT % 16) + 1);
    machine.write_distributor(0xc00 + u64::from(CARD_INTERRUPT) / 16 * 4, edge);
    assert!(machine.fire(CARD_CHANNEL, CARD_INTERRUPT));
    machine.enable(CARD_INTERRUPT);
    assert_eq!(machine.pending(0), [CARD_INTERRUPT]);
}

#[test]
fn channels_of_nobody_do_nothing() {
    let mut machine = machine();
    machine.enable(UART_INTERRUPT);
    machine.notify(&[0, 4, 40, 62, 63]);
    machine.notify(&[]);
    assert_eq!(machine.pending(0), []);
}

#[test]
fn more_devices_than_list_registers() {
    let mut machine = Machine::<1>::with(&crate::model::Setup {
        list_registers: 1,
        ..Default::default()
    });
    machine.enable_for(0, UART_INTERRUPT, 0x40);
    machine.enable_for(0, CARD_INTERRUPT, 0xa0);
    machine.fire(UART_CHANNEL, UART_INTERRUPT);
    machine.fire(CARD_CHANNEL, CARD_INTERRUPT);
    assert_eq!(machine.acknowledge(0), Some(UART_INTERRUPT));
    machine.end_interrupt(0, UART_INTERRUPT);
    // A level is asked for once more before it is delivered late.
    machine.fire(CARD_CHANNEL, CARD_INTERRUPT);
    assert_eq!(machine.acknowledge(0), Some(CARD_INTERRUPT));
}
