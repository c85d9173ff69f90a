//! The costs of many calls.

use core::hint::black_box;

use crate::measure::{Cost, measure};
use crate::report;

/// The costs of many calls.
pub struct Spread {
    /// Of ordinary calls.
    instructions: heapless::Vec<u32, 256>,
    worst: Cost,
}

impl Default for Spread {
    fn default() -> Self {
        Spread { instructions: heapless::Vec::new(), worst: Cost { instructions: 0, stack: 0 } }
    }
}

impl Spread {
    /// The costs of `call` at ordinary points and in a search for the most.
    pub fn of<const D: usize>(call: impl Fn(&[f32; D])) -> Self {
        let mut spread = Spread::default();
        for x in flows::ordinary(200) {
            spread.ordinary(&call, &x);
        }
        spread.search(40, 40, &call);
        spread
    }

    /// Adds a call at an ordinary point; those past 256 count for the worst alone.
    pub fn ordinary<const D: usize>(&mut self, call: impl Fn(&[f32; D]), x: &[f32; D]) {
        let instructions = self.hard(call, x);
        let _ = self.instructions.push(instructions);
    }

    /// Adds a call that is no part of the median; returns its instructions.
    pub fn hard<const D: usize>(&mut self, call: impl Fn(&[f32; D]), x: &[f32; D]) -> u32 {
        let cost = measure(|| call(black_box(x)));
        self.worst.instructions = self.worst.instructions.max(cost.instructions);
        self.worst.stack = self.worst.stack.max(cost.stack);
        cost.instructions
    }

    /// Adds calls that are no part of the median, in search of the most: see [`flows::search`].
    pub fn search<const D: usize>(&mut self, starts: u32, steps: u32, call: impl Fn(&[f32; D])) {
        flows::search(starts, steps, |x| self.hard(&call, x));
    }

    /// Prints the median and the most instructions, and the most stack.
    pub fn report(&self, median: &str, worst: &str, stack: &str) {
        // Without a sort, which can panic: the images are searched for that.
        let all = &self.instructions;
        let in_the_middle = |x: &u32| all.iter().filter(|y| *y <= x).count() > all.len() / 2;
        report(median, all.iter().copied().filter(in_the_middle).min().unwrap_or(0), "instructions");
        report(worst, self.worst.instructions, "instructions");
        report(stack, self.worst.stack, "bytes");
    }
}
