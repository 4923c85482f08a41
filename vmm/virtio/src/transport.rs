//! What the transports share: status, features, queues and interrupts of a device
//! (Virtio 1.2, 2 "Basic Facilities of a Virtio Device" and 3.1 "Device Initialization").

pub mod mmio;

use virtio_spec::{DeviceStatus, F};
use vmm_arch::Gpa;
use vmm_device::{Channel, Effects, Line};

use crate::{
    Memory,
    model::Model,
    queue::{Broken, Layout, Queue, QueueFeatures},
};

/// The device's only interrupt line.
const LINE: Line = Line(0);

/// The features that queues and transports have for every device.
const COMMON_FEATURES: u64 =
    bits(F::VERSION_1) | bits(F::INDIRECT_DESC) | bits(F::EVENT_IDX) | bits(F::RING_RESET);

const fn bits(feature: F) -> u64 {
    feature.bits().to_ne() as u64
}

bitflags::bitflags! {
    /// Why the device interrupts (Virtio 1.2, 4.2.2, InterruptStatus).
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Interrupts: u32 {
        /// Chains were returned in some queue.
        const USED_BUFFER = 1;
        /// Configuration space or status has changed.
        const CONFIGURATION = 2;
    }
}

/// A device behind its transport.
#[derive(Debug)]
pub struct Core<'m, M, const QUEUES: usize> {
    model: M,
    queues: [Queue<'m>; QUEUES],
    /// What the driver has written for queues that it has not enabled yet.
    layouts: [Layout; QUEUES],
    status: DeviceStatus,
    driver_features: u64,
    device_features_select: u32,
    driver_features_select: u32,
    queue_select: u16,
    generation: u32,
    interrupts: Interrupts,
}

impl<'m, M: Model<'m, QUEUES>, const QUEUES: usize> Core<'m, M, QUEUES> {
    fn new(memory: &'m Memory, model: M) -> Self {
        let queues = M::SIZES.map(|size| Queue::new(memory, size));
        Self {
            layouts: M::SIZES.map(|_| Layout::default()),
            queues,
            model,
            status: DeviceStatus::empty(),
            driver_features: 0,
            device_features_select: 0,
            driver_features_select: 0,
            queue_select: 0,
            generation: 0,
            interrupts: Interrupts::empty(),
        }
    }

    fn offered_features(&self) -> u64 {
        self.model.features() | COMMON_FEATURES
    }

    /// The selected half of the features that the device offers.
    fn device_features(&self) -> u32 {
        half(self.offered_features(), self.device_features_select)
    }

    /// The driver accepts features, until it has said that it is done.
    fn set_driver_features(&mut self, value: u32) {
        if self.status.contains(DeviceStatus::FEATURES_OK) {
            return;
        }
        let value = u64::from(value);
        match self.driver_features_select {
            0 => self.driver_features = self.driver_features & !0xffff_ffff | value,
            1 => self.driver_features = self.driver_features & 0xffff_ffff | value << 32,
            _ => {}
        }
    }

    fn has_feature(&self, feature: F) -> bool {
        self.driver_features & bits(feature) != 0
    }

    /// The driver writes the status: zero resets the device; else bits can only be added, those
    /// from FEATURES_OK on each after the one before it (3.1.1). A write that takes bits back is
    /// ignored.
    fn set_status(&mut self, value: u8, effects: &mut Effects) {
        let new = DeviceStatus::from_bits_truncate(value);
        if value == 0 {
            self.reset(effects);
            return;
        }
        let kept = DeviceStatus::DEVICE_NEEDS_RESET;
        if !new.contains(self.status.difference(kept)) {
            return;
        }
        let added = new.difference(self.status);
        if added.contains(DeviceStatus::FAILED) {
            self.status |= DeviceStatus::FAILED;
        }
        // U-Boot says DRIVER without ACKNOWLEDGE, and nothing depends on these two.
        self.status |= new & (DeviceStatus::ACKNOWLEDGE | DeviceStatus::DRIVER);
        for step in [DeviceStatus::FEATURES_OK, DeviceStatus::DRIVER_OK] {
            let is_refused = step == DeviceStatus::FEATURES_OK
                && !(self.status.contains(DeviceStatus::DRIVER) && self.accepts_features());
            if !new.contains(step) || is_refused {
                return;
            }
            self.status |= step;
        }
        if added.contains(DeviceStatus::DRIVER_OK) {
            self.model.activate(self.driver_features);
            // Chains that were made available before this moment count (3.1.1, step 8).
            self.notify_all(effects);
        }
    }

    /// Only offered features, and a driver of Virtio 1.0 or later.
    fn accepts_features(&self) -> bool {
        self.driver_features & !self.offered_features() == 0 && self.has_feature(F::VERSION_1)
    }

    fn reset(&mut self, effects: &mut Effects) {
        self.model.reset();
        for queue in &mut self.queues {
            queue.reset();
        }
        self.layouts = M::SIZES.map(|_| Layout::default());
        self.status = DeviceStatus::empty();
        self.driver_features = 0;
        self.device_features_select = 0;
        self.driver_features_select = 0;
        self.queue_select = 0;
        self.acknowledge(Interrupts::all(), effects);
    }

    fn queue(&self) -> Option<&Queue<'m>> {
        self.queues.get(usize::from(self.queue_select))
    }

    /// The layout of the selected queue, while it may be changed.
    fn layout_mut(&mut self) -> Option<&mut Layout> {
        let index = usize::from(self.queue_select);
        let enabled = self.queues.get(index)?.is_enabled();
        self.layouts.get_mut(index).filter(|_| !enabled)
    }

    /// Enables the selected queue. Features must have been agreed upon, for they say how it
    /// works. A layout that cannot be is the driver's mistake: the device needs a reset.
    fn enable_queue(&mut self, effects: &mut Effects) {
        let index = usize::from(self.queue_select);
        let features = QueueFeatures {
            indirect: self.has_feature(F::INDIRECT_DESC),
            event_index: self.has_feature(F::EVENT_IDX),
        };
        let (Some(queue), Some(layout)) = (self.queues.get_mut(index), self.layouts.get(index))
        else {
            return;
        };
        if queue.is_enabled() || !self.status.contains(DeviceStatus::FEATURES_OK) {
            return;
        }
        if queue.enable(*layout, features).is_err() {
            self.need_reset(effects);
        }
    }

    /// Disables the selected queue (2.6.1, "Virtqueue Reset").
    fn reset_queue(&mut self) {
        let index = usize::from(self.queue_select);
        if let Some(queue) = self.queues.get_mut(index) {
            queue.reset();
            self.model.reset_queue(self.queue_select);
        }
        if let Some(layout) = self.layouts.get_mut(index) {
            *layout = Layout::default();
        }
    }

    /// Is the device at work?
    fn is_live(&self) -> bool {
        self.status.contains(DeviceStatus::DRIVER_OK)
            && !self
                .status
                .intersects(DeviceStatus::DEVICE_NEEDS_RESET | DeviceStatus::FAILED)
    }

    /// The driver has notified a queue.
    fn notify(&mut self, index: u16, effects: &mut Effects) {
        if usize::from(index) >= QUEUES || !self.is_live() {
            return;
        }
        let result = self.model.notified(index, &mut self.queues, effects);
        self.finish(result, effects);
    }

    fn notify_all(&mut self, effects: &mut Effects) {
        for index in 0..QUEUES {
            self.notify(u16::try_from(index).unwrap_or(u16::MAX), effects);
        }
    }

    /// A channel of the device was signalled.
    fn signal(&mut self, channel: Channel, effects: &mut Effects) {
        let result = self.model.signalled(channel, &mut self.queues, effects);
        self.finish(result, effects);
    }

    /// After every work on queues: interrupts for what was returned, and the end of a queue
    /// that its driver broke.
    fn finish(&mut self, result: Result<(), Broken>, effects: &mut Effects) {
        let mut wanted = false;
        for queue in &mut self.queues {
            wanted |= queue.needs_interrupt();
        }
        if wanted {
            self.interrupt(Interrupts::USED_BUFFER, effects);
        }
        if result.is_err() {
            self.need_reset(effects);
        }
        if self.model.take_config_change() {
            self.change_config(effects);
        }
    }

    /// The device cannot go on until it is reset (2.1.2).
    fn need_reset(&mut self, effects: &mut Effects) {
        self.status |= DeviceStatus::DEVICE_NEEDS_RESET;
        if self.status.contains(DeviceStatus::DRIVER_OK) {
            self.change_config(effects);
        }
    }

    fn change_config(&mut self, effects: &mut Effects) {
        self.generation = self.generation.wrapping_add(1);
        self.interrupt(Interrupts::CONFIGURATION, effects);
    }

    fn interrupt(&mut self, reason: Interrupts, effects: &mut Effects) {
        self.interrupts |= reason;
        effects.raise(LINE);
    }

    /// The driver has seen these reasons.
    fn acknowledge(&mut self, reasons: Interrupts, effects: &mut Effects) {
        self.interrupts &= !reasons;
        if self.interrupts.is_empty() {
            effects.lower(LINE);
        }
    }
}

/// Low or high 32 bits; zero for any other selection.
const fn half(value: u64, select: u32) -> u32 {
    match select {
        0 => value as u32,
        1 => (value >> 32) as u32,
        _ => 0,
    }
}

/// An address with one half replaced.
const fn with_half(address: Gpa, high: bool, value: u32) -> Gpa {
    let value = value as u64;
    Gpa(if high {
        address.0 & 0xffff_ffff | value << 32
    } else {
        address.0 & !0xffff_ffff | value
    })
}
