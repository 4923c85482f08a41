//! `examples/root-task`: a VMM as the root task of the official SDK's seL4.
//!
//! The SDK's tool puts a program of its own, the initialiser, into each image as the root task.
//! It is called here with a folder that is the SDK but for that program.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use fs_err as fs;

use crate::image::{Image, load_board};
use crate::microkit::Sdk;
use crate::program::Builder;
use crate::progress::{self, step};
use crate::toolchain;
use crate::tree::Tree;

/// The example's folder.
pub const FOLDER: &str = "examples/root-task";
/// The board whose serial port and address space the example knows.
pub const BOARD: &str = "qemu_virt_aarch64";

/// The SDK's root task, by its name in `board/BOARD/CONFIG/elf`.
const INITIALISER: &str = "initialiser.elf";

/// Builds `folder`/loader.img for one configuration of `sdk`.
///
/// # Errors
/// When `sdk` is the stand-in, or a step fails.
pub fn build(tree: &Tree, sdk: &Sdk, config: &str, folder: &Path) -> Result<Image> {
    let Sdk::Official(sdk_folder) = sdk else {
        bail!(
            "examples/root-task needs seL4 itself, so an official SDK: `make sdk` fetches one, \
             MICROKIT_SDK= names one"
        );
    };
    step(&format!("{}, {config}", sdk.description()));
    let builder = Builder::new(tree, sdk, BOARD, config)?;
    fs::create_dir_all(folder)?;
    let guest = folder.join("guest.bin");
    let guests = toolchain::guests(tree, &tree.path(FOLDER).join("guest"))?;
    guest_images::flatten(&guests.join("root-task-guest"), &guest)?;
    let programs = builder.build_root_task(tree, &format!("{FOLDER}/task"), &guest)?;
    // The tool wants a name that ends in .elf.
    fs::copy(programs.join("placeholder"), folder.join("placeholder.elf"))?;
    let changed = folder.join("sdk");
    change_sdk(sdk_folder, &changed, config, &programs.join("root-task"))?;
    let loader = folder.join("loader.img");
    step(&format!("image {}", Tree::shown(&loader)));
    let system = tree.path(FOLDER).join("system.xml");
    let mut tool = builder.tool(tree, &system, folder, &loader);
    tool.env("MICROKIT_SDK", &changed);
    progress::run("the microkit tool", &mut tool)?;
    Ok(Image {
        loader,
        board: load_board(tree, BOARD)?,
        guests: 1,
        drivers: Vec::new(),
        disk: None,
    })
}

/// Makes `changed` the SDK with another root task: links to all that stays the same.
fn change_sdk(sdk: &Path, changed: &Path, config: &str, root_task: &Path) -> Result<()> {
    if changed.exists() {
        fs::remove_dir_all(changed)?;
    }
    let from = sdk.join("board").join(BOARD).join(config);
    let to = changed.join("board").join(BOARD).join(config);
    fs::create_dir_all(to.join("elf"))?;
    for entry in entries(&from)?
        .into_iter()
        .chain(entries(&from.join("elf"))?)
    {
        let target = to.join(entry.strip_prefix(&from)?);
        if !target.exists() && !entry.ends_with(INITIALISER) {
            symlink(&entry, target)?;
        }
    }
    fs::copy(root_task, to.join("elf").join(INITIALISER))?;
    Ok(())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?;
    Ok(entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_root_task_differs_from_the_sdk() {
        let folder = tempfile::tempdir().unwrap();
        let elf = folder.path().join("board").join(BOARD).join("debug/elf");
        fs::create_dir_all(&elf).unwrap();
        fs::write(elf.join("sel4.elf"), "kernel").unwrap();
        fs::write(elf.join(INITIALISER), "theirs").unwrap();
        fs::write(elf.with_file_name("platform_gen.json"), "facts").unwrap();
        let root_task = folder.path().join("root-task");
        fs::write(&root_task, "ours").unwrap();
        let changed = folder.path().join("changed");
        for _ in 0..2 {
            change_sdk(folder.path(), &changed, "debug", &root_task).unwrap();
            let config = changed.join("board").join(BOARD).join("debug");
            let read = |name: &str| fs::read_to_string(config.join(name)).unwrap();
            assert_eq!(read("elf/sel4.elf"), "kernel");
            assert_eq!(read("elf/initialiser.elf"), "ours");
            assert_eq!(read("platform_gen.json"), "facts");
        }
        let theirs = fs::read_to_string(elf.join(INITIALISER)).unwrap();
        assert_eq!(theirs, "theirs");
    }

    #[test]
    fn the_stand_in_has_no_sel4() {
        let folder = tempfile::tempdir().unwrap();
        let error = build(&Tree::find(), &Sdk::StandIn, "debug", folder.path()).unwrap_err();
        assert!(error.to_string().contains("make sdk"), "{error}");
    }
}
