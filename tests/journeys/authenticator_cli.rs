//! Our own authenticator in a terminal: `doorward authenticator`, against the demo, as somebody without a phone uses it.

use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::authenticator::{PIN, WRONG, asking, at_passcode, count, is_outside, names, record, token_state};
use super::token_policies::set_in;
use crate::world::{Gateway, Home, Kept, PASSWORD, Page, Stage, Visitor, binary, run, words};

/// Somebody's terminal, with a key file and a PIN of its own.
struct Terminal {
    folder: TempDir,
}

impl Terminal {
    fn new() -> Self {
        let terminal = Self { folder: tempfile::tempdir().unwrap() };
        terminal.types(PIN);
        terminal
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// From now on this PIN is typed.
    fn types(&self, pin: &str) {
        std::fs::write(self.path("pin"), format!("{pin}\n")).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.arg("authenticator").args(arguments);
        command.arg("--key-file").arg(self.path("keys.json")).arg("--pin-file").arg(self.path("pin"));
        command
    }

    /// Runs a command to its end.
    fn says(&self, arguments: &[&str]) -> Output {
        run(&mut self.command(arguments), "")
    }

    /// What a command that does its work says on standard output.
    #[track_caller]
    fn good(&self, arguments: &[&str]) -> String {
        let output = self.says(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", words(&output));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// What a command that is refused says.
    #[track_caller]
    fn refused(&self, arguments: &[&str]) -> String {
        let output = self.says(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", words(&output));
        words(&output)
    }

    /// Begins an activation and leaves it waiting for the browser.
    fn begins(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(&[&["activate"], arguments].concat());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }
}

/// To W5 of a computer.
fn issuing(home: &Home<'_>, visitor: &mut Visitor, page: &Page) -> Page {
    let page = home.choosing_from(visitor, "alice", page);
    visitor.submit(&page, "target", &[("target", "windows-desktop")])
}

/// The page once the device has been found; it is waited for as the page itself does.
fn found(home: &Home<'_>, visitor: &mut Visitor) -> Page {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let page = home.step(visitor);
        if page.live() == "found" {
            return page;
        }
        assert!(Instant::now() < end, "no device is found: {}", page.words());
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Activated by the link, and signed in.
fn activated(home: &Home<'_>, terminal: &Terminal) -> (Visitor, Output) {
    let mut alice = home.visitor();
    let page = alice.sign_in(home.gateway, "alice", &home.url("wiki", "/"));
    let page = issuing(home, &mut alice, &page);
    let child = terminal.begins(&[&page.activation().link, "--name", "Alice's terminal"]);
    let page = found(home, &mut alice);
    page.says("Device found: Alice's terminal");
    let check = page.shown_number();
    is_outside(home, &mut alice);
    alice.submit(&page, "mine", &[("mine", "yes")]);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", words(&output));
    assert!(words(&output).contains(&format!("If it is {check} there too")), "{}", words(&output));
    is_outside(home, &mut alice);
    let page = home.after_activation(&mut alice);
    let page = alice.type_passcode(&page, &terminal.good(&["passcode"]));
    assert_eq!(page.url, home.url("wiki", "/"), "{}", page.words());
    (alice, output)
}

#[test]
fn a_terminal_is_activated_by_the_link_shows_passcodes_and_is_removed() {
    let kept = Kept::new();
    let gateway = kept.demo_with_authenticator(&[], &[]);
    let (home, terminal) = (Home::demo(&gateway), Terminal::new());
    let (_, output) = activated(&home, &terminal);
    let records = kept.records();
    let completed = record(&records, "ACTIVATION_COMPLETED");
    assert_eq!(completed["details"]["deviceName"], "Alice's terminal");
    assert_eq!((&completed["details"]["os"], &completed["details"]["form"]), (&"linux".into(), &"desktop".into()));
    let serial = completed["details"]["serial"].as_str().unwrap().to_owned();
    assert!(words(&output).contains(&serial), "{}", words(&output));

    let status = terminal.good(&["status"]);
    assert!(
        status.contains(&serial) && status.contains("active") && status.contains("alice at Doorward Demo"),
        "{status}"
    );
    let keys = std::fs::read_to_string(terminal.path("keys.json")).unwrap();
    assert!(!keys.contains(PIN), "{keys}");
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(terminal.path("keys.json")).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);

    assert!(terminal.good(&["remove"]).contains("is removed"));
    assert_eq!(token_state(&kept, "alice"), "revoked");
    assert!(words(&terminal.says(&["passcode"])).contains("doorward:"), "nothing is left here");
    let page = home.visitor().sign_in_with("alice", PASSWORD, &home.url("wiki", "/"));
    page.is_at(Stage::Offer);
}

#[test]
fn a_code_that_was_typed_does_the_same_and_is_good_once() {
    let gateway = Gateway::demo_with_authenticator(&[], &[]);
    let (home, terminal) = (Home::demo(&gateway), Terminal::new());
    let mut alice = home.visitor();
    let page = alice.sign_in(&gateway, "alice", &home.url("wiki", "/"));
    let page = issuing(&home, &mut alice, &page);
    let server = home.url("authenticator", "");
    let typed = |code: &str| ["--server", &server, "--user", "alice", "--code", code].map(str::to_owned);
    let wrong = typed("0000-0000-0000");
    let wrong: Vec<&str> = wrong.iter().map(String::as_str).collect();
    let output = terminal.begins(&wrong).wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", words(&output));
    assert!(words(&output).contains("is the code or the link right?"), "{}", words(&output));
    let right = typed(&page.activation().code);
    let right: Vec<&str> = right.iter().map(String::as_str).collect();
    let child = terminal.begins(&right);
    let page = found(&home, &mut alice);
    alice.submit(&page, "mine", &[("mine", "yes")]);
    assert!(child.wait_with_output().unwrap().status.success());
    let page = home.after_activation(&mut alice);
    assert_eq!(alice.type_passcode(&page, &terminal.good(&["passcode"])).url, home.url("wiki", "/"));
    let output = Terminal::new().begins(&right).wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", words(&output));
}

#[test]
fn somebody_elses_terminal_is_turned_away() {
    let gateway = Gateway::demo_with_authenticator(&[], &[]);
    let (home, terminal) = (Home::demo(&gateway), Terminal::new());
    let mut alice = home.visitor();
    let page = alice.sign_in(&gateway, "alice", &home.url("wiki", "/"));
    let page = issuing(&home, &mut alice, &page);
    let child = terminal.begins(&[&page.activation().link]);
    let page = found(&home, &mut alice);
    let page = alice.submit(&page, "mine", &[("mine", "no")]);
    page.says("nothing was added");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(words(&output).contains("not theirs"), "{}", words(&output));
}

#[test]
fn wrong_pins_are_counted_and_the_pin_is_changed() {
    let kept = Kept::new();
    let gateway = kept.demo_with_authenticator(&[], &[]);
    let (home, terminal) = (Home::demo(&gateway), Terminal::new());
    activated(&home, &terminal);
    terminal.types(WRONG);
    assert!(terminal.refused(&["passcode"]).contains("the PIN is wrong; 4 more are permitted"));
    assert!(terminal.refused(&["passcode"]).contains("the PIN is wrong; 3 more are permitted"));
    terminal.types(PIN);
    std::fs::write(terminal.path("trivial"), "1234\n").unwrap();
    std::fs::write(terminal.path("new"), "730164\n").unwrap();
    let new = |name: &str| terminal.path(name).to_str().unwrap().to_owned();
    assert!(terminal.refused(&["change-pin", "--new-pin-file", &new("trivial")]).contains("one run"));
    assert!(terminal.good(&["change-pin", "--new-pin-file", &new("new")]).contains("changed"));
    assert!(terminal.refused(&["passcode"]).contains("4 more are permitted"), "the failures before were forgotten");
    terminal.types("730164");
    assert_eq!(terminal.good(&["passcode"]).len(), 6);
    // One more than are permitted.
    terminal.types(WRONG);
    for said in ["4 more", "3 more", "2 more", "one more", "the next wrong one locks"] {
        assert!(terminal.refused(&["passcode"]).contains(said), "{said}");
    }
    assert!(terminal.refused(&["passcode"]).contains("locked for good"));
    terminal.types("730164");
    assert!(terminal.refused(&["passcode"]).contains("locked for good"));
    let status = terminal.says(&["status"]);
    assert!(status.status.code() == Some(1) && words(&status).contains("locked_pin"), "{}", words(&status));
    assert_eq!(token_state(&kept, "alice"), "locked_pin");
    let records = kept.records();
    assert_eq!((count(&records, "PIN_CHANGED"), count(&records, "TOKEN_PIN_LOCKED")), (1, 1), "{:?}", names(&records));
    let page = home.visitor().sign_in_with("alice", PASSWORD, &home.url("wiki", "/"));
    assert!(page.try_form("add_authenticator").is_none() && page.try_form("otp").is_none(), "{}", page.words());
}

#[test]
fn requests_are_shown_approved_denied_and_reported() {
    let kept = Kept::new();
    let gateway = kept.demo_with_authenticator(&[], &[]);
    let (home, terminal) = (Home::demo(&gateway), Terminal::new());
    let row = serde_json::json!({ "allowed": true, "app": true, "push": true });
    let targets = serde_json::json!({ "ios": row, "android": row, "windows-mobile": row, "windows-desktop": row });
    set_in(|sql| kept.sql(sql), "targets", &targets);
    activated(&home, &terminal);
    assert_eq!(terminal.good(&["requests"]), "No request waits.");
    assert!(terminal.refused(&["approve", "47"]).contains("no such request waits"));

    let (mut alice, page) = at_passcode(&home, "alice");
    let page = asking(&mut alice, &page);
    page.says("Your device can’t be woken");
    let told = terminal.good(&["requests"]);
    assert!(told.contains("Sign-in to Wiki, from 127.0.0.1"), "{told}");
    assert!(terminal.good(&["approve", &page.shown_number()]).contains("Approved"));
    let page = home.step(&mut alice);
    assert_eq!(alice.press(&page, "finish").url, home.url("wiki", "/"));

    std::thread::sleep(Duration::from_secs(10));
    let (mut alice, page) = at_passcode(&home, "alice");
    let page = asking(&mut alice, &page);
    let other = if page.shown_number() == "99" { "98" } else { "99" };
    assert!(terminal.refused(&["approve", other]).contains("another number"));
    let page = home.step(&mut alice);
    page.says("Another number was entered");
    page.is_at(Stage::Passcode);

    for (arguments, said, record) in
        [(&["deny"][..], "Denied.", "PUSH_DENIED"), (&["deny", "--report"], "reported", "PUSH_REPORTED")]
    {
        std::thread::sleep(Duration::from_secs(10));
        let (mut alice, page) = at_passcode(&home, "alice");
        // After two that came to nothing a third is the last for a while.
        assert_eq!(asking(&mut alice, &page).live(), "push-waiting-by-hand", "nothing wakes a terminal");
        assert!(terminal.good(arguments).contains(said));
        home.step(&mut alice).says("The request was denied on your device");
        assert_eq!(count(&kept.records(), record), 1);
    }
    let (_, page) = at_passcode(&home, "alice");
    page.says("No request can be sent to your device before");
}
