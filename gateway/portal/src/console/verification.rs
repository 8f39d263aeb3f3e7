//! Whether a caller is the user: what has become of the request that was sent to their device.

use axum::extract::{Path, State};
use doorward_access::arrival::ErrorKind;
use doorward_access::manage::CallerAnswer;
use doorward_api::push::PushState;
use doorward_api::{PushId, Secret, UserId};
use doorward_views::console_records::{RecordsPage, VerificationPage};
use http::{HeaderName, HeaderValue, StatusCode};

use super::records::{at as record, show};
use super::signed::Signed;
use super::{Shared, users};
use crate::answer::Answer;
use crate::fault::Fault;

/// How often the page looks again, in seconds.
const AGAIN: &str = "3";

/// The page of a request.
pub(super) fn at(user: &UserId, push: &PushId) -> String {
    record(&format!("{}/verification", record(users::HERE, user.as_str())), push.as_str())
}

/// `GET /users/{id}/verification/{push}`
pub(super) async fn look(
    State(console): State<Shared>,
    Path((id, push)): Path<(String, String)>,
    signed: Signed,
) -> Answer {
    let manager = &console.parts.manager;
    let answer = manager.caller_verified(&signed.vs.id, &signed.by(), &PushId::new(push)).await?;
    if answer.user.as_str() != id {
        return Err(Fault::new(ErrorKind::NotFound, "the request is another user's"));
    }
    let user = manager.user(&signed.vs.id, &answer.user).await?;
    let waits = answer.number.is_some();
    let back = record(users::HERE, &id);
    let page = page(answer, user.user.name, back);
    let mut response = show(&console, &signed, users::HERE, StatusCode::OK, RecordsPage::Verification(Box::new(page)))?;
    if waits {
        response.headers_mut().insert(HeaderName::from_static("refresh"), HeaderValue::from_static(AGAIN));
    }
    Ok(response)
}

fn page(answer: CallerAnswer, name: String, back: String) -> VerificationPage {
    VerificationPage {
        outcome: outcome(&answer),
        name,
        number: answer.number.as_ref().map(Secret::expose).unwrap_or_default().to_owned(),
        until: answer.expires_at,
        by_hand: answer.by_hand,
        again: format!("{back}/verify"),
        back,
    }
}

/// What became of it. One that waits and is past its end was not answered.
const fn outcome(answer: &CallerAnswer) -> &'static str {
    match answer.state {
        PushState::Pending if answer.number.is_some() => "pending",
        PushState::Pending => "expired",
        PushState::Used => PushState::Approved.as_str(),
        state => state.as_str(),
    }
}
