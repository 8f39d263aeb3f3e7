//! How much of its memory the process may still take, and who is turned away when that is little (F-28). Being killed for want of
//! memory would end everybody's requests; so those who come last are told to come back.
//!
//! Somebody else measures and says what was found ([`Headroom::note`]); here it is one number that every room may look at.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::sync::Notify;

/// From so many hundredths of the limit on, nobody new is let in.
const SCARCE: u64 = 75;
/// From so many on, nothing new is begun.
const SPENT: u64 = 85;

/// Shared by all who let somebody in.
#[derive(Debug, Default)]
pub struct Headroom {
    level: AtomicU8,
    /// Whoever waits with an open connection and could as well not.
    waiting: Notify,
}

/// How much is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Everybody is welcome.
    Ample = 0,
    /// Above 75 % of the limit: new connections are closed at once, connections on which nothing is asked are closed soon.
    Scarce = 1,
    /// Above 85 %: new requests are answered 503, too.
    Spent = 2,
}

impl Level {
    fn of(used: u64, limit: u64) -> Self {
        let above = |hundredths: u64| u128::from(used) * 100 > u128::from(limit) * u128::from(hundredths);
        match (above(SCARCE), above(SPENT)) {
            (_, true) => Self::Spent,
            (true, false) => Self::Scarce,
            (false, false) => Self::Ample,
        }
    }
}

impl Headroom {
    /// Ample until somebody says otherwise.
    pub fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    /// So many bytes are in use, of so many that there are. What that comes to, and what it was before.
    pub fn note(&self, used: u64, limit: u64) -> (Level, Level) {
        let now = Level::of(used, limit);
        let before = match self.level.swap(now as u8, Ordering::Relaxed) {
            0 => Level::Ample,
            1 => Level::Scarce,
            _ => Level::Spent,
        };
        if before == Level::Ample && now > before {
            self.waiting.notify_waiters();
        }
        (now, before)
    }

    /// Whether nobody new is let in.
    pub(crate) fn is_scarce(&self) -> bool {
        self.level.load(Ordering::Relaxed) >= Level::Scarce as u8
    }

    /// Whether nothing new is begun.
    pub(crate) fn is_spent(&self) -> bool {
        self.level.load(Ordering::Relaxed) >= Level::Spent as u8
    }

    /// Returns when it is ample no more. Whoever asks in the very moment in which that happens may miss it.
    pub(crate) async fn becomes_scarce(&self) {
        self.waiting.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    const LIMIT: u64 = 256 << 20;

    #[test]
    fn at_three_quarters_nobody_new_comes_in_and_at_eighty_five_hundredths_nothing_new_is_begun() {
        let headroom = Headroom::new();
        let at = |hundredths: u64| {
            headroom.note(LIMIT / 100 * hundredths, LIMIT);
            (headroom.is_scarce(), headroom.is_spent())
        };
        assert_eq!((headroom.is_scarce(), headroom.is_spent()), (false, false));
        assert_eq!(at(75), (false, false));
        assert_eq!(at(76), (true, false));
        assert_eq!(at(86), (true, true));
        assert_eq!(at(500), (true, true));
        assert_eq!(at(60), (false, false), "and as before when it is over");
    }

    #[test]
    fn what_it_was_before_is_told_with_what_it_is() {
        let headroom = Headroom::new();
        assert_eq!(headroom.note(LIMIT, LIMIT), (Level::Spent, Level::Ample));
        assert_eq!(headroom.note(LIMIT / 5 * 4, LIMIT), (Level::Scarce, Level::Spent));
        assert_eq!(headroom.note(u64::MAX, u64::MAX), (Level::Spent, Level::Scarce));
        assert_eq!(headroom.note(0, 0), (Level::Ample, Level::Spent));
    }

    #[tokio::test]
    async fn whoever_waits_hears_when_memory_becomes_scarce() {
        let headroom = Headroom::new();
        let waiting = headroom.becomes_scarce();
        tokio::pin!(waiting);
        const SOON: Duration = Duration::from_millis(20);
        assert!(timeout(SOON, waiting.as_mut()).await.is_err());
        headroom.note(LIMIT / 2, LIMIT);
        assert!(timeout(SOON, waiting.as_mut()).await.is_err());
        headroom.note(LIMIT, LIMIT);
        assert!(timeout(SOON, waiting.as_mut()).await.is_ok());
    }
}
