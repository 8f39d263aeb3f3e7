//! Whether a form is our own (SEC 5.5). Three layers: the cookies are `SameSite=Lax`; the browser's own word about where a
//! form comes from is heeded; and every form carries a value that only a page made for this browser can know.

use doorward_api::keys::MacKey;
use doorward_api::{SessionId, Token};
use http::{HeaderMap, HeaderName, header};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The secret of this browser that a form's value hangs on, and thereby what the form is good for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bond<'a> {
    /// The flow cookie: the forms of sign-in and self-provisioning, and of the links in mails.
    Flow(&'a Token),
    /// The portal session's row, which stays the same when the session is raised and its cookie changes: the forms of somebody
    /// signed in, in every tab of theirs.
    Session(&'a SessionId),
    /// The session cookie itself, on pages for which nobody is looked up: it is good for the choice of a language.
    Reader(&'a Token),
    /// An operator's session cookie: the forms of somebody signed in at the console.
    Operator(&'a Token),
    /// The cookie of a browser at the console in which nobody is signed in yet.
    Outside(&'a Token),
}

/// Makes and checks the values.
pub(crate) struct Forgery(MacKey);

impl Forgery {
    pub(crate) fn new(key: MacKey) -> Self {
        Self(key)
    }

    /// The hidden field `csrf`.
    pub(crate) fn value(&self, bond: Bond<'_>) -> String {
        let (purpose, of) = parts(bond);
        self.0.hex(&[purpose, &of])
    }

    /// Whether a form that came back carries the value of this bond.
    pub(crate) fn check(&self, bond: Bond<'_>, value: &str) -> bool {
        let (purpose, of) = parts(bond);
        self.0.check(&[purpose, &of], value)
    }
}

fn parts(bond: Bond<'_>) -> (&'static str, String) {
    let hashed = |token: &Token| token.hash().hex();
    match bond {
        Bond::Flow(token) => ("signin", hashed(token)),
        Bond::Session(id) => ("session", id.as_str().to_owned()),
        Bond::Reader(token) => ("reader", hashed(token)),
        Bond::Operator(token) => ("operator", hashed(token)),
        Bond::Outside(token) => ("outside", hashed(token)),
    }
}

/// What the browser says of where a form comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Provenance {
    /// From one of our pages.
    Ours,
    /// From elsewhere, or from a place the browser will not name.
    Foreign,
    /// It does not say: the form's value decides.
    Unsaid,
}

/// Reads `Origin` and `Sec-Fetch-Site`. One foreign word is enough; a header given twice says nothing good.
pub(crate) fn provenance(headers: &HeaderMap, own_origin: &str) -> Provenance {
    let origin = word(headers, &header::ORIGIN, |text| text.eq_ignore_ascii_case(own_origin));
    let fetch = word(headers, &SEC_FETCH_SITE, |text| text == "same-origin");
    match (origin, fetch) {
        (Provenance::Foreign, _) | (_, Provenance::Foreign) => Provenance::Foreign,
        (Provenance::Unsaid, Provenance::Unsaid) => Provenance::Unsaid,
        _ => Provenance::Ours,
    }
}

fn word(headers: &HeaderMap, name: &HeaderName, ours: impl Fn(&str) -> bool) -> Provenance {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Provenance::Unsaid,
        (Some(value), None) if value.to_str().is_ok_and(ours) => Provenance::Ours,
        _ => Provenance::Foreign,
    }
}

#[cfg(test)]
mod tests {
    use doorward_api::keys::{MasterKey, Purpose};
    use doorward_api::ports::Entropy;
    use http::HeaderValue;

    use super::*;

    struct Fixed(u8);
    impl Entropy for Fixed {
        fn fill(&self, into: &mut [u8]) {
            into.fill(self.0);
        }
    }

    const OWN: &str = "http://login.localhost:8080";

    fn said(pairs: &[(&'static str, &'static str)]) -> Provenance {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        provenance(&headers, OWN)
    }

    #[test]
    fn the_browsers_word_is_heeded() {
        for (pairs, expected) in [
            (&[][..], Provenance::Unsaid),
            (&[("origin", OWN)], Provenance::Ours),
            (&[("sec-fetch-site", "same-origin")], Provenance::Ours),
            (&[("origin", OWN), ("sec-fetch-site", "same-origin")], Provenance::Ours),
            (&[("origin", "null")], Provenance::Foreign),
            (&[("origin", "http://evil.test")], Provenance::Foreign),
            (&[("origin", "http://login.localhost:8080.evil.test")], Provenance::Foreign),
            (&[("origin", "https://login.localhost:8080")], Provenance::Foreign),
            (&[("origin", "http://login.localhost")], Provenance::Foreign),
            (&[("origin", "")], Provenance::Foreign),
            (&[("sec-fetch-site", "cross-site")], Provenance::Foreign),
            (&[("sec-fetch-site", "same-site")], Provenance::Foreign),
            (&[("sec-fetch-site", "none")], Provenance::Foreign),
            (&[("origin", OWN), ("sec-fetch-site", "cross-site")], Provenance::Foreign),
            (&[("origin", "null"), ("sec-fetch-site", "same-origin")], Provenance::Foreign),
            (&[("origin", OWN), ("origin", OWN)], Provenance::Foreign),
        ] {
            assert_eq!(said(pairs), expected, "{pairs:?}");
        }
    }

    #[test]
    fn a_value_is_good_for_one_browser_and_one_bond_only() {
        let forgery = Forgery::new(MasterKey::new(vec![7; 32]).unwrap().mac(Purpose::Csrf));
        let (mine, other) = (Token::draw(&Fixed(1)), Token::draw(&Fixed(2)));
        let value = forgery.value(Bond::Flow(&mine));
        assert!(forgery.check(Bond::Flow(&mine), &value));
        assert!(!forgery.check(Bond::Flow(&other), &value));
        assert!(!forgery.check(Bond::Reader(&mine), &value));
        assert!(!forgery.check(Bond::Flow(&mine), ""));
        assert!(!forgery.check(Bond::Flow(&mine), &value.to_uppercase()));
        let (ours, theirs) = (SessionId::from("s-1"), SessionId::from("s-2"));
        let value = forgery.value(Bond::Session(&ours));
        assert!(forgery.check(Bond::Session(&ours), &value));
        assert!(!forgery.check(Bond::Session(&theirs), &value));
    }
}
