//! What an operator sets for a portal's looks reaches every page and mail, and can break none of them.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::builtin::{MAILS, PAGES};
use crate::locale::TAGS;
use crate::page::MessageKind;

fn views() -> Views {
    Views::new(None).unwrap()
}

fn texts(texts: &[(&str, &str, &str)]) -> Appearance {
    let mut appearance = Appearance::default();
    for (tag, name, text) in texts {
        appearance.texts.entry((*tag).to_owned()).or_default().insert((*name).to_owned(), (*text).to_owned());
    }
    appearance
}

fn in_look(appearance: &Appearance, language: &str) -> Chrome {
    Chrome { look: Arc::new(Look::new(appearance, 7)), ..samples::chrome(language) }
}

fn page(name: &str, chrome: &Chrome) -> String {
    let (_, screen) = samples::screens().into_iter().find(|(screen, _)| screen == name).unwrap();
    views().screen(&screen, chrome, Some(samples::QR)).unwrap()
}

fn mail(kind: MailKind, language: &str, appearance: &Appearance) -> MailText {
    let (_, fields) = samples::mails().into_iter().find(|(other, _)| *other == kind).unwrap();
    let look = Arc::new(Look::new(appearance, 7));
    views().mail(kind, language, &fields, "Doorward Demo", &look).unwrap()
}

/// Everything in a language, as it is shown in a look.
fn everything(chrome: &Chrome) -> Vec<(String, String)> {
    let views = views();
    let screen = |(name, screen): (String, Screen)| (name, views.screen(&screen, chrome, Some(samples::QR)).unwrap());
    let mut all: Vec<(String, String)> = samples::screens().into_iter().map(screen).collect();
    for (name, page) in samples::starts() {
        all.push((name.to_owned(), views.start(&page, chrome).unwrap()));
    }
    all.extend(samples::own_pages(&views, chrome).unwrap());
    for page in samples::messages() {
        all.push((page.kind.name().to_owned(), views.message(&page, chrome).unwrap()));
    }
    for (kind, fields) in samples::mails() {
        let mail = views.mail(kind, &chrome.language, &fields, &chrome.brand, &chrome.look).unwrap();
        let parts = [mail.subject.as_str(), mail.text.expose(), mail.html.expose()].join("\n");
        all.push((kind.as_str().to_owned(), parts));
    }
    all
}

mod words {
    use super::*;

    #[test]
    fn in_place_of_ours_are_said_on_pages_and_in_mails_of_their_language() {
        let appearance = texts(&[
            ("en", "need-title", "One more thing"),
            ("en", "need-text", "{ $app } wants a second proof."),
            ("en", "mail-code-subject", "{ $brand }: your code"),
            ("en", "mail-code-valid", "{ $minutes ->\n[one] For a minute.\n*[other] For { $minutes } minutes.\n}"),
            ("de", "need-title", "Noch etwas"),
        ]);
        assert_eq!(views().check_texts(&appearance), []);
        let english = page("need", &in_look(&appearance, "en"));
        assert!(english.contains("<title>Step 1 – One more thing – Doorward Demo</title>"));
        assert!(english.contains("<p><bdi>Team Wiki</bdi> wants a second proof.</p>"));
        assert!(english.contains(">Add Authenticator</button>"), "the other words are ours");
        assert!(page("need", &in_look(&appearance, "de")).contains("Noch etwas"));
        assert!(!page("need", &in_look(&appearance, "fr")).contains("One more thing"));
        let mail = mail(MailKind::VerificationCode, "en", &appearance);
        assert_eq!(mail.subject, "Doorward Demo: your code");
        assert!(mail.text.expose().contains("For 10 minutes."));
    }

    #[test]
    fn are_text_whatever_stands_in_them() {
        let evil = "<script>alert(1)</script> & \"{ $app }\"";
        let html = page("need", &in_look(&texts(&[("en", "need-text", evil), ("en", "need-title", evil)]), "en"));
        assert!(!html.contains("<script>alert"), "{html}");
        assert!(
            html.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;<bdi>Team Wiki</bdi>&quot;"),
            "{html}"
        );
        let (kind, subject) = (MailKind::VerificationCode, "One\nBcc: everybody@example.test");
        let mail = mail(kind, "en", &texts(&[("en", "mail-code-subject", subject), ("en", "mail-code-never", evil)]));
        assert!(!mail.subject.contains('\n') && !mail.html.expose().contains("<script>"));
    }

    #[test]
    fn that_fail_are_said_in_ours() {
        for broken in ["{ $nobody }", "{ -brand }", "{ $app", "", "{ need-title }"] {
            let html = page("need", &in_look(&texts(&[("en", "need-text", broken)]), "en"));
            assert!(html.contains("<bdi>Team Wiki</bdi> asks for a one-time passcode."), "{broken}: {html}");
        }
        let french = page("need", &in_look(&texts(&[("fr", "need-title", "{ $rien }")]), "fr"));
        assert!(french.contains("<html lang=\"fr\"") && !french.contains("<span lang=\"en\""), "{french}");
    }

    #[test]
    fn in_english_stand_in_where_a_language_has_none() {
        let locales = BTreeMap::from([(
            "en",
            vec![locale::WordsFile { name: "en.ftl".to_owned(), source: "hello = Hello".into() }],
        )]);
        let look = Look::new(&texts(&[("en", "hello", "Good day")]), 1);
        let phrase = Locales::new(locales).unwrap().format(Some(&look), "fr", "hello", &Default::default()).unwrap();
        assert_eq!((phrase.text.as_str(), phrase.language.tag), ("Good day", "en"));
    }

    #[test]
    fn are_judged_by_what_ours_say() {
        let appearance = texts(&[
            ("en", "need-title", "{ $app }"),
            ("en", "need-text", "{ $app"),
            ("de", "need-text", "{ $app } will es"),
            ("de", "no-such-message", "x"),
            ("de", "console-name", "x"),
            ("de", "rule-required", "x"),
            ("fr", "need-email", "  "),
        ]);
        let faults: BTreeMap<String, FieldRule> =
            views().check_texts(&appearance).into_iter().map(|fault| (fault.field, fault.rule)).collect();
        let unknown = |value: &str| FieldRule::Unknown { value: value.to_owned() };
        let expected = [
            ("texts.de.console-name", unknown("console-name")),
            ("texts.de.no-such-message", unknown("no-such-message")),
            ("texts.de.rule-required", unknown("rule-required")),
            ("texts.en.need-text", FieldRule::Message),
            ("texts.en.need-title", unknown("$app")),
        ];
        assert_eq!(faults, expected.map(|(field, rule)| (field.to_owned(), rule)).into());
    }

    #[test]
    fn of_ours_can_be_given_back_as_they_are_and_change_nothing() {
        let views = views();
        for tag in TAGS {
            let ours: BTreeMap<String, String> =
                views.wordings(tag).into_iter().map(|wording| (wording.name, wording.text)).collect();
            assert_eq!(ours.len(), views.message_names().len(), "{tag}");
            let appearance = Appearance { texts: BTreeMap::from([(tag.to_owned(), ours)]), ..Appearance::default() };
            assert_eq!(views.check_texts(&appearance), [], "{tag}");
            let (with, without) = (everything(&in_look(&appearance, tag)), everything(&samples::chrome(tag)));
            for ((name, with), (_, without)) in with.into_iter().zip(without) {
                // A message that a language lacks is marked as English; given back, it is that language's.
                if !without.contains("<span lang=") {
                    assert_eq!(with, without, "{tag}/{name}");
                }
            }
        }
    }

    #[test]
    fn that_may_be_replaced_are_those_of_pages_and_mails() {
        let code =
            [include_str!("notice.rs"), include_str!("mail.rs"), include_str!("own.rs"), include_str!("passkeys.rs")]
                .into_iter();
        let sources = PAGES.iter().chain(MAILS).map(|(_, source)| *source).chain(code);
        let literals: BTreeSet<&str> = sources.flat_map(|source| source.split(['"', '\''])).collect();
        let begun = |name: &str| {
            let beginnings = literals.iter().filter(|literal| literal.len() > 1 && literal.ends_with('-'));
            beginnings.copied().chain(["device-"]).any(|beginning| name.starts_with(beginning))
        };
        let views = views();
        for name in views.message_names() {
            assert!(literals.contains(name.as_str()) || begun(name), "{name} is on no page and in no mail");
        }
        assert_eq!(views.message_names().first().map(String::as_str), Some("title-error"));
        for words in ["console-", "rule-"] {
            assert!(!literals.iter().any(|literal| literal.starts_with(words)), "{words} is said on a page");
        }
    }

    #[test]
    fn say_which_variables_they_have() {
        let wordings = views().wordings("en");
        let wording = |name: &str| wordings.iter().find(|wording| wording.name == name).unwrap();
        assert_eq!(wording("need-text").variables, ["$app"]);
        assert_eq!(wording("progress-step").text, "Step { $step } of { $of }");
        assert!(wording("passcode-hint").text.starts_with("{ $digits ->\n    [one] "));
    }
}

mod colour_and_picture {
    use super::*;

    #[test]
    fn are_loaded_behind_the_style_sheet_from_where_the_page_is() {
        for (base, chrome) in [
            ("", samples::dressed("en")),
            ("/.doorward", Chrome { base: "/.doorward".to_owned(), ..samples::dressed("en") }),
        ] {
            let html = views().start(&StartPage::default(), &chrome).unwrap();
            let ours = html.find(&format!("href=\"{base}/assets/doorward.css?v=")).unwrap();
            let theirs = html.find(&format!("<link rel=\"stylesheet\" href=\"{base}/appearance/7.css\">")).unwrap();
            assert!(ours < theirs);
            assert!(html.contains(&format!("<img class=\"logo\" src=\"{base}/appearance/7.logo\" alt=\"\">")));
            assert!(html.contains(&format!("<link rel=\"icon\" href=\"{base}/appearance/7.logo\">")));
            assert!(!html.contains("logo.svg"));
        }
    }

    #[test]
    fn are_ours_where_none_is_set() {
        let html = views().start(&StartPage::default(), &samples::chrome("en")).unwrap();
        assert!(!html.contains("/appearance/") && html.contains("logo.svg"));
    }

    #[test]
    fn are_not_asked_for_on_a_host_that_is_not_ours() {
        let html = views().message(&MessagePage::new(MessageKind::UnknownHost), &samples::dressed("en")).unwrap();
        assert!(!html.contains("/appearance/"), "{html}");
    }

    #[test]
    fn of_a_mail_are_in_the_mail() {
        let reminder = mail(MailKind::EnrolmentReminder, "en", &samples::appearance());
        let html = reminder.html.expose();
        assert!(html.contains("background:#0b6e4f;color:#ffffff;") && !html.contains("#2447b5"), "{html}");
        assert!(!html.contains("<img") && !html.contains("/appearance/"));
        let plain = mail(MailKind::EnrolmentReminder, "en", &Appearance::default());
        assert!(plain.html.expose().contains("background:#2447b5;color:#ffffff;"));
    }
}

mod name_and_help {
    use super::*;

    #[test]
    fn stand_in_place_of_the_virtual_servers() {
        let chrome = samples::dressed("en");
        let html = page("approval-refused", &chrome);
        assert!(html.contains(" – Example Login</title>") && !html.contains("Doorward Demo"), "{html}");
        assert!(html.contains(
            "<a href=\"mailto:help@example.test\" rel=\"noreferrer\">Contact the help desk: \
             <bdi>Room 101, telephone 2900</bdi></a>"
        ));
        assert!(!html.contains("help.example.test"), "{html}");
        let reminder = mail(MailKind::EnrolmentReminder, "en", &samples::appearance());
        assert_eq!(reminder.subject, "Set up your authenticator for Example Login by 2026-12-24");
        for part in [reminder.text.expose(), reminder.html.expose()] {
            assert!(part.contains("2900") && part.contains("mailto:help@example.test"), "{part}");
        }
    }

    #[test]
    fn are_told_without_a_link_where_there_is_none() {
        let appearance = Appearance { support: Some("Ask <Eve>".to_owned()), ..Appearance::default() };
        let html = page("approval-refused", &Chrome { support_url: None, ..in_look(&appearance, "en") });
        assert!(html.contains("Contact the help desk: <bdi>Ask &lt;Eve&gt;</bdi>") && !html.contains("noreferrer"));
        assert!(html.contains(" – Doorward Demo</title>"));
    }

    /// A telephone number would be a second run of digits beside the code.
    #[test]
    fn are_not_in_the_mail_of_the_code() {
        let appearance = Appearance { support: Some("Telephone 29001234".to_owned()), ..Appearance::default() };
        let code = mail(MailKind::VerificationCode, "en", &appearance);
        assert!(!code.text.expose().contains("29001234") && !code.html.expose().contains("29001234"));
    }
}

mod languages {
    use super::*;

    fn offering(tags: &[&str]) -> Appearance {
        Appearance { languages: tags.iter().map(|tag| (*tag).to_owned()).collect(), ..Appearance::default() }
    }

    #[test]
    fn are_chosen_among_those_that_are_offered() {
        let html = page("name", &in_look(&offering(&["de", "ar"]), "de"));
        let options: Vec<&str> =
            html.split("<option value=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        assert_eq!(options, ["de", "ar"]);
        assert!(html.contains("<option value=\"de\" lang=\"de\" dir=\"ltr\" selected>"));
    }

    #[test]
    fn are_not_asked_for_where_there_is_only_one() {
        let html = page("name", &in_look(&offering(&["de"]), "de"));
        assert!(!html.contains("name=\"language\"") && !html.contains("/language\""), "{html}");
    }

    /// Foreign words are held together in a page that is written from right to left.
    #[test]
    fn from_right_to_left_keep_what_an_operator_set() {
        let appearance =
            Appearance { texts: texts(&[("ar", "need-title", "شيء آخر")]).texts, ..samples::appearance() };
        let html = page("need", &in_look(&appearance, "ar"));
        assert!(html.starts_with("<!doctype html>\n<html lang=\"ar\" dir=\"rtl\">"));
        assert!(html.contains("شيء آخر") && html.contains("<bdi>Example Login</bdi>"));
        let refused = page("approval-refused", &in_look(&appearance, "ar"));
        assert!(refused.contains("<bdi>Room 101, telephone 2900</bdi>"));
        let mail = mail(MailKind::EnrolmentNotice, "ar", &appearance);
        assert!(mail.subject.contains("\u{2068}Example Login\u{2069}"), "{}", mail.subject);
    }
}

/// The content security policy has no place for inline styles, whatever a portal looks like.
#[test]
fn a_look_brings_no_inline_style() {
    for (name, html) in everything(&samples::dressed("en")).into_iter().filter(|(_, html)| html.contains("<body>")) {
        assert!(!html.contains("<style") && !html.contains(" style="), "{name}");
        assert!(!html.contains("#0b6e4f"), "{name}");
    }
}
