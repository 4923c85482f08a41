//! Virtio over MMIO, version 2 (Virtio 1.2, 4.2 "Virtio Over MMIO").
//!
//! Every offset and width has an answer: what the specification does not define reads as zero
//! and ignores writes. Registers take 32-bit accesses only; configuration space takes all.

use virtio_spec::{DeviceStatus, F};
use vmm_arch::AccessSize;
use vmm_device::{Access, Channel, Device, Effects};

use super::{Core, Interrupts, with_half};
use crate::{Memory, model::Model, queue::Layout};

/// Bytes of the region of one device.
pub const REGION_BYTES: u64 = 0x200;

/// "virt"
const MAGIC: u32 = 0x7472_6976;
const VERSION: u32 = 2;
/// "VMMs", told in a register that drivers do not use.
const VENDOR: u32 = 0x734d_4d56;

/// Registers (4.2.2).
mod register {
    pub(super) const MAGIC_VALUE: u64 = 0x000;
    pub(super) const VERSION: u64 = 0x004;
    pub(super) const DEVICE_ID: u64 = 0x008;
    pub(super) const VENDOR_ID: u64 = 0x00c;
    pub(super) const DEVICE_FEATURES: u64 = 0x010;
    pub(super) const DEVICE_FEATURES_SEL: u64 = 0x014;
    pub(super) const DRIVER_FEATURES: u64 = 0x020;
    pub(super) const DRIVER_FEATURES_SEL: u64 = 0x024;
    pub(super) const QUEUE_SEL: u64 = 0x030;
    pub(super) const QUEUE_SIZE_MAX: u64 = 0x034;
    pub(super) const QUEUE_SIZE: u64 = 0x038;
    pub(super) const QUEUE_READY: u64 = 0x044;
    pub(super) const QUEUE_NOTIFY: u64 = 0x050;
    pub(super) const INTERRUPT_STATUS: u64 = 0x060;
    pub(super) const INTERRUPT_ACK: u64 = 0x064;
    pub(super) const STATUS: u64 = 0x070;
    pub(super) const QUEUE_DESC_LOW: u64 = 0x080;
    pub(super) const QUEUE_DESC_HIGH: u64 = 0x084;
    pub(super) const QUEUE_DRIVER_LOW: u64 = 0x090;
    pub(super) const QUEUE_DRIVER_HIGH: u64 = 0x094;
    pub(super) const QUEUE_DEVICE_LOW: u64 = 0x0a0;
    pub(super) const QUEUE_DEVICE_HIGH: u64 = 0x0a4;
    /// Length and base of the selected shared memory region: there is none, so all ones.
    pub(super) const SHM_FIRST: u64 = 0x0b0;
    pub(super) const SHM_LAST: u64 = 0x0bc;
    pub(super) const QUEUE_RESET: u64 = 0x0c0;
    pub(super) const CONFIG_GENERATION: u64 = 0x0fc;
    pub(super) const CONFIG: u64 = 0x100;
}

/// A virtio device with memory-mapped registers: one region of [`REGION_BYTES`], line 0 its
/// interrupt (level-sensitive).
#[derive(Debug)]
pub struct Mmio<'m, M, const QUEUES: usize> {
    core: Core<'m, M, QUEUES>,
}

impl<'m, M: Model<'m, QUEUES>, const QUEUES: usize> Mmio<'m, M, QUEUES> {
    /// A device at power-on.
    pub fn new(memory: &'m Memory, model: M) -> Self {
        Self {
            core: Core::new(memory, model),
        }
    }

    /// The device behind the registers.
    pub const fn model(&self) -> &M {
        &self.core.model
    }

    /// Does the device wait for a reset, because its driver broke a rule?
    pub const fn needs_reset(&self) -> bool {
        self.core.status.contains(DeviceStatus::DEVICE_NEEDS_RESET)
    }

    fn read_register(&self, offset: u64) -> u32 {
        let core = &self.core;
        match offset {
            register::MAGIC_VALUE => MAGIC,
            register::VERSION => VERSION,
            register::DEVICE_ID => M::ID,
            register::VENDOR_ID => VENDOR,
            register::DEVICE_FEATURES => core.device_features(),
            register::QUEUE_SIZE_MAX => core.queue().map_or(0, |queue| queue.max_size().into()),
            register::QUEUE_READY => core.queue().is_some_and(|queue| queue.is_enabled()).into(),
            register::INTERRUPT_STATUS => core.interrupts.bits(),
            register::STATUS => core.status.bits().into(),
            register::SHM_FIRST..=register::SHM_LAST => u32::MAX,
            register::CONFIG_GENERATION => core.generation,
            _ => 0,
        }
    }

    fn write_register(&mut self, offset: u64, value: u32, effects: &mut Effects) {
        let core = &mut self.core;
        match offset {
            register::DEVICE_FEATURES_SEL => core.device_features_select = value,
            register::DRIVER_FEATURES_SEL => core.driver_features_select = value,
            register::DRIVER_FEATURES => core.set_driver_features(value),
            // A queue that no register can name is none.
            register::QUEUE_SEL => core.queue_select = u16::try_from(value).unwrap_or(u16::MAX),
            register::QUEUE_READY if value == 1 => core.enable_queue(effects),
            register::QUEUE_READY if value == 0 => core.reset_queue(),
            register::QUEUE_RESET if value == 1 && core.has_feature(F::RING_RESET) => {
                core.reset_queue();
            }
            register::QUEUE_NOTIFY => {
                if let Ok(index) = u16::try_from(value) {
                    core.notify(index, effects);
                }
            }
            register::INTERRUPT_ACK => {
                core.acknowledge(Interrupts::from_bits_truncate(value), effects);
            }
            register::STATUS => core.set_status(value as u8, effects),
            _ => self.write_layout(offset, value),
        }
    }

    fn write_layout(&mut self, offset: u64, value: u32) {
        let Some(layout) = self.core.layout_mut() else {
            return;
        };
        let Layout {
            size,
            descriptors,
            available,
            used,
        } = layout;
        match offset {
            // Too large a size stays one: zero is refused when the queue is enabled.
            register::QUEUE_SIZE => *size = u16::try_from(value).unwrap_or(0),
            register::QUEUE_DESC_LOW => *descriptors = with_half(*descriptors, false, value),
            register::QUEUE_DESC_HIGH => *descriptors = with_half(*descriptors, true, value),
            register::QUEUE_DRIVER_LOW => *available = with_half(*available, false, value),
            register::QUEUE_DRIVER_HIGH => *available = with_half(*available, true, value),
            register::QUEUE_DEVICE_LOW => *used = with_half(*used, false, value),
            register::QUEUE_DEVICE_HIGH => *used = with_half(*used, true, value),
            _ => {}
        }
    }
}

impl<'m, M: Model<'m, QUEUES>, const QUEUES: usize> Device for Mmio<'m, M, QUEUES> {
    fn read(&mut self, access: Access, _effects: &mut Effects) -> u64 {
        if let Some(offset) = access.offset.checked_sub(register::CONFIG) {
            let mut bytes = [0; 8];
            let length = access.size.bytes() as usize;
            if let Some(part) = bytes.get_mut(..length) {
                self.core.model.read_config(offset, part);
            }
            return u64::from_le_bytes(bytes);
        }
        if access.size != AccessSize::Word {
            return 0;
        }
        self.read_register(access.offset).into()
    }

    fn write(&mut self, access: Access, value: u64, effects: &mut Effects) {
        if let Some(offset) = access.offset.checked_sub(register::CONFIG) {
            let bytes = value.to_le_bytes();
            let length = access.size.bytes() as usize;
            if let Some(part) = bytes.get(..length) {
                self.core.model.write_config(offset, part, effects);
                self.core.finish(Ok(()), effects);
            }
            return;
        }
        if access.size == AccessSize::Word {
            self.write_register(access.offset, value as u32, effects);
        }
    }

    fn signalled(&mut self, channel: Channel, effects: &mut Effects) {
        self.core.signal(channel, effects);
    }

    fn resumed(&mut self, effects: &mut Effects) {
        self.core.notify_all(effects);
    }

    fn reset(&mut self) {
        let mut effects = Effects::NONE;
        self.core.reset(&mut effects);
        self.core.generation = 0;
    }
}
