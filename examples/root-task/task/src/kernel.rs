//! The kernel calls of the scenario, on seL4.

use core::fmt::Write;

use crate::guest::VirtualProcessor;
use crate::objects::Objects;
use crate::own_memory::{OwnMemory, Uart};
use heapless::Vec;
use root_task_scenario::Kernel;
use sel4::cap_type::UnspecifiedPage;
use sel4::{CapRights, VmAttributes, init_thread, sys, with_ipc_buffer_mut};
use vmm_arch::Gpa;
use vmm_memory::backend::KernelError;
use vmm_memory::{Attributes, Cptr, RamWindow, Rights};

/// Frames that the VMM maps for itself, at most.
const WINDOWS: usize = 8;

/// seL4, with one guest's VSpace.
#[derive(Debug)]
pub(crate) struct Sel4 {
    objects: Objects,
    own_memory: OwnMemory,
    uart: Uart,
    guest: sel4::cap::VSpace,
    /// Copies of frame capabilities that are mapped for the VMM, and their bytes.
    windows: Vec<(sel4::Cap<UnspecifiedPage>, u64), WINDOWS>,
}

impl Sel4 {
    /// With an empty VSpace for the guest.
    pub(crate) const fn new(
        objects: Objects,
        own_memory: OwnMemory,
        uart: Uart,
        guest: sel4::cap::VSpace,
    ) -> Self {
        Self {
            objects,
            own_memory,
            uart,
            guest,
            windows: Vec::new(),
        }
    }

    /// Makes the guest's processor.
    ///
    /// # Errors
    /// The kernel's answer.
    pub(crate) fn make_processor(
        &mut self,
        bootinfo: &sel4::BootInfo,
    ) -> Result<VirtualProcessor, KernelError> {
        VirtualProcessor::new(&mut self.objects, bootinfo, self.guest).map_err(to_kernel_error)
    }
}

impl Kernel for Sel4 {
    const TABLE_SPANS: &'static [u8] = if sel4::sel4_cfg_bool!(ARM_PA_SIZE_BITS_40) {
        &[30, 21]
    } else {
        &[39, 30, 21]
    };

    fn assign_asid(&mut self) -> Result<(), KernelError> {
        let pool = init_thread::slot::ASID_POOL.cap();
        pool.asid_pool_assign(self.guest).map_err(to_kernel_error)
    }

    fn copy(&mut self, cptr: Cptr, rights: Rights) -> Result<Cptr, KernelError> {
        let slot = self.objects.slot().map_err(to_kernel_error)?;
        let cnode = init_thread::slot::CNODE.cap();
        let source = cnode.absolute_cptr(page(cptr).cptr());
        let rights = CapRights::new(false, false, rights.read, rights.write);
        cnode
            .absolute_cptr(slot.cptr())
            .copy(&source, rights)
            .map_err(to_kernel_error)?;
        Ok(Cptr(slot.cptr_bits()))
    }

    fn delete(&mut self, cptr: Cptr) -> Result<(), KernelError> {
        let cnode = init_thread::slot::CNODE.cap();
        let slot = cnode.absolute_cptr(page(cptr).cptr());
        slot.delete().map_err(to_kernel_error)
    }

    fn make_frame(&mut self, size_bits: u8) -> Result<Cptr, KernelError> {
        let kind = sel4::FrameObjectType::from_bits(size_bits.into());
        let kind = kind.ok_or(KernelError::InvalidArgument)?;
        let frame = self.objects.make::<UnspecifiedPage>(kind.blueprint());
        frame
            .map(|frame| Cptr(frame.bits()))
            .map_err(to_kernel_error)
    }

    fn make_table(&mut self) -> Result<Cptr, KernelError> {
        let table = self.objects.make_fixed::<sel4::cap_type::PT>();
        table
            .map(|table| Cptr(table.bits()))
            .map_err(to_kernel_error)
    }

    fn page_map(
        &mut self,
        frame: Cptr,
        gpa: Gpa,
        rights: Rights,
        attributes: Attributes,
    ) -> Result<(), KernelError> {
        let cached = match attributes {
            Attributes::Normal => VmAttributes::PAGE_CACHEABLE,
            Attributes::Device => VmAttributes::NONE,
        };
        let execution = if rights.execute {
            VmAttributes::NONE
        } else {
            VmAttributes::EXECUTE_NEVER
        };
        let address = usize::try_from(gpa.0).map_err(|_| KernelError::InvalidArgument)?;
        let rights = CapRights::new(false, false, rights.read, rights.write);
        page(frame)
            .frame_map(self.guest, address, rights, cached | execution)
            .map_err(to_kernel_error)
    }

    fn page_unmap(&mut self, frame: Cptr) -> Result<(), KernelError> {
        page(frame).frame_unmap().map_err(to_kernel_error)
    }

    fn table_map(&mut self, table: Cptr, gpa: Gpa) -> Result<(), KernelError> {
        let address = usize::try_from(gpa.0).map_err(|_| KernelError::InvalidArgument)?;
        let table = sel4::CPtr::from_bits(table.0).cast::<sel4::cap_type::PT>();
        table
            .pt_map(self.guest, address, VmAttributes::default())
            .map_err(to_kernel_error)
    }

    fn table_unmap(&mut self, table: Cptr) -> Result<(), KernelError> {
        answer(with_ipc_buffer_mut(|buffer| {
            buffer.inner_mut().seL4_ARM_PageTable_Unmap(table.0)
        }))
    }

    fn window(&mut self, frame: Cptr, size_bits: u8, gpa: Gpa) -> Result<RamWindow, KernelError> {
        let copy = page(self.copy(frame, Rights::READ_WRITE)?);
        let size = 1 << size_bits;
        let window = self
            .own_memory
            .window(&mut self.objects, copy, size, gpa)
            .map_err(to_kernel_error)?;
        self.windows
            .push((copy, size))
            .map_err(|_| KernelError::NotEnoughMemory)?;
        Ok(window)
    }

    fn flush_windows(&mut self) -> Result<(), KernelError> {
        self.windows.iter().try_for_each(|(copy, size)| {
            answer(with_ipc_buffer_mut(|buffer| {
                let buffer = buffer.inner_mut();
                buffer.seL4_ARM_Page_CleanInvalidate_Data(copy.bits(), 0, *size)
            }))
        })
    }

    fn print(&mut self, text: &str) {
        // Printing cannot fail.
        let _ = self.uart.write_str(text);
    }
}

fn page(frame: Cptr) -> sel4::Cap<UnspecifiedPage> {
    sel4::CPtr::from_bits(frame.0).cast()
}

/// From the label of the kernel's answer.
fn answer(label: sys::seL4_Error::Type) -> Result<(), KernelError> {
    KernelError::from_label(label.into()).map_or(Ok(()), Err)
}

pub(crate) fn to_kernel_error(error: sel4::Error) -> KernelError {
    // Each of the kernel's errors is one of ours.
    KernelError::from_label(error.into_sys().into()).unwrap_or(KernelError::IllegalOperation)
}
