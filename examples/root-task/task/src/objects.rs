//! Kernel objects from untyped memory, in slots of the root task's CNode.

use core::ops::Range;
use sel4::{ObjectBlueprint, init_thread};

/// Makes objects; none is ever given back.
#[derive(Debug)]
pub(crate) struct Objects {
    empty_slots: Range<usize>,
    untyped: sel4::cap::Untyped,
}

impl Objects {
    /// From the largest piece of untyped memory.
    ///
    /// # Errors
    /// `NotEnoughMemory` when there is none.
    pub(crate) fn new(bootinfo: &sel4::BootInfo) -> sel4::Result<Self> {
        let list = bootinfo.untyped_list().iter().enumerate();
        let largest = list
            .filter(|(_, untyped)| !untyped.is_device())
            .max_by_key(|(_, untyped)| untyped.size_bits());
        let (index, _) = largest.ok_or(sel4::Error::NotEnoughMemory)?;
        Ok(Self {
            empty_slots: bootinfo.empty().range(),
            untyped: bootinfo.untyped().index(index).cap(),
        })
    }

    /// An empty slot.
    ///
    /// # Errors
    /// `NotEnoughMemory` when the CNode is full.
    pub(crate) fn slot(&mut self) -> sel4::Result<init_thread::Slot> {
        let index = self.empty_slots.next();
        let index = index.ok_or(sel4::Error::NotEnoughMemory)?;
        Ok(init_thread::Slot::from_index(index))
    }

    /// An object of any kind.
    ///
    /// # Errors
    /// The kernel's answer.
    pub(crate) fn make<T: sel4::CapType>(
        &mut self,
        blueprint: ObjectBlueprint,
    ) -> sel4::Result<sel4::Cap<T>> {
        self.make_from(self.untyped, blueprint)
    }

    /// An object of a type that has one size.
    ///
    /// # Errors
    /// The kernel's answer.
    pub(crate) fn make_fixed<T: sel4::CapTypeForObjectOfFixedSize>(
        &mut self,
    ) -> sel4::Result<sel4::Cap<T>> {
        self.make(T::object_blueprint())
    }

    /// The small frame of the device at `address`.
    ///
    /// # Errors
    /// `NotEnoughMemory` when no device memory is there, or the kernel's answer.
    pub(crate) fn device_frame(
        &mut self,
        bootinfo: &sel4::BootInfo,
        address: usize,
    ) -> sel4::Result<sel4::cap::Granule> {
        let mut list = bootinfo.untyped_list().iter().enumerate();
        let found = list.find(|(_, untyped)| {
            let offset = address.checked_sub(untyped.paddr());
            offset.is_some_and(|offset| offset >> untyped.size_bits() == 0)
        });
        let (index, description) = found.ok_or(sel4::Error::NotEnoughMemory)?;
        let untyped = bootinfo.untyped().index(index).cap();
        // Objects come in address order: what lies before the device is taken first.
        let mut next = description.paddr();
        while next < address {
            let size_bits = (address - next).ilog2() as usize;
            let before = ObjectBlueprint::Untyped { size_bits };
            self.make_from::<sel4::cap_type::Untyped>(untyped, before)?;
            next += 1 << size_bits;
        }
        self.make_from(untyped, sel4::FrameObjectType::GRANULE.blueprint())
    }

    fn make_from<T: sel4::CapType>(
        &mut self,
        untyped: sel4::cap::Untyped,
        blueprint: ObjectBlueprint,
    ) -> sel4::Result<sel4::Cap<T>> {
        let slot = self.slot()?;
        let cnode = init_thread::slot::CNODE.cap().absolute_cptr_for_self();
        untyped.untyped_retype(&blueprint, &cnode, slot.index(), 1)?;
        Ok(slot.cap().cast())
    }
}
