//! Two virtual servers in one process: what is of one is nothing in the other, though people have the same names in both.

use serde_json::{Value, json};

use crate::world::{Database, Installation, Stage, Visitor, words};

const BOTH: [Database; 2] = [Database::Sqlite, Database::Postgres];

/// `default` as ever, and `other` with a portal and a wiki of its own.
fn two(database: Database) -> Installation {
    let mut installation = Installation::new(database);
    let upstream = installation.upstreams["wiki"];
    let policy = "@id(\"other\") permit(principal is User, action, resource == Application::\"wiki\") \
                  when { context.authn.password && context.authn.otp };";
    std::fs::create_dir(installation.path("policies-other")).unwrap();
    std::fs::write(installation.path("policies-other").join("wiki.cedar"), policy).unwrap();
    let other = format!(
        "[virtual_server.other]\nname = \"Elsewhere\"\nportal = \"https://login2.example.test\"\npolicies = \"policies-other\"\n\n\
         [virtual_server.other.apps.wiki]\nname = \"The other wiki\"\nurl = \"https://wiki2.example.test\"\nupstream = \
         \"http://127.0.0.1:{upstream}\"\n\n[virtual_server.default]\n"
    );
    installation.instead.push(("[virtual_server.default]\n".to_owned(), other));
    for server in ["default", "other"] {
        let arguments =
            ["alice", "--email", "alice@example.test", "--group", "staff", "--generate", "--virtual-server", server];
        let output = installation.command(&["user", "add"], &arguments, "");
        assert!(output.status.success(), "{}", words(&output));
        installation.remember(&format!("alice of {server}"), &output);
    }
    installation
}

fn password(served: &crate::world::Served, server: &str) -> String {
    served.gateway.password(&format!("alice of {server}"))
}

#[test]
fn a_command_asks_which_of_several_is_meant() {
    let installation = two(Database::Sqlite);
    let output = installation.command(&["user", "disable"], &["alice"], "");
    assert!(!output.status.success());
    assert!(words(&output).contains("which of default, other?"), "{}", words(&output));
    let output = installation.command(&["user", "disable"], &["alice", "--virtual-server", "nowhere"], "");
    assert!(words(&output).contains("there is no virtual server nowhere"), "{}", words(&output));
}

#[test]
fn the_same_name_is_somebody_else_in_the_other() {
    for database in BOTH {
        let installation = two(database);
        let served = installation.serve();
        let (wiki, wiki2) = (served.url("wiki", "/"), served.url("wiki2", "/"));

        // The password of one is none in the other.
        let mut stranger = served.proxied_visitor();
        stranger.sign_in_with("alice", &password(&served, "default"), &wiki2).is_at(Stage::Password);

        let mut alice = served.proxied_visitor();
        let page = alice.sign_in_with("alice", &password(&served, "other"), &wiki2);
        page.is_at(Stage::Offer);
        page.says("The other wiki");
        let page = alice.press(&page, "add_authenticator");
        let code = installation.mails().pop().unwrap().code();
        let page = alice.type_code(&page, &code);
        let page = alice.choose_ios(&page);
        assert!(page.link("otpauth://").contains("Elsewhere"), "the issuer is the virtual server");
        let phone = page.phone();
        let page = alice.finish(&page, &phone);
        assert_eq!(page.url, wiki2);

        // In `default` she has no token still, and the other's passcode is none.
        let mut at_default = served.proxied_visitor();
        let page = at_default.sign_in_with("alice", &password(&served, "default"), &wiki);
        page.is_at(Stage::Offer);
        // The session of one is nobody's in the other.
        assert_eq!(alice.once("GET", &wiki2, &[], None).status, 200);
        assert_eq!(alice.once("GET", &wiki, &[], None).status, 303);
        let jar = alice.jar.get("wiki2.example.test").expect("a session there");
        let cookies: Vec<String> = jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let header = cookies.join("; ");
        assert!(!header.is_empty());
        let answer = served.proxied_visitor().once("GET", &wiki, &[("Cookie", &header)], None);
        assert_eq!(answer.status, 303, "stolen from one, shown to the other");
        let answer = served.proxied_visitor().once("GET", &wiki2, &[("Cookie", &header)], None);
        assert_eq!(answer.status, 200, "where they are good");
    }
}

#[test]
fn self_provisioning_is_set_for_each_by_itself_and_their_trails_are_two() {
    let installation = two(Database::Sqlite);
    let served = installation.serve();
    let none = json!({"target_users": {"mode": "none"}, "windows_link": "store", "installer_url": null});
    installation.sql(&format!(
        "INSERT INTO setting (virtual_server, kind, body, version, changed_at) VALUES ('other', 'self_provisioning', '{none}', 1, 0)"
    ));
    let (wiki, wiki2) = (served.url("wiki", "/"), served.url("wiki2", "/"));
    let stage = |visitor: &mut Visitor, server: &str, url: &str| {
        visitor.sign_in_with("alice", &password(&served, server), url).stage()
    };
    assert_eq!(stage(&mut served.proxied_visitor(), "other", &wiki2), Stage::Passcode);
    assert_eq!(stage(&mut served.proxied_visitor(), "default", &wiki), Stage::Offer);
    for server in ["default", "other"] {
        let output = installation.command(&["audit", "export"], &["--virtual-server", server], "");
        let lines = String::from_utf8_lossy(&output.stdout).into_owned();
        let records: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(records.len() >= 3, "{server}: {}", records.len());
        for record in &records {
            assert_eq!(record["context"]["tenantId"], server);
        }
        let verified = installation.command(&["audit", "verify"], &["--virtual-server", server], "");
        assert_eq!(verified.status.code(), Some(0), "{}", words(&verified));
    }
}

#[test]
fn a_lock_in_one_is_none_in_the_other() {
    let installation = two(Database::Sqlite);
    let served = installation.serve();
    let (wiki, wiki2) = (served.url("wiki", "/"), served.url("wiki2", "/"));
    let mut guesser = served.proxied_visitor();
    let mut page = guesser.sign_in_with("alice", "wrong", &wiki2);
    for _ in 0..3 {
        page = guesser.submit(&page, "password", &[("password", "wrong")]);
    }
    page.says("Too many failed tries with this account.");
    served.proxied_visitor().sign_in_with("alice", &password(&served, "default"), &wiki).is_at(Stage::Offer);
}
