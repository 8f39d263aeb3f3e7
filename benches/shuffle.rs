//! An order that nobody chose, and that a seed brings back.

/// Numbers from a seed (SplitMix64).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// The same seed brings the same numbers.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// `0..count` in some order.
    pub fn order(&mut self, count: usize) -> Vec<usize> {
        let mut drawn: Vec<(u64, usize)> = (0..count).map(|index| (self.next(), index)).collect();
        drawn.sort_unstable();
        drawn.into_iter().map(|(_, index)| index).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_holds_each_once_and_comes_back_with_its_seed() {
        let (mut once, mut again) = (Dice::new(7), Dice::new(7));
        let first = once.order(12);
        assert_eq!(first, again.order(12));
        assert_ne!(first, once.order(12), "two rounds in the same order");
        let mut sorted = first;
        sorted.sort_unstable();
        assert_eq!(sorted, (0..12).collect::<Vec<_>>());
    }
}
