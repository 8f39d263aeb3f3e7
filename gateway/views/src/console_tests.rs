//! The console's pages in every language, and what must never be on one.

use std::collections::BTreeMap;

use doorward_api::FieldFault;

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
        html.contains("<a href=\"#number\">This must not be less than “<span>Length</span>”.</a>")
            || html.contains("<a href=\"#number\">This must not be less than “Length”.</a>"),
        "{html}"
    );
    assert!(html.contains("id=\"number-error\"") && html.contains("This must be a whole number from 1 to 4."));
    assert!(html.contains("value=\"&lt;4.5&gt;\""), "what was typed is there still");
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
