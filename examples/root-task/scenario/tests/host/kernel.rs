//! The model of the kernel, with memory behind its frames.
#![expect(unsafe_code, reason = "windows show memory that Rust does not know")]

use root_task_scenario::Kernel;
use vmm_arch::{AccessSize, Gpa};
use vmm_memory::backend::KernelError;
use vmm_memory::backend::model::{Geometry, KernelModel};
use vmm_memory::{Attributes, Cptr, GuestMemory, RamWindow, Rights};

/// Bytes of physical memory.
const MEMORY_SIZE: u64 = 32 << 20;

pub(crate) struct HostKernel {
    model: KernelModel,
    /// Physical memory, by physical address.
    memory: GuestMemory<1>,
    /// Where the host has it.
    host_address: u64,
    next_slot: u64,
    printed: String,
}

impl HostKernel {
    pub(crate) fn new() -> Self {
        let model = KernelModel::without_asid(Geometry::BITS_40);
        let words = vec![0u64; usize::try_from(MEMORY_SIZE / 8).unwrap()];
        let host_address = words.leak().as_mut_ptr().expose_provenance() as u64;
        let mut memory = GuestMemory::new();
        memory
            .add(window(host_address, MEMORY_SIZE, KernelModel::MEMORY_BASE))
            .unwrap();
        Self {
            model,
            memory,
            host_address,
            next_slot: 16,
            printed: String::new(),
        }
    }

    pub(crate) fn printed(&self) -> &str {
        &self.printed
    }

    /// The rights and the physical address that the guest has at `gpa`.
    pub(crate) fn translate(&self, gpa: Gpa) -> Option<(Rights, u64)> {
        let (page, address) = self.model.translate(gpa)?;
        Some((page.rights, address))
    }

    pub(crate) fn load(&self, address: u64, size: AccessSize) -> u64 {
        let mut bytes = [0; 8];
        let length = usize::try_from(size.bytes()).unwrap();
        self.memory
            .read(Gpa(address), &mut bytes[..length])
            .unwrap();
        u64::from_le_bytes(bytes)
    }

    pub(crate) fn store(&self, address: u64, size: AccessSize, value: u64) {
        let length = usize::try_from(size.bytes()).unwrap();
        self.memory
            .write(Gpa(address), &value.to_le_bytes()[..length])
            .unwrap();
    }

    fn slot(&mut self) -> Cptr {
        self.next_slot += 1;
        Cptr(self.next_slot)
    }
}

fn window(host_address: u64, size: u64, gpa: u64) -> RamWindow {
    // SAFETY: the memory was leaked: it is there for ever, and only windows reach it.
    unsafe { RamWindow::new(host_address, size, Gpa(gpa)) }.unwrap()
}

impl Kernel for HostKernel {
    const TABLE_SPANS: &'static [u8] = Geometry::BITS_40.table_slots;

    fn assign_asid(&mut self) -> Result<(), KernelError> {
        self.model.assign_asid()
    }

    fn copy(&mut self, cptr: Cptr, rights: Rights) -> Result<Cptr, KernelError> {
        let copy = self.slot();
        self.model.copy(cptr, copy, rights)?;
        Ok(copy)
    }

    fn delete(&mut self, cptr: Cptr) -> Result<(), KernelError> {
        self.model.delete(cptr)
    }

    fn make_frame(&mut self, size_bits: u8) -> Result<Cptr, KernelError> {
        let slot = self.slot();
        self.model.make_frame(slot, size_bits)?;
        Ok(slot)
    }

    fn make_table(&mut self) -> Result<Cptr, KernelError> {
        let slot = self.slot();
        self.model.make_table(slot)?;
        Ok(slot)
    }

    fn page_map(
        &mut self,
        frame: Cptr,
        gpa: Gpa,
        rights: Rights,
        attributes: Attributes,
    ) -> Result<(), KernelError> {
        self.model.page_map(frame, gpa, rights, attributes)
    }

    fn page_unmap(&mut self, frame: Cptr) -> Result<(), KernelError> {
        self.model.page_unmap(frame)
    }

    fn table_map(&mut self, table: Cptr, gpa: Gpa) -> Result<(), KernelError> {
        self.model.table_map(table, gpa)
    }

    fn table_unmap(&mut self, table: Cptr) -> Result<(), KernelError> {
        self.model.table_unmap(table)
    }

    fn window(&mut self, frame: Cptr, size_bits: u8, gpa: Gpa) -> Result<RamWindow, KernelError> {
        let copy = self.copy(frame, Rights::READ_WRITE)?;
        let offset = self.model.page_address(copy)? - KernelModel::MEMORY_BASE;
        Ok(window(self.host_address + offset, 1 << size_bits, gpa.0))
    }

    fn flush_windows(&mut self) -> Result<(), KernelError> {
        Ok(())
    }

    fn print(&mut self, text: &str) {
        self.printed += text;
    }
}
