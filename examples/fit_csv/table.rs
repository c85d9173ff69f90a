//! Files of rows.

use std::path::Path;

use crate::Reading;

/// The cells of a file.
pub struct Table {
    file: String,
    names: Option<csv::StringRecord>,
    rows: Vec<csv::StringRecord>,
    width: usize,
}

impl Table {
    /// Reads a file; its first line is one of names where none of its cells is a number.
    pub fn read(path: &Path, reading: &Reading) -> Result<Self, String> {
        let file = path.display().to_string();
        let delimiter = u8::try_from(reading.delimiter).map_err(|_| format!("the delimiter `{}` is not one byte", reading.delimiter))?;
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .delimiter(delimiter)
            .from_path(path)
            .map_err(|e| format!("{file}: {e}"))?;
        let mut rows = Vec::new();
        for (index, record) in reader.records().enumerate() {
            rows.push(record.map_err(|e| format!("{file}: row {}: {e}", index + 1))?);
        }
        let width = rows.first().map_or(0, csv::StringRecord::len);
        if let Some(row) = rows.iter().find(|row| row.len() != width) {
            return Err(format!("{file}: row {}: {} columns where the first row has {width}", line(row), row.len()));
        }
        let named =
            rows.first().is_some_and(|row| row.iter().any(|cell| !cell.is_empty()) && row.iter().all(|cell| cell.parse::<f64>().is_err()));
        let names = named.then(|| rows.remove(0));
        if rows.is_empty() {
            return Err(format!("{file}: no row of numbers"));
        }
        Ok(Table { file, names, rows, width })
    }

    pub fn width(&self) -> usize {
        self.width
    }

    pub fn has_names(&self) -> bool {
        self.names.is_some()
    }

    /// The name of a column, or its number.
    pub fn name(&self, column: usize) -> String {
        match self.names.as_ref().and_then(|names| names.get(column)) {
            Some(name) if !name.is_empty() => name.to_string(),
            _ => format!("column {}", column + 1),
        }
    }

    /// The column of this name, or of this number from 1.
    pub fn column(&self, wanted: &str) -> Result<usize, String> {
        let named = self.names.iter().flat_map(|names| names.iter()).position(|name| name == wanted.trim());
        let numbered = || wanted.trim().parse::<usize>().ok().filter(|number| (1..=self.width).contains(number)).map(|number| number - 1);
        named.or_else(numbered).ok_or_else(|| format!("{}: no column `{wanted}` among {}", self.file, self.width))
    }

    /// The numbers of these columns, row by row; names the first cell that is not one, or leaves its row out. Tells how many rows were left out.
    pub fn numbers(&self, columns: &[usize], skip_bad_rows: bool) -> Result<(Vec<Vec<f64>>, usize), String> {
        let mut numbers = Vec::with_capacity(self.rows.len());
        for row in &self.rows {
            match self.row(row, columns) {
                Ok(values) => numbers.push(values),
                Err(_) if skip_bad_rows => {}
                Err(message) => return Err(message),
            }
        }
        if numbers.is_empty() {
            return Err(format!("{}: no row whose cells are all numbers", self.file));
        }
        let left_out = self.rows.len() - numbers.len();
        Ok((numbers, left_out))
    }

    fn row(&self, row: &csv::StringRecord, columns: &[usize]) -> Result<Vec<f64>, String> {
        let cell = |column: &usize| {
            let text = row.get(*column).unwrap_or_default();
            // Beyond f32, what the flow computes in, a number is not one.
            match text.parse::<f64>() {
                Ok(value) if (value as f32).is_finite() => Ok(value),
                _ => {
                    let place = format!("{}: row {}, column {}", self.file, line(row), column + 1);
                    let name = if self.has_names() { format!(" (`{}`)", self.name(*column)) } else { String::new() };
                    Err(if text.is_empty() {
                        format!("{place}{name}: the cell is empty")
                    } else {
                        format!("{place}{name}: `{text}` is not a finite number")
                    })
                }
            }
        };
        columns.iter().map(cell).collect()
    }

    pub fn file(&self) -> &str {
        &self.file
    }
}

/// The line of the file, from 1.
fn line(row: &csv::StringRecord) -> u64 {
    row.position().map_or(0, csv::Position::line)
}
