//! A real legacy application behind the gate: Debian's DokuWiki, unchanged, signed in by header.

use crate::journeys::first_light::through_the_door;
use crate::world::{Database, DokuWiki, Installation, Page, Served, Visitor, exchange};

/// DokuWiki as the wiki (password and passcode), and as the public application (open to everybody).
fn behind_the_gate() -> (DokuWiki, Installation, Served) {
    let wiki = DokuWiki::start();
    assert_eq!(wiki.altered_files(), [""; 0], "DokuWiki is not as Debian packages it");
    let mut installation = Installation::with_users(Database::Sqlite);
    for app in ["wiki", "public"] {
        installation.upstreams.insert(app.to_owned(), wiki.port);
    }
    let served = installation.serve();
    (wiki, installation, served)
}

/// Opens the editor of a page, writes, and saves.
fn edit(visitor: &mut Visitor, app: &str, text: &str) -> Page {
    let page = visitor.get(&format!("https://{app}.example.test/doku.php?id=minutes&do=edit"));
    assert_eq!(page.status(), 200, "{}", page.words());
    visitor.submit(&page, "do[save]", &[("wikitext", text), ("do[save]", "1"), ("summary", "by hand")])
}

/// Who made each change of the page, oldest first, as DokuWiki wrote it down.
fn authors(wiki: &DokuWiki) -> Vec<String> {
    let changes = std::fs::read_to_string(wiki.data("meta/minutes.changes")).unwrap();
    changes.lines().map(|line| line.split('\t').nth(4).unwrap().to_owned()).collect()
}

#[test]
fn somebody_enrols_and_their_edit_of_a_wiki_page_bears_their_name() {
    let (wiki, _installation, served) = behind_the_gate();
    let url = served.url("wiki", "/doku.php?id=minutes");

    // Nothing is reached without sign-in, by whatever method and with whatever is claimed.
    for method in ["GET", "HEAD", "POST"] {
        for forged in [&[][..], &[("Remote-User", "alice")], &[("REMOTE_USER", "alice"), ("X-Remote-User", "alice")]] {
            let headers = [forged, &[("X-Forwarded-Proto", "https")]].concat();
            let answer =
                exchange(served.ports.http, method, "wiki.example.test", "/doku.php?id=minutes", &headers, b"");
            assert!(matches!(answer.status, 303 | 401), "{method} {forged:?}: {answer:?}");
        }
    }
    assert_eq!(wiki.requests(), "");

    let mut alice = served.visitor();
    let (page, _) = through_the_door(&served.gateway, &mut alice, "alice", &url);
    assert_eq!((page.url.as_str(), page.status()), (url.as_str(), 200));
    assert!(page.html().contains("DokuWiki"), "{}", page.words());

    let page = edit(&mut alice, "wiki", "The ==== quick ==== //brown// fox & ünïcode <b>");
    assert_eq!(page.status(), 200);
    assert!(page.words().contains("ünïcode"), "{}", page.words());
    assert_eq!(authors(&wiki), ["alice"]);
    let text = std::fs::read_to_string(wiki.data("pages/minutes.txt")).unwrap();
    assert_eq!(text, "The ==== quick ==== //brown// fox & ünïcode <b>");

    // Its own cookies pass, ours do not; its pictures and styles are served.
    assert!(
        alice.jar["wiki.example.test"].keys().any(|name| name.starts_with("DW") || name == "DokuWiki"),
        "{:?}",
        alice.jar
    );
    let style = alice.get(&served.url("wiki", "/lib/exe/css.php?t=dokuwiki"));
    assert_eq!((style.status(), style.answer.header("content-type")), (200, Some("text/css; charset=utf-8")));
}

#[test]
fn a_name_that_the_browser_claims_is_never_the_author() {
    let (wiki, _installation, served) = behind_the_gate();
    // The public application admits everybody: what is written there bears no name, whatever is claimed.
    let mut stranger = served.visitor();
    stranger.always = vec![("Remote-User".into(), "alice".into()), ("Remote_User".into(), "alice".into())];
    let page = edit(&mut stranger, "public", "Written by nobody known.");
    assert!(page.words().contains("Written by nobody known."), "{}", page.words());
    assert_eq!(authors(&wiki), [""]);

    // Nor does somebody who is signed in become another.
    let mut bob = served.visitor();
    through_the_door(&served.gateway, &mut bob, "bob", &served.url("wiki", "/doku.php?id=minutes"));
    bob.always = stranger.always;
    edit(&mut bob, "wiki", "Written by bob.");
    assert_eq!(authors(&wiki), ["", "bob"]);
}
