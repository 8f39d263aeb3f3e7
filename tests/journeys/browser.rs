//! What people see: a real Chromium goes through the door. Every page is looked at by axe-core, and its screenshot is kept
//! in `target/screenshots/`.

use serde_json::{Value, json};

use crate::world::{Gateway, Timed, browse};

/// alice goes through the whole wizard; the options are those of the browser.
fn wizard(story: &str, says: Value) {
    let gateway = Gateway::demo();
    let mut world = json!({ "user": "alice" });
    for (name, value) in says.as_object().unwrap() {
        world[name] = value.clone();
    }
    browse(&gateway, "wizard", story, world);
}

#[test]
fn the_wizard_on_a_computer() {
    wizard("computer", json!({ "options": { "locale": "en", "viewport": { "width": 1280, "height": 800 } } }));
}

#[test]
fn the_wizard_on_a_phone() {
    let android = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 \
                   Mobile Safari/537.36";
    wizard(
        "phone",
        json!({
            "suggested": "android",
            "options": {
                "locale": "en",
                "viewport": { "width": 390, "height": 844 },
                "deviceScaleFactor": 2,
                "isMobile": true,
                "hasTouch": true,
                "userAgent": android,
            },
        }),
    );
}

#[test]
fn the_wizard_without_javascript() {
    wizard("without-script", json!({ "options": { "locale": "en", "javaScriptEnabled": false } }));
}

#[test]
fn the_wizard_in_arabic_from_right_to_left() {
    wizard(
        "arabic",
        json!({ "language": "ar", "direction": "rtl", "font": "Noto Sans Arabic", "options": { "locale": "ar" } }),
    );
}

#[test]
fn the_wizard_in_japanese() {
    wizard("japanese", json!({ "language": "ja", "font": "CJK", "options": { "locale": "ja-JP" } }));
}

#[test]
fn the_wizard_in_dark_mode() {
    wizard("dark", json!({ "options": { "locale": "en", "colorScheme": "dark" } }));
}

#[test]
fn the_wizard_enlarged_to_twice_the_size() {
    // A window of 1280 by 720 at 200 %.
    let half = json!({ "width": 640, "height": 360 });
    wizard("enlarged", json!({ "options": { "locale": "en", "viewport": half, "deviceScaleFactor": 2 } }));
}

#[test]
fn the_wizard_with_the_keyboard_alone() {
    let gateway = Gateway::demo();
    browse(&gateway, "keyboard", "keyboard", json!({ "user": "alice" }));
}

#[test]
fn the_secret_the_step_and_what_was_typed_outlive_a_reload_an_error_a_language_and_a_second_tab() {
    let gateway = Gateway::demo();
    browse(&gateway, "steady", "steady", json!({ "user": "alice" }));
}

/// Somewhere nobody may go, whatever they prove.
const BOARD: &str = r#"
@id("intranet-board")
forbid (principal, action, resource == Application::"intranet")
when { context.prefixes.contains("/board") };
"#;

#[test]
fn every_page_and_every_error_in_english_at_three_sizes_in_light_and_dark() {
    let timed = Timed::demo(BOARD);
    browse(&timed.gateway, "pages", "pages-english", timed.says("en"));
}

/// The wiki lets in who has put it off.
const OR_LATER: &str = r#"
@id("wiki-or-later")
permit (principal is User, action, resource == Application::"wiki")
when { context.authn.password && context.authn.enrolment_deferred };
"#;

#[test]
fn rules_of_enrolment_the_users_own_pages_and_a_look_of_ones_own_in_english() {
    let timed = Timed::demo(OR_LATER);
    browse(&timed.gateway, "rules", "rules-english", timed.says("en"));
}

#[test]
fn rules_of_enrolment_the_users_own_pages_and_a_look_of_ones_own_in_arabic() {
    let timed = Timed::demo(OR_LATER);
    browse(&timed.gateway, "rules", "rules-arabic", timed.says("ar"));
}

#[test]
fn every_page_and_every_error_in_arabic_at_three_sizes_in_light_and_dark() {
    let timed = Timed::demo(BOARD);
    browse(&timed.gateway, "pages", "pages-arabic", timed.says("ar"));
}
