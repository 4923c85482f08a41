//! What is odd about the user's files, but does not stop the build.

use std::ops::Range;
use std::path::Path;

use super::Images;
use crate::board::Cpu;
use crate::device_tree::given::GivenTree;
use crate::diagnostic::Diagnostics;
use crate::image::{Format, ImageError, Initrd, Kernel, Layout, Space};
use crate::model::Guest;

/// What is odd about kernel and initrd.
pub(super) fn of_files(
    images: &Images,
    kernel: &Kernel,
    initrd: Option<&Initrd>,
    cpu: &Cpu,
) -> Vec<String> {
    let warning = |path: &Path, text: &str| format!("warning: {}: {text}", path.display());
    let of_kernel = kernel.doubts.iter().cloned();
    let of_kernel = of_kernel.chain(missing_granule(kernel, cpu));
    let mut all: Vec<String> = of_kernel
        .map(|doubt| warning(&images.kernel, &doubt))
        .collect();
    // What another kernel makes of an initrd is not known.
    let initrd = initrd.filter(|_| kernel.format == Format::Arm64Image);
    let doubt = initrd.and_then(|initrd| initrd.doubt.as_ref());
    if let Some((path, doubt)) = images.initrd.as_ref().zip(doubt) {
        all.push(warning(path, doubt));
    }
    all
}

/// A kernel for pages that the CPU does not have stops before its first message.
fn missing_granule(kernel: &Kernel, cpu: &Cpu) -> Option<String> {
    let page = kernel.page_kib?;
    let has: Vec<String> = cpu.granules_kib.iter().map(u16::to_string).collect();
    (!cpu.granules_kib.contains(&page)).then(|| {
        format!(
            "is a kernel for pages of {page} KiB, but {} has {} KiB only; it will stop \
             without a word; give a kernel for pages of 4 KiB",
            cpu.name,
            has.join(" and ")
        )
    })
}

/// Linux stops early without memory; what other guests need is not known.
pub(super) fn no_memory(given: &GivenTree, kernel: &Kernel) -> Result<Option<String>, ImageError> {
    if !given.memory.is_empty() {
        return Ok(None);
    }
    let problem = "describes no memory: no node below the root has device_type = \"memory\" and \
                   a `reg` with a size; add one for the guest's RAM";
    if kernel.format == Format::Arm64Image {
        return Err(ImageError::Bad {
            path: given.path.clone(),
            problem: problem.to_owned(),
        });
    }
    Ok(Some(format!(
        "warning: {}: {problem}",
        given.path.display()
    )))
}

/// Firmware may lie in RAM that it does not show to an operating system; others may not.
pub(super) fn outside_tree(given: &GivenTree, layout: &Layout) -> Option<String> {
    let memory = given.memory.iter().map(|stretch| stretch.range.clone());
    let memory = Space::new(memory);
    let ranges = layout
        .kernel
        .iter()
        .map(|part| part.base..part.base + part.size);
    let mut outside = ranges.filter(|range| !memory.contains(range));
    let Range { start, end } = outside.next().filter(|_| !given.memory.is_empty())?;
    Some(format!(
        "warning: {}: the kernel at {start:#x} to {end:#x} lies outside the memory that this tree \
         describes",
        given.path.display()
    ))
}

/// Only a flat binary has no place of its own.
pub(super) fn unused_load(guest: &Guest, kernel: &Kernel, found: &mut Diagnostics) {
    let place = match kernel.format {
        Format::Flat => return,
        Format::Arm64Image => "an arm64 Image goes to its text_offset after a multiple of 2 MiB",
        Format::Elf => "an ELF goes to the addresses that it is linked for",
    };
    if let Some(load) = &guest.boot.load {
        found
            .warning(&load.span, "`load` has no effect on this kernel", place)
            .hint("it says where a flat binary is loaded");
    }
}
