//! A machine of one device: RAM, and the transport that a driver sees.
#![expect(
    unsafe_code,
    reason = "the driver reaches RAM by pointers, as it would in a guest"
)]

use std::{
    cell::{Cell, RefCell},
    ptr::NonNull,
    rc::Rc,
};

use virtio_drivers::{
    BufferDirection, Error, Hal, PAGE_SIZE, PhysAddr, Result,
    transport::{DeviceStatus, DeviceType, InterruptStatus, Transport},
};
use vmm_arch::{AccessSize, Gpa, GpaRange, VcpuId};
use vmm_device::{Access, Channel, Device, Effects, OwnMemory, Region};
use vmm_memory::{GuestMemory, RamSlice, RamWindow};
use vmm_virtio::Memory;
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// Where RAM begins.
pub(crate) const BASE: u64 = 0x4000_0000;
/// Bytes of RAM.
pub(crate) const SIZE: usize = 0x10_0000;

thread_local! {
    /// Each test is a thread, and has a machine of its own.
    static RAM: Ram = Ram::new();
}

/// `size` bytes of zeroed RAM at `gpa`, with their address. The bytes are never given back.
fn window(size: usize, gpa: u64) -> (RamWindow, usize) {
    let bytes = vec![[0_u8; PAGE_SIZE]; size.div_ceil(PAGE_SIZE) + 1].into_boxed_slice();
    let start = Box::into_raw(bytes).cast::<u8>().expose_provenance();
    let address = start.next_multiple_of(PAGE_SIZE);
    // SAFETY: the allocation is leaked and has a page more than the window, so that it can
    // begin at a page; no reference to it is left.
    let window = unsafe { RamWindow::new(address as u64, size as u64, Gpa(gpa)) }.unwrap();
    (window, address)
}

/// Memory of the VMM that is no guest RAM.
pub(crate) fn region(size: usize) -> RamSlice<'static> {
    let mut memory = GuestMemory::<1>::new();
    memory.add(window(size, 0).0).unwrap();
    let memory: &'static GuestMemory<1> = Box::leak(Box::new(memory));
    memory
        .slice(GpaRange::new(Gpa(0), size as u64).unwrap())
        .unwrap()
}

/// Memory of the VMM's own, as its tables name it: a region at each of these addresses.
pub(crate) fn own_memory(regions: &[(u64, usize)]) -> &'static OwnMemory {
    let mut memory = OwnMemory::new();
    for &(address, size) in regions {
        memory.add(window(size, address).0).unwrap();
    }
    Box::leak(Box::new(memory))
}

struct Ram {
    memory: &'static Memory,
    address: usize,
    next: Cell<usize>,
}

impl Ram {
    fn new() -> Self {
        let (window, address) = window(SIZE, BASE);
        let mut memory = Memory::new();
        memory.add(window).unwrap();
        Self {
            memory: Box::leak(Box::new(memory)),
            address,
            next: Cell::new(0),
        }
    }

    /// Bytes that are used by nobody else; none is ever given back.
    fn allocate(&self, bytes: usize) -> (PhysAddr, NonNull<u8>) {
        let offset = self.next.get();
        self.next.set(offset + bytes.next_multiple_of(PAGE_SIZE));
        assert!(self.next.get() <= SIZE, "the test needs more RAM");
        let pointer = std::ptr::with_exposed_provenance_mut(self.address + offset);
        (BASE + offset as u64, NonNull::new(pointer).unwrap())
    }
}

/// The guest's RAM of this test.
pub(crate) fn memory() -> &'static Memory {
    RAM.with(|ram| ram.memory)
}

/// Buffers are copied to RAM and back, as with an IOMMU or a bounce buffer.
pub(crate) struct Bounce;

// SAFETY: every address that is given out belongs to a page that nothing else uses.
unsafe impl Hal for Bounce {
    fn dma_alloc(pages: usize, _direction: BufferDirection) -> (PhysAddr, NonNull<u8>) {
        RAM.with(|ram| ram.allocate(pages * PAGE_SIZE))
    }

    unsafe fn dma_dealloc(_paddr: PhysAddr, _vaddr: NonNull<u8>, _pages: usize) -> i32 {
        0
    }

    unsafe fn mmio_phys_to_virt(_paddr: PhysAddr, _size: usize) -> NonNull<u8> {
        unreachable!("this transport has no registers in memory")
    }

    unsafe fn share(buffer: NonNull<[u8]>, _direction: BufferDirection) -> PhysAddr {
        let (gpa, _) = RAM.with(|ram| ram.allocate(buffer.len()));
        // SAFETY: the driver hands over a buffer of its own.
        let bytes = unsafe { buffer.as_ref() };
        memory().write(Gpa(gpa), bytes).unwrap();
        gpa
    }

    unsafe fn unshare(gpa: PhysAddr, mut buffer: NonNull<[u8]>, direction: BufferDirection) {
        if direction != BufferDirection::DriverToDevice {
            // SAFETY: as in `share`; the device is done with it.
            let bytes = unsafe { buffer.as_mut() };
            memory().read(Gpa(gpa), bytes).unwrap();
        }
    }
}

/// The registers of a device, as the bus of a guest reaches them.
pub(crate) struct Bus<D> {
    pub(crate) device: D,
    /// The level of its interrupt line.
    pub(crate) line: bool,
    /// Channels that were notified.
    notified: Vec<Channel>,
}

impl<D: Device> Bus<D> {
    pub(crate) fn new(device: D) -> Self {
        Self {
            device,
            line: false,
            notified: Vec::new(),
        }
    }

    pub(crate) fn read(&mut self, offset: u64, size: AccessSize) -> u64 {
        let mut effects = Effects::NONE;
        let value = self.device.read(access(offset, size), &mut effects);
        self.apply(effects);
        value
    }

    pub(crate) fn write(&mut self, offset: u64, size: AccessSize, value: u64) {
        let mut effects = Effects::NONE;
        self.device.write(access(offset, size), value, &mut effects);
        self.apply(effects);
    }

    pub(crate) fn word(&mut self, offset: u64) -> u32 {
        self.read(offset, AccessSize::Word) as u32
    }

    pub(crate) fn set_word(&mut self, offset: u64, value: u32) {
        self.write(offset, AccessSize::Word, value.into());
    }

    pub(crate) fn signal(&mut self) {
        let mut effects = Effects::NONE;
        self.device.signalled(Channel(0), &mut effects);
        self.apply(effects);
    }

    fn apply(&mut self, effects: Effects) {
        for change in effects.lines() {
            self.line = change.high;
        }
        self.notified.extend(effects.channels());
        if effects.is_deferred() {
            let mut effects = Effects::NONE;
            self.device.resumed(&mut effects);
            self.apply(effects);
        }
    }
}

const fn access(offset: u64, size: AccessSize) -> Access {
    Access {
        vcpu: VcpuId(0),
        region: Region(0),
        offset,
        size,
    }
}

/// virtio-mmio by register accesses. A copy reaches the same device.
pub(crate) struct Registers<D>(Rc<RefCell<Bus<D>>>);

impl<D> Clone for Registers<D> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<D: Device> Registers<D> {
    pub(crate) fn new(device: D) -> Self {
        Self(Rc::new(Bus::new(device).into()))
    }

    /// The device's backend has something to tell.
    pub(crate) fn signal(&self) {
        self.0.borrow_mut().signal();
    }

    /// The level of the device's interrupt line.
    pub(crate) fn interrupts(&self) -> bool {
        self.0.borrow().line
    }

    /// Channels that were notified since this was last asked.
    pub(crate) fn take_notified(&self) -> Vec<Channel> {
        let mut channels = std::mem::take(&mut self.0.borrow_mut().notified);
        channels.dedup();
        channels
    }

    fn word(&self, offset: u64) -> u32 {
        self.0.borrow_mut().word(offset)
    }

    fn set_word(&self, offset: u64, value: u32) {
        self.0.borrow_mut().set_word(offset, value);
    }

    fn set_address(&self, low: u64, address: PhysAddr) {
        self.set_word(low, address as u32);
        self.set_word(low + 4, (address >> 32) as u32);
    }
}

impl<D: Device> Transport for Registers<D> {
    fn device_type(&self) -> DeviceType {
        assert_eq!((self.word(0), self.word(4)), (0x7472_6976, 2));
        DeviceType::try_from(self.word(8)).unwrap()
    }

    fn read_device_features(&mut self) -> u64 {
        self.set_word(0x14, 0);
        let low = self.word(0x10);
        self.set_word(0x14, 1);
        u64::from(self.word(0x10)) << 32 | u64::from(low)
    }

    fn write_driver_features(&mut self, features: u64) {
        for half in 0..2 {
            self.set_word(0x24, half);
            self.set_word(0x20, (features >> (32 * half)) as u32);
        }
    }

    fn max_queue_size(&mut self, queue: u16) -> u32 {
        self.set_word(0x30, queue.into());
        self.word(0x34)
    }

    fn notify(&mut self, queue: u16) {
        self.set_word(0x50, queue.into());
    }

    fn get_status(&self) -> DeviceStatus {
        DeviceStatus::from_bits_retain(self.word(0x70))
    }

    fn set_status(&mut self, status: DeviceStatus) {
        self.set_word(0x70, status.bits());
    }

    fn set_guest_page_size(&mut self, _size: u32) {}

    fn requires_legacy_layout(&self) -> bool {
        false
    }

    fn queue_set(
        &mut self,
        queue: u16,
        size: u32,
        descriptors: PhysAddr,
        driver_area: PhysAddr,
        device_area: PhysAddr,
    ) {
        self.set_word(0x30, queue.into());
        self.set_word(0x38, size);
        self.set_address(0x80, descriptors);
        self.set_address(0x90, driver_area);
        self.set_address(0xa0, device_area);
        self.set_word(0x44, 1);
        assert_eq!(self.word(0x44), 1, "the queue is refused");
    }

    fn queue_unset(&mut self, queue: u16) {
        self.set_word(0x30, queue.into());
        self.set_word(0x44, 0);
    }

    fn queue_used(&mut self, queue: u16) -> bool {
        self.set_word(0x30, queue.into());
        self.word(0x44) != 0
    }

    fn ack_interrupt(&mut self) -> InterruptStatus {
        let status = self.word(0x60);
        assert_eq!(status != 0, self.interrupts(), "the line says so too");
        self.set_word(0x64, status);
        assert!(!self.interrupts(), "all reasons are acknowledged");
        InterruptStatus::from_bits_retain(status)
    }

    fn read_config_generation(&self) -> u32 {
        self.word(0xfc)
    }

    fn read_config_space<T: FromBytes + IntoBytes>(&self, offset: usize) -> Result<T> {
        let mut value = T::new_zeroed();
        for (at, byte) in (0x100 + offset as u64..).zip(value.as_mut_bytes()) {
            *byte = self.0.borrow_mut().read(at, AccessSize::Byte) as u8;
        }
        Ok(value)
    }

    fn write_config_space<T: IntoBytes + Immutable>(
        &mut self,
        offset: usize,
        value: T,
    ) -> Result<()> {
        let bytes = value.as_bytes();
        let number = match *bytes {
            [a] => (AccessSize::Byte, a.into()),
            [a, b] => (AccessSize::Half, u16::from_le_bytes([a, b]).into()),
            [a, b, c, d] => (AccessSize::Word, u32::from_le_bytes([a, b, c, d]).into()),
            _ => return Err(Error::Unsupported),
        };
        let at = 0x100 + offset as u64;
        self.0.borrow_mut().write(at, number.0, number.1);
        Ok(())
    }
}
