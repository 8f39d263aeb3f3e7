//! Somewhere else in the network: a network namespace of its own, with one wire to here.

use std::process::Command;
use std::sync::atomic::{AtomicU8, Ordering};

use super::words;

/// A place; taken away when dropped. Needs root.
pub struct Elsewhere {
    name: String,
    /// This machine, as seen from there.
    pub here: String,
    /// That place, as seen from here.
    pub there: String,
    /// This end of the wire.
    pub wire: String,
}

impl Elsewhere {
    /// A new one, or why there is none.
    pub fn new() -> Result<Self, String> {
        static COUNT: AtomicU8 = AtomicU8::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let id = std::process::id();
        let (low, high) = (id % 250, id / 250 % 250);
        let net = format!("10.{}.{low}", 100 + (high + u32::from(number)) % 150);
        let place = Self {
            name: format!("dw{id}n{number}"),
            here: format!("{net}.1"),
            there: format!("{net}.2"),
            wire: format!("dw{id}n{number}"),
        };
        let (name, wire, far) = (&place.name, &place.wire, format!("{}f", place.wire));
        does(&["ip", "netns", "add", name])?;
        does(&["ip", "link", "add", wire, "type", "veth", "peer", "name", &far])?;
        does(&["ip", "link", "set", &far, "netns", name])?;
        does(&["ip", "addr", "add", &format!("{}/30", place.here), "dev", wire])?;
        does(&["ip", "link", "set", wire, "up"])?;
        place.does(&["ip", "addr", "add", &format!("{}/30", place.there), "dev", &far])?;
        place.does(&["ip", "link", "set", &far, "up"])?;
        place.does(&["ip", "link", "set", "lo", "up"])?;
        Ok(place)
    }

    /// The words that run a command there.
    pub fn run_by(&self) -> [&str; 4] {
        ["ip", "netns", "exec", &self.name]
    }

    /// Runs a command there.
    pub fn does(&self, command: &[&str]) -> Result<(), String> {
        does(&[&self.run_by(), command].concat())
    }
}

/// Runs a command here.
pub fn does(command: &[&str]) -> Result<(), String> {
    let output = Command::new(command[0]).args(&command[1..]).output();
    let output = output.map_err(|error| format!("{}: {error}", command[0]))?;
    if output.status.success() { Ok(()) } else { Err(format!("{}: {}", command.join(" "), words(&output).trim())) }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        // With the place, its end of the wire goes, and so the other.
        let _ = does(&["ip", "link", "del", &self.wire]);
        let _ = does(&["ip", "netns", "del", &self.name]);
    }
}
