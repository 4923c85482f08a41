//! The command line of the stand-in `microkit` tool.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

use devsdk_microkit::arguments::{self, Arguments, Request};
use devsdk_microkit::program::Program;
use devsdk_microkit::sdk::{Sdk, find_file, kernel_path};
use devsdk_microkit::system::{ProtectionDomain, System};
use devsdk_microkit::{Error, Result, image, kernel, report};

fn main() -> ExitCode {
    let sdk = match Sdk::discover() {
        Ok(sdk) => sdk,
        Err(error) => return fail(&error),
    };
    match arguments::parse(env::args().skip(1), &sdk) {
        Ok(Request::Help) => println!("{}", arguments::help(&sdk)),
        Ok(Request::Build(arguments)) => {
            if let Err(error) = build(arguments) {
                return fail(&error);
            }
        }
        Err(misuse) => {
            if misuse.show_usage {
                println!("{}", arguments::USAGE);
            }
            return fail(&misuse.error);
        }
    }
    ExitCode::SUCCESS
}

fn fail(error: &Error) -> ExitCode {
    eprintln!("{error}");
    ExitCode::FAILURE
}

fn build(mut arguments: Arguments) -> Result<()> {
    arguments.search_paths.push(PathBuf::from("."));
    let kernel = kernel_path(arguments.override_kernel.as_deref())?;
    let system = read_system(&arguments)?;
    for warning in &system.warnings {
        println!("WARNING: {warning}");
    }
    let programs = system.protection_domains.iter();
    let programs = programs.map(|pd| read_program(pd, &arguments.search_paths));
    let mut programs = programs.collect::<Result<Vec<_>>>()?;
    let kernel = kernel::read(&kernel)?;
    let configuration = arguments::configuration_number(&arguments.config)?;
    let image = image::build(&system, &mut programs, &kernel, configuration)?;
    write(&arguments.output, &image.bytes)?;
    let report = report::text(&system, &image, &arguments.config);
    write(&arguments.report, report.as_bytes())?;
    println!(
        "MICROKIT|LOADER: image file size = {} bytes",
        image.bytes.len()
    );
    Ok(())
}

fn read_system(arguments: &Arguments) -> Result<System> {
    let path = &arguments.system;
    if !path.exists() {
        let path = path.display();
        return Err(Error::Usage(format!(
            "system description file '{path}' does not exist"
        )));
    }
    let xml = fs::read_to_string(path).map_err(|error| {
        Error::Usage(format!(
            "system description file '{}': {error}",
            path.display()
        ))
    })?;
    System::parse(path, &xml, &arguments.search_paths)
}

fn read_program(pd: &ProtectionDomain, search_paths: &[PathBuf]) -> Result<Program> {
    let find = |path: &Path, what: &str| {
        find_file(path, search_paths).ok_or_else(|| {
            let path = path.display();
            Error::System(format!("unable to find {what}: '{path}'"))
        })
    };
    let path = find(&pd.program, "program image")?;
    let symbols = pd.program_for_symbols.as_deref();
    let symbols = symbols
        .map(|path| find(path, "program image for symbols"))
        .transpose()?;
    Program::read(&path, symbols.as_deref()).map_err(|reason| {
        let (path, name) = (path.display(), &pd.name);
        Error::Build(format!(
            "failed to parse ELF '{path}' for PD '{name}': {reason}"
        ))
    })
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes)
        .map_err(|error| Error::Build(format!("cannot write '{}': {error}", path.display())))
}
