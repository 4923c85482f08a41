//! The distributor's registers as the guest reads and writes them (GICv2 4.3, table 4-1).
//!
//! Every width is answered. The architecture asks for bytes and words where a register holds a
//! field per interrupt (GICD_IPRIORITYR, GICD_ITARGETSR, GICD_CPENDSGIR, GICD_SPENDSGIR) and for
//! words elsewhere. Here a narrow access to any register works on the bytes that it covers, and a
//! wide one on both words; only GICD_SGIR, a command, takes nothing but whole words.

use vmm_machine::{AccessSize, VcpuId, device::Access, kernel::ListRegisters};

use crate::{Distributor, distributor::Private, shadow::Shadow};

/// GICD_IIDR: the identification registers have the values of Arm's GIC-400.
const IMPLEMENTER: u32 = 0x0200_143b;
/// GICD_PIDR4 to GICD_PIDR7, GICD_PIDR0 to GICD_PIDR3 (architecture revision 2), GICD_CIDR0 to
/// GICD_CIDR3, from offset 0xfd0 on.
const IDENTIFICATION: [u8; 12] = [0x04, 0, 0, 0, 0x90, 0xb4, 0x2b, 0, 0x0d, 0xf0, 0x05, 0xb1];

/// A register, or that of an array which a word access meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Register {
    Control,
    Type,
    Implementer,
    SetEnable(usize),
    ClearEnable(usize),
    SetPending(usize),
    ClearPending(usize),
    SetActive(usize),
    ClearActive(usize),
    /// Four interrupts from this INTID on.
    Priority(usize),
    /// Four interrupts from this INTID on.
    Targets(usize),
    /// Sixteen interrupts from this INTID on.
    Configuration(usize),
    SoftwareInterrupt,
    /// Four SGIs from this one on.
    ClearSgi(usize),
    /// Four SGIs from this one on.
    SetSgi(usize),
    Identification(usize),
    /// Reserved, or of a feature that is not implemented: groups (GICD_IGROUPR, GICD_NSACR).
    Reserved,
}

impl Register {
    /// `offset` is a multiple of four. The region is told apart by quarters first: this is in
    /// the way of every access.
    #[inline(always)]
    const fn decode(offset: u64) -> Self {
        let word = (offset >> 2 & 31) as usize;
        let field = (offset & 0x3ff) as usize;
        match offset >> 10 {
            0 => match offset >> 7 {
                0 => Self::first_block(offset),
                2 => Self::SetEnable(word),
                3 => Self::ClearEnable(word),
                4 => Self::SetPending(word),
                5 => Self::ClearPending(word),
                6 => Self::SetActive(word),
                7 => Self::ClearActive(word),
                _ => Self::Reserved,
            },
            1 => Self::Priority(field),
            2 => Self::Targets(field),
            _ => Self::last_quarter(offset),
        }
    }

    #[inline(always)]
    const fn first_block(offset: u64) -> Self {
        match offset {
            0x000 => Self::Control,
            0x004 => Self::Type,
            0x008 => Self::Implementer,
            _ => Self::Reserved,
        }
    }

    #[inline(always)]
    const fn last_quarter(offset: u64) -> Self {
        match offset {
            0xc00..0xd00 => Self::Configuration((offset << 2 & 0x3ff) as usize),
            0xf00 => Self::SoftwareInterrupt,
            0xf10..0xf20 => Self::ClearSgi((offset & 15) as usize),
            0xf20..0xf30 => Self::SetSgi((offset & 15) as usize),
            0xfd0..0x1000 => Self::Identification((offset >> 2 & 15).wrapping_sub(4) as usize),
            _ => Self::Reserved,
        }
    }
}

impl<const VCPUS: usize, const SPI_WORDS: usize, S: Shadow> Distributor<VCPUS, SPI_WORDS, S> {
    /// A load of any width; see [`InterruptController::read`].
    ///
    /// [`InterruptController::read`]: vmm_machine::kernel::InterruptController::read
    #[inline(always)]
    pub fn read(&self, access: Access) -> u64 {
        if access.size == AccessSize::Word {
            return self.read_word(access.vcpu, access.offset).into();
        }
        self.read_any(access.vcpu, access.offset, access.size)
    }

    /// A store of any width; see [`InterruptController::write`].
    ///
    /// [`InterruptController::write`]: vmm_machine::kernel::InterruptController::write
    #[inline(always)]
    pub fn write(&mut self, access: Access, value: u64, backend: &mut impl ListRegisters) {
        let Access {
            vcpu, offset, size, ..
        } = access;
        self.repeatable = 0;
        if size == AccessSize::Word {
            return self.write_word(vcpu, offset, value as u32, u32::MAX, backend);
        }
        self.write_any((vcpu, offset), size, value, backend);
    }

    #[inline(never)]
    fn read_any(&self, vcpu: VcpuId, offset: u64, size: AccessSize) -> u64 {
        let mut value = 0;
        for (offset, shift) in words(offset) {
            value |= u64::from(self.read_word(vcpu, offset)) << shift;
        }
        value >> ((offset & 3) << 3) & size.mask()
    }

    #[inline(never)]
    fn write_any(
        &mut self,
        (vcpu, offset): (VcpuId, u64),
        size: AccessSize,
        value: u64,
        backend: &mut impl ListRegisters,
    ) {
        let into_word = (offset & 3) << 3;
        let (mask, value) = (size.mask() << into_word, value << into_word);
        for (offset, shift) in words(offset) {
            let mask = (mask >> shift) as u32;
            if mask != 0 {
                self.write_word(vcpu, offset, (value >> shift) as u32, mask, backend);
            }
        }
    }

    /// The word at `offset`, a multiple of four, as `vcpu` reads it. Reading changes nothing.
    #[inline(never)]
    pub fn read_word(&self, vcpu: VcpuId, offset: u64) -> u32 {
        use Register as R;
        let state = |word, field: fn(&crate::bank::Bank) -> u32| {
            self.bank(vcpu, word).map_or(0, field) & Self::implemented(word)
        };
        match Register::decode(offset) {
            R::Control => self.enabled.into(),
            R::Type => Self::TYPE,
            R::Implementer => IMPLEMENTER,
            R::SetEnable(word) | R::ClearEnable(word) => state(word, |bank| bank.enabled),
            R::SetPending(word) | R::ClearPending(word) => state(word, |bank| bank.pending()),
            R::SetActive(word) | R::ClearActive(word) => state(word, |bank| bank.active()),
            R::Priority(first) => self.read_priority(vcpu, first),
            R::Targets(first) => self.read_targets(vcpu, first),
            R::Configuration(first) => {
                let edge = state(first >> 5, |bank| bank.edge) >> (first & 31) & 0xffff;
                spread(edge) << 1
            }
            R::ClearSgi(first) | R::SetSgi(first) => self.read_sgi(vcpu, first),
            R::Identification(index) => IDENTIFICATION.get(index).map_or(0, |&id| id.into()),
            R::SoftwareInterrupt | R::Reserved => 0,
        }
    }

    /// GICD_TYPER: ITLinesNumber and CPUNumber; no security, no lockable SPIs.
    const TYPE: u32 = (VCPUS.saturating_sub(1) << 5 | SPI_WORDS) as u32;

    #[inline(never)]
    fn write_word(
        &mut self,
        vcpu: VcpuId,
        offset: u64,
        value: u32,
        mask: u32,
        backend: &mut impl ListRegisters,
    ) {
        match Register::decode(offset) {
            Register::Priority(first) => self.write_priority(vcpu, first, value, mask),
            Register::Targets(first) => self.write_targets(vcpu, first, value, mask),
            Register::SoftwareInterrupt if mask == u32::MAX => self.send_sgi(vcpu, value, backend),
            Register::SetSgi(first) => self.write_set_sgi(vcpu, first, value & mask, backend),
            other => self.write_register(vcpu, other, value, mask),
        }
        self.publish(offset);
    }

    #[inline(never)]
    fn write_set_sgi(
        &mut self,
        vcpu: VcpuId,
        first: usize,
        bits: u32,
        backend: &mut impl ListRegisters,
    ) {
        for (number, sources) in lanes(first, bits) {
            self.set_sgi_pending(vcpu, number, sources, backend);
        }
    }

    #[inline(never)]
    fn write_register(&mut self, vcpu: VcpuId, register: Register, value: u32, mask: u32) {
        use Register as R;
        let bits = value & mask;
        match register {
            R::Control if mask & 1 != 0 => self.write_control(bits & 1 != 0),
            R::SetEnable(word) => self.change(vcpu, word, bits, |bank, bits| bank.enabled |= bits),
            R::ClearEnable(word) => {
                self.change(vcpu, word, bits, |bank, bits| bank.enabled &= !bits);
            }
            R::SetPending(word) => {
                let bits = bits & Self::not_sgis(word);
                self.change(vcpu, word, bits, |bank, bits| bank.set_latch(bits));
                return;
            }
            R::ClearPending(word) => {
                let bits = bits & Self::not_sgis(word);
                self.change(vcpu, word, bits, |bank, bits| bank.clear_latch(bits));
            }
            R::SetActive(word) => {
                self.change(vcpu, word, bits, |bank, bits| {
                    bank.active |= bits & !bank.held
                });
            }
            R::ClearActive(word) => {
                self.change(vcpu, word, bits, |bank, bits| bank.active &= !bits);
            }
            R::Configuration(first) => self.write_configuration(vcpu, first, value, mask),
            R::ClearSgi(first) => {
                for (number, sources) in lanes(first, bits) {
                    self.clear_sgi_pending(vcpu, number, sources);
                }
            }
            _ => {}
        }
        self.allow_repetition(vcpu);
    }

    /// The store at hand may be performed once more, if there is anything to settle.
    const fn allow_repetition(&mut self, vcpu: VcpuId) {
        if self.unsettled != 0 {
            self.repeatable = Self::vcpu_mask(vcpu);
        }
    }

    /// Changes the state of `bits` of a word and all that follows from it.
    fn change(
        &mut self,
        vcpu: VcpuId,
        word: usize,
        bits: u32,
        apply: impl FnOnce(&mut crate::bank::Bank, u32),
    ) {
        let bits = bits & Self::implemented(word);
        if let Some(bank) = self.bank_mut(vcpu, word)
            && bits != 0
        {
            apply(bank, bits);
            bank.fresh &= !bits;
            self.refresh_and_reconsider(vcpu, word);
        }
    }

    /// GICD_ISPENDR and GICD_ICPENDR cannot change SGIs: GICD_SPENDSGIR does.
    const fn not_sgis(word: usize) -> u32 {
        if word == 0 { 0xffff_0000 } else { u32::MAX }
    }

    fn write_control(&mut self, enable: bool) {
        if self.enabled != enable {
            self.enabled = enable;
            self.open = if enable { self.online } else { 0 };
            self.forget_all_reports();
            self.refresh_all();
            // Who sleeps has to be looked at, even with nothing pending: see `is_settled`.
            self.unsettled |= self.online;
        }
    }

    /// Four priorities; those of interrupts that do not exist were never set.
    fn read_priority(&self, vcpu: VcpuId, first: usize) -> u32 {
        let bank = self.bank(vcpu, first >> 5);
        let four = bank.and_then(|bank| bank.priorities.get((first & 31) >> 2));
        four.copied().unwrap_or(0)
    }

    #[inline(never)]
    fn write_priority(&mut self, vcpu: VcpuId, first: usize, value: u32, mask: u32) {
        const FIELDS: u32 = 0xf8f8_f8f8;
        let word = first >> 5;
        // The last four INTIDs are no interrupts.
        if SPI_WORDS == 31 && first >= 1020 {
            return;
        }
        let Some(four) = self
            .bank_mut(vcpu, word)
            .and_then(|bank| bank.priorities.get_mut((first & 31) >> 2))
        else {
            return;
        };
        let after = *four & !mask | value & mask & FIELDS;
        if after != *four {
            *four = after;
            self.refresh_and_reconsider(vcpu, word);
        }
        self.allow_repetition(vcpu);
    }

    /// For SGIs and PPIs the mask of the reading vCPU; all zero when there is only one.
    fn read_targets(&self, vcpu: VcpuId, first: usize) -> u32 {
        if VCPUS == 1 {
            return 0;
        }
        let Some(word) = (first >> 5).checked_sub(1) else {
            return u32::from_le_bytes([Self::vcpu_mask(vcpu); 4]);
        };
        let Some(shared) = self.shared.get(word) else {
            return 0;
        };
        let mut bytes = [0; 4];
        for (byte, id) in bytes.iter_mut().zip(first & 31..32) {
            *byte = shared.targets.get(id).copied().unwrap_or(0);
        }
        u32::from_le_bytes(bytes)
    }

    #[inline(never)]
    fn write_targets(&mut self, vcpu: VcpuId, first: usize, value: u32, mask: u32) {
        let word = first >> 5;
        let implemented = Self::implemented(word);
        let Some(shared) = word
            .checked_sub(1)
            .and_then(|word| self.shared.get_mut(word))
        else {
            return;
        };
        let written = value.to_le_bytes().into_iter().zip(mask.to_le_bytes());
        for ((byte, mask), id) in written.zip(first & 31..32) {
            if let Some(targets) = shared.targets.get_mut(id)
                && mask != 0
                && VCPUS > 1
                && implemented & (1 << (id & 31)) != 0
            {
                *targets = byte & Self::all_vcpus();
            }
        }
        shared.bank.fresh = 0;
        self.refresh_and_reconsider(vcpu, word);
        self.allow_repetition(vcpu);
    }

    /// Two bits per interrupt, of which the upper one says edge. SGIs are edges, PPIs levels.
    fn write_configuration(&mut self, vcpu: VcpuId, first: usize, value: u32, mask: u32) {
        let word = first >> 5;
        if word == 0 {
            return;
        }
        let shift = first & 31;
        let edge = gather(value >> 1) << shift;
        let changed = gather(mask >> 1) << shift;
        self.change(vcpu, word, changed, |bank, changed| {
            bank.edge = bank.edge & !changed | edge & changed;
        });
    }

    fn read_sgi(&self, vcpu: VcpuId, first: usize) -> u32 {
        let Some(private) = self.private.get(vcpu.index()) else {
            return 0;
        };
        let mut bytes = [0; 4];
        for (byte, number) in bytes.iter_mut().zip(first & 15..16) {
            *byte = Private::pending_sources(private, number);
        }
        u32::from_le_bytes(bytes)
    }
}

/// The two words that an access can meet, and where each begins in its value.
fn words(offset: u64) -> [(u64, u32); 2] {
    let first = offset & !3;
    [(first, 0), (first.wrapping_add(4), 32)]
}

/// The bytes of a word, each with the number of its interrupt.
fn lanes(first: usize, value: u32) -> impl Iterator<Item = (usize, u8)> {
    (first..)
        .zip(value.to_le_bytes())
        .filter(|&(_, byte)| byte != 0)
}

/// Bit n of sixteen to bit 2n.
const fn spread(bits: u32) -> u32 {
    let bits = bits & 0xffff;
    let bits = (bits | bits << 8) & 0x00ff_00ff;
    let bits = (bits | bits << 4) & 0x0f0f_0f0f;
    let bits = (bits | bits << 2) & 0x3333_3333;
    (bits | bits << 1) & 0x5555_5555
}

/// Bit 2n to bit n: the inverse of [`spread`].
const fn gather(bits: u32) -> u32 {
    let bits = bits & 0x5555_5555;
    let bits = (bits | bits >> 1) & 0x3333_3333;
    let bits = (bits | bits >> 2) & 0x0f0f_0f0f;
    let bits = (bits | bits >> 4) & 0x00ff_00ff;
    (bits | bits >> 8) & 0x0000_ffff
}
