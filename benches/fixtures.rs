//! What the small benches share: somebody who is signed in, what they ask for, and applications with their policies.

#![allow(clippy::unwrap_used, reason = "what cannot be made ends the measurement")]

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use doorward_access::site::{App, AppOptions, Beside, Site, Upstream, VirtualServer};
use doorward_api::{
    AppId, Factor, GroupId, GroupRef, Object, Principal, Proofs, SessionId, Subject, Timestamp, UserId, VirtualServerId,
};
use doorward_policy::{Policies, Source};

/// The moment at which everything is measured.
pub const NOW: Timestamp = Timestamp::from_secs(1_764_000_000);

/// What was proved a minute ago.
pub fn proofs() -> Proofs {
    let minute_ago = NOW - Duration::from_secs(60);
    Proofs::NONE.with(Factor::Password, minute_ago).with(Factor::Otp, minute_ago)
}

/// A member of staff.
pub fn alice() -> Subject {
    Subject::User(Arc::new(Principal {
        user: UserId::new("u1"),
        name: "alice".to_owned(),
        display_name: "Alice Arden".to_owned(),
        email: Some("alice@example.test".to_owned()),
        groups: vec![GroupRef { id: GroupId::new("g1"), name: "staff".to_owned() }],
        session: SessionId::new("s1"),
        proofs: proofs(),
    }))
}

/// A page of the wiki.
pub fn page(path: &str) -> Object {
    Object {
        virtual_server: VirtualServerId::new("default"),
        app: AppId::new("wiki"),
        host: "wiki.example.test".into(),
        method: "GET".into(),
        path: path.into(),
        client: IpAddr::V4(Ipv4Addr::LOCALHOST),
        secure: true,
    }
}

/// The wiki with the policies that the product ships for it, and so many others with one policy each.
pub fn virtual_server(others: usize) -> VirtualServer {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../policies/default/wiki.cedar");
    let source = |app: &str, text: String| Source { file: format!("{app}.cedar"), text };
    let mut sources = vec![source("wiki", std::fs::read_to_string(file).unwrap())];
    let mut names = vec!["wiki".to_owned()];
    for number in 0..others {
        let name = format!("other{number:05}");
        let policy = format!(
            "@id(\"{name}\") permit (principal is User, action, resource == Application::\"{name}\") when {{ \
             context.authn.password && context.authn.otp }};"
        );
        sources.push(source(&name, policy));
        names.push(name);
    }
    let ids: Vec<AppId> = names.iter().map(AppId::new).collect();
    VirtualServer {
        id: VirtualServerId::new("default"),
        name: "Example".to_owned(),
        portal_host: "login.example.test".to_owned(),
        portal_origin: "https://login.example.test".to_owned(),
        authenticator: None,
        support_url: None,
        policies: Arc::new(Policies::load(&sources, &ids).unwrap()),
        beside: Beside::default(),
        apps: names.iter().map(|name| (AppId::new(name), Arc::new(app(name)))).collect(),
    }
}

fn app(name: &str) -> App {
    let upstream = Upstream { host: "127.0.0.1".to_owned(), port: 3000, tls: false, preserve_host: true };
    App {
        id: AppId::new(name),
        name: name.to_owned(),
        host: format!("{name}.example.test"),
        origin: format!("https://{name}.example.test"),
        upstream: upstream.into(),
        options: AppOptions::default(),
    }
}

/// Of a site, deciding needs the generation alone.
pub fn site() -> Site {
    Site {
        generation: 1,
        virtual_servers: BTreeMap::new(),
        hosts: HashMap::new(),
        trusted_proxies: Vec::new(),
        secure_cookies: true,
    }
}
