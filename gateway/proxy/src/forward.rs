//! Room 6: the way to the upstream. Everything here takes an [`Admitted`], which only exists with a permit of the gate.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dashmap::DashMap;
use doorward_access::cookies::CookieNames;
use doorward_access::site::{App, Upstream};
use doorward_api::Principal;
use http::HeaderValue;
use http::header::{self, InvalidHeaderValue};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use pingora::http::RequestHeader;
use pingora::prelude::*;
use pingora::protocols::tls::CaType;
use pingora::upstreams::peer::HttpUpstreamRequestPolicy;

use crate::bound::strip_credentials;
use crate::ctx::Admitted;
use crate::handshake::{Handshake, own_number};
use crate::hygiene::strip_request;
use crate::limits::Limits;
use crate::local::REQUEST_ID;
use crate::memory::{Fields, Hosts, Memory};

/// How long the addresses of a name are used before it is looked up again.
const ADDRESSES_FOR: Duration = Duration::from_secs(10);
/// Connections kept for the next request are closed by us before most servers close them.
const POOLED_FOR: Duration = Duration::from_secs(55);
/// The longest `Remote-Name` and `Remote-Email`, and the longest `Remote-Groups`, before encoding.
const LONGEST_VALUE: usize = 1024;
const LONGEST_GROUPS: usize = 8192;

/// What stands encoded in identity headers: controls, everything beyond ASCII, and the sign of encoding itself, so that
/// decoding always gives the value back (HH-06).
const VALUE: &AsciiSet = &CONTROLS.add(b'%');
/// In a group's name also what separates groups.
const GROUP: &AsciiSet = &VALUE.add(b',').add(b';');

/// The addresses of upstreams, looked up without blocking a worker.
#[derive(Debug, Default)]
pub(crate) struct Addresses {
    known: DashMap<(String, u16), (Instant, Vec<SocketAddr>)>,
}

impl Addresses {
    /// All addresses of an upstream, in the resolver's order; never empty.
    pub(crate) async fn of(&self, upstream: &Upstream) -> Result<Vec<SocketAddr>> {
        if let Ok(address) = upstream.host.trim_matches(['[', ']']).parse() {
            return Ok(vec![SocketAddr::new(address, upstream.port)]);
        }
        let key = (upstream.host.clone(), upstream.port);
        if let Some(known) = self.known.get(&key).filter(|known| known.0.elapsed() < ADDRESSES_FOR) {
            return Ok(known.1.clone());
        }
        let found = tokio::net::lookup_host((upstream.host.as_str(), upstream.port)).await;
        let found: Vec<SocketAddr> = found.or_err(ConnectError, "the upstream's name is not found")?.collect();
        if found.is_empty() {
            return Error::e_explain(ConnectError, "the upstream's name has no address");
        }
        self.known.insert(key, (Instant::now(), found.clone()));
        Ok(found)
    }
}

/// One try to reach an upstream.
pub(crate) struct Try<'a> {
    /// To which.
    pub(crate) upstream: &'a Upstream,
    /// At these addresses, of which each try takes the next.
    pub(crate) addresses: &'a [SocketAddr],
    /// Who must have signed its certificate; `None` for whoever this machine believes.
    pub(crate) authorities: Option<Arc<CaType>>,
    /// How many were before it.
    pub(crate) tries: usize,
    /// A WebSocket handshake has a connection of its own.
    pub(crate) handshake: Option<&'a Arc<Handshake>>,
}

/// The peer for one try.
pub(crate) fn peer(admitted: &Admitted, one: &Try<'_>, limits: &Limits) -> Result<HttpPeer> {
    if admitted.permit.app() != &admitted.app.id {
        return Error::e_explain(InternalError, "the permit is for another application");
    }
    let Try { upstream, addresses, ref authorities, tries, handshake } = *one;
    let turn = tries.checked_rem(addresses.len()).unwrap_or(0);
    let address = addresses.get(turn).ok_or_else(|| Error::explain(ConnectError, "the upstream has no address"))?;
    let mut peer = HttpPeer::new(*address, upstream.tls, upstream.host.clone());
    // Connections are kept per application, even where two lead to the same address (SEC 5.2).
    let again = (tries > 0).then(own_number);
    peer.group_key = group_of(admitted, again.or(handshake.map(|handshake| handshake.number())));
    let options = &mut peer.options;
    options.ca.clone_from(authorities);
    options.connection_timeout = Some(limits.upstream_connect);
    options.total_connection_timeout = Some(limits.upstream_connect * 2);
    let wait = if admitted.upgrade { limits.upgraded_idle } else { limits.upstream_read };
    options.read_timeout = Some(wait);
    options.write_timeout = Some(wait);
    // A second try is not made on a kept connection: the upstream may have closed that one, too, and there is no third (F-21).
    // Nor is its connection kept, since nobody would find it; and so with that of a handshake which was not answered by 101.
    let alone = again.is_some() || handshake.is_some();
    options.idle_timeout = Some(if alone { Duration::ZERO } else { POOLED_FOR });
    if let Some(handshake) = handshake {
        options.custom_l4 = Some(handshake.clone());
    } else {
        options.http_upstream_request_policy = HttpUpstreamRequestPolicy::deny_upgrades();
    }
    Ok(peer)
}

fn group_of(admitted: &Admitted, own: Option<u64>) -> u64 {
    let mut hasher = DefaultHasher::new();
    // Pingora does not tell connections apart by who their certificates were checked with.
    let checked_with = admitted.app.upstream.authorities.as_ref().map(|authorities| authorities.fingerprint);
    (&admitted.vs.id, &admitted.app.id, checked_with, own).hash(&mut hasher);
    hasher.finish()
}

/// Writes the upstream's request: the target that was judged, our cookies cut out, the identity set.
pub(crate) fn rewrite(
    head: &mut RequestHeader,
    admitted: &Admitted,
    upstream: usize,
    memory: &mut Memory,
    (names, request_id): (CookieNames, &str),
) -> Result<()> {
    // It was done on arrival; here nothing can stand between it and the upstream.
    strip_request(head);
    strip_credentials(head);
    let target = admitted.request.target();
    if head.raw_path() != target.as_bytes() {
        head.set_raw_path(target.as_bytes())?;
    }
    if head.headers.contains_key(header::COOKIE) {
        match memory.cookies(names, &head.headers).rest.clone() {
            Some(rest) => head.insert_header(header::COOKIE, rest)?,
            None => drop(head.remove_header(&header::COOKIE)),
        }
    }
    // Whoever was admitted has been told to go on already.
    head.remove_header(&header::EXPECT);
    introduce(head, admitted, upstream, memory, request_id)
}

/// Says where it came from, and who it is (decision A43).
fn introduce(
    head: &mut RequestHeader,
    admitted: &Admitted,
    upstream: usize,
    memory: &mut Memory,
    request_id: &str,
) -> Result<()> {
    let written = |_| Error::explain(InternalError, "what is said of a request is no field value");
    let hosts = memory.hosts(&admitted.app, upstream, || hosts(&admitted.app, upstream)).map_err(written)?;
    // Most clients ask for the very host that the application is asked for.
    if head.headers.get(header::HOST) != Some(&hosts.inner) {
        head.insert_header(header::HOST, hosts.inner.clone())?;
    }
    head.insert_header("X-Forwarded-Host", hosts.public.clone())?;
    head.insert_header("X-Forwarded-For", memory.client(admitted.request.client).map_err(written)?)?;
    head.insert_header("X-Forwarded-Proto", if admitted.request.secure { "https" } else { "http" })?;
    head.insert_header(REQUEST_ID, request_id)?;
    let Some(principal) = admitted.permit.principal() else { return Ok(()) };
    let fields = memory.introduced(principal, identity).map_err(written)?;
    fields.iter().try_for_each(|(name, value)| head.insert_header(*name, value.clone()))
}

fn hosts(app: &App, upstream: usize) -> Result<Hosts, InvalidHeaderValue> {
    Ok(Hosts {
        inner: HeaderValue::from_str(&host_for(app.upstream.nth(upstream), app))?,
        public: HeaderValue::from_str(authority_of(&app.origin))?,
    })
}

fn identity(principal: &Principal) -> Result<Fields, InvalidHeaderValue> {
    let mut fields = vec![
        ("Remote-User", HeaderValue::from_str(&encoded(&principal.name))?),
        ("Remote-Groups", HeaderValue::from_str(&groups(principal))?),
    ];
    if !principal.display_name.is_empty() {
        fields.push(("Remote-Name", HeaderValue::from_str(&encoded(shortened(&principal.display_name)))?));
    }
    if let Some(email) = &principal.email {
        fields.push(("Remote-Email", HeaderValue::from_str(&encoded(shortened(email)))?));
    }
    Ok(fields)
}

/// Percent-encoded UTF-8 where it is not plain ASCII. Outer spaces are encoded too: a field value has none.
fn encoded(value: &str) -> Cow<'_, str> {
    let inner = value.trim_matches(' ');
    if inner.len() == value.len() {
        return utf8_percent_encode(value, VALUE).into();
    }
    let start = value.len() - value.trim_start_matches(' ').len();
    let end = value.len() - start - inner.len();
    Cow::Owned(format!(
        "{}{}{}",
        "%20".repeat(start),
        utf8_percent_encode(inner, VALUE),
        "%20".repeat(if inner.is_empty() { 0 } else { end })
    ))
}

/// The groups with commas between them. Whole groups only, as many as fit: fewer groups are fewer rights.
fn groups(principal: &Principal) -> String {
    let mut list = String::new();
    for group in &principal.groups {
        let name: Cow<'_, str> = utf8_percent_encode(&group.name, GROUP).into();
        if list.len() + name.len() + 1 > LONGEST_GROUPS {
            tracing::warn!(user = %principal.user, "more groups than fit into Remote-Groups");
            break;
        }
        if !list.is_empty() {
            list.push(',');
        }
        list.push_str(&name);
    }
    list
}

fn shortened(value: &str) -> &str {
    match value.char_indices().find(|(at, _)| *at >= LONGEST_VALUE) {
        Some((at, _)) => value.get(..at).unwrap_or_default(),
        None => value,
    }
}

/// `wiki.localhost:8080` of `http://wiki.localhost:8080`.
pub(crate) fn authority_of(origin: &str) -> &str {
    origin.split_once("://").map_or(origin, |(_, authority)| authority)
}

/// The host that an upstream is asked for.
pub(crate) fn host_for<'a>(upstream: &'a Upstream, app: &'a App) -> Cow<'a, str> {
    if upstream.preserve_host { Cow::Borrowed(authority_of(&app.origin)) } else { address_of(upstream) }
}

/// The upstream's own authority, its default port left out.
pub(crate) fn address_of(upstream: &Upstream) -> Cow<'_, str> {
    let default = if upstream.tls { 443 } else { 80 };
    if upstream.port == default {
        Cow::Borrowed(&upstream.host)
    } else {
        Cow::Owned(format!("{}:{}", upstream.host, upstream.port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{admitted, alice};

    fn sent(name: &str, principal: Option<Principal>, fields: &[(&'static str, &str)]) -> Option<String> {
        let mut head = RequestHeader::build("GET", b"/ignored", None).unwrap();
        for (name, value) in fields {
            head.append_header(*name, *value).unwrap();
        }
        let admitted = admitted("/a%20b", Some("c=d"), principal);
        rewrite(&mut head, &admitted, 0, &mut Memory::default(), (CookieNames::new(false), "id-1")).unwrap();
        if name == ":path" {
            return Some(String::from_utf8(head.raw_path().to_vec()).unwrap());
        }
        let values: Vec<_> = head.headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect();
        (!values.is_empty()).then(|| values.join(" | "))
    }

    #[test]
    fn the_upstream_gets_the_target_that_was_judged() {
        assert_eq!(sent(":path", None, &[]).as_deref(), Some("/a%20b?c=d"));
    }

    #[test]
    fn identity_headers_are_ours_once_or_not_there() {
        let forged = [("remote-user", "root"), ("x_remote_user", "root"), ("x-forwarded-for", "127.0.0.1")];
        assert_eq!(sent("remote-user", Some(alice()), &forged).as_deref(), Some("alice"));
        assert_eq!(sent("remote-groups", Some(alice()), &forged).as_deref(), Some("staff"));
        assert_eq!(sent("remote-email", Some(alice()), &forged).as_deref(), Some("alice@example.test"));
        assert_eq!(sent("remote-user", None, &forged), None);
        assert_eq!(sent("x_remote_user", None, &forged), None);
        assert_eq!(sent("x-forwarded-for", None, &forged).as_deref(), Some("192.0.2.9"));
        assert_eq!(sent("x-forwarded-proto", None, &forged).as_deref(), Some("http"));
        assert_eq!(sent("x-forwarded-host", None, &forged).as_deref(), Some("wiki.localhost:8080"));
        assert_eq!(sent("x-request-id", None, &forged).as_deref(), Some("id-1"));
    }

    #[test]
    fn a_name_can_say_nothing_but_a_name() {
        let named = |name: &str| Principal { display_name: name.into(), ..alice() };
        let header = |name: &str| sent("remote-name", Some(named(name)), &[]).unwrap();
        assert_eq!(header("Alice Example"), "Alice Example");
        assert_eq!(header("Ünï\r\nX-Admin: 1"), "%C3%9Cn%C3%AF%0D%0AX-Admin: 1");
        assert_eq!(header("100%"), "100%25");
        assert_eq!(header(" a "), "%20a%20");
        assert_eq!(header(&"é".repeat(3000)).len(), 512 * 6);
        assert_eq!(sent("remote-name", Some(named("")), &[]), None);
    }

    #[test]
    fn groups_are_separated_by_nothing_that_is_in_their_names() {
        let mut principal = alice();
        let group = principal.groups[0].clone();
        principal.groups =
            ["a,b", "c;d", "é", "e f"].map(|name| doorward_api::GroupRef { name: name.into(), ..group.clone() }).into();
        assert_eq!(sent("remote-groups", Some(principal.clone()), &[]).as_deref(), Some("a%2Cb,c%3Bd,%C3%A9,e f"));
        principal.groups = vec![doorward_api::GroupRef { name: "g".repeat(1000), ..group }; 20];
        assert!(sent("remote-groups", Some(principal), &[]).unwrap().len() <= LONGEST_GROUPS);
    }

    #[test]
    fn our_cookies_stay_here_and_the_applications_go_on() {
        let cookies = [("cookie", "a=1; doorward_app=secret"), ("cookie", "b=2; __Host-doorward=secret")];
        assert_eq!(sent("cookie", None, &cookies).as_deref(), Some("a=1; b=2"));
        assert_eq!(sent("cookie", None, &[("cookie", "doorward_app=secret")]), None);
        assert_eq!(sent("authorization", None, &[("authorization", "Basic eA==")]).as_deref(), Some("Basic eA=="));
        assert_eq!(sent("authorization", None, &[("authorization", "NTLM TlRM")]), None);
        assert_eq!(sent("expect", None, &[("expect", "100-continue")]), None);
    }

    #[test]
    fn the_host_is_the_public_one_or_the_upstreams() {
        assert_eq!(sent("host", None, &[("host", "wiki.localhost")]).as_deref(), Some("wiki.localhost:8080"));
        let upstream = Upstream { host: "wiki.internal".into(), port: 443, tls: true, preserve_host: false };
        assert_eq!(address_of(&upstream), "wiki.internal");
        assert_eq!(address_of(&Upstream { tls: false, ..upstream }), "wiki.internal:443");
    }
}
