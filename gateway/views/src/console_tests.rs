//! The console's pages in every language, and what must never be on one.

use std::collections::BTreeMap;

use doorward_api::{FieldFault, FieldRule};

use super::*;
use crate::builtin::LOCALES;
use crate::locale::TAGS;

fn views() -> Views {
    Views::new(None).unwrap()
}

/// Every page of the console in a language, by a name.
pub(crate) fn console_pages(views: &Views, tag: &str) -> Vec<(String, String)> {
    console_samples::console_pages()
        .into_iter()
        .map(|(name, page)| {
            let outside = matches!(page, ConsolePage::SignIn(_) | ConsolePage::Setup(_));
            let html = views.console(&page, &console_samples::console_frame(tag, !outside)).unwrap();
            (format!("console-{name}"), html)
        })
        .collect()
}

#[test]
fn the_console_is_in_its_language_throughout() {
    for tag in TAGS {
        for (name, html) in console_pages(&views(), tag) {
            assert!(!html.contains("<span lang="), "{tag}/{name} falls back to English");
        }
    }
    let all: BTreeMap<String, String> = console_pages(&views(), "ar").into_iter().collect();
    assert!(all["console-operators"].starts_with("<!doctype html>\n<html lang=\"ar\" dir=\"rtl\">"));
}

#[test]
fn every_form_of_the_console_carries_its_proof_and_what_was_typed_is_never_markup() {
    for (name, html) in console_pages(&views(), "en") {
        assert_eq!(html.matches("<h1 ").count(), 1, "{name}");
        for form in html.split("<form").skip(1).map(|rest| rest.split("</form>").next().unwrap()) {
            // What only looks for something changes nothing, and its fields stand in the address.
            let looks = form.contains(" method=\"get\"") && !form.contains("csrf");
            let sends = form.contains(" method=\"post\"") && form.contains("name=\"csrf\" value=\"sample\"");
            let ours = looks || sends;
            assert!(ours, "{name}: {form}");
        }
        for typed in ["<b>", "<olga>", "<4.5>", "value=\"\"x"] {
            assert!(!html.contains(typed), "{name}: {typed}");
        }
    }
}

#[test]
fn a_broken_rule_is_said_at_the_top_and_at_its_field() {
    let all: BTreeMap<String, String> = console_pages(&views(), "en").into_iter().collect();
    let html = &all["console-setting-edit"];
    assert!(
        html.contains("<a href=\"#number\">Length: This must not be less than “Length”.</a>"),
        "the field is named where its words stand apart from it: {html}"
    );
    assert!(html.contains("id=\"number-error\"") && html.contains("This must be a whole number from 1 to 4."));
    assert!(html.contains("value=\"&lt;4.5&gt;\""), "what was typed is there still");
}

/// A rule may name a value or a field that no page has words for: what was typed must not be lost over that.
#[test]
fn a_rule_that_names_what_has_no_words_is_said_all_the_same() {
    let rule = FieldRule::NotAvailable { other: "nothing".into(), value: "such".into() };
    let label = |name: &str| format!("console-field-{name}");
    let unknown = |name: &str, value: &str| console::Said::words(format!("console-choice-{name}-{value}"));
    let fault = console::Fault::of(&FieldFault::new("none", rule), label, unknown);
    let field =
        console::Field { name: "none".into(), label: "console-field-note".into(), kind: "text", ..Default::default() };
    let key = "console-task-provisioning-new".into();
    let page = console_records::TaskPage { key, fields: vec![field], ..Default::default() }.with_faults(vec![fault]);
    let page = ConsolePage::Records(console_records::RecordsPage::Task(Box::new(page)));
    let html = views().console(&page, &console_samples::console_frame("en", true)).unwrap();
    assert!(plain(&html).contains("Note to the users: This is not available when “” is “…”."), "{}", plain(&html));
}

/// Each is shown in the order of the page, the one that belongs to no field before them, and the proof last.
#[test]
fn what_is_wrong_is_said_in_the_order_of_the_page() {
    let fault = |field: Option<&str>| console::Fault::plain(field, "rule-required");
    let faults = vec![fault(Some("proof")), fault(Some("b")), fault(None), fault(Some("a"))];
    let fields = [("a", vec!["console-field-note".to_owned()]), ("b", vec!["console-field-group".to_owned()])];
    let told = console::in_page_order(faults, fields);
    let told: Vec<(Option<&str>, usize)> = told.iter().map(|one| (one.field.as_deref(), one.label.len())).collect();
    assert_eq!(told, [(None, 0), (Some("a"), 1), (Some("b"), 1), (Some("proof"), 0)]);
}

#[test]
fn a_field_that_is_wrong_says_so_itself() {
    let all = english();
    for (page, field) in [
        ("setup-wrong", "passcode"),
        ("role", "name"),
        ("key-new", "permissions"),
        ("audit", "from"),
        ("operators", "role"),
    ] {
        let html = &all[&format!("console-{page}")];
        let id = format!("id=\"{field}-error\"");
        assert!(html.contains(&id) && html.contains(&format!("<a href=\"#{field}\">")), "{page}: {html}");
        let (at, error) = (html.find(&format!(" id=\"{field}\"")), html.find(&id));
        assert!(at.is_some() && error.is_some(), "{page}");
    }
    for (page, field) in [("setup-wrong", "passcode"), ("role", "name"), ("audit", "from")] {
        let html = &all[&format!("console-{page}")];
        let tag = html.split('<').find(|tag| tag.contains(&format!(" id=\"{field}\""))).unwrap();
        assert!(tag.contains("aria-invalid=\"true\"") && tag.contains(&format!("{field}-error\"")), "{page}: {tag}");
    }
}

/// Whatever leads away from it and back loses it.
#[test]
fn what_is_shown_once_has_no_choice_of_a_language() {
    for (name, html) in console_pages(&views(), "en") {
        let shown_once = ["console-invited", "console-key-made", "console-given"];
        let once = shown_once.iter().any(|page| name.starts_with(page));
        assert_eq!(!html.contains("action=\"/language\""), once, "{name}");
    }
}

#[test]
fn what_would_be_saved_stands_before_whom_it_affects() {
    let all = english();
    let html = &all["console-provisioning-rule-edit"];
    let (changes, affected) = (html.find("id=\"changes\"").unwrap(), html.find("id=\"affected\"").unwrap());
    assert!(changes < affected);
    let row = between(html, "<ul class=\"log\">", "</ul>");
    assert_eq!(plain(row), "&lt;b&gt;Sales&lt;/b&gt;: Take it from whoever leavesOff → On");
}

#[test]
fn a_task_by_which_nobody_is_written_to_claims_no_mails() {
    let all = english();
    let text = plain(&all["console-provisioning-task-nobody"]);
    assert!(
        text.contains("Nobody is written to: 3 users were skipped.") && text.contains("Nobody is written to: there is")
    );
    assert!(!all["console-provisioning-task-nobody"].contains("<progress"));
    assert!(text.contains("was taken off the task; the link is void."));
    assert!(plain(&all["console-provisioning"]).contains("until 2026-11-24"), "a task ends with a day");
}

#[test]
fn every_rule_has_words() {
    for rule in console::every_rule() {
        let fault = console::Fault::of(&FieldFault::new("f", rule), |_| "x".into(), |_, _| console::Said::Nothing);
        for (name, source) in &LOCALES[..2] {
            assert!(source.contains(&format!("\n{} = ", fault.key)), "{name} lacks {}", fault.key);
        }
    }
}

/// The value of an attribute of a tag.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()
}

#[test]
fn each_field_has_a_label() {
    for (name, html) in console_pages(&views(), "en") {
        let tags = html.split('<').skip(1).map(|rest| rest.split('>').next().unwrap());
        let fields = tags.filter(|tag| ["input ", "select ", "textarea "].iter().any(|field| tag.starts_with(field)));
        for field in fields.filter(|tag| !tag.contains("type=\"hidden\"") && !tag.ends_with(" hidden")) {
            let labelled = attribute(field, "id").is_some_and(|id| html.contains(&format!("<label for=\"{id}\">")));
            assert!(labelled || attribute(field, "aria-label").is_some(), "{name}: <{field}>");
        }
    }
}

/// A page's text, without its tags and with one space between words.
fn plain(html: &str) -> String {
    let text: String = html.split('<').map(|rest| rest.split_once('>').map_or(rest, |(_, text)| text)).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn between<'a>(html: &'a str, begin: &str, end: &str) -> &'a str {
    html.split(begin).nth(1).unwrap_or_else(|| panic!("{begin} is not there: {html}")).split(end).next().unwrap()
}

fn english() -> BTreeMap<String, String> {
    console_pages(&views(), "en").into_iter().collect()
}

#[test]
fn a_rule_is_summed_up_in_one_line() {
    let all = english();
    let html = between(&all["console-rules"], "<ol class=\"cards rules\">", "</ol>");
    let lines: Vec<String> =
        html.split("<p class=\"hint\">").skip(1).map(|rest| plain(rest.split("</p>").next().unwrap())).collect();
    assert_eq!(
        lines,
        [
            "&lt;b&gt;staff&lt;/b&gt;, g2 deleted · 25 % of them · from 2026-12-01 · may be put off until 2026-12-24 · operator’s approval · 48 h on probation",
            "everybody · cannot be put off · only from 10.0.0.0/8, 2001:db8::/32",
            "everybody · cannot be put off · help desk’s code · 1 h on probation",
            "everybody · cannot be put off · 1 h on probation",
        ]
    );
}

#[test]
fn whether_somebody_is_offered_it_is_said_with_the_terms() {
    let all = english();
    let offer = |page: &str| plain(between(&all[page], "<div class=\"outcome", "</div>"));
    let preview = offer("console-setting-read");
    for said in ["Offered.", "Rule: &lt;b&gt;Staff&lt;/b&gt;", "25 % of them", "operator’s approval"] {
        assert!(preview.contains(said), "{said}: {preview}");
    }
    assert!(!all["console-setting-read"].contains("/1/edit\""), "nothing is done to a rule here");
    assert!(offer("console-user").contains("Whoever none of the rules fits"));
    assert!(offer("console-user-bare").contains("The enrolment rule of the user begins 2026-11-24 14:32 UTC."));
}

#[test]
fn rules_are_moved_by_forms_that_name_the_version_that_was_seen() {
    let all = english();
    let html = &all["console-rules"];
    for path in ["1/down", "2/up", "2/down"] {
        let form = between(html, &format!("action=\"/settings/enrolment-rules/{path}\""), "</form>");
        assert!(form.contains("name=\"seen\" value=\"7\""), "{path}: {form}");
    }
    assert!(!html.contains("/1/up\""), "the first one goes no higher");
    assert!(html.contains("href=\"/settings/enrolment-rules/2/edit\"") && html.contains("/2/remove\""));
    assert!(html.contains("Whoever none of the rules fits"));
    let read = &all["console-rules-read"];
    assert!(
        !between(read, "<main>", "</main>").contains("<form") && !read.contains("/edit\"") && !read.contains("/new\"")
    );
    assert!(
        all["console-rules-empty"].contains("There are no rules:") && all["console-rules-empty"].contains("/new\"")
    );
    assert!(all["console-rules-full"].contains("There may be no more rules."));
}

/// While nothing was typed, nothing can be gone on with.
#[test]
fn a_button_that_came_too_late_is_told_so() {
    let all = english();
    assert!(all["console-rules-conflict"].contains("while you were looking at it"));
    assert!(all["console-appearance-edit"].contains("What you typed is still below"));
}

#[test]
fn the_networks_belong_to_the_trusted_network() {
    let all = english();
    let html = &all["console-rule-edit"];
    assert!(html.contains("class=\"field lines when-network\""), "{html}");
    assert!(html.contains(">10.0.0.0/8\n&lt;b&gt;</textarea>"));
    assert!(html.contains("type=\"date\" id=\"rule.starts_on\" name=\"rule.starts_on\" value=\"2026-12-01\""));
    let css = views().asset("console.css").unwrap().bytes.clone();
    let css = String::from_utf8_lossy(&css).into_owned();
    assert!(css.contains("[name=\"rule.proof\"]:not([value=\"trusted_network\"]):checked) .when-network"));
}

#[test]
fn whoever_waits_is_told_of_with_all_that_was_seen_of_them() {
    let all = english();
    let html = &all["console-requests"];
    let first = plain(between(html, "<ul class=\"cards requests\">", "</li>"));
    for said in ["alice", "Asked 2026-11-24 14:32 UTC", "from 192.0.2.7", "with Mozilla/5.0 &lt;b&gt;"] {
        assert!(first.contains(said), "{said}: {first}");
    }
    assert!(html.contains("href=\"/users/u1/approve\"") && html.contains("href=\"/users/u1/refuse\""));
    assert!(!all["console-requests-read"].contains("/approve\""));
    assert!(all["console-requests-empty"].contains("Nobody waits for an approval."));
    let start = plain(&all["console-start-attention"]);
    assert!(start.contains("One person waits for an approval.") && start.contains("3 people wait for an approval."));
    assert!(all["console-start-attention"].contains("href=\"/enrolment-requests\""));
}

#[test]
fn what_was_granted_is_told_with_its_end() {
    let all = english();
    for (page, said) in [
        ("user-asked", "Waits for an approval. The request ends 2026-11-24 14:32 UTC."),
        ("user-approved", "Approved: one token may be added until 2026-11-24 14:32 UTC."),
        ("user-refused", "Refused. It can be asked for again after 2026-11-24 14:32 UTC."),
        ("user-code-given", "There is a code of the help desk, good until 2026-11-24 14:32 UTC."),
    ] {
        let text = plain(&all[&format!("console-{page}")]);
        assert!(text.contains(said), "{page}: {text}");
    }
    assert!(!all["console-user-bare"].contains("<dt>Enrolment</dt>"));
}

#[test]
fn what_is_left_of_somebodys_recovery_codes_is_told() {
    let all = english();
    for (page, said) in [
        ("user", "Recovery codes7 left, made 2026-11-24 14:32 UTC"),
        ("user-used-up", "Recovery codes0 left, made 2026-11-24 14:32 UTC"),
    ] {
        let text = plain(&all[&format!("console-{page}")]);
        assert!(text.contains(said), "{page}: {text}");
    }
    assert!(!all["console-user-bare"].contains("<dt>Recovery codes</dt>"));
    assert!(all["console-user"].contains("<a class=\"button take\" href=\"/users/u1/x\">Void recovery codes</a>"));
    assert!(all["console-task-void"].contains("<button class=\"danger\" type=\"submit\">Void recovery codes</button>"));
}

#[test]
fn the_help_desks_code_is_read_out_in_groups_of_four() {
    let all = english();
    let html = &all["console-given-help-desk-code"];
    assert!(html.contains(">7Q2M K94T</code>") && plain(html).contains("good once, until 2026-11-24 14:32 UTC"));
    for (code, said) in [("", ""), ("7Q2", "7Q2"), ("7Q2MK94T", "7Q2M K94T"), ("ABCDEFGHI", "ABCD EFGH I")] {
        assert_eq!(console_records::in_groups_of_four(code), said);
    }
}

/// Nothing but a colour gets into a picture's attribute.
#[test]
fn a_colour_is_shown_if_it_is_one() {
    let shown = |value: &str| console::Field { value: value.into(), ..Default::default() }.coloured().swatch;
    assert_eq!(shown("#2447b5").as_deref(), Some("#2447b5"));
    for other in ["", "2447b5", "#2447b", "#2447b5a", "#2447bg", "url(#x)", "#ÄÄÄ"] {
        assert_eq!(shown(other), None, "{other}");
    }
    let all = english();
    assert!(all["console-appearance"].contains("fill=\"#2447b5\""));
    assert!(!all["console-appearance-edit"].contains("class=\"swatch\""));
}

#[test]
fn languages_are_called_by_their_own_names() {
    let all = english();
    let read = between(&all["console-appearance"], "<dt>Offered</dt>", "</dd>");
    assert!(read.contains("<bdi lang=\"ar\" dir=\"rtl\">العربية</bdi>") && !read.contains("Français"), "{read}");
    let edit = &all["console-appearance-edit"];
    assert!(
        edit.contains("name=\"languages.de\" value=\"on\" checked")
            && edit.contains("name=\"languages.fr\" value=\"on\">")
    );
    assert!(edit.contains("<option value=\"de\" selected lang=\"de\" dir=\"ltr\">Deutsch</option>"));
    assert!(edit.contains("<option value=\"\">none</option>"), "{edit}");
}

/// Nothing ticked is no list of nothing: the portal offers every language then, and falls back to English.
#[test]
fn where_no_language_is_chosen_all_of_them_are_offered_and_english_is_the_default() {
    let all = english();
    let read = |label: &str| plain(between(&all["console-appearance-bare"], &format!("<dt>{label}</dt>"), "</div>"));
    assert_eq!(read("Offered"), "all of them");
    assert_eq!(read("Default language"), "English");
}

#[test]
fn the_logo_is_sent_by_a_form_of_its_own() {
    let all = english();
    assert!(all["console-appearance"].contains("<img src=\"/settings/appearance/logo.picture?v=4\" alt=\"The logo\">"));
    assert!(!all["console-appearance-bare"].contains("logo.picture"));
    assert!(all["console-logo-new"].contains("enctype=\"multipart/form-data\""));
    assert!(!all["console-appearance-edit"].contains("logo.picture"));
}

#[test]
fn words_in_place_of_ours_stand_beside_ours() {
    let all = english();
    let html = &all["console-words-wrong"];
    assert!(html.contains("<a href=\"#texts.ar.w2-title\">At most 500 characters.</a>"));
    assert!(html.contains("name=\"texts.ar.w2-title\" rows=\"2\" lang=\"ar\" dir=\"auto\""));
    assert!(html.contains("aria-describedby=\"texts.ar.w2-title-ours texts.ar.w2-title-error\""));
    assert!(html.contains("value=\"reset.start-title\"") && !html.contains("value=\"reset.w2-title\""));
    assert!(html.contains("<code dir=\"ltr\" translate=\"no\">{ $tries }</code>"));
    let read = &all["console-words-read"];
    assert!(!read.contains("<textarea") && read.contains("&lt;b&gt;Our tools&lt;/b&gt; <del>Your applications</del>"));
}

#[test]
fn words_are_looked_for_in_names_and_texts() {
    let ours = Wording { name: "start-title".into(), text: "Your applications".into(), variables: Vec::new() };
    let line = console_appearance::WordLine::new(&ours, Some("Our tools"), None);
    assert!(line.replaced && ["", "START", "appli", " tools "].iter().all(|find| line.has(find)) && !line.has("mail"));
    let typed = console_appearance::WordLine::new(&ours, Some("Our tools"), Some(""));
    assert!(typed.replaced && typed.own.is_empty(), "what was typed counts, though it is nothing");
}
