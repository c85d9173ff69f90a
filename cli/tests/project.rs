//! A project from its table to its use: fits, scores, samples and explanations, and what they refuse. The project is the example `two_columns`, which `cargo test` builds unless it is
//! told to run single tests (then: `cargo build --all-features --example two_columns`).

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use tempfile::TempDir;

/// A project of two columns, and a third that is constant.
struct Project {
    folder: TempDir,
}

/// `rows` of a line with noise, one number after the other by a small generator.
fn table(rows: usize) -> String {
    let mut state = 1u64;
    let mut uniform = move || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as f64 / 2f64.powi(31)
    };
    let rows = (0..rows).map(|_| {
        let (x, noise) = (uniform() + uniform() + uniform(), uniform() - 0.5);
        format!("{:.4},7,{:.4}\n", 10.0 * x, x * x + noise)
    });
    String::from("x,same,y\n") + &rows.collect::<String>()
}

impl Project {
    fn new(rows: usize) -> Self {
        let project = Project { folder: TempDir::new().unwrap() };
        fs::write(project.path("t.csv"), table(rows)).unwrap();
        let mut tool = Command::cargo_bin("gaussflow").unwrap();
        tool.args(["new", "p", "--data", "t.csv"]).current_dir(project.folder.path()).assert().success();
        project
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The project's program.
    fn program(&self) -> Command {
        let tool = assert_cmd::cargo::cargo_bin("gaussflow");
        let mut program = Command::new(tool.parent().unwrap_or(Path::new(".")).join("examples/two_columns"));
        program.current_dir(self.folder.path()).env("PROJECT", self.path("p"));
        program
    }

    #[track_caller]
    fn refused(&self, words: &[&str], message: &str) {
        let output = self.program().args(words).output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{words:?}: {err}");
        assert!(err.contains(message), "{words:?}: no `{message}` in {err}");
    }

    #[track_caller]
    fn fine(&self, words: &[&str]) -> [String; 2] {
        let output = self.program().args(words).output().unwrap();
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        assert!(output.status.success(), "{words:?}: {said:?}");
        said
    }
}

/// One fit, and all that can be done with it.
#[test]
fn from_a_table_to_its_use() {
    let project = Project::new(600);
    project.refused(&["score", "t.csv"], "fit first");
    let [out, err] = project.fine(&["--epochs", "3"]);
    assert!(out.contains("480 for training, 60 for validation, 60 held out"), "{out}");
    // Sixty rows are too few for one in a hundred.
    assert!(out.contains("1.6667 % of 60 held-out rows, 1, are below: too few rows"), "{out}");
    // Without a terminal, a line an epoch.
    assert!(err.contains("Couplings    epoch 3/3: loss"), "{err}");
    for name in ["flow.bin", "flow.json", "flow.rs", "report.html"] {
        assert!(project.path("p/fitted").join(name).exists(), "{name}");
    }
    let source = fs::read_to_string(project.path("p/fitted/flow.rs")).unwrap();
    for part in [
        "#[rustfmt::skip]",
        "pub static FLOW: Fitted<",
        "pub const THRESHOLD: f32 = ",
        "COLUMNS: [&str; D] = [\"x\", \"y\"]",
        "u32); 16] = [([",
    ] {
        assert!(source.contains(part), "{part}");
    }
    let report = fs::read_to_string(project.path("p/fitted/report.html")).unwrap();
    for part in ["Marginals", "Couplings", "The oddest held-out rows", "mixture of"] {
        assert!(report.contains(part), "{part}");
    }
    project.refused(&["--epochs", "1"], "a fit is there; --force writes over it");

    // Rows keep the lines of their file; a bad one stops the score, or is left out.
    fs::write(project.path("new.csv"), "y,x\r\n\r\n2.2,15\r\nbad,1\r\n900,-50\r\n").unwrap();
    project.refused(&["score", "new.csv"], "line 4, column 1 (`y`): `bad` is not a finite number");
    let [out, err] = project.fine(&["score", "new.csv", "--skip-bad-rows"]);
    let lines: Vec<Vec<&str>> = out.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!([lines[0][0], lines[1][0], lines[2][0]], ["line", "3", "5"]);
    assert_eq!([lines[1][2], lines[2][2]], ["0", "1"], "{out}");
    assert!(
        err.contains("1 of 2 rows are below the threshold") && err.contains("too few rows") && err.contains("1 rows with a missing"),
        "{err}"
    );
    project.refused(&["score", "new.csv", "--quantile", "0.001"], "less than one row");
    project.refused(&["score", "new.csv", "--quantile", "nan"], "not between 0 and 1");
    project.refused(&["score", "nothing.csv"], "nothing.csv");

    let [out, _] = project.fine(&["sample", "5", "--out", "s.csv"]);
    assert!(out.is_empty());
    let samples = fs::read_to_string(project.path("s.csv")).unwrap();
    assert_eq!(samples.lines().count(), 6);
    // In the order of the table, the constant column too.
    assert!(samples.starts_with("x,same,y\n") && samples.lines().skip(1).all(|line| line.split(',').nth(1) == Some("7")), "{samples}");
    project.refused(&["sample", "5", "--out", "s.csv"], "the file is there; --force writes over it");
    project.fine(&["sample", "5", "--out", "s.csv", "--force"]);
    project.refused(&["sample", "--given", "nan"], "not a finite number");
    project.refused(&["sample", "--given", "1"], "1 values are given where the flow takes 0: none");

    let [out, _] = project.fine(&["explain", "5", "--data", "new.csv"]);
    let first = out.lines().find(|line| line.starts_with('x') || line.starts_with('y')).unwrap();
    assert!(first.starts_with('y'), "{out}");
    project.refused(&["explain", "4", "--data", "new.csv"], "`bad`");
    project.refused(&["explain", "9999"], "no row begins there");

    // Weights that are not those of the flow.
    let weights = project.path("p/fitted/flow.bin");
    let mut bytes = fs::read(&weights).unwrap();
    bytes[60] ^= 1;
    fs::write(&weights, bytes).unwrap();
    project.refused(&["sample", "1"], "flow.bin");
}

/// Epochs times steps beyond 32 bits train at the rate of the schedule's start, not at that of its end.
#[test]
fn many_epochs_do_not_overflow() {
    let project = Project::new(100);
    let [out, err] = project.fine(&["--epochs", "4294967295", "--patience", "2", "--seconds", "20"]);
    assert!(out.contains("threshold"), "{out}");
    let losses: Vec<f64> = err
        .lines()
        .filter_map(|line| line.strip_prefix("Couplings    epoch ")?.split_once("loss ")?.1.split(',').next()?.parse().ok())
        .collect();
    assert!(losses.len() >= 2 && losses[losses.len() - 1] < losses[0], "{losses:?}");
    project.refused(&["--epochs", "0", "--force"], "0 is not in 1..");
}

/// Ctrl-C ends the fit and keeps the best.
#[cfg(unix)]
#[test]
fn control_c_keeps_the_best() {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    let project = Project::new(100);
    let mut program = Command::new(project.program().get_program());
    program.args(["--epochs", "1000000", "--patience", "1000000", "--seconds", "60"]).env("PROJECT", project.path("p"));
    let mut running = program.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(running.stderr.take().unwrap()).lines();
    let begun = lines.any(|line| line.is_ok_and(|line| line.contains("epoch 3/")));
    assert!(begun);
    assert!(Command::new("kill").args(["-INT", &running.id().to_string()]).status().unwrap().success());
    // A full pipe would hold it.
    lines.for_each(drop);
    let output = running.wait_with_output().unwrap();
    let out = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && out.contains("ended by Ctrl-C"), "{out}");
    assert!(project.path("p/fitted/flow.bin").exists());
}
