//! A device that carries our own authenticator: the plugin's device for tests with a way to a gateway; and the gateway as such a
//! device and its user's browser see it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use doorward_authenticator::testing::{Phone as Carrier, Request, encode};
use serde_json::{Value, json};

use super::form::unescape;
use super::http::{Answer, exchange, try_exchange};
use super::{Gateway, Page, Served, Visitor};

/// A gateway with an authenticator's origin: the demo, or a site behind a front proxy that has ended TLS.
#[derive(Clone, Copy)]
pub struct Home<'a> {
    pub gateway: &'a Gateway,
    secure: bool,
}

impl<'a> Home<'a> {
    pub fn demo(gateway: &'a Gateway) -> Self {
        Self { gateway, secure: false }
    }

    /// Its configuration names `https://authenticator.example.test`.
    pub fn site(served: &'a Served) -> Self {
        Self { gateway: &served.gateway, secure: true }
    }

    /// An address on one of its hosts.
    pub fn url(&self, host: &str, path: &str) -> String {
        if self.secure { format!("https://{host}.example.test{path}") } else { self.gateway.url(host, path) }
    }

    /// Somebody with a fresh browser.
    pub fn visitor(&self) -> Visitor {
        if self.secure { Visitor::by_front_proxy(self.gateway.port) } else { self.gateway.visitor() }
    }

    /// An iPhone that nothing was set up on.
    pub fn device(&self) -> Device {
        static NUMBER: AtomicU64 = AtomicU64::new(1);
        let number = NUMBER.fetch_add(2, Ordering::Relaxed);
        let origin = self.url("authenticator", "");
        Device { phone: Carrier::new(number, &origin), line: self.line(), ahead: 0 }
    }

    fn line(&self) -> Line {
        let origin = self.url("authenticator", "");
        let host = origin.split_once("://").unwrap().1.to_owned();
        Line { port: self.gateway.port, host, secure: self.secure }
    }

    /// A request to the authenticator's host, past any device.
    pub fn knock(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.line().knock(method, path, headers, body)
    }

    /// The page on which a browser's sign-in stands.
    pub fn step(&self, visitor: &mut Visitor) -> Page {
        visitor.get(&self.url("login", "/signin/step"))
    }

    /// From the wiki's door through W1 and W2 to the choice of a device.
    pub fn choosing(&self, visitor: &mut Visitor, user: &str) -> Page {
        let page = visitor.sign_in(self.gateway, user, &self.url("wiki", "/"));
        self.choosing_from(visitor, user, &page)
    }

    /// The same from the page that offers an authenticator.
    pub fn choosing_from(&self, visitor: &mut Visitor, user: &str, page: &Page) -> Page {
        let codes = || self.gateway.codes_to(&format!("{user}@example.test"));
        let before = codes().len();
        let page = visitor.press(page, "add_authenticator");
        super::until("the code is mailed", || codes().len() > before);
        visitor.type_code(&page, &codes()[0])
    }

    /// To W5 with link and code of an iPhone.
    pub fn issuing(&self, visitor: &mut Visitor, user: &str) -> Page {
        let page = self.choosing(visitor, user);
        visitor.choose_ios(&page)
    }

    /// From W5 to the first passcode's page: the device comes by the link, is confirmed in the browser, and is set up.
    pub fn setting_up(&self, visitor: &mut Visitor, page: &Page, device: &mut Device, pin: &str) -> Page {
        device.begin(&page.activation().link).good();
        self.judge(visitor, device, true);
        device.finish(Some(pin)).good();
        self.after_activation(visitor)
    }

    /// It's mine, or not.
    pub fn judge(&self, visitor: &mut Visitor, device: &Device, mine: bool) -> Page {
        let page = self.step(visitor);
        page.says(&device.phone.check());
        visitor.submit(&page, "mine", &[("mine", if mine { "yes" } else { "no" })])
    }

    /// The first passcode's page of a browser whose device has finished.
    pub fn after_activation(&self, visitor: &mut Visitor) -> Page {
        let page = self.step(visitor);
        if page.try_form("otp").is_some() { page } else { visitor.press(&page, "continue") }
    }

    /// Everything, to the wiki. The passcode that was typed is given back.
    pub fn enrolled(&self, visitor: &mut Visitor, user: &str, pin: &str) -> (Device, String) {
        let page = self.issuing(visitor, user);
        let mut device = self.device();
        let page = self.setting_up(visitor, &page, &mut device, pin);
        let passcode = device.passcode();
        let page = visitor.type_passcode(&page, &passcode);
        assert_eq!(page.url, self.url("wiki", "/"), "{}", page.words());
        (device, passcode)
    }
}

/// The way to the authenticator's host.
#[derive(Debug, Clone)]
struct Line {
    port: u16,
    host: String,
    secure: bool,
}

impl Line {
    fn knock(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut headers = headers.to_vec();
        if self.secure {
            headers.push(("X-Forwarded-Proto", "https"));
        }
        exchange(self.port, method, &self.host, path, &headers, body)
    }
}

/// What W5 shows for a device.
#[derive(Debug, Clone)]
pub struct Activation {
    pub link: String,
    pub code: String,
}

impl Page {
    /// Link and code of W5.
    pub fn activation(&self) -> Activation {
        let html = self.html();
        let links = html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).map(unescape);
        let link = links.into_iter().find(|href| href.contains("/a/#v=1&i=")).unwrap_or_else(|| {
            panic!("no link that activates at {} ({}): {}", self.url, self.status(), self.words());
        });
        Activation { link, code: self.text_of("code") }
    }

    /// The text of the element with this id.
    pub fn text_of(&self, id: &str) -> String {
        let html = self.html();
        let rest = html.split(&format!("id=\"{id}\"")).nth(1).unwrap_or_else(|| panic!("no {id} on {html}"));
        unescape(rest.split_once('>').unwrap().1.split('<').next().unwrap().trim())
    }

    /// The number to be entered for a request, or the check code: what stands large on the page.
    pub fn shown_number(&self) -> String {
        let html = self.html();
        let rest = html.split("shown-number").nth(1).unwrap_or_else(|| panic!("no number: {}", self.words()));
        let text: String = rest.split("</p>").next().unwrap().split('>').skip(1).collect();
        text.chars().filter(char::is_ascii_digit).collect()
    }

    /// How far the page is, as its script is told it: `waiting`, `found`, `setting-up`, `failed`, `active`.
    pub fn live(&self) -> String {
        self.html().split("data-live=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned()
    }
}

/// What a device was answered.
#[derive(Debug, Clone)]
pub struct Said {
    pub status: u16,
    pub body: Vec<u8>,
    /// The body as JSON; null where it is none.
    pub value: Value,
    /// Every `Set-Cookie` that came with it.
    pub cookies: Vec<String>,
}

impl Said {
    fn of(answer: Answer) -> Self {
        let value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        let cookies = answer.all("set-cookie").map(str::to_owned).collect();
        Self { status: answer.status, body: answer.body, value, cookies }
    }

    /// Fails unless it is a yes, and gives what was said.
    #[track_caller]
    pub fn good(self) -> Value {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.body));
        self.value
    }

    /// The error's name; empty for a yes.
    pub fn error(&self) -> &str {
        self.value["error"].as_str().unwrap_or_default()
    }

    /// Fails unless it is this no.
    #[track_caller]
    pub fn refused(&self, status: u16, error: &str) {
        assert_eq!((self.status, self.error()), (status, error), "{}", String::from_utf8_lossy(&self.body));
    }
}

/// A device with one account. A clone is what a thief makes of it: the same keys, and dice of its own.
#[derive(Debug, Clone)]
pub struct Device {
    pub phone: Carrier,
    line: Line,
    /// How far its gateway's clock is ahead of this machine's.
    pub ahead: u64,
}

impl Device {
    /// An Android phone.
    pub fn android(mut self) -> Self {
        self.phone = self.phone.called("android", "phone", "Pixel, Chrome");
        self
    }

    /// Speaks to another gateway of the same site from now on.
    pub fn connect_to(&mut self, other: &Gateway) {
        self.line.port = other.port;
    }

    /// The gateway's time.
    #[expect(clippy::disallowed_methods, reason = "a device has a clock of its own")]
    pub fn now(&self) -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + self.ahead
    }

    /// Sends a call that was made.
    pub fn send(&self, request: &Request) -> Said {
        self.try_send(request).unwrap_or_else(|why| panic!("{why}"))
    }

    /// The same where the gateway may go away.
    pub fn try_send(&self, request: &Request) -> Result<Said, String> {
        let mut headers: Vec<(&str, &str)> = request.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        if self.line.secure {
            headers.push(("X-Forwarded-Proto", "https"));
        }
        let path = format!("/a/v1/{}", request.name);
        try_exchange(self.line.port, "POST", &self.line.host, &path, &headers, &request.body).map(Said::of)
    }

    /// A call that is counted.
    pub fn say(&mut self, name: &str, fields: Value) -> Said {
        let request = self.phone.request(name, fields, self.now());
        self.send(&request)
    }

    /// A call that is not counted.
    pub fn ask(&self, name: &str, fields: Value) -> Said {
        self.send(&self.phone.uncounted(name, fields, self.now()))
    }

    /// `activate/begin` by the link.
    pub fn begin(&mut self, link: &str) -> Said {
        let request = self.phone.begin(link, self.now());
        self.begun(&request)
    }

    /// `activate/begin` by name and code.
    pub fn begin_typed(&mut self, user: &str, code: &str) -> Said {
        let request = self.phone.begin_typed(user, code, self.now());
        self.begun(&request)
    }

    fn begun(&mut self, request: &Request) -> Said {
        let said = self.send(request);
        if said.status == 200 {
            self.phone.took_begin(&said.body);
        }
        said
    }

    /// Where its activation stands.
    pub fn stands(&self) -> Value {
        self.ask("activate/status", json!({})).good()
    }

    /// Where its token stands.
    pub fn state(&mut self) -> String {
        self.say("token", json!({})).good()["state"].as_str().unwrap().to_owned()
    }

    /// Registers a PIN, but for what the gateway is to keep of it.
    pub fn register(&mut self, pin: &str) -> Result<Vec<u8>, Box<Said>> {
        let request = self.phone.register_pin(pin, self.now());
        let said = self.send(&request);
        if said.status == 200 { Ok(self.phone.took_registration(pin, &said.value)) } else { Err(Box::new(said)) }
    }

    /// Sets up a PIN, where there is one, and finishes. Requests are wanted.
    pub fn finish(&mut self, pin: Option<&str>) -> Said {
        self.finish_with(pin, None)
    }

    /// The same with a subscription to a push service.
    pub fn finish_with(&mut self, pin: Option<&str>, subscription: Option<Value>) -> Said {
        if let Some(Err(refused)) = pin.map(|pin| self.register(pin)) {
            return *refused;
        }
        let request = self.phone.finish(subscription, true, self.now());
        let said = self.send(&request);
        if said.status == 200 {
            assert!(self.phone.trusts(&said.value), "the gateway has come to the same");
        }
        said
    }

    /// A whole exchange with this PIN: what the last call of it was answered.
    pub fn unlock(&mut self, pin: &str) -> Said {
        let request = self.phone.unlock(pin, self.now());
        let said = self.send(&request);
        if said.status != 200 {
            return said;
        }
        match self.phone.unlocked(pin, &said.value, self.now()) {
            Some(request) => self.send(&request),
            None => self.say("pin/unlock/failed", json!({})),
        }
    }

    /// Changes the PIN, as somebody who knows it does.
    pub fn change_pin(&mut self, pin: &str, to: &str) -> Said {
        let unlocked = self.unlock(pin);
        if unlocked.status != 200 || unlocked.value != json!({}) {
            return unlocked;
        }
        match self.register(to) {
            Ok(record) => self.say("pin/change", json!({ "record": encode(&record) })),
            Err(refused) => *refused,
        }
    }

    /// The requests that wait.
    pub fn pending(&self) -> Vec<Value> {
        let said = self.ask("push/pending", json!({ "wait": 0 })).good();
        said["pending"].as_array().unwrap().clone()
    }

    /// Approves a request with a number.
    pub fn approve(&mut self, push: &Value, number: &str) -> Said {
        let request = self.approval(push, number);
        self.send(&request)
    }

    /// The call that does so, not sent.
    pub fn approval(&mut self, push: &Value, number: &str) -> Request {
        let field = |name: &str| push[name].as_str().unwrap().to_owned();
        self.phone.approve(&field("id"), &field("nonce"), number, self.now())
    }

    /// Removes the token, with what only an opened seed can show.
    pub fn release(&mut self) -> Said {
        let request = self.phone.release(self.now());
        self.send(&request)
    }

    /// `deny` or `report`.
    pub fn turn_down(&mut self, push: &Value, decision: &str) -> Said {
        let request = self.phone.turn_down(push["id"].as_str().unwrap(), decision, self.now());
        self.send(&request)
    }

    /// The passcode of this moment.
    pub fn passcode(&mut self) -> String {
        self.phone.passcode(self.now())
    }
}

/// A passcode of a device that is good now and is none of those: waited for, where the next step has not begun.
pub fn fresh(device: &mut Device, used: &[String]) -> String {
    loop {
        let now = device.now();
        for at in [now, now + 30] {
            let passcode = device.phone.passcode(at);
            if !used.contains(&passcode) {
                return passcode;
            }
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}
