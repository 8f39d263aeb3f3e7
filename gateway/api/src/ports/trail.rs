//! What operators read of the past: the audit trail, and the enrolment history report.
//!
//! Every call is bounded: it looks at so many rows at most and says where it stopped, so that no condition, however rare what
//! it asks for is, makes anybody wait for the whole trail.

use async_trait::async_trait;

use crate::enrolment::{EnrolmentFilter, MissingUser, ReportRow, Totals, Wanted};
use crate::error::StoreError;
use crate::ids::VirtualServerId;
use crate::time::Timestamp;
use crate::trail::{TrailFilter, TrailRecord};

use super::store::Page;

/// A part of a long list that was searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scanned<T> {
    /// What was found, in order. May be short, or empty, though there is more.
    pub items: Vec<T>,
    /// Where to go on, if not everything was looked at.
    pub next: Option<String>,
    /// The time of the row where the search stopped before it had found as many as were asked for.
    pub searched_to: Option<Timestamp>,
}

/// The audit trail.
#[async_trait]
pub trait Trail: Send + Sync {
    /// Records for which every condition holds. `after` is the number of a record.
    async fn trail(
        &self,
        vs: &VirtualServerId,
        filter: &TrailFilter,
        page: &Page,
    ) -> Result<Scanned<TrailRecord>, StoreError>;
    /// When the first record was appended of those that are left; `None` while all of them are.
    async fn begins(&self, vs: &VirtualServerId) -> Result<Option<Timestamp>, StoreError>;
}

/// How many users are wanted, and how many of them have no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Missing {
    /// Users who are not switched off.
    pub users: u64,
    /// Those of them without a token that counts.
    pub missing: u64,
}

/// The enrolment history report.
#[async_trait]
pub trait Enrolments: Send + Sync {
    /// Transactions for which every condition holds.
    async fn enrolments(
        &self,
        vs: &VirtualServerId,
        filter: &EnrolmentFilter,
        page: &Page,
    ) -> Result<Scanned<ReportRow>, StoreError>;
    /// What they came to: of the newest, at most as many as can be counted in a moment.
    async fn enrolment_totals(&self, vs: &VirtualServerId, filter: &EnrolmentFilter) -> Result<Totals, StoreError>;
    /// How many of those who are wanted have no token.
    async fn count_missing(&self, vs: &VirtualServerId, wanted: &Wanted) -> Result<Missing, StoreError>;
    /// Who they are, by name.
    async fn missing(
        &self,
        vs: &VirtualServerId,
        wanted: &Wanted,
        page: &Page,
    ) -> Result<Scanned<MissingUser>, StoreError>;
}
