//! Instructions of our own that run in a vCPU before the guest does.
//!
//! They bring to its reset state what no call of the kernel reaches, or what another guest of
//! the same core may have left, as the kernel does not switch it (`docs/sel4-limits.md`): the
//! virtual CPU interface (GICv2 4.4), debug and performance monitor registers, FP registers,
//! caches and TLB. They end with an SMC and the processor's identification in X1 to X5.

mod program;
#[cfg(test)]
mod tests;

use vmm_config::MAX_RAM;

use crate::{
    Gpa, GpaRange, IntId,
    memory::{AccessError, GuestMemory},
};

/// Most list registers that a GICv2 has.
pub const MAX_LIST_REGISTERS: usize = 64;
/// Bytes that the instructions and what they read take at most; they are aligned to it.
pub const BYTES: u64 = 0x1000;

/// Offset of the exception vector that instructions run into that a processor lacks.
const VECTOR: usize = 0x200;
/// Offset of the first instruction.
const ENTRY: usize = 0x280;
/// Offset of what the instructions read, behind the longest program.
const LIST: usize = 0x800;
const END_OF_LIST: u32 = u32::MAX;

const WORDS: usize = BYTES as usize / 4;

const _: () = assert!(ENTRY + 4 * program::LENGTH <= LIST);
const _: () = {
    let list = 16 * (MAX_RAM + 1) + 8 + 4 * (MAX_LIST_REGISTERS + 1);
    assert!(LIST + list <= BYTES as usize);
};

/// The instructions as laid down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// The first instruction.
    pub pc: Gpa,
    /// What x0 must be.
    pub argument: u64,
}

/// Lays the instructions down in `page`, [`BYTES`] of guest RAM that nothing else needs.
///
/// They clean and invalidate the data cache for each of `ram`, whose first and last byte are
/// multiples of a cache line apart. The guest sees the GICC registers at `gicc`; `loaded` tells
/// what each list register may hold.
///
/// # Errors
/// [`AccessError`] when the page is not all RAM.
pub fn lay<const N: usize>(
    memory: &GuestMemory<N>,
    page: Gpa,
    ram: impl Iterator<Item = GpaRange>,
    gicc: Gpa,
    loaded: impl Fn(usize) -> Option<IntId>,
) -> Result<Start, AccessError> {
    let mut content = Content {
        words: [[0; 4]; WORDS],
        at: VECTOR,
    };
    content.put(&program::VECTOR);
    content.at = ENTRY;
    content.put(&program::HEAD);
    for word in program::BLOCKS.iter().flat_map(|block| block.words()) {
        content.put(&[word]);
    }
    content.put(&program::TAIL);
    content.at = LIST;
    for range in ram {
        content.put_address(range.base().0);
        content.put_address(range.last().0.wrapping_add(1));
    }
    content.put_address(0);
    content.put_address(0);
    content.put_address(gicc.0);
    for intid in (0..MAX_LIST_REGISTERS).filter_map(loaded) {
        content.put(&[intid.number().into()]);
    }
    content.put(&[END_OF_LIST]);
    memory.write(page, content.words.as_flattened())?;
    let place = |offset| page.0.wrapping_add(offset as u64);
    Ok(Start {
        pc: Gpa(place(ENTRY)),
        argument: place(LIST),
    })
}

/// What the page will hold.
struct Content {
    words: [[u8; 4]; WORDS],
    /// Where the next word goes, in bytes.
    at: usize,
}

impl Content {
    /// Puts words one behind another; the page has room for all that there can be.
    #[inline(never)]
    fn put(&mut self, content: &[u32]) {
        for value in content {
            if let Some(word) = self.words.get_mut(self.at / 4) {
                *word = value.to_le_bytes();
            }
            self.at = self.at.saturating_add(4);
        }
    }

    fn put_address(&mut self, address: u64) {
        self.put(&[address as u32, (address >> 32) as u32]);
    }
}
