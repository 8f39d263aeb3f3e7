//! The wizard with an app that nobody here wrote: the privacyIDEA Authenticator, by a phone that speaks its protocol with
//! a library of its own. The key of the gateway is made as its operator makes it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::journeys::first_light::as_far_as_the_secret;
use crate::world::{Gateway, Kept, Page, Visitor, ask_peer, peer};

/// Requests to one user are as far apart.
const TO_THE_NEXT_REQUEST: Duration = Duration::from_secs(10);

/// A phone with the app.
struct App {
    memory: PathBuf,
}

impl App {
    fn new(kept: &Kept) -> Self {
        Self { memory: kept.path("phone.json") }
    }

    fn does(&self, what: &[&str]) -> Value {
        ask_peer(peer("pipush_phone.py").arg(&self.memory).args(what))
    }

    /// The options of the one request that waits.
    fn options(&self) -> Vec<String> {
        let polled = self.does(&["poll"]);
        assert_eq!(polled["refused"], serde_json::json!([]), "the app believes the gateway: {polled}");
        let requests = polled["requests"].as_array().unwrap();
        assert_eq!(requests.len(), 1, "{polled}");
        requests[0]["options"].as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect()
    }

    /// Chooses one.
    fn chooses(&self, option: &str) -> Value {
        self.does(&["answer", "--choose", option])
    }
}

/// Makes a key for the plugin as its operator makes it.
pub(crate) fn make_key(file: &Path) {
    let made =
        Command::new("openssl").args(["genrsa", "-out"]).arg(file).arg("3072").output().expect("openssl is there");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
}

/// The demo with a key for the plugin.
fn demo(kept: &Kept) -> Gateway {
    let (key, plugins) = (kept.path("push.pem"), kept.path("plugins.toml"));
    make_key(&key);
    fs::write(&plugins, format!("[plugins.push]\nkey_file = {:?}\n", key.display().to_string())).unwrap();
    kept.timed_demo_by(&["--plugins", plugins.to_str().unwrap()])
}

/// Asks the phone, from a page that can.
fn send_request(visitor: &mut Visitor, page: &Page) -> Page {
    let page = visitor.press(page, "push");
    page.says("a request is waiting in it");
    page
}

#[test]
fn an_app_of_the_stores_is_chosen_confirmed_and_approves() {
    let kept = Kept::new();
    let gateway = demo(&kept);
    let wiki = gateway.url("wiki", "/");
    let app = App::new(&kept);

    let mut alice = Visitor::new(gateway.port);
    let (page, _) = as_far_as_the_secret(&gateway, &mut alice, "alice", &wiki);
    page.says("Use another app instead");
    let page = alice.submit(&page, "kind", &[("kind", "push")]);
    page.says("Install privacyIDEA Authenticator from the App Store.");
    page.says("Standard authenticator app");
    page.says_not("Activation code");
    let enrolled = app.does(&["enrol", &page.link("otpauth://pipush/")]);
    assert_eq!((&enrolled["rolled_out"], &enrolled["server_bits"]), (&true.into(), &3072.into()), "{enrolled}");

    let page = alice.step(&gateway);
    page.says("Is this your device: iPhone, privacyIDEA 4.8");
    let page = alice.submit(&page, "mine", &[("mine", "yes")]);
    page.says("Your authenticator is ready");
    assert!(page.try_form("otp").is_none(), "it shows no passcodes");
    assert_eq!(app.does(&["replay"])["status"], 404, "the code was good once");
    let page = send_request(&mut alice, &page);
    let shown = page.shown_number();
    let options = app.options();
    assert!(options.len() == 10 && options.contains(&shown), "{options:?}");
    assert_eq!(app.chooses(&shown)["value"], true);
    let page = alice.step(&gateway);
    let page = alice.press(&page, "finish");
    assert_eq!(page.url, wiki, "{}", page.words());
    page.says("alice");

    std::thread::sleep(TO_THE_NEXT_REQUEST);
    // Two requests lie ten seconds apart.
    kept.ahead(11);
    let mut again = Visitor::new(gateway.port);
    let page = again.sign_in(&gateway, "alice", &wiki);
    page.says("Your authenticator answers requests and shows no passcodes.");
    assert!(page.try_form("otp").is_some(), "for a temporary passcode");
    let page = send_request(&mut again, &page);
    let shown = page.shown_number();
    let wrong = app.options().into_iter().find(|option| *option != shown).unwrap();
    assert_eq!(app.chooses(&wrong)["value"], false);
    let page = again.step(&gateway);
    page.says("Another number was entered on your device");
    assert!(page.try_form("finish").is_none());
    assert_eq!(again.once("GET", &wiki, &[], None).status, 303, "nobody is let in");
    assert_eq!(app.does(&["replay"])["value"], false, "and it is over");
}
