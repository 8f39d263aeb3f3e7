//! Who asks at the console, and how they shall be answered: found once per request.

use std::net::IpAddr;

use data_encoding::BASE64URL_NOPAD;
use doorward_access::arrival::ConsoleArrival;
use doorward_access::cookies::{CookieLife, CookieName, CookieNames};
use doorward_access::language::negotiate;
use doorward_access::operators;
use doorward_api::{Timestamp, Token, VirtualServerId};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, header};

use super::Console;
use crate::caller::local_path;

/// The asker of one request.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub(super) request_id: String,
    pub(super) address: IpAddr,
    pub(super) now: Timestamp,
    pub(super) language: String,
    pub(super) cookies: CookieNames,
    /// The session that the browser shows, live or not.
    pub(super) session: Option<SessionCookie>,
    /// The browser, before anybody is signed in.
    pub(super) outside: Option<Token>,
    /// The second factor that an operator to be was shown.
    pub(super) kept: Option<String>,
    /// `http://127.0.0.1:8081`, as it was asked for.
    pub(super) origin: String,
    /// Where the language selector, and whoever has signed in, returns to.
    pub(super) here: String,
}

/// A session and whose: an operator belongs to one virtual server.
#[derive(Debug, Clone)]
pub(crate) struct SessionCookie {
    pub(crate) vs: VirtualServerId,
    pub(crate) token: Token,
}

impl SessionCookie {
    /// `<token>.<virtual server>`
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (token, vs) = text.split_once('.')?;
        let vs = String::from_utf8(BASE64URL_NOPAD.decode(vs.as_bytes()).ok()?).ok()?;
        Some(Self { vs: VirtualServerId::new(vs), token: Token::parse(token)? })
    }

    /// Its `Set-Cookie`.
    pub(super) fn set(&self, cookies: CookieNames) -> HeaderValue {
        cookies.set(CookieName::Console, &self.text(), CookieLife::Browser)
    }

    /// As it is carried.
    pub(crate) fn text(&self) -> String {
        format!("{}.{}", self.token.expose(), BASE64URL_NOPAD.encode(self.vs.as_str().as_bytes()))
    }
}

impl Caller {
    pub(super) fn new(console: &Console, arrival: ConsoleArrival, parts: &Parts) -> Self {
        let cookies = console.cookies();
        let cookie = |which| cookies.get(which, &parts.headers);
        let chosen = cookie(CookieName::Language);
        let wanted = parts.headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        Self {
            request_id: arrival.request_id,
            address: arrival.client,
            now: console.parts.clock.now(),
            language: negotiate(
                wanted,
                chosen.as_deref(),
                console.parts.views.languages(),
                doorward_access::language::DEFAULT,
            )
            .to_owned(),
            cookies,
            session: cookie(CookieName::Console).as_deref().and_then(SessionCookie::parse),
            outside: cookies.token(CookieName::ConsoleForm, &parts.headers),
            kept: cookie(CookieName::ConsoleSetup),
            origin: console.parts.origin.clone().unwrap_or_else(|| origin(&parts.headers)),
            here: here(parts),
        }
    }

    /// For the operators' desk.
    pub(super) fn at(&self, vs: &VirtualServerId) -> operators::Caller {
        operators::Caller {
            vs: vs.clone(),
            address: self.address,
            request_id: self.request_id.clone(),
            now: self.now,
            approval: None,
            undone: None,
        }
    }

    /// The cookie that forms hang on before anybody is signed in: the browser's own, or a new one with its `Set-Cookie`.
    pub(super) fn outside_cookie(&self, console: &Console) -> (Token, Option<HeaderValue>) {
        match &self.outside {
            Some(token) => (token.clone(), None),
            None => {
                let token = Token::draw(console.parts.entropy.as_ref());
                let cookie = self.cookies.set(CookieName::ConsoleForm, token.expose(), CookieLife::Browser);
                (token, Some(cookie))
            }
        }
    }
}

/// The listener has found the host to be one of the console's own.
pub(crate) fn origin(headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    format!("http://{host}")
}

/// What a form was sent to has no address of its own; the page that it stood on is close by.
fn here(parts: &Parts) -> String {
    let asked = parts.uri.path_and_query().map(http::uri::PathAndQuery::as_str).and_then(local_path).unwrap_or("/");
    match parts.method {
        Method::GET | Method::HEAD => asked.to_owned(),
        _ => parts.uri.path().strip_suffix("/preview").or(local_path(parts.uri.path())).unwrap_or("/").to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_cookie_names_its_virtual_server_whatever_that_is_called() {
        let token = "A".repeat(43);
        for vs in ["default", "a.b;c é", ""] {
            let text = format!("{token}.{}", BASE64URL_NOPAD.encode(vs.as_bytes()));
            assert_eq!(SessionCookie::parse(&text).unwrap().vs.as_str(), vs);
            let set = SessionCookie::parse(&text).unwrap().set(CookieNames::new(true));
            assert!(set.to_str().unwrap().starts_with(&format!("__Host-doorward_console={text}; ")), "{set:?}");
        }
        for bad in [token.as_str(), "", ".", "x.ZGVm", &format!("{token}.!"), &format!("{token}.ZGVm.x")] {
            assert!(SessionCookie::parse(bad).is_none(), "{bad}");
        }
    }
}
