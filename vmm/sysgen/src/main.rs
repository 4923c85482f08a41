//! Command line of sysgen: check a system, make a guest's files, explain an address.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use sysgen::{Board, Images, Seed, System, number};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// system.xml to tables, device tree and guest image package.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The system XML.
    #[arg(long, default_value = "system.xml")]
    system: PathBuf,
    /// The board's board.toml.
    #[arg(long, default_value = "board/qemu_virt_aarch64/board.toml")]
    board: PathBuf,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Only check the system.
    Check,
    /// Write NAME.rs, NAME.devices.rs, NAME.dtb and the package of a guest.
    Build(Build),
    /// Say what a guest-physical address is.
    Explain {
        /// Decimal, or hexadecimal after 0x.
        address: String,
    },
}

#[derive(Args)]
struct Build {
    /// Name of the virtual machine; may be left out when there is one.
    #[arg(long)]
    guest: Option<String>,
    /// arm64 Image, gzip of one, ELF64, or flat binary.
    #[arg(long)]
    kernel: PathBuf,
    /// Initial RAM disk.
    #[arg(long)]
    initrd: Option<PathBuf>,
    /// Kernel command line in place of the one in the system XML.
    #[arg(long)]
    bootargs: Option<String>,
    /// Device tree in place of the generated one.
    #[arg(long)]
    dtb: Option<PathBuf>,
    /// Folder for the files.
    #[arg(long, short)]
    output: PathBuf,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<()> {
    let board = Board::load(&arguments.board)?;
    let system = System::load(&arguments.system, &board)?;
    if !system.warnings.is_empty() {
        eprintln!("{}", system.warnings());
    }
    match arguments.verb {
        Verb::Check => {
            for guest in &system.guests {
                println!("{}: run by `{}`", guest.name, guest.domain);
            }
            Ok(())
        }
        Verb::Build(build) => make(&system, build),
        Verb::Explain { address } => {
            let address = number::parse(&address).ok_or("not an address: write 0x8000100")?;
            println!("{}", system.explain(address));
            Ok(())
        }
    }
}

fn make(system: &System, build: Build) -> Result<()> {
    let guest = system.guest(build.guest.as_deref())?;
    let images = Images {
        kernel: build.kernel,
        initrd: build.initrd,
        bootargs: build.bootargs,
        device_tree: build.dtb,
    };
    let files = system.build(guest, &images, Seed::random()?)?;
    for warning in &files.warnings {
        eprintln!("{warning}");
    }
    let written = files.write(&build.output, &guest.name)?;
    let written = [
        &written.tables,
        &written.devices,
        &written.device_tree,
        &written.package,
    ];
    for path in written {
        println!("{}", path.display());
    }
    Ok(())
}
