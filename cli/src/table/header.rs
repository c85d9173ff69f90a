//! Whether the first row holds names.

use super::{Cell, Row, number};

/// Rows that are looked at below the first.
const LOOK: usize = 50;

/// Takes the first row away where it holds names.
pub(super) fn take(rows: &mut Vec<Row>, said: Option<&str>, decimal_comma: bool, notes: &mut Vec<String>) -> Option<Row> {
    let named = match said {
        Some("yes") => true,
        Some("no") => false,
        _ => guess(rows, decimal_comma, notes),
    };
    (named && !rows.is_empty()).then(|| rows.remove(0))
}

fn guess(rows: &[Row], decimal_comma: bool, notes: &mut Vec<String>) -> bool {
    let Some((first, rest)) = rows.split_first() else { return false };
    let kind = |row: &Row, column: usize| number::read(row.cells.get(column).map_or("", String::as_str), decimal_comma).is();
    let rest = &rest[..rest.len().min(LOOK)];
    let width = first.cells.len();
    let numbers = (0..width).filter(|column| kind(first, *column) == Is::Number).count();
    let words = (0..width).filter(|column| kind(first, *column) == Is::Word).count();
    if numbers == 0 {
        return words > 0;
    }
    // A word above numbers is a name.
    let name = |column: &usize| {
        let below = rest.iter().filter(|row| kind(row, *column) == Is::Number).count();
        kind(first, *column) == Is::Word && 2 * below > rest.len()
    };
    let line = first.line;
    if (0..width).any(|column| name(&column)) {
        notes.push(format!("line {line} is taken for names, some of which are numbers; --header no makes it a row"));
        return true;
    }
    if words == 0 && looks_like_names(first, rest, decimal_comma) {
        notes.push(format!("line {line} holds numbers and is taken for a row; if they are names, say --header yes"));
    }
    false
}

/// Whole numbers that count up or are all different, above others that are not whole.
fn looks_like_names(first: &Row, rest: &[Row], decimal_comma: bool) -> bool {
    let whole = |cell: &String| match number::read(cell, decimal_comma) {
        Cell::Number(value) if value.fract() == 0.0 => Some(value),
        _ => None,
    };
    let Some(mut values) = first.cells.iter().map(whole).collect::<Option<Vec<f64>>>() else { return false };
    let counts = values.len() > 1 && values.windows(2).all(|pair| pair[1] == pair[0] + 1.0);
    values.sort_by(f64::total_cmp);
    let different = values.windows(2).all(|pair| pair[0] < pair[1]);
    let broken =
        rest.iter().flat_map(|row| &row.cells).any(|cell| matches!(number::read(cell, decimal_comma), Cell::Number(x) if x.fract() != 0.0));
    different && broken || counts
}

#[derive(PartialEq)]
enum Is {
    Number,
    Word,
    Nothing,
}

impl Cell<'_> {
    fn is(&self) -> Is {
        match self {
            Cell::Number(_) => Is::Number,
            Cell::Missing(_) => Is::Nothing,
            Cell::Other(_) => Is::Word,
        }
    }
}
