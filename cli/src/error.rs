//! Why a command stops.

use std::fmt;
use std::path::Path;

/// Why a command stops, in a sentence that names the file, line, column or option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(String);

/// A result of the tool.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of this sentence.
    pub fn new(sentence: impl Into<String>) -> Self {
        Error(sentence.into())
    }

    /// What went wrong with a file.
    pub fn of(path: &Path, what: impl fmt::Display) -> Self {
        Error(format!("{}: {what}", path.display()))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}
