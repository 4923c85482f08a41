//! The page that the guest reads in place of the distributor's registers, without an exit.
#![expect(
    unsafe_code,
    reason = "the page is shared with the guest, which may read it at any time"
)]

use vmm_vgic::Shadow;

use crate::GUEST;

/// Bytes of the distributor's registers.
const SIZE: u64 = 0x1000;

/// The page, where the system XML has one.
pub(crate) struct ShadowPage;

impl Shadow for ShadowPage {
    const PRESENT: bool = GUEST.gic.shadow.is_some();

    fn write(&mut self, offset: u64, value: u32) {
        let Some(page) = GUEST.gic.shadow else {
            return;
        };
        if offset < SIZE && offset % 4 == 0 {
            let word = (page + offset) as *mut u32;
            // SAFETY: sysgen proved that the system XML maps a region of 4096 bytes here for
            // writing, uncached, and nothing else; the word is aligned and inside.
            unsafe { word.write_volatile(value) };
        }
    }
}
