//! How many instructions the main calls take, as valgrind counts them: the same on every run, so that a slow-down of a few percent shows.
//!
//! ```text
//! cargo bench -p benches --bench instructions              # fails if a count differs from `benches/instructions.txt` by more than 3 %
//! cargo bench -p benches --bench instructions -- --save    # after a change that is meant: writes that file
//! ```
//!
//! Valgrind has AVX2 and FMA, so these are the instructions of a workstation. The compiler's version changes them too: it stands in the file. (`gungraun` counts the same way, but
//! keeps what it compares with among the build's files and needs a runner of its own version installed.)

mod common;

use std::hint::black_box;
use std::process::{Command, ExitCode, Stdio};
use std::{env, fs};

use common::{normals, stirred};
use gaussflow::Zeros;
use gaussflow::train::{Settings, Trainer};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/instructions.txt");
const WITHIN: f64 = 0.03;
/// Names, and how many samples one call has.
const CASES: [(&str, u64); 6] =
    [("log_prob", 1), ("inverse", 1), ("log_probs", 256), ("inverse_batch", 256), ("train_step", 256), ("log_prob, D = 32", 1)];

/// What is counted: a case, `calls` times.
fn work(case: &str, calls: usize) {
    let (mut flow, points) = (stirred::<f32, 2, 1, 1, 8, 64>(), normals::<f32, 2>(256));
    // Drawn only where it is used: valgrind is slow.
    let wide = (case == "log_prob, D = 32").then(|| (stirred::<f32, 32, 16, 16, 8, 64>(), normals::<f32, 32>(1)));
    let mut trainer = Box::new(Trainer::<_>::ZEROS);
    let (mut states, mut out) = (points.clone(), vec![0.0; points.len()]);
    for call in 0..calls {
        match case {
            "log_prob" => _ = black_box(flow.log_prob(black_box(&points[call]))),
            "inverse" => _ = black_box(flow.inverse(black_box(&points[call]))),
            "log_prob, D = 32" => wide.iter().for_each(|(flow, points)| _ = black_box(flow.log_prob(black_box(&points[0])))),
            "log_probs" => flow.log_probs(black_box(&points), &mut out).expect("buffers of one length"),
            "inverse_batch" => {
                states.copy_from_slice(&points);
                flow.inverse_batch(black_box(&mut states), &[], &mut out).expect("buffers of one length");
            }
            "train_step" => {
                let settings = Settings { learning_rate: 1e-6, ..Settings::default() };
                trainer.step(&mut flow, &points, &settings).expect("the points have a density");
            }
            _ => panic!("no such case: {case}"),
        }
    }
}

/// The instructions of this program doing `calls` calls.
fn count(case: &str, calls: u64) -> Result<u64, String> {
    let this = env::current_exe().map_err(|e| e.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(this)
        .args(["--work", case, &calls.to_string()])
        .stdin(Stdio::null())
        .output()
        .map_err(|e| format!("valgrind: {e} (apt-get install valgrind)"))?;
    let log = String::from_utf8_lossy(&output.stderr);
    let counted = log.lines().find_map(|line| line.split("Collected :").nth(1)?.trim().parse().ok());
    counted.filter(|_| output.status.success()).ok_or_else(|| format!("valgrind counted nothing:\n{log}"))
}

fn compiler() -> String {
    let output = Command::new(env::var_os("RUSTC").unwrap_or("rustc".into())).arg("--version").output();
    output.map_or("rustc unknown".into(), |o| String::from_utf8_lossy(&o.stdout).trim().into())
}

fn check(save: bool) -> Result<bool, String> {
    let kept = fs::read_to_string(FILE).unwrap_or_default();
    let mut text = format!("# Instructions a sample, by `cargo bench -p benches --bench instructions -- --save`, {}\n", compiler());
    if !save && kept.lines().next() != text.lines().next() {
        println!("note: counted by another compiler: {}", kept.lines().next().unwrap_or("no file"));
    }
    let mut good = true;
    for (case, samples) in CASES {
        // The difference leaves out the start of the program.
        let calls = if samples == 1 { 16 } else { 2 };
        let counted = (count(case, 2 * calls)? - count(case, calls)?) / (calls * samples);
        text += &format!("{counted:>8}  {case}\n");
        let before = kept.lines().find_map(|line| line.strip_suffix(case)?.strip_suffix("  ")?.trim().parse::<u64>().ok());
        let change = before.map(|before| counted as f64 / before as f64 - 1.0);
        let within = change.is_some_and(|change| change.abs() <= WITHIN);
        good &= within;
        let told = change.map_or("not kept".into(), |change| format!("{:+.2} %", 100.0 * change));
        println!(
            "{counted:>8} instructions a sample  {told:>8}  {case}{}",
            if save || within { "" } else { "  <- differs by more than 3 %" }
        );
    }
    if save {
        fs::write(FILE, text).map_err(|e| format!("{FILE}: {e}"))?;
    }
    Ok(save || good)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().collect();
    if let Some(at) = arguments.iter().position(|a| a == "--work") {
        let calls = arguments.get(at + 2).and_then(|n| n.parse().ok()).unwrap_or(0);
        work(arguments.get(at + 1).map_or("", String::as_str), calls);
        return ExitCode::SUCCESS;
    }
    match check(arguments.iter().any(|a| a == "--save")) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("counts differ from {FILE}; if that is meant: cargo bench -p benches --bench instructions -- --save");
            ExitCode::FAILURE
        }
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}
