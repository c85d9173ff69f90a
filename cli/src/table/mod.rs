//! Tables as they are in the world.

mod choose;
mod dialect;
mod header;
mod number;
mod text;

use std::path::Path;

use clap::Args;

use crate::{Error, Result};

/// How a table is read. What is not said is found out, and told in a note where it is not a matter of course.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// What stands between two cells: a character, `tab`, `\t` or `space` [default: found out]
    #[arg(long, value_name = "CHAR", allow_hyphen_values = true)]
    pub delimiter: Option<String>,
    /// Whether the first row holds names: yes, no or auto [default: auto]
    #[arg(long, value_name = "WHETHER", value_parser = ["yes", "no", "auto"])]
    pub header: Option<String>,
    /// The decimal mark: `.` or `,` [default: found out]
    #[arg(long, value_name = "MARK", value_parser = [".", ","])]
    pub decimal: Option<String>,
    /// What a line of comment begins with; `#` if not said
    #[arg(long, value_name = "CHAR")]
    pub comment: Option<char>,
    /// The encoding, such as utf-8, utf-16le, latin1 or shift_jis [default: found out]
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<String>,
    /// Leaves out rows with a missing or bad cell, instead of stopping at the first
    #[arg(long)]
    pub skip_bad_rows: bool,
}

/// A row as it is in the file.
#[derive(Clone, Debug)]
struct Row {
    /// Its first line in the file, from 1.
    line: usize,
    cells: Vec<String>,
}

/// The cells of a file.
#[derive(Clone, Debug)]
pub struct Table {
    file: String,
    /// One a column, empty where a column has none; without a line of names, no vector.
    names: Option<Vec<String>>,
    rows: Vec<Row>,
    width: usize,
    delimiter: u8,
    decimal_comma: bool,
    notes: Vec<String>,
}

/// Rows of numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Numbers {
    /// Row by row, the columns that were asked for.
    pub rows: Vec<Vec<f64>>,
    /// The line of each row in the file, from 1.
    pub lines: Vec<usize>,
    /// How many rows were left out for a missing or bad cell.
    pub left_out: usize,
}

impl Table {
    /// Reads a file, or standard input where the path is `-`.
    ///
    /// # Errors
    /// [`Error`], with the line where there is one.
    pub fn read(path: &Path, reading: &Reading) -> Result<Self> {
        let file = if path == Path::new("-") { "standard input".into() } else { path.display().to_string() };
        Self::of_bytes(&text::bytes(path)?, &file, reading)
    }

    /// The table that `bytes` hold; `file` names them in messages.
    ///
    /// # Errors
    /// As [`Table::read`].
    pub fn of_bytes(bytes: &[u8], file: &str, reading: &Reading) -> Result<Self> {
        let mut notes = vec![];
        let text = text::decode(bytes, reading.encoding.as_deref(), &mut notes).map_err(|what| Error::new(format!("{file}: {what}")))?;
        let comment = u8::try_from(reading.comment.unwrap_or('#')).map_err(|_| Error::new("--comment takes one character of ASCII"))?;
        let (text, delimiter) = dialect::delimited(text, reading.delimiter.as_deref(), comment, &mut notes)?;
        let mut rows = text::rows(&text, delimiter, comment, &mut notes).map_err(|what| Error::new(format!("{file}: {what}")))?;
        let ends = dialect::drop_trailing(&mut rows, &mut notes);
        let decimal_comma = dialect::decimal_comma(&rows, delimiter, reading.decimal.as_deref(), &mut notes);
        let names = header::take(&mut rows, reading.header.as_deref(), decimal_comma, &mut notes);
        let width = dialect::width(&rows);
        let mut table = Table { file: file.into(), names: None, rows, width, delimiter, decimal_comma, notes };
        if table.rows.is_empty() {
            return Err(Error::new(format!("{file}: no row of numbers")));
        }
        table.names = names.map(|names| table.fitting(names, ends)).transpose()?;
        Ok(table)
    }

    /// The names, one a column: a last one without name is of a trailing delimiter; one too few and the first column holds the names of rows, as R writes them.
    fn fitting(&mut self, names: Row, ends: bool) -> Result<Vec<String>> {
        let Row { line, cells: mut names } = names;
        if names.len() == self.width + 1 && names.last().is_some_and(String::is_empty) {
            names.pop();
        }
        if names.len() + 1 == self.width && !ends {
            self.notes.push(format!("line {line} has a name less than the rows have cells: the first column is taken to be without name"));
            names.insert(0, String::new());
        }
        if names.len() != self.width {
            let what = format!("line {line}: {} names where the rows have {} cells", names.len(), self.width);
            return Err(Error::new(format!("{}: {what}", self.file)));
        }
        Ok(names)
    }

    /// The file, as messages name it.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows, without that of the names.
    pub fn height(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is a line of names.
    pub fn has_names(&self) -> bool {
        self.names.is_some()
    }

    /// The byte between two cells.
    pub fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// What a reader would want to know of how the file was read.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The name of a column, if it has one.
    pub fn name(&self, column: usize) -> Option<&str> {
        self.names.as_ref()?.get(column).map(String::as_str).filter(|name| !name.is_empty())
    }

    /// The name of a column, or its number.
    pub fn label(&self, column: usize) -> String {
        self.name(column).map_or_else(|| format!("column {}", column + 1), String::from)
    }

    /// The cells of a column, each with its line.
    pub fn cells(&self, column: usize) -> impl Iterator<Item = (usize, Cell<'_>)> {
        self.rows.iter().map(move |row| (row.line, self.cell(row, column)))
    }

    fn cell<'a>(&self, row: &'a Row, column: usize) -> Cell<'a> {
        number::read(row.cells.get(column).map_or("", String::as_str), self.decimal_comma)
    }

    /// The numbers of these columns, row by row.
    ///
    /// # Errors
    /// The first row that has too few or too many cells, or one that is missing, no number or beyond `f32`; with `skip_bad_rows` such rows are left out.
    pub fn numbers(&self, columns: &[usize], skip_bad_rows: bool) -> Result<Numbers> {
        let mut numbers = Numbers { rows: Vec::with_capacity(self.rows.len()), lines: vec![], left_out: 0 };
        for row in &self.rows {
            match self.row(row, columns) {
                Ok(values) => {
                    numbers.rows.push(values);
                    numbers.lines.push(row.line);
                }
                Err(_) if skip_bad_rows => numbers.left_out += 1,
                Err(what) => return Err(Error::new(format!("{}; --skip-bad-rows leaves such rows out", what))),
            }
        }
        if numbers.rows.is_empty() {
            return Err(Error::new(format!("{}: no row whose cells are all numbers", self.file)));
        }
        Ok(numbers)
    }

    fn row(&self, row: &Row, columns: &[usize]) -> std::result::Result<Vec<f64>, String> {
        let line = format!("{}: line {}", self.file, row.line);
        if row.cells.len() != self.width {
            return Err(format!("{line}: {} cells where other rows have {}", row.cells.len(), self.width));
        }
        let number = |column: &usize| {
            let name = self.name(*column).map_or_else(String::new, |name| format!(" (`{name}`)"));
            match self.cell(row, *column) {
                Cell::Number(value) => Ok(value),
                other => Err(format!("{line}, column {}{name}: {other}", column + 1)),
            }
        };
        columns.iter().map(number).collect()
    }
}

pub use choose::items;
pub use number::Cell;
