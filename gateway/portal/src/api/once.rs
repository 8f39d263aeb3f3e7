//! `Idempotency-Key`: a request that is sent again under its key is given the first one's answer and not done again.

use doorward_access::operators::{Caller, Freed, Once, OperatorDesk, Request, Reserved};
use doorward_api::FieldRule;
use http::HeaderMap;

use super::asked::Asked;
use super::gives::Reply;
use super::problem::{Kind, Problem, Wrong};

/// The header.
pub(super) const KEY: &str = "Idempotency-Key";

/// The longest key, in characters.
pub(super) const LONGEST_KEY: usize = 255;

/// What is to be done.
pub(super) enum Turn {
    /// This, and nothing is kept of it.
    Plain,
    /// This, and its answer is kept.
    First(Reserved),
    /// Nothing: it was done, and this was the answer.
    Again(Reply),
}

/// Looks whether a request was here before.
pub(super) async fn turn(asked: &Asked, call: &str, headers: &HeaderMap, body: &[u8]) -> Result<Turn, Problem> {
    let Some(key) = key(headers)? else { return Ok(Turn::Plain) };
    let desk = &asked.api.parts.operators;
    match desk.once(&asked.at(), &asked.session, Request { key, call, body }).await? {
        Once::Do(reserved) => Ok(Turn::First(reserved)),
        Once::Done(answer) => {
            let reply = serde_json::from_str(&answer);
            reply.map(Turn::Again).map_err(|_| Problem::internal("the answer that was kept cannot be read"))
        }
        Once::Underway => Err(Problem::underway()),
        Once::Another => {
            Err(Problem::new(Kind::AnotherRequest, "another call, or another body, was sent under this key"))
        }
    }
}

/// Keeps the answer, or frees the key where nothing was done. What cannot be kept is told all the same: the key then
/// stays reserved, and nothing is done a second time under it.
pub(super) async fn settle(
    (desk, at): (&OperatorDesk, &Caller),
    reserved: Reserved,
    outcome: Result<Reply, Problem>,
) -> Result<Reply, Problem> {
    let settled = match &outcome {
        Ok(reply) => desk.was_done(at, reserved, serde_json::to_string(reply).unwrap_or_default()).await.map(Some),
        // Whether an answer that failed in the middle was done is not known.
        Err(problem) if problem.kind == Kind::Internal => Ok(None),
        Err(_) => desk.was_not_done(at, reserved).await.map(|freed| (freed == Freed::Yes).then_some(())),
    };
    let is_settled = match settled {
        Ok(settled) => settled.is_some(),
        Err(error) => {
            tracing::warn!(request_id = at.request_id, %error, "a request's key stays reserved");
            false
        }
    };
    match outcome {
        Err(problem) if !is_settled && problem.kind == Kind::Unavailable => Err(problem.perhaps_done()),
        outcome => outcome,
    }
}

fn key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut sent = headers.get_all(KEY).iter();
    let Some(key) = sent.next() else { return Ok(None) };
    let visible = |key: &&str| (1..=LONGEST_KEY).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic());
    let key = key.to_str().ok().filter(visible).filter(|_| sent.next().is_none());
    let wrong = || Problem::invalid(vec![Wrong::of(KEY, FieldRule::Text)]);
    key.map(Some).ok_or_else(wrong)
}
