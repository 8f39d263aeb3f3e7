//! The operating system's randomness.

use doorward_api::ports::Entropy;
use ring::rand::{SecureRandom, SystemRandom};

/// [`Entropy`] of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, into: &mut [u8]) {
        if SystemRandom::new().fill(into).is_err() {
            // Going on would mean session ids and seeds that can be guessed.
            tracing::error!("the operating system has no randomness; stopping at once");
            std::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_draws_differ() {
        assert_ne!(SystemEntropy.id(), SystemEntropy.id());
    }
}
