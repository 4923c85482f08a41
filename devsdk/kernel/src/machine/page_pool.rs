//! Memory for page tables, handed out page by page.
#![expect(
    unsafe_code,
    reason = "makes page tables from memory that the image names by address"
)]

use core::ptr::NonNull;

use aarch64_paging::descriptor::{PagingAttributes, PhysicalAddress};
use aarch64_paging::paging::{PAGE_SIZE, PageTable, Translation};
use devsdk_image::PhysicalRange;

/// The pages that are left.
#[derive(Debug)]
pub struct PagePool {
    next: usize,
    end: usize,
}

impl PagePool {
    /// All pages but the last, which holds the reset marker.
    #[must_use]
    pub fn new(range: PhysicalRange) -> Self {
        let (start, length) = (range.address as usize, range.length as usize);
        Self {
            next: start.next_multiple_of(2 * PAGE_SIZE),
            end: (start + length).saturating_sub(PAGE_SIZE),
        }
    }

    /// Two adjacent pages, aligned to their size: the root of a 40-bit address space.
    ///
    /// # Panics
    /// When none are left.
    pub fn take_pair(&mut self) -> usize {
        self.next = self.next.next_multiple_of(2 * PAGE_SIZE);
        let pair = self.next;
        self.next += 2 * PAGE_SIZE;
        assert!(self.next <= self.end, "the image's page pool is too small");
        pair
    }

    fn take(&mut self) -> usize {
        let page = self.next;
        self.next += PAGE_SIZE;
        assert!(self.next <= self.end, "the image's page pool is too small");
        page
    }
}

/// Allocates tables for one tree; the root goes to a place chosen before.
#[derive(Debug)]
pub struct TableAllocator<'a> {
    /// Where the other tables come from.
    pub pool: &'a mut PagePool,
    /// Place of the first table.
    pub root: Option<usize>,
}

impl<A: PagingAttributes> Translation<A> for TableAllocator<'_> {
    fn allocate_table(&mut self) -> (NonNull<PageTable<A>>, PhysicalAddress) {
        let page = self.root.take().unwrap_or_else(|| self.pool.take());
        let table = page as *mut PageTable<A>;
        // SAFETY: the page is the pool's, so nothing else uses it; all zero is an empty table.
        unsafe { table.write_bytes(0, 1) };
        let table = NonNull::new(table).expect("the pool does not start at 0");
        (table, PhysicalAddress(page))
    }

    unsafe fn deallocate_table(&mut self, _: NonNull<PageTable<A>>) {
        // Tables live as long as the kernel.
    }

    fn physical_to_virtual(&self, address: PhysicalAddress) -> NonNull<PageTable<A>> {
        NonNull::new(address.0 as *mut PageTable<A>).expect("tables do not lie at 0")
    }
}
