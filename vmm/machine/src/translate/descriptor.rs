//! Translation table descriptors (Arm ARM D8.3, "Translation table descriptor formats").

use bitfield_struct::bitfield;

use super::{Access, half::Half};
use crate::Gpa;

/// One entry of a translation table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Descriptor {
    /// Nothing is mapped.
    Invalid,
    /// The next table.
    Table { base: u64, permissions: Permissions },
    /// A block or a page.
    Leaf(Leaf),
}

/// What a block or page maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Leaf {
    base: u64,
    /// log2 of the bytes mapped.
    bits: u32,
    /// The access flag.
    pub(super) accessed: bool,
    attributes: Attributes,
}

/// Rights to a page, from all levels together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Permissions {
    user: bool,
    write: bool,
    /// PXN is clear.
    execute: bool,
    /// UXN is clear.
    user_execute: bool,
}

/// What SCTLR_EL1 adds to the rules.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// WXN: what EL1 may write, it may not execute.
    pub(super) no_execute_if_writable: bool,
    /// EPAN: PAN also forbids EL1 the data of pages that EL0 may execute.
    pub(super) pan_of_executable: bool,
}

#[bitfield(u64)]
#[derive(PartialEq, Eq)]
struct Attributes {
    valid: bool,
    /// Table, or page at the last level.
    table: bool,
    #[bits(4)]
    __: u8,
    /// AP[1]: EL0 has access.
    ap_user: bool,
    /// AP[2]: read only.
    ap_read_only: bool,
    #[bits(2)]
    __: u8,
    accessed: bool,
    #[bits(40)]
    __: u64,
    /// Dirty bit modifier: writable once hardware manages dirty state.
    dbm: bool,
    __: bool,
    /// PXN: EL1 may not execute it.
    privileged_execute_never: bool,
    /// UXN: EL0 may not execute it.
    user_execute_never: bool,
    #[bits(4)]
    __: u8,
    /// PXNTable.
    table_privileged_execute_never: bool,
    /// UXNTable.
    table_user_execute_never: bool,
    /// APTable[0]: no access from EL0.
    table_no_user: bool,
    /// APTable[1]: no writes.
    table_read_only: bool,
    __: bool,
}

/// Output address bits. Wider ones exist only with LPA and LPA2, and lie in other bits of the
/// entry; no guest's memory is there.
const ADDRESS: u64 = 0x0000_ffff_ffff_ffff;

impl Descriptor {
    /// From an entry `distance` levels above the last one.
    pub(super) fn decode(bits: u64, half: &Half, distance: u8) -> Self {
        let granule_bits = half.granule_bits;
        let attributes = Attributes::from_bits(bits);
        match (attributes.valid(), attributes.table(), distance) {
            (true, true, 1..) => Self::Table {
                base: bits & ADDRESS & u64::MAX << granule_bits,
                permissions: Permissions {
                    user: !attributes.table_no_user(),
                    write: !attributes.table_read_only(),
                    execute: !attributes.table_privileged_execute_never(),
                    user_execute: !attributes.table_user_execute_never(),
                },
            },
            (true, true, 0) => Self::leaf(bits, granule_bits, 0),
            (true, false, 1..) if half.has_blocks(distance) => {
                Self::leaf(bits, granule_bits, distance.into())
            }
            _ => Self::Invalid,
        }
    }

    fn leaf(bits: u64, granule_bits: u32, distance: u32) -> Self {
        let attributes = Attributes::from_bits(bits);
        let stride = granule_bits.saturating_sub(3);
        let size = granule_bits.saturating_add(stride.saturating_mul(distance));
        Self::Leaf(Leaf {
            base: bits & ADDRESS & u64::MAX << size,
            bits: size,
            accessed: attributes.accessed(),
            attributes,
        })
    }
}

impl Leaf {
    /// The first address that it maps to.
    pub(super) const fn base(&self) -> u64 {
        self.base
    }

    /// Where `address` lies in guest-physical memory.
    pub(super) const fn address(&self, address: u64) -> Gpa {
        Gpa(self.base | address & !(u64::MAX << self.bits))
    }

    /// Its own rights; `dirty_managed` is TCR_EL1.HD.
    pub(super) const fn permissions(&self, dirty_managed: bool) -> Permissions {
        Permissions {
            user: self.attributes.ap_user(),
            write: !self.attributes.ap_read_only() || dirty_managed && self.attributes.dbm(),
            execute: !self.attributes.privileged_execute_never(),
            user_execute: !self.attributes.user_execute_never(),
        }
    }
}

impl Permissions {
    /// What is left when no table takes anything away.
    pub(super) const ALL: Self = Self {
        user: true,
        write: true,
        execute: true,
        user_execute: true,
    };

    /// Only what both give.
    pub(super) const fn limited_by(self, other: Self) -> Self {
        Self {
            user: self.user && other.user,
            write: self.write && other.write,
            execute: self.execute && other.execute,
            user_execute: self.user_execute && other.user_execute,
        }
    }

    /// Is the access allowed (Arm ARM D8.4)?
    pub(super) const fn allow(self, access: Access, rules: Rules) -> bool {
        match access {
            Access::Fetch => true,
            // What EL0 may write, EL1 never executes.
            Access::PrivilegedFetch => {
                let writable = self.write && (self.user || rules.no_execute_if_writable);
                self.execute && !writable
            }
            Access::Data {
                privileged,
                pan,
                write,
            } => {
                let executable = self.user_execute && rules.pan_of_executable;
                let level = if privileged {
                    !(pan && (self.user || executable))
                } else {
                    self.user
                };
                level && (self.write || !write)
            }
        }
    }
}
