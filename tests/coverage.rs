//! Nothing is left out: each function of `math` has its rows in `tests/ulp.rs` and `tests/exhaustive.rs`, each public part all that parts have.
//!
//! What there is, is read from the sources: the functions that `src/math/mod.rs` exports, and what implements the traits. A part is a bijector, univariate, clamp, layer or activation that
//! `src/lib.rs` exports.

#[path = "common/sources.rs"]
mod sources;

use std::collections::BTreeSet;

use sources::{Implementation, Sources, first_word, implementations, without_implementation, without_word, words};

fn none_missing(missing: &[&str], what: &str) {
    assert!(missing.is_empty(), "missing {what} for the following: {}", missing.join(", "));
}

#[test]
fn every_function_has_its_bounds() {
    let sources = Sources::of_the_package();
    let exports = sources.read("src/math/mod.rs");
    let functions: BTreeSet<&str> = exports
        .lines()
        .filter_map(|line| line.strip_prefix("pub use ").and_then(|line| line.split_once("::")))
        .flat_map(|(_, names)| words(names))
        .filter(|name| !name.is_empty())
        .collect();
    assert!(functions.len() >= 19 && functions.contains("mills") && functions.contains("quantile_log_sf"), "{functions:?}");

    // Of a slice, so with a test of its own.
    let (table, own) = (sources.read("tests/ulp.rs"), "log_sum_exp");
    assert!(table.contains(&format!("math::{own}(")));
    let has = |text: &str, start: String| text.lines().any(|line| line.trim_start().starts_with(&start));
    let missing: Vec<&str> = functions.iter().filter(|f| **f != own && !has(table, format!("{f}, "))).copied().collect();
    none_missing(&missing, "rows of tests/ulp.rs");
    let sweeps = sources.read("tests/exhaustive.rs");
    let missing: Vec<&str> = functions.iter().filter(|f| **f != own && !has(sweeps, format!("{f}: "))).copied().collect();
    none_missing(&missing, "lines of tests/exhaustive.rs");
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Bijector,
    Univariate,
    Clamp,
    Layer,
    Activation,
}
use Kind::{Activation, Bijector, Clamp, Layer, Univariate};

/// Where the parts of each kind are, the trait that makes them one, and how many there are at least, one of them known.
const KINDS: [(Kind, &str, &str, usize, &str); 5] = [
    (Bijector, "src/bijector", "Bijector", 8, "Coupling"),
    (Univariate, "src/univariate", "Univariate", 3, "MixtureCdf"),
    (Clamp, "src/univariate", "LogScaleClamp", 3, "TanhClamp"),
    (Layer, "src/conditioner", "Layer", 7, "Dense"),
    (Activation, "src/conditioner", "Activation", 8, "Gelu"),
];

/// The file and the macro that writes all activations but one, and where they are listed.
const ACTIVATIONS: &str = "src/conditioner/activation.rs";

/// The definition of the macro, and its table.
fn activations(sources: &Sources) -> (&str, &str) {
    let text = sources.read(ACTIVATIONS);
    let (_, from) = text.split_once("macro_rules! activations {").expect("the macro");
    let (definition, after) = from.split_once("\n}\n").expect("its end");
    (definition, after.split_once("\nactivations! {").expect("its table").1)
}

/// The public parts of a kind.
fn parts(sources: &Sources, kind: Kind) -> BTreeSet<String> {
    let (_, folder, of, least, known) = KINDS.into_iter().find(|k| k.0 == kind).expect("a kind");
    let exported: BTreeSet<&str> = words(sources.read("src/lib.rs"));
    let mut parts: BTreeSet<String> = sources.under(folder).flat_map(|(_, code)| implementations(code, of)).map(|i| i.name).collect();
    if kind == Activation {
        let (_, table) = activations(sources);
        parts.extend(table.lines().map(|line| first_word(line.trim_start())));
    }
    parts.retain(|name| !name.is_empty() && exported.contains(name.as_str()));
    assert!(parts.len() >= least && parts.contains(known), "{kind:?}: {parts:?}");
    parts
}

/// What every part has, where it does not say why not.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Has {
    /// All laws, on drawn parameters and points.
    Laws,
    /// Every gradient against differences.
    Gradients,
    /// A start from data: `Gaussianize`, `FitUnivariate`, `ConstantOutput`.
    WarmStart,
    /// `Quantize` from or to it.
    Quantization,
    /// `describe`, for files to tell structures apart.
    Description,
    /// `Debug` that is the expression that makes it again.
    Source,
    /// `Zeroable`, to be made in place on the heap.
    Zeroable,
    /// Bytes and text that come back.
    RoundTrip,
}
use Has::{Description, Gradients, Laws, Quantization, RoundTrip, Source, WarmStart, Zeroable};

const ALL: [Has; 8] = [Laws, Gradients, WarmStart, Quantization, Description, Source, Zeroable, RoundTrip];

const WEIGHTS_ARE_BYTES: &str =
    "for inference: made from the layer of full weights, beside which src/store/integer.rs tests it; its weights are no parameters";
const INTEGER: [&str; 4] = ["IntegerDense", "IntegerContextDense", "IntegerHead", "IntegerSharedHead"];
const HIDDEN: &str = "a hidden layer starts at random: the last layer's constant output makes a coupling start from data";
const KEPT: &str = "kept whole by the coupling or table that holds it";
const BOUNDED: &str = "a map of a part of R^D, which the registries draw from the whole of: its laws stand beside it";
const NOT_IN_A_FLOW: &str = "stands where no activation follows; in no flow";

/// What a warm start needs of a part, and where it is.
const STARTS: [(&str, &str); 3] = [("src/start", "Gaussianize"), ("src/start", "FitUnivariate"), ("src/conditioner", "ConstantOutput")];

/// What parts do not have, and why.
const NOT_APPLICABLE: [(&[Has], &[&str], &str); 10] = [
    (&[Laws, Gradients], &["Support", "CircularSpline"], BOUNDED),
    (
        &[Laws, Gradients, WarmStart, RoundTrip],
        &["PreparedMarginal"],
        "for inference: made from a marginal layer, whose bits src/bijector/prepared_marginal.rs finds in it",
    ),
    (&[Laws, Gradients, RoundTrip], &INTEGER, WEIGHTS_ARE_BYTES),
    (&[WarmStart], &INTEGER, WEIGHTS_ARE_BYTES),
    (&[WarmStart], &["Dense", "ContextDense", "Residual"], HIDDEN),
    (&[WarmStart], &["Relu", "LeakyRelu", "Tanh", "Sigmoid", "Silu", "Softplus", "Gelu"], "without parameters"),
    (
        &[WarmStart],
        &["TanhClamp", "SigmoidClamp", "SoftClamp", "SoftplusClamp", "NoClamp"],
        "a clamp's bounds are settings; log-scales come from data through `LogScaleClamp::raw`",
    ),
    (&[Quantization], &["Affine", "RationalQuadraticSpline", "CircularSpline"], KEPT),
    (&[Quantization], &["TanhClamp", "SigmoidClamp", "SoftClamp", "SoftplusClamp", "NoClamp"], KEPT),
    (&ALL, &["Identity"], NOT_IN_A_FLOW),
];

fn exempt(has: Has, name: &str) -> bool {
    NOT_APPLICABLE.iter().any(|(what, names, _)| what.contains(&has) && names.contains(&name))
}

/// A table of parts: its file, and what stands before it and after it there.
type Table = (&'static str, &'static str, &'static str);

/// All laws of a layer are in the check of its gradients.
const LAYERS: &[Table] = &[("tests/properties/tests/gradients.rs", "\nlayers! {", "\n}\n")];

/// The tables that name the parts of `kind` that have `has`.
fn tables(has: Has, kind: Kind) -> &'static [Table] {
    match (has, kind) {
        (Laws | Gradients, Layer | Activation) => LAYERS,
        (Laws, _) => &[("tests/properties/tests/laws.rs", "\ntype ", "\0")],
        (Gradients, _) => {
            &[("tests/properties/tests/gradients.rs", "\nunivariates! {", "\0"), ("tests/properties/src/parts.rs", "\npub type ", "\0")]
        }
        (Source, _) => &[("tests/source.rs", "\n#[test]", "\0")],
        (RoundTrip, _) => &[("tests/round_trip.rs", "\ntype ", "\0")],
        (Quantization, _) => {
            &[("src/store/quantization.rs", "\nkept! {", "#[cfg(test)]"), ("src/store/integer.rs", "\nimpl", "#[cfg(test)]")]
        }
        (WarmStart | Description | Zeroable, _) => &[],
    }
}

/// The text of a table, with what stands before and after.
fn table(sources: &Sources, (path, before, after): Table) -> (&str, &str, &str) {
    let text = sources.read(path);
    let start = text.find(before).unwrap_or_else(|| panic!("no {before:?} in {path}")) + before.len();
    let end = text[start..].find(after).map_or(text.len(), |at| start + at);
    (&text[..start], &text[start..end], &text[end..])
}

/// Whether `name` has it: by a table that names it, by an `impl` of a trait for it, or by what stands in its `impl` or before its definition.
fn implemented(sources: &Sources, has: Has, kind: Kind, name: &str) -> bool {
    let (_, folder, of, ..) = KINDS.into_iter().find(|k| k.0 == kind).expect("a kind");
    let by_macro = kind == Activation && activations(sources).1.lines().any(|line| first_word(line.trim_start()) == name);
    let implements = |path: &str, of: &str| sources.under(path).any(|(_, code)| implementations(code, of).iter().any(|i| i.name == name));
    match (has, kind) {
        (WarmStart, _) => STARTS.iter().any(|(path, of)| implements(path, of)),
        (Description, _) if by_macro => activations(sources).0.contains("fn describe("),
        (Description, _) => sources.under(folder).any(|(_, code)| {
            let described =
                |i: &Implementation| i.name == name && i.after.split("\n}\n").next().is_some_and(|body| body.contains("fn describe("));
            implementations(code, of).iter().any(described)
        }),
        (Zeroable, _) if by_macro => activations(sources).0.contains("derive(bytemuck::Zeroable)"),
        (Zeroable, _) => sources.under(folder).any(|(_, code)| {
            let defined = code.match_indices("pub struct ").find(|(at, start)| first_word(&code[at + start.len()..]) == name);
            let attributes = defined.and_then(|(at, _)| code[..at].rsplit("\n\n").next());
            attributes.is_some_and(|attributes| attributes.contains("derive(bytemuck::Zeroable)"))
        }),
        _ => tables(has, kind).iter().any(|of| words(table(sources, *of).1).contains(name)),
    }
}

/// The parts of `kind` without `has`.
fn missing(sources: &Sources, has: Has, kind: Kind) -> Vec<String> {
    let lacks = |name: &String| !exempt(has, name) && !implemented(sources, has, kind, name);
    parts(sources, kind).into_iter().filter(lacks).collect()
}

#[test]
fn every_part_has_all_that_parts_have() {
    let sources = Sources::of_the_package();
    for (kind, ..) in KINDS {
        for has in ALL {
            let missing = missing(&sources, has, kind);
            none_missing(&missing.iter().map(String::as_str).collect::<Vec<_>>(), &format!("{has:?} of a {kind:?}"));
        }
    }
}

/// No part is on the list of exceptions that does have what it is said to lack, or that is gone.
#[test]
fn every_exception_is_one() {
    let sources = Sources::of_the_package();
    let all: Vec<(Kind, String)> = KINDS.iter().flat_map(|k| parts(&sources, k.0).into_iter().map(|name| (k.0, name))).collect();
    for (whats, names, _) in NOT_APPLICABLE {
        for name in names {
            let kinds: Vec<Kind> = all.iter().filter(|(_, part)| part == name).map(|(kind, _)| *kind).collect();
            assert!(!kinds.is_empty(), "{name} is no part");
            for has in whats {
                assert!(kinds.iter().any(|kind| !implemented(&sources, *has, *kind, name)), "{name} has {has:?}");
            }
        }
    }
}

/// A part that is cut from what makes it have something is missed, and no other part is.
#[test]
fn whatever_is_cut_is_missed() {
    let sources = Sources::of_the_package();
    let mut cuts = 0;
    for (kind, folder, ..) in KINDS {
        for has in ALL {
            let mut parts = parts(&sources, kind);
            parts.retain(|name| !exempt(has, name));
            for name in parts {
                let mut cut = sources.clone();
                match has {
                    WarmStart => {
                        for (folder, of) in STARTS {
                            let files: Vec<String> = sources.under(folder).map(|(file, _)| file.to_owned()).collect();
                            cut = files.iter().fold(cut, |cut, file| cut.changed(file, |text| without_implementation(text, of, &name)));
                        }
                    }
                    Description => cut = changed_where(&cut, folder, &name, |text| text.replace("fn describe(", "fn removed(")),
                    Zeroable => cut = changed_where(&cut, folder, &name, |text| text.replace("bytemuck::Zeroable", "Removed")),
                    _ => {
                        for of in tables(has, kind) {
                            let (before, inside, after) = table(&sources, *of);
                            cut = cut.changed(of.0, |_| format!("{before}{}{after}", without_word(inside, &name)));
                        }
                    }
                }
                let missed = missing(&cut, has, kind);
                // Those two are cut from a whole file, which may hold other parts.
                assert!(missed.contains(&name), "{has:?} cut from {name}: {missed:?}");
                assert!(missed.len() == 1 || matches!(has, Description | Zeroable), "{has:?} cut from {name}: {missed:?}");
                cuts += 1;
            }
        }
    }
    assert!(cuts > 100, "{cuts} cuts");
}

/// The sources with a change in the file that defines `name`.
fn changed_where(sources: &Sources, folder: &str, name: &str, change: impl Fn(&str) -> String) -> Sources {
    let defines = |code: &str| code.match_indices("pub struct ").any(|(at, start)| first_word(&code[at + start.len()..]) == name);
    let by_macro = activations(sources).1.lines().any(|line| first_word(line.trim_start()) == name);
    let file =
        sources.under(folder).find(|(file, code)| defines(code) || (by_macro && *file == ACTIVATIONS)).expect("a definition").0.to_owned();
    sources.changed(&file, change)
}
