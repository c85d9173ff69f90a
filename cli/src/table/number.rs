//! Cells.

use std::fmt;

/// What a cell holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    /// A number that `f32`, in which flows calculate, can hold.
    Number(f64),
    /// Nothing, or a word for it.
    Missing(&'a str),
    /// Something else.
    Other(&'a str),
}

/// What programs write where a value is missing.
const MISSING: [&str; 14] = ["", "NA", "N/A", "na", "n/a", "NaN", "nan", "null", "NULL", "None", "?", "-", "#N/A", "."];

/// Reads a cell.
pub(super) fn read(text: &str, decimal_comma: bool) -> Cell<'_> {
    if MISSING.contains(&text) {
        return Cell::Missing(text);
    }
    let value = match decimal_comma {
        // A point would part thousands, which is not read.
        true if text.contains('.') => None,
        true => text.replacen(',', ".", 1).parse::<f64>().ok(),
        false => text.parse().ok(),
    };
    value.filter(|value| (*value as f32).is_finite()).map_or(Cell::Other(text), Cell::Number)
}

impl fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cell::Number(value) => write!(f, "{value}"),
            Cell::Missing("") => write!(f, "the cell is empty"),
            Cell::Missing(word) => write!(f, "the value is missing (`{word}`)"),
            Cell::Other(text) if text.contains(',') => write!(f, "`{text}` is not a number; decimal commas are read by --decimal ,"),
            Cell::Other(text) => write!(f, "`{text}` is not a finite number"),
        }
    }
}
