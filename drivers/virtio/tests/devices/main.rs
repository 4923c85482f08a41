//! Server, driver and device in one: the driver drives our own virtio devices.

#[path = "../../../../vmm/virtio/tests/drivers/board.rs"]
#[expect(dead_code, reason = "other tests use more of the board")]
mod board;

mod block;
mod entropy;
mod network;
mod system;
