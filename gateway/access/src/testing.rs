//! What the tests of this crate have in common.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use doorward_api::flow::ReturnTo;
use doorward_api::settings::{EnrolmentRule, ExtraProof};
use doorward_api::{AppId, GroupId, GroupRef, Object, Principal, Proofs, SessionId, Token, UserId};
pub(crate) use doorward_fakes::{Dice, now};
use doorward_policy::{Policies, Source};

use crate::site::{App, AppOptions, Beside, Site, Upstream, VirtualServer};

/// The hop cookie that [`return_to`] is bound to.
pub(crate) fn hop() -> Token {
    Token::parse(&"A".repeat(43)).unwrap()
}

/// A rule for everybody that asks for nothing.
pub(crate) fn enrolment_rule() -> EnrolmentRule {
    EnrolmentRule {
        name: "everybody".into(),
        groups: Vec::new(),
        percentage: 100,
        starts_on: None,
        deadline: None,
        proof: ExtraProof::None,
        probation_hours: 0,
    }
}

/// A page of the wiki.
pub(crate) fn return_to(path_and_query: &str) -> ReturnTo {
    ReturnTo {
        app: AppId::from("wiki"),
        origin: "http://wiki.localhost:8080".into(),
        host: "wiki.localhost".into(),
        path_and_query: path_and_query.into(),
        path: path_and_query.split('?').next().unwrap().into(),
        method: "GET".into(),
        hop: hop().hash(),
        client: None,
    }
}

fn wiki() -> App {
    App {
        id: AppId::from("wiki"),
        name: "Wiki".into(),
        host: "wiki.localhost".into(),
        origin: "http://wiki.localhost:8080".into(),
        upstream: Upstream { host: "127.0.0.1".into(), port: 1, tls: false, preserve_host: true }.into(),
        options: AppOptions::default(),
    }
}

/// A virtual server with a wiki that admits nobody.
pub(crate) fn virtual_server(id: &str) -> VirtualServer {
    virtual_server_with(id, "")
}

/// A virtual server with a wiki under these policies.
pub(crate) fn virtual_server_with(id: &str, policies: &str) -> VirtualServer {
    let app = wiki();
    let source = Source { file: "test.cedar".into(), text: policies.into() };
    VirtualServer {
        id: id.into(),
        name: "Example".into(),
        portal_host: "login.localhost".into(),
        portal_origin: "http://login.localhost:8080".into(),
        authenticator: None,
        support_url: None,
        policies: Arc::new(Policies::load(&[source], std::slice::from_ref(&app.id)).unwrap()),
        beside: Beside::default(),
        apps: BTreeMap::from([(app.id.clone(), Arc::new(app))]),
    }
}

/// A site with nothing but a generation: hosts and the like are the proxy's business.
pub(crate) fn site_of(_: &VirtualServer, generation: u64) -> Site {
    Site {
        generation,
        virtual_servers: BTreeMap::new(),
        hosts: HashMap::new(),
        trusted_proxies: Vec::new(),
        secure_cookies: false,
    }
}

/// A request to the wiki of `default`.
pub(crate) fn object(path: &str) -> Object {
    Object {
        virtual_server: "default".into(),
        app: AppId::from("wiki"),
        host: "wiki.localhost".into(),
        method: "GET".into(),
        path: path.into(),
        client: [127, 0, 0, 1].into(),
        secure: false,
    }
}

/// A member of staff.
pub(crate) fn principal(name: &str, proofs: Proofs) -> Principal {
    Principal {
        user: UserId::new(format!("u-{name}")),
        name: name.into(),
        display_name: String::new(),
        email: None,
        groups: vec![GroupRef { id: GroupId::from("g-staff"), name: "staff".into() }],
        session: SessionId::new(format!("s-{name}")),
        proofs,
    }
}
