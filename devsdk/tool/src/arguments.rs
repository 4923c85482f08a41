//! The command line, as Microkit's tool has it.

use std::path::PathBuf;

use crate::sdk::Sdk;
use crate::{Error, Result};

/// What the tool was asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arguments {
    /// The system description.
    pub system: PathBuf,
    /// The board's name.
    pub board: String,
    /// The configuration's name.
    pub config: String,
    /// Where the image goes.
    pub output: PathBuf,
    /// Where the report goes.
    pub report: PathBuf,
    /// Where programs and prefill files are looked for, in this order.
    pub search_paths: Vec<PathBuf>,
    /// Another kernel than the SDK's.
    pub override_kernel: Option<PathBuf>,
}

/// What a command line asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// To write an image.
    Build(Arguments),
    /// To explain the command line.
    Help,
}

/// A command line that cannot be understood, and whether the usage line helps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misuse {
    /// What is wrong.
    pub error: Error,
    /// Whether the usage line is shown.
    pub show_usage: bool,
}

/// The usage line.
pub const USAGE: &str = "usage: microkit [-h] [OPTIONS] --board BOARD --config CONFIG \
                         [--search-path SEARCH_PATH ...] system";

/// The explanation of the command line.
pub fn help(sdk: &Sdk) -> String {
    format!(
        "{USAGE}\n\npositional arguments:\n  system\n\noptions:\n  \
         -h, --help, show this help message and exit\n  -o, --output OUTPUT\n  \
         -r, --report REPORT\n  --image-type {{binary}}\n  \
         --override-kernel KERNEL (for debugging purposes)\n  --board {}\n  --config CONFIG\n  \
         --search-path [SEARCH_PATH ...]",
        sdk.boards().join("\n          ")
    )
}

fn misuse(message: String) -> Misuse {
    Misuse {
        error: Error::Usage(message),
        show_usage: false,
    }
}

fn misuse_with_usage(message: String) -> Misuse {
    Misuse {
        show_usage: true,
        ..misuse(message)
    }
}

type Parsed<T> = std::result::Result<T, Misuse>;

/// What has been read so far.
#[derive(Default)]
struct Reader {
    system: Option<PathBuf>,
    board: Option<String>,
    config: Option<String>,
    output: Option<PathBuf>,
    report: Option<PathBuf>,
    search_paths: Vec<PathBuf>,
    override_kernel: Option<PathBuf>,
}

/// Reads the words after the program's name.
///
/// # Errors
/// When they are not what [`help`] explains, or name what the SDK does not have.
pub fn parse(words: impl IntoIterator<Item = String>, sdk: &Sdk) -> Parsed<Request> {
    let mut words = words.into_iter().peekable();
    let mut reader = Reader::default();
    while let Some(word) = words.next() {
        let mut parameter = |name: &str| {
            words
                .next()
                .ok_or_else(|| misuse(format!("argument {name}: expected one parameter")))
        };
        match word.as_str() {
            "-h" | "--help" => return Ok(Request::Help),
            "-o" | "--output" => reader.output = Some(parameter("--output")?.into()),
            "-r" | "--report" => reader.report = Some(parameter("--report")?.into()),
            "--board" => reader.board = Some(known_board(parameter("--board")?, sdk)?),
            "--config" => reader.config = Some(parameter("--config")?),
            "--image-type" => check_image_type(&parameter("--image-type")?)?,
            "--override-kernel" => {
                reader.override_kernel = Some(parameter("--override-kernel")?.into());
            }
            "--capdl-json" | "--viper-output" => {
                return Err(misuse(format!(
                    "argument {word}: not offered by the stand-in SDK"
                )));
            }
            "--search-path" => {
                while let Some(path) = words.next_if(|word| !word.starts_with('-')) {
                    reader.search_paths.push(path.into());
                }
            }
            _ if reader.system.is_none() => reader.system = Some(word.into()),
            _ => return Err(misuse_with_usage(format!("unrecognized argument '{word}'"))),
        }
    }
    reader.finish(sdk).map(Request::Build)
}

fn known_board(board: String, sdk: &Sdk) -> Parsed<String> {
    if sdk.boards().contains(&board) {
        Ok(board)
    } else {
        Err(misuse(format!(
            "argument --board: unknown parameter '{board}'"
        )))
    }
}

fn check_image_type(value: &str) -> Parsed<()> {
    match value {
        "binary" => Ok(()),
        "elf" | "uimage" => Err(misuse(format!(
            "building the output image as '{value}' is unsupported for target architecture \
             'AArch64' in the stand-in SDK"
        ))),
        _ => Err(misuse(format!(
            "argument --image-type: unknown parameter '{value}'"
        ))),
    }
}

impl Reader {
    fn finish(self, sdk: &Sdk) -> Parsed<Arguments> {
        let (Some(board), Some(config), Some(system)) = (&self.board, &self.config, &self.system)
        else {
            let required = [
                ("--board", self.board.is_none()),
                ("--config", self.config.is_none()),
                ("system", self.system.is_none()),
            ];
            let missing = required
                .iter()
                .filter(|(_, missing)| *missing)
                .map(|(name, _)| *name);
            let missing: Vec<_> = missing.collect();
            let missing = missing.join(", ");
            return Err(misuse_with_usage(format!(
                "the following arguments are required: {missing}"
            )));
        };
        let choices = sdk.configurations(board);
        if !choices.contains(config) {
            let choices = choices.join(", ");
            return Err(misuse(format!(
                "argument --config: invalid choice '{config}' (choose from: {choices})"
            )));
        }
        Ok(Arguments {
            system: system.clone(),
            board: board.clone(),
            config: config.clone(),
            output: self.output.unwrap_or_else(|| "loader.img".into()),
            report: self.report.unwrap_or_else(|| "report.txt".into()),
            search_paths: self.search_paths,
            override_kernel: self.override_kernel,
        })
    }
}

/// The number of a configuration in the image.
///
/// # Errors
/// When the kernel has no such configuration.
pub fn configuration_number(name: &str) -> Result<u32> {
    match name {
        "debug" => Ok(devsdk_image::configuration::DEBUG),
        "release" => Ok(devsdk_image::configuration::RELEASE),
        "benchmark" => Ok(devsdk_image::configuration::BENCHMARK),
        _ => Err(Error::Usage(format!(
            "the stand-in kernel has no configuration '{name}'"
        ))),
    }
}

#[cfg(test)]
mod tests;
