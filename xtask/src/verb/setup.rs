//! `setup`: gets the tools of builds and tests ready, and says where they are.

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::image::load_board;
use crate::knobs::Knobs;
use crate::setup::{Found, Need, ensure, qemu};
use crate::tree::Tree;

/// What `make run` and `make test` need.
const ALL: [Need; 4] = [Need::Target, Need::Qemu, Need::Dtc, Need::Curl];

/// Options of `setup`.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// What is needed [default: target qemu dtc curl]
    #[arg(value_name = "NEED")]
    needs: Vec<Need>,
}

/// Finds or gets each; prints lines NAME=VALUE.
///
/// # Errors
/// When one cannot be had.
pub fn setup(tree: &Tree, knobs: &Knobs, options: &Options) -> Result<()> {
    let needs = match options.needs.as_slice() {
        [] => &ALL,
        needs => needs,
    };
    for need in needs {
        let board = load_board(tree, knobs.board())?;
        let found = match (need, board.qemu) {
            (Need::Qemu, Some(machine)) => Found {
                programs: vec![qemu(tree, &machine.version)?],
                ..Found::default()
            },
            _ => ensure(tree, &[*need])?,
        };
        print(*need, &found);
    }
    Ok(())
}

fn print(need: Need, found: &Found) {
    if let Some(compiler) = &found.compiler {
        println!("RUSTC={}", compiler.rustc.display());
        println!(
            "BUILD_STD={}",
            if compiler.build_std { "yes" } else { "no" }
        );
        println!("LINKER={}", compiler.linker.display());
    }
    let libclang = found.libclang.as_ref();
    if let Some(folder) = libclang.and_then(|libclang| libclang.folder.as_ref()) {
        println!("LIBCLANG_PATH={}", folder.display());
    }
    for program in &found.programs {
        let name = need
            .to_possible_value()
            .map(|value| value.get_name().to_uppercase());
        println!("{}={}", name.unwrap_or_default(), program.display());
    }
}
