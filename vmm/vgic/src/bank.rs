//! State of 32 interrupts, one bit each: what one word of GICD_ISENABLERn stands for.
//!
//! Pending as in GICv2 3.2.4 and figure 4-10: a latch that edges, SGIs and GICD_ISPENDR set, or
//! for level-sensitive interrupts the line itself.

use vmm_machine::IntId;

/// State of 32 interrupts.
#[derive(Clone, Debug)]
pub(crate) struct Bank {
    /// GICD_ISENABLER.
    pub(crate) enabled: u32,
    /// GICD_ICFGR: edge-triggered.
    pub(crate) edge: u32,
    /// GICD_IPRIORITYR, only the five bits that a list register has (7:3).
    pub(crate) priorities: [u32; 8],
    /// The pending latch; for an SGI: some source is pending.
    pub(crate) latch: u32,
    /// The line is high, for lines whose level the VMM knows.
    pub(crate) level: u32,
    /// The kernel reported the line and has masked it since.
    pub(crate) masked: u32,
    /// Part of `masked`: reported during the exit that is being handled, so surely still high.
    pub(crate) fresh: u32,
    /// Made active by GICD_ISACTIVER.
    pub(crate) active: u32,
    /// In a list register.
    pub(crate) held: u32,
    /// Part of `held`: the guest has surely taken it.
    pub(crate) taken: u32,
    /// Part of `held`: the latch went with it into the list register.
    pub(crate) carried: u32,
    /// Part of `held`: pending anew, to be merged with what the list register holds.
    pub(crate) again: u32,
}

impl Bank {
    /// Nothing enabled, nothing pending.
    pub(crate) const fn new(enabled: u32, edge: u32) -> Self {
        Self {
            enabled,
            edge,
            priorities: [0; 8],
            latch: 0,
            level: 0,
            masked: 0,
            fresh: 0,
            active: 0,
            held: 0,
            taken: 0,
            carried: 0,
            again: 0,
        }
    }

    /// Registers as at power-on. Lines keep their level and stay masked in the kernel until
    /// they are enabled; what list registers hold is the caller's to remember.
    pub(crate) fn reset(&mut self, enabled: u32, edge: u32) {
        *self = Self {
            level: self.level,
            masked: self.masked,
            ..Self::new(enabled, edge)
        };
    }

    /// GICD_IPRIORITYR of one interrupt.
    #[inline(always)]
    pub(crate) fn priority(&self, intid: IntId) -> u8 {
        let number = intid.number();
        let four = self.priorities.get(usize::from(number & 31) >> 2);
        let [priority, ..] = (four.copied().unwrap_or(0) >> ((number & 3) << 3)).to_le_bytes();
        priority
    }

    /// Pending by level: lines known to be high.
    #[inline]
    pub(crate) const fn high(&self) -> u32 {
        self.level & !self.edge
    }

    /// Lines masked in the kernel whose report is too old to be trusted: the guest may have
    /// silenced the source since. They must be resampled, not delivered.
    #[inline]
    pub(crate) const fn stale(&self) -> u32 {
        self.masked & !self.fresh & !self.latch & !self.held & !self.high()
    }

    /// What may go into a list register as it is, if the distributor is enabled: candidates that
    /// are in none, and whose report is not [`stale`](Self::stale).
    #[inline]
    pub(crate) const fn ready(&self) -> u32 {
        (self.latch | self.high() | self.fresh) & self.enabled & !self.active & !self.held
    }

    /// What `settle` has something to do for. Merging with what a list register holds does not
    /// wait until the interrupt is enabled: by then the guest may have taken it.
    #[inline]
    pub(crate) const fn candidates(&self, distributor_enabled: bool) -> u32 {
        let again = self.again & self.held & !self.taken;
        if !distributor_enabled {
            return again;
        }
        let new = (self.latch | self.high() | self.masked) & !self.held;
        again | new & self.enabled & !self.active
    }

    /// GICD_ISPENDR as the guest reads it.
    #[inline]
    pub(crate) const fn pending(&self) -> u32 {
        let waiting = (self.carried | self.masked & !self.edge) & !self.taken;
        self.latch | self.high() | waiting
    }

    /// GICD_ISACTIVER as the guest reads it.
    pub(crate) const fn active(&self) -> u32 {
        self.active | self.taken
    }

    /// Reasons why what a list register holds should still be there.
    pub(crate) const fn justified(&self) -> u32 {
        self.enabled & (self.carried | self.high() | self.masked & !self.edge)
    }

    /// Held by level alone, and the line has dropped: most likely the guest has taken it and
    /// has just silenced the device.
    pub(crate) const fn quenched(&self) -> u32 {
        self.enabled & !self.edge & !self.justified()
    }

    /// The latch, as for an edge or a write to GICD_ISPENDR.
    pub(crate) fn set_latch(&mut self, bits: u32) {
        self.latch |= bits;
        self.again |= bits & self.held;
    }

    /// GICD_ICPENDR: clears latches, wherever they are.
    pub(crate) fn clear_latch(&mut self, bits: u32) {
        self.latch &= !bits;
        self.again &= !bits;
        self.carried &= !bits;
    }

    /// `bits` go into a list register.
    #[inline(always)]
    pub(crate) fn load(&mut self, bits: u32) {
        self.carried |= self.latch & bits;
        self.latch &= !bits;
        self.fresh &= !bits;
        self.held |= bits;
    }

    /// `bits`, in a list register, have merged with themselves in there.
    pub(crate) fn renew(&mut self, bits: u32) {
        self.again &= !bits;
        self.taken &= !bits;
    }

    /// `bits` leave the list registers untaken and wait again.
    pub(crate) fn unload(&mut self, bits: u32) {
        self.latch |= self.carried & bits;
        self.release(bits);
    }

    /// The guest has ended `bits`.
    pub(crate) fn release(&mut self, bits: u32) {
        self.held &= !bits;
        self.taken &= !bits;
        self.carried &= !bits;
        self.again &= !bits;
    }

    /// The guest has taken `bits` and not ended them.
    pub(crate) fn take(&mut self, bits: u32) {
        self.taken |= bits;
        self.again &= !bits;
    }
}
