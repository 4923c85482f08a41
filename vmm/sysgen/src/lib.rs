//! From one system.xml to all that the build needs of a guest.
//!
//! [`System::load`] reads the file of the stock microkit tool together with our `<?vmm ...?>`
//! instructions (README.md has their grammar), checks it against a [`Board`] and makes one
//! model of each guest. [`System::build`] turns a guest and its images into constant tables
//! for the VMM, the guest's device tree and the guest image package. [`System::explain`] says
//! what lies at a guest-physical address.

mod build;
mod check;
mod explain;

pub mod board;
pub mod device_tree;
pub mod diagnostic;
pub mod document;
pub mod fact;
pub mod image;
pub mod model;
pub mod number;
pub mod package;
pub mod resolve;
pub mod source;
pub mod tables;
pub mod vocabulary;

use std::fs;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

pub use board::Board;
pub use build::{GuestFiles, Images};
pub use device_tree::Seed;
pub use model::{Driver, Guest, Model, Program, Ticker};

use diagnostic::Diagnostics;
use source::Source;

/// A system whose checks have passed.
#[derive(Clone, Debug)]
pub struct System {
    /// The file.
    pub source: Source,
    /// Every guest that one of our VMMs runs.
    pub guests: Vec<Guest>,
    /// The board's cores.
    pub cpu: board::Cpu,
    /// Every protection domain that ticks for our VMMs.
    pub tickers: Vec<Ticker>,
    /// Every protection domain that drives a device of the board for our VMMs.
    pub drivers: Vec<Driver>,
    /// Every other protection domain whose program is made from a crate of the user's.
    pub programs: Vec<Program>,
    /// What was found but does not stop the build.
    pub warnings: Diagnostics,
}

/// Why there is no output.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system XML cannot be read.
    #[error("cannot read {path}: {reason}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: std::io::Error,
    },
    /// The system XML is in another encoding.
    #[error("{path} is no UTF-8 text; save it as UTF-8, which is what the microkit tool reads")]
    Encoding {
        /// The file.
        path: PathBuf,
    },
    /// The system is wrong: rendered diagnostics.
    #[error("{0}")]
    System(String),
    /// Linux would drop the end of the kernel command line.
    #[error(
        "the kernel command line has {0} bytes, but arm64 Linux keeps {limit} and drops the \
         rest; shorten BOOTARGS, or `bootargs` in the system XML",
        limit = model::COMMAND_LINE_LIMIT
    )]
    CommandLine(usize),
    /// An image is wrong.
    #[error(transparent)]
    Image(#[from] image::ImageError),
    /// An output cannot be written.
    #[error("cannot write {path}: {reason}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: std::io::Error,
    },
}

impl System {
    /// Reads and checks a system XML.
    ///
    /// # Errors
    /// When the file cannot be read or a check fails; the text shows every finding.
    pub fn load(path: &Path, board: &Board) -> Result<Self, Error> {
        let bytes = fs::read(path).map_err(|reason| Error::Read {
            path: path.to_owned(),
            reason,
        })?;
        let text = String::from_utf8(bytes).map_err(|_| Error::Encoding {
            path: path.to_owned(),
        })?;
        let name = path.display().to_string();
        Self::parse(Source { name, text }, board)
    }

    /// As [`load`](Self::load), from a text.
    ///
    /// # Errors
    /// When a check fails.
    pub fn parse(source: Source, board: &Board) -> Result<Self, Error> {
        let (model, found) = analyse(&source, board);
        if found.has_errors() {
            return Err(Error::System(found.render(&source, wants_colour())));
        }
        Ok(Self {
            source,
            guests: model.guests,
            cpu: board.cpu.clone(),
            tickers: model.tickers,
            drivers: model.drivers,
            programs: model.programs,
            warnings: found,
        })
    }

    /// Has some guest a virtio device?
    pub fn has_virtio(&self) -> bool {
        let mut devices = self.guests.iter().flat_map(|guest| &guest.emulated);
        devices.any(|device| device.virtio.is_some())
    }

    /// The guest of that name; without a name, the only one.
    ///
    /// # Errors
    /// When there is no such guest, or none is named and there are several.
    pub fn guest(&self, name: Option<&str>) -> Result<&Guest, Error> {
        let known: Vec<&str> = self
            .guests
            .iter()
            .map(|guest| guest.name.as_str())
            .collect();
        let known = known.join(", ");
        match (name, self.guests.as_slice()) {
            (None, [only]) => Ok(only),
            (None, _) => Err(Error::System(format!("name one of the guests: {known}"))),
            (Some(name), guests) => guests.iter().find(|g| g.name == name).ok_or_else(|| {
                Error::System(format!("no guest is called `{name}`; there are: {known}"))
            }),
        }
    }

    /// A doubt about `bootargs` that a guest gets in place of those in the XML, as a warning.
    pub fn doubt(guest: &Guest, board: &Board, bootargs: &str) -> Option<String> {
        check::bootargs::doubt(guest, board, bootargs)
    }

    /// The warnings as text; empty when there are none.
    pub fn warnings(&self) -> String {
        self.warnings.render(&self.source, wants_colour())
    }
}

/// Model and findings of a system.
pub fn analyse(source: &Source, board: &Board) -> (Model, Diagnostics) {
    let mut found = Diagnostics::default();
    let Some(document) = document::parse(source, &mut found) else {
        return (Model::default(), found);
    };
    let guests = resolve::resolve(&document, board, &mut found);
    check::check(&document, &guests, board, &mut found);
    let model = Model {
        tickers: resolve::tickers(&document),
        drivers: resolve::drivers(&document, &guests),
        programs: resolve::programs(&document),
        guests,
    };
    (model, found)
}

fn wants_colour() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}
