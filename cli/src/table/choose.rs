//! Columns by name, by number and by range.

use super::Table;
use crate::{Error, Result};

/// The items of an option: parted by commas, where a comma inside of quotes is part of a name.
///
/// # Errors
/// Quotes that do not end.
pub fn items(text: &str) -> Result<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).trim(csv::Trim::All).from_reader(text.as_bytes());
    match reader.records().next() {
        Some(Ok(record)) => Ok(record.iter().filter(|item| !item.is_empty()).map(String::from).collect()),
        Some(Err(e)) => Err(Error::new(format!("`{text}`: {e}"))),
        None => Ok(vec![]),
    }
}

impl Table {
    /// The columns of an option: each item a name, or else a number from 1, or a range of them such as `2-5`. An option that is as a whole a name means that one.
    ///
    /// # Errors
    /// An item that is none of these, a name of two columns, a column that is chosen twice.
    pub fn choose(&self, options: &[String]) -> Result<Vec<usize>> {
        let mut chosen = vec![];
        for option in options {
            if self.places(option.trim()).next().is_some() {
                chosen.push(self.named(option.trim())?);
                continue;
            }
            for item in items(option)? {
                chosen.extend(self.item(&item)?);
            }
        }
        match chosen.iter().enumerate().find(|(i, column)| chosen[..*i].contains(column)) {
            Some((_, twice)) => Err(Error::new(format!("{}: `{}` is chosen twice", self.file, self.label(*twice)))),
            None => Ok(chosen),
        }
    }

    fn item(&self, item: &str) -> Result<Vec<usize>> {
        if self.places(item).next().is_some() {
            return Ok(vec![self.named(item)?]);
        }
        let number = |text: &str| text.trim().parse::<usize>().ok();
        let range = match item.split_once('-') {
            Some((from, to)) => number(from).zip(number(to)),
            None => number(item).map(|number| (number, number)),
        };
        match range {
            Some((from, to)) if 1 <= from && from <= to && to <= self.width => Ok((from - 1..to).collect()),
            Some(_) => Err(Error::new(format!("{}: `{item}` is beyond the columns 1 to {}", self.file, self.width))),
            None => Err(self.unknown(item)),
        }
    }

    fn places(&self, name: &str) -> impl Iterator<Item = usize> {
        (0..self.width).filter(move |column| self.name(*column) == Some(name))
    }

    /// The only column of this name.
    ///
    /// # Errors
    /// There is none, or there are several.
    pub fn named(&self, name: &str) -> Result<usize> {
        let places: Vec<usize> = self.places(name).collect();
        match places[..] {
            [] => Err(self.unknown(name)),
            [only] => Ok(only),
            _ => {
                let numbers: Vec<String> = places.iter().map(|place| (place + 1).to_string()).collect();
                let what = format!("columns {} all have the name `{name}`; choose by number, as in --columns 1-3,5", numbers.join(" and "));
                Err(Error::new(format!("{}: {what}", self.file)))
            }
        }
    }

    fn unknown(&self, name: &str) -> Error {
        let names: Vec<&str> = (0..self.width).filter_map(|column| self.name(column)).take(20).collect();
        let there = match names.is_empty() {
            true => format!("it has {} without names; choose by number", self.width),
            false => format!("there are {}", names.join(", ")),
        };
        Error::new(format!("{}: no column `{name}`: {there}", self.file))
    }
}
