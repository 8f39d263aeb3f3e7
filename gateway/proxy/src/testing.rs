//! What the tests of this crate have in common.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use doorward_access::gate::{Gate, LastAnswer, Verdict};
use doorward_access::site::{App, AppOptions, AuthenticatorSite, Beside, HostRole, Site, Upstream, VirtualServer};
use doorward_api::ports::NoMetrics;
use doorward_api::{AppId, GroupId, GroupRef, Principal, Proofs, SessionId, Subject, Timestamp, UserId};
use doorward_policy::{Policies, Source};

use crate::canonical::CanonicalRequest;
use crate::ctx::Admitted;

/// The wiki of every example.
pub(crate) fn wiki(options: AppOptions) -> App {
    App {
        id: AppId::from("wiki"),
        name: "Wiki".into(),
        host: "wiki.localhost".into(),
        origin: "http://wiki.localhost:8080".into(),
        upstream: Upstream { host: "127.0.0.1".into(), port: 9000, tls: false, preserve_host: true }.into(),
        options,
    }
}

/// A user with a group.
pub(crate) fn alice() -> Principal {
    Principal {
        user: UserId::from("u-1"),
        name: "alice".into(),
        display_name: "Alice".into(),
        email: Some("alice@example.test".into()),
        groups: vec![GroupRef { id: GroupId::from("g-1"), name: "staff".into() }],
        session: SessionId::from("s-1"),
        proofs: Proofs::NONE,
    }
}

/// A virtual server with these applications under these policies, its portal at `login.localhost`, its authenticator at
/// `authenticator.localhost`.
pub(crate) fn site(policies: &str, apps: &[App]) -> Site {
    let ids: Vec<AppId> = apps.iter().map(|app| app.id.clone()).collect();
    let source = Source { file: "test.cedar".into(), text: policies.into() };
    let apps: BTreeMap<_, _> = apps.iter().map(|app| (app.id.clone(), Arc::new(clone(app)))).collect();
    let vs = Arc::new(VirtualServer {
        id: "default".into(),
        name: "Example".into(),
        portal_host: "login.localhost".into(),
        portal_origin: "http://login.localhost:8080".into(),
        authenticator: Some(AuthenticatorSite {
            host: "authenticator.localhost".into(),
            origin: "http://authenticator.localhost:8080".into(),
        }),
        support_url: None,
        policies: Arc::new(Policies::load(&[source], &ids).unwrap()),
        beside: Beside::default(),
        apps: apps.clone(),
    });
    let mut hosts = HashMap::from([(vs.portal_host.clone(), HostRole::Portal(vs.clone()))]);
    let authenticators = vs.authenticator.iter().map(|own| (own.host.clone(), HostRole::Authenticator(vs.clone())));
    hosts.extend(authenticators);
    hosts.extend(apps.values().map(|app| (app.host.clone(), HostRole::App(vs.clone(), app.clone()))));
    Site {
        generation: 1,
        virtual_servers: BTreeMap::from([(vs.id.clone(), vs)]),
        hosts,
        trusted_proxies: Vec::new(),
        secure_cookies: false,
    }
}

fn clone(app: &App) -> App {
    App {
        id: app.id.clone(),
        name: app.name.clone(),
        host: app.host.clone(),
        origin: app.origin.clone(),
        upstream: app.upstream.clone(),
        options: app.options.clone(),
    }
}

/// A request to the wiki that the gate has let pass.
pub(crate) fn admitted(path: &str, query: Option<&str>, principal: Option<Principal>) -> Admitted {
    let site = site("permit(principal, action, resource);", &[wiki(AppOptions::default())]);
    let Some(HostRole::App(vs, app)) = site.hosts.get("wiki.localhost") else { panic!("the wiki is there") };
    let request = CanonicalRequest {
        method: "GET".into(),
        host: app.host.as_str().into(),
        path: path.into(),
        judged: path.into(),
        query: query.map(Arc::from),
        client: "192.0.2.9".parse().unwrap(),
        secure: false,
    };
    let subject = principal.map_or(Subject::Anonymous, |principal| Subject::User(Arc::new(principal)));
    let object = request.object(&vs.id, &app.id);
    let verdict = Gate::new(Arc::new(NoMetrics)).decide(
        &mut LastAnswer::default(),
        &site,
        vs,
        &subject,
        &object,
        Timestamp::from_secs(1),
    );
    let Verdict::Admit(permit) = verdict else { panic!("{verdict:?}") };
    Admitted { permit, vs: vs.clone(), app: app.clone(), request, upgrade: false }
}
