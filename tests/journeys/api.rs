//! The operators' API of a gateway that runs: signed in with a real authenticator, and asked for all that it says of
//! itself.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::world::{Answer, Gateway, Phone, ask_peer, exchange, forms, peer, until};

/// Olga's.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// Whoever made themselves an operator by a link: the first administrator by the printed one.
pub(crate) struct Olga<'g> {
    gateway: &'g Gateway,
    name: &'static str,
    phone: Phone,
    used: Vec<String>,
}

impl<'g> Olga<'g> {
    pub(crate) fn becomes_administrator(gateway: &'g Gateway) -> Self {
        let link = gateway.first_administrator().expect("the banner names the link");
        Self::joins(gateway, &link, "olga")
    }

    /// Goes through the page behind a link.
    pub(crate) fn joins(gateway: &'g Gateway, link: &str, name: &'static str) -> Self {
        let page = exchange(gateway.console, "GET", "127.0.0.1", link, &[], b"");
        assert_eq!(page.status, 200, "{}", page.text());
        let cookies: Vec<&str> = page.all("set-cookie").filter_map(|cookie| cookie.split(';').next()).collect();
        let html = page.text().replace("&#x2f;", "/").replace("&amp;", "&").replace("&#x3d;", "=");
        let uri = html.split("href=\"").find(|part| part.starts_with("otpauth://")).expect("the page has the link");
        let phone = Phone::scan(uri.split('"').next().unwrap());
        let form = forms(&html).into_iter().find(|form| form.names.contains(&"again".to_owned())).unwrap();
        let passcode = phone.passcode();
        let fields = [("name", name), ("password", PASSWORD), ("again", PASSWORD), ("passcode", &passcode)];
        let mut body = format!("csrf={}", form.fields["csrf"]);
        for (name, value) in fields {
            body.push_str(&format!("&{name}={}", value.replace(' ', "+")));
        }
        let cookies = cookies.join("; ");
        let headers = [("Cookie", cookies.as_str()), ("Content-Type", "application/x-www-form-urlencoded")];
        let done = exchange(gateway.console, "POST", "127.0.0.1", link, &headers, body.as_bytes());
        // In at once, or told that another operator has to switch them on.
        assert!(matches!(done.status, 303 | 200), "{}", done.text());
        Self { gateway, name, phone, used: vec![passcode] }
    }

    /// Whoever is switched off, with all that is right.
    pub(crate) fn is_turned_away(&self) {
        // None is spent by it.
        let passcode = self.phone.passcode_beside(&self.used).expect("a passcode that is good and not used");
        let body = json!({"name": self.name, "password": PASSWORD, "passcode": passcode});
        let told = ask(self.gateway, "POST", "/session", &[], Some(&body));
        assert_eq!(told.status, 401, "{}", told.text());
    }

    /// A passcode that is good and not used yet.
    pub(crate) fn passcode(&mut self) -> String {
        let passcode = self.phone.passcode_beside(&self.used).expect("a passcode that is good and not used");
        self.used.push(passcode.clone());
        passcode
    }

    /// The one of a moment that has come only for the gateway.
    pub(crate) fn passcode_at(&self, when: &str) -> String {
        self.phone.passcode_at(when)
    }

    /// The token of a session at the API, by a passcode that is not used yet.
    pub(crate) fn signs_in(&mut self) -> String {
        let passcode = self.passcode();
        let body = json!({"name": self.name, "password": PASSWORD, "passcode": passcode});
        let told = ask(self.gateway, "POST", "/session", &[], Some(&body));
        assert_eq!(told.status, 201, "{}", told.text());
        read(&told)["token"].as_str().unwrap().to_owned()
    }
}

pub(crate) fn ask(
    gateway: &Gateway,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&Value>,
) -> Answer {
    let mut headers = headers.to_vec();
    let body = body.map(Value::to_string).unwrap_or_default();
    if !body.is_empty() {
        headers.push(("Content-Type", "application/json"));
    }
    exchange(gateway.console, method, "127.0.0.1", &format!("/api/v1{path}"), &headers, body.as_bytes())
}

pub(crate) fn read(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_else(|error| panic!("{error}: {}", answer.text()))
}

#[test]
fn a_program_signs_in_makes_a_user_imports_a_token_and_gives_it_to_them() {
    let gateway = Gateway::demo();
    let token = Olga::becomes_administrator(&gateway).signs_in();
    let bearer = format!("Bearer {token}");
    let with = [("Authorization", bearer.as_str())];
    let call = |method: &str, path: &str, body: Value| ask(&gateway, method, path, &with, Some(&body));

    let made = call("POST", "/users", json!({"name": "dora", "email": "dora@example.test"}));
    assert_eq!(made.status, 201, "{}", made.text());
    let user = read(&made)["user"]["id"].as_str().unwrap().to_owned();
    let again = call("POST", "/users", json!({"name": "Dora"}));
    assert_eq!((again.status, again.header("content-type")), (422, Some("application/problem+json")));
    assert_eq!(read(&again)["errors"][0]["rule"], "taken");
    assert_eq!(again.header("x-request-id"), read(&again)["request_id"].as_str());

    // Larger than any form: the listener lets a file through.
    let lines = (0..2000).map(|number| format!("{number:08},3132333435363738393031323334353637383930,hotp,6,0\n"));
    let file = data_encoding::BASE64.encode(lines.collect::<String>().as_bytes());
    let begun = call("POST", "/tokens/import", json!({"file_base64": file}));
    assert_eq!(begun.status, 202, "{}", begun.text());
    let place = begun.header("location").unwrap().strip_prefix("/api/v1").unwrap().to_owned();
    let report = || read(&ask(&gateway, "GET", &place, &with, None));
    until("the file is taken", || report()["state"] != "running");
    let report = report();
    assert_eq!((&report["state"], &report["taken"]), (&json!("done"), &json!(2000)));

    let found = read(&ask(&gateway, "GET", "/tokens?serial=00000042", &with, None));
    let stock = found["items"][0]["id"].as_str().unwrap().to_owned();
    let given = call("POST", &format!("/tokens/{stock}/assign"), json!({"user": user}));
    assert_eq!((given.status, &read(&given)["owner"]["name"]), (200, &json!("dora")));
    let ended = ask(&gateway, "DELETE", "/session", &with, None);
    assert_eq!(ended.status, 204);
    assert_eq!(ask(&gateway, "GET", "/users", &with, None).status, 401);
}

#[test]
fn the_api_is_on_the_consoles_listener_alone() {
    let gateway = Gateway::demo();
    for host in ["login.localhost", "wiki.localhost"] {
        let public = exchange(gateway.port, "GET", host, "/api/v1/openapi.json", &[], b"");
        assert!(!public.text().contains("\"openapi\":"), "{host}: {}", public.text());
    }
    let elsewhere = exchange(gateway.console, "GET", "evil.test", "/api/v1/openapi.json", &[], b"");
    assert_eq!(elsewhere.status, 421);
    assert_eq!(ask(&gateway, "GET", "/openapi.json", &[], None).status, 200);
}

#[test]
fn everything_that_can_be_asked_is_answered_as_the_description_says() {
    let gateway = Gateway::demo();
    let token = Olga::becomes_administrator(&gateway).signs_in();
    let bearer = format!("Bearer {token}");
    let with = [("Authorization", bearer.as_str())];
    let made = |path: &str, body: Value| {
        let made = read(&ask(&gateway, "POST", path, &with, Some(&body)));
        made.get("user").unwrap_or(&made)["id"].as_str().unwrap().to_owned()
    };
    let file = data_encoding::BASE64.encode(b"30000001,3132333435363738393031323334353637383930,hotp,6,0\n");
    let import = made("/tokens/import", json!({"file_base64": file}));
    let operator = read(&ask(&gateway, "GET", "/session", &with, None))["operator"]["id"].as_str().unwrap().to_owned();
    let stock = || read(&ask(&gateway, "GET", "/tokens?serial=30000001", &with, None))["items"][0]["id"].clone();
    until("the token is in the stock", || stock().is_string());
    let known = BTreeMap::from([
        ("user", made("/users", json!({"name": "dora"}))),
        ("group", made("/groups", json!({"name": "Sales"}))),
        ("parent", made("/groups", json!({"name": "Everybody"}))),
        ("token", stock().as_str().unwrap().to_owned()),
        ("import", import),
        ("operator", operator),
    ]);
    let mut command = peer("api.py");
    command.arg(format!("http://127.0.0.1:{}/api/v1", gateway.console)).arg(&token).arg("45");
    for (name, id) in known {
        command.arg(format!("{name}={id}"));
    }
    let told = ask_peer(&mut command);
    assert!(told["passed"] == true, "{}", told["said"].as_str().unwrap_or_default());
}
