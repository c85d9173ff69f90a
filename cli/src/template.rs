//! The files of a project.

use std::path::Path;

use crate::Result;
use crate::new::{Lang, New, write};
use crate::plan::Plan;
use crate::propose::Shape;

/// A dependency of the project: by path, where the sources that the tool was built from are there, else by version.
fn dependency(name: &str, folder: &Path, options: &str) -> String {
    let version = env!("CARGO_PKG_VERSION");
    match folder.join("Cargo.toml").is_file() {
        true => format!("{name} = {{ path = {:?}{options} }}", folder.display().to_string()),
        false => format!("{name} = {{ version = \"{version}\"{options} }}"),
    }
}

/// A name that a package can have.
fn package(project: &Path) -> String {
    let name = project.file_name().map_or_else(String::new, |name| name.to_string_lossy().to_lowercase());
    let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }).collect();
    if name.starts_with(|c: char| c.is_ascii_lowercase()) && name != "board" { name } else { format!("flow-{name}") }
}

/// Writes all files but `table.json`.
pub(crate) fn write_all(arguments: &New, plan: &Plan, shape: &Shape) -> Result<()> {
    let tool = Path::new(env!("CARGO_MANIFEST_DIR"));
    let library = tool.parent().unwrap_or(tool);
    let list: Vec<String> = plan.columns.iter().map(crate::plan::Field::label).collect();
    let candidates: Vec<String> =
        shape.candidates().iter().map(|name| format!("        Candidate::of::<{name}, D, C>(\"{name}\"),\n")).collect();
    let mut uses = shape.candidates().to_vec();
    uses.sort_unstable();
    let fill = |text: &str| {
        text.replace("{{name}}", &package(&arguments.project))
            .replace("{{columns}}", &list.join(", ").replace('\n', " "))
            .replace("{{gaussflow}}", &dependency("gaussflow", library, ""))
            .replace("{{gaussflow_no_std}}", &dependency("gaussflow", library, ", default-features = false"))
            .replace("{{tool}}", &dependency("gaussflow-cli", tool, ""))
            .replace("{{tool_train}}", &dependency("gaussflow-cli", tool, ", features = [\"train\"]"))
            .replace("{{members}}", if arguments.lang == Lang::C { "\"board\", \"c\"" } else { "\"board\"" })
            .replace("{{d}}", &shape.d.to_string())
            .replace("{{c}}", &shape.c.to_string())
            .replace("{{c_target}}", &plan.target)
            .replace("{{uses}}", &uses.join(", "))
            .replace("{{candidates}}", &candidates.concat())
    };
    let files: &[(&str, &str)] = &[
        ("Cargo.toml", include_str!("../template/Cargo.toml.in")),
        (".gitignore", "/target\n/c/image.elf\n/c/flow.h\n"),
        ("src/main.rs", include_str!("../template/main.rs.in")),
        ("board/Cargo.toml", include_str!("../template/board/Cargo.toml.in")),
        ("board/build.rs", include_str!("../template/board/build.rs")),
        ("board/src/main.rs", include_str!("../template/board/src/main.rs")),
        ("board/src/measure.rs", include_str!("../template/board/src/measure.rs")),
        ("board/src/report.rs", include_str!("../template/board/src/report.rs")),
    ];
    let for_c: &[(&str, &str)] = &[
        ("c/Cargo.toml", include_str!("../template/c/Cargo.toml.in")),
        ("c/build.rs", include_str!("../template/c/build.rs")),
        ("c/src/lib.rs", include_str!("../template/c/src/lib.rs")),
        ("c/main.c", include_str!("../template/c/main.c")),
        ("c/start.c", include_str!("../template/c/start.c")),
        ("c/host.h", include_str!("../template/c/host.h")),
        ("c/link.ld", include_str!("../template/c/link.ld")),
        ("c/Makefile", include_str!("../template/c/Makefile")),
        ("c/CMakeLists.txt", include_str!("../template/c/CMakeLists.txt")),
    ];
    let for_c = if arguments.lang == Lang::C { for_c } else { &[] };
    for (name, text) in files.iter().chain(for_c) {
        write(&arguments.project.join(name), fill(text).as_bytes())?;
    }
    write(&arguments.project.join("src/shape.rs"), shape.source().as_bytes())
}
