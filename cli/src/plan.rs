//! What a project knows of its table: `table.json`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::table::{Numbers, Reading, Table};
use crate::{Error, Result};

/// A column of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name; empty where it has none, and is found by its place.
    pub name: String,
    /// Its place in the table, from 0.
    pub index: usize,
}

impl Field {
    /// The name, or the number.
    pub fn label(&self) -> String {
        if self.name.is_empty() { format!("column {}", self.index + 1) } else { self.name.clone() }
    }
}

/// A table and what is to be done with its columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The file.
    pub data: PathBuf,
    /// How it is read.
    pub reading: Reading,
    /// The columns that are modelled.
    pub columns: Vec<Field>,
    /// The columns that are given.
    pub context: Vec<Field>,
    /// Columns of one value, which samples get back.
    pub constants: Vec<(Field, f64)>,
    /// Grid steps of the modelled columns; 0 for none.
    pub steps: Vec<f64>,
    /// The compiler's name of the board's target.
    pub target: String,
}

/// The file's name.
const FILE: &str = "table.json";

impl Plan {
    /// Writes it into a project.
    ///
    /// # Errors
    /// Of the file system.
    pub fn write(&self, project: &Path) -> Result<()> {
        let field = |field: &Field| json!({ "name": field.name, "index": field.index });
        let fields = |fields: &[Field]| fields.iter().map(field).collect::<Value>();
        let Reading { delimiter, header, decimal, comment, encoding, skip_bad_rows } = &self.reading;
        let text = json!({
            "data": self.data.to_string_lossy(),
            "reading": { "delimiter": delimiter, "header": header, "decimal": decimal, "comment": comment, "encoding": encoding, "skip_bad_rows": skip_bad_rows },
            "columns": fields(&self.columns),
            "context": fields(&self.context),
            "constants": self.constants.iter().map(|(column, value)| json!({ "name": column.name, "index": column.index, "value": value })).collect::<Value>(),
            "steps": self.steps,
            "target": self.target,
        });
        let path = project.join(FILE);
        fs::write(&path, format!("{text:#}\n")).map_err(|e| Error::of(&path, e))
    }

    /// Reads that of a project.
    ///
    /// # Errors
    /// Of the file system, and [`Error`] where something is missing in the file.
    pub fn read(project: &Path) -> Result<Self> {
        let path = project.join(FILE);
        let text = fs::read_to_string(&path).map_err(|e| Error::of(&path, e))?;
        let value: Value = serde_json::from_str(&text).map_err(|e| Error::of(&path, e))?;
        Self::of(&value).ok_or_else(|| Error::of(&path, "not the description of a table, as `gaussflow new` writes it"))
    }

    fn of(value: &Value) -> Option<Self> {
        let field =
            |value: &Value| Some(Field { name: value["name"].as_str()?.into(), index: usize::try_from(value["index"].as_u64()?).ok()? });
        let fields = |key: &str| value[key].as_array()?.iter().map(field).collect::<Option<Vec<Field>>>();
        let reading = &value["reading"];
        let word = |key: &str| reading[key].as_str().map(String::from);
        Some(Plan {
            data: value["data"].as_str()?.into(),
            reading: Reading {
                delimiter: word("delimiter"),
                header: word("header"),
                decimal: word("decimal"),
                comment: word("comment").and_then(|word| word.chars().next()),
                encoding: word("encoding"),
                skip_bad_rows: reading["skip_bad_rows"].as_bool()?,
            },
            columns: fields("columns")?,
            context: fields("context")?,
            constants: value["constants"]
                .as_array()?
                .iter()
                .map(|value| Some((field(value)?, value["value"].as_f64()?)))
                .collect::<Option<_>>()?,
            steps: value["steps"].as_array()?.iter().map(Value::as_f64).collect::<Option<_>>()?,
            target: value["target"].as_str()?.into(),
        })
    }

    /// The context's columns, then those that are modelled.
    pub fn both(&self) -> Vec<Field> {
        [&self.context[..], &self.columns[..]].concat()
    }

    /// Where columns of the plan are in a table: by name where both have one, else by place.
    ///
    /// # Errors
    /// A column that is not there, or a name that two have.
    pub fn find(&self, fields: &[Field], table: &Table) -> Result<Vec<usize>> {
        let find = |field: &Field| match () {
            () if !field.name.is_empty() && table.has_names() => table.named(&field.name),
            () if field.index < table.width() => Ok(field.index),
            () => Err(Error::new(format!(
                "{}: {} columns, where `{}` is number {}",
                table.file(),
                table.width(),
                field.label(),
                field.index + 1
            ))),
        };
        fields.iter().map(find).collect()
    }

    /// The numbers of a table's rows: the context's, then the others.
    ///
    /// # Errors
    /// Those of [`Plan::find`] and [`Table::numbers`].
    pub fn numbers(&self, table: &Table) -> Result<Numbers> {
        table.numbers(&self.find(&self.both(), table)?, self.reading.skip_bad_rows)
    }
}
