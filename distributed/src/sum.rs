//! Sums over the shards of all ranks that do not depend on who has which.

use std::ops::AddAssign;

use mpi::traits::{Communicator, Destination, Equivalence, Root, Source};

use crate::ranks::Ranks;

/// A sum of slices, place by place, by a binary tree over the shards' numbers: `((0 + 1) + (2 + 3)) + ...`. MPI's own all-reduce adds in an order that depends on the number of ranks,
/// and training soon makes another curve of another rounding. Here the bits are the same for any number of ranks that have `2^k` shards each.
///
/// Memory: a slice for each level of the tree, the logarithm of the shards of this rank.
#[derive(Default)]
pub struct ShardSum<X> {
    /// The sums of whole subtrees, one for each 1 in the binary digits of the count, the largest first.
    subtrees: Vec<Vec<X>>,
    count: usize,
}

impl<X: Equivalence + Copy + Default + AddAssign> ShardSum<X> {
    /// Adds the next shard of this rank, whose numbers `fill` appends to an empty vector.
    pub fn add(&mut self, fill: impl FnOnce(&mut Vec<X>)) {
        let last = self.count.count_ones() as usize;
        if self.subtrees.len() == last {
            self.subtrees.push(Vec::new());
        }
        self.subtrees[last].clear();
        fill(&mut self.subtrees[last]);
        self.count += 1;
        // As a binary counter carries.
        self.merge(last, self.count.count_ones() as usize);
    }

    /// Adds the last subtrees to those before them until `left` are left.
    fn merge(&mut self, last: usize, left: usize) {
        for i in (left..=last).rev() {
            let (before, after) = self.subtrees.split_at_mut(i);
            add(&mut before[i - 1], &after[0]);
        }
    }

    /// The sum over the shards of this rank, and a vector to receive in.
    fn of_rank(&mut self) -> [&mut Vec<X>; 2] {
        self.merge((self.count.count_ones() as usize).saturating_sub(1), 1);
        self.count = 0;
        self.subtrees.resize(self.subtrees.len().max(2), Vec::new());
        let [ours, spare, ..] = &mut self.subtrees[..] else { unreachable!("there are two") };
        [ours, spare]
    }

    /// The sum over all ranks, on all ranks. Each has added at least one shard; the next sum starts anew.
    pub fn over(&mut self, ranks: &Ranks) -> &[X] {
        let [ours, theirs] = self.of_rank();
        let mut distance = 1;
        while distance < ranks.count {
            if !ranks.rank.is_multiple_of(2 * distance) {
                ranks.world.process_at_rank((ranks.rank - distance) as i32).send(&ours[..]);
                break;
            }
            if ranks.rank + distance < ranks.count {
                theirs.resize(ours.len(), X::default());
                ranks.world.process_at_rank((ranks.rank + distance) as i32).receive_into(&mut theirs[..]);
                add(ours, theirs);
            }
            distance *= 2;
        }
        ranks.world.process_at_rank(0).broadcast_into(&mut ours[..]);
        ours
    }
}

fn add<X: Copy + AddAssign>(to: &mut [X], from: &[X]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to += *from);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tree that is meant: the largest power of two on the left.
    fn tree(leaves: &[f64]) -> f64 {
        match leaves {
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
                tree(left) + tree(right)
            }
        }
    }

    #[test]
    fn shards_are_added_in_a_tree() {
        let leaves: Vec<f64> = (1..100).map(|i| 1.0 / f64::from(i)).collect();
        let mut sum = ShardSum::default();
        let mut differs = false;
        for count in 1..leaves.len() {
            leaves[..count].iter().for_each(|leaf| sum.add(|to| to.push(*leaf)));
            let whole = sum.of_rank()[0][0];
            assert_eq!(whole, tree(&leaves[..count]), "{count} leaves");
            differs |= whole != leaves[..count].iter().sum::<f64>();
            // Ranks of 2^k leaves each are subtrees.
            for share in [1, 2, 4, 8] {
                let ranks: Vec<f64> = leaves[..count - count % share].chunks(share).map(tree).collect();
                assert!(ranks.is_empty() || tree(&ranks) == tree(&leaves[..count - count % share]));
            }
        }
        assert!(differs, "the order shows in the bits");
    }
}
