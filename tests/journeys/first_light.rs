//! Someone without a token gets through the door, with nothing but HTTP, the mailbox and a token of their own.

use crate::world::{Gateway, Page, Phone, Visitor};

/// From the page asked for to W2, with the code sent.
pub(crate) fn as_far_as_the_code(gateway: &Gateway, visitor: &mut Visitor, user: &str, url: &str) -> Page {
    let page = visitor.get(url);
    let page = visitor.submit(&page, "username", &[("username", user)]);
    let page = visitor.submit(&page, "password", &[("password", &gateway.password(user))]);
    visitor.press(&page, "add_authenticator")
}

/// On to W5, with the secret on the page.
pub(crate) fn as_far_as_the_secret(gateway: &Gateway, visitor: &mut Visitor, user: &str, url: &str) -> (Page, Phone) {
    let page = as_far_as_the_code(gateway, visitor, user, url);
    let code = gateway.mail_to(&format!("{user}@example.test")).code();
    let page = visitor.submit(&page, "verification_code", &[("verification_code", &code)]);
    let page = visitor.submit(&page, "target", &[("target", "mobile")]);
    let page = visitor.submit(&page, "target", &[("target", "ios")]);
    let phone = Phone::scan(&page.link("otpauth://"));
    (page, phone)
}

/// All the way to the page asked for.
pub(crate) fn through_the_door(gateway: &Gateway, visitor: &mut Visitor, user: &str, url: &str) -> (Page, Phone) {
    let (page, phone) = as_far_as_the_secret(gateway, visitor, user, url);
    let page = visitor.press(&page, "continue");
    let page = visitor.submit(&page, "otp", &[("otp", &phone.passcode())]);
    (page, phone)
}

#[test]
fn someone_without_a_token_enrols_one_and_lands_on_the_page_they_asked_for() {
    let gateway = Gateway::demo();
    let mut alice = gateway.visitor();
    let url = gateway.url("wiki", "/page?x=1");
    let (page, _) = through_the_door(&gateway, &mut alice, "alice", &url);
    assert_eq!(page.url, url);
    assert_eq!(page.status(), 200);
    let words = page.words();
    assert!(words.contains("GET /page?x=1 HTTP/1.1"), "{words}");
    assert!(words.contains("Remote-User: alice"), "{words}");
    assert!(!words.contains("doorward"), "no cookie of ours reaches the application: {words}");
}
