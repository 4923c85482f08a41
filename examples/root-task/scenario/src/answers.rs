//! What the kernel answers where the memory map depends on it: asked on seL4 and on the model of
//! it, which must not differ.

use crate::kernel::Kernel;
use core::fmt::{self, Write};
use vmm_arch::Gpa;
use vmm_memory::backend::KernelError;
use vmm_memory::{Attributes, Cptr, Rights};

/// log2 of the bytes of a small and of a large page.
const SMALL_BITS: u8 = 12;
const LARGE_BITS: u8 = 21;

/// Where the pages go, and beside it.
const PLACE: Gpa = Gpa(0x5000_0000);
const BESIDE: Gpa = Gpa(0x5000_1000);
/// The first address that there is not, and the last page before it.
const FAR: Gpa = Gpa(1 << 40);
const LAST: Gpa = Gpa((1 << 40) - 0x1000);

/// Gives the guest's VSpace its ASID, asks on the way, and leaves nothing mapped.
///
/// # Errors
/// The kernel's answer to a call that is none of the questions.
pub fn ask<K: Kernel>(kernel: &mut K) -> Result<(), KernelError> {
    let mut questions = Questions {
        small: kernel.make_frame(SMALL_BITS)?,
        large: kernel.make_frame(LARGE_BITS)?,
        tables: [kernel.make_table()?, kernel.make_table()?],
        spare: kernel.make_table()?,
        kernel,
    };
    questions.before_the_asid()?;
    questions.tables_and_addresses()?;
    questions.types()?;
    questions.large_over_small()?;
    questions.unmap_and_delete()?;
    questions.upper_table()
}

/// The objects that are asked about. A kernel for 40 bits needs two tables for a small page.
struct Questions<'k, K> {
    kernel: &'k mut K,
    small: Cptr,
    large: Cptr,
    tables: [Cptr; 2],
    spare: Cptr,
}

impl<K: Kernel> Questions<'_, K> {
    fn told(&mut self, what: &str, answer: Result<(), KernelError>) {
        let answer: &dyn fmt::Display = match &answer {
            Ok(()) => &"done",
            Err(error) => error,
        };
        let mut console = Console(self.kernel);
        // Printing cannot fail.
        let _ = writeln!(console, "KERNEL {what}: {answer}");
    }

    fn page(&mut self, frame: Cptr, gpa: Gpa) -> Result<(), KernelError> {
        let rights = Rights::READ_WRITE;
        self.kernel.page_map(frame, gpa, rights, Attributes::Normal)
    }

    fn ask_page(&mut self, what: &str, frame: Cptr, gpa: Gpa) {
        let answer = self.page(frame, gpa);
        self.told(what, answer);
    }

    fn ask_table(&mut self, what: &str, table: Cptr, gpa: Gpa) {
        let answer = self.kernel.table_map(table, gpa);
        self.told(what, answer);
    }

    fn before_the_asid(&mut self) -> Result<(), KernelError> {
        self.ask_page("page map before the ASID", self.small, PLACE);
        self.ask_table("page table map before the ASID", self.tables[0], PLACE);
        self.kernel.assign_asid()?;
        let again = self.kernel.assign_asid();
        self.told("ASID a second time", again);
        Ok(())
    }

    fn tables_and_addresses(&mut self) -> Result<(), KernelError> {
        for table in self.tables {
            self.ask_page("page map without a table", self.small, PLACE);
            self.kernel.table_map(table, PLACE)?;
        }
        self.ask_page("page map with two tables", self.small, PLACE);
        self.ask_table("a third table", self.spare, PLACE);
        self.ask_page("the same frame elsewhere", self.small, BESIDE);
        self.ask_page("the same frame at its place", self.small, PLACE);
        let read_only = self.kernel.copy(self.small, Rights::READ)?;
        self.ask_page("a read-only copy for stores", read_only, BESIDE);
        self.kernel.delete(read_only)?;
        let copy = self.kernel.copy(self.small, Rights::READ_WRITE)?;
        self.ask_page("a copy at 2^40", copy, FAR);
        self.ask_table("a table at 2^40", self.spare, FAR);
        self.ask_page("a copy right below, without a table", copy, LAST);
        self.kernel.delete(copy)?;
        self.ask_page("an empty slot", copy, BESIDE);
        self.ask_page("a large page at a small one's address", self.large, BESIDE);
        Ok(())
    }

    fn types(&mut self) -> Result<(), KernelError> {
        self.ask_page("page map of a table", self.spare, BESIDE);
        let answer = self.kernel.page_unmap(self.spare);
        self.told("page unmap of a table", answer);
        self.ask_table("page table map of a frame", self.small, PLACE);
        let answer = self.kernel.table_unmap(self.small);
        self.told("page table unmap of a frame", answer);
        let answer = self.kernel.copy(self.spare, Rights::ALL).map(|_| ());
        self.told("copy of a table that is mapped nowhere", answer);
        let copy = self.kernel.copy(self.tables[1], Rights::ALL)?;
        let answer = self.kernel.table_unmap(self.tables[1]);
        self.told("unmap of a table that has a copy", answer);
        self.kernel.delete(copy)
    }

    fn large_over_small(&mut self) -> Result<(), KernelError> {
        self.kernel.page_unmap(self.small)?;
        self.ask_page("a large page where a small one was", self.large, PLACE);
        self.kernel.table_unmap(self.tables[1])?;
        self.ask_page("the same without the small one's table", self.large, PLACE);
        self.ask_page("a small page under it", self.small, BESIDE);
        self.ask_table("a table under it", self.tables[1], BESIDE);
        Ok(())
    }

    /// That the place is free again shows in that a table can go there.
    fn unmap_and_delete(&mut self) -> Result<(), KernelError> {
        let copy = self.kernel.copy(self.large, Rights::READ_WRITE)?;
        self.ask_page("a copy of a large page over it", copy, PLACE);
        self.kernel.page_unmap(self.large)?;
        let what = "a table after the unmap of the frame under the copy";
        self.ask_table(what, self.tables[1], PLACE);
        self.kernel.table_unmap(self.tables[1])?;
        let answer = self.kernel.page_unmap(copy);
        self.told("page unmap of the copy, which is mapped no more", answer);
        self.ask_page("the copy again", copy, PLACE);
        let other = self.kernel.make_frame(LARGE_BITS)?;
        self.ask_page("another large page over it", other, PLACE);
        self.kernel.page_unmap(copy)?;
        let what = "a table after the unmap of the page that was replaced";
        self.ask_table(what, self.tables[1], PLACE);
        self.kernel.delete(other)?;
        let what = "a table after the deletion of the page that is mapped";
        self.ask_table(what, self.tables[1], PLACE);
        self.kernel.delete(copy)
    }

    fn upper_table(&mut self) -> Result<(), KernelError> {
        self.page(self.small, PLACE)?;
        self.kernel.table_unmap(self.tables[0])?;
        self.ask_table(
            "the lower table, its upper one unmapped",
            self.tables[1],
            PLACE,
        );
        self.ask_page("the page below it, elsewhere", self.small, BESIDE);
        self.kernel.page_unmap(self.small)?;
        self.kernel.table_unmap(self.tables[1])?;
        for table in self.tables {
            self.kernel.table_map(table, PLACE)?;
        }
        self.ask_page("the same after an unmap", self.small, BESIDE);
        self.kernel.delete(self.tables[0])?;
        let (what, table) = ("the lower table, its upper one deleted", self.tables[1]);
        self.ask_table(what, table, PLACE);
        self.kernel.delete(self.small)?;
        self.kernel.delete(self.large)?;
        self.kernel.delete(self.tables[1])?;
        self.kernel.delete(self.spare)
    }
}

/// The kernel's printing as a formatter's target.
struct Console<'k, K>(&'k mut K);

impl<K: Kernel> Write for Console<'_, K> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.print(text);
        Ok(())
    }
}
