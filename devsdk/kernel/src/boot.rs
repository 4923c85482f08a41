//! From the entry point to the first thread: image, address spaces, devices.
use devsdk_image::Image;

use crate::kernel::Kernel;
use crate::machine::page_pool::PagePool;
use crate::machine::{console, el1, gic, gich, memory, timer, translation};

/// Reads the image behind the kernel and starts its threads.
///
/// # Panics
/// With the reason, when the image or the machine is not what the kernel is made for.
pub fn boot(kernel: &mut Kernel, image: &'static [u8], address: u64) {
    let image = match Image::parse(image, address) {
        Ok(image) => image,
        Err(error) => panic!("{error}"),
    };
    kernel.configuration = image.header.configuration;
    if kernel.is_debug() {
        console::print(format_args!("Bootstrapping kernel\n"));
    }
    fill_memory(&image);
    let mut pool = PagePool::new(image.header.page_pool);
    translation::enable_kernel(&mut pool);
    for index in 0..image.vspaces.len() {
        let root = translation::build(&mut pool, index as u32, image.mappings);
        let added = kernel.vspace_roots.push(root);
        assert!(added.is_ok(), "more address spaces than threads");
    }
    gic::initialise();
    gich::initialise();
    timer::initialise();
    el1::initialise(image.header.configuration);
    kernel.scheduler.now = timer::now();
    kernel.set_up(&image);
    if kernel.is_debug() {
        console::print(format_args!(
            "Booting all finished, dropped to user space\n"
        ));
        console::print(format_args!("MON|INFO: Microkit Monitor started!\n"));
    }
    kernel.schedule();
    kernel.activate_current();
}

/// Zeroes (after a reset only: QEMU starts with zeroed memory) and copies.
fn fill_memory(image: &Image<'static>) {
    if memory::is_dirty(image.header.page_pool) {
        for range in image.zeroes {
            memory::zero(range.address, range.length);
        }
    }
    for copy in image.copies {
        if let Some(source) = image.source(copy) {
            memory::copy(source, copy.destination);
        }
    }
}
