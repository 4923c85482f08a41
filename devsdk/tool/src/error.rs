//! Refusals, worded as Microkit's tool words them.

/// A result with an [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// Why the tool stopped. Locations are `file:row:column`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The command line or the SDK is wrong.
    #[error("microkit: error: {0}")]
    Usage(String),
    /// The file is not XML.
    #[error("Could not parse '{file}': {reason}")]
    Xml {
        /// The system description.
        file: String,
        /// The parser's words, with row and column.
        reason: String,
    },
    /// An element is not known here.
    #[error("Error: invalid XML element '{element}': {location}")]
    UnknownElement {
        /// Its name.
        element: String,
        /// Where.
        location: String,
    },
    /// A required attribute is missing.
    #[error("Error: Missing required attribute '{attribute}' on element '{element}': {location}")]
    MissingAttribute {
        /// Its name.
        attribute: &'static str,
        /// The element that lacks it.
        element: String,
        /// Where.
        location: String,
    },
    /// An element says something that cannot be.
    #[error("Error: {message} on element '{element}': {location}")]
    Element {
        /// What is wrong.
        message: String,
        /// The element's name.
        element: String,
        /// Where.
        location: String,
    },
    /// The elements do not fit together.
    #[error("Error: {0}")]
    System(String),
    /// A program, or the machine, does not fit the description.
    #[error("ERROR: {0}")]
    Build(String),
}
