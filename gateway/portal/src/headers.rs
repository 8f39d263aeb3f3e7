//! The headers of every answer (SEC 5.12), put on in one place.

use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, header};

const PERMISSIONS: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), \
                           magnetometer=(), microphone=(), midi=(), payment=(), usb=()";

/// The origin beyond our own to which the page's forms may lead (decision A4): a response extension.
#[derive(Debug, Clone)]
pub(crate) struct FormTarget(pub(crate) String);

/// The policy of the authenticator app's pages, in place of ours: a response extension.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AppPolicy(pub(crate) &'static str);

/// The same for the authenticator's host: the app may use the camera and passkeys, nobody may embed or open it, and no
/// address of it is told to anybody.
const APP_PERMISSIONS: &str = "accelerometer=(), camera=(self), display-capture=(), geolocation=(), gyroscope=(), \
                               magnetometer=(), microphone=(), midi=(), payment=(), \
                               publickey-credentials-create=(self), publickey-credentials-get=(self), usb=()";

/// Puts the headers on an answer of the authenticator's host.
pub(crate) fn dress_app(response: &mut Response, strict_transport: bool) {
    let policy = response.extensions_mut().remove::<AppPolicy>();
    dress(response, strict_transport);
    let headers = response.headers_mut();
    if let Some(AppPolicy(policy)) = policy {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    }
    for (name, value) in [
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), APP_PERMISSIONS),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// Puts the headers on. What an answer says itself of caching stays (assets do); all else is ours.
pub(crate) fn dress(response: &mut Response, strict_transport: bool) {
    let target = response.extensions_mut().remove::<FormTarget>();
    let policy = content_security_policy(target.as_ref());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    for (name, value) in [
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), PERMISSIONS),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if strict_transport {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    unless_said(headers, header::CACHE_CONTROL, "no-store");
    unless_said(headers, header::VARY, "Accept-Language, Cookie");
}

fn unless_said(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.entry(name).or_insert(HeaderValue::from_static(value));
}

fn content_security_policy(target: Option<&FormTarget>) -> HeaderValue {
    let policy = |forms: &str| {
        format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
             form-action {forms}; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
        )
    };
    target
        .filter(|FormTarget(origin)| is_origin(origin))
        .and_then(|FormTarget(origin)| HeaderValue::try_from(policy(&format!("'self' {origin}"))).ok())
        .or_else(|| HeaderValue::try_from(policy("'self'")).ok())
        .unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

/// Origins come from the configuration; still, nothing that would begin another source or directive gets into the policy.
fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| {
        !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.:[]".contains(&b))
    })
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;
    use http::StatusCode;

    use super::*;

    fn dressed(target: Option<&str>, strict_transport: bool) -> Response {
        let mut response = StatusCode::OK.into_response();
        if let Some(origin) = target {
            response.extensions_mut().insert(FormTarget(origin.to_owned()));
        }
        dress(&mut response, strict_transport);
        response
    }

    #[test]
    fn the_content_security_policy_is_the_specified_one() {
        assert_eq!(
            dressed(None, false).headers()["content-security-policy"],
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
             form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
        );
    }

    #[test]
    fn forms_may_lead_to_the_one_origin_of_the_flows_application() {
        let policy = |target| dressed(Some(target), false).headers()["content-security-policy"].clone();
        let with = policy("http://wiki.localhost:8080");
        assert!(with.to_str().unwrap().contains("form-action 'self' http://wiki.localhost:8080; base-uri"));
        for odd in
            ["https://a; script-src *", "https://a b", "javascript:x", "*", "https://", "https://a,b", "https://a/*"]
        {
            assert!(policy(odd).to_str().unwrap().contains("form-action 'self'; base-uri"), "{odd}");
        }
    }

    #[test]
    fn strict_transport_is_said_over_tls_only() {
        assert!(!dressed(None, false).headers().contains_key("strict-transport-security"));
        assert_eq!(dressed(None, true).headers()["strict-transport-security"], "max-age=31536000");
    }

    #[test]
    fn nothing_is_stored_unless_the_answer_says_so() {
        assert_eq!(dressed(None, false).headers()["cache-control"], "no-store");
        let mut asset = ([(header::CACHE_CONTROL, "public")], "x").into_response();
        dress(&mut asset, false);
        assert_eq!(asset.headers()["cache-control"], "public");
    }
}
