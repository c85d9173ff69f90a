//! Files of figures, and one page of all.

use std::fs;
use std::path::{Path, PathBuf};

use super::plot::Svg;

/// A figure, its file's name and what it shows.
pub struct Figure {
    name: String,
    caption: String,
    svg: String,
}

/// Figures and numbers, in the order of the page.
pub struct Report {
    title: String,
    facts: Vec<[String; 2]>,
    /// As HTML.
    tables: String,
    figures: Vec<Figure>,
}

impl Report {
    pub fn new(title: &str) -> Self {
        Report { title: title.into(), facts: vec![], tables: String::new(), figures: vec![] }
    }

    /// A line of the page's table.
    pub fn fact(&mut self, name: &str, value: impl Into<String>) {
        self.facts.push([name.into(), value.into()]);
    }

    /// A table below the facts.
    pub fn table(&mut self, name: &str, caption: &str, head: &[&str], rows: Vec<Vec<String>>) {
        let cells = |kind: &str, cells: &mut dyn Iterator<Item = &str>| {
            cells.map(|cell| format!("<{kind}>{}</{kind}>", escape(cell))).collect::<String>()
        };
        self.tables +=
            &format!("<h2 id=\"{name}\">{}</h2>\n<table>\n<tr>{}</tr>\n", escape(caption), cells("th", &mut head.iter().copied()));
        for row in &rows {
            self.tables += &format!("<tr>{}</tr>\n", cells("td", &mut row.iter().map(String::as_str)));
        }
        self.tables += "</table>\n";
    }

    /// HTML of one's own below the tables so far.
    pub fn html(&mut self, html: &str) {
        self.tables += html;
    }

    pub fn figure(&mut self, name: &str, caption: impl Into<String>, svg: Svg) -> Result<(), String> {
        let svg = svg.map_err(|e| format!("figure {name}: {e}"))?;
        self.figures.push(Figure { name: name.into(), caption: caption.into(), svg });
        Ok(())
    }

    /// Writes each figure as `directory/name.svg` and all of them as `directory/report.html`, which needs no other file; returns its path.
    pub fn write(&self, directory: &Path) -> Result<PathBuf, String> {
        let write = |path: &Path, text: &str| fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()));
        for figure in &self.figures {
            write(&directory.join(format!("{}.svg", figure.name)), &figure.svg)?;
        }
        let path = directory.join("report.html");
        write(&path, &self.page())?;
        Ok(path)
    }

    fn page(&self) -> String {
        let title = escape(&self.title);
        let mut page = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n<style>{CSS}</style>\n</head>\n<body>\n\
             <h1>{title}</h1>\n<table>\n"
        );
        for [name, value] in &self.facts {
            page += &format!("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", escape(name), escape(value));
        }
        page += "</table>\n";
        page += &self.tables;
        for figure in &self.figures {
            page += &format!(
                "<figure id=\"{}\">\n{}\n<figcaption>{}</figcaption>\n</figure>\n",
                figure.name,
                figure.svg,
                escape(&figure.caption)
            );
        }
        page + "</body>\n</html>\n"
    }
}

const CSS: &str = "\nbody { max-width: 1100px; margin: 2em auto; padding: 0 1em; font: 16px/1.5 sans-serif; color: #222; background: #fff }
table { border-collapse: collapse }
th, td { padding: .2em 1em .2em 0; text-align: left; border-bottom: 1px solid #ddd; font-weight: normal }
td { font-variant-numeric: tabular-nums }
figure { margin: 2.5em 0 }
figure svg { max-width: 100%; height: auto }
figcaption { color: #444 }
h2 { font-size: 1em; font-weight: normal; margin: 2em 0 .5em }
";

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
