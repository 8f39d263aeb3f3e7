//! What a connection remembers of its last request. Over HTTP/1 the next one mostly bears the same cookies, comes from the same
//! person and leads to the same application; what depends on nothing but what is compared here is not made again. Whether that
//! person may still pass is asked each time, of what is as fresh as everybody's ([`LastSeen`], [`LastAnswer`]).

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use doorward_access::cookies::{CookieName, CookieNames};
use doorward_access::gate::LastAnswer;
use doorward_access::sessions::LastSeen;
use doorward_access::site::App;
use doorward_api::{Principal, Token};
use http::header::InvalidHeaderValue;
use http::{HeaderMap, HeaderValue, header};
use subtle::ConstantTimeEq;

/// Cookies of more bytes are read anew each time: a connection that waits shall not keep much.
const MOST_KEPT: usize = 2048;

/// One connection's memory. What is over for it is over for the memory too: it is dropped with the connection.
#[derive(Default)]
pub(crate) struct Memory {
    /// Whom the last cookie was found to be.
    pub(crate) last_seen: LastSeen,
    /// What the gate said last.
    pub(crate) last_answer: LastAnswer,
    cookies: Option<Cookies>,
    introduced: Option<(Arc<Principal>, Fields)>,
    asked: Option<(Arc<App>, usize, Hosts)>,
    client: Option<(IpAddr, HeaderValue)>,
}

/// Fields that are ready to be set.
pub(crate) type Fields = Vec<(&'static str, HeaderValue)>;

/// What the cookies of a request say and leave.
#[derive(Default)]
pub(crate) struct Cookies {
    names: Option<CookieNames>,
    /// The field they stood in, if they all stood in one.
    field: Option<HeaderValue>,
    /// The token for an application.
    pub(crate) token: Option<Arc<Token>>,
    /// What is not ours, as one field.
    pub(crate) rest: Option<HeaderValue>,
}

/// The host that an upstream is asked for, and the public one.
#[derive(Clone)]
pub(crate) struct Hosts {
    pub(crate) inner: HeaderValue,
    pub(crate) public: HeaderValue,
}

impl Memory {
    /// The cookies of a request.
    pub(crate) fn cookies(&mut self, names: CookieNames, headers: &HeaderMap) -> &Cookies {
        let mut fields = headers.get_all(header::COOKIE).iter();
        let only = fields.next().filter(|_| fields.next().is_none());
        let same =
            |known: &Cookies| known.names == Some(names) && known.field.as_ref().zip(only).is_some_and(are_equal);
        let known = self.cookies.take().filter(same);
        self.cookies.insert(known.unwrap_or_else(|| Cookies::read(names, headers)))
    }

    /// The fields that say who somebody is, written by `write` at first.
    pub(crate) fn introduced(
        &mut self,
        principal: &Arc<Principal>,
        write: impl FnOnce(&Principal) -> Result<Fields, InvalidHeaderValue>,
    ) -> Result<&Fields, InvalidHeaderValue> {
        let known = self.introduced.take().filter(|(known, _)| Arc::ptr_eq(known, principal));
        let known = known.map_or_else(|| write(principal).map(|fields| (principal.clone(), fields)), Ok)?;
        Ok(&self.introduced.insert(known).1)
    }

    /// The hosts of one of an application's upstreams, written by `write` at first.
    pub(crate) fn hosts(
        &mut self,
        app: &Arc<App>,
        upstream: usize,
        write: impl FnOnce() -> Result<Hosts, InvalidHeaderValue>,
    ) -> Result<&Hosts, InvalidHeaderValue> {
        let same = |(known, nth, _): &(Arc<App>, usize, Hosts)| *nth == upstream && Arc::ptr_eq(known, app);
        let known = self.asked.take().filter(same);
        let known = known.map_or_else(|| write().map(|hosts| (app.clone(), upstream, hosts)), Ok)?;
        Ok(&self.asked.insert(known).2)
    }

    /// A client's address as a field's value.
    pub(crate) fn client(&mut self, address: IpAddr) -> Result<HeaderValue, InvalidHeaderValue> {
        let known = self.client.take().filter(|(known, _)| *known == address);
        let known =
            known.map_or_else(|| HeaderValue::from_str(&address.to_string()).map(|text| (address, text)), Ok)?;
        Ok(self.client.insert(known).1.clone())
    }
}

/// In a time that does not tell how much of a secret is right: several people's requests may come over one connection, from a
/// proxy before us.
fn are_equal((one, other): (&HeaderValue, &HeaderValue)) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

impl Cookies {
    fn read(names: CookieNames, headers: &HeaderMap) -> Self {
        // Several fields are one list (RFC 9113 8.2.3); HTTP/1 upstreams expect one field.
        let fields: Vec<&[u8]> = headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes).collect();
        let rest = if fields.is_empty() { None } else { names.strip_ours(&fields.join(&b"; "[..])) };
        // A copy: the field itself is a part of the whole head, which would be kept with it.
        let field = match fields.as_slice() {
            [only] if only.len() <= MOST_KEPT => HeaderValue::from_bytes(only).ok(),
            _ => None,
        };
        Self {
            names: Some(names),
            field,
            token: names.token(CookieName::App, headers).map(Arc::new),
            // What was a field's value is one without some of its parts, too.
            rest: rest.and_then(|rest| HeaderValue::from_maybe_shared(Bytes::from(rest)).ok()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::alice;

    fn headers(cookies: &[&str]) -> HeaderMap {
        cookies.iter().map(|cookie| (header::COOKIE, HeaderValue::from_str(cookie).unwrap())).collect()
    }

    #[test]
    fn cookies_are_those_of_the_request_and_never_of_the_one_before() {
        let (mut memory, plain) = (Memory::default(), CookieNames::new(false));
        let [one, other] = ["A", "E"].map(|letter| letter.repeat(42) + "A");
        let mut read = |names: CookieNames, fields: &[&str]| {
            let cookies = memory.cookies(names, &headers(fields));
            let token = cookies.token.as_ref().map(|token| token.expose().to_owned());
            (token, cookies.rest.as_ref().map(|rest| rest.to_str().unwrap().to_owned()))
        };
        let with = |token: &str| format!("a=1; doorward_app={token}");
        for _ in 0..2 {
            assert_eq!(read(plain, &[&with(&one)]), (Some(one.clone()), Some("a=1".to_owned())));
        }
        assert_eq!(read(plain, &[&with(&other)]), (Some(other.clone()), Some("a=1".to_owned())));
        assert_eq!(read(CookieNames::new(true), &[&with(&other)]), (None, Some("a=1".to_owned())));
        assert_eq!(read(plain, &[&with(&other), "b=2"]), (Some(other.clone()), Some("a=1; b=2".to_owned())));
        assert_eq!(read(plain, &[&with(&other), &with(&other)]), (None, Some("a=1; a=1".to_owned())));
        assert_eq!(read(plain, &[]), (None, None));
        assert_eq!(read(plain, &[]), (None, None));
    }

    #[test]
    fn an_introduction_is_of_one_person_as_known_at_one_moment() {
        let mut memory = Memory::default();
        let (alice, again) = (Arc::new(alice()), Arc::new(alice()));
        let mut written = 0;
        for principal in [&alice, &alice, &again, &alice] {
            let write = |_: &Principal| {
                written += 1;
                Ok(Vec::new())
            };
            memory.introduced(principal, write).unwrap();
        }
        assert_eq!(written, 3);
    }

    #[test]
    fn a_client_is_written_as_it_is() {
        let mut memory = Memory::default();
        for address in ["192.0.2.1", "192.0.2.1", "2001:db8::1", "192.0.2.1"] {
            assert_eq!(memory.client(address.parse().unwrap()).unwrap(), address);
        }
    }
}
