//! What stands between cells, and inside numbers.

use super::{Cell, Row, number};
use crate::{Error, Result};

/// Delimiters that are tried, in this order: a comma may be a decimal mark, a blank part of a name.
const CANDIDATES: [u8; 5] = [b'\t', b';', b'|', b',', b' '];

/// The text and its delimiter. Where blanks part cells, several in a row are one.
pub(super) fn delimited(text: String, named: Option<&str>, comment: u8, notes: &mut Vec<String>) -> Result<(String, u8)> {
    let delimiter = match named {
        Some(name) => by_name(name)?,
        None => guess(&text, comment),
    };
    if named.is_none() && delimiter != b',' {
        notes.push(format!("cells are parted by {}; --delimiter names another", words(delimiter)));
    }
    if delimiter != b' ' || text.contains('"') {
        return Ok((text, delimiter));
    }
    let lines = text.split('\n').map(|line| line.split_ascii_whitespace().collect::<Vec<_>>().join(" "));
    Ok((lines.collect::<Vec<_>>().join("\n"), b' '))
}

/// A delimiter in words.
fn words(delimiter: u8) -> String {
    match delimiter {
        b'\t' => "tabs".into(),
        b';' => "semicolons".into(),
        b' ' => "blanks".into(),
        other => format!("`{}`", char::from(other)),
    }
}

fn by_name(name: &str) -> Result<u8> {
    match (name, name.as_bytes()) {
        ("\\t" | "tab", _) => Ok(b'\t'),
        ("space" | "blank", _) => Ok(b' '),
        ("comma", _) => Ok(b','),
        ("semicolon", _) => Ok(b';'),
        (_, [byte]) if byte.is_ascii() && !b"\"\n\r".contains(byte) => Ok(*byte),
        _ => Err(Error::new(format!("--delimiter `{name}`: one character of ASCII, `tab` or `space` is expected"))),
    }
}

/// The first candidate that nine of ten lines have as often as most do.
fn guess(text: &str, comment: u8) -> u8 {
    let lines = text.split('\n').filter(|line| !line.trim().is_empty() && line.as_bytes()[0] != comment).take(100);
    let counts = lines.map(|line| CANDIDATES.map(|delimiter| count(line, delimiter))).collect::<Vec<_>>();
    // The names may be one fewer, and may hold anything.
    let rows = if counts.len() > 1 { &counts[1..] } else { &counts[..] };
    let steady = |place: &usize| {
        let most = mode(rows.iter().map(|counts| counts[*place]));
        most > 0 && 10 * rows.iter().filter(|counts| counts[*place] == most).count() >= 9 * rows.len()
    };
    (0..CANDIDATES.len()).find(steady).map_or(b',', |place| CANDIDATES[place])
}

/// How often a line holds a delimiter outside of quotes; runs of blanks inside it are one.
fn count(line: &str, delimiter: u8) -> usize {
    let line = line.trim_matches(' ').as_bytes();
    let (mut quoted, mut count) = (false, 0);
    for (i, byte) in line.iter().enumerate() {
        quoted ^= *byte == b'"';
        count += usize::from(*byte == delimiter && !quoted && !(delimiter == b' ' && line[i - 1] == b' '));
    }
    count
}

/// The most frequent of some counts, the larger of two; 0 for none.
fn mode(counts: impl Iterator<Item = usize>) -> usize {
    let mut tally = std::collections::BTreeMap::new();
    for count in counts {
        *tally.entry(count).or_insert(0usize) += 1;
    }
    tally.into_iter().max_by_key(|(_, times)| *times).map_or(0, |(count, _)| count)
}

/// Cells a row, as most rows have them.
pub(super) fn width(rows: &[Row]) -> usize {
    mode(rows.iter().map(|row| row.cells.len()))
}

/// Drops an empty last cell that all rows have, but the first, which may hold names; tells whether they had.
pub(super) fn drop_trailing(rows: &mut [Row], notes: &mut Vec<String>) -> bool {
    let Some((first, rest)) = rows.split_first_mut() else { return false };
    let width = if rest.is_empty() { first.cells.len() } else { width(rest) };
    let ends = |row: &Row| row.cells.len() == width && row.cells.last().is_some_and(String::is_empty);
    // A name above the empty cells makes them a column.
    let named = first.cells.len() == width && !ends(first);
    if width < 2 || named || rest.iter().any(|row| row.cells.len() == width && !ends(row)) {
        return false;
    }
    for row in rest.iter_mut().chain([first]) {
        if row.cells.len() == width && row.cells.last().is_some_and(String::is_empty) {
            row.cells.pop();
        }
    }
    notes.push("a delimiter ends each line".into());
    true
}

/// Whether numbers have a comma for their mark: where some are numbers only so, and none has a point.
pub(super) fn decimal_comma(rows: &[Row], delimiter: u8, named: Option<&str>, notes: &mut Vec<String>) -> bool {
    match named {
        Some(mark) => return mark == ",",
        None if delimiter == b',' => return false,
        None => {}
    }
    let cells = || rows.iter().take(1000).flat_map(|row| &row.cells);
    let with = |mark: char, comma: bool| {
        cells().filter(|cell| cell.contains(mark)).any(|cell| matches!(number::read(cell, comma), Cell::Number(_)))
    };
    let comma = with(',', true) && !with('.', false);
    if comma {
        notes.push("numbers have decimal commas; --decimal . says otherwise".into());
    }
    comma
}
