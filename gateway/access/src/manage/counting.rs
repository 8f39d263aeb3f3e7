//! What takes a while to count where there is very much of it: it is counted beside the page, which waits for a moment and then
//! shows what was counted before.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use doorward_api::StoreError;
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

/// So long a page waits for what is being counted. Then it shows what was counted before, if anything was.
pub(super) const PATIENCE: Duration = Duration::from_millis(60);

/// What was counted is remembered of so many things at the most.
const REMEMBERED: usize = 100;

/// What took longer to count than this is good for a while: it would be counted again and again for whoever turns the page.
const CHEAP: Duration = Duration::from_millis(400);

/// For how long, as a multiple of what it took.
const WORTH: u32 = 20;

/// So many things are counted at a time: whoever asks for many makes the store no slower for others.
const AT_A_TIME: usize = 2;

/// What was counted last of each thing, and what is being counted.
#[derive(Debug)]
pub(super) struct Counting<K, T> {
    all: Arc<Mutex<BTreeMap<K, Counts<T>>>>,
    turns: Arc<Semaphore>,
}

#[derive(Debug)]
struct Counts<T> {
    last: Option<Last<T>>,
    /// Where the end of the counting that is under way is told.
    under_way: Option<Told<T>>,
}

#[derive(Debug)]
struct Last<T> {
    found: Arc<T>,
    at: Instant,
    took: Duration,
}

impl<T> Last<T> {
    /// It took long, and not long ago.
    fn is_good(&self) -> bool {
        self.took > CHEAP && self.at.elapsed() < self.took * WORTH
    }
}

/// Tells what was counted, or why nothing was; `None` until then.
type Told<T> = watch::Receiver<Option<Result<Arc<T>, String>>>;

impl<K, T> Default for Counting<K, T> {
    fn default() -> Self {
        Self { all: Arc::default(), turns: Arc::new(Semaphore::new(AT_A_TIME)) }
    }
}

impl<T> Default for Counts<T> {
    fn default() -> Self {
        Self { last: None, under_way: None }
    }
}

impl<K: Ord + Clone + Send + 'static, T: Send + Sync + 'static> Counting<K, T> {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<K, Counts<T>>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was counted last, where it still is `good`, or took so long that it is for a while; otherwise what is counted now, if
    /// that takes no longer than `patience`, and else what was counted before. `None` where nothing was yet. Whoever asks while it
    /// is being counted waits for the same.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where it could not be counted now and was not before.
    pub(super) async fn within<F, E>(
        &self,
        key: &K,
        patience: Duration,
        good: impl Fn(&T) -> bool,
        count: impl FnOnce() -> F,
    ) -> Result<Option<Arc<T>>, StoreError>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        E: Display,
    {
        let mut told = {
            let mut all = self.lock();
            let counts = all.entry(key.clone()).or_default();
            if let Some(last) = counts.last.as_ref().filter(|last| last.is_good() || good(&last.found)) {
                return Ok(Some(last.found.clone()));
            }
            // One that has broken off tells nothing any more.
            match counts.under_way.clone().filter(|told| told.has_changed().is_ok()) {
                Some(told) => told,
                None => counts.under_way.insert(self.begin(key.clone(), count())).clone(),
            }
        };
        let told = match timeout(patience, told.wait_for(Option::is_some)).await {
            Ok(Ok(told)) => told.clone(),
            Ok(Err(_)) | Err(_) => None,
        };
        let last = || self.lock().get(key).and_then(|counts| Some(counts.last.as_ref()?.found.clone()));
        match told {
            Some(Ok(counted)) => Ok(Some(counted)),
            Some(Err(why)) => last().map(Some).ok_or(StoreError::Unavailable(why)),
            None => Ok(last()),
        }
    }

    /// Counts, whoever waits for it.
    fn begin<F, E>(&self, key: K, count: F) -> Told<T>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        E: Display,
    {
        let (tell, told) = watch::channel(None);
        let here = Self { all: self.all.clone(), turns: self.turns.clone() };
        tokio::spawn(async move {
            // Nobody closes it.
            let _turn = here.turns.acquire().await;
            let begun = Instant::now();
            let outcome = count.await.map(Arc::new).map_err(|error| error.to_string());
            let mut all = here.lock();
            forget_some(&mut all, &key);
            let counts = all.entry(key).or_default();
            counts.under_way = None;
            match &outcome {
                Ok(new) => {
                    counts.last = Some(Last { found: new.clone(), at: Instant::now(), took: begun.elapsed() });
                }
                Err(error) => tracing::warn!(error, "what a page shows the number of could not be counted"),
            }
            drop(all);
            tell.send_replace(Some(outcome));
        });
        told
    }
}

/// Makes room: what was counted longest ago goes, but for `kept` and what is being counted.
fn forget_some<K: Ord + Clone, T>(all: &mut BTreeMap<K, Counts<T>>, kept: &K) {
    while all.len() > REMEMBERED {
        let idle = all.iter().filter(|(key, counts)| counts.under_way.is_none() && *key != kept);
        let oldest = idle.min_by_key(|(_, counts)| counts.last.as_ref().map(|last| last.at));
        match oldest.map(|(key, _)| key.clone()) {
            Some(key) => drop(all.remove(&key)),
            None => break,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    const SOON: Duration = Duration::from_millis(20);

    const DEFAULT: &str = "default";

    #[tokio::test]
    async fn a_page_shows_the_last_count_while_the_next_one_takes_too_long() {
        let counting = Counting::<&str, u64>::default();
        let never = |_: &u64| false;
        let wait = |told: oneshot::Receiver<u64>| async { told.await.map_err(|_| "nobody counts") };

        let (first, told) = oneshot::channel();
        assert_eq!(
            counting.within(&DEFAULT, SOON, never, || wait(told)).await.unwrap(),
            None,
            "nothing was counted yet"
        );
        first.send(7).unwrap();
        let again = || async { panic!("it is being counted already") };
        let shown = counting.within::<_, &str>(&DEFAULT, SOON * 50, never, again).await.unwrap();
        assert_eq!(shown.as_deref(), Some(&7), "whoever asks meanwhile waits for the same count");

        let (second, told) = oneshot::channel();
        let shown = counting.within(&DEFAULT, SOON, never, || wait(told)).await.unwrap();
        assert_eq!(shown.as_deref(), Some(&7), "the one before is shown");
        drop(second);
        let third = || async { Ok::<_, &str>(9) };
        // Which of them is met depends on which ends first: both tell a number.
        assert!(counting.within(&DEFAULT, SOON * 50, never, third).await.unwrap().is_some());
        let shown = counting.within(&DEFAULT, SOON * 50, never, third).await.unwrap();
        assert_eq!(shown.as_deref(), Some(&9), "a counting that broke off does not stand in the way");
    }

    #[tokio::test]
    async fn what_cannot_be_counted_is_told_only_where_nothing_was_before() {
        let counting = Counting::<&str, u64>::default();
        let never = |_: &u64| false;
        let broken = || async { Err::<u64, _>("the store is away") };
        let refused = counting.within(&DEFAULT, SOON * 50, never, broken).await.unwrap_err();
        assert!(refused.to_string().contains("the store is away"), "{refused}");
        counting.within(&DEFAULT, SOON * 50, never, || async { Ok::<_, &str>(3) }).await.unwrap();
        let shown = counting.within(&DEFAULT, SOON * 50, never, broken).await.unwrap();
        assert_eq!(shown.as_deref(), Some(&3));
    }

    #[tokio::test]
    async fn what_still_is_good_is_not_counted_again() {
        let counting = Counting::<&str, u64>::default();
        let one = || async { Ok::<_, &str>(1) };
        counting.within(&DEFAULT, SOON * 50, |_| true, one).await.unwrap();
        let two = || async { Ok::<_, &str>(2) };
        let shown = counting.within(&DEFAULT, SOON * 50, |_| true, two).await.unwrap();
        assert_eq!(shown.as_deref(), Some(&1));
    }

    #[tokio::test]
    async fn what_took_long_to_count_is_good_for_a_while() {
        let counting = Counting::<&str, u64>::default();
        let never = |_: &u64| false;
        let slow = || async {
            tokio::time::sleep(CHEAP * 3 / 2).await;
            Ok::<_, &str>(1)
        };
        counting.within(&DEFAULT, CHEAP * 10, never, slow).await.unwrap();
        let two = || async { Ok::<_, &str>(2) };
        assert_eq!(counting.within(&DEFAULT, SOON * 50, never, two).await.unwrap().as_deref(), Some(&1));
        assert_eq!(counting.within(&"other", SOON * 50, never, two).await.unwrap().as_deref(), Some(&2));
    }

    #[tokio::test]
    async fn what_nobody_asks_for_any_more_is_forgotten() {
        let counting = Counting::<usize, u64>::default();
        for key in 0..REMEMBERED * 2 {
            counting.within(&key, SOON * 50, |_| false, || async { Ok::<_, &str>(1) }).await.unwrap();
        }
        let all = counting.lock();
        assert!(all.len() <= REMEMBERED + 1 && all.contains_key(&(REMEMBERED * 2 - 1)), "{}", all.len());
    }
}
