//! GICv2 list register (GICH_LRn), as seL4 writes it.
use bitfield_struct::bitfield;

/// A list register.
#[bitfield(u32)]
#[derive(PartialEq, Eq)]
pub struct ListRegister {
    /// Virtual INTID.
    #[bits(10)]
    pub intid: u32,
    /// Physical INTID or, for software interrupts, the sender: seL4 leaves it zero.
    #[bits(9)]
    pub sender: u32,
    /// Have a maintenance interrupt when the guest ends the interrupt.
    pub maintenance: bool,
    #[bits(3)]
    __: u32,
    /// Priority: the upper five bits of eight.
    #[bits(5)]
    pub priority: u32,
    /// 0 invalid, 1 pending, 2 active, 3 both.
    #[bits(2)]
    pub state: u32,
    /// Group 1.
    pub group1: bool,
    /// Linked to a physical interrupt: never with seL4.
    pub hardware: bool,
}

/// [`ListRegister::state`] of a new interrupt.
pub const PENDING: u32 = 1;
/// [`ListRegister::state`] of an interrupt that the guest handles.
pub const ACTIVE: u32 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layout_is_the_gicv2_manuals() {
        let value = ListRegister::new()
            .with_intid(27)
            .with_priority(0x1f)
            .with_state(PENDING)
            .with_maintenance(true);
        assert_eq!(value.into_bits(), 27 | 1 << 19 | 0x1f << 23 | 1 << 28);
        assert_eq!(ListRegister::new().with_group1(true).into_bits(), 1 << 30);
    }
}
