//! The call that tells of all calls.

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::asked::Outside;
use super::given::Nothing;
use super::gives::{Found, Shown};
use super::problem::Problem;

/// The description of the API: an OpenAPI 3.1 document.
#[derive(Debug, Serialize, ToSchema)]
#[schema(value_type = Object)]
#[serde(transparent)]
pub(super) struct Description(Value);

impl Shown for Description {
    fn example() -> Self {
        Self(json!({ "openapi": "3.1.0" }))
    }
}

/// `GET /openapi.json`
pub(super) async fn describe(outside: Outside, _: Nothing) -> Result<Found<Description>, Problem> {
    Ok(Found(Description(outside.api.description.as_ref().clone())))
}
