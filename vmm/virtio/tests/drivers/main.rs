//! An independent driver, the crate `virtio-drivers`, against our devices.

mod block;
mod board;
mod console;
mod entropy;
mod network;
mod raw;
mod registers;
mod requests;
mod resources;
mod sddf;
mod sddf_disk;
