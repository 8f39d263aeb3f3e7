//! The console's pages of how the portal looks and speaks.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use doorward_api::operator::Role;
use doorward_api::settings::{Appearance, Document, Logo};
use http::StatusCode;

use super::console_world::{Browser, Console, ORIGIN, PASSWORD, all_in, edit, filled, send, stored};
use super::world::Told;

const HERE: &str = "/settings/appearance";
const LOGO: &str = "/settings/appearance/logo";
const REMOVE: &str = "/settings/appearance/logo-remove";
const WORDS: &str = "/settings/appearance/words";
const RESET: &str = "/settings/appearance/words/reset";

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and so on";

async fn upload(browser: &Browser<'_>, page: &Told, file: &[u8]) -> Told {
    let (csrf, seen) = (page.hidden("csrf"), page.hidden("seen"));
    browser.upload(LOGO, ORIGIN, ("logo", "picture", file), &[("csrf", &csrf), ("seen", &seen)]).await
}

fn text_of(console: &Console, tag: &str, name: &str) -> Option<String> {
    stored::<Appearance>(console).texts.get(tag).and_then(|texts| texts.get(name)).cloned()
}

fn set_texts(console: &Console, tag: &str, texts: &[(&str, &str)]) {
    let texts = texts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let appearance = Appearance { texts: BTreeMap::from([(tag.to_owned(), texts)]), ..Appearance::of_new() };
    console.store.with(|rows| rows.set(&appearance));
}

/// The names of the messages whose fields are on a page of words.
fn on_page(page: &Told) -> Vec<String> {
    let fields = page.body.split("<textarea id=\"texts.").skip(1);
    fields.map(|rest| rest.split('"').next().unwrap().split_once('.').unwrap().1.to_owned()).collect()
}

/// Where the next part is.
fn next(page: &Told) -> Option<String> {
    let before = page.body.split("rel=\"next\"").next().filter(|before| *before != page.body)?;
    Some(before.rsplit("href=\"").next().unwrap().split('"').next().unwrap().replace("&amp;", "&"))
}

#[tokio::test]
async fn name_colour_help_and_languages_are_set_and_logo_and_words_stay() {
    let console = Console::start();
    set_texts(&console, "de", &[("code-title", "Post")]);
    let olga = console.signed_in("olga", Role::Administrator).await;
    let page = olga.get(HERE).await;
    all_in(&page.body, &["There is no logo", &format!("href=\"{LOGO}\""), &format!("href=\"{WORDS}\""), "<dt>"]);
    let form = olga.get(&format!("{HERE}/edit")).await;
    assert!(!form.body.contains(LOGO) && !form.body.contains(WORDS), "what is typed is not left by the way");
    let changes = [
        ("product_name", Some("Example <Portal>")),
        ("accent", Some("#1A5FB4")),
        ("support", Some("Help desk, 4711")),
        ("support_url", Some("mailto:help@example.test")),
        ("languages.de", Some("on")),
        ("languages.ar", Some("on")),
        ("default_language", Some("de")),
    ];
    let told = send(&olga, &form, HERE, &changes).await;
    assert_eq!((told.status, told.location()), (StatusCode::SEE_OTHER, "/settings/appearance?saved"), "{}", told.body);
    let now: Appearance = stored(&console);
    assert_eq!(now.product_name.as_deref(), Some("Example <Portal>"));
    assert_eq!(
        (now.accent.as_deref(), now.languages, now.default_language.as_deref()),
        (Some("#1a5fb4"), vec!["de".to_owned(), "ar".to_owned()], Some("de"))
    );
    assert_eq!(now.texts["de"]["code-title"], "Post");
    let page = olga.get(told.location()).await;
    all_in(
        &page.body,
        &[
            "<bdi>Example &lt;Portal&gt;</bdi>",
            "fill=\"#1a5fb4\"",
            "<li><bdi lang=\"ar\" dir=\"rtl\">العربية</bdi></li>",
            "<ins><bdi>Deutsch, العربية</bdi></ins>",
            "<ins><bdi lang=\"de\" dir=\"ltr\">Deutsch</bdi></ins>",
        ],
    );
    assert_eq!(edit(&olga, HERE, &[]).await.location(), format!("{HERE}?unchanged"));
}

#[tokio::test]
async fn what_is_wrong_with_the_look_is_said_at_its_field() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let changes = [
        ("product_name", Some("x".repeat(65))),
        ("accent", Some("#ffff00".to_owned())),
        ("support_url", Some("javascript:alert(1)".to_owned())),
        ("languages.de", Some("on".to_owned())),
    ];
    let changes: Vec<(&str, Option<&str>)> = changes.iter().map(|(name, value)| (*name, value.as_deref())).collect();
    let told = edit(&olga, HERE, &changes).await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
    all_in(
        &told.body,
        &[
            "<a href=\"#product_name\">",
            "<a href=\"#accent\">Accent colour: This colour is too light.",
            "<a href=\"#support_url\">",
            "<a href=\"#default_language\">Default language: This must be given.</a>",
            "value=\"javascript:alert(1)\"",
            "name=\"languages.de\" value=\"on\" checked",
        ],
    );
    let shown = send(&olga, &told, HERE, &[("accent", Some("#336699")), ("choose", Some("colour"))]).await;
    assert_eq!(shown.status, StatusCode::OK);
    all_in(&shown.body, &["fill=\"#336699\"", "value=\"javascript:alert(1)\""]);
    assert_eq!(stored::<Appearance>(&console), Appearance::of_new());
}

#[tokio::test]
async fn a_logo_is_sent_shown_and_taken_away() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let page = olga.get(LOGO).await;
    all_in(&page.body, &["enctype=\"multipart/form-data\"", "at most 64 KiB"]);
    assert_eq!(olga.get(&format!("{LOGO}.picture")).await.status, StatusCode::NOT_FOUND);
    let told = upload(&olga, &page, PNG).await;
    assert_eq!((told.status, told.location()), (StatusCode::SEE_OTHER, "/settings/appearance?saved"), "{}", told.body);
    let logo = Logo { media_type: "image/png".into(), data: BASE64.encode(PNG) };
    assert_eq!(stored::<Appearance>(&console).logo, Some(logo.clone()));
    let page = olga.get(told.location()).await;
    all_in(&page.body, &["src=\"/settings/appearance/logo.picture?v=1\"", "<ins><bdi>PNG, 0.1 KiB</bdi></ins>"]);
    assert!(!page.body.contains(&logo.data), "the log is to be read by people");
    let picture = olga.get("/settings/appearance/logo.picture?v=1").await;
    assert_eq!((picture.status, picture.header("content-type")), (StatusCode::OK, "image/png"));
    assert_eq!(picture.header("x-content-type-options"), "nosniff");
    assert_eq!(console.browser().get("/settings/appearance/logo.picture").await.status, StatusCode::SEE_OTHER);

    let jpeg = upload(&olga, &olga.get(LOGO).await, b"\xff\xd8\xff and so on").await;
    assert_eq!(jpeg.location(), format!("{HERE}?saved"));
    assert_eq!(stored::<Appearance>(&console).logo.unwrap().media_type, "image/jpeg", "by its first bytes");
    let page = olga.get(REMOVE).await;
    assert!(page.body.contains("class=\"danger\""));
    assert_eq!(send(&olga, &page, REMOVE, &[]).await.location(), format!("{HERE}?saved"));
    assert_eq!(stored::<Appearance>(&console).logo, None);
    assert!(!olga.get(HERE).await.body.contains(REMOVE));
}

#[tokio::test]
async fn what_is_no_picture_or_too_large_is_said_and_not_kept() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let page = olga.get(LOGO).await;
    let large = [PNG, &vec![0; 64 * 1024]].concat();
    for (file, said) in [
        (&b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script/></svg>"[..], "This is no PNG, JPEG or WebP picture."),
        (b"GIF89a", "This is no PNG, JPEG or WebP picture."),
        (&large, "At most 65536 bytes."),
    ] {
        let told = upload(&olga, &page, file).await;
        assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
        all_in(&told.body, &[&format!("<a href=\"#logo\">Picture: {said}</a>")]);
    }
    let (csrf, seen) = (page.hidden("csrf"), page.hidden("seen"));
    let fields = [("csrf", csrf.as_str()), ("seen", seen.as_str())];
    let none = olga.upload(LOGO, ORIGIN, ("logo", "", b""), &fields).await;
    all_in(&none.body, &["<a href=\"#logo\">Picture: Choose a file.</a>"]);
    let elsewhere = olga.upload(LOGO, "http://evil.test", ("logo", "picture", PNG), &fields).await;
    assert_eq!(elsewhere.status, StatusCode::FORBIDDEN);
    let forged = olga.upload(LOGO, ORIGIN, ("logo", "picture", PNG), &[("csrf", "forged"), ("seen", "0")]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    console.later(11);
    let told = upload(&olga, &page, PNG).await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
    all_in(&told.body, &["name=\"proof_password\""]);
    assert_eq!(stored::<Appearance>(&console), Appearance::of_new());
    let passcode = console.passcode("olga");
    let proof = [("proof_password", PASSWORD), ("proof_passcode", passcode.as_str())];
    let told = olga.upload(LOGO, ORIGIN, ("logo", "picture", PNG), &[&fields[..], &proof].concat()).await;
    assert_eq!(told.location(), format!("{HERE}?saved"));
}

#[tokio::test]
async fn a_step_that_comes_too_late_does_nothing_and_says_what_came_between() {
    let console = Console::start();
    set_texts(&console, "de", &[("code-title", "Post")]);
    let olga = console.signed_in("olga", Role::Administrator).await;
    let otto = console.signed_in("otto", Role::Administrator).await;
    let (logo, reset) = (otto.get(LOGO).await, otto.get(&format!("{RESET}?language=de")).await);
    let form = otto.get(&format!("{HERE}/edit")).await;
    edit(&olga, HERE, &[("support", Some("4711"))]).await;
    for told in [upload(&otto, &logo, PNG).await, send(&otto, &reset, RESET, &[]).await] {
        assert_eq!(told.status, StatusCode::CONFLICT);
        all_in(
            &told.body,
            &["while you were looking at it, and nothing was done", "<bdi>olga</bdi>", "<ins><bdi>4711</bdi></ins>"],
        );
    }
    let now: Appearance = stored(&console);
    assert!(now.logo.is_none() && now.texts.contains_key("de"));
    let told = send(&otto, &form, HERE, &[("product_name", Some("Mine"))]).await;
    assert_eq!(told.status, StatusCode::CONFLICT);
    all_in(&told.body, &["Somebody else was faster", "value=\"Mine\""]);
    let again = send(&otto, &told, HERE, &[("support", Some("4711"))]).await;
    assert_eq!(again.location(), format!("{HERE}?saved"));
    let now: Appearance = stored(&console);
    assert_eq!((now.product_name.as_deref(), now.support.as_deref()), (Some("Mine"), Some("4711")));
}

#[tokio::test]
async fn words_are_found_replaced_and_reset() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let page = olga.get(&format!("{WORDS}?language=en&q=check+your+email")).await;
    let found = on_page(&page);
    assert!(found.contains(&"code-title".to_owned()) && !found.contains(&"start-title".to_owned()), "{found:?}");
    all_in(&page.body, &["Check your email", "name=\"texts.en.code-title\""]);
    let told = send(&olga, &page, WORDS, &[("texts.en.code-title", Some(" Look into your mailbox "))]).await;
    assert_eq!(told.location(), format!("{WORDS}?language=en&q=check%20your%20email&done=saved"), "{}", told.body);
    assert_eq!(text_of(&console, "en", "code-title").as_deref(), Some("Look into your mailbox"));
    let page = olga.get(told.location()).await;
    all_in(&page.body, &["Saved.", "Look into your mailbox</textarea>", "replaced", "value=\"reset.code-title\""]);

    let own = olga.get(&format!("{WORDS}?language=en&own=on")).await;
    assert_eq!(on_page(&own), ["code-title"]);
    all_in(&olga.get(HERE).await.body, &["<dd>1</dd>", "<ins><bdi>Look into your mailbox</bdi></ins>"]);

    // What says the same as ours is ours.
    let ours = send(&olga, &own, WORDS, &[("texts.en.code-title", Some("Check your email"))]).await;
    assert_eq!(ours.location(), format!("{WORDS}?language=en&own=on&done=saved"));
    assert_eq!(stored::<Appearance>(&console).texts, BTreeMap::new());
    let same = send(&olga, &olga.get(&format!("{WORDS}?language=en")).await, WORDS, &[]).await;
    assert_eq!(same.location(), format!("{WORDS}?language=en&done=unchanged"));

    set_texts(&console, "de", &[("code-title", "Post"), ("start-title", "Los")]);
    let page = olga.get(&format!("{WORDS}?language=de&own=on")).await;
    let emptied = send(&olga, &page, WORDS, &[("choose", Some("reset.code-title"))]).await;
    assert_eq!(emptied.status, StatusCode::OK);
    assert_eq!(text_of(&console, "de", "code-title").as_deref(), Some("Post"), "nothing is stored by it");
    let field =
        |page: &Told| filled(page, WORDS).into_iter().find(|(name, _)| name == "texts.de.code-title").unwrap().1;
    assert_eq!((field(&page).as_str(), field(&emptied).as_str()), ("Post", ""));
    send(&olga, &emptied, WORDS, &[]).await;
    assert_eq!(
        (text_of(&console, "de", "code-title"), text_of(&console, "de", "start-title").as_deref()),
        (None, Some("Los"))
    );

    let page = olga.get(&format!("{WORDS}?language=de")).await;
    all_in(&page.body, &[&format!("href=\"{RESET}?language=de\"")]);
    let ask = olga.get(&format!("{RESET}?language=de")).await;
    all_in(&ask.body, &["All texts of yours in <bdi>Deutsch</bdi> go"]);
    let gone = send(&olga, &ask, RESET, &[]).await;
    assert_eq!(gone.location(), format!("{WORDS}?language=de&done=saved"));
    assert_eq!(stored::<Appearance>(&console).texts, BTreeMap::new());
    assert!(!olga.get(&format!("{WORDS}?language=de")).await.body.contains(RESET));
}

#[tokio::test]
async fn words_are_in_the_operators_language_until_another_is_chosen_and_come_in_parts() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    *olga.language.lock().unwrap() = "de".into();
    assert!(olga.get(WORDS).await.body.contains("name=\"texts.de."));
    *olga.language.lock().unwrap() = "en".into();
    let all = doorward_views::Views::new(None).unwrap().message_names().to_vec();
    let mut page = olga.get(&format!("{WORDS}?language=ja")).await;
    let mut seen = Vec::new();
    loop {
        let part = on_page(&page);
        assert!(part.len() <= 25 && !part.is_empty());
        seen.extend(part);
        let Some(path) = next(&page) else { break };
        page = olga.get(&path).await;
        assert!(page.body.contains("From the start"));
    }
    assert_eq!(seen, all);
    let second = next(&olga.get(&format!("{WORDS}?language=en")).await).unwrap();
    let page = olga.get(&second).await;
    let first = on_page(&page)[0].clone();
    let told = send(&olga, &page, WORDS, &[(&format!("texts.en.{first}"), Some("Mine"))]).await;
    assert!(told.location().contains("after=") && told.location().ends_with("done=saved"), "{}", told.location());
    assert_eq!(on_page(&olga.get(told.location()).await)[0], first, "the same part is shown again");
}

#[tokio::test]
async fn what_is_wrong_with_words_is_said_at_their_fields_and_nothing_is_kept_of_them() {
    let console = Console::start();
    set_texts(&console, "fr", &[("gone-since", "{ $nothing }")]);
    let olga = console.signed_in("olga", Role::Administrator).await;
    let page = olga.get(&format!("{WORDS}?language=en")).await;
    let names = on_page(&page);
    let long = "x".repeat(501);
    let typed = [&long, "{ $password }", "a { brace", "two\r\nlines", "<b>fine</b>"];
    let fields: Vec<String> = names.iter().take(5).map(|name| format!("texts.en.{name}")).collect();
    let changes: Vec<(&str, Option<&str>)> =
        fields.iter().zip(typed).map(|(field, text)| (field.as_str(), Some(text))).collect();
    let told = send(&olga, &page, WORDS, &changes).await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
    for (field, said) in fields.iter().zip([
        "At most 500 characters.",
        "There is no <bdi>$password</bdi>.",
        "This can’t be read as a message.",
        "One line of visible characters.",
    ]) {
        all_in(&told.body, &[&format!("<a href=\"#{field}\">{said}"), &format!("id=\"{field}-error\"")]);
    }
    all_in(&told.body, &["&lt;b&gt;fine&lt;/b&gt;</textarea>", "{ $password }</textarea>"]);
    assert!(!told.body.contains("gone-since"), "what is wrong elsewhere is no matter here");
    assert!(!stored::<Appearance>(&console).texts.contains_key("en"));
    let changes: Vec<(&str, Option<&str>)> = fields.iter().take(4).map(|field| (field.as_str(), Some(""))).collect();
    let put_right = send(&olga, &told, WORDS, &changes).await;
    assert!(put_right.location().ends_with("done=saved"), "{}", put_right.body);
    assert_eq!(text_of(&console, "en", &names[4]).as_deref(), Some("<b>fine</b>"));

    let many: Vec<(String, String)> = (0..100).map(|number| (format!("m-{number}"), "x".to_owned())).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    set_texts(&console, "de", &many);
    let told = send(&olga, &olga.get(&format!("{WORDS}?language=en")).await, WORDS, &[(&fields[0], Some("x"))]).await;
    all_in(&told.body, &["<li>At most 100 entries.</li>"]);
    set_texts(&console, "fr", &[("gone-since", "{ $nothing }")]);

    // A message that there is no more can still be taken back.
    let page = olga.get(&format!("{WORDS}?language=fr&own=on")).await;
    assert_eq!(on_page(&page), ["gone-since"]);
    assert!(send(&olga, &page, WORDS, &[("texts.fr.gone-since", Some(""))]).await.location().ends_with("done=saved"));
    assert_eq!(text_of(&console, "fr", "gone-since"), None);
}

#[tokio::test]
async fn of_two_who_replace_words_the_second_is_told_what_the_first_has_replaced() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let otto = console.signed_in("otto", Role::Administrator).await;
    let path = format!("{WORDS}?language=en&q=code-");
    let (page_of_olga, page_of_otto) = (olga.get(&path).await, otto.get(&path).await);
    send(&olga, &page_of_olga, WORDS, &[("texts.en.code-title", Some("First"))]).await;
    let told = send(&otto, &page_of_otto, WORDS, &[("texts.en.code-title", Some("Second"))]).await;
    assert_eq!(told.status, StatusCode::CONFLICT);
    all_in(
        &told.body,
        &["Somebody else was faster", "<bdi>olga</bdi>", "<ins><bdi>First</bdi></ins>", "Second</textarea>"],
    );
    assert_eq!(text_of(&console, "en", "code-title").as_deref(), Some("First"));
    assert!(send(&otto, &told, WORDS, &[]).await.location().ends_with("done=saved"));
    assert_eq!(text_of(&console, "en", "code-title").as_deref(), Some("Second"));
}

#[tokio::test]
async fn who_may_only_look_sees_how_the_portal_looks_and_cannot_change_it() {
    let console = Console::start();
    set_texts(&console, "en", &[("code-title", "Mine")]);
    console.signed_in("olga", Role::Administrator).await;
    for (name, role) in [("anna", Role::Auditor), ("hugo", Role::HelpDesk)] {
        let browser = console.signed_in(name, role).await;
        let page = browser.get(HERE).await;
        assert!(page.body.contains(WORDS) && !page.body.contains(LOGO) && !page.body.contains("/edit\""), "{name}");
        let words = browser.get(&format!("{WORDS}?language=en&own=on")).await;
        assert!(
            words.body.contains("Mine") && !words.body.contains("<textarea") && !words.body.contains(RESET),
            "{name}"
        );
        for path in [LOGO, REMOVE, RESET] {
            assert_eq!(browser.get(path).await.status, StatusCode::FORBIDDEN, "{name} {path}");
        }
        let csrf = page.hidden("csrf");
        for path in [HERE, REMOVE, WORDS, RESET] {
            let told = browser.post(path, &[("csrf", &csrf), ("seen", "1"), ("texts.en.code-title", "Theirs")]).await;
            assert_eq!(told.status, StatusCode::FORBIDDEN, "{name} {path}");
        }
        let told = browser.upload(LOGO, ORIGIN, ("logo", "picture", PNG), &[("csrf", &csrf), ("seen", "1")]).await;
        assert_eq!(told.status, StatusCode::FORBIDDEN, "{name}");
    }
    assert_eq!(text_of(&console, "en", "code-title").as_deref(), Some("Mine"));
}
