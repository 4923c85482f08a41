//! Makes one guest by hand: `guest-images CACHE debian|u-boot|uefi [SUITE]`.
//!
//! Prints the paths of what it made, one a line.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use guest_images::{Cache, DEFAULT_SUITE, debian, u_boot, uefi};

const USAGE: &str = "usage: guest-images CACHE-FOLDER debian|u-boot|uefi [SUITE]";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("guest-images: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (cache, what, suite) = match arguments.as_slice() {
        [cache, what] => (cache, *what, DEFAULT_SUITE),
        [cache, what, suite] => (cache, *what, *suite),
        _ => bail!(USAGE),
    };
    for path in make(&Cache::new(*cache), what, suite)? {
        println!("{}", path.display());
    }
    Ok(())
}

fn make(cache: &Cache, what: &str, suite: &str) -> Result<Vec<PathBuf>> {
    match what {
        "debian" => {
            let guest = debian(cache, suite)?;
            Ok(vec![guest.kernel, guest.initrd])
        }
        "u-boot" => Ok(vec![u_boot(cache, suite)?]),
        "uefi" => Ok(vec![uefi(cache, suite)?]),
        _ => bail!(USAGE),
    }
}
