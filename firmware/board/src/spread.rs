//! The costs of many calls.

use crate::measure::Cost;
use crate::report;

/// The costs of many calls.
pub struct Spread {
    /// Of ordinary calls, in increasing order.
    instructions: heapless::Vec<u32, 256>,
    worst: Cost,
}

impl Default for Spread {
    fn default() -> Self {
        Spread { instructions: heapless::Vec::new(), worst: Cost { instructions: 0, stack: 0 } }
    }
}

impl Spread {
    /// Adds an ordinary call; those past 256 count for the worst alone.
    pub fn ordinary(&mut self, cost: Cost) {
        let _ = self.instructions.push(cost.instructions);
        self.hard(cost);
    }

    /// Adds a call that is no part of the median.
    pub fn hard(&mut self, cost: Cost) {
        self.worst.instructions = self.worst.instructions.max(cost.instructions);
        self.worst.stack = self.worst.stack.max(cost.stack);
    }

    /// Prints the median and the most instructions, and the most stack.
    pub fn report(mut self, median: &str, worst: &str, stack: &str) {
        self.instructions.sort_unstable();
        report(median, self.instructions.get(self.instructions.len() / 2).copied().unwrap_or(0), "instructions");
        report(worst, self.worst.instructions, "instructions");
        report(stack, self.worst.stack, "bytes");
    }
}
