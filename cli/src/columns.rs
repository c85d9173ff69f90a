//! What the columns of a table are like: what a fit has to know, and a page for the eye.

use std::collections::HashSet;
use std::fmt;

use crate::table::{Cell, Table};

/// Deviations of the middle half beyond which a value is told as an outlier.
pub const FAR: f64 = 1e3;
/// A column whose middle is this many deviations from 0 loses digits in `f32`.
const OFFSET: f64 = 1e4;

/// The kind of a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Hardly a cell is a number.
    Text,
    /// One value.
    Constant(f64),
    /// Two values.
    TwoValued,
    /// Values that repeat and lie on a grid of this step, such as integers or the readings of a coarse sensor.
    Stepped(f64),
    /// Anything else.
    Continuous,
}

/// What a column is like.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its place in the table, from 0.
    pub index: usize,
    /// Its name, or its number.
    pub label: String,
    /// Its kind.
    pub kind: Kind,
    /// Cells without a value.
    pub missing: usize,
    /// Cells with something else than a number, and what is wrong with the first.
    pub bad: usize,
    /// What is wrong with the first of them; empty where there is none.
    pub wrong: String,
    /// Different values.
    pub different: usize,
    /// The least number, the median and the greatest; NaN where there is none.
    pub range: [f64; 3],
    /// The scale of the middle of the numbers.
    pub spread: f64,
    /// Numbers that are [`FAR`] spreads from the median, and the line of the farthest.
    pub outliers: usize,
    /// The line of the farthest number.
    pub farthest: usize,
    /// Whether it counts the rows, up or down by 1.
    pub counts: bool,
}

impl Column {
    /// Looks at a column.
    pub fn of(table: &Table, index: usize) -> Self {
        let (mut numbers, mut missing, mut bad, mut wrong) = (vec![], 0, 0, String::new());
        for (line, cell) in table.cells(index) {
            match cell {
                Cell::Number(value) => numbers.push((value, line)),
                Cell::Missing(_) => missing += 1,
                Cell::Other(_) => {
                    if bad == 0 {
                        wrong = format!("line {line}: {cell}");
                    }
                    bad += 1;
                }
            }
        }
        let counts = numbers.len() > 2 && numbers.windows(2).all(|pair| (pair[1].0 - pair[0].0).abs() == 1.0) && {
            let step = numbers[1].0 - numbers[0].0;
            numbers.windows(2).all(|pair| pair[1].0 - pair[0].0 == step)
        };
        let mut sorted: Vec<f64> = numbers.iter().map(|(value, _)| *value).collect();
        sorted.sort_by(f64::total_cmp);
        let (median, spread) = middle(&sorted);
        let far = |value: f64| (value - median).abs();
        let farthest = numbers.iter().max_by(|a, b| far(a.0).total_cmp(&far(b.0))).map_or(0, |(_, line)| *line);
        let outliers = sorted.iter().filter(|value| far(**value) > FAR * spread).count();
        let range = [sorted.first().copied().unwrap_or(f64::NAN), median, sorted.last().copied().unwrap_or(f64::NAN)];
        let all = sorted.len();
        sorted.dedup();
        let kind = if all < bad { Kind::Text } else { kind(&sorted, all) };
        Column {
            index,
            label: table.label(index),
            kind,
            missing,
            bad,
            wrong,
            different: sorted.len(),
            range,
            spread,
            outliers,
            farthest,
            counts,
        }
    }

    /// What a user should know before a fit, in sentences.
    pub fn notes(&self) -> Vec<String> {
        let label = &self.label;
        let mut notes = vec![];
        match self.kind {
            Kind::Constant(value) => {
                notes.push(format!("`{label}` is {value} in every row: it is left out of the flow, and comes back in samples"))
            }
            Kind::TwoValued => notes.push(format!(
                "`{label}` has two values: its density says little; `--context {label}` gives the density of the others at each"
            )),
            Kind::Stepped(step) => {
                notes.push(format!(
                    "`{label}` moves in steps of {step}: training adds uniform noise of one step, without which its density has no bound"
                ));
            }
            Kind::Text | Kind::Continuous => {}
        }
        if self.outliers > 0 && !matches!(self.kind, Kind::Constant(_) | Kind::Text) {
            let count = self.outliers;
            notes.push(format!(
                "`{label}` has {count} values more than {FAR} spreads from the median, the farthest in line {}",
                self.farthest
            ));
        }
        if self.counts {
            notes.push(format!("`{label}` counts the rows; `--exclude {label}` leaves it out"));
        }
        if self.range[1].abs() > OFFSET * self.spread && self.spread > 0.0 {
            let ratio = self.range[1].abs() / self.spread;
            notes.push(format!("`{label}` lies {ratio:.0e} spreads from 0: f32 keeps few of its digits; subtract a constant"));
        }
        notes
    }
}

/// The median of sorted numbers, and the scale of their middle: half of the range of the middle half over that of a normal, or of more of them where that is 0.
pub fn middle(sorted: &[f64]) -> (f64, f64) {
    let Some(last) = sorted.len().checked_sub(1) else { return (f64::NAN, 0.0) };
    let at = |part: f64| sorted[(part * last as f64).round() as usize];
    // The quantiles of a standard normal at 0.75, 0.95, 0.995; at last, all there is.
    let scales = [(0.25, 0.6745), (0.05, 1.6449), (0.005, 2.5758), (0.0, 3.0)];
    let scale = scales.map(|(part, normal)| (at(1.0 - part) - at(part)) / (2.0 * normal)).into_iter().find(|scale| *scale > 0.0);
    (at(0.5), scale.unwrap_or(0.0))
}

/// The kind of a column with these different values, sorted, among `all` numbers.
fn kind(different: &[f64], all: usize) -> Kind {
    match different {
        [] => Kind::Text,
        [only] => Kind::Constant(*only),
        [_, _] => Kind::TwoValued,
        // Rounded numbers that hardly repeat are as good as continuous.
        _ if 2 * different.len() > all => Kind::Continuous,
        _ => step(different).map_or(Kind::Continuous, Kind::Stepped),
    }
}

/// The step of the grid that all values lie on, if it is one.
fn step(different: &[f64]) -> Option<f64> {
    let least = different.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
    // Decimal fractions are off their grid by the rounding of the largest.
    let slack = 1e-9 + 4.0 * f64::EPSILON * different.iter().fold(0.0, |most: f64, value| most.max(value.abs())) / least;
    let on_grid = |value: &f64| {
        let steps = (value - different[0]) / least;
        (steps - steps.round()).abs() <= slack * steps.abs().max(1.0)
    };
    (least > 0.0 && slack < 0.1 && different.iter().all(on_grid)).then(|| tidy(least))
}

/// The decimal number that a difference of two decimal numbers stands for.
fn tidy(x: f64) -> f64 {
    format!("{x:.6e}").parse().unwrap_or(x)
}

/// Rows that are equal, in these columns, to one before them.
pub fn repeated(rows: &[Vec<f64>]) -> usize {
    let mut seen = HashSet::new();
    rows.iter().filter(|row| !seen.insert(row.iter().map(|x| x.to_bits()).collect::<Vec<_>>())).count()
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Text => write!(f, "text"),
            Kind::Constant(_) => write!(f, "constant"),
            Kind::TwoValued => write!(f, "two values"),
            Kind::Stepped(step) if *step == 1.0 => write!(f, "integers"),
            Kind::Stepped(step) => write!(f, "steps of {step}"),
            Kind::Continuous => write!(f, "continuous"),
        }
    }
}

/// A page about all columns.
pub fn page(table: &Table, columns: &[Column]) -> String {
    let names = if table.has_names() { "a line of names" } else { "no names" };
    let mut page = format!("{}: {} rows, {} columns, {names}\n\n", table.file(), table.height(), table.width());
    let wide = columns.iter().map(|column| column.label.chars().count()).max().unwrap_or(0).clamp(4, 24);
    page += &format!(
        "{:>4}  {:wide$}  {:18}  {:>7}  {:>9}  {:>10}  {:>10}  {:>10}\n",
        "", "name", "kind", "missing", "different", "least", "median", "most"
    );
    for column in columns {
        let [least, median, most] = column.range.map(short);
        let label: String = column.label.chars().take(wide).collect();
        let missing = if column.bad > 0 { format!("{}+{}", column.missing, column.bad) } else { column.missing.to_string() };
        page += &format!(
            "{:>4}  {label:wide$}  {:18}  {missing:>7}  {:>9}  {least:>10}  {median:>10}  {most:>10}\n",
            column.index + 1,
            column.kind.to_string(),
            column.different
        );
    }
    page
}

/// A number in about ten places.
pub(crate) fn short(x: f64) -> String {
    match x {
        x if x.is_nan() => "-".into(),
        x if x != 0.0 && !(1e-3..1e7).contains(&x.abs()) => format!("{x:.3e}"),
        x => format!("{}", (x * 1e4).round() / 1e4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Kind> {
        let table = Table::of_bytes(text.as_bytes(), "t", &Default::default()).unwrap();
        (0..table.width()).map(|column| Column::of(&table, column).kind).collect()
    }

    #[test]
    fn kinds_are_found() {
        let rows: String =
            (0..40).map(|i| format!("{},{},{},{},7,{}\n", i % 5, f64::from(i % 8) * 0.1, i % 2, f64::from(i).sqrt(), "abc")).collect();
        let found = kinds(&format!("a,b,c,d,e,f\n{rows}"));
        assert_eq!(found, [Kind::Stepped(1.0), Kind::Stepped(0.1), Kind::TwoValued, Kind::Continuous, Kind::Constant(7.0), Kind::Text]);
    }

    /// Readings of a sensor of 12 bits, whose step is no decimal number.
    #[test]
    fn steps_of_any_size() {
        let rows: String = (0..4000).map(|i| format!("{}\n", f64::from(i * 37 % 400) * 5.0 / 4096.0)).collect();
        let [Kind::Stepped(step)] = kinds(&format!("v\n{rows}"))[..] else { panic!() };
        assert!((step - 5.0 / 4096.0).abs() < 1e-8);
    }

    #[test]
    fn outliers_do_not_set_the_scale() {
        let mut values: Vec<f64> = (0..999).map(|i| f64::from(i) / 100.0).collect();
        values.push(1e30);
        let (median, spread) = middle(&values);
        assert!((4.9..5.1).contains(&median) && (3.0..4.5).contains(&spread), "{median} {spread}");
        // Also where most values are one.
        let mut values = vec![0.0; 980];
        values.extend((0..20).map(f64::from));
        assert!(middle(&values).1 > 0.0);
    }
}
