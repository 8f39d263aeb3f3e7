//! The authenticator's host: files and calls, under headers of their own, and nothing of the portal.

use std::borrow::Cow;

use async_trait::async_trait;
use doorward_api::credential::Credential;
use doorward_api::device::{
    Addressee, AppFile, CalledBy, Device, DeviceAnswer, DeviceCall, DeviceFacts, DeviceSaid, DeviceToken, Reach, WakeUp,
};
use doorward_api::plugin::{Authenticator, Check, Offer, OfferRequest, OfferView, Plugin, Verified, WhyNot};
use doorward_api::push::Push;
use doorward_api::{
    CredentialId, Factor, PluginError, Secret, SecretBytes, Target, Template, Timestamp, TokenForm, TokenState,
};
use doorward_fakes::now;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::world::{AUTHENTICATOR, Ask, PORTAL, Told, World};

/// An authenticator of our own that believes everything: a call names a token, and says what has happened.
pub(crate) struct ToyApp;

const POLICY: &str = "default-src 'none'; script-src 'self'";

fn told(status: u16, body: &Value) -> DeviceAnswer {
    DeviceAnswer { status, body: body.to_string().into_bytes(), keep: None, said: Vec::new(), by: CalledBy::Anybody }
}

impl Plugin for ToyApp {
    fn authenticator(&self) -> Option<&dyn Authenticator> {
        Some(self)
    }
}

#[async_trait]
impl Authenticator for ToyApp {
    fn factor(&self) -> Factor {
        Factor::Otp
    }
    fn fits(&self, _: &Template, _: Target) -> Result<(), WhyNot> {
        Ok(())
    }
    fn device(&self) -> Option<&dyn Device> {
        Some(self)
    }
    async fn offer(&self, _: &OfferRequest, _: Timestamp) -> Result<Offer, PluginError> {
        Ok(Offer { opened: SecretBytes::new(b"new".to_vec()) })
    }
    fn show(&self, _: &SecretBytes, _: &OfferRequest) -> Result<OfferView, PluginError> {
        Err(PluginError::Damaged("it has no pages".into()))
    }
    async fn verify(&self, _: &SecretBytes, _: &Check<'_>, _: &Secret, _: Timestamp) -> Result<Verified, PluginError> {
        Ok(Verified::Rejected)
    }
}

impl Device for ToyApp {
    fn addressee(&self, call: &DeviceCall<'_>) -> Result<Addressee, DeviceAnswer> {
        let body: Value = serde_json::from_slice(call.body).map_err(|_| told(400, &json!({"error": "malformed"})))?;
        Ok(Addressee::Token(CredentialId::from(body["id"].as_str().unwrap_or_default())))
    }
    fn unknown(&self, _: &DeviceCall<'_>) -> DeviceAnswer {
        told(404, &json!({"error": "not_found"}))
    }
    fn answer(
        &self,
        call: &DeviceCall<'_>,
        token: &DeviceToken<'_>,
        _: Timestamp,
    ) -> Result<DeviceAnswer, PluginError> {
        let header = |name: &str| call.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value);
        let seen = json!({"name": call.name, "uri": call.target_uri, "sequence": header("doorward-sequence"),
                          "cookie": header("cookie")});
        if call.name != "activate/finish" {
            return Ok(told(200, &seen).signed_by_device());
        }
        let said = vec![DeviceSaid::Activated { device: DeviceFacts::default(), target: Target::Android }];
        let keep = Some(token.opened.clone());
        Ok(DeviceAnswer { said, keep, ..told(200, &json!({"state": "active"})) }.signed_by_device())
    }
    fn confirm(&self, _: &SecretBytes, _: bool) -> Result<Option<SecretBytes>, PluginError> {
        Ok(None)
    }
    fn reach(&self, _: &SecretBytes) -> Result<Reach, PluginError> {
        Ok(Reach::WhileOpen)
    }
    fn device_name(&self, _: &SecretBytes) -> Result<String, PluginError> {
        Ok("iPhone, Safari".to_owned())
    }
    fn wake(&self, _: &SecretBytes, _: &Push, _: &str, _: Timestamp) -> Result<Option<WakeUp>, PluginError> {
        Ok(None)
    }
    fn forget_subscription(&self, _: &SecretBytes) -> Result<Option<SecretBytes>, PluginError> {
        Ok(None)
    }
    fn file(&self, path: &str, query: &str, issuer: &str) -> Option<AppFile> {
        let file =
            |media_type, body: String, immutable| AppFile { media_type, body: Cow::Owned(body.into()), immutable };
        match path {
            "/a/" => Some(file("text/html; charset=utf-8", format!("<title>{issuer}</title>{query}"), false)),
            "/a/sw.js" => Some(file("text/javascript", "self".to_owned(), false)),
            "/a/app.1234.js" => Some(file("text/javascript", "app".to_owned(), true)),
            _ => None,
        }
    }
    fn content_security_policy(&self) -> &'static str {
        POLICY
    }
}

async fn get(world: &World, path: &str) -> Told {
    world.authenticator(Method::GET, path).go().await
}

fn post<'w>(world: &'w World, name: &str) -> Ask<'w> {
    world.authenticator(Method::POST, &format!("/a/v1/{name}")).header("content-type", "application/json")
}

/// alice was issued a token on this app; it is not activated.
fn issued(world: &World, id: &str) {
    world.store.with(|rows| rows.credentials = vec![token(id)]);
}

/// alice's, on this app.
pub(crate) fn token(id: &str) -> Credential {
    Credential {
        id: id.into(),
        user: "u-alice".into(),
        plugin: "app".into(),
        serial: format!("DW-{id}"),
        state: TokenState::Assigned,
        form: TokenForm::Software,
        label: String::new(),
        target: Some(Target::Android),
        additional: false,
        template: Template::STANDARD_APP,
        opened: SecretBytes::new(b"kept".to_vec()),
        damaged: false,
        version: 1,
        pin: None,
        pin_version: 0,
        fails: 0,
        locked_until: None,
        created_at: now(),
        activated_at: None,
        last_used_at: None,
    }
}

#[tokio::test]
async fn the_app_begins_at_its_own_path() {
    let world = World::start();
    for path in ["/", "/a"] {
        let told = get(&world, path).await;
        assert_eq!((told.status, told.location()), (StatusCode::SEE_OTHER, "/a/"), "{path}");
    }
    let told = get(&world, "/a/?push=p1").await;
    assert_eq!((told.status, told.body.as_str()), (StatusCode::OK, "<title>Example</title>push=p1"));
}

#[tokio::test]
async fn the_app_comes_with_headers_of_its_own() {
    let world = World::start();
    let told = get(&world, "/a/").await;
    for (name, value) in [
        ("content-type", "text/html; charset=utf-8"),
        ("content-security-policy", POLICY),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-cache"),
        ("vary", "Accept-Encoding"),
    ] {
        assert_eq!(told.header(name), value, "{name}");
    }
    let permissions = told.header("permissions-policy");
    for part in ["camera=(self)", "publickey-credentials-get=(self)", "publickey-credentials-create=(self)"] {
        assert!(permissions.contains(part), "{permissions}");
    }
    assert!(permissions.contains("geolocation=()"));
    assert!(!told.headers.contains_key("set-cookie") && !told.headers.contains_key("service-worker-allowed"));
    assert!(!told.headers.contains_key("strict-transport-security"));
    let told = world.authenticator(Method::GET, "/a/").over_tls().go().await;
    assert_eq!(told.header("strict-transport-security"), "max-age=31536000");
    let told = get(&world, "/a/sw.js").await;
    assert_eq!(told.header("service-worker-allowed"), "/a/");
}

#[tokio::test]
async fn what_is_known_is_not_sent_again() {
    let world = World::start();
    let first = get(&world, "/a/").await;
    let etag = first.header("etag").to_owned();
    let again = world.authenticator(Method::GET, "/a/").header("if-none-match", &etag).go().await;
    assert_eq!((again.status, again.body.as_str()), (StatusCode::NOT_MODIFIED, ""));
    assert_eq!(again.header("content-security-policy"), POLICY);
    assert_ne!(get(&world, "/a/?other").await.header("etag"), etag);
    let kept = get(&world, "/a/app.1234.js").await;
    assert_eq!(kept.header("cache-control"), "public, max-age=31536000, immutable");
    let head = world.authenticator(Method::HEAD, "/a/").go().await;
    assert_eq!((head.status, head.body.as_str(), head.header("etag")), (StatusCode::OK, "", etag.as_str()));
}

/// No page of the portal, no cookie, no language form: the origin is the app's alone.
#[tokio::test]
async fn nothing_of_the_portal_is_there() {
    let world = World::start();
    for path in
        ["/signin", "/authenticators", "/a/no-such-file", "/language", "/assets/doorward.js", "/.doorward/enter"]
    {
        let told = world.authenticator(Method::GET, path).signed_in().go().await;
        assert_eq!(told.status, StatusCode::NOT_FOUND, "{path}");
        assert!(told.body.contains("Page not found") && !told.body.contains("<form"), "{path}: {}", told.body);
        assert!(!told.body.contains("<script") && !told.headers.contains_key("set-cookie"), "{path}");
        assert_eq!(told.header("cross-origin-resource-policy"), "same-origin");
        assert!(told.header("content-security-policy").contains("default-src 'none'; script-src 'self';"));
    }
    let told = get(&world, "/a/v1/token").await;
    assert_eq!((told.status, told.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "POST"));
    let told = world.portal(Method::GET, "/a/").signed_in().go().await;
    assert_eq!(told.status, StatusCode::NOT_FOUND, "nor is the app at the portal");
}

#[tokio::test]
async fn a_call_reaches_the_plugin_as_it_was_sent() {
    let world = World::start();
    issued(&world, "c1");
    let ask = post(&world, "pin/unlock/1").header("doorward-sequence", "17").signed_in();
    let told = ask.body("{\"id\":\"c1\"}").await;
    assert_eq!((told.status, told.header("content-type")), (StatusCode::OK, "application/json"));
    assert_eq!(told.header("cache-control"), "no-store");
    let seen: Value = serde_json::from_str(&told.body).unwrap();
    let uri = format!("{AUTHENTICATOR}/a/v1/pin/unlock/1");
    assert_eq!(seen, json!({"name": "pin/unlock/1", "uri": uri, "sequence": "17", "cookie": null}));
    let told = post(&world, "token").body("{\"id\":\"nobody's\"}").await;
    assert_eq!((told.status, told.body.as_str()), (StatusCode::NOT_FOUND, "{\"error\":\"not_found\"}"));
}

#[tokio::test]
async fn a_call_that_cannot_be_one_is_refused_as_json() {
    let world = World::start();
    issued(&world, "c1");
    let body = "{\"id\":\"c1\"}";
    let path = "/a/v1/token";
    let is = |told: &Told, status: u16, code: &str| {
        let expected = format!("{{\"error\":\"{code}\"}}");
        assert_eq!((told.status.as_u16(), told.body.as_str()), (status, expected.as_str()));
        assert_eq!(told.header("content-type"), "application/json");
    };
    for kind in ["text/plain", "application/x-www-form-urlencoded", ""] {
        let told = world.authenticator(Method::POST, path).header("content-type", kind).body(body).await;
        is(&told, 415, "malformed");
    }
    for origin in [PORTAL, "null", "https://authenticator.localhost:8080"] {
        is(&post(&world, "token").header("origin", origin).body(body).await, 403, "not_allowed");
    }
    is(&post(&world, "token").header("sec-fetch-site", "same-site").body(body).await, 403, "not_allowed");
    let told = post(&world, "token").header("origin", AUTHENTICATOR).body(body).await;
    assert_eq!(told.status, StatusCode::OK);
    let large = format!("{{\"id\":\"{}\"}}", "x".repeat(16 * 1024));
    is(&post(&world, "token").body(large).await, 413, "malformed");
    is(&post(&world, "token").body("no json").await, 400, "malformed");
    for _ in 0..600 {
        post(&world, "token").body("no json").await;
    }
    is(&post(&world, "token").body("no json").await, 429, "too_many");
    assert_eq!(post(&world, "token").body(body).await.status, StatusCode::OK, "who signs goes on");
}

#[tokio::test]
async fn a_store_that_is_away_is_said_so_as_json() {
    let world = World::start();
    *world.store.down.lock().unwrap() = true;
    let told = post(&world, "token").body("{\"id\":\"c1\"}").await;
    assert_eq!((told.status, told.body.as_str()), (StatusCode::SERVICE_UNAVAILABLE, "{\"error\":\"unavailable\"}"));
    assert_eq!(told.header("retry-after"), "5");
}

async fn here(world: &World, cookie: Option<&str>) -> Value {
    let ask = post(world, "here").header("origin", AUTHENTICATOR);
    let ask = match cookie {
        Some(cookie) => ask.cookie("doorward_authenticator", cookie),
        None => ask,
    };
    let told = ask.body("{}").await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.body);
    serde_json::from_str(&told.body).unwrap()
}

/// AUTH 6.9: a browser that has cleared what the app had stored still tells what it had.
#[tokio::test]
async fn a_browser_knows_what_was_activated_in_it() {
    let world = World::start();
    assert_eq!(here(&world, None).await, json!({"known": []}));
    issued(&world, "c1");
    let told = post(&world, "activate/finish").body("{\"id\":\"c1\"}").await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.body);
    let set = told.header("set-cookie").to_owned();
    for attribute in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=34560000"] {
        assert!(set.split("; ").any(|part| part == attribute), "{attribute} is missing in {set}");
    }
    let cookie = told.set_cookie("doorward_authenticator").unwrap();
    assert!(!set.contains("alice") && !set.contains("DW-"), "it says nothing to whoever reads it");
    let first = json!({"serial": "DW-c1", "issuer": "Example", "account": "alice"});
    assert_eq!(here(&world, Some(&cookie)).await, json!({"known": [first]}));

    issued(&world, "c2");
    let ask = post(&world, "activate/finish").cookie("doorward_authenticator", &cookie);
    let both = ask.body("{\"id\":\"c2\"}").await.set_cookie("doorward_authenticator").unwrap();
    assert_eq!(here(&world, Some(&both)).await["known"].as_array().unwrap().len(), 2);

    for forged in ["", "x", &cookie[1..], &format!("{cookie}A")] {
        assert_eq!(here(&world, Some(forged)).await, json!({"known": []}), "{forged}");
    }
    let told = post(&world, "here").body("{\"serial\":\"DW-c1\"}").await;
    assert_eq!(told.status, StatusCode::BAD_REQUEST);
}
