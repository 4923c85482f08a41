//! What stands before every frame in a buffer (Virtio 1.2, 5.1.6, `struct virtio_net_hdr`).

use zerocopy::{FromBytes, Immutable, IntoBytes, LittleEndian, U16};

/// Bytes of the header.
pub(super) const HEADER_BYTES: usize = size_of::<Header>();
/// VIRTIO_NET_HDR_GSO_NONE.
const GSO_NONE: u8 = 0;

#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub(super) struct Header {
    flags: u8,
    gso_type: u8,
    header_length: U16<LittleEndian>,
    gso_size: U16<LittleEndian>,
    checksum_start: U16<LittleEndian>,
    checksum_offset: U16<LittleEndian>,
    buffers: U16<LittleEndian>,
}

impl Header {
    /// The header of a received frame that fills so many buffers.
    pub(super) fn of_received(buffers: u16) -> Self {
        Self {
            buffers: buffers.into(),
            ..Self::default()
        }
    }

    /// Is the frame complete as it stands? No feature is offered that allows another.
    pub(super) const fn is_plain(&self) -> bool {
        self.flags == 0 && self.gso_type == GSO_NONE
    }
}
