//! An independent driver, the crate `virtio-drivers`, against our devices.

mod board;
mod entropy;
mod registers;
