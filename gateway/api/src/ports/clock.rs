//! Time and randomness.

use crate::time::Timestamp;

/// The store's time (decision A21): every process of a deployment agrees on it, and it never goes back.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// The operating system's randomness.
pub trait Entropy: Send + Sync {
    /// Fills the slice. An operating system without randomness is one on which nothing may run: implementations abort.
    fn fill(&self, into: &mut [u8]);

    /// A random identifier: 128 bits as 26 characters of lower-case base32, for rows and requests.
    fn id(&self) -> String {
        let mut bytes = [0_u8; 16];
        self.fill(&mut bytes);
        data_encoding::BASE32_NOPAD.encode(&bytes).to_ascii_lowercase()
    }
}
