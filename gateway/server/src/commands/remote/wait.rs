//! How far long work is, for whoever sits at the terminal; for nobody where there is none.

use std::cell::RefCell;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How often it moves by itself.
const TICK: Duration = Duration::from_millis(120);

thread_local! {
    /// The one that is there. A command has one thread, and one bar at a time.
    static SHOWN: RefCell<Option<ProgressBar>> = const { RefCell::new(None) };
}

/// Something else is said or asked: the bar that is there steps aside meanwhile.
pub(super) fn aside<T>(say: impl FnOnce() -> T) -> T {
    match SHOWN.with_borrow(Clone::clone) {
        Some(bar) => bar.suspend(say),
        None => say(),
    }
}

/// A bar on standard error. It goes when it is dropped.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// Work of so many parts. Programs that read JSON are shown none.
    pub(super) fn of(parts: usize, what: &str, json: bool) -> Self {
        let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}");
        Self::drawn(ProgressBar::new(u64::try_from(parts).unwrap_or(u64::MAX)), style, what, json)
    }

    /// Work of which nobody knows how much there is.
    pub(super) fn unknown(what: &str, json: bool) -> Self {
        Self::drawn(ProgressBar::no_length(), ProgressStyle::with_template("{spinner} {msg} {pos}"), what, json)
    }

    fn drawn(
        bar: ProgressBar,
        style: Result<ProgressStyle, indicatif::style::TemplateError>,
        what: &str,
        json: bool,
    ) -> Self {
        // Hidden by itself where standard error is no terminal.
        bar.set_draw_target(if json { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() });
        if let Ok(style) = style {
            bar.set_style(style);
        }
        bar.set_message(what.to_owned());
        bar.enable_steady_tick(TICK);
        SHOWN.set(Some(bar.clone()));
        Self(bar)
    }

    /// There is so much of it, as it turns out.
    pub(super) fn of_so_many(&self, parts: usize) {
        self.0.set_length(u64::try_from(parts).unwrap_or(u64::MAX));
    }

    /// So much is done now.
    pub(super) fn at(&self, done: usize) {
        self.0.set_position(u64::try_from(done).unwrap_or(u64::MAX));
    }

    /// So much more is done.
    pub(super) fn more(&self, done: usize) {
        self.0.inc(u64::try_from(done).unwrap_or_default());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        SHOWN.set(None);
        self.0.finish_and_clear();
    }
}
