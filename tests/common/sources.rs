//! What is in the sources: files by path, and what they implement.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Rust sources of the package, by their path in it.
#[derive(Clone)]
pub struct Sources(BTreeMap<String, String>);

impl Sources {
    /// Those of `src` and `tests`.
    pub fn of_the_package() -> Self {
        let mut sources = Sources(BTreeMap::new());
        for folder in ["src", "tests"] {
            sources.add(folder);
        }
        sources
    }

    fn add(&mut self, path: &str) {
        let whole = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        for entry in fs::read_dir(whole).expect("a folder") {
            let name = entry.expect("an entry").file_name().into_string().expect("a name");
            let path = format!("{path}/{name}");
            if path.ends_with(".rs") {
                let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&path)).expect("a source");
                self.0.insert(path, text);
            } else if Path::new(env!("CARGO_MANIFEST_DIR")).join(&path).is_dir() && name != "target" {
                self.add(&path);
            }
        }
    }

    pub fn read(&self, path: &str) -> &str {
        self.0.get(path).unwrap_or_else(|| panic!("there is no {path}"))
    }

    /// The files directly in `folder`, or the one of that path, each without its unit tests.
    pub fn under<'a>(&'a self, path: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let inside =
            move |file: &str| file == path || file.strip_prefix(path).and_then(|f| f.strip_prefix('/')).is_some_and(|f| !f.contains('/'));
        self.0.iter().filter(move |(file, _)| inside(file)).map(|(file, text)| {
            let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
            (file.as_str(), code)
        })
    }

    /// The same sources, with what `change` makes of a file.
    pub fn changed(&self, path: &str, change: impl FnOnce(&str) -> String) -> Self {
        let mut sources = self.clone();
        sources.0.insert(path.to_owned(), change(self.read(path)));
        sources
    }
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The words of `text` that are names of items.
pub fn words(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !is_of_word(c)).collect()
}

/// The name that `text` starts with.
pub fn first_word(text: &str) -> String {
    text.chars().take_while(|c| is_of_word(*c)).collect()
}

/// `text` with the word `name` replaced.
pub fn without_word(text: &str, name: &str) -> String {
    let (mut kept, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(name) {
        let (before, after) = (&rest[..at], &rest[at + name.len()..]);
        let whole = !before.chars().next_back().is_some_and(is_of_word) && !after.chars().next().is_some_and(is_of_word);
        kept += before;
        kept += if whole { "Removed" } else { name };
        rest = after;
    }
    kept + rest
}

/// An `impl .. $of<..> for $name`.
pub struct Implementation<'a> {
    pub name: String,
    /// Where the trait's name stands.
    at: usize,
    /// What follows the type's name.
    pub after: &'a str,
}

/// Those of the trait `of` in `text`; tuples and arrays have none.
pub fn implementations<'a>(text: &'a str, of: &str) -> Vec<Implementation<'a>> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices(of) {
        let (before, after) = (&text[..at], &text[at + of.len()..]);
        // After the generics of the `impl`, or of a trait without any of its own.
        if !(before.trim_end().ends_with('>') || before.ends_with("impl ")) || !after.starts_with(['<', ' ']) {
            continue;
        }
        let Some((arguments, target)) = after.split_once("for ") else { continue };
        let name = first_word(target);
        if !arguments.contains(['{', ';', '(']) && !name.is_empty() {
            found.push(Implementation { after: &target[name.len()..], name, at });
        }
    }
    found
}

/// `text` in which `name` does not implement `of`.
pub fn without_implementation(text: &str, of: &str, name: &str) -> String {
    let mut text = text.to_owned();
    while let Some(at) = implementations(&text, of).iter().find(|i| i.name == name).map(|i| i.at) {
        text.replace_range(at..at + of.len(), "Removed");
    }
    text
}
