//! The calls of the cap-based backend, as a caller makes them that keeps an account of its
//! frames and makes page tables of untyped memory.

use super::super::{FrameCap, KernelError, PageCaps};
use super::{Capability, KernelModel};
use crate::frame::{Attributes, Cptr, Rights};
use vmm_arch::{Gpa, GpaRange};

impl KernelModel {
    fn count_call(&mut self) -> Result<(), KernelError> {
        let number = self.calls;
        self.calls = number.saturating_add(1);
        match self.inject {
            Some((at, error)) if at == number => Err(error),
            _ => Ok(()),
        }
    }

    /// A page table that is mapped nowhere.
    fn spare_table(&mut self) -> Result<Cptr, KernelError> {
        if let Some(spare) = self.spare_tables.pop() {
            return Ok(spare);
        }
        let slot = Cptr(self.next_table_slot);
        self.make_table(slot)?;
        self.next_table_slot = self.next_table_slot.saturating_add(1);
        Ok(slot)
    }

    /// Slots of the page tables that cover addresses of `range` only.
    fn tables_in(&self, range: &GpaRange) -> Vec<Cptr> {
        let inside = |(slot, capability): (&u64, &Capability)| match capability {
            Capability::Table {
                mapped_at: Some((bits, gpa)),
                ..
            } => {
                let bits = u32::from(*bits);
                let base = gpa.wrapping_shr(bits).wrapping_shl(bits);
                let span = GpaRange::new(Gpa(base), 1u64.wrapping_shl(bits)).ok()?;
                range.contains_range(&span).then_some(Cptr(*slot))
            }
            _ => None,
        };
        self.slots.iter().filter_map(inside).collect()
    }
}

impl PageCaps for KernelModel {
    fn frame(&self, cptr: Cptr) -> Option<FrameCap> {
        match self.slots.get(&cptr.0)? {
            Capability::Frame {
                size_bits, rights, ..
            } => Some(FrameCap {
                size_bits: *size_bits,
                write: rights.write,
            }),
            _ => None,
        }
    }

    fn map(
        &mut self,
        cptr: Cptr,
        gpa: Gpa,
        rights: Rights,
        attributes: Attributes,
    ) -> Result<(), KernelError> {
        self.count_call()?;
        self.page_map(cptr, gpa, rights, attributes)
    }

    fn unmap(&mut self, cptr: Cptr) -> Result<(), KernelError> {
        self.count_call()?;
        match self.unmap_error {
            Some(error) => Err(error),
            None => self.page_unmap(cptr),
        }
    }

    fn add_table(&mut self, gpa: Gpa) -> Result<(), KernelError> {
        self.count_call()?;
        let table = self.spare_table()?;
        let answer = self.table_map(table, gpa);
        if answer.is_err() {
            self.spare_tables.push(table);
        }
        answer
    }

    fn remove_tables(&mut self, range: GpaRange) -> Result<bool, KernelError> {
        self.count_call()?;
        let tables = self.tables_in(&range);
        for table in &tables {
            self.table_unmap(*table)?;
            self.spare_tables.push(*table);
        }
        Ok(!tables.is_empty())
    }
}
