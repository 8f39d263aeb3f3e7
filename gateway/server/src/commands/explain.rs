//! `doorward explain`: what would be decided for a request, and why. It goes through the same canonicalisation and the same
//! policies as a request does.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use doorward_access::names::fold_name;
use doorward_access::site::{App, HostRole, Site, VirtualServer};
use doorward_api::ports::Users;
use doorward_api::user::User;
use doorward_api::{Factor, Object, Proofs, Subject, Timestamp, parse_age};
use doorward_proxy::canonical;

use crate::args::ExplainArgs;
use crate::commands::runtime;
use crate::config::Resolved;
use crate::demo::DemoManner;
use crate::{Failure, Finding, config, demo, wire};

/// Explains; [`Finding::Bad`] when the request would not be admitted.
pub(crate) fn explain(args: &ExplainArgs) -> Result<Finding, Failure> {
    let config = if args.demo { None } else { Some(config::load(&args.config.config)?) };
    let demo = if args.demo { Some(demo::demo_site(8080, &demo_upstreams(), DemoManner::default())?) } else { None };
    let site = demo.as_ref().or(config.as_ref().map(|c| &c.site)).ok_or_else(|| Failure::Other("no site".into()))?;
    let (server, app, object) = object(site, args)?;
    let Asking { subject, now, disabled } = asking(args, config.as_ref(), &server)?;
    let explanation = doorward_policy::explain(&server.policies, &subject, &object, now);
    if args.json {
        let text = serde_json::to_string_pretty(&explanation).map_err(Failure::other)?;
        println!("{text}");
    } else {
        let who = args.user.as_deref().unwrap_or("nobody signed in");
        println!(
            "{} {}{} of {} ({}), asked by {who} from {}",
            object.method, app.origin, object.path, app.name, app.id, args.ip
        );
        println!("{explanation}");
    }
    if disabled {
        eprintln!("{} is disabled and cannot sign in, whatever is decided.", args.user.as_deref().unwrap_or_default());
    }
    let admitted = explanation.decision == "admit" && !disabled;
    Ok(if admitted { Finding::Good } else { Finding::Bad })
}

fn demo_upstreams() -> BTreeMap<&'static str, SocketAddr> {
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
    ["wiki", "intranet", "public"].into_iter().map(|id| (id, nowhere)).collect()
}

fn object(site: &Site, args: &ExplainArgs) -> Result<(Arc<VirtualServer>, Arc<App>, Object), Failure> {
    let uri: http::Uri = args.url.parse().map_err(|_| Failure::Other(format!("--url: {} is not a URL", args.url)))?;
    let host = uri.host().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
    let (server, app) = match site.hosts.get(&host) {
        Some(HostRole::App(server, app)) => (server.clone(), app.clone()),
        Some(HostRole::Portal(_)) => return Err(Failure::Other(format!("{host} is the portal: everybody reaches it"))),
        Some(HostRole::Authenticator(_)) => {
            let what =
                "is the authenticator: everybody reaches the app, and devices prove themselves by their own keys";
            return Err(Failure::Other(format!("{host} {what}; no policy is asked")));
        }
        None => {
            let mut known: Vec<_> = site.hosts.keys().map(String::as_str).collect();
            known.sort_unstable();
            return Err(Failure::Other(format!(
                "no application has the host {host:?}; there are {}",
                known.join(", ")
            )));
        }
    };
    let method = args.method.to_ascii_uppercase();
    if !app.options.takes_method(&method) {
        return Err(Failure::Other(format!("the gateway refuses {method} before any policy: see extra_methods")));
    }
    let path = canonical::canonical_path(uri.path(), &app.options)
        .and_then(|path| canonical::judged_path(&path.into(), &app.options))
        .map_err(|refusal| Failure::Other(format!("the gateway refuses this path before any policy: {refusal}")))?;
    let object = Object {
        virtual_server: server.id.clone(),
        app: app.id.clone(),
        host: host.into(),
        method: method.into(),
        path,
        client: args.ip,
        secure: uri.scheme_str() == Some("https"),
    };
    Ok((server, app, object))
}

/// Who asks, and when.
struct Asking {
    subject: Subject,
    now: Timestamp,
    disabled: bool,
}

fn asking(args: &ExplainArgs, config: Option<&Resolved>, server: &VirtualServer) -> Result<Asking, Failure> {
    let now = doorward_store::system_clock().now();
    let Some(name) = &args.user else {
        return Ok(Asking { subject: Subject::Anonymous, now, disabled: false });
    };
    let proofs = proofs(args, now)?;
    let user = match (config, args.groups.is_empty()) {
        (Some(config), true) => from_directory(config, server, name)?,
        _ => User::supposed(name, &args.groups),
    };
    let disabled = user.disabled;
    Ok(Asking { subject: Subject::supposed(user, proofs), now, disabled })
}

fn from_directory(config: &Resolved, server: &VirtualServer, name: &str) -> Result<User, Failure> {
    let folded = fold_name(name).ok_or_else(|| Failure::Other(format!("--user: {name:?} is no user name")))?;
    let runtime = runtime()?;
    let found = wire::asking(config, |store| {
        runtime.block_on(store.user_by_name(&server.id, &folded)).map_err(|e| Failure::Store(e.to_string()))
    })?;
    found.ok_or_else(|| Failure::Other(format!("--user: there is no {name:?}; use --group to assume somebody")))
}

/// What is to be supposed of `context.authn`.
fn proofs(args: &ExplainArgs, now: Timestamp) -> Result<Proofs, Failure> {
    let given = args
        .proofs
        .iter()
        .try_fold(Proofs::NONE, |proofs, text| proof(text).map(|(f, age)| proofs.with(f, now - age)))?;
    Ok(given.supposing(args.enrolment_deferred, args.probation, now))
}

/// `otp` or `otp=400s`, `otp=5m`, `otp=2h`, `otp=1d`: what was proved, and how long ago.
pub(crate) fn proof(text: &str) -> Result<(Factor, Duration), Failure> {
    let wrong =
        || Failure::Other(format!("--proof: {text:?} is not password, otp, push or passkey, or with an age: otp=400s"));
    let (name, age) = text.split_once('=').unwrap_or((text, "0s"));
    let factor = Factor::ALL.into_iter().find(|f| f.as_str() == name).ok_or_else(wrong)?;
    parse_age(age).map(|age| (factor, age)).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Cli, Command};

    fn args(more: &[&str]) -> Result<ExplainArgs, clap::Error> {
        let line = ["doorward", "explain", "--url", "http://wiki.localhost/"];
        match Cli::try_parse_from([&line[..], more].concat())?.command {
            Command::Explain(args) => Ok(args),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_put_off_or_on_probation_is_supposed_of_a_user() {
        let now = Timestamp::from_secs(1000);
        let supposed = |more: &[&str]| proofs(&args(&[&["--user", "alice"], more].concat()).unwrap(), now).unwrap();
        assert_eq!(supposed(&[]), Proofs::NONE);
        let put_off = supposed(&["--proof", "password", "--enrolment-deferred"]);
        assert_eq!((put_off.password, put_off.deferred(now), put_off.on_probation(now)), (Some(now), true, false));
        let new = supposed(&["--proof", "otp", "--probation"]);
        assert_eq!((new.otp, new.deferred(now), new.on_probation(now)), (Some(now), false, true));
        assert!(args(&["--enrolment-deferred"]).is_err() && args(&["--probation"]).is_err(), "of nobody");
    }

    #[test]
    fn a_proof_is_read_with_its_age() {
        assert_eq!(proof("otp=400s").unwrap(), (Factor::Otp, Duration::from_secs(400)));
        assert_eq!(proof("otp=1d").unwrap(), (Factor::Otp, Duration::from_secs(86_400)));
        assert_eq!(proof("password").unwrap(), (Factor::Password, Duration::ZERO));
        for wrong in ["", "otp=", "otp=5", "otp=5w", "pin", "otp=xs", "otp=5é"] {
            assert!(proof(wrong).is_err(), "{wrong}");
        }
    }
}
