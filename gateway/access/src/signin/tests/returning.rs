//! Where a sign-in leads back to: by the address that the gate saw, and after a form that is lost.

use std::net::IpAddr;

use doorward_api::flow::{Notice, ReturnTo};
use doorward_api::{Decision, ScreenPage, Subject};

use super::{password, signed_in, stage_with_token};
use crate::stage::{Browser, PASSWORD_AND_OTP, Send, Stage};
use crate::testing::{object, return_to};
use crate::visit::{Moved, Opening};

/// A passcode, but not for whoever comes from this machine.
const OTP_FROM_OUTSIDE: &str = r#"
    @id("inside")
    permit(principal in Group::"staff", action, resource == Application::"wiki")
    when { context.authn.password && context.ip.isInRange(ip("127.0.0.0/8")) };
    @id("outside")
    permit(principal in Group::"staff", action, resource == Application::"wiki")
    when { context.authn.password && context.authn.otp };
"#;

/// The same client as it comes to the application.
const BY_IPV6: &str = "2001:db8::7";

fn seen_at(address: &str) -> ReturnTo {
    ReturnTo { client: Some(address.parse().unwrap()), ..return_to("/page") }
}

fn posted() -> ReturnTo {
    ReturnTo { path_and_query: "/edit?id=7".into(), path: "/save".into(), method: "POST".into(), ..return_to("/") }
}

/// What the gate says to the session of this browser, by the address of the request itself.
async fn gate(stage: &Stage, browser: &Browser, address: &str) -> Decision {
    let visit = browser.visit();
    let place = crate::sessions::Place::Portal;
    let identities = &stage.desk.identities;
    let found = identities.session(&visit.vs.id, place, visit.session.as_ref(), visit.now).await.unwrap();
    let subject = Subject::User(found.unwrap().1);
    let object = doorward_api::Object { client: address.parse::<IpAddr>().unwrap(), ..object("/page") };
    stage.desk.gate.decision(&stage.desk.site.load(), &stage.vs, &subject, &object, visit.now)
}

#[tokio::test]
async fn what_is_asked_for_is_what_the_gate_asks_for_whatever_address_the_portal_sees() {
    let stage = stage_with_token(OTP_FROM_OUTSIDE).await;
    let mut browser = Browser::new(&stage);
    let sealed = browser.sealed(&seen_at(BY_IPV6));
    let moved = stage.desk.name(&browser.visit(), Some(&sealed), "alice").await.unwrap();
    let Moved::ToStep { browser: flow } = moved else { panic!("{moved:?}") };
    browser.flow = flow;
    browser.wait(60);
    // By the portal's own word the password would be enough, and the gate would send the browser back for ever.
    let moved = browser.send(password("alice")).await;
    assert!(matches!(moved, Moved::ToStep { .. }), "{moved:?}");
    assert_eq!(browser.page_name().await, "passcode");
    let code = stage.passcode("u-alice", browser.now);
    signed_in(browser.send(Send::Passcode(code)).await);
    assert!(matches!(gate(&stage, &browser, BY_IPV6).await, Decision::Admit { .. }));
}

#[tokio::test]
async fn an_address_that_was_carried_from_elsewhere_opens_nothing() {
    let stage = stage_with_token(OTP_FROM_OUTSIDE).await;
    let mut browser = Browser::new(&stage);
    let sealed = browser.sealed(&seen_at("127.0.0.1"));
    let moved = stage.desk.name(&browser.visit(), Some(&sealed), "alice").await.unwrap();
    let Moved::ToStep { browser: flow } = moved else { panic!("{moved:?}") };
    browser.flow = flow;
    signed_in(browser.send(password("alice")).await);
    assert!(matches!(gate(&stage, &browser, BY_IPV6).await, Decision::Challenge { .. }));
    // What the gate sees then is what is asked for.
    let sealed = browser.sealed(&seen_at(BY_IPV6));
    let opening = stage.desk.open(&browser.visit(), Some(&sealed), None).await.unwrap();
    assert!(matches!(opening, Opening::Raise { .. }), "{opening:?}");
}

#[tokio::test]
async fn whoever_has_sent_a_form_in_vain_is_told_so_before_anything_else() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    let mut browser = Browser::new(&stage);
    let sealed = browser.sealed(&posted());
    let opening = stage.desk.open(&browser.visit(), Some(&sealed), None).await.unwrap();
    let Opening::Ask(screen) = opening else { panic!("{opening:?}") };
    assert!(matches!(screen.page, ScreenPage::Name { .. }));
    assert_eq!(screen.notice, Some(Notice::NotReceived));
    // A session that must be raised is told on the first page of that.
    browser.name(None, "alice").await;
    signed_in(browser.send(password("alice")).await);
    let sealed = browser.sealed(&posted());
    let opening = stage.desk.open(&browser.visit(), Some(&sealed), None).await.unwrap();
    let Opening::Raise { browser: flow } = opening else { panic!("{opening:?}") };
    browser.flow = Some(flow);
    assert_eq!(browser.look().await.notice, Some(Notice::NotReceived));
}

#[tokio::test]
async fn where_nothing_is_asked_for_the_loss_of_a_form_is_said_all_the_same() {
    let stage = stage_with_token(OTP_FROM_OUTSIDE).await;
    let mut browser = Browser::new(&stage);
    browser.name(None, "alice").await;
    signed_in(browser.send(password("alice")).await);
    let sealed = browser.sealed(&posted());
    let opening = stage.desk.open(&browser.visit(), Some(&sealed), None).await.unwrap();
    let Opening::NotReceived { url } = opening else { panic!("{opening:?}") };
    let sealed = url.strip_prefix("/signin?return=").unwrap();
    let opening = stage.desk.open(&browser.visit(), Some(sealed), None).await.unwrap();
    let Opening::Enough(landing) = opening else { panic!("{opening:?}") };
    assert!(landing.url.ends_with("&to=%2Fedit%3Fid%3D7"), "{}", landing.url);
}

#[test]
fn an_address_that_was_sealed_before_it_named_a_client_still_opens() {
    let old = r#"{"app":"wiki","origin":"http://wiki.localhost:8080","host":"wiki.localhost","path_and_query":"/page",
                  "path":"/page","method":"GET","hop":HOP}"#;
    let hop = serde_json::to_string(&return_to("/page").hop).unwrap();
    let read: ReturnTo = serde_json::from_str(&old.replace("HOP", &hop)).unwrap();
    assert_eq!(read, return_to("/page"));
}
