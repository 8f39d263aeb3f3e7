//! The wizard as a visitor walks through it, page by page, and where they stand.

use super::form::unescape;
use super::{Gateway, Page, Phone, Visitor};

impl Visitor {
    /// From the page asked for through user name and password.
    pub fn sign_in(&mut self, gateway: &Gateway, user: &str, url: &str) -> Page {
        self.sign_in_with(user, &gateway.password(user), url)
    }

    /// The same with this password.
    pub fn sign_in_with(&mut self, user: &str, password: &str, url: &str) -> Page {
        let page = self.get(url);
        let page = self.submit(&page, "username", &[("username", user)]);
        self.submit(&page, "password", &[("password", password)])
    }

    /// Through W1: the code is asked for.
    pub fn ask_for_code(&mut self, gateway: &Gateway, user: &str, url: &str) -> Page {
        let page = self.sign_in(gateway, user, url);
        self.press(&page, "add_authenticator")
    }

    /// W2.
    pub fn type_code(&mut self, page: &Page, code: &str) -> Page {
        self.submit(page, "verification_code", &[("verification_code", code)])
    }

    /// W3 and W4, to W5 with the secret on it.
    pub fn choose_ios(&mut self, page: &Page) -> Page {
        let page = self.submit(page, "target", &[("target", "mobile")]);
        self.submit(&page, "target", &[("target", "ios")])
    }

    /// W5 to W8, and the passcode of this moment.
    pub fn finish(&mut self, page: &Page, phone: &Phone) -> Page {
        let page = self.press(page, "continue");
        self.type_passcode(&page, &phone.passcode())
    }

    /// A passcode, first or not.
    pub fn type_passcode(&mut self, page: &Page, passcode: &str) -> Page {
        self.submit(page, "otp", &[("otp", passcode)])
    }

    /// The page on which this browser's sign-in stands.
    pub fn step(&mut self, gateway: &Gateway) -> Page {
        self.get(&gateway.url("login", "/signin/step"))
    }

    /// Sends what a page's forms are proved with to an address of the portal that is not that form's own.
    pub fn post_elsewhere(&mut self, page: &Page, path: &str, fill: &[(&str, &str)]) -> Page {
        let mut form = page.form("flow");
        path.clone_into(&mut form.action);
        self.send(page, &form, fill)
    }
}

impl Page {
    /// The secret on the page, if there is one.
    pub fn secret(&self) -> Option<String> {
        let html = self.html();
        let link = html
            .split("href=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .find(|href| href.starts_with("otpauth://"))?;
        Some(Phone::scan(&unescape(link)).secret)
    }

    /// The phone that has scanned the page.
    pub fn phone(&self) -> Phone {
        Phone::scan(&self.link("otpauth://"))
    }

    /// Which page of sign-in it is, by what can be done on it.
    pub fn stage(&self) -> Stage {
        let can = |name: &str| self.try_form(name).is_some();
        let choices = |value: &str| {
            self.try_form("target")
                .is_some_and(|form| form.choices.get("target").is_some_and(|all| all.iter().any(|v| v == value)))
        };
        match () {
            () if can("username") => Stage::Name,
            () if can("password") => Stage::Password,
            () if can("add_authenticator") => Stage::Offer,
            () if can("verification_code") => Stage::Code,
            () if choices("mobile") => Stage::Kind,
            () if choices("ios") => Stage::Device,
            () if self.secret().is_some() => Stage::Secret,
            () if can("otp") => Stage::Passcode,
            () => Stage::Other,
        }
    }

    /// Fails unless these words are on the page.
    #[track_caller]
    pub fn says(&self, words: &str) {
        assert!(
            self.words().contains(words),
            "{words:?} is not said at {} ({}): {}",
            self.url,
            self.status(),
            self.words()
        );
    }

    /// Fails if these words are on the page.
    #[track_caller]
    pub fn says_not(&self, words: &str) {
        assert!(
            !self.words().contains(words),
            "{words:?} is said at {} ({}): {}",
            self.url,
            self.status(),
            self.words()
        );
    }

    /// Fails unless this page of sign-in is shown.
    #[track_caller]
    pub fn is_at(&self, stage: Stage) {
        assert_eq!(self.stage(), stage, "at {} ({}): {}", self.url, self.status(), self.words());
    }
}

/// The pages of sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Name,
    Password,
    /// W1.
    Offer,
    /// W2.
    Code,
    /// W3.
    Kind,
    /// W4.
    Device,
    /// W5.
    Secret,
    /// W8, or the passcode of an authenticator in use.
    Passcode,
    Other,
}

/// Some other code than this one.
pub fn wrong(code: &str, nth: u32) -> String {
    let right: u32 = code.parse().unwrap();
    format!("{:06}", (right + nth) % 1_000_000)
}
