//! Tables as they are in the world: each kind that was met, and what the tool says to it.

use std::fs;
use std::path::PathBuf;
use std::process::Output;

use assert_cmd::Command;
use tempfile::TempDir;

/// A folder with a table.
struct Case {
    folder: TempDir,
}

impl Case {
    fn new(bytes: impl AsRef<[u8]>) -> Self {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("t.csv"), bytes).unwrap();
        Case { folder }
    }

    fn tool(&self) -> Command {
        let mut tool = Command::cargo_bin("gaussflow").unwrap();
        tool.current_dir(self.folder.path());
        tool
    }

    fn columns(&self, options: &[&str]) -> Said {
        Said(self.tool().args(["columns", "t.csv"]).args(options).output().unwrap())
    }

    fn create(&self, options: &[&str]) -> Said {
        Said(self.tool().args(["new", "p", "--data", "t.csv"]).args(options).output().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn plan(&self) -> serde_json::Value {
        serde_json::from_str(&fs::read_to_string(self.path("p/table.json")).unwrap()).unwrap()
    }

    /// The names of the modelled columns.
    fn modelled(&self) -> Vec<String> {
        self.plan()["columns"].as_array().unwrap().iter().map(|column| column["name"].as_str().unwrap().to_string()).collect()
    }
}

/// What the tool said.
struct Said(Output);

impl Said {
    #[track_caller]
    fn fine(self, words: &[&str]) -> String {
        let (out, err) = (String::from_utf8_lossy(&self.0.stdout).into_owned(), String::from_utf8_lossy(&self.0.stderr));
        assert!(self.0.status.success(), "{out}{err}");
        for word in words {
            assert!(out.contains(word), "no `{word}` in\n{out}");
        }
        out
    }

    #[track_caller]
    fn refused(self, words: &[&str]) {
        let err = String::from_utf8_lossy(&self.0.stderr);
        assert_eq!(self.0.status.code(), Some(2), "{}{err}", String::from_utf8_lossy(&self.0.stdout));
        for word in words {
            assert!(err.contains(word), "no `{word}` in\n{err}");
        }
    }
}

/// Rows of numbers that vary, with `delimiter` between them.
fn rows(width: usize, count: usize, delimiter: &str) -> String {
    let cell =
        |row: usize, column: usize| format!("{:.3}", ((row * (7 + column) + column * column) % 101) as f64 * 0.377 + row as f64 * 1e-3);
    (0..count).map(|row| (0..width).map(|column| cell(row, column)).collect::<Vec<_>>().join(delimiter) + "\n").collect()
}

#[test]
fn a_name_of_two_columns_is_refused() {
    let case = Case::new(format!("x,y,x\n{}", rows(3, 60, ",")));
    case.create(&[]).refused(&["columns 1 and 3", "`x`", "by number"]);
    case.create(&["--columns", "x"]).refused(&["columns 1 and 3"]);
    case.create(&["--columns", "2,3"]).fine(&["columns    2"]);
    // Found by its place, then.
    assert_eq!(case.modelled(), ["y", ""]);
}

#[test]
fn an_unnamed_index_is_left_out() {
    let table: String = rows(2, 60, ",").lines().enumerate().map(|(i, row)| format!("{i},{row}\n")).collect();
    let case = Case::new(format!(",a,b\n{table}"));
    case.create(&[]).fine(&["index", "left out", "columns    2"]);
    assert_eq!(case.modelled(), ["a", "b"]);
    // R writes one name less.
    let case = Case::new(format!("a,b\n{table}"));
    case.create(&[]).fine(&["a name less", "columns    2"]);
    assert_eq!(case.modelled(), ["a", "b"]);
}

#[test]
fn a_column_that_counts_the_rows_is_told() {
    let table: String = rows(2, 60, ",").lines().enumerate().map(|(i, row)| format!("{i},{row}\n")).collect();
    Case::new(format!("id,a,b\n{table}")).columns(&[]).fine(&["`id` counts the rows", "--exclude id"]);
}

#[test]
fn names_may_be_numbers() {
    let case = Case::new(format!("0,1,2\n{}", rows(3, 60, ",")));
    case.columns(&[]).fine(&["61 rows", "if they are names, say --header yes"]);
    case.columns(&["--header", "yes"]).fine(&["60 rows", "a line of names"]);
    case.create(&["--header", "yes", "--columns", "0,2"]).fine(&["columns    2"]);
    assert_eq!(case.modelled(), ["0", "2"]);
    let case = Case::new(format!("pop,2019,2020\n{}", rows(3, 60, ",")));
    case.columns(&[]).fine(&["60 rows", "taken for names, some of which are numbers", "2019"]);
    Case::new("1,x,2\n3,4,5\n6,7,8\n").columns(&["--header", "no"]).fine(&["3 rows", "no names"]);
}

#[test]
fn delimiters_are_found_or_named() {
    for (delimiter, name, words) in [
        (";", ";", "semicolons"),
        ("\t", "\\t", "tabs"),
        ("\t", "tab", "tabs"),
        ("|", "|", "`|`"),
        (" ", "space", "blanks"),
        ("   ", "space", "blanks"),
    ] {
        let case = Case::new(format!("a{delimiter}b\n{}", rows(2, 20, delimiter)));
        case.columns(&[]).fine(&["20 rows, 2 columns", words]);
        case.columns(&["--delimiter", name]).fine(&["20 rows, 2 columns"]);
    }
    Case::new("a,b\n1,2\n").columns(&["--delimiter", ";;"]).refused(&["one character"]);
}

#[test]
fn decimal_commas() {
    let table = rows(2, 60, ";").replace('.', ",");
    Case::new(format!("a;b\n{table}")).columns(&[]).fine(&["decimal commas", "continuous"]);
    Case::new(format!("a;b\n{table}")).columns(&["--decimal", "."]).fine(&["text"]);
    let case = Case::new(format!("a;b\n1.5;2\n{table}"));
    case.create(&[]).refused(&["no column of numbers", "line 3", "--decimal ,"]);
}

#[test]
fn comments_and_blank_lines() {
    let case = Case::new(format!("# made by hand\na,b\n\n1,2\n# more\n\n{}x,1\n", rows(2, 60, ",")));
    case.columns(&[]).fine(&["62 rows", "2 lines that begin with `#`"]);
    case.create(&[]).refused(&["line 67"]);
    Case::new(format!("% note\na,b\n{}", rows(2, 20, ","))).columns(&["--comment", "%"]).fine(&["20 rows"]);
}

#[test]
fn trailing_delimiters() {
    let table = rows(2, 60, ",").replace('\n', ",\n");
    Case::new(format!("a,b,\n{table}")).columns(&[]).fine(&["2 columns", "a delimiter ends each line"]);
    Case::new(format!("a,b\n{table}")).columns(&[]).fine(&["2 columns", "a delimiter ends each line"]);
    Case::new(table).columns(&[]).fine(&["2 columns", "no names"]);
    // A name makes it a column, all of whose cells are missing.
    Case::new(format!("a,b,c\n{}", rows(2, 60, ",").replace('\n', ",\n"))).columns(&[]).fine(&["3 columns"]);
}

#[test]
fn encodings() {
    let text = format!("größe,b\n{}", rows(2, 60, ","));
    let utf16 = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    let latin: Vec<u8> = text.chars().map(|c| c as u8).collect();
    let with_mark = |mark: &[u8], rest: &[u8]| [mark, rest].concat();
    for bytes in [
        text.clone().into_bytes(),
        with_mark(b"\xef\xbb\xbf", text.as_bytes()),
        with_mark(b"\xff\xfe", &utf16(u16::to_le_bytes)),
        with_mark(b"\xfe\xff", &utf16(u16::to_be_bytes)),
        utf16(u16::to_le_bytes),
        utf16(u16::to_be_bytes),
        latin.clone(),
    ] {
        Case::new(bytes).columns(&[]).fine(&["größe", "60 rows, 2 columns"]);
    }
    Case::new(&latin).columns(&["--encoding", "latin1"]).fine(&["größe"]);
    Case::new(&latin).columns(&["--encoding", "utf-8"]).refused(&["not UTF-8"]);
    Case::new(&latin).columns(&["--encoding", "klingon"]).refused(&["klingon"]);
}

#[test]
fn standard_input() {
    let case = Case::new("");
    let table = format!("a,b\n{}", rows(2, 60, ","));
    let out = case.tool().args(["columns", "-"]).write_stdin(table.clone()).output().unwrap();
    Said(out).fine(&["standard input: 60 rows, 2 columns"]);
    let out = case.tool().args(["new", "p", "--data", "-"]).write_stdin(table.clone()).output().unwrap();
    Said(out).fine(&["columns    2"]);
    assert_eq!(fs::read_to_string(case.path("p/data.csv")).unwrap(), table);
    assert_eq!(case.plan()["data"], "data.csv");
}

#[test]
fn columns_by_name_number_and_range() {
    let case = Case::new(format!("\"a,b\",c,1-2,d,e\n{}", rows(5, 60, ",")));
    case.create(&["--columns", "a,b"]).fine(&["columns    1"]);
    assert_eq!(case.modelled(), ["a,b"]);
    for (options, modelled) in [
        (&["--columns", "\"a,b\",c"][..], &["a,b", "c"][..]),
        (&["--columns", "c", "--columns", "a,b"], &["c", "a,b"]),
        // A name before a range.
        (&["--columns", "1-2,d"], &["1-2", "d"]),
        (&["--columns", "2-4,1"], &["c", "1-2", "d", "a,b"]),
        (&["--exclude", "1,4-5"], &["c", "1-2"]),
        (&["--context", "d,e"], &["a,b", "c", "1-2"]),
    ] {
        case.create(&[&["--force"], options].concat()).fine(&[]);
        assert_eq!(case.modelled(), modelled, "{options:?}");
    }
    for (options, words) in [
        (&["--columns", "z"][..], "no column `z`: there are a,b, c"),
        (&["--columns", "4-6"], "beyond the columns 1 to 5"),
        (&["--columns", "0"], "beyond the columns 1 to 5"),
        (&["--columns", "c,2"], "chosen twice"),
        (&["--columns", "c,d", "--context", "d"], "both modelled and given"),
        (&["--columns", "c", "--exclude", "2"], "no column of numbers"),
    ] {
        case.create(&[&["--force"], options].concat()).refused(&[words]);
    }
}

/// The line of a bad cell is that of the file, whatever ends lines.
#[test]
fn lines_are_those_of_the_file() {
    let text = format!("a,b\n\n{}1,bad\n", rows(2, 60, ","));
    for end in ["\n", "\r\n", "\r"] {
        Case::new(text.replace('\n', end)).create(&[]).refused(&["line 63, column 2 (`b`): `bad` is not a finite number"]);
    }
    // Quotes may hold line ends.
    let text = format!("a,b,c\n{}1,2,\"two\nlines\"\n3,,x\n", rows(2, 60, ",").replace('\n', ",x\n"));
    Case::new(text).create(&[]).refused(&["line 64, column 2 (`b`): the cell is empty"]);
}

#[test]
fn missing_cells_are_named() {
    for word in ["", "NA", "NaN", "null", "?", "#N/A"] {
        let case = Case::new(format!("a,b\n1,{word}\n{}", rows(2, 60, ",")));
        case.columns(&[]).fine(&["61 rows"]);
        case.create(&[]).refused(&["line 2, column 2 (`b`)", "--skip-bad-rows"]);
        case.create(&["--skip-bad-rows"]).fine(&["1 rows with a missing or bad cell are left out"]);
    }
    for bad in ["inf", "1e39", "-infinity", "0x10", "1 2"] {
        Case::new(format!("a,b\n1,{bad}\n{}", rows(2, 60, ","))).create(&[]).refused(&["line 2", bad, "not a finite number"]);
    }
    let case = Case::new(format!("a,b\n{}1,2,3\n", rows(2, 60, ",")));
    case.create(&[]).refused(&["line 62: 3 cells where other rows have 2"]);
    case.create(&["--skip-bad-rows"]).fine(&[]);
    Case::new("a,b\n").columns(&[]).refused(&["no row of numbers"]);
    Case::new("").columns(&[]).refused(&["no row of numbers"]);
    Case::new(format!("a,b\n{}", rows(2, 20, ","))).create(&[]).refused(&["20 rows", "at least 50"]);
}

#[test]
fn what_no_density_can_say_is_told() {
    let table: String = rows(2, 400, ",").lines().enumerate().map(|(i, row)| format!("{row},{},{},7,word\n", i % 2, i % 6)).collect();
    let case = Case::new(format!("a,b,flag,count,same,text\n{table}1,1e30,0,0,7,word\n"));
    case.create(&[]).fine(&[
        "two values",
        "integers",
        "constant",
        "`same` is 7 in every row",
        "`flag` has two values",
        "`count` moves in steps of 1",
        "`text` holds words: left out",
        "`b` has 1 values more than 1000 spreads from the median, the farthest in line 402",
    ]);
    assert_eq!(case.modelled(), ["a", "b", "flag", "count"]);
    assert_eq!(case.plan()["constants"][0]["value"], 7.0);
    assert_eq!(case.plan()["steps"], serde_json::json!([0.0, 0.0, 1.0, 1.0]));
}

#[test]
fn rows_that_repeat_are_told() {
    let table = rows(2, 100, ",");
    Case::new(format!("a,b\n{table}{table}")).create(&[]).fine(&["100 rows equal one before"]);
}

#[test]
fn nothing_is_written_over() {
    let case = Case::new(format!("a,b\n{}", rows(2, 60, ",")));
    case.create(&[]).fine(&[]);
    let main = case.path("p/src/main.rs");
    fs::write(&main, "mine").unwrap();
    case.create(&[]).refused(&["not empty", "--force"]);
    assert_eq!(fs::read_to_string(&main).unwrap(), "mine");
    case.create(&["--force"]).fine(&[]);
    assert_ne!(fs::read_to_string(&main).unwrap(), "mine");
}

/// Any number of columns has a flow, its halves those of the columns.
#[test]
fn any_number_of_columns() {
    for width in [1, 2, 12, 36, 64] {
        let case = Case::new(rows(width, 60, ","));
        case.create(&[]).fine(&[&format!("columns    {width}")]);
        let shape = fs::read_to_string(case.path("p/src/shape.rs")).unwrap();
        assert!(shape.contains(&format!("pub const D: usize = {width};")), "{shape}");
    }
    Case::new(rows(2, 60, ",")).create(&["--flash", "much"]).refused(&["not a size"]);
    Case::new(rows(2, 60, ",")).create(&["--target", "z80"]).refused(&["thumbv7em-none-eabihf"]);
}
