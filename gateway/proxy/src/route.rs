//! Room 2: where a request leads. A host has one meaning or none; there is no default application (HO-02, HO-03).

use std::sync::Arc;

use doorward_access::site::{App, AppOptions, HostRole, Site, VirtualServer};
use http::StatusCode;

use crate::arrive::Arrived;
use crate::canonical::{CanonicalRequest, canonical_path, is_plain, is_reserved, judged_path};
use crate::refusal::Refusal;

/// Where a request leads.
#[derive(Debug)]
pub(crate) enum Destination {
    /// To our own pages: the portal's host, the authenticator's, or the reserved prefix on any host.
    Local { role: HostRole, request: CanonicalRequest },
    /// To the pages' style sheet: the page about a host that is not ours needs it there. The same for everybody.
    Asset { request: CanonicalRequest },
    /// To an application.
    App { vs: Arc<VirtualServer>, app: Arc<App>, request: CanonicalRequest },
}

/// Finds the destination, and brings the request into its canonical form with the options of that destination.
pub(crate) fn route(site: &Site, arrived: &Arrived) -> Result<Destination, Refusal> {
    let strict = AppOptions::default();
    let Some(role) = site.hosts.get(arrived.host.name.as_ref()) else {
        let asset = canonical_request(arrived, &strict).ok().filter(is_asset);
        let request = asset.ok_or(Refusal::misdirected("host_unknown"))?;
        return Ok(Destination::Asset { request });
    };
    let (origin, options) = match role {
        HostRole::Portal(vs) => (&vs.portal_origin, &strict),
        HostRole::Authenticator(vs) => match &vs.authenticator {
            Some(authenticator) => (&authenticator.origin, &strict),
            None => return Err(Refusal::misdirected("host_unknown")),
        },
        HostRole::App(_, app) => (&app.origin, &app.options),
    };
    if arrived.host.port.is_some_and(|port| Some(port) != port_of(origin)) {
        return Err(Refusal::misdirected("host_port"));
    }
    check_method(&arrived.method, options)?;
    let request = canonical_request(arrived, options)?;
    Ok(match role {
        HostRole::App(vs, app) if !is_reserved(&request.path) => {
            Destination::App { vs: vs.clone(), app: app.clone(), request }
        }
        role => Destination::Local { role: role.clone(), request },
    })
}

fn is_asset(request: &CanonicalRequest) -> bool {
    matches!(request.method.as_ref(), "GET" | "HEAD") && request.path.starts_with("/.doorward/assets/")
}

/// The canonical request for a destination with these options.
pub(crate) fn canonical_request(arrived: &Arrived, options: &AppOptions) -> Result<CanonicalRequest, Refusal> {
    let path =
        if is_plain(&arrived.path) { arrived.path.clone() } else { canonical_path(&arrived.path, options)?.into() };
    Ok(CanonicalRequest {
        method: arrived.method.clone(),
        host: arrived.host.name.clone(),
        judged: judged_path(&path, options)?,
        path,
        query: arrived.query.clone(),
        client: arrived.client,
        secure: arrived.secure,
    })
}

fn check_method(method: &str, options: &AppOptions) -> Result<(), Refusal> {
    if options.takes_method(method) {
        Ok(())
    } else {
        Err(Refusal::new(StatusCode::NOT_IMPLEMENTED, "method_not_taken"))
    }
}

/// The port of an origin such as `http://wiki.localhost:8080`.
fn port_of(origin: &str) -> Option<u16> {
    let (scheme, rest) = origin.split_once(':')?;
    let authority = rest.strip_prefix("//")?;
    match authority.rsplit_once(':') {
        Some((_, port)) if !port.ends_with(']') => port.parse().ok(),
        _ => match scheme {
            "http" => Some(80),
            "https" => Some(443),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::canonical_host;
    use crate::testing::{site, wiki};

    fn routed(method: &str, host: &str, path: &str) -> Result<String, Refusal> {
        let mut options = AppOptions::default();
        options.extra_methods.push("PROPFIND".to_owned());
        let site = site("", &[wiki(options)]);
        let arrived = Arrived {
            client: "192.0.2.9".parse().unwrap(),
            secure: false,
            host: canonical_host(host).unwrap(),
            method: method.to_owned().into(),
            path: path.into(),
            query: Some("q=/public".into()),
        };
        route(&site, &arrived).map(|destination| match destination {
            Destination::Local { role: HostRole::Portal(_), request } => format!("portal {}", request.target()),
            Destination::Local { role: HostRole::Authenticator(_), request } => {
                format!("authenticator {}", request.target())
            }
            Destination::Local { request, .. } => format!("reserved {}", request.target()),
            Destination::Asset { request } => format!("asset {}", request.target()),
            Destination::App { app, request, .. } => format!("{} {}", app.id, request.target()),
        })
    }

    #[test]
    fn a_host_leads_to_one_place() {
        assert_eq!(routed("GET", "wiki.localhost", "/a/../b").unwrap(), "wiki /b?q=/public");
        assert_eq!(routed("GET", "wiki.localhost:8080", "/").unwrap(), "wiki /?q=/public");
        assert_eq!(routed("GET", "login.localhost:8080", "/signin").unwrap(), "portal /signin?q=/public");
    }

    /// Its own origin, strict paths, and nobody's application, whatever is asked for there.
    #[test]
    fn everything_on_the_authenticators_host_is_the_authenticators() {
        let at = |method: &str, path: &str| routed(method, "authenticator.localhost:8080", path);
        for path in ["/a/", "/a/v1/pin/unlock/1", "/", "/anything", "/.doorward/enter"] {
            assert_eq!(at("GET", path).unwrap(), format!("authenticator {path}?q=/public"));
        }
        assert_eq!(at("POST", "/x/../a/v1/here").unwrap(), "authenticator /a/v1/here?q=/public");
        for path in ["/a//v1/here", "/a/v1%2fhere", "/a/v1;x/here"] {
            assert_eq!(at("POST", path).unwrap_err().status, 400, "{path}");
        }
        assert_eq!(at("PROPFIND", "/a/").unwrap_err().status, 501);
        assert_eq!(routed("GET", "authenticator.localhost:8443", "/a/").unwrap_err().status, 421);
    }

    #[test]
    fn an_unknown_host_or_port_leads_nowhere() {
        for host in ["evil.test", "127.0.0.1", "wiki.localhost:8443", "wiki.localhost:80", "sub.wiki.localhost"] {
            assert_eq!(routed("GET", host, "/").unwrap_err().status, 421, "{host}");
        }
    }

    #[test]
    fn of_an_unknown_host_nothing_is_served_but_what_its_page_looks_like() {
        let asset = "/.doorward/assets/doorward.css";
        assert_eq!(routed("GET", "evil.test", asset).unwrap(), format!("asset {asset}?q=/public"));
        for path in ["/assets/doorward.css", "/.doorward/language", "/.doorward/assets", "/.doorward/assets/../enter"] {
            assert_eq!(routed("GET", "evil.test", path).unwrap_err().status, 421, "{path}");
        }
        assert_eq!(routed("POST", "evil.test", asset).unwrap_err().status, 421);
    }

    #[test]
    fn the_reserved_prefix_never_leads_to_an_application() {
        for path in ["/.doorward/enter", "/.doorward", "/x/../.doorward/enter", "/%2edoorward/enter", "/.Doorward/x"] {
            assert!(routed("GET", "wiki.localhost", path).unwrap().starts_with("reserved "), "{path}");
        }
    }

    #[test]
    fn an_application_takes_the_methods_it_opted_into() {
        assert!(routed("PROPFIND", "wiki.localhost", "/").is_ok());
        assert_eq!(routed("PROPFIND", "login.localhost", "/").unwrap_err().status, 501);
        assert_eq!(routed("FOO", "wiki.localhost", "/").unwrap_err().status, 501);
    }

    #[test]
    fn an_origin_has_a_port() {
        for (origin, port) in [
            ("http://a.test", Some(80)),
            ("https://a.test", Some(443)),
            ("http://a.test:8080", Some(8080)),
            ("https://[::1]", Some(443)),
            ("https://[::1]:8443", Some(8443)),
            ("ftp://a.test", None),
        ] {
            assert_eq!(port_of(origin), port, "{origin}");
        }
    }
}
