//! Everything is rendered in every language, and looked at for what must never be on a page.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::*;
use crate::builtin::{ADMIN, LOCALES, MAILS, PAGES};
use crate::locale::{LANGUAGES, TAGS};

fn views() -> Views {
    Views::new(None).unwrap()
}

/// Every page in a language, by a name.
fn pages(views: &Views, tag: &str) -> Vec<(String, String)> {
    pages_in(views, &samples::chrome(tag))
}

fn pages_in(views: &Views, chrome: &Chrome) -> Vec<(String, String)> {
    let signed_in = Chrome { signed_in_as: Some("alice".to_owned()), ..chrome.clone() };
    let mut all = Vec::new();
    for (name, screen) in samples::screens() {
        all.push((name, views.screen(&screen, chrome, Some(samples::QR)).unwrap()));
    }
    for (name, page) in samples::starts() {
        all.push((name.to_owned(), views.start(&page, &signed_in).unwrap()));
    }
    all.extend(samples::own_pages(views, &signed_in).unwrap());
    for page in samples::messages() {
        let name = format!("message-{}", page.kind.name());
        all.push((name, views.message(&page, chrome).unwrap()));
    }
    all
}

/// The portal's and the console's.
fn all_there_are() -> Vec<(String, String)> {
    let views = views();
    let console = TAGS.into_iter().flat_map(|tag| {
        console_tests::console_pages(&views, tag).into_iter().map(move |(name, html)| (format!("{tag}/{name}"), html))
    });
    every_page().into_iter().chain(console).collect()
}

fn every_page() -> Vec<(String, String)> {
    let views = views();
    TAGS.into_iter()
        .flat_map(|tag| pages(&views, tag).into_iter().map(move |(name, html)| (format!("{tag}/{name}"), html)))
        .collect()
}

#[test]
fn every_page_is_in_its_language_throughout() {
    for (name, html) in every_page() {
        let tag = name.split('/').next().unwrap();
        let dir = locale::language(tag).dir;
        assert!(
            html.starts_with(&format!("<!doctype html>\n<html lang=\"{tag}\" dir=\"{dir}\">")),
            "{name}: {html:.80}"
        );
        // R10's mark of a message that is missing; the selector's own names have their languages.
        assert!(!html.contains("<span lang="), "{name} falls back to English");
    }
}

#[test]
fn every_tag_is_closed_in_order() {
    let void = ["meta", "link", "img", "input", "br", "hr"];
    for (name, html) in all_there_are() {
        let mut open: Vec<String> = Vec::new();
        for tag in html.split('<').skip(1).map(|rest| rest.split('>').next().unwrap()) {
            let element = tag.trim_start_matches('/').split([' ', '\n', '/']).next().unwrap().to_owned();
            if tag.starts_with('!') || tag.ends_with('/') || void.contains(&element.as_str()) {
                continue;
            }
            if tag.starts_with('/') {
                assert_eq!(open.pop().as_ref(), Some(&element), "{name}: </{element}>");
            } else {
                open.push(element);
            }
        }
        assert!(open.is_empty(), "{name}: {open:?} are open at the end");
    }
}

#[test]
fn no_id_is_given_twice_and_every_reference_leads_somewhere() {
    let values = |html: &str, attribute: &str| -> Vec<String> {
        let start = format!(" {attribute}=\"");
        html.split(&start).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
    };
    for (name, html) in all_there_are() {
        let ids = values(&html, "id");
        let unique: BTreeSet<&String> = ids.iter().collect();
        assert_eq!(ids.len(), unique.len(), "{name}: {ids:?}");
        for attribute in ["for", "form", "aria-describedby", "aria-labelledby"] {
            for reference in values(&html, attribute).iter().flat_map(|value| value.split(' ')) {
                assert!(ids.iter().any(|id| id == reference), "{name}: {attribute}={reference}");
            }
        }
        for link in values(&html, "href").iter().filter_map(|href| href.strip_prefix('#')) {
            assert!(ids.iter().any(|id| id == link), "{name}: #{link}");
        }
    }
}

/// SEC 5.12: `script-src 'self'; style-src 'self'`, and nothing from elsewhere.
#[test]
fn no_page_has_inline_script_or_style_or_loads_from_elsewhere() {
    for (name, html) in all_there_are() {
        assert!(!html.contains("<style") && !html.contains(" style="), "{name} has inline style");
        assert!(!html.contains("javascript:"), "{name} has a script URL");
        for tag in html.split('<').skip(1).map(|rest| rest.split('>').next().unwrap()) {
            let handler = tag.split_whitespace().skip(1).any(|word| word.starts_with("on") && word.contains('='));
            assert!(!handler, "{name}: <{tag}> has a handler");
            if tag.starts_with("script") {
                assert!(tag.contains(" src=\"/assets/"), "{name}: <{tag}>");
            }
            let loads = ["script", "link", "img"].iter().any(|element| tag.starts_with(element));
            assert!(!(loads && tag.contains("//")), "{name}: <{tag}> loads from elsewhere");
        }
    }
}

#[test]
fn every_page_has_one_heading_a_title_and_the_footer() {
    for (name, html) in every_page() {
        assert_eq!(html.matches("<h1 ").count(), 1, "{name}");
        let title = html.split("<title>").nth(1).unwrap().split("</title>").next().unwrap();
        assert!(title.ends_with(" – Doorward Demo"), "{name}: {title}");
        assert!(!title.contains('<') && !title.contains('\n'), "{name}: {title}");
        // On a host that is not ours there is no selector, and nothing to load but the style sheet.
        let at_home = !name.contains("unknown-host");
        // Whatever leads away from codes that are shown once loses them.
        let selector = at_home && !name.ends_with("/own-codes");
        assert_eq!(html.contains("action=\"/language\"") && html.contains("name=\"language\""), selector, "{name}");
        assert!(html.contains("/assets/doorward.css"), "{name}");
        assert_eq!(html.contains("/assets/doorward.js"), at_home, "{name}");
        assert!(html.contains("href=\"https://help.example.test/\""), "{name} has no help link (R84)");
    }
}

#[test]
fn every_form_of_a_step_carries_its_hidden_fields() {
    let views = views();
    for (name, html) in pages(&views, "en") {
        for form in html.split("<form").skip(1).map(|rest| rest.split("</form>").next().unwrap()) {
            assert!(
                form.contains(" method=\"post\"") && form.contains("name=\"csrf\" value=\"sample\""),
                "{name}: {form}"
            );
            let of_a_step = ["/signin/", "/enrol/"].iter().any(|path| form.contains(&format!("action=\"{path}")));
            let complete = form.contains("name=\"flow\" value=\"sample-flow\"")
                && form.contains("name=\"nonce\"")
                && form.contains("name=\"return\" value=\"sample-return\"");
            assert_eq!(of_a_step, complete, "{name}: {form}");
        }
    }
}

/// The field names, the actions and Add Authenticator's label are part of the interface.
#[test]
fn the_forms_are_those_that_are_promised() {
    let views = views();
    let all: BTreeMap<String, String> = pages(&views, "en").into_iter().collect();
    for (page, parts) in [
        (
            "name",
            vec![
                "action=\"/signin\"",
                "name=\"username\"",
                "name=\"remember\"",
                "name=\"return\" value=\"sealed-address\"",
            ],
        ),
        (
            "password",
            vec![
                "action=\"/signin/password\"",
                "name=\"password\"",
                "autocomplete=\"current-password\"",
                "action=\"/signin/switch\"",
            ],
        ),
        (
            "passcode",
            vec![
                "action=\"/signin/passcode\"",
                "name=\"otp\"",
                "inputmode=\"numeric\"",
                "autocomplete=\"one-time-code\"",
            ],
        ),
        ("need", vec!["action=\"/enrol/add\"", "name=\"add_authenticator\"", ">Add Authenticator</button>"]),
        ("need-later", vec!["action=\"/enrol/add\"", "action=\"/enrol/later\"", "form=\"later\""]),
        ("need-instead", vec!["action=\"/enrol/add\"", "<details>", "action=\"/signin/passcode\"", "name=\"otp\""]),
        ("approval", vec!["action=\"/enrol/ask-approval\"", "action=\"/signin/cancel\""]),
        ("approval-asked", vec!["action=\"/enrol/go-on\"", "action=\"/signin/cancel\""]),
        ("approval-approved", vec!["action=\"/enrol/go-on\"", ">Continue</button>"]),
        ("approval-refused", vec!["action=\"/signin/cancel\""]),
        (
            "help-desk",
            vec!["action=\"/enrol/help-desk-code\"", "name=\"code\"", "autocomplete=\"one-time-code\"", "for=\"code\""],
        ),
        ("code", vec!["action=\"/enrol/code\"", "name=\"verification_code\"", "action=\"/enrol/resend\""]),
        (
            "kind",
            vec!["action=\"/enrol/target\"", "name=\"target\" value=\"mobile\"", "value=\"windows-desktop\" checked"],
        ),
        (
            "device",
            vec!["action=\"/enrol/target\"", "value=\"ios\"", "value=\"android\" checked", "action=\"/enrol/back\""],
        ),
        (
            "install-ios",
            vec![
                "action=\"/enrol/continue\"",
                "name=\"continue\"",
                "action=\"/enrol/new-code\"",
                "href=\"otpauth://totp/",
                "GEZD GNBV",
                "<svg",
            ],
        ),
        ("ready-ios", vec!["action=\"/signin/passcode\"", "name=\"otp\"", "action=\"/enrol/back\""]),
        ("message-dispute-look", vec!["action=\"/notice/sample\""]),
        ("start", vec!["action=\"/signout\"", "href=\"https://wiki.example.test/\"", "href=\"/authenticators\""]),
        ("own", vec!["href=\"/authenticators/active\"", "href=\"/sign-out-everywhere\""]),
        (
            "own-active",
            vec![
                "action=\"/authenticators/active/name\"",
                "name=\"label\"",
                "action=\"/authenticators/active/test\"",
                "action=\"/authenticators/active/resync\"",
                "name=\"first\"",
                "name=\"second\"",
                "action=\"/authenticators/active/pin\"",
                "name=\"otp\"",
                "name=\"pin_again\"",
                "href=\"/authenticators/active/lost\"",
                "href=\"/authenticators/active/remove\"",
            ],
        ),
        ("own-active-lost", vec!["action=\"/authenticators/active/lost\"", "name=\"lost\""]),
        ("own-active-replace", vec!["action=\"/authenticators/active/lost\"", "name=\"lost\""]),
        ("own-added", vec!["href=\"/authenticators/add\""]),
        ("own-add", vec!["action=\"/authenticators/add\"", "name=\"add\""]),
        ("own-active-remove", vec!["action=\"/authenticators/active/remove\"", "name=\"remove\""]),
        ("own-codes-unmade", vec!["href=\"/recovery-codes\""]),
        (
            "own-recovery",
            vec!["action=\"/recovery-codes\"", "name=\"otp\"", "for=\"otp\"", "autocomplete=\"one-time-code\""],
        ),
        ("own-codes", vec![">7Q2M-K94T-B3X0</code>", ">7Q2M-K94T-B3X9</code>", "href=\"/authenticators\""]),
        ("own-sign-out", vec!["action=\"/sign-out-everywhere\"", "name=\"everywhere\""]),
    ] {
        let html = &all[page];
        for part in parts {
            assert!(html.contains(part), "{page} lacks {part}");
        }
    }
}

#[test]
fn an_error_is_said_at_the_top_and_at_the_field() {
    let views = views();
    let all: BTreeMap<String, String> = pages(&views, "en").into_iter().collect();
    let html = &all["code-wrong-4"];
    assert!(
        html.contains("role=\"alert\"")
            && html.contains("<a href=\"#verification_code\">That code isn’t right. 4 tries left.</a>")
    );
    assert!(html.contains("aria-describedby=\"verification_code-error\" aria-invalid=\"true\""));
    assert!(html.contains("<title>Error – Step 2 – Check your email – Doorward Demo</title>"));
    assert!(all["code-wrong-1"].contains("1 try left."));
    assert!(!all["code-codesentagain"].contains("aria-invalid"));
}

/// Only what can be done with an authenticator is offered, and the form that was sent is open, with what was wrong at its field.
#[test]
fn the_users_own_page_offers_what_can_be_done() {
    let views = views();
    let all: BTreeMap<String, String> = pages(&views, "en").into_iter().collect();
    let offers = |page: &str, what: &str| all[page].contains(&format!("/{what}\""));
    for page in ["own-question", "own-locked", "own-suspended", "own-assigned", "own-locked-pin"] {
        assert!(offers(page, "name"), "{page}");
        assert!(!offers(page, "test") && !offers(page, "resync") && !offers(page, "pin"), "{page}");
        assert_eq!(offers(page, "lost"), ["own-question", "own-locked"].contains(&page), "{page}");
    }
    let html = &all["own-test-wrong-again"];
    assert_eq!(html.matches("<details open>").count(), 1, "{html}");
    assert!(
        html.contains("<a href=\"#test-otp\">Not accepted.")
            && html.contains("aria-describedby=\"test-otp-hint test-otp-error\"")
    );
    assert!(html.contains("Check that the clock of your device") && html.contains("<title>Error – My &lt;b&gt;phone"));
    assert!(all["own-pin-differs"].contains("id=\"pin_again-error\""));
    let done = &all["own-renamed"];
    assert!(
        done.contains("role=\"status\"") && done.contains("The name is saved.") && !done.contains("<details open>")
    );
    assert!(
        all["own-empty"].contains("You have no authenticator.") && !all["own-empty"].contains("<ul class=\"tokens\"")
    );
}

/// It is fourteen characters, letters among them: a field for digits alone would keep it out.
#[test]
fn a_recovery_code_can_be_typed_where_the_passcode_goes() {
    let views = views();
    let all: BTreeMap<String, String> = pages(&views, "en").into_iter().collect();
    let field =
        |page: &str| all[page].split("<input class=\"code\"").nth(1).unwrap().split('>').next().unwrap().to_owned();
    for page in ["passcode-recovery", "passcode-pin-recovery"] {
        let field = field(page);
        assert!(!["inputmode", "pattern", "maxlength"].iter().any(|limit| field.contains(limit)), "{page}: {field}");
        assert!(field.contains("aria-describedby=\"otp-hint otp-recovery\""), "{page}: {field}");
        assert!(all[page].contains("You can type one of your recovery codes instead."), "{page}");
    }
    for page in ["passcode", "passcode-suspended", "ready-ios", "ready-pin"] {
        assert!(!all[page].contains("recovery"), "{page}");
    }
}

#[test]
fn the_users_own_page_says_what_is_left_of_the_recovery_codes() {
    let views = views();
    let all: BTreeMap<String, String> = pages(&views, "en").into_iter().collect();
    for (page, said) in [
        ("own-codes-unmade", "You have none."),
        ("own-codes-left", "7 of ten are left. They were made <time datetime=\"2026-11-24T14:32:05"),
        ("own-codes-used-up", "None of the ten that you made <time"),
    ] {
        assert!(all[page].contains(said) && all[page].contains("<h2 id=\"recovery\">"), "{page}: {}", all[page]);
    }
    assert!(all["own-codes-unmade"].contains("<a href=\"/recovery-codes\">Make recovery codes</a>"));
    assert!(all["own-codes-left"].contains("<a href=\"/recovery-codes\">Make new recovery codes</a>"));
    let unable = &all["own-codes-used-up"];
    assert!(!unable.contains("/recovery-codes") && unable.contains("you need a passcode of an authenticator"));
    assert!(!all["own"].contains("id=\"recovery\""), "where there can be none, nothing is said of them");
}

#[test]
fn recovery_codes_are_made_by_a_passcode() {
    let views = views();
    let all: BTreeMap<String, String> = pages(&views, "en").into_iter().collect();
    let (first, anew) = (&all["own-recovery"], &all["own-recovery-anew"]);
    assert!(first.contains("6 digits, together with your PIN") && !first.contains("inputmode"));
    let replaces = "The codes that you have made before end with it.";
    assert!(!first.contains(replaces) && anew.contains(replaces));
    let wrong = &all["own-recovery-wrong"];
    assert!(
        wrong.contains("<a href=\"#otp\">Not accepted.") && wrong.contains("aria-describedby=\"otp-hint otp-error\"")
    );
    assert!(wrong.contains("<title>Error – Make recovery codes – "));
    assert!(all["own-recovery-locked"].contains(">2026-11-24 14:47 UTC</time>"), "a time with its day");
    assert!(!all["own-recovery-next"].contains("aria-invalid"));
}

#[test]
fn recovery_codes_are_shown_to_be_kept_on_paper() {
    let views = views();
    for tag in ["en", "ar"] {
        let all: BTreeMap<String, String> = pages(&views, tag).into_iter().collect();
        let list = all["own-codes"].split("<ol class=\"codes\" dir=\"ltr\" translate=\"no\">").nth(1).unwrap();
        let codes = list.split("</ol>").next().unwrap();
        assert_eq!(codes.matches("<li><code>7Q2M-K94T-B3X").count(), 10, "{tag}: {codes}");
    }
    let css = String::from_utf8_lossy(&views.asset("doorward.css").unwrap().bytes).into_owned();
    let print = css.split("@media print").nth(1).unwrap();
    assert!(print.contains("body:has(.codes) header.site { display: none; }"), "{print}");
    assert!(print.contains("footer.site, .actions"), "{print}");
}

#[test]
fn what_is_given_up_for_another_does_not_come_back() {
    let views = views();
    let all: BTreeMap<String, String> = pages(&views, "en").into_iter().collect();
    let (lost, replaced) = (&all["own-active-lost"], &all["own-active-replace"]);
    assert!(lost.contains("the help desk can reactivate it") && lost.contains(">Yes, suspend it</button>"));
    assert!(!replaced.contains("reactivate") && !replaced.contains("suspend"));
    assert!(
        replaced.contains("given up for good") && replaced.contains("add another authenticator when you sign in next")
    );
    let done = &all["message-replace-done"];
    assert!(!done.contains("suspended") && done.contains(">Sign in again</a>"));
}

/// Decision A10: no claim of a mail that nobody accepted; E1 and E2 ask for no code.
#[test]
fn no_mail_is_claimed_that_was_not_sent() {
    let views = views();
    let all: BTreeMap<String, String> = pages(&views, "en").into_iter().collect();
    for page in ["code-noemail", "code-mailfailed", "code-refused", "code-codedaylimit"] {
        assert!(!all[page].contains("We sent") && !all[page].contains("name=\"verification_code\""), "{page}");
    }
    assert!(all["code-sending"].contains("We are sending") && !all["code-sending"].contains("We sent"));
    assert!(all["code-sending"].contains("<noscript><meta http-equiv=\"refresh\" content=\"10\"></noscript>"));
    assert!(!all["code"].contains("http-equiv"));
    assert!(all["code-mailfailed"].contains("action=\"/enrol/resend\""));
}

/// The button is there where it may be put off, and says which day is the last.
#[test]
fn what_can_be_put_off_says_until_which_day() {
    let views = views();
    let all: BTreeMap<String, String> = pages(&views, "en").into_iter().collect();
    assert!(
        all["need-later"].contains(
            "until the end of <time datetime=\"2026-12-24\" data-local=\"day\" dir=\"ltr\">2026-12-24</time>."
        )
    );
    assert!(all["need-later"].contains("form=\"later\" aria-describedby=\"need-later\">Later</button>"));
    assert!(!all["need"].contains("/enrol/later") && !all["need"].contains("Later"));
    assert!(!all["need"].contains("/signin/passcode"), "no field for what there is not");
}

#[test]
fn whoever_waits_for_an_approval_is_told_when_it_is_there() {
    let views = views();
    let all: BTreeMap<String, String> = pages(&views, "en").into_iter().collect();
    let asked = &all["approval-asked"];
    assert!(asked.contains("<noscript><meta http-equiv=\"refresh\" content=\"15\"></noscript>"));
    assert!(asked.contains("role=\"status\" data-live=\"asked\" data-poll=\"15\""));
    assert!(asked.contains("2026-11-27 14:32 UTC") && !asked.contains("/enrol/ask-approval"));
    for other in ["approval", "approval-approved", "approval-refused"] {
        // Without it the page is loaded anew, with its own title and heading.
        assert!(!all[other].contains("data-live") && !all[other].contains("http-equiv"), "{other}");
    }
}

#[test]
fn whoever_is_refused_is_told_why_and_whom_to_ask_and_cannot_ask_again() {
    let views = views();
    let all: BTreeMap<String, String> = pages(&views, "en").into_iter().collect();
    let refused = &all["approval-refused"];
    assert!(refused.contains("The reason given: <bdi>Come to &lt;b&gt;room 101&lt;/b&gt; first.</bdi>"));
    assert!(refused.contains(">Contact the help desk</a>") && refused.contains("You can ask again after"));
    assert!(!refused.contains("/enrol/ask-approval") && !refused.contains("/enrol/go-on"));
    assert!(!all["approval-refused-bare"].contains("reason given"));
}

#[test]
fn the_code_of_the_help_desk_is_not_asked_for_when_there_are_no_tries_left() {
    let views = views();
    let all: BTreeMap<String, String> = pages(&views, "en").into_iter().collect();
    assert!(all["help-desk-wrong-4"].contains("<a href=\"#code\">That code isn’t right. 4 tries left.</a>"));
    assert!(all["help-desk-wrong-0"].contains("It was the last try for today."));
    assert!(all["help-desk-helpdeskcodeover"].contains("aria-describedby=\"code-hint code-error\""));
    let limit = &all["help-desk-helpdeskcodelimit"];
    assert!(!limit.contains("name=\"code\"") && limit.contains("Come back after <time"), "{limit}");
}

#[test]
fn a_reminder_counts_the_days_that_are_left() {
    let views = views();
    let reminders = samples::mails().into_iter().filter(|(kind, _)| *kind == MailKind::EnrolmentReminder);
    let mails: Vec<MailText> = reminders
        .map(|(kind, fields)| views.mail(kind, "en", &fields, "Doorward Demo", &Arc::default()).unwrap())
        .collect();
    assert_eq!(mails[0].subject, "Set up your authenticator for Doorward Demo by 2026-12-24");
    for (mail, left) in mails.iter().zip(["There are 7 days left.", "There is 1 day left."]) {
        for part in [mail.text.expose(), mail.html.expose()] {
            assert!(part.contains(left) && part.contains("https://login.example.test/"), "{part}");
        }
    }
    assert!(mails[1].text.expose().contains("After 2026-12-24 Team Wiki asks for a one-time passcode."));
}

#[test]
fn an_approval_says_until_when_it_is_good() {
    let (kind, fields) = samples::mails().into_iter().find(|(kind, _)| *kind == MailKind::EnrolmentApproved).unwrap();
    let mail = views().mail(kind, "en", &fields, "Doorward Demo", &Arc::default()).unwrap();
    assert_eq!(mail.subject, "You can now add your authenticator at Doorward Demo");
    for part in [mail.text.expose(), mail.html.expose()] {
        assert!(part.contains("2026-11-27 14:32 UTC") && part.contains("https://login.example.test/"), "{part}");
    }
}

#[test]
fn whoever_a_recovery_code_belongs_to_is_told_how_many_are_left_and_whom_to_call() {
    let views = views();
    let used = samples::mails().into_iter().filter(|(kind, _)| *kind == MailKind::RecoveryCodeUsed);
    let look = samples::dressed("en").look;
    let mails: Vec<MailText> =
        used.map(|(kind, fields)| views.mail(kind, "en", &fields, "Doorward Demo", &look).unwrap()).collect();
    assert_eq!(mails[0].subject, "One of your recovery codes was used at Example Login");
    for (mail, left) in mails.iter().zip(["You have 9 recovery codes left.", "It was your last one."]) {
        for part in [mail.text.expose(), mail.html.expose()] {
            assert!(part.contains(left) && part.contains("2026-11-24 14:32 UTC"), "{part}");
            assert!(part.contains("https://login.example.test/authenticators"), "{part}");
            assert!(part.contains("Call the help desk at once") && part.contains("Room 101, telephone 2900"), "{part}");
        }
    }
    assert!(mails[0].text.expose().contains("Network address: 192.0.2.7"));
    assert!(!mails[1].text.expose().contains("Network address"));
}

#[test]
fn an_expired_code_is_not_shown() {
    let views = views();
    let all: BTreeMap<String, String> = pages(&views, "en").into_iter().collect();
    let html = &all["install-expired"];
    assert!(!html.contains("otpauth:") && !html.contains("GEZD") && html.contains("action=\"/enrol/new-code\""));
}

/// R21..R23: what activates is shown once, where it belongs, and the code can always be typed.
#[test]
fn an_authenticator_of_our_own_is_installed_and_activated() {
    let views = views();
    let all: BTreeMap<String, String> = pages(&views, "en").into_iter().collect();
    for page in ["activate-ios", "activate-android", "activate-windows-store", "activate-ios-here"] {
        let html = &all[page];
        for part in [
            "https://authenticator.example.test/a/#v=1",
            ">7Q2M-K94T-B3X0</code>",
            ">authenticator.example.test</bdi>",
            ">alice</bdi>",
            "data-copy=\"code\"",
            "action=\"/enrol/new-code\"",
            "role=\"status\" id=\"stage\" data-live=\"waiting\" data-poll=\"2\"",
            "<noscript><meta http-equiv=\"refresh\" content=\"10\"></noscript>",
            "Code valid until <time",
        ] {
            assert!(html.contains(part), "{page} lacks {part}");
        }
    }
    assert!(all["activate-ios"].contains("aria-label=\"QR code; use the link or the text code below instead\""));
    assert_eq!(all["activate-ios"].matches("class=\"qr").count(), 1);
    let first = &all["activate-android-first"];
    assert!(!first.contains("#v=1") && !first.contains("7Q2M") && !first.contains("data-poll"), "{first}");
    assert!(first.contains("href=\"https://play.example.test/store?id=a&amp;hl=en\"") && first.contains("Google Play"));
    assert!(first.contains("action=\"/enrol/installed\"") && first.contains("class=\"qr small\""));
    assert!(!all["activate-android-first-here"].contains("class=\"qr"), "nobody scans their own screen");
    let expired = &all["activate-expired"];
    assert!(!expired.contains("#v=1") && !expired.contains("7Q2M") && expired.contains("action=\"/enrol/new-code\""));
}

#[test]
fn on_the_device_itself_the_link_comes_first() {
    let views = views();
    let all: BTreeMap<String, String> = pages(&views, "en").into_iter().collect();
    let phone = &all["activate-ios-here"];
    let (open, scan) = (phone.find("Open and activate").unwrap(), phone.find("class=\"qr\"").unwrap());
    assert!(open < scan && phone.contains("One phone for both"));
    let computer = &all["activate-windows-none"];
    assert!(computer.contains("target=\"_blank\" rel=\"noopener\">Activate on this computer</a>"));
    assert!(!computer.contains("class=\"qr") && !computer.contains("One phone"));
    assert!(computer.contains("It is already installed.") && !computer.contains("Install the app"));
    assert!(all["activate-windows-installer"].contains("https://files.example.test/authenticator.exe"));
    assert!(all["activate-windows-page"].contains("not reading this on a Windows computer"));
}

/// What others have made is set up by its own code, types none, and shows no number.
#[test]
fn an_app_that_others_have_made_is_scanned_and_confirmed_by_its_name() {
    let views = views();
    let all: BTreeMap<String, String> = pages(&views, "en").into_iter().collect();
    for page in ["activate-theirs", "activate-theirs-here"] {
        let html = &all[page];
        assert!(html.contains("href=\"otpauth://pipush/Doorward:alice?url="), "{page}");
        assert!(
            html.contains("Open in the app on this device") && html.contains("privacyIDEA Authenticator"),
            "{page}"
        );
        assert!(html.contains("data-live=\"waiting\" data-poll=\"2\"") && html.contains("class=\"qr\""), "{page}");
        assert!(!html.contains("Activation code") && !html.contains("id=\"code\"") && !html.contains("7Q2M"), "{page}");
    }
    let found = &all["activate-theirs-found"];
    assert!(found.contains("Is this your device: <bdi>Pixel &lt;b&gt;9&lt;/b&gt;, Chrome</bdi>?"));
    assert!(!found.contains("shown-number") && found.contains("name=\"mine\" value=\"no\">Not mine<"));
    for page in ["ready-requests", "ready-requests-waiting", "ready-requests-off"] {
        assert!(!all[page].contains("name=\"otp\"") && !all[page].contains("or with a passcode"), "{page}");
    }
    assert!(all["ready-requests"].contains("action=\"/signin/push\""));
    assert!(all["ready-requests-pushexpired"].contains("Send a new one.</"));
    let typed = &all["requests"];
    assert!(typed.contains("name=\"otp\"") && typed.contains("A temporary passcode of the help desk"));
    assert!(typed.find("action=\"/signin/push\"").unwrap() < typed.find("name=\"otp\"").unwrap());
    assert!(typed.contains(">Approve on your device</h1>") && !typed.contains("data-focus"), "the request comes first");
}

#[test]
fn another_app_may_be_taken_while_nobody_has_scanned_the_code() {
    let views = views();
    let all: BTreeMap<String, String> = pages(&views, "en").into_iter().collect();
    for page in ["install-ios", "install-expired", "activate-ios", "activate-android-first", "activate-failed-second"] {
        let html = &all[page];
        assert!(html.contains("Use another app instead") && html.contains("action=\"/enrol/kind\""), "{page}");
        assert!(html.contains("name=\"kind\" value=\"push\">privacyIDEA Authenticator<"), "{page}");
    }
    assert!(all["activate-ios"].contains("value=\"otp\">Standard authenticator app<"));
    for page in ["activate-found", "activate-setting-up", "activate-active"] {
        assert!(!all[page].contains("/enrol/kind"), "{page}");
    }
}

/// Decision B4: whoever enrols says whose the device is; the number must be the same on both screens.
#[test]
fn a_device_that_was_found_is_the_users_or_is_not() {
    let views = views();
    let all: BTreeMap<String, String> = pages(&views, "en").into_iter().collect();
    let found = &all["activate-found"];
    assert!(
        found.contains("Device found: <bdi>Pixel &lt;b&gt;9&lt;/b&gt;, Chrome</bdi>") && found.contains(">0821</code>")
    );
    assert!(found.contains("action=\"/enrol/device\"") && found.contains("name=\"mine\" value=\"yes\">It’s mine<"));
    assert!(found.contains("name=\"mine\" value=\"no\">Not mine<"));
    assert!(!found.contains("7Q2M") && !found.contains("#v=1"), "the code has been used");
    assert!(all["activate-active"].contains("action=\"/enrol/continue\" data-auto-submit-once"));
    assert!(!all["activate-active"].contains("data-poll"));
    let refused = &all["activate-failed-target"];
    assert!(refused.contains("<li>On This Computer</li>") && refused.contains("action=\"/enrol/back\""));
    for failed in ["target", "second", "not-mine"] {
        let html = &all[&format!("activate-failed-{failed}")];
        assert!(html.contains("action=\"/enrol/new-code\"") && !html.contains("data-live"), "{failed}");
    }
}

#[test]
fn a_request_stands_beside_the_passcode() {
    let views = views();
    let all: BTreeMap<String, String> = pages(&views, "en").into_iter().collect();
    for (name, html) in all.iter().filter(|(name, _)| name.contains("-push") && !name.contains("requests")) {
        assert!(html.contains("name=\"otp\""), "{name}");
    }
    assert!(all["passcode-push"].contains("action=\"/signin/push\"") && !all["passcode"].contains("/signin/push"));
    let waiting = &all["passcode-push-waiting"];
    assert!(waiting.contains("Enter <bdi>47</bdi> in the app.") && waiting.contains("data-ends-in=\"118\""));
    assert!(waiting.contains("data-live=\"push-waiting\" data-poll=\"2\"") && waiting.contains("http-equiv"));
    assert!(waiting.contains("action=\"/signin/push/cancel\"") && !waiting.contains("/signin/push/finish"));
    assert!(all["passcode-push-by-hand"].contains("Open the app on your device"));
    let approved = &all["passcode-push-approved"];
    assert!(
        approved.contains("action=\"/signin/push/finish\" data-auto-submit-once") && !approved.contains("data-poll")
    );
    let with_pin = &all["passcode-push-approved-pin"];
    assert!(with_pin.contains("id=\"push-pin\" name=\"pin\"") && !with_pin.contains("auto-submit-once"));
    assert!(all["passcode-push-approved-pin-not-accepted-1"].contains("<a href=\"#push-pin\">"));
    assert!(!all["passcode-push-off"].contains("action=\"/signin/push"));
    assert!(all["ready-push-waiting"].contains("Added: <bdi>Pixel 9, Chrome</bdi>"));
}

#[test]
fn what_a_user_typed_is_never_markup() {
    let views = views();
    let evil = "\"><script>alert(1)</script>'";
    let (_, mut screen) = samples::screens().into_iter().find(|(name, _)| name == "password").unwrap();
    screen.user_name = Some(evil.to_owned());
    screen.app_name = Some(evil.to_owned());
    let chrome = Chrome { brand: evil.to_owned(), path_back: evil.to_owned(), ..samples::chrome("en") };
    let html = views.screen(&screen, &chrome, None).unwrap();
    assert!(!html.contains("<script>") && html.contains("&lt;script&gt;"));
}

#[test]
fn the_code_stands_alone_in_the_mail() {
    let views = views();
    for tag in TAGS {
        for (kind, fields) in samples::mails().into_iter().filter(|(kind, _)| *kind == MailKind::VerificationCode) {
            let mail = views.mail(kind, tag, &fields, "Doorward Demo", &Arc::default()).unwrap();
            let text = mail.text.expose();
            assert_eq!(text.lines().filter(|line| *line == "042137").count(), 1, "{tag}: {text}");
            let digits: Vec<&str> = text.split(|c: char| !c.is_ascii_digit()).filter(|run| run.len() >= 6).collect();
            assert_eq!(digits, ["042137"], "{tag}: {text}");
            assert!(mail.html.expose().contains(">042137</p>"), "{tag}");
            assert!(!mail.subject.contains("042137") && !mail.subject.contains('\n'), "{tag}: {}", mail.subject);
        }
    }
}

#[test]
fn a_mail_says_which_field_it_lacks() {
    let error = views().mail(MailKind::EnrolmentNotice, "en", &BTreeMap::new(), "B", &Arc::default()).unwrap_err();
    assert_eq!(error.to_string(), "the mail enrolment_notice needs the field device");
}

#[test]
fn a_brand_cannot_add_a_header_to_a_mail() {
    let (kind, fields) = samples::mails().remove(0);
    let mail = views().mail(kind, "en", &fields, "Brand\r\nBcc: everybody@example.test", &Arc::default()).unwrap();
    assert!(!mail.subject.contains(['\r', '\n']), "{:?}", mail.subject);
}

/// The literals that templates and code name words by: whole keys, and beginnings that something is appended to.
fn named_keys() -> (BTreeSet<String>, BTreeSet<String>) {
    let console = [
        include_str!("console.rs"),
        include_str!("console_access.rs"),
        include_str!("console_appearance.rs"),
        include_str!("console_enrolment.rs"),
        include_str!("../../portal/src/console/account.rs"),
        include_str!("../../portal/src/console/appearance.rs"),
        include_str!("../../portal/src/console/approvals.rs"),
        include_str!("../../portal/src/console/door.rs"),
        include_str!("../../portal/src/console/faces.rs"),
        include_str!("../../portal/src/console/grants.rs"),
        include_str!("../../portal/src/console/groups.rs"),
        include_str!("../../portal/src/console/imports.rs"),
        include_str!("../../portal/src/console/keys.rs"),
        include_str!("../../portal/src/console/overview.rs"),
        include_str!("../../portal/src/console/panels.rs"),
        include_str!("../../portal/src/console/past.rs"),
        include_str!("../../portal/src/console/policies.rs"),
        include_str!("../../portal/src/console/policies/decided.rs"),
        include_str!("../../portal/src/console/policies/replay.rs"),
        include_str!("../../portal/src/console/provisioning.rs"),
        include_str!("../../portal/src/console/provisioning_rules.rs"),
        include_str!("../../portal/src/console/records.rs"),
        include_str!("../../portal/src/console/roles.rs"),
        include_str!("../../portal/src/console/rules.rs"),
        include_str!("../../portal/src/console/rules/form.rs"),
        include_str!("../../portal/src/console/rules/log.rs"),
        include_str!("../../portal/src/console/settings.rs"),
        include_str!("../../portal/src/console/signed.rs"),
        include_str!("../../portal/src/console/staff.rs"),
        include_str!("../../portal/src/console/tokens.rs"),
        include_str!("../../portal/src/console/users.rs"),
        include_str!("../../portal/src/console/verification.rs"),
        include_str!("../../portal/src/console/words.rs"),
    ];
    let code =
        [include_str!("notice.rs"), include_str!("mail.rs"), include_str!("own.rs"), include_str!("passkeys.rs")]
            .concat()
            + &console.concat();
    let code = code.as_str();
    let sources = PAGES.iter().chain(ADMIN).chain(MAILS).map(|(_, source)| *source).chain([code]);
    let literals: BTreeSet<String> =
        sources.flat_map(|source| source.split(['"', '\'']).map(str::to_owned).collect::<Vec<_>>()).collect();
    let composed =
        code.split(['"', '\'']).filter_map(|literal| literal.split_once('{')).map(|(before, _)| before.to_owned());
    let beginnings = literals.iter().cloned().chain(composed).filter(|l| l.ends_with('-')).collect();
    (literals, beginnings)
}

fn keys(source: &str) -> BTreeSet<String> {
    source
        .lines()
        .filter_map(|line| line.split_once(" ="))
        .map(|(key, _)| key.to_owned())
        .filter(|key| !key.starts_with(['#', ' ']))
        .collect()
}

/// The fields of each message, over all its variants.
fn variables(source: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut current = String::new();
    for line in source.lines().filter(|line| !line.starts_with('#')) {
        if let Some((key, _)) = line.split_once(" =").filter(|_| !line.starts_with([' ', '}'])) {
            current = key.to_owned();
        }
        let names = line.split('$').skip(1).map(|rest| rest.split([' ', '}']).next().unwrap().to_owned());
        all.entry(current.clone()).or_default().extend(names);
    }
    all
}

#[test]
fn all_languages_have_the_same_messages_with_the_same_fields() {
    let english = LOCALES[0].1;
    for (name, source) in LOCALES {
        assert_eq!(keys(source), keys(english), "{name}");
        for (key, wanted) in variables(english).into_iter().filter(|(key, _)| keys(source).contains(key)) {
            let counted = ["tries", "minutes", "digits"].iter().any(|count| wanted.contains(*count));
            let found = &variables(source)[&key];
            assert!(
                *found == wanted || (counted && found.is_subset(&wanted)),
                "{name}: {key} has {found:?}, not {wanted:?}"
            );
        }
    }
}

#[test]
fn no_message_is_unused() {
    let (literals, beginnings) = named_keys();
    for key in keys(LOCALES[0].1) {
        let begun = beginnings.iter().any(|beginning| beginning.len() > 1 && key.starts_with(beginning.as_str()));
        assert!(literals.contains(&key) || begun, "{key} is used nowhere");
    }
}

#[test]
fn arabic_counts_as_arabic_does() {
    let all: BTreeMap<String, String> = pages(&views(), "ar").into_iter().collect();
    assert!(all["code-wrong-4"].contains("تتبقّى 4 محاولات"));
    assert!(all["code-wrong-1"].contains("محاولة واحدة"));
}

#[test]
fn templates_never_switch_escaping_off() {
    for (name, source) in PAGES.iter().chain(ADMIN).chain(MAILS) {
        assert!(!source.contains("|safe") && !source.contains("| safe") && !source.contains("autoescape"), "{name}");
    }
}

#[test]
fn assets_are_linked_by_their_content() {
    let views = views();
    let html =
        views.start(&StartPage::default(), &Chrome { base: "/.doorward".to_owned(), ..samples::chrome("en") }).unwrap();
    let css = views.asset("doorward.css").unwrap();
    assert!(html.contains(&format!("/.doorward/assets/doorward.css?v={}", css.hash)), "{html}");
    assert!(html.contains("action=\"/.doorward/language\""));
    assert!(views.asset("../Cargo.toml").is_none());
}

mod an_operators_folder {
    use super::*;

    fn with(files: &[(&str, &str)]) -> Result<Views, ViewsError> {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        Views::new(Some(folder.path()))
    }

    fn complaint(name: &str, content: &str) -> String {
        with(&[(name, content)]).unwrap_err().to_string()
    }

    #[test]
    fn overrides_single_words_pages_and_assets() {
        let views = with(&[
            ("locales/fr.ftl", "start-title = Mes outils"),
            ("pages/parts/contact.html", "<b>{{ t(\"contact\") }}</b>"),
            ("static/logo.svg", "<svg/>"),
            ("static/banner.png", "png"),
        ])
        .unwrap();
        let html = views.start(&StartPage::default(), &samples::chrome("fr")).unwrap();
        assert!(html.contains("<title>Mes outils – ") && html.contains("Se déconnecter"));
        assert_eq!(views.asset("logo.svg").unwrap().bytes.as_ref(), b"<svg/>");
        assert_eq!(views.asset("banner.png").unwrap().content_type, "image/png");
    }

    #[test]
    fn is_told_the_line_of_a_mistake() {
        assert!(complaint("pages/name.html", "one\n{% if %}").starts_with("pages/name.html:2: "));
        let wrong_field = complaint("pages/parts/otp.html", "one\n\n{{ no_such_field }}");
        assert!(wrong_field.starts_with("pages/parts/otp.html:3: "), "{wrong_field}");
        let wrong_words = complaint("pages/parts/contact.html", "{{ t(\"no-such-words\") }}");
        assert!(wrong_words.contains("contact.html:1: ") && wrong_words.contains("no-such-words"), "{wrong_words}");
        assert!(complaint("locales/de.ftl", "a = b\nc = { $").contains("de.ftl:2: "));
    }

    #[test]
    fn is_told_of_a_file_that_has_no_effect() {
        for name in ["pages/nothing.html", "locales/tlh.ftl", "static/tool.exe", "static/a/b.css", "readme.txt"] {
            assert!(complaint(name, "x").contains(name.rsplit('/').next().unwrap()), "{name}");
        }
        assert!(Views::new(Some(Path::new("/nowhere/at/all"))).is_err());
    }
}

/// Writes every page and mail into `VIEWS_SAMPLES`, to be looked at in a browser.
#[test]
#[ignore = "writes files; run by hand with VIEWS_SAMPLES=folder"]
fn write_samples() {
    let folder = std::env::var("VIEWS_SAMPLES").expect("VIEWS_SAMPLES names a folder");
    let folder = Path::new(&folder);
    let views = views();
    std::fs::create_dir_all(folder.join("assets")).unwrap();
    for name in ["doorward.css", "console.css", "doorward.js", "logo.svg"] {
        std::fs::write(folder.join("assets").join(name), &views.asset(name).unwrap().bytes).unwrap();
    }
    let look = samples::dressed("en").look;
    std::fs::create_dir_all(folder.join("appearance")).unwrap();
    std::fs::write(folder.join("appearance/7.css"), look.accent_css().unwrap()).unwrap();
    // A picture that can be seen; the sample's own is one pixel.
    std::fs::write(folder.join("appearance/7.logo"), &views.asset("logo.svg").unwrap().bytes).unwrap();
    for tag in ["en", "ar"] {
        std::fs::create_dir_all(folder.join(format!("dressed-{tag}"))).unwrap();
        for (name, html) in pages_in(&views, &samples::dressed(tag)) {
            std::fs::write(folder.join(format!("dressed-{tag}/{name}.html")), html).unwrap();
        }
    }
    for language in LANGUAGES {
        std::fs::create_dir_all(folder.join(language.tag)).unwrap();
        for (name, html) in pages(&views, language.tag) {
            std::fs::write(folder.join(format!("{}/{name}.html", language.tag)), html).unwrap();
        }
        for (name, html) in console_tests::console_pages(&views, language.tag) {
            std::fs::write(folder.join(format!("{}/{name}.html", language.tag)), html).unwrap();
        }
        for (number, (kind, fields)) in samples::mails().into_iter().enumerate() {
            let mail = views.mail(kind, language.tag, &fields, "Doorward Demo", &Arc::default()).unwrap();
            let name = format!("{}/mail-{}-{number}", language.tag, kind.as_str());
            std::fs::write(folder.join(format!("{name}.html")), mail.html.expose()).unwrap();
            std::fs::write(folder.join(format!("{name}.txt")), format!("{}\n\n{}", mail.subject, mail.text.expose()))
                .unwrap();
        }
    }
}
