//! Memory of virtio devices: a queue or a disk belongs to one device.

use super::is_written;
use crate::diagnostic::Diagnostics;
use crate::model::Guest;

/// Reports a region that two virtio devices use, be it in one guest or in two. A disk that nobody
/// writes may have several readers; devices of users may share what they like.
pub(super) fn check(guests: &[Guest], found: &mut Diagnostics) {
    let mut earlier = Vec::new();
    let devices = guests.iter().flat_map(|guest| &guest.emulated);
    for device in devices.filter(|device| device.virtio.is_some()) {
        for memory in &device.memory {
            let region = &memory.value.region;
            let mut uses = earlier.iter();
            let first =
                uses.find(|(name, _, written)| name == region && (*written || is_written(device)));
            if let Some((_, span, _)) = first {
                found
                    .error(
                        &memory.span,
                        format!("`{region}` is used by virtio devices twice"),
                        "again",
                    )
                    .related(span, "first here")
                    .hint(
                        "each queue and each disk that is written has a memory region of its own",
                    );
            }
            earlier.push((region.clone(), memory.span.clone(), is_written(device)));
        }
    }
}
