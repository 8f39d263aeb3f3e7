//! What several calls tell in the same way.

use doorward_api::{GroupRef, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

/// An id as it may come, for examples.
pub(super) const SOME_ID: &str = "mfrggzdfmztwq2lknnwg23tpoa";

/// A time as it may come, for examples.
pub(super) const SOME_TIME: Timestamp = Timestamp::from_millis(1_795_874_400_120);

/// A group, by id and name.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct GroupName {
    /// The group's id.
    pub(super) id: String,
    /// Its name.
    pub(super) name: String,
}

impl GroupName {
    pub(super) fn example() -> Self {
        Self { id: SOME_ID.to_owned(), name: "Sales".to_owned() }
    }

    pub(super) fn all(groups: Vec<GroupRef>) -> Vec<Self> {
        groups.into_iter().map(|group| Self { id: group.id.to_string(), name: group.name }).collect()
    }
}
