//! How long the audit trail is kept.

use std::time::Duration;

use toml::Spanned;

use super::ConfigError;
use super::resolve::Place;
use super::source::AuditTable;

/// So long a record stays when nothing is said (self-provisioning.md 5.4).
const DAYS: u32 = 400;
/// So much longer one stays that somebody is still to be sent.
const UNSENT_DAYS: u32 = 30;
/// A hundred years.
const MOST_DAYS: u32 = 36_500;

/// How long the records of the audit trail stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Retention {
    /// So long; `None`: for ever.
    pub(crate) keep: Option<Duration>,
    /// And so much longer while an outlet has not sent them.
    pub(crate) unsent: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        Self { keep: Some(days(DAYS)), unsent: days(UNSENT_DAYS) }
    }
}

fn days(days: u32) -> Duration {
    Duration::from_hours(24 * u64::from(days))
}

pub(super) fn retention(place: &Place<'_>, written: &AuditTable) -> Result<Retention, ConfigError> {
    let usual = Retention::default();
    let said = |value: &Option<Spanned<u32>>, field: &str| match value {
        None => Ok(None),
        Some(value) if *value.get_ref() <= MOST_DAYS => Ok(Some(*value.get_ref())),
        Some(value) => Err(place.wrong(value, field, format!("must be 0 to {MOST_DAYS} days"))),
    };
    let keep = match said(&written.keep_days, "audit.keep_days")? {
        None => usual.keep,
        Some(0) => None,
        Some(some) => Some(days(some)),
    };
    let unsent = said(&written.keep_unsent_days, "audit.keep_unsent_days")?.map_or(usual.unsent, days);
    Ok(Retention { keep, unsent })
}
