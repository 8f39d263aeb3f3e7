//! Signing in: the user name, the password, the passcode.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use doorward_access::cookies::CookieName;
use doorward_access::sessions::{Place, Unclear};
use doorward_access::visit::{Moved, Opening, Standing};
use doorward_api::{Secret, SessionId};
use doorward_views::{MessageKind, MessagePage};
use http::{Method, StatusCode};

use crate::answer::{Answer, LONG, STEP, land, see_other, to_step, with_cookie};
use crate::caller::Caller;
use crate::fields::Fields;
use crate::parts::{Portal, Shared};
use crate::post::FlowPost;

/// `GET /signin?return=…`: W0, or straight on where something is known of this browser.
pub(crate) async fn open(
    State(portal): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    method: Method,
    RawQuery(query): RawQuery,
) -> Answer {
    if method == Method::HEAD {
        // What a person sees may issue a ticket; what nobody sees does not.
        return Ok(StatusCode::OK.into_response());
    }
    let query = Fields::parse(query.unwrap_or_default().as_bytes())?;
    let remembered = caller.remembered.clone();
    match portal.parts.desk.open(&caller.visit, query.filled("return"), remembered).await? {
        Opening::Enough(landing) => land(&caller, &landing),
        Opening::Resume => see_other(STEP),
        Opening::Again { url } => see_other(&url),
        Opening::Raise { browser } => to_step(&caller, &browser),
        Opening::NotReceived { url } => {
            portal.message(&caller, &MessagePage::new(MessageKind::NotReceived).with_continue(url))
        }
        Opening::Ask(screen) => portal.screen(&caller, &screen),
        Opening::Denied(turned_away) => portal.denied(&caller, turned_away),
    }
}

/// `POST /signin`: the user name.
pub(crate) async fn name(State(portal): State<Shared>, post: FlowPost) -> Answer {
    let username = post.fields.text("username");
    let moved = portal.parts.desk.name(&post.caller.visit, post.fields.filled("return"), username).await?;
    let taken = matches!(moved, Moved::ToStep { .. });
    let response = portal.moved(&post.caller, moved)?;
    Ok(if taken { remember(&post, username, response) } else { response })
}

/// "Remember me on this device" remembers the user name and nothing else (decision A38).
fn remember(post: &FlowPost, username: &str, response: Response) -> Response {
    let cookies = post.caller.cookies;
    let wanted = post.fields.filled("remember").is_some();
    match (wanted, &post.caller.remembered) {
        (true, _) => with_cookie(response, cookies.set(CookieName::UserName, username, LONG)),
        (false, Some(_)) => with_cookie(response, cookies.clear(CookieName::UserName)),
        (false, None) => response,
    }
}

/// `GET /signin/step`: the page on which this browser's flow stands.
pub(crate) async fn step(State(portal): State<Shared>, Extension(caller): Extension<Arc<Caller>>) -> Answer {
    if caller.visit.browser.is_none() {
        return see_other("/signin");
    }
    match portal.parts.desk.look(&caller.visit).await? {
        Standing::Page(screen) => portal.screen(&caller, &screen),
        Standing::Done { url } => see_other(&url),
        Standing::Nowhere => see_other("/signin"),
    }
}

/// `POST /signin/password`.
pub(crate) async fn password(State(portal): State<Shared>, post: FlowPost) -> Answer {
    let password = post.fields.secret("password")?;
    let moved = portal.parts.desk.password(&post.caller.visit, &post.step, password).await?;
    portal.moved(&post.caller, moved)
}

/// `POST /signin/passcode`: of a token in use, or the first one of a new token.
pub(crate) async fn passcode(State(portal): State<Shared>, post: FlowPost) -> Answer {
    let otp = post.fields.secret("otp")?;
    let moved = portal.parts.desk.passcode(&post.caller.visit, &post.step, otp).await?;
    portal.moved(&post.caller, moved)
}

/// `POST /signin/passkey`: what the browser has answered, as the page's script sends it.
pub(crate) async fn passkey(State(portal): State<Shared>, post: FlowPost) -> Answer {
    let answer = Secret::new(post.fields.text("answer"));
    let moved = portal.parts.desk.passkey(&post.caller.visit, &post.step, answer).await?;
    portal.moved(&post.caller, moved)
}

/// `POST /signin/push`: a request is sent to the user's device.
pub(crate) async fn push(State(portal): State<Shared>, post: FlowPost) -> Answer {
    let moved = portal.parts.desk.request_push(&post.caller.visit, &post.step).await?;
    portal.moved(&post.caller, moved)
}

/// `POST /signin/push/finish`: it was approved. Where a PIN goes with it, it was asked for.
pub(crate) async fn push_finish(State(portal): State<Shared>, post: FlowPost) -> Answer {
    let pin = post.fields.get("pin").is_some().then(|| post.fields.secret("pin")).transpose()?;
    let moved = portal.parts.desk.finish_push(&post.caller.visit, &post.step, pin.as_ref()).await?;
    portal.moved(&post.caller, moved)
}

/// `POST /signin/push/cancel`: it is withdrawn.
pub(crate) async fn push_cancel(State(portal): State<Shared>, post: FlowPost) -> Answer {
    let moved = portal.parts.desk.cancel_push(&post.caller.visit, &post.step).await?;
    portal.moved(&post.caller, moved)
}

/// `POST /signin/new-pin`: the server-side PIN, twice.
pub(crate) async fn new_pin(State(portal): State<Shared>, post: FlowPost) -> Answer {
    let (pin, again) = (post.fields.secret("pin")?, post.fields.secret("pin_again")?);
    let moved = portal.parts.desk.new_pin(&post.caller.visit, &post.step, pin, again).await?;
    portal.moved(&post.caller, moved)
}

/// `POST /signin/switch`: another user.
pub(crate) async fn switch(State(portal): State<Shared>, post: FlowPost) -> Answer {
    let leaving = Leaving::of(&portal, &post.caller).await?;
    let moved = portal.parts.desk.switch_user(&post.caller.visit, &post.step).await?;
    leaving.done(&portal, &post.caller, moved)
}

/// `POST /signin/cancel`: cancel and sign out.
pub(crate) async fn cancel(State(portal): State<Shared>, post: FlowPost) -> Answer {
    let leaving = Leaving::of(&portal, &post.caller).await?;
    let moved = portal.parts.desk.cancel(&post.caller.visit, &post.step).await?;
    leaving.done(&portal, &post.caller, moved)
}

/// The session that ends with a sign-in which is given up, if the browser has one.
struct Leaving(Option<SessionId>);

impl Leaving {
    async fn of(portal: &Portal, caller: &Caller) -> Result<Self, Unclear> {
        let (visit, identities) = (&caller.visit, &portal.parts.identities);
        let found = identities.session(&visit.vs.id, Place::Portal, visit.session.as_ref(), visit.now).await?;
        Ok(Self(found.map(|(session, _)| session.id)))
    }

    /// Given up: the session's connections are cut and its cookie is cleared. A page too old to give anything up ends
    /// nothing.
    fn done(self, portal: &Portal, caller: &Caller, moved: Moved) -> Answer {
        let given_up = matches!(moved, Moved::Cancelled { .. } | Moved::StartAgain { .. });
        let response = portal.moved(caller, moved)?;
        if !given_up {
            return Ok(response);
        }
        if let Some(session) = self.0 {
            (portal.parts.cut_off)(&session);
        }
        Ok(with_cookie(response, caller.cookies.clear(CookieName::Portal)))
    }
}
