//! Who asks, and for what: every page of the console and every list of the API, the first part and one far behind it, with each
//! filter.

use std::path::Path;
use std::time::{Duration, Instant};

use doorward_tests::world::{Gateway, Phone, attempt, exchange, forms};
use serde_json::{Value, json};

use crate::whole::taken_by_curl;

const PASSWORD: &str = "correct horse battery";
const HOST: &str = "127.0.0.1";

/// What is not answered is over any limit.
const NEVER: Duration = Duration::from_secs(999);

/// A page or list.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) name: &'static str,
    path: String,
    /// Only its first bytes are waited for.
    file: bool,
}

impl Asked {
    /// A page of the console.
    pub(crate) fn page(name: &'static str, path: &str) -> Self {
        Self { name, path: path.to_owned(), file: false }
    }
}

/// The first administrator, by the printed link.
pub(crate) struct Operator {
    phone: Phone,
    used: Vec<String>,
    cookie: String,
    bearer: String,
}

impl Operator {
    pub(crate) fn becomes_administrator(gateway: &Gateway) -> Self {
        let link = gateway.first_administrator().expect("the log names the link");
        let page = exchange(gateway.console, "GET", HOST, &link, &[], b"");
        let html = page.text().replace("&#x2f;", "/").replace("&amp;", "&").replace("&#x3d;", "=");
        let uri = html.split("href=\"").find(|part| part.starts_with("otpauth://")).expect("the page has the link");
        let phone = Phone::scan(uri.split('"').next().unwrap_or_default());
        let form = forms(&html).into_iter().find(|form| form.names.contains(&"again".to_owned())).expect("a form");
        let passcode = phone.passcode();
        let fields = [("name", "olga"), ("password", PASSWORD), ("again", PASSWORD), ("passcode", &passcode)];
        let mut body = format!("csrf={}", form.fields["csrf"]);
        for (name, value) in fields {
            body.push_str(&format!("&{name}={}", value.replace(' ', "+")));
        }
        let cookie = cookies(&page);
        let headers = [("Cookie", cookie.as_str()), ("Content-Type", "application/x-www-form-urlencoded")];
        let done = exchange(gateway.console, "POST", HOST, &link, &headers, body.as_bytes());
        assert_eq!(done.status, 303, "{}", done.text());
        Self { phone, used: vec![passcode], cookie: String::new(), bearer: String::new() }
    }

    fn passcode(&mut self) -> String {
        let passcode = loop {
            match self.phone.passcode_beside(&self.used) {
                Some(passcode) => break passcode,
                // Each is good once: the next one comes with the next half minute.
                None => std::thread::sleep(Duration::from_secs(1)),
            }
        };
        self.used.push(passcode.clone());
        passcode
    }

    /// The console, and the API.
    pub(crate) fn signs_in(&mut self, gateway: &Gateway) {
        self.bearer = self.token(gateway);
        let open = exchange(gateway.console, "GET", HOST, "/signin", &[], b"");
        let form =
            forms(&open.text()).into_iter().find(|form| form.names.contains(&"passcode".to_owned())).expect("a form");
        let passcode = self.passcode();
        let body = format!(
            "csrf={}&name=olga&password={}&passcode={passcode}",
            form.fields["csrf"],
            PASSWORD.replace(' ', "+")
        );
        let cookie = cookies(&open);
        let headers = [("Cookie", cookie.as_str()), ("Content-Type", "application/x-www-form-urlencoded")];
        let done = exchange(gateway.console, "POST", HOST, "/signin", &headers, body.as_bytes());
        assert_eq!(done.status, 303, "{}", done.text());
        self.cookie = cookies(&done);
    }

    fn token(&mut self, gateway: &Gateway) -> String {
        let passcode = self.passcode();
        let body = json!({"name": "olga", "password": PASSWORD, "passcode": passcode}).to_string();
        let json = [("Content-Type", "application/json")];
        let told = exchange(gateway.console, "POST", HOST, "/api/v1/session", &json, body.as_bytes());
        assert_eq!(told.status, 201, "{}", told.text());
        let told: Value = serde_json::from_slice(&told.body).expect("JSON");
        format!("Bearer {}", told["token"].as_str().unwrap_or_default())
    }

    pub(crate) fn get(&self, gateway: &Gateway, path: &str) -> Value {
        let answer =
            exchange(gateway.console, "GET", HOST, &format!("/api/v1{path}"), &[("Authorization", &self.bearer)], b"");
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        serde_json::from_slice(&answer.body).expect("JSON")
    }

    /// How long it takes to count the enrolments of a group.
    pub(crate) fn counts(&self, gateway: &Gateway) -> Duration {
        let began = Instant::now();
        self.get(gateway, "/reports/enrolments/totals?group=g-7");
        began.elapsed()
    }

    /// Deletes, and waits until all of it is gone.
    pub(crate) fn deletes(&self, gateway: &Gateway, path: &str) {
        let path = format!("/api/v1{path}");
        let header = [("Authorization", self.bearer.as_str())];
        let answer = attempt(gateway.console, "DELETE", HOST, &path, &header, b"", NEVER).expect("an answer");
        assert_eq!(answer.status, 204, "{path}: {}", answer.text());
    }

    /// Takes a file away. Whether all of it came.
    pub(crate) fn takes_away(&self, gateway: &Gateway, path: &str, to: &Path) -> bool {
        let url = format!("http://{HOST}:{}{path}", gateway.console);
        taken_by_curl(&url, &format!("Authorization: {}", self.bearer), to)
    }

    /// The session is over.
    pub(crate) fn is_signed_out(&self, gateway: &Gateway) -> bool {
        exchange(gateway.console, "GET", HOST, "/api/v1/session", &[("Authorization", &self.bearer)], b"").status == 401
    }

    /// How long it takes, from connecting to the last byte; of a file, to what `curl` has of it first.
    pub(crate) fn ask(&self, gateway: &Gateway, asked: &Asked) -> Duration {
        let began = Instant::now();
        let headers = [("Authorization", self.bearer.as_str()), ("Cookie", self.cookie.as_str())];
        let header = if asked.path.starts_with("/api/") { &headers[..1] } else { &headers[1..] };
        if asked.file {
            return first_byte(gateway.console, &asked.path, header);
        }
        let answer = exchange(gateway.console, "GET", HOST, &asked.path, header, b"");
        let took = began.elapsed();
        if answer.status != 200 {
            eprintln!("{}: {} {}", asked.path, answer.status, answer.text());
            return NEVER;
        }
        took
    }
}

fn cookies(page: &doorward_tests::world::Answer) -> String {
    page.all("set-cookie").filter_map(|cookie| cookie.split(';').next()).collect::<Vec<_>>().join("; ")
}

fn first_byte(port: u16, path: &str, headers: &[(&str, &str)]) -> Duration {
    use std::io::{Read, Write};
    let mut head = format!("GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let began = Instant::now();
    let mut line = std::net::TcpStream::connect(("127.0.0.1", port)).expect("the console listens");
    line.write_all(format!("{head}\r\n").as_bytes()).expect("it reads");
    let mut first = [0; 16];
    line.read_exact(&mut first).expect("it answers");
    let took = began.elapsed();
    assert!(first.starts_with(b"HTTP/1.1 200"), "{path}: {}", String::from_utf8_lossy(&first));
    took
}

/// The place of a part far behind the first one.
fn deep(gateway: &Gateway, operator: &Operator, path: &str) -> String {
    let join = if path.contains('?') { '&' } else { '?' };
    let mut after = String::new();
    for _ in 0..20 {
        let page = operator.get(gateway, &format!("{path}{join}limit=200&after={after}"));
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut after),
            None => break,
        }
    }
    format!("{path}{join}after={after}")
}

/// Each with a name.
pub(crate) fn all(gateway: &Gateway, operator: &Operator) -> Vec<Asked> {
    let console = Asked::page;
    let api = |name, path: &str| Asked { name, path: format!("/api/v1{path}"), file: false };
    let far = |name, path: &str| Asked { name, path: format!("/api/v1{}", deep(gateway, operator, path)), file: false };
    let file = |name, path: &str| Asked { name, path: path.to_owned(), file: true };
    vec![
        console("start page", "/"),
        console("users", "/users"),
        console("users by name", "/users?q=m.user1003"),
        console("users by display name", "/users?q=Mame%201003"),
        console("users by a letter", "/users?q=m"),
        console("users: nobody", "/users?q=zzzz"),
        far("users, far behind", "/users"),
        console("a user", "/users/u-10000042"),
        console("groups", "/groups"),
        console("a group", "/groups/g-7"),
        console("a group of 50,000", "/groups/g-201"),
        console("tokens", "/tokens"),
        far("tokens, far behind", "/tokens"),
        console("tokens in stock", "/tokens?state=inventory"),
        console("revoked tokens", "/tokens?state=revoked"),
        console("locked tokens", "/tokens?locked=on"),
        console("a token by serial number", "/tokens?serial=dw-10200"),
        console("tokens: none", "/tokens?serial=zz"),
        console("a token", "/tokens/t-10000040"),
        api("audit log", "/audit/records"),
        console("audit log, console", "/logs/audit"),
        far("audit log, far behind", "/audit/records"),
        api("audit log of a user", "/audit/records?user=u-10000042"),
        api("audit log of an event", "/audit/records?event=TOKEN_ASSIGNED"),
        api("audit log of an address", "/audit/records?address=10.1.7.7"),
        api("audit log of a type and operator", "/audit/records?type=AUDIT&operator=olga"),
        api("audit log of a day a year ago", "/audit/records?from=2025-12-24&until=2025-12-24"),
        api("audit log, a text that is there", "/audit/records?q=confirmed"),
        api("audit log, a text that is nowhere", "/audit/records?q=nowhere-to-be-found"),
        api("audit log of an event, a text that is nowhere", "/audit/records?event=AUTH_FAILURE&q=nowhere"),
        console("enrolment history", "/reports/enrolments"),
        far("enrolment history, far behind", "/reports/enrolments"),
        api("enrolment history of a user", "/reports/enrolments?user=u-10000042"),
        api("enrolments that expired", "/reports/enrolments?result=expired"),
        api("enrolments of an address", "/reports/enrolments?address=192.0.2.1"),
        api("enrolments of a group", "/reports/enrolments?group=g-7"),
        api("enrolment totals", "/reports/enrolments/totals"),
        api(
            "enrolment totals of a year",
            "/reports/enrolments/totals?from=2025-12-01&until=2026-11-20&tz=Asia/Kolkata",
        ),
        console("enrolment history of a group, with its sums", "/reports/enrolments?group=Department%207"),
        console("funnel of an address", "/reports/funnel?address=10.1.2.3"),
        console("funnel", "/reports/funnel"),
        api("funnel, API", "/reports/funnel"),
        console("who has no token", "/reports/missing?of=all"),
        far("who has no token, far behind", "/reports/missing?of=all"),
        api("enrolments of an address that all have", "/reports/enrolments?address=10.1.2.3"),
        console("provisioning", "/provisioning"),
        console("a provisioning task of every tenth user", "/provisioning/1"),
        far("its users, far behind", "/provisioning/tasks/1/users"),
        api("its users who were left out", "/provisioning/tasks/1/users?status=skipped"),
        console("provisioning rules", "/provisioning/rules"),
        console("who waits for an approval", "/enrolment-requests"),
        console("access policies", "/access-policies"),
        console(
            "a decision explained",
            "/access-policies/explain?app=wiki&method=GET&path=%2F&address=10.1.2.3&secure=on&user=m.user10000012",
        ),
        console("decision records", "/access-policies/decisions"),
        far("decision records, far behind", "/policies/records"),
        api("decision records of a user", "/policies/records?user=u-10000042"),
        api("decision records of what was refused", "/policies/records?decision=refuse"),
        api("decision records of an application", "/policies/records?app=intranet"),
        console("shadow policies", "/access-policies/shadow"),
        console("settings", "/settings/self-provisioning"),
        console("enrolment rules", "/settings/enrolment-rules"),
        console("what waits for two operators", "/approvals"),
        console("roles", "/operators/roles"),
        console("API keys", "/operators/keys"),
        console("operators", "/operators"),
        file("audit log as a file, its first bytes", "/api/v1/audit/records.csv"),
        file("enrolment history as a file, its first bytes", "/api/v1/reports/enrolments.csv"),
    ]
}
