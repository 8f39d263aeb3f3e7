//! Somebody with a browser without JavaScript: cookies by host, redirects followed, forms filled.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::form::{Form, forms, unescape};
use super::http::{Answer, NoAnswer};
use super::wire::{Curl, Wire};

/// A browser with a jar of its own.
#[derive(Debug, Clone)]
pub struct Visitor {
    wire: Wire,
    /// By host, then by name.
    pub jar: BTreeMap<String, BTreeMap<String, String>>,
    pub language: Option<String>,
    /// Headers of every request, besides a browser's own or in their place.
    pub always: Vec<(String, String)>,
    /// Every `Set-Cookie` that came, with the host it came from.
    pub cookies: Vec<(String, String)>,
}

/// A page that was reached.
#[derive(Debug, Clone)]
pub struct Page {
    pub url: String,
    pub answer: Answer,
    /// The redirects on the way.
    pub hops: Vec<String>,
}

impl Page {
    pub fn status(&self) -> u16 {
        self.answer.status
    }

    pub fn html(&self) -> String {
        self.answer.text()
    }

    /// The page's words, tags left out.
    pub fn words(&self) -> String {
        let mut words = String::new();
        let mut inside = false;
        for c in self.html().chars() {
            match c {
                '<' => inside = true,
                '>' => {
                    inside = false;
                    words.push(' ');
                }
                c if !inside => words.push(c),
                _ => {}
            }
        }
        unescape(&words.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// The form that has a field or a button of this name.
    pub fn form(&self, name: &str) -> Form {
        self.try_form(name)
            .unwrap_or_else(|| panic!("no form with {name:?} at {} ({}): {}", self.url, self.status(), self.words()))
    }

    pub fn try_form(&self, name: &str) -> Option<Form> {
        forms(&self.html())
            .into_iter()
            .find(|form| form.names.iter().any(|n| n == name) || has_button(&self.html(), form, name))
    }

    /// The target of the first link whose address begins so.
    pub fn link(&self, begins: &str) -> String {
        let html = self.html();
        html.split("href=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .map(unescape)
            .find(|href| href.starts_with(begins))
            .unwrap_or_else(|| panic!("no link to {begins}… at {}: {}", self.url, self.words()))
    }
}

fn has_button(html: &str, form: &Form, name: &str) -> bool {
    html.split("<form")
        .skip(1)
        .filter(|part| part.contains(&format!("action=\"{}\"", form.action)))
        .any(|part| part.split("</form>").next().is_some_and(|inner| inner.contains(&format!("name=\"{name}\""))))
}

impl Visitor {
    pub fn new(port: u16) -> Self {
        Self::over(Wire::Plain(port))
    }

    fn over(wire: Wire) -> Self {
        Self { wire, jar: BTreeMap::new(), language: None, always: Vec::new(), cookies: Vec::new() }
    }

    /// Over TLS, with `curl` and its cookie jar; `jar` shows then what is in it.
    pub fn by_curl(port: u16, authority: &Path, http2: bool) -> Self {
        Self::over(Wire::Curl(Curl::new(port, authority.to_owned(), http2)))
    }

    /// Over a front proxy on this machine that has ended TLS.
    pub fn by_front_proxy(port: u16) -> Self {
        Self::over(Wire::FrontProxy(port))
    }

    /// The same browser, connected to another port: another gateway of the same site.
    pub fn connect_to(&mut self, other: u16) {
        match &mut self.wire {
            Wire::Plain(port) | Wire::FrontProxy(port) => *port = other,
            Wire::Curl(curl) => curl.port = other,
        }
    }

    /// Over TLS, from elsewhere in the network: `curl` is run by these words, and finds the gateway at this address.
    pub fn from_elsewhere(port: u16, authority: &Path, address: &str, run_by: &[&str]) -> Self {
        let mut curl = Curl::new(port, authority.to_owned(), false);
        curl.address = address.to_owned();
        curl.run_by = run_by.iter().map(|word| (*word).to_owned()).collect();
        Self::over(Wire::Curl(curl))
    }

    pub fn speaking(port: u16, language: &str) -> Self {
        Self { language: Some(language.to_owned()), ..Self::new(port) }
    }

    /// Opens an address and follows redirects.
    pub fn get(&mut self, url: &str) -> Page {
        self.try_get(url).unwrap_or_else(|why| panic!("{why}"))
    }

    /// The same where the gateway may go away at any moment; then it says what came of it.
    pub fn try_get(&mut self, url: &str) -> Result<Page, String> {
        let answer = self.try_once("GET", url, &[], None)?;
        self.follow(url, answer)
    }

    /// Sends a form with these fields filled, and follows redirects.
    pub fn submit(&mut self, page: &Page, name: &str, fill: &[(&str, &str)]) -> Page {
        let form = page.form(name);
        self.send(page, &form, fill)
    }

    /// Presses a named button.
    pub fn press(&mut self, page: &Page, button: &str) -> Page {
        self.submit(page, button, &[(button, "")])
    }

    pub fn send(&mut self, page: &Page, form: &Form, fill: &[(&str, &str)]) -> Page {
        self.try_send(page, form, fill).unwrap_or_else(|why| panic!("{why}"))
    }

    /// The same where the gateway may go away at any moment; then it says what came of it.
    pub fn try_send(&mut self, page: &Page, form: &Form, fill: &[(&str, &str)]) -> Result<Page, String> {
        let url = absolute(&page.url, &form.action);
        let answer = self.try_post(page, form, fill)?;
        self.follow(&url, answer)
    }

    /// Sends a form and looks at the very answer.
    pub fn post_once(&mut self, page: &Page, form: &Form, fill: &[(&str, &str)]) -> Answer {
        self.try_post(page, form, fill).unwrap_or_else(|why| panic!("{why}"))
    }

    /// The same where the gateway may go away at any moment; then it says what came of it.
    pub fn try_post(&mut self, page: &Page, form: &Form, fill: &[(&str, &str)]) -> Result<Answer, String> {
        let (url, origin, body) = sent(page, form, fill);
        self.try_once("POST", &url, &[("Origin", &origin)], Some(body.as_bytes()))
    }

    /// One request, no redirect followed; cookies kept.
    pub fn once(&mut self, method: &str, url: &str, headers: &[(&str, &str)], form: Option<&[u8]>) -> Answer {
        self.try_once(method, url, headers, form).unwrap_or_else(|why| panic!("{why}"))
    }

    /// The same where the gateway may go away at any moment; then it says what came of it.
    pub fn try_once(
        &mut self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        form: Option<&[u8]>,
    ) -> Result<Answer, String> {
        self.ask(url, headers, form, |wire, authority, target, headers, body| {
            wire.exchange(method, authority, target, headers, body)
        })
    }

    /// Opens an address and follows redirects, where there may be no answer. Each is waited for so long.
    pub fn attempt_get(&mut self, url: &str, patience: Duration) -> Result<Page, NoAnswer> {
        let (mut url, mut hops) = (url.to_owned(), Vec::new());
        loop {
            let answer = self.attempt_once(&url, patience)?;
            if !answer.redirects() || hops.len() == 10 {
                return Ok(Page { url, answer, hops });
            }
            url = absolute(&url, answer.header("location").expect("a redirect has a location"));
            hops.push(url.clone());
        }
    }

    /// The same, no redirect followed.
    pub fn attempt_once(&mut self, url: &str, patience: Duration) -> Result<Answer, NoAnswer> {
        self.ask(url, &[], None, |wire, authority, target, headers, body| {
            wire.attempt("GET", authority, target, headers, body, patience)
        })
    }

    /// Sends a form, and knows whether it may have done something when there is no answer.
    pub fn attempt_post(
        &mut self,
        page: &Page,
        form: &Form,
        fill: &[(&str, &str)],
        patience: Duration,
    ) -> Result<Answer, NoAnswer> {
        let (url, origin, body) = sent(page, form, fill);
        self.ask(&url, &[("Origin", &origin)], Some(body.as_bytes()), |wire, authority, target, headers, body| {
            wire.attempt("POST", authority, target, headers, body, patience)
        })
    }

    fn ask<E>(
        &mut self,
        url: &str,
        headers: &[(&str, &str)],
        form: Option<&[u8]>,
        send: impl FnOnce(&mut Wire, &str, &str, &[(&str, &str)], &[u8]) -> Result<Answer, E>,
    ) -> Result<Answer, E> {
        let (authority, target) = split(url);
        let host = authority.split(':').next().unwrap_or_default().to_owned();
        let cookie = self
            .jar
            .get(&host)
            .map(|jar| jar.iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join("; "))
            .unwrap_or_default();
        let mut all = vec![("Accept", "text/html,application/xhtml+xml"), ("User-Agent", "Visitor/1 (iPhone; test)")];
        if let Some(language) = &self.language {
            all.push(("Accept-Language", language));
        }
        let curl = matches!(self.wire, Wire::Curl(_));
        if !cookie.is_empty() && !curl {
            all.push(("Cookie", &cookie));
        }
        if form.is_some() {
            all.push(("Content-Type", "application/x-www-form-urlencoded"));
        }
        all.retain(|(name, _)| !self.always.iter().any(|(own, _)| own == name));
        all.extend(self.always.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        all.extend_from_slice(headers);
        let answer = send(&mut self.wire, &authority, &target, &all, form.unwrap_or_default())?;
        if let Wire::Curl(curl) = &self.wire {
            self.jar = curl.cookies();
            return Ok(answer);
        }
        let set: Vec<String> = answer.all("set-cookie").map(str::to_owned).collect();
        for cookie in set {
            self.keep(&host, &cookie);
        }
        Ok(answer)
    }

    fn keep(&mut self, host: &str, cookie: &str) {
        self.cookies.push((host.to_owned(), cookie.to_owned()));
        let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
        let (name, value) = pair.split_once('=').expect("a cookie has a name and a value");
        let jar = self.jar.entry(host.to_owned()).or_default();
        if attributes.to_ascii_lowercase().contains("max-age=0") {
            jar.remove(name.trim());
        } else {
            jar.insert(name.trim().to_owned(), value.to_owned());
        }
    }

    fn follow(&mut self, url: &str, mut answer: Answer) -> Result<Page, String> {
        let mut url = url.to_owned();
        let mut hops = Vec::new();
        while answer.redirects() {
            assert!(hops.len() < 10, "redirected in circles: {hops:?}");
            url = absolute(&url, answer.header("location").expect("a redirect has a location"));
            hops.push(url.clone());
            answer = self.try_once("GET", &url, &[], None)?;
        }
        Ok(Page { url, answer, hops })
    }
}

/// Where a filled form goes, from where, and its body.
fn sent(page: &Page, form: &Form, fill: &[(&str, &str)]) -> (String, String, String) {
    assert!(form.method.eq_ignore_ascii_case("post"), "forms that change something are posted: {form:?}");
    let mut fields = form.fields.clone();
    for (name, value) in fill {
        fields.insert((*name).to_owned(), (*value).to_owned());
    }
    let body = fields.iter().map(|(n, v)| format!("{}={}", encode(n), encode(v))).collect::<Vec<_>>().join("&");
    (absolute(&page.url, &form.action), origin(&page.url), body)
}

fn split(url: &str) -> (String, String) {
    let rest = url
        .strip_prefix("http://")
        .or_else(|| url.strip_prefix("https://"))
        .unwrap_or_else(|| panic!("not an http address: {url}"));
    let (authority, path) = rest.split_once('/').map_or((rest, "/".to_owned()), |(a, p)| (a, format!("/{p}")));
    (authority.to_owned(), path)
}

fn origin(url: &str) -> String {
    let scheme = url.split("://").next().unwrap_or_default();
    format!("{scheme}://{}", split(url).0)
}

fn absolute(base: &str, href: &str) -> String {
    if href.starts_with("http://") || href.starts_with("https://") {
        href.to_owned()
    } else {
        format!("{}{href}", origin(base))
    }
}

fn encode(text: &str) -> String {
    text.bytes()
        .map(|b| {
            if b.is_ascii_alphanumeric() || b"-_.~".contains(&b) {
                char::from(b).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect()
}
