//! Where an activation is, and what it is shown: the link of the QR code, or what is typed in its place.

use std::fmt;

use doorward_api::Secret;

use super::stop::{Stop, usage};
use crate::args::ActivateArgs;

/// Good for one activation.
#[derive(Debug)]
pub(super) enum Ticket {
    /// Of a link.
    Link {
        /// The token's id.
        id: String,
        /// 32 random bytes.
        ticket: Secret,
    },
    /// Typed.
    Typed {
        /// The user's name.
        user: String,
        /// Twelve letters and digits.
        code: Secret,
    },
}

/// `https://authenticator.example.org`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin(String);

impl Origin {
    /// Reads an origin; a path of the app after it is cut off.
    pub(super) fn read(text: &str) -> Result<Self, Stop> {
        let wrong = || usage("the server's address must be such as https://authenticator.example.org");
        let uri: http::Uri = text.trim().parse().map_err(|_| wrong())?;
        let (Some(scheme @ ("https" | "http")), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(wrong());
        };
        if authority.as_str().contains('@') || !matches!(uri.path(), "" | "/" | "/a" | "/a/") {
            return Err(wrong());
        }
        Ok(Self(format!("{scheme}://{}", authority.as_str().to_ascii_lowercase())))
    }

    /// The address of a call.
    pub(super) fn call(&self, name: &str) -> String {
        format!("{}/a/v1/{name}", self.0)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What was given on the command line.
pub(super) fn read(args: &ActivateArgs) -> Result<(Origin, Ticket), Stop> {
    match (&args.link, &args.server, &args.user, &args.code) {
        (Some(link), None, None, None) => read_link(link),
        (None, Some(server), Some(user), Some(code)) => {
            Ok((Origin::read(server)?, Ticket::Typed { user: user.clone(), code: read_code(code)? }))
        }
        _ => Err(usage("give the link, or --server, --user and --code")),
    }
}

/// `<origin>/a/#v=1&i=<id>&t=<ticket>`; a start address has the same behind `?`.
fn read_link(link: &str) -> Result<(Origin, Ticket), Stop> {
    let wrong = || usage("this is no activation link; copy it whole, and between quotation marks");
    let (address, parameters) = link.trim().split_once(['#', '?']).ok_or_else(wrong)?;
    let fields: Vec<(&str, &str)> = parameters.split('&').filter_map(|pair| pair.split_once('=')).collect();
    let field = |name: &str| fields.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    if field("v").is_some_and(|version| version != "1") {
        return Err(usage("this link is for a newer authenticator"));
    }
    let (Some(id), Some(ticket)) = (field("i"), field("t")) else { return Err(wrong()) };
    Ok((Origin::read(address)?, Ticket::Link { id, ticket: Secret::new(ticket) }))
}

/// Characters of a code.
const CODE: usize = 12;

/// As it is shown, `ABCD-EFGH-JKMN`, however it was typed: Crockford's letters have no I, L, O and U, so that the first
/// three can only have been meant as digits.
fn read_code(text: &str) -> Result<Secret, Stop> {
    let meant = |letter: char| match letter.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let letters: Vec<char> = text.chars().filter(|c| !matches!(c, '-' | ' ')).map(meant).collect();
    let is_letter = |c: &char| c.is_ascii_digit() || (c.is_ascii_uppercase() && *c != 'U');
    if letters.len() != CODE || !letters.iter().all(is_letter) {
        return Err(usage("the code has twelve letters and digits, such as ABCD-EFGH-JKMN"));
    }
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    Ok(Secret::new(groups.join("-")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_an_origin_and_a_ticket() {
        for link in [
            "https://authenticator.example.org/a/#v=1&i=tok&t=abc",
            "https://Authenticator.example.org/a/?i=tok&t=abc",
            "https://authenticator.example.org/a#t=abc&i=tok&v=1",
        ] {
            let (origin, ticket) = read_link(link).unwrap();
            assert_eq!(origin.call("here"), "https://authenticator.example.org/a/v1/here", "{link}");
            assert!(matches!(ticket, Ticket::Link { id, ticket } if id == "tok" && ticket.expose() == "abc"), "{link}");
        }
        for wrong in
            ["", "https://a.test/a/", "https://a.test/a/#i=tok", "a.test/a/#v=1&i=t&t=x", "https://a.test/b/#i=t&t=x"]
        {
            assert!(read_link(wrong).is_err(), "{wrong}");
        }
        assert!(read_link("https://a.test/a/#v=2&i=t&t=x").unwrap_err().to_string().contains("newer"));
    }

    #[test]
    fn a_code_is_read_as_it_was_meant() {
        for typed in ["ABCD-EFGH-01MN", "abcdefghOLmn", "abcd efgh oimn"] {
            assert_eq!(read_code(typed).unwrap().expose(), "ABCD-EFGH-01MN", "{typed}");
        }
        for wrong in ["", "ABCD-EFGH", "ABCD-EFGH-JKMU", "ABCD-EFGH-JKMNP", "ABCD-EFGH-JKM\u{e9}"] {
            assert!(read_code(wrong).is_err(), "{wrong}");
        }
    }
}
