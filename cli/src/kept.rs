//! What a fit leaves in the project's folder `fitted`.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::columns::short;
use crate::data::{Data, Row};
use crate::model::Model;
use crate::new::write;
use crate::plan::{Field, Plan};
use crate::select::Candidate;
use crate::{Error, Result};

/// Rows below a threshold from which on it is worth its name.
const ENOUGH: f64 = 10.0;
/// Rows of the self-test.
const TESTED: usize = 16;

/// A fitted flow and what is known of held-out rows.
pub struct Kept {
    /// The flow.
    pub model: Box<dyn Model>,
    /// Its candidate's name.
    pub name: String,
    /// The log-densities of held-out rows at up to 1,001 evenly spaced quantiles, the least first, in nats.
    pub quantiles: Vec<f64>,
    /// How many rows were held out.
    pub held_out: usize,
}

/// A threshold and what stands behind it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Threshold {
    /// The log-density in nats.
    pub value: f64,
    /// The share of held-out rows below.
    pub part: f64,
    /// Held-out rows.
    pub rows: usize,
}

impl Threshold {
    /// In a sentence, which tells where it is from too few rows.
    pub fn describe(&self) -> String {
        let below = self.part * self.rows as f64;
        let few = if below < ENOUGH { format!(": too few rows to rely on, of which {ENOUGH} should be below") } else { String::new() };
        format!("{:.4} nats: {} % of {} held-out rows, {below:.0}, are below{few}", self.value, short(100.0 * self.part), self.rows)
    }
}

/// The folder of a project.
pub fn folder(project: &Path) -> PathBuf {
    project.join("fitted")
}

/// A number as JSON, which has no infinities: these are words.
///
/// # Errors
/// NaN, with what is NaN.
pub fn figure(name: &str, x: f64) -> Result<Value> {
    match x {
        x if x.is_nan() => Err(Error::new(format!("{name} is not a number: nothing is written"))),
        x if x.is_infinite() => Ok(json!(if x < 0.0 { "-inf" } else { "inf" })),
        x => Ok(json!(x)),
    }
}

fn number(value: &Value) -> Option<f64> {
    match value.as_str() {
        Some("-inf") => Some(f64::NEG_INFINITY),
        Some("inf") => Some(f64::INFINITY),
        Some(_) => None,
        None => value.as_f64(),
    }
}

impl Kept {
    /// A flow with the log-densities of held-out rows.
    pub fn new(model: Box<dyn Model>, name: &str, log_probs: &[f64]) -> Self {
        let mut sorted = log_probs.to_vec();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len().saturating_sub(1);
        let places = last.min(1000);
        let quantiles = (0..=places).map(|i| sorted[(i as f64 / places.max(1) as f64 * last as f64).round() as usize]).collect();
        Kept { model, name: name.into(), quantiles, held_out: sorted.len() }
    }

    /// The log-density that a part of the held-out rows is below.
    ///
    /// # Errors
    /// A part of less than a row, or no part.
    pub fn threshold(&self, part: f64) -> Result<Threshold> {
        let rows = self.held_out;
        if !(0.0 < part && part < 1.0) {
            return Err(Error::new(format!("--quantile {part} is not between 0 and 1")));
        }
        if part * (rows as f64) < 1.0 {
            let least = 1.0 / rows as f64;
            return Err(Error::new(format!(
                "--quantile {part} of {rows} held-out rows is less than one row; from {least:.3} on there is one"
            )));
        }
        let place = part * (self.quantiles.len() - 1) as f64;
        let (low, high) = (self.quantiles[place.floor() as usize], self.quantiles[place.ceil() as usize]);
        let value = if low == high { low } else { low + (high - low) * place.fract() };
        Ok(Threshold { value, part, rows })
    }

    /// That of one row in a hundred, or of one row where there are not so many.
    ///
    /// # Errors
    /// As [`Kept::threshold`].
    pub fn usual_threshold(&self) -> Result<Threshold> {
        self.threshold((1.0 / self.held_out as f64).max(0.01))
    }

    /// Writes `flow.bin`, `flow.json` and `flow.rs`.
    ///
    /// # Errors
    /// A figure that is not a number, a parameter that is not finite, and those of the file system. All is made before the first file is written.
    pub fn write(&self, project: &Path, plan: &Plan, data: &Data, figures: &[(&str, f64)]) -> Result<()> {
        let quantiles = self.quantiles.iter().map(|x| figure("a held-out log-density", *x)).collect::<Result<Value>>()?;
        let figures =
            figures.iter().map(|(name, x)| Ok(((*name).to_string(), figure(name, *x)?))).collect::<Result<serde_json::Map<_, _>>>()?;
        let text = json!({ "candidate": self.name, "held_out": self.held_out, "quantiles": quantiles, "figures": figures });
        let (bytes, source) = (self.model.encode()?, self.source(plan, data)?);
        let folder = folder(project);
        write(&folder.join("flow.bin"), &bytes)?;
        write(&folder.join("flow.rs"), source.as_bytes())?;
        write(&folder.join("flow.json"), format!("{text:#}\n").as_bytes())
    }

    /// Reads what [`Kept::write`] wrote.
    ///
    /// # Errors
    /// A folder without a fit, and files that are not of this project.
    pub fn read(project: &Path, candidates: &[Candidate]) -> Result<Self> {
        let path = folder(project).join("flow.json");
        let text = fs::read_to_string(&path).map_err(|e| Error::of(&path, format!("{e}; fit first: cargo run --release")))?;
        let value: Value = serde_json::from_str(&text).map_err(|e| Error::of(&path, e))?;
        let broken = || Error::of(&path, "not the description of a flow");
        let quantiles: Option<Vec<f64>> = value["quantiles"].as_array().and_then(|all| all.iter().map(number).collect());
        let held_out = value["held_out"].as_u64().and_then(|rows| usize::try_from(rows).ok());
        let (Some(name), Some(quantiles), Some(held_out)) =
            (value["candidate"].as_str(), quantiles.filter(|all| !all.is_empty()), held_out)
        else {
            return Err(broken());
        };
        let candidate = candidates.iter().find(|candidate| candidate.name == name);
        let candidate = candidate.ok_or_else(|| Error::of(&path, format!("`{name}` is no candidate of this project")))?;
        let mut model = (candidate.empty)();
        let path = folder(project).join("flow.bin");
        let bytes = fs::read(&path).map_err(|e| Error::of(&path, e))?;
        model.decode(&bytes).map_err(|e| Error::of(&path, format!("{e}; fit anew: cargo run --release -- --force")))?;
        Ok(Kept { model, name: name.into(), quantiles, held_out })
    }

    /// A module for firmware: the flow in a `static`, and what it takes.
    fn source(&self, plan: &Plan, data: &Data) -> Result<String> {
        let threshold = self.usual_threshold()?;
        if !threshold.value.is_finite() {
            return Err(Error::new(
                "one held-out row in a hundred has a density too small for f32: no threshold can part such rows from odd ones",
            ));
        }
        let names = |fields: &[Field]| fields.iter().map(|field| format!("{:?}", field.label())).collect::<Vec<_>>().join(", ");
        let floats = |values: &mut dyn Iterator<Item = f64>| values.map(|x| format!("{:?}", x as f32)).collect::<Vec<_>>().join(", ");
        let tests = data.held_out.iter().take(TESTED).map(|Row { values, .. }| {
            let (context, x) = values.split_at(data.contexts);
            let bits = (self.model.log_prob(x, context) as f32).to_bits();
            format!("([{}], [{}], {bits:#010x}), ", floats(&mut x.iter().copied()), floats(&mut context.iter().copied()))
        });
        let tests: Vec<String> = tests.collect();
        let standards = &data.standards[data.contexts..];
        let mut text = format!("//! The flow that was fitted to {}, written by the fit.\n\n", plan.data.display());
        let _ = write!(
            text,
            "use super::shape::{{C, D, Fitted, {name}}};\n\n\
             #[rustfmt::skip]\n#[allow(clippy::approx_constant, clippy::excessive_precision)]\npub static FLOW: Fitted<{name}> = {source};\n\n\
             /// The log-density below which a row is odd, {threshold}.\n#[allow(clippy::approx_constant, clippy::excessive_precision)]\npub const THRESHOLD: f32 = {value:?};\n\n\
             /// The columns that it takes, and those that are given, in their order.\n#[rustfmt::skip]\npub const COLUMNS: [&str; D] = [{columns}];\n\
             #[rustfmt::skip]\npub const CONTEXT: [&str; C] = [{context}];\n\n\
             /// Centre and scale of each column, over the rows of the fit.\n#[rustfmt::skip]\n#[allow(clippy::approx_constant, clippy::excessive_precision)]\npub const CENTRE: [f32; D] = [{centres}];\n\
             #[rustfmt::skip]\n#[allow(clippy::approx_constant, clippy::excessive_precision)]\npub const SCALE: [f32; D] = [{scales}];\n\n\
             /// Held-out rows, what is given for each, and the bits of their log-densities: the same on every machine.\n\
             #[rustfmt::skip]\n#[allow(clippy::approx_constant, clippy::excessive_precision)]\npub const SELF_TEST: [([f32; D], [f32; C], u32); {count}] = [{tests}];\n",
            name = self.name,
            source = self.model.source(),
            threshold = threshold.describe(),
            value = threshold.value as f32,
            columns = names(&plan.columns),
            context = names(&plan.context),
            centres = floats(&mut standards.iter().map(|standard| standard.centre)),
            scales = floats(&mut standards.iter().map(|standard| standard.scale)),
            count = tests.len(),
            tests = tests.concat(),
        );
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_never_null() {
        assert!(figure("the NLL", f64::NAN).unwrap_err().to_string().contains("the NLL is not a number"));
        for x in [f64::NEG_INFINITY, f64::INFINITY, -1.5, 1e300] {
            assert_eq!(number(&figure("x", x).unwrap()), Some(x));
        }
        assert_eq!(number(&Value::Null), None);
    }
}
