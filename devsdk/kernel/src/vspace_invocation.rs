//! Methods of an address space: cache operations on one page of it.
use devsdk_image::{Mapping, MappingAttributes, PAGE_SIZE, VSPACE_END};

use crate::abi::label;
use crate::invocation::Request;
use crate::kernel::Kernel;
use crate::machine::cache::{self, Operation};
use crate::message::SyscallError;
use crate::thread::State;
use crate::user_error;

const LARGE_PAGE_SIZE: u64 = 0x20_0000;
const REGION_END: u64 = VSPACE_END - 1;

impl Kernel {
    /// Does what an address space's capability was invoked for.
    ///
    /// # Errors
    /// [`SyscallError`] when it is refused.
    pub fn decode_vspace(&mut self, request: Request, vspace: u8) -> Result<(), SyscallError> {
        let operation = match request.label {
            label::VSPACE_CLEAN => Operation::Clean,
            label::VSPACE_INVALIDATE => Operation::Invalidate,
            label::VSPACE_CLEAN_INVALIDATE => Operation::CleanInvalidate,
            label::VSPACE_UNIFY => Operation::Unify,
            _ => return Err(SyscallError::IllegalOperation),
        };
        if request.length < 2 {
            user_error!(
                self,
                "decodeARMVSpaceRootInvocation",
                1321,
                "VSpaceRoot Flush: Truncated message."
            );
            return Err(SyscallError::TruncatedMessage);
        }
        let start = self.message_word(request.thread, 0);
        let end = self.message_word(request.thread, 1);
        if end <= start {
            user_error!(
                self,
                "decodeARMVSpaceRootInvocation",
                1331,
                "VSpaceRoot Flush: Invalid range."
            );
            return Err(SyscallError::InvalidArgument(1));
        }
        if end > REGION_END {
            user_error!(
                self,
                "decodeARMVSpaceRootInvocation",
                1339,
                "VSpaceRoot Flush: Exceed the user addressable region."
            );
            return Err(SyscallError::IllegalOperation);
        }
        // What is not mapped has nothing in a cache.
        if let Some(mapping) = self.find_mapping(vspace, start) {
            let large = MappingAttributes(mapping.attributes).has(MappingAttributes::LARGE);
            let page = if large { LARGE_PAGE_SIZE } else { PAGE_SIZE };
            let first = start & !(page - 1);
            if (end - 1) & !(page - 1) != first {
                let last = first + page - 1;
                user_error!(
                    self,
                    "decodeARMVSpaceRootInvocation",
                    1389,
                    "VSpaceRoot Flush: cannot cross page boundary, valid range is [{start:#x}..{last:#x})"
                );
                return Err(SyscallError::RangeError(start, last));
            }
            let physical = mapping.physical_address + (start - mapping.virtual_address);
            cache::maintain(operation, physical, end - start);
        }
        self.set_state(request.thread, State::Restart);
        Ok(())
    }

    fn find_mapping(&self, vspace: u8, address: u64) -> Option<&'static Mapping> {
        self.mappings.iter().find(|mapping| {
            mapping.vspace == u32::from(vspace)
                && address
                    .checked_sub(mapping.virtual_address)
                    .is_some_and(|offset| offset < mapping.length)
        })
    }
}
