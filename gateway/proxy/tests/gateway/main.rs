//! The data plane from outside: raw bytes on a socket against a running gateway, and a log of every byte that an origin got.

// Marked as tests as a whole, so that helpers may say `unwrap` as tests may.
#[cfg(test)]
mod framing;
#[cfg(test)]
mod identity;
#[cfg(test)]
mod lifetime;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod paths;
#[cfg(test)]
mod records;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod world;
