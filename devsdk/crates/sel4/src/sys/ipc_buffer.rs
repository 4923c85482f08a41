//! The page that the kernel and a thread share for the part of a message beyond registers.

use super::{seL4_CPtr, seL4_MessageInfo, seL4_MsgLimits, seL4_Word};

const MESSAGE_WORDS: usize = seL4_MsgLimits::seL4_MsgMaxLength as usize;
const EXTRA_CAPS: usize = (1 << seL4_MsgLimits::seL4_MsgExtraCapBits) - 1;

/// `seL4_IPCBuffer`: 1024 bytes, aligned to its size.
#[repr(C, align(1024))]
#[derive(Clone, Copy, Debug)]
pub struct seL4_IPCBuffer {
    pub tag: seL4_MessageInfo,
    pub msg: [seL4_Word; MESSAGE_WORDS],
    pub userData: seL4_Word,
    pub caps_or_badges: [seL4_Word; EXTRA_CAPS],
    pub receiveCNode: seL4_CPtr,
    pub receiveIndex: seL4_CPtr,
    pub receiveDepth: seL4_Word,
}

impl Default for seL4_IPCBuffer {
    fn default() -> Self {
        Self {
            tag: seL4_MessageInfo::default(),
            msg: [0; MESSAGE_WORDS],
            userData: 0,
            caps_or_badges: [0; EXTRA_CAPS],
            receiveCNode: 0,
            receiveIndex: 0,
            receiveDepth: 0,
        }
    }
}

const _: () = assert!(size_of::<seL4_IPCBuffer>() == 1024);
