//! The stories are in `main.rs`; this crate offers nothing to others.
