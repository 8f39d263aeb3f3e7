//! Sequence numbers of a device's calls: by them a copy of the device is found out.

use serde::{Deserialize, Serialize};

use crate::bytes::Fixed;

/// How many numbers, up to the highest, are remembered.
const REMEMBERED: u64 = 32;

/// The highest number that any JSON reader holds exactly.
pub(crate) const NUMBER_MAX: u64 = (1 << 53) - 1;

/// The last numbers with the nonces that came with them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Window {
    highest: u64,
    seen: Vec<(u64, Fixed<16>)>,
}

/// What a number says of the call that carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// The next one.
    Next,
    /// It was overtaken, or comes a second time: not done.
    Late,
    /// Another device uses the same key.
    Copied,
}

impl Window {
    /// Takes a call's number and nonce.
    pub(crate) fn take(&mut self, number: u64, nonce: &Fixed<16>) -> Order {
        if let Some((_, before)) = self.seen.iter().find(|(seen, _)| *seen == number) {
            return if before == nonce { Order::Late } else { Order::Copied };
        }
        if number.saturating_add(REMEMBERED) <= self.highest {
            return Order::Copied;
        }
        let order = if number > self.highest { Order::Next } else { Order::Late };
        // One that came late is remembered too: who used it first is the device, whoever comes second a copy.
        self.highest = self.highest.max(number);
        self.seen.push((number, nonce.clone()));
        let highest = self.highest;
        self.seen.retain(|(seen, _)| seen.saturating_add(REMEMBERED) > highest);
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nonce(byte: u8) -> Fixed<16> {
        Fixed::new([byte; 16])
    }

    #[test]
    fn each_number_is_taken_once_and_in_order() {
        let mut window = Window::default();
        assert_eq!(window.take(1, &nonce(1)), Order::Next);
        assert_eq!(window.take(1, &nonce(1)), Order::Late, "a repetition");
        assert_eq!(window.take(3, &nonce(3)), Order::Next, "one was lost on its way");
        assert_eq!(window.take(2, &nonce(2)), Order::Late, "and came after all");
        assert_eq!(window.take(4, &nonce(4)), Order::Next);
    }

    #[test]
    fn the_same_number_with_another_nonce_comes_from_a_copy() {
        let mut window = Window::default();
        window.take(1, &nonce(1));
        assert_eq!(window.take(1, &nonce(9)), Order::Copied);
        window.take(5, &nonce(5));
        assert_eq!(window.take(3, &nonce(3)), Order::Late);
        assert_eq!(window.take(3, &nonce(4)), Order::Copied, "one that came late is remembered too");
    }

    #[test]
    fn a_number_older_than_the_last_32_comes_from_a_copy() {
        let mut window = Window::default();
        for number in 1..=40 {
            assert_eq!(window.take(number, &nonce(1)), Order::Next);
        }
        assert_eq!(window.seen.len(), 32);
        assert_eq!(window.clone().take(9, &nonce(1)), Order::Late, "the oldest of the 32, again");
        assert_eq!(window.clone().take(8, &nonce(1)), Order::Copied);
        window.take(100, &nonce(1));
        assert_eq!(window.clone().take(69, &nonce(1)), Order::Late);
        assert_eq!(window.take(68, &nonce(1)), Order::Copied);
        assert_eq!(window.seen.len(), 1);
    }
}
