//! The flow on a chip, in QEMU: its self-test, and what it costs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use clap::Args;
use object::{Object, ObjectSection, ObjectSymbol, SectionFlags, SectionKind};

use crate::plan::Plan;
use crate::propose::TARGETS;
use crate::{Error, Result};

/// What stands around the figures of a board in the report.
pub const BOARD: [&str; 2] = ["<!-- board -->\n", "<!-- end of board -->\n"];

/// Builds a project's image and runs it in QEMU.
#[derive(Args, Clone, Debug)]
pub struct Measure {
    /// The project
    #[arg(value_name = "DIR", default_value = ".")]
    pub project: PathBuf,
    /// Another target than the project's
    #[arg(long, value_name = "TARGET", value_parser = TARGETS.map(|target| target.triple))]
    pub target: Option<String>,
    /// A longest stack that is allowed, in bytes
    #[arg(long, value_name = "BYTES")]
    pub most_stack: Option<u32>,
}

/// What a project's `board` does on this machine: measures the project that it is in.
#[must_use]
pub fn board(board: &str) -> ExitCode {
    let project = Path::new(board).parent().unwrap_or(Path::new(".")).to_path_buf();
    match run(&Measure { project, target: std::env::args().nth(1), most_stack: None }) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// Runs the command.
///
/// # Errors
/// What is not installed, with how to install it; an image that cannot be built, or gives other bits than this machine, or could panic or allocate.
pub fn run(arguments: &Measure) -> Result<()> {
    let project = &arguments.project;
    let plan = Plan::read(project)?;
    let target = arguments.target.clone().unwrap_or(plan.target);
    if !TARGETS.iter().any(|known| known.triple == target) {
        return Err(Error::new(format!("`{target}` is none of {}", TARGETS.map(|known| known.triple).join(", "))));
    }
    if !project.join("fitted/flow.rs").exists() {
        return Err(Error::of(project, "no flow yet; fit first: cargo run --release"));
    }
    let image = build(project, &target)?;
    let bytes = fs::read(&image).map_err(|e| Error::of(&image, e))?;
    let sizes = inspect(&bytes, &target).map_err(|what| Error::of(&image, what))?;
    let mut figures = vec![figure("flash", sizes[0], "bytes"), figure("RAM without stack", sizes[1], "bytes")];
    figures.extend(said(&emulate(&image, &target)?)?);
    for Figure { name, value, unit } in &figures {
        println!("{name:24} {value:>10} {unit}");
    }
    let stack = figures.iter().find(|figure| figure.name == "stack").map_or(0, |figure| figure.value);
    if let Some(most) = arguments.most_stack.filter(|most| *most < stack) {
        return Err(Error::new(format!("the stack of {stack} bytes is more than {most}")));
    }
    println!("no panic, no allocator, no double precision in {}", image.display());
    into_report(&project.join("fitted/report.html"), &target, &figures)
}

/// A number that was measured.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Figure {
    name: String,
    value: u32,
    unit: String,
}

fn figure(name: &str, value: u32, unit: &str) -> Figure {
    Figure { name: name.into(), value, unit: unit.into() }
}

fn output(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_string())
}

/// Builds the image: by rustup's library of the target, else from the sources of core, as Debian packs them.
fn build(project: &Path, target: &str) -> Result<PathBuf> {
    let rustc = || Command::new("rustc");
    let library = output(rustc().args(["--print", "target-libdir", "--target", target])).is_some_and(|path| Path::new(&path).is_dir());
    let sources =
        output(rustc().args(["--print", "sysroot"])).is_some_and(|root| Path::new(&root).join("lib/rustlib/src/rust/library").is_dir());
    let mut cargo = Command::new("cargo");
    cargo.current_dir(project).args(["build", "--quiet", "--profile", "board", "--package", "board", "--target", target]);
    if !library {
        if !sources {
            let how = format!(
                "install it by `rustup target add {target}`, or Debian's by `apt-get install rustc-web rust-web-src gcc-arm-none-eabi`"
            );
            return Err(Error::new(format!("no Rust for {target}: {how}")));
        }
        cargo.arg("-Zbuild-std=core,alloc").env("RUSTC_BOOTSTRAP", "1");
        if target.starts_with("thumb") {
            let name = target.to_uppercase().replace('-', "_");
            cargo.env(format!("CARGO_TARGET_{name}_LINKER"), "arm-none-eabi-gcc");
            cargo.env(format!("CARGO_TARGET_{name}_RUSTFLAGS"), "-Clink-arg=-nostartfiles");
        }
    }
    let status = cargo.status().map_err(|e| Error::new(format!("cargo: {e}")))?;
    if !status.success() {
        return Err(Error::new(format!(
            "the image for {target} could not be built; where it overflows FLASH or RAM, make the flow of shape.rs smaller"
        )));
    }
    // Where cargo says that it builds, whatever set that.
    let described = output(Command::new("cargo").current_dir(project).args(["metadata", "--format-version", "1", "--no-deps", "--quiet"]));
    let described: serde_json::Value = described.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let folder = described["target_directory"].as_str().ok_or_else(|| Error::new("cargo metadata does not tell the target directory"))?;
    Ok(Path::new(folder).join(target).join("board/board"))
}

/// Flash and RAM of an image, which must not hold what inference must not.
fn inspect(bytes: &[u8], target: &str) -> std::result::Result<[u32; 2], String> {
    let file = object::File::parse(bytes).map_err(|e| e.to_string())?;
    let (mut flash, mut ram) = (0, 0);
    for section in file.sections() {
        let SectionFlags::Elf { sh_flags, .. } = section.flags() else { continue };
        // RISC-V's start-up names all memory that is left the stack.
        if sh_flags.0 & object::elf::SHF_ALLOC.0 == 0 || matches!(section.name(), Ok(".stack" | ".heap")) {
            continue;
        }
        let empty = section.kind() == SectionKind::UninitializedData;
        flash += if empty { 0 } else { section.size() };
        ram += if sh_flags.0 & object::elf::SHF_WRITE.0 == 0 { 0 } else { section.size() };
    }
    let forbidden = ["9panicking", "begin_unwind", "rust_alloc", "rust_dealloc", "rust_realloc", "5alloc", "__aeabi_d"];
    let symbols: Vec<&str> = file.symbols().filter(|symbol| symbol.is_definition()).filter_map(|symbol| symbol.name().ok()).collect();
    if symbols.is_empty() {
        return Err("it has no symbols: nothing can be said of panics".into());
    }
    if let Some(symbol) = symbols.iter().find(|symbol| forbidden.iter().any(|word| symbol.contains(word))) {
        return Err(format!("it holds {symbol}, which inference must not need on {target}"));
    }
    let size = |bytes: u64| u32::try_from(bytes).map_err(|_| "its sections are larger than any chip".to_string());
    Ok([size(flash)?, size(ram)?])
}

/// What the image prints.
fn emulate(image: &Path, target: &str) -> Result<String> {
    let (program, machine): (&str, &[&str]) = match target {
        "thumbv7em-none-eabihf" => ("qemu-system-arm", &["-cpu", "cortex-m4", "-machine", "mps2-an386"]),
        "thumbv6m-none-eabi" => ("qemu-system-arm", &["-machine", "microbit"]),
        _ => ("qemu-system-riscv32", &["-machine", "virt", "-bios", "none"]),
    };
    let mut emulator = Command::new(program);
    // Under -icount a nanosecond is an instruction.
    emulator
        .args(machine)
        .args(["-icount", "shift=0", "-nographic", "-semihosting-config", "enable=on,target=native", "-kernel"])
        .arg(image);
    let output = emulator.stdin(Stdio::null()).output();
    let output = output.map_err(|e| Error::new(format!("{program}: {e}; apt-get install qemu-system-arm qemu-system-misc")))?;
    // Semihosting prints to the emulator's standard error, as do its own warnings.
    let text = [&output.stdout[..], &output.stderr].concat();
    let text: String =
        String::from_utf8_lossy(&text).lines().filter(|line| !line.starts_with(program)).map(|line| line.to_string() + "\n").collect();
    match output.status.code() {
        Some(0) => Ok(text),
        Some(1) => Err(Error::new(format!("the self-test failed: other bits than on this machine\n{text}"))),
        _ => Err(Error::new(format!("{} ended with {}\n{text}", image.display(), output.status))),
    }
}

/// The lines `name = value unit` of an image, of ordinary samples the median.
fn said(text: &str) -> Result<Vec<Figure>> {
    let (mut ordinary, mut figures) = (vec![], vec![]);
    for line in text.lines() {
        let parsed = line.split_once(" = ").and_then(|(name, rest)| {
            let (value, unit) = rest.split_once(' ')?;
            Some((name, value.parse::<u32>().ok()?, unit))
        });
        match parsed {
            Some(("ordinary", value, _)) => ordinary.push(value),
            Some(("self_test", value, unit)) => figures.push(figure("self-test, same bits", value, unit)),
            Some(("below", value, unit)) => figures.push(figure("below the threshold", value, unit)),
            Some(("worst", value, unit)) => figures.push(figure("worst that was found", value, unit)),
            Some((name, value, unit)) => figures.push(figure(name, value, unit)),
            None => return Err(Error::new(format!("the image said `{line}`"))),
        }
    }
    ordinary.sort_unstable();
    let median = ordinary.get(ordinary.len() / 2).ok_or_else(|| Error::new("the image measured nothing"))?;
    figures.insert(1.min(figures.len()), figure("median of held-out rows", *median, "instructions"));
    Ok(figures)
}

/// Puts the figures where the report has a place for them.
fn into_report(path: &Path, target: &str, figures: &[Figure]) -> Result<()> {
    let Ok(page) = fs::read_to_string(path) else { return Ok(()) };
    let parts = page.split_once(BOARD[0]).and_then(|(before, rest)| Some((before, rest.split_once(BOARD[1])?.1)));
    let Some((before, after)) = parts else { return Ok(()) };
    let rows: String = figures
        .iter()
        .map(|figure| format!("<tr><td>{}</td><td>{}</td><td>{}</td></tr>\n", figure.name, figure.value, figure.unit))
        .collect();
    let table = format!("<h2 id=\"board\">On {target}, in QEMU.</h2>\n<table>\n{rows}</table>\n");
    let page = [before, BOARD[0], &table, BOARD[1], after].concat();
    fs::write(path, page).map_err(|e| Error::of(path, e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read() {
        let read = said(
            "self_test = 16 rows\nordinary = 30 instructions\nordinary = 10 instructions\nordinary = 20 instructions\nworst = 99 instructions\nstack = 8 bytes\n",
        );
        let names: Vec<(String, u32)> = read.unwrap().into_iter().map(|figure| (figure.name, figure.value)).collect();
        let expected = [("self-test, same bits", 16), ("median of held-out rows", 20), ("worst that was found", 99), ("stack", 8)];
        assert_eq!(names, expected.map(|(name, value)| (name.to_string(), value)));
        assert!(said("").is_err() && said("panicked at nothing\n").is_err());
    }

    #[test]
    fn a_report_is_filled_again_and_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.html");
        fs::write(&path, format!("a\n{}b\n", BOARD.concat())).unwrap();
        for value in [1, 2] {
            into_report(&path, "chip", &[figure("stack", value, "bytes")]).unwrap();
        }
        let page = fs::read_to_string(&path).unwrap();
        assert!(
            page.starts_with("a\n") && page.ends_with("b\n") && page.matches("<table>").count() == 1 && page.contains("<td>2</td>"),
            "{page}"
        );
    }
}
