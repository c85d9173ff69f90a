//! From bytes to rows of cells.

use std::io::Read;
use std::path::Path;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::Row;
use crate::{Error, Result};

/// A file, or standard input for `-`.
pub(super) fn bytes(path: &Path) -> Result<Vec<u8>> {
    if path != Path::new("-") {
        return std::fs::read(path).map_err(|e| Error::of(path, e));
    }
    let mut bytes = vec![];
    std::io::stdin().read_to_end(&mut bytes).map_err(|e| Error::new(format!("standard input: {e}")))?;
    Ok(bytes)
}

/// The text with each line's end a line feed.
pub(super) fn decode(bytes: &[u8], named: Option<&str>, notes: &mut Vec<String>) -> std::result::Result<String, String> {
    let encoding = match named {
        Some(name) => {
            let label = if name.eq_ignore_ascii_case("utf-16") { "utf-16le" } else { name };
            Encoding::for_label(label.as_bytes()).ok_or_else(|| format!("no encoding has the name `{name}`"))?
        }
        None => guess(bytes),
    };
    // A mark at the start outweighs the name.
    let (text, found, broken) = encoding.decode(bytes);
    if broken {
        return Err(format!("the bytes are not {}; --encoding names another, such as latin1", found.name()));
    }
    if named.is_none() && found != UTF_8 {
        notes.push(format!("read as {}; --encoding names another", found.name()));
    }
    // Excel says so to itself.
    let text = text.strip_prefix("sep=").and_then(|rest| rest.split_once('\n')).map_or(&*text, |(_, rest)| rest);
    Ok(text.replace("\r\n", "\n").replace('\r', "\n"))
}

/// UTF-16 has a zero in every second byte of what is mostly ASCII; what is not UTF-8 is mostly Latin-1 or its extension by Windows.
fn guess(bytes: &[u8]) -> &'static Encoding {
    let start = &bytes[..bytes.len().min(1000)];
    let zeros = |from: usize| start.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    let half = start.len() / 2;
    match (zeros(0), zeros(1)) {
        (_, odd) if half > 0 && 2 * odd > half => UTF_16LE,
        (even, _) if half > 0 && 2 * even > half => UTF_16BE,
        _ if std::str::from_utf8(bytes).is_ok() => UTF_8,
        _ => WINDOWS_1252,
    }
}

/// The rows with their lines, without blank lines and comments; cells are trimmed.
pub(super) fn rows(text: &str, delimiter: u8, comment: u8, notes: &mut Vec<String>) -> std::result::Result<Vec<Row>, String> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .delimiter(delimiter)
        .comment(Some(comment))
        .terminator(csv::Terminator::Any(b'\n'))
        .from_reader(text.as_bytes());
    let (mut rows, mut record) = (vec![], csv::StringRecord::new());
    let (mut seen, mut line, mut comments) = (0, 1, 0);
    loop {
        // The reader's own count of lines is that of the blank ones and comments before a row: they are skipped here.
        let mut start = reader.position().byte() as usize;
        while let Some(rest) = text.get(start..).filter(|rest| rest.starts_with('\n') || rest.as_bytes().first() == Some(&comment)) {
            comments += usize::from(!rest.starts_with('\n'));
            start += rest.find('\n').map_or(rest.len(), |end| end + 1);
        }
        line += text.get(seen..start).unwrap_or_default().matches('\n').count();
        seen = start;
        if !reader.read_record(&mut record).map_err(|e| format!("line {line}: {e}"))? {
            break;
        }
        if record.len() > 1 || record.get(0).is_some_and(|cell| !cell.is_empty()) {
            rows.push(Row { line, cells: record.iter().map(String::from).collect() });
        }
    }
    if comments > 0 {
        let mark = char::from(comment);
        notes.push(format!("{comments} lines that begin with `{mark}` are comments; --comment names another character"));
    }
    Ok(rows)
}
