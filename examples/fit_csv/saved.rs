//! What a fit leaves for later: the weights, and what they are of.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::instance::{Model, model};
use crate::table::Table;

/// A column of the file that was fitted.
#[derive(Clone)]
pub struct Column {
    pub name: String,
    /// Its place in the file, from 0.
    pub index: usize,
}

/// A trained flow and its columns.
pub struct Saved {
    pub model: Box<dyn Model>,
    pub columns: Vec<Column>,
    pub context: Vec<Column>,
    /// Whether the file had a line of names.
    pub named: bool,
    /// The log-densities of held-out rows at 1,001 evenly spaced quantiles, the least first, in nats.
    pub quantiles: Vec<f64>,
}

impl Saved {
    /// Writes `flow.bin`, `flow.json` and `flow.rs`.
    pub fn write(&self, directory: &Path) -> Result<(), String> {
        let write = |name: &str, bytes: &[u8]| {
            let path = directory.join(name);
            fs::write(&path, bytes).map_err(|e| format!("{}: {e}", path.display()))
        };
        let columns = |columns: &[Column]| columns.iter().map(|c| json!({ "name": c.name, "index": c.index })).collect::<Value>();
        let description = json!({
            "columns": columns(&self.columns),
            "context": columns(&self.context),
            "named": self.named,
            "quantiles": self.quantiles,
        });
        write("flow.bin", &self.model.encode()?)?;
        write("flow.json", format!("{description:#}\n").as_bytes())?;
        write("flow.rs", self.source().as_bytes())
    }

    /// A module for firmware: the flow in a `static`, and what it takes.
    fn source(&self) -> String {
        let names = |columns: &[Column]| columns.iter().map(|column| format!("{:?}", column.name)).collect::<Vec<_>>().join(", ");
        let places = |columns: &[Column]| columns.iter().map(|column| column.index).collect::<Vec<_>>();
        let [flow, weights] = self.model.source();
        format!(
            "use ::gaussflow::*;\n\n\
             pub type Fitted = {flow};\n\
             /// The density of {}{}{}.\npub static FLOW: Fitted = {weights};\n\
             /// The columns' places in the file, from 0: those it takes, and those of its context.\n\
             pub const COLUMNS: &[usize] = &{:?};\npub const CONTEXT: &[usize] = &{:?};\n",
            names(&self.columns),
            if self.context.is_empty() { "" } else { " given " },
            names(&self.context),
            places(&self.columns),
            places(&self.context),
        )
    }

    pub fn read(directory: &Path) -> Result<Self, String> {
        let path = directory.join("flow.json");
        let broken = |what: &str| format!("{}: {what}", path.display());
        let text = fs::read_to_string(&path).map_err(|e| broken(&e.to_string()))?;
        let description: Value = serde_json::from_str(&text).map_err(|e| broken(&e.to_string()))?;
        let columns = |key: &str| -> Option<Vec<Column>> {
            let column = |c: &Value| Some(Column { name: c["name"].as_str()?.into(), index: usize::try_from(c["index"].as_u64()?).ok()? });
            description[key].as_array()?.iter().map(column).collect()
        };
        let quantiles: Option<Vec<f64>> = description["quantiles"].as_array().and_then(|all| all.iter().map(Value::as_f64).collect());
        let (Some(columns), Some(context), Some(named), Some(quantiles)) =
            (columns("columns"), columns("context"), description["named"].as_bool(), quantiles)
        else {
            return Err(broken("not the description of a flow"));
        };
        let Some(mut model) = model(columns.len(), context.len()) else {
            return Err(broken(&format!("no flow of {} columns and {} context columns", columns.len(), context.len())));
        };
        let path = directory.join("flow.bin");
        let bytes = fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        model.decode(&bytes).map_err(|e| format!("{}: {e}", path.display()))?;
        Ok(Saved { model, columns, context, named, quantiles })
    }

    /// The `part` quantile of the held-out log-densities, between two of them by a line.
    pub fn quantile(&self, part: f64) -> Option<f64> {
        let place = part * (self.quantiles.len().checked_sub(1)? as f64);
        let (low, high) = (self.quantiles.get(place.floor() as usize)?, self.quantiles.get(place.ceil() as usize)?);
        Some(low + (high - low) * place.fract())
    }

    /// Where these columns are in another file: by name where both files have names, else by place.
    pub fn find(&self, columns: &[Column], table: &Table) -> Result<Vec<usize>, String> {
        let find = |column: &Column| match () {
            () if self.named && table.has_names() => table.column(&column.name),
            () if column.index < table.width() => Ok(column.index),
            () => Err(format!("{}: {} columns where `{}` is number {}", table.file(), table.width(), column.name, column.index + 1)),
        };
        columns.iter().map(find).collect()
    }
}
