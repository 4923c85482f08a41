//! An independent driver, the crate `virtio-drivers`, against our devices.

mod block;
mod board;
mod console;
mod entropy;
mod registers;
mod requests;
