//! The mailbox of all mail that was sent, in the demo only. It is open to whoever reaches it: it is mounted only where one is
//! given, which only the demo does (decision B19).

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router, middleware};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};

use crate::csrf::{Provenance, provenance};

/// A mail as its mail server received it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReceivedMail {
    /// The recipient.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The plain text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
    /// When it came, RFC 3339.
    pub at: String,
}

/// The demo's mail server.
pub trait Mailbox: Send + Sync {
    /// All mails, newest first.
    fn mails(&self) -> Vec<ReceivedMail>;

    /// Whether it turns mail away at the moment.
    fn stopped(&self) -> bool;

    /// Makes it turn mail away, or take it again: to see what people see when mail does not go out.
    fn set_stopped(&self, stopped: bool);
}

type Shared = Arc<dyn Mailbox>;

/// The mailbox's own routes.
pub(super) fn router(mailbox: Arc<dyn Mailbox>) -> Router {
    Router::new()
        .route("/mailbox", get(show))
        .route("/mailbox.json", get(list))
        .route("/mailbox/stopped", post(stop))
        .with_state(mailbox)
        .route("/mailbox.css", get(style))
        .layer(middleware::map_response(dress))
}

const STYLE: &str = include_str!("mailbox.css");

async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE).into_response()
}

async fn list(State(mailbox): State<Shared>) -> Json<Vec<ReceivedMail>> {
    Json(mailbox.mails())
}

async fn show(State(mailbox): State<Shared>) -> Response {
    let mut body = switch(mailbox.stopped());
    let mails = mailbox.mails();
    if mails.is_empty() {
        body.push_str("<p class=\"empty\">No mail has been sent yet. Reload the page when you expect some.</p>");
    }
    mails.iter().enumerate().for_each(|(place, mail)| body.push_str(&article(mail, place == 0)));
    page("Mailbox", &body)
}

fn switch(stopped: bool) -> String {
    let (class, state, value, label) = match stopped {
        false => ("switch", "The mail server takes mail.", "true", "Stop it"),
        true => ("switch stopped", "The mail server turns mail away.", "false", "Start it"),
    };
    format!(
        "<form class=\"{class}\" method=\"post\" action=\"/mailbox/stopped\"><p>{state}</p>\
         <button name=\"stopped\" value=\"{value}\">{label}</button></form>"
    )
}

/// The newest is open. The HTML part is shown in a frame of its own that may run nothing.
fn article(mail: &ReceivedMail, open: bool) -> String {
    format!(
        "<details{open}><summary><strong>{subject}</strong> <span>To {to}</span> \
         <time datetime=\"{at}\">{moment}</time></summary>\
         <div class=\"parts\"><pre>{text}</pre><iframe sandbox title=\"{subject}\" srcdoc=\"{html}\"></iframe></div></details>",
        open = if open { " open" } else { "" },
        subject = escape(&mail.subject),
        to = escape(&mail.to),
        at = escape(&mail.at),
        moment = escape(&readable(&mail.at)),
        text = linked(mail.text.trim_end()),
        html = escape(&mail.html),
    )
}

/// `2026-11-24T14:32:05.120Z` as `2026-11-24 14:32:05 UTC`; anything else as it is.
fn readable(at: &str) -> String {
    match at.strip_suffix('Z').map(|moment| moment.split('.').next().unwrap_or(moment)) {
        Some(moment) => format!("{} UTC", moment.replacen('T', " ", 1)),
        None => at.to_owned(),
    }
}

#[derive(Deserialize)]
struct Stop {
    stopped: bool,
}

/// Nobody is signed in here, so where the form comes from is all there is to check.
async fn stop(State(mailbox): State<Shared>, headers: HeaderMap, Form(form): Form<Stop>) -> Response {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if provenance(&headers, &format!("http://{host}")) == Provenance::Foreign {
        return (StatusCode::FORBIDDEN, "This form came from another site.\n").into_response();
    }
    mailbox.set_stopped(form.stopped);
    (StatusCode::SEE_OTHER, [(header::LOCATION, "/mailbox")]).into_response()
}

fn page(title: &str, body: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title} – Doorward</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <link rel=\"stylesheet\" href=\"/mailbox.css\"></head><body>\
         <header><p>Doorward console</p><nav><a href=\"/\">Start</a></nav></header><main><h1>{title}</h1>{body}</main></body></html>"
    );
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()
}

/// Mails bring their own inline styles, so styles are let in; nothing that runs or loads is.
const CONTENT_SECURITY_POLICY: &str =
    "default-src 'none'; style-src 'self' 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

async fn dress(mut response: Response) -> Response {
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Escaped text whose web addresses can be clicked.
fn linked(text: &str) -> String {
    let mut html = String::new();
    for word in text.split_inclusive(char::is_whitespace) {
        let bare = word.trim_end();
        if bare.starts_with("http://") || bare.starts_with("https://") {
            let url = escape(bare);
            let rest = word.strip_prefix(bare).unwrap_or_default();
            // Writing to a String cannot fail.
            let _ = write!(html, "<a href=\"{url}\">{url}</a>{rest}");
        } else {
            html.push_str(&escape(word));
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use axum::body::Body;
    use http::Request;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    #[derive(Default)]
    struct OneMail {
        stopped: Mutex<bool>,
    }

    impl Mailbox for OneMail {
        fn mails(&self) -> Vec<ReceivedMail> {
            vec![ReceivedMail {
                to: "alice@example.test".into(),
                subject: "<b>Your code</b>".into(),
                text: "Code:\n123456\nhttp://login.localhost:8080/notice/x?a=1&b=2 <script>".into(),
                html: "<p class=\"x\">123456</p>".into(),
                at: "2026-11-24T14:32:05.120Z".into(),
            }]
        }
        fn stopped(&self) -> bool {
            *self.stopped.lock().unwrap()
        }
        fn set_stopped(&self, stopped: bool) {
            *self.stopped.lock().unwrap() = stopped;
        }
    }

    async fn ask(router: Router, request: Request<Body>) -> (StatusCode, String) {
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.headers()["cache-control"], "no-store");
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    fn get_of(path: &str) -> Request<Body> {
        Request::get(path).header("host", "127.0.0.1:8081").body(Body::empty()).unwrap()
    }

    #[tokio::test]
    async fn mails_are_shown_as_text_whatever_is_in_them() {
        let (status, html) = ask(router(Arc::new(OneMail::default())), get_of("/mailbox")).await;
        assert_eq!(status, StatusCode::OK);
        assert!(html.contains("&lt;b&gt;Your code&lt;/b&gt;") && html.contains("&lt;script&gt;"));
        assert!(html.contains("<a href=\"http://login.localhost:8080/notice/x?a=1&amp;b=2\">"));
        assert!(html.contains("<details open>") && html.contains("2026-11-24 14:32:05 UTC"));
        assert!(html.contains("srcdoc=\"&lt;p class=&quot;x&quot;&gt;"));
    }

    #[tokio::test]
    async fn the_json_has_the_fields_a_script_reads() {
        let (_, json) = ask(router(Arc::new(OneMail::default())), get_of("/mailbox.json")).await;
        let mails: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(mails[0]["to"], "alice@example.test");
        assert_eq!(mails[0]["at"], "2026-11-24T14:32:05.120Z");
        for field in ["subject", "text", "html"] {
            assert!(mails[0][field].is_string());
        }
    }

    #[tokio::test]
    async fn the_mail_server_is_stopped_by_its_own_page_only() {
        let mailbox = Arc::new(OneMail::default());
        let stop = |origin: &'static str| {
            Request::post("/mailbox/stopped")
                .header("host", "127.0.0.1:8081")
                .header("origin", origin)
                .header("content-type", "application/x-www-form-urlencoded")
                .body(Body::from("stopped=true"))
                .unwrap()
        };
        let (status, _) = ask(router(mailbox.clone()), stop("http://evil.test")).await;
        assert_eq!((status, mailbox.stopped()), (StatusCode::FORBIDDEN, false));
        let (status, _) = ask(router(mailbox.clone()), stop("http://127.0.0.1:8081")).await;
        assert_eq!((status, mailbox.stopped()), (StatusCode::SEE_OTHER, true));
    }
}
