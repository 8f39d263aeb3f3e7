//! Who asks, and how they shall be answered: found once per request, before any page.

use std::sync::Arc;

use doorward_access::arrival::Arrival;
use doorward_access::cookies::{CookieLife, CookieName, CookieNames};
use doorward_access::language::negotiate;
use doorward_access::site::{HostRole, VirtualServer};
use doorward_access::visit::Visit;
use doorward_api::Token;
use doorward_views::Look;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, header};

use crate::csrf::Bond;
use crate::parts::Portal;

/// Longer ones are cut; nothing is decided by them.
const USER_AGENT_CHARACTERS: usize = 256;

/// The asker of one request. Handlers take it as `Extension<Arc<Caller>>`.
#[derive(Debug)]
pub(crate) struct Caller {
    /// What the proxy found.
    pub(crate) arrival: Arrival,
    /// What the desk needs. On an application's host its `session` is that host's own.
    pub(crate) visit: Visit,
    /// How the portal looks.
    pub(crate) look: Arc<Look>,
    /// The user name remembered on this device.
    pub(crate) remembered: Option<String>,
    /// Where the language selector returns to.
    pub(crate) here: String,
    /// The cookies' names.
    pub(crate) cookies: CookieNames,
}

impl Caller {
    pub(crate) fn new(portal: &Portal, arrival: Arrival, look: Arc<Look>, parts: &Parts) -> Self {
        let cookies = portal.cookies();
        let cookie = |which| cookies.get(which, &parts.headers);
        let token = |which| cookie(which).as_deref().and_then(Token::parse);
        let (vs, session) = match &arrival.role {
            HostRole::Portal(vs) => (vs, Some(CookieName::Portal)),
            HostRole::App(vs, _) => (vs, Some(CookieName::App)),
            // Nobody is signed in there, whatever cookies a browser sends.
            HostRole::Authenticator(vs) => (vs, None),
        };
        let visit = Visit {
            vs: vs.clone(),
            browser: session.and_then(|_| token(CookieName::Flow)),
            session: session.and_then(token),
            device: session.and_then(|_| cookie(CookieName::Device)),
            address: arrival.client,
            language: language(portal, &look, &parts.headers),
            user_agent: user_agent(&parts.headers),
            request_id: arrival.request_id.clone(),
            now: portal.parts.clock.now(),
        };
        let remembered = session.and_then(|_| cookie(CookieName::UserName));
        Self { visit, look, remembered, here: here(parts), cookies, arrival }
    }

    /// The virtual server.
    pub(crate) fn vs(&self) -> &Arc<VirtualServer> {
        &self.visit.vs
    }

    /// The origin of the host that was asked.
    pub(crate) fn own_origin(&self) -> &str {
        match &self.arrival.role {
            HostRole::Portal(vs) => &vs.portal_origin,
            HostRole::App(_, app) => &app.origin,
            HostRole::Authenticator(vs) => vs.authenticator.as_ref().map_or("", |site| &site.origin),
        }
    }

    /// Whether the portal's host was asked, where every path is ours.
    pub(crate) fn at_portal(&self) -> bool {
        matches!(self.arrival.role, HostRole::Portal(_))
    }

    /// Where our own files and forms lie on the host that was asked.
    pub(crate) fn base(&self) -> &'static str {
        if self.at_portal() { "" } else { RESERVED }
    }

    /// What the forms of pages hang on that need not begin anything: the flow if there is one, else the session's cookie.
    pub(crate) fn bond(&self) -> Option<Bond<'_>> {
        let flow = self.visit.browser.as_ref().map(Bond::Flow);
        flow.or(self.visit.session.as_ref().map(Bond::Reader))
    }

    /// Whether this browser has sent a cookie of ours, so that it keeps those that it is given.
    pub(crate) fn keeps_cookies(&self) -> bool {
        self.visit.browser.is_some() || self.visit.session.is_some() || self.visit.device.is_some()
    }

    /// The flow cookie for a page whose form begins something: the browser's own, or a new one with its `Set-Cookie`.
    pub(crate) fn flow_cookie(&self, portal: &Portal) -> (Token, Option<HeaderValue>) {
        match &self.visit.browser {
            Some(token) => (token.clone(), None),
            None => {
                let token = Token::draw(portal.parts.entropy.as_ref());
                let cookie = self.cookies.set(CookieName::Flow, token.expose(), CookieLife::Browser);
                (token, Some(cookie))
            }
        }
    }
}

/// The prefix that is ours on every host (decision A7).
pub(crate) const RESERVED: &str = "/.doorward";

/// The language chosen, else the browser's, else the default, of those that are offered.
pub(crate) fn language(portal: &Portal, look: &Look, headers: &HeaderMap) -> String {
    let wanted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let chosen = portal.cookies().get(CookieName::Language, headers);
    negotiate(wanted, chosen.as_deref(), &look.languages(), look.default_language()).to_owned()
}

fn user_agent(headers: &HeaderMap) -> String {
    let text = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.chars().take(USER_AGENT_CHARACTERS).collect()
}

/// A page is returned to by its address; what a form was sent to has none, so its flow's page stands in.
fn here(parts: &Parts) -> String {
    let asked = parts.uri.path_and_query().map(http::uri::PathAndQuery::as_str).and_then(local_path);
    match (&parts.method, asked) {
        (&Method::GET | &Method::HEAD, Some(path)) => path.to_owned(),
        (&Method::GET | &Method::HEAD, None) => "/".to_owned(),
        _ => "/signin/step".to_owned(),
    }
}

/// A path and query on this very host, and nothing that a browser would take for another (CS-02).
pub(crate) fn local_path(text: &str) -> Option<&str> {
    let second = text.strip_prefix('/')?.bytes().next();
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    (plain && second != Some(b'/')).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_path_of_this_host_is_returned_to() {
        for good in ["/", "/signin", "/signin?return=abc_-", "/signin/step", "/notice/x", "/a//b", "/?x=http://other"] {
            assert_eq!(local_path(good), Some(good));
        }
        for bad in [
            "",
            "signin",
            "//evil.test",
            "/\\evil.test",
            "\\\\evil.test",
            "https://evil.test",
            "https:evil.test",
            "/a b",
            "/\t/evil.test",
            "/\r\nLocation: x",
            "javascript:alert(1)",
            "/é",
            " /",
            "/a\\b",
        ] {
            assert_eq!(local_path(bad), None, "{bad:?}");
        }
    }
}
