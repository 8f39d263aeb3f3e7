//! Self-provisioning: the forms of the wizard W1..W5. Its pages are shown by `GET /signin/step`.

use axum::extract::State;
use doorward_api::Secret;

use crate::answer::Answer;
use crate::parts::Shared;
use crate::post::FlowPost;

/// W1: Add Authenticator.
pub(crate) async fn add(State(portal): State<Shared>, post: FlowPost) -> Answer {
    let moved = portal.parts.desk.add_authenticator(&post.caller.visit, &post.step).await?;
    portal.moved(&post.caller, moved)
}

/// W1: Later.
pub(crate) async fn later(State(portal): State<Shared>, post: FlowPost) -> Answer {
    let moved = portal.parts.desk.later(&post.caller.visit, &post.step).await?;
    portal.moved(&post.caller, moved)
}

/// The extra proof: an approval is asked for.
pub(crate) async fn ask_approval(State(portal): State<Shared>, post: FlowPost) -> Answer {
    let moved = portal.parts.desk.ask_approval(&post.caller.visit, &post.step).await?;
    portal.moved(&post.caller, moved)
}

/// The extra proof: on, if the approval is there.
pub(crate) async fn go_on(State(portal): State<Shared>, post: FlowPost) -> Answer {
    let moved = portal.parts.desk.go_on(&post.caller.visit, &post.step).await?;
    portal.moved(&post.caller, moved)
}

/// The extra proof: the help desk's code.
pub(crate) async fn help_desk_code(State(portal): State<Shared>, post: FlowPost) -> Answer {
    let code = Secret::new(post.fields.text("code"));
    let moved = portal.parts.desk.help_desk_code(&post.caller.visit, &post.step, &code).await?;
    portal.moved(&post.caller, moved)
}

/// W2: the verification code.
pub(crate) async fn code(State(portal): State<Shared>, post: FlowPost) -> Answer {
    let code = post.fields.text("verification_code");
    let moved = portal.parts.desk.verify_code(&post.caller.visit, &post.step, code).await?;
    portal.moved(&post.caller, moved)
}

/// W2: Send a new code; E2: Retry.
pub(crate) async fn resend(State(portal): State<Shared>, post: FlowPost) -> Answer {
    let moved = portal.parts.desk.resend_code(&post.caller.visit, &post.step).await?;
    portal.moved(&post.caller, moved)
}

/// W3, W4: where to install it.
pub(crate) async fn target(State(portal): State<Shared>, post: FlowPost) -> Answer {
    let target = post.fields.text("target");
    let moved = portal.parts.desk.choose_target(&post.caller.visit, &post.step, target).await?;
    portal.moved(&post.caller, moved)
}

/// W5: New code.
pub(crate) async fn new_code(State(portal): State<Shared>, post: FlowPost) -> Answer {
    let moved = portal.parts.desk.new_secret(&post.caller.visit, &post.step).await?;
    portal.moved(&post.caller, moved)
}

/// W5 for an app of our own: it is installed.
pub(crate) async fn installed(State(portal): State<Shared>, post: FlowPost) -> Answer {
    let moved = portal.parts.desk.app_installed(&post.caller.visit, &post.step).await?;
    portal.moved(&post.caller, moved)
}

/// W5: another app instead.
pub(crate) async fn kind(State(portal): State<Shared>, post: FlowPost) -> Answer {
    let kind = post.fields.text("kind");
    let moved = portal.parts.desk.choose_kind(&post.caller.visit, &post.step, kind).await?;
    portal.moved(&post.caller, moved)
}

/// W6: whether the device that was found is the user's. Whoever says nothing has not said yes.
pub(crate) async fn device(State(portal): State<Shared>, post: FlowPost) -> Answer {
    let theirs = post.fields.text("mine") == "yes";
    let moved = portal.parts.desk.confirm_device(&post.caller.visit, &post.step, theirs).await?;
    portal.moved(&post.caller, moved)
}

/// W5: Continue.
pub(crate) async fn to_passcode(State(portal): State<Shared>, post: FlowPost) -> Answer {
    let moved = portal.parts.desk.continue_to_passcode(&post.caller.visit, &post.step).await?;
    portal.moved(&post.caller, moved)
}

/// Back, where it is safe.
pub(crate) async fn back(State(portal): State<Shared>, post: FlowPost) -> Answer {
    let moved = portal.parts.desk.back(&post.caller.visit, &post.step).await?;
    portal.moved(&post.caller, moved)
}
