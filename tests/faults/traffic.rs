//! The traffic under which a gateway is upgraded and reloaded: kept and new connections, plain and over TLS, of everybody and
//! of somebody who is signed in.

use doorward_tests::world::{Asker, Installation, Load, Origin, Served, Tally, Ways, site};

/// Staff's pages are for whoever gave a password, the open ones for everybody.
pub(crate) const POLICIES: &str = r#"
@id("open") permit (principal, action, resource == Application::"open");
@id("staff") permit (principal is User, action, resource == Application::"staff") when { context.authn.password };
"#;

pub(crate) struct Site {
    pub(crate) installation: Installation,
    pub(crate) origin: Origin,
}

impl Site {
    /// With a grace of so many seconds.
    pub(crate) fn new(grace: u64) -> Self {
        let origin = Origin::start();
        let apps = [("open", origin.port, "websocket = true"), ("staff", origin.port, "")];
        let mut installation = site(POLICIES, &apps, &["alice"]);
        installation.instead.push(("threads = 2".to_owned(), format!("threads = 2\ngrace = {grace}")));
        Self { installation, origin }
    }

    /// Everybody asks, on every listener: 16 on connections that they keep, 8 on a new one each time, and both kinds of the
    /// console and of metrics, of which those of metrics are never kept.
    pub(crate) fn load(&self, served: &Served) -> Load {
        let ports = served.ports;
        let ways = Ways::new(ports.http, ports.https, &self.installation.path("site.pem"));
        let plain = Asker::plain(ports.http, "open.example.test");
        let tls = Asker { port: ports.https, tls: Some(ways.tls()), ..plain.clone() };
        let mut alice = served.proxied_visitor();
        alice.with_password(&served.gateway, "alice", &served.url("staff", "/"));
        let cookie = alice.cookie("staff.example.test", "__Host-doorward_app");
        let signed_in = Asker {
            host: "staff.example.test".to_owned(),
            fields: format!("Cookie: __Host-doorward_app={cookie}\r\n"),
            ..tls.clone()
        };
        let console = Asker { target: "/nothing".to_owned(), status: 404, ..Asker::plain(ports.console, "127.0.0.1") };
        let metrics = Asker { target: "/healthz".to_owned(), ..Asker::plain(ports.metrics, "127.0.0.1") };
        let kept = plain.clone().times(8).chain(tls.clone().times(6)).chain(signed_in.clone().times(2));
        let new = plain.anew().times(4).chain(tls.anew().times(3)).chain(signed_in.anew().times(1));
        let others = [console.clone(), console.anew(), metrics.clone(), metrics.anew()];
        Load::start(kept.chain(new).chain(others))
    }
}

/// Fails when a request was lost, and says what became of all.
pub(crate) fn none_lost(tally: &Tally) -> Vec<(&'static str, String)> {
    let shown: Vec<_> = tally.lost.iter().take(10).collect();
    assert!(tally.lost.is_empty(), "{} of {} requests were lost: {shown:?}", tally.lost.len(), tally.sent);
    assert_eq!(tally.sent, tally.answered);
    assert!(tally.sent > 200, "{} requests are no load", tally.sent);
    vec![("requests", tally.sent.to_string()), ("lost", tally.lost.len().to_string())]
}
