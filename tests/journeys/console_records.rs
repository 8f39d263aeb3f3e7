//! Operators care for users and tokens at the console of a gateway that runs: a file of tokens is imported, one of them is given
//! to a user, and the user signs in with it.

use serde_json::json;

use crate::world::{Gateway, Page, Phone, Stage, Timed, Visitor, browse, until};

const PASSWORD: &str = "correct horse battery";

/// The secret of RFC 4226's example, in base32 as `oathtool` wants it.
const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

/// A hardware token as its maker describes it: RFC 6030, nothing encrypted.
const PSKC: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<KeyContainer Version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc">
  <KeyPackage>
    <DeviceInfo><Manufacturer>oath.Example</Manufacturer><SerialNo>987654321</SerialNo></DeviceInfo>
    <Key Id="12345678" Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:hotp">
      <Issuer>Example</Issuer>
      <AlgorithmParameters><ResponseFormat Length="6" Encoding="DECIMAL"/></AlgorithmParameters>
      <Data>
        <Secret><PlainValue>MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=</PlainValue></Secret>
        <Counter><PlainValue>0</PlainValue></Counter>
      </Data>
    </Key>
  </KeyPackage>
</KeyContainer>
"#;

fn console(gateway: &Gateway, path: &str) -> String {
    format!("http://127.0.0.1:{}{path}", gateway.console)
}

/// The browser of whoever made themselves the first administrator by the printed link.
fn administrator(gateway: &Gateway) -> Visitor {
    let link = gateway.first_administrator().expect("the banner names the link");
    let mut browser = Visitor::new(gateway.console);
    let page = browser.get(&console(gateway, &link));
    let passcode = page.phone().passcode();
    let fields = [("name", "olga"), ("password", PASSWORD), ("again", PASSWORD), ("passcode", &*passcode)];
    let page = browser.submit(&page, "again", &fields);
    page.says("olga");
    browser
}

/// Sends a file of tokens and waits until it is done.
fn import(browser: &mut Visitor, gateway: &Gateway, name: &str, file: &str) -> Page {
    let form = browser.get(&console(gateway, "/import")).form("file");
    let mut body = format!(
        "--Made-By-Hand\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{}\r\n\
         --Made-By-Hand\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n",
        form.fields["csrf"]
    );
    body.push_str(file);
    body.push_str("\r\n--Made-By-Hand--\r\n");
    browser.always = vec![("Content-Type".into(), "multipart/form-data; boundary=Made-By-Hand".into())];
    let origin = console(gateway, "");
    let sent = browser.once("POST", &console(gateway, "/import"), &[("Origin", &origin)], Some(body.as_bytes()));
    browser.always.clear();
    assert_eq!(sent.status, 303, "{}", sent.text());
    let job = console(gateway, sent.header("location").unwrap());
    until("the file is taken", || browser.get(&job).answer.header("refresh").is_none());
    browser.get(&job)
}

/// Fills in the form of a task.
fn does(browser: &mut Visitor, gateway: &Gateway, path: &str, fields: &[(&str, &str)]) -> Page {
    let page = browser.get(&console(gateway, path));
    assert_eq!(page.status(), 200, "{path}: {}", page.words());
    let action = path.split('?').next().unwrap();
    let form = crate::world::forms(&page.html()).into_iter().find(|form| form.action == action);
    browser.send(&page, &form.unwrap_or_else(|| panic!("no form to {action}")), fields)
}

/// The secret that is told once.
fn told_once(page: &Page) -> String {
    let html = page.html();
    let after = html.split("id=\"secret\"").nth(1).unwrap_or_else(|| panic!("nothing is told: {}", page.words()));
    crate::world::unescape(after.split(['>', '<']).nth(1).unwrap())
}

#[test]
fn an_imported_token_is_given_to_a_user_whose_first_passcode_activates_it() {
    let gateway = Gateway::demo();
    let mut olga = administrator(&gateway);
    let report = import(&mut olga, &gateway, "tokens.xml", PSKC);
    report.says("Done.");
    report.says("Taken 1");
    let again = import(&mut olga, &gateway, "tokens.xml", PSKC);
    again.says("There already 1");

    let list = olga.get(&console(&gateway, "/tokens?state=inventory"));
    let token = list.link("/tokens/");
    let page = olga.get(&console(&gateway, &token));
    page.says("In stock");
    let given = does(&mut olga, &gateway, &format!("{token}/assign"), &[("user", "alice")]);
    given.says("The first right passcode activates it.");
    given.says("Assigned");

    let mut alice = gateway.visitor();
    let key_ring = Phone { secret: SECRET.to_owned() };
    let asked = alice.sign_in(&gateway, "alice", &gateway.url("wiki", "/"));
    asked.is_at(Stage::Passcode);
    let wrong = alice.type_passcode(&asked, "000000");
    wrong.is_at(Stage::Passcode);
    let in_wiki = alice.type_passcode(&wrong, &key_ring.passcode_of(0, 6));
    assert!(in_wiki.url.starts_with(&gateway.url("wiki", "/")), "{}: {}", in_wiki.url, in_wiki.words());
    olga.get(&console(&gateway, &token)).says("Active");

    let mut elsewhere = gateway.visitor();
    let asked = elsewhere.sign_in(&gateway, "alice", &gateway.url("wiki", "/"));
    let refused = elsewhere.type_passcode(&asked, &key_ring.passcode_of(0, 6));
    refused.is_at(Stage::Passcode);
    let in_wiki = elsewhere.type_passcode(&refused, &key_ring.passcode_of(1, 6));
    assert!(in_wiki.url.starts_with(&gateway.url("wiki", "/")), "{}: {}", in_wiki.url, in_wiki.words());

    let found = does(
        &mut olga,
        &gateway,
        &format!("{token}/resync"),
        &[("first", &key_ring.passcode_of(20, 6)), ("second", &key_ring.passcode_of(21, 6))],
    );
    found.says("The token was found again");
    does(&mut olga, &gateway, &format!("{token}/return"), &[]).says("In stock");
    let back = elsewhere.get(&gateway.url("wiki", "/"));
    assert!(!back.url.starts_with(&gateway.url("wiki", "/")), "what it has proved counts no longer: {}", back.url);
}

#[test]
fn a_new_user_signs_in_with_the_password_that_was_drawn_for_them() {
    let gateway = Gateway::demo();
    let mut olga = administrator(&gateway);
    let fields = [("name", "dora"), ("email", "dora@example.test"), ("password-by", "draw")];
    let password = told_once(&does(&mut olga, &gateway, "/users/new", &fields));
    let mut dora = gateway.visitor();
    let page = dora.sign_in_with("dora", &password, &gateway.url("login", "/"));
    page.says("dora");
    let user = page_of(&mut olga, &gateway, "dora");
    does(&mut olga, &gateway, &format!("{user}/disable"), &[]).says("switched off");
    let out = dora.get(&gateway.url("login", "/"));
    out.is_at(Stage::Name);
    does(&mut olga, &gateway, &format!("{user}/delete"), &[]).says("It was deleted.");
    olga.get(&console(&gateway, "/users?q=dora")).says("There is no user");
}

/// A user's page. The first link of the list is that to the form for a new one.
fn page_of(olga: &mut Visitor, gateway: &Gateway, user: &str) -> String {
    let html = olga.get(&console(gateway, &format!("/users?q={user}"))).html();
    let links = html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).map(crate::world::unescape);
    links.filter(|link| link.starts_with("/users/")).find(|link| link != "/users/new").expect("the user is in the list")
}

/// What the script needs of the console besides the rest.
fn says(timed: &Timed, language: &str) -> serde_json::Value {
    let mut says = timed.says(language);
    says["setup"] = json!(timed.gateway.first_administrator().expect("the banner names the link"));
    says["tokens"] = json!(PSKC);
    says
}

#[test]
fn each_page_of_users_tokens_groups_and_files_is_good_to_look_at() {
    let timed = Timed::demo("");
    browse(&timed.gateway, "console-records", "console-records-english", says(&timed, "en"));
}

#[test]
fn each_page_of_users_tokens_groups_and_files_in_german() {
    let timed = Timed::demo("");
    browse(&timed.gateway, "console-records", "console-records-german", says(&timed, "de"));
}
