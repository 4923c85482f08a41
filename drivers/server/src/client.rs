//! What the clients of all kinds of servers have in common.

use vmm_config::DriverClient;
use vmm_sddf::ring::RingError;

/// Clients of a driver at most.
pub const MAX_CLIENTS: usize = 8;

/// Why a client cannot be served from the start: its tables do not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// There is no usable memory at this address.
    #[error("there is no memory region at {0:#x}, or too many of them, or they overlap")]
    Region(u64),
    /// It needs more memory regions.
    #[error("{needed} memory regions are needed, and {given} given")]
    FewRegions {
        /// How many are needed.
        needed: usize,
        /// How many there are.
        given: usize,
    },
    /// A parameter is missing or out of range.
    #[error("the parameter `{0}` is missing or out of range")]
    Parameter(&'static str),
    /// A region holds no queue.
    #[error("{0}")]
    Ring(#[from] RingError),
    /// There are more than [`MAX_CLIENTS`].
    #[error("a driver has at most {MAX_CLIENTS} clients")]
    TooMany,
}

/// The name of a client that has broken a rule and is not served any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dropped(pub &'static str);

/// The number that is called `name`, if the client was given it.
pub(crate) fn parameter(client: &DriverClient, name: &str) -> Option<u64> {
    let mut all = client.parameters.iter();
    Some(all.find(|one| one.name == name)?.value)
}

/// Entries of the client's queues.
pub(crate) fn capacity(client: &DriverClient) -> Result<u32, ClientError> {
    parameter(client, "capacity")
        .and_then(|capacity| u32::try_from(capacity).ok())
        .ok_or(ClientError::Parameter("capacity"))
}
