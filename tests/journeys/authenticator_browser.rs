//! The authenticator as people use it: a real Chromium, and a real Firefox, run the app beside the portal's pages. Every page is
//! looked at by axe-core, and its screenshot is kept in `target/screenshots/`.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::world::{Gateway, browse, free_port};

/// A demo of its own, whose state the scripts may change past the gateway. It goes away with the folder.
fn told(script: &str, story: &str, arguments: &[&str], says: Value) {
    let folder = TempDir::with_prefix("doorward-authenticator-").unwrap();
    let state = folder.path().join("state");
    let kept = ["--state", state.to_str().unwrap()];
    let gateway = Gateway::demo_with_authenticator(&[&kept, arguments].concat(), &[]);
    let mut world = says;
    world["database"] = json!(state.join("doorward.db"));
    browse(&gateway, &format!("authenticator-{script}"), &format!("authenticator-{story}"), world);
}

/// A story that needs nothing further.
fn story(name: &str) {
    told(name, name, &[], json!({}));
}

#[test]
fn a_phone_becomes_the_authenticator_of_a_computer() {
    story("activation");
}

#[test]
fn everything_on_one_iphone() {
    told("same-phone", "same-iphone", &[], json!({ "phone": "iphone", "platform": "ios" }));
}

#[test]
fn everything_on_one_android_phone() {
    told("same-phone", "same-android", &[], json!({ "phone": "android", "platform": "android" }));
}

#[test]
fn codes_that_are_typed_come_in_a_picture_or_are_void() {
    story("typed-code");
}

#[test]
fn the_code_is_filmed() {
    story("camera");
}

#[test]
fn the_portal_without_javascript() {
    story("plain");
}

#[test]
fn with_the_keyboard_alone() {
    story("keyboard");
}

#[test]
fn in_arabic_and_in_the_dark() {
    story("arabic");
}

#[test]
fn a_pin_is_changed_forgotten_by_a_reload_and_locks() {
    story("pin");
}

#[test]
fn a_fingerprint_stands_for_the_pin() {
    story("biometric");
}

#[test]
fn a_request_is_approved_and_denied_in_the_open_app() {
    story("push");
}

#[test]
fn firefox_is_woken_by_a_push_service() {
    let port = free_port();
    let folder = TempDir::with_prefix("doorward-push-").unwrap();
    let settings = folder.path().join("plugins.toml");
    let service = format!("push_services = [\"http://127.0.0.1:{port}\"]\ncontact = \"mailto:admin@example.test\"\n");
    std::fs::write(&settings, format!("[plugins.authenticator]\n{service}")).unwrap();
    told("firefox", "firefox", &["--plugins", settings.to_str().unwrap()], json!({ "push": port }));
}

#[test]
fn the_app_is_installed_goes_on_without_a_network_and_knows_when_it_was_erased() {
    story("offline");
}

#[test]
fn questions_and_passcodes_of_a_press_and_the_app_in_german() {
    story("templates");
}
