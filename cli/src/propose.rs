//! A flow for a table and a chip.

use std::fmt::Write;

/// Where the flow is to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// The compiler's name for it.
    pub triple: &'static str,
    /// In words.
    pub chip: &'static str,
    /// Whether it calculates with floats in hardware.
    pub floats: bool,
}

/// The targets that images are built for.
pub const TARGETS: [Target; 3] = [
    Target { triple: "thumbv7em-none-eabihf", chip: "Cortex-M4F, M7F", floats: true },
    Target { triple: "thumbv6m-none-eabi", chip: "Cortex-M0, M0+", floats: false },
    Target { triple: "riscv32imac-unknown-none-elf", chip: "RISC-V without floating-point unit", floats: false },
];

/// Bytes of flash that the code of an image takes: 24,000 were measured for the image of a flow of three dimensions, start-up and report included; twice that is kept free.
const CODE: usize = 48 * 1024;

/// The sizes of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Columns that are modelled.
    pub d: usize,
    /// Columns that are given.
    pub c: usize,
    /// Rotations, each with a pair of couplings; 0 for columns that are independent.
    pub blocks: usize,
    /// Components of each mixture.
    pub k: usize,
    /// The width of hidden layers.
    pub h: usize,
}

/// From the smallest to the largest: blocks, components, width of the hidden layers.
const SIZES: [[usize; 3]; 7] = [[1, 4, 8], [1, 4, 16], [2, 4, 16], [2, 8, 16], [2, 8, 32], [4, 8, 32], [4, 8, 64]];

impl Shape {
    /// The largest flow that so many rows can fill, the flash can hold and the chip can calculate in reasonable time.
    pub fn of(d: usize, c: usize, rows: usize, flash: usize, target: &Target) -> Self {
        let by_rows = [300, 1_000, 3_000, 6_000, 20_000, 100_000].iter().filter(|least| **least <= rows).count();
        // Beyond 16 columns a step of training takes the time that a larger flow would; without floats in hardware, a sample does.
        let most = if !target.floats {
            3
        } else if d > 16 {
            4
        } else {
            SIZES.len() - 1
        };
        let shape = |[blocks, k, h]: [usize; 3]| Shape { d, c, blocks, k, h };
        let fits = |shape: &Shape| 4 * shape.parameters() + CODE <= flash;
        let sizes = &SIZES[..=by_rows.min(most)];
        match sizes.iter().rev().map(|size| shape(*size)).find(fits) {
            Some(shape) => shape,
            None => Shape { d, c, blocks: 0, k: 4, h: 8 },
        }
    }

    /// The half that a coupling sees, and that which it maps.
    fn halves(&self) -> [usize; 2] {
        [self.d / 2, self.d - self.d / 2]
    }

    /// Whether there is a candidate with networks.
    pub fn has_networks(&self) -> bool {
        self.blocks > 0 && (self.d > 1 || self.c > 0)
    }

    /// Numbers in the largest candidate.
    pub fn parameters(&self) -> usize {
        let Shape { d, c, blocks, k, h } = *self;
        let net = |sees: usize, sets: usize| (sees + c) * h + h + h * h + h + (h + 1) * 3 * k * sets;
        let [a, b] = self.halves();
        match () {
            () if !self.has_networks() => 5 * d + 3 * k * d,
            () if d == 1 => 2 + net(0, 1),
            () => 2 * d + blocks * (d * d + net(a, b) + net(b, a)),
        }
    }

    /// Bytes of flash of the largest candidate's weights.
    pub fn bytes(&self) -> usize {
        4 * self.parameters()
    }

    /// In a sentence.
    pub fn describe(&self) -> String {
        let Shape { blocks, k, h, .. } = self;
        let parameters = self.parameters();
        match () {
            () if !self.has_networks() => format!("a mixture of {k} Gaussians for each column, {parameters} parameters"),
            () if self.d == 1 => {
                format!("a mixture of {k} Gaussians that a network of two hidden layers of {h} sets, {parameters} parameters")
            }
            () => format!("{blocks} rotations, each with two couplings of mixtures of {k}, hidden layers of {h}, {parameters} parameters"),
        }
    }

    /// `shape.rs`.
    pub fn source(&self) -> String {
        let Shape { d, c, blocks, k, h } = *self;
        let [a, b] = self.halves();
        let mut text = String::from("//! The type of the flow. Change it here: training, board and report follow.\n\n");
        let mut line = |line: &str| {
            let _ = writeln!(text, "{line}");
        };
        let first = if c > 0 { "ContextDense" } else { "Dense" };
        let parts = match () {
            () if !self.has_networks() => "ActNorm, Flow, Marginal, MixtureCdf, NoClamp".to_string(),
            () if d == 1 => format!("ActNorm, ClampedMixture, Conditional, {}Flow, Head, Marginal, MixtureCdf, NoClamp, Relu", "ContextDense, Dense, "),
            () if c > 0 => {
                "ActNorm, ClampedMixture, ContextDense, Coupling, Dense, FirstHalf, Flow, Head, Householder, Marginal, MixtureCdf, NoClamp, Relu, Swap".into()
            }
            () => "ActNorm, ClampedMixture, Coupling, Dense, FirstHalf, Flow, Head, Householder, Marginal, MixtureCdf, NoClamp, Relu, Swap".into(),
        };
        line(&format!("use gaussflow::{{{parts}}};\n"));
        line(&format!("/// Columns that are modelled.\npub const D: usize = {d};"));
        line(&format!("/// Columns that are given.\npub const C: usize = {c};"));
        line(&format!("/// Gaussians in each mixture.\npub const K: usize = {k};"));
        if self.has_networks() {
            line(&format!("/// The width of the networks' hidden layers.\npub const H: usize = {h};"));
        }
        if self.has_networks() && d > 1 {
            line(&format!(
                "/// A coupling maps the last B of its columns given the first A, the next one the other way round.\npub const A: usize = {a};\npub const B: usize = {b};"
            ));
            line(&format!("/// Rotations, each with a pair of couplings.\npub const BLOCKS: usize = {blocks};"));
        }
        line(
            "\n/// Columns that are independent of each other and of what is given, each with a mixture of its own: the least that a flow has to beat.",
        );
        line("pub type Marginals = Marginal<f32, MixtureCdf<NoClamp, K>, D>;");
        let columns = if c > 0 { format!("{first}<f32, I, C, H>") } else { format!("{first}<f32, I, H>") };
        if self.has_networks() {
            line(
                "\n/// The map of one column: through the distribution function of a mixture.\npub type Mixture = ClampedMixture<f32, K>;",
            );
        }
        match () {
            () if !self.has_networks() => {}
            () if d == 1 => {
                line("/// The mixture of the column, set by what is given.");
                line(
                    "pub type Couplings = Conditional<Mixture, (ContextDense<f32, 0, C, H>, Relu, Dense<f32, H, H>, Relu, Head<f32, Mixture, H, 1>), 1>;",
                );
            }
            () => {
                line("/// What sets O mixtures: a network that sees I columns and what is given.");
                line(&format!(
                    "pub type Net<const I: usize, const O: usize> = ({columns}, Relu, Dense<f32, H, H>, Relu, Head<f32, Mixture, H, O>);"
                ));
                line("/// A rotation, and two couplings that exchange their halves.");
                line(
                    "pub type Block = (Householder<f32, D, D>, Coupling<FirstHalf, Mixture, Net<A, B>, A, B>, Coupling<Swap<FirstHalf>, Mixture, Net<B, A>, B, A>);",
                );
                line("/// Couplings: every column may depend on all others.\npub type Couplings = [Block; BLOCKS];");
            }
        }
        line(
            "\n/// A candidate behind the layer that takes rows as they are in the table.\npub type Fitted<Body> = Flow<f32, (ActNorm<f32, D>, Body), D, C>;",
        );
        text
    }

    /// The candidates of `main.rs`.
    pub fn candidates(&self) -> &'static [&'static str] {
        if self.has_networks() { &["Marginals", "Couplings"] } else { &["Marginals"] }
    }
}

/// Bytes of `64k`, `1M` or `65536`.
pub fn bytes(text: &str) -> Result<usize, String> {
    let (digits, unit) = match text.trim_end_matches(['B', 'b', 'i']) {
        text if text.ends_with(['k', 'K']) => (&text[..text.len() - 1], 1024),
        text if text.ends_with(['m', 'M']) => (&text[..text.len() - 1], 1024 * 1024),
        text => (text, 1),
    };
    let count = digits.trim().parse::<usize>().ok().and_then(|count| count.checked_mul(unit));
    count.filter(|count| *count > 0).ok_or_else(|| format!("`{text}` is not a size such as 64k or 1M"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proposals_fit_the_flash() {
        for target in &TARGETS {
            for d in [1, 2, 3, 12, 36, 64] {
                for (c, rows, flash) in [(0, 100, 64), (3, 20_000, 256), (8, 1_000_000, 1024)] {
                    let shape = Shape::of(d, c, rows, flash * 1024, target);
                    assert!(shape.blocks == 0 || shape.bytes() + CODE <= flash * 1024, "{shape:?}");
                    assert!(target.floats || shape.h <= 16, "{shape:?}");
                }
            }
        }
        // More rows and more flash never give a smaller flow.
        let size = |rows, flash| Shape::of(6, 0, rows, flash, &TARGETS[0]).parameters();
        assert!(size(200, 1 << 20) < size(50_000, 1 << 20) && size(50_000, 1 << 16) < size(50_000, 1 << 20));
    }

    #[test]
    fn sizes_are_read() {
        let read = ["64k", "64K", "64kB", "64KiB", "1M", "65536"].map(|text| bytes(text).ok());
        assert_eq!(read, [Some(65536), Some(65536), Some(65536), Some(65536), Some(1 << 20), Some(65536)]);
        assert!(["", "k", "0", "-1", "64x", "99999999999999999999M"].iter().all(|text| bytes(text).is_err()));
    }
}
