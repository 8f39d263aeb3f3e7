//! What the demo prints before it is ready.

use std::io::Write;
use std::path::Path;

use doorward_api::Secret;

use crate::services::FirstLink;

/// A user of the demo.
pub(crate) struct DemoUser {
    pub(crate) name: &'static str,
    pub(crate) display_name: &'static str,
    pub(crate) email: Option<&'static str>,
    pub(crate) groups: &'static [&'static str],
    pub(crate) note: &'static str,
}

impl DemoUser {
    /// The three of them.
    pub(crate) const ALL: [DemoUser; 3] = [
        DemoUser {
            name: "alice",
            display_name: "Alice Arden",
            email: Some("alice@example.test"),
            groups: &["staff"],
            note: "no token yet",
        },
        DemoUser {
            name: "bob",
            display_name: "Bob Brandt",
            email: Some("bob@example.test"),
            groups: &["staff", "admins"],
            note: "no token yet",
        },
        DemoUser {
            name: "carol",
            display_name: "Carol Cole",
            email: None,
            groups: &["staff"],
            note: "no mail address on record",
        },
    ];
}

/// Prints the banner and flushes it.
///
/// # Errors
/// When standard output is closed.
pub(crate) fn print(
    (port, console_port, metrics_port): (u16, u16, u16),
    passwords: &[(&DemoUser, Secret)],
    links: &[FirstLink],
    (authenticator, state): (Option<&str>, Option<&Path>),
) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out)?;
    match state {
        None => writeln!(out, "Doorward demo. State is in a temporary folder and gone when you press Ctrl-C.")?,
        Some(folder) => {
            writeln!(out, "Doorward demo. State is in {} and stays when you press Ctrl-C.", folder.display())?
        }
    }
    writeln!(out)?;
    for (user, password) in passwords {
        writeln!(out, "user {} password {}    ({})", user.name, password.expose(), user.note)?;
    }
    writeln!(out)?;
    for FirstLink { name, link } in links {
        writeln!(out, "console first administrator {name} {link}")?;
    }
    if !links.is_empty() {
        writeln!(out)?;
    }
    writeln!(
        out,
        "Open this first:  http://wiki.localhost:{port}/         asks for a one-time password: sign in as alice"
    )?;
    writeln!(out, "Read mail here:   http://127.0.0.1:{console_port}/mailbox      the verification code arrives here")?;
    writeln!(out)?;
    writeln!(out, "                  http://intranet.localhost:{port}/     asks for a password only")?;
    writeln!(out, "                  http://public.localhost:{port}/       open to everybody")?;
    writeln!(out, "                  http://login.localhost:{port}/        the portal")?;
    if let Some(origin) = authenticator {
        writeln!(out, "                  {origin}/a/  the authenticator: an app that is installed from here")?;
    }
    writeln!(out, "                  http://127.0.0.1:{metrics_port}/metrics      Prometheus; /healthz, /readyz")?;
    writeln!(out)?;
    out.flush()
}
