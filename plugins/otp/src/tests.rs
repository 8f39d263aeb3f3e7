//! The plugin through its contract: offer, show, verify, resync.

use super::*;
use doorward_api::ports::Entropy;
use doorward_api::settings::{Document, Windows};
use doorward_api::template::{HashAlgorithm, Mode, Synchronization};
use doorward_api::{CredentialId, UserId};
use doorward_oath::ocra::{Inputs, Suite};
use doorward_oath::{Params, hotp, totp};
use proptest::prelude::*;
use serde_json::json;
use std::num::NonZeroU32;

struct Counting;

impl Entropy for Counting {
    fn fill(&self, into: &mut [u8]) {
        for (at, byte) in into.iter_mut().enumerate() {
            *byte = at as u8;
        }
    }
}

const SECRET: [u8; 20] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19];
const PERIOD: NonZeroU32 = NonZeroU32::new(30).unwrap();
const NOW: u64 = 1_764_000_010;
const HOTP: Template = Template { synchronization: Synchronization::Event { look_ahead: 3 }, ..Template::STANDARD_APP };
const OCRA: Template = Template { mode: Mode::ChallengeResponse, ..Template::STANDARD_APP };
/// How long the next passcode is awaited after one in the outer window.
const CONFIRM: u64 = 180;

/// What is lent to the plugin.
pub(crate) fn host() -> Host {
    Host { entropy: Arc::new(Counting), issuer: "Doorward".into(), key: SecretBytes::new(vec![7; 32]) }
}

fn plugin(config: RawConfig) -> Arc<dyn Plugin> {
    (PLUGIN.build)(config, host()).unwrap()
}

fn request(template: Template) -> OfferRequest {
    OfferRequest {
        credential: CredentialId::new("t1"),
        origin: None,
        user: UserId::new("u1"),
        account: "alice".into(),
        issuer: "Example".into(),
        template,
        target: Target::Ios,
    }
}

/// The address and the key that are shown.
fn shown_at(token: &Token, request: &OfferRequest) -> (String, String) {
    match token.plugin.authenticator().unwrap().show(&token.opened, request).unwrap() {
        OfferView::Secret { uri, key } => (uri.expose().to_owned(), key.expose().to_owned()),
        OfferView::Activation { .. } => panic!("no app of our own"),
    }
}

/// One token and the way it is asked.
struct Token {
    plugin: Arc<dyn Plugin>,
    template: Template,
    windows: Windows,
    question: Option<&'static str>,
    opened: SecretBytes,
}

impl Token {
    async fn new(template: Template) -> Self {
        let plugin = plugin(json!({}));
        let offer = plugin.authenticator().unwrap().offer(&request(template.clone()), Timestamp::from_secs(0)).await;
        Self { plugin, template, windows: Windows::of_new(), question: None, opened: offer.unwrap().opened }
    }

    /// What becomes of a typed answer; new bytes are written, as the host does.
    async fn answer(&mut self, text: &str, secs: u64) -> &'static str {
        let check = Check { template: &self.template, windows: &self.windows, challenge: self.question };
        let (answer, now) = (Secret::new(text), Timestamp::from_secs(secs as i64));
        let verified = self.plugin.authenticator().unwrap().verify(&self.opened, &check, &answer, now).await;
        self.learn(verified.unwrap())
    }

    /// What becomes of two passcodes by which it is to be found again.
    async fn seek(&mut self, first: &str, second: &str, secs: u64) -> &'static str {
        let check = Check { template: &self.template, windows: &self.windows, challenge: self.question };
        let (first, second, now) = (Secret::new(first), Secret::new(second), Timestamp::from_secs(secs as i64));
        let answers = [&first, &second];
        let verified = self.plugin.authenticator().unwrap().resync(&self.opened, &check, answers, now).await;
        self.learn(verified.unwrap())
    }

    /// It comes from a backup, and is made safe then.
    fn comes_back(&mut self, secs: u64) -> &'static str {
        let check = Check { template: &self.template, windows: &self.windows, challenge: None };
        let now = Timestamp::from_secs(secs as i64);
        match self.plugin.authenticator().unwrap().restored(&self.opened, &check, now).unwrap() {
            Restored::Unchanged => "unchanged",
            Restored::Updated(bytes) => {
                self.opened = bytes;
                "updated"
            }
            Restored::Unknown => "unknown",
        }
    }

    fn learn(&mut self, verified: Verified) -> &'static str {
        match verified {
            Verified::Accepted { updated } => {
                self.opened = updated;
                "accepted"
            }
            Verified::Outer { updated } => {
                self.opened = updated;
                "outer"
            }
            Verified::Replayed => "replayed",
            Verified::Rejected => "rejected",
        }
    }
}

/// The passcode that an app shows whose clock says `secs`.
fn shown(secs: u64) -> String {
    totp::passcode(&SECRET, totp::step_at(secs, PERIOD), Params::COMMON).expose().to_owned()
}

fn clicked(counter: u64) -> String {
    hotp::passcode(&SECRET, counter, Params::COMMON).expose().to_owned()
}

#[tokio::test]
async fn all_three_forms_carry_the_same_secret_each_time_they_are_shown() {
    let token = Token::new(Template::STANDARD_APP).await;
    let (uri, key) = shown_at(&token, &request(Template::STANDARD_APP));
    assert_eq!(shown_at(&token, &request(Template::STANDARD_APP)), (uri.clone(), key.clone()));
    assert_eq!(key, "AAAQ EAYE AUDA OCAJ BIFQ YDIO B4IB CEQT");
    let secret = key.replace(' ', "");
    assert!(uri.starts_with(&format!("otpauth://totp/Example:alice?secret={secret}&issuer=Example&")));
}

#[tokio::test]
async fn the_issuer_is_the_operators_then_the_virtual_servers_then_the_products() {
    for (config, asked, expected) in [
        (json!({ "issuer": "Acme" }), "Example", "Acme"),
        (json!({}), "Example", "Example"),
        (json!({}), "", "Doorward"),
    ] {
        let token = Token { plugin: plugin(config), ..Token::new(Template::STANDARD_APP).await };
        let (uri, _) = shown_at(&token, &OfferRequest { issuer: asked.into(), ..request(Template::STANDARD_APP) });
        assert!(uri.contains(&format!("/{expected}:alice?")), "{uri}");
    }
}

#[tokio::test]
async fn a_used_passcode_is_refused_in_every_spelling() {
    let mut token = Token::new(Template::STANDARD_APP).await;
    let code = shown(NOW);
    assert_eq!(token.answer(&code, NOW).await, "accepted");
    let full_width: String = code.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap()).collect();
    for again in [&code, &full_width, &format!(" {} {}\n", &code[..3], &code[3..])] {
        assert_eq!(token.answer(again, NOW).await, "replayed", "{again:?}");
    }
    for other in [format!("+{code}"), format!("0{code}"), String::new()] {
        assert_eq!(token.answer(&other, NOW).await, "rejected", "{other:?}");
    }
}

#[tokio::test]
async fn one_step_either_way_is_right_and_twenty_ask_for_the_next() {
    for (steps, expected) in [
        (-21, "rejected"),
        (-20, "outer"),
        (-2, "outer"),
        (-1, "accepted"),
        (0, "accepted"),
        (1, "accepted"),
        (2, "outer"),
        (20, "outer"),
        (21, "rejected"),
    ] {
        let mut token = Token::new(Template::STANDARD_APP).await;
        let code = shown(NOW.saturating_add_signed(steps * 30));
        assert_eq!(token.answer(&code, NOW).await, expected, "{steps} steps");
    }
}

#[tokio::test]
async fn the_windows_are_those_that_are_set_now() {
    let mut token = Token::new(Template::STANDARD_APP).await;
    token.windows = Windows { inner_steps: 0, outer_steps: 0, outer_events: 1 };
    assert_eq!(token.answer(&shown(NOW + 30), NOW).await, "rejected");
    token.windows = Windows { inner_steps: 3, outer_steps: 2, outer_events: 1 };
    assert_eq!(token.answer(&shown(NOW + 90), NOW).await, "accepted");
}

#[tokio::test]
async fn a_step_before_the_last_one_is_replayed() {
    let mut token = Token::new(Template::STANDARD_APP).await;
    assert_eq!(token.answer(&shown(NOW), NOW).await, "accepted");
    assert_eq!(token.answer(&shown(NOW - 30), NOW).await, "replayed");
    assert_eq!(token.answer(&shown(NOW + 30), NOW + 30).await, "accepted");
}

#[tokio::test]
async fn a_clock_set_back_lets_no_used_step_in_again() {
    let mut token = Token::new(Template::STANDARD_APP).await;
    assert_eq!(token.answer(&shown(NOW), NOW).await, "accepted");
    assert_eq!(token.answer(&shown(NOW - 300), NOW - 300).await, "replayed");
}

#[tokio::test]
async fn what_may_have_been_shown_since_a_backup_is_used_up_by_its_restore() {
    let mut token = Token::new(Template::STANDARD_APP).await;
    let later = NOW + 3600;
    assert_eq!(token.comes_back(later), "updated");
    for steps in [-20, -2, -1, 0, 1] {
        let code = shown(later.saturating_add_signed(steps * 30));
        assert_eq!(token.answer(&code, later).await, "replayed", "{steps} steps");
    }
    assert_eq!(token.answer(&shown(later + 60), later + 60).await, "accepted", "people wait for a minute at most");

    // An app that runs ahead has shown more.
    let mut ahead = Token::new(Template::STANDARD_APP).await;
    assert_eq!(ahead.answer(&shown(NOW + 30), NOW).await, "accepted");
    assert_eq!(ahead.comes_back(later), "updated");
    assert_eq!(ahead.answer(&shown(later + 60), later).await, "replayed");
    assert_eq!(ahead.answer(&shown(later + 90), later + 60).await, "accepted");
}

#[tokio::test]
async fn a_restore_by_a_clock_that_is_slow_makes_nothing_good_that_was_used() {
    let mut token = Token::new(Template::STANDARD_APP).await;
    assert_eq!(token.answer(&shown(NOW), NOW).await, "accepted");
    assert_eq!(token.comes_back(NOW - 3600), "updated");
    assert_eq!(token.answer(&shown(NOW), NOW).await, "replayed");
}

#[tokio::test]
async fn of_a_token_that_is_clicked_nobody_knows_and_one_that_answers_questions_stays() {
    let mut clicks = Token::new(HOTP).await;
    assert_eq!(clicks.comes_back(NOW), "unknown");
    let mut answers = Token::new(OCRA).await;
    assert_eq!(answers.comes_back(NOW), "updated");
    let suite: Suite = "OCRA-1:HOTP-SHA1-6:QN08".parse().unwrap();
    answers.question = Some("40172385");
    let answer = suite.passcode(&SECRET, &Inputs::question("40172385")).unwrap();
    assert_eq!(answers.answer(answer.expose(), NOW).await, "accepted");
    clicks.opened = SecretBytes::new(b"{}".to_vec());
    let check = Check { template: &clicks.template, windows: &clicks.windows, challenge: None };
    let damaged = clicks.plugin.authenticator().unwrap().restored(&clicks.opened, &check, Timestamp::from_secs(0));
    assert!(matches!(damaged, Err(PluginError::Damaged(_))));
}

#[tokio::test]
async fn an_app_whose_clock_slowly_runs_ahead_is_followed_but_not_forever() {
    let mut token = Token::new(Template::STANDARD_APP).await;
    for drift in 1..=100 {
        let now = NOW + drift * 3600;
        assert_eq!(token.answer(&shown(now + drift * 30), now).await, "accepted", "{drift} steps ahead");
    }
    let now = NOW + 101 * 3600;
    assert_eq!(token.answer(&shown(now + 101 * 30), now).await, "rejected");
}

#[tokio::test]
async fn a_clock_far_off_is_learned_by_the_very_next_passcode() {
    let mut token = Token::new(Template::STANDARD_APP).await;
    let off = 15 * 30;
    assert_eq!(token.answer(&shown(NOW + off), NOW).await, "outer");
    assert_eq!(token.answer(&shown(NOW + off + 30), NOW + 30).await, "accepted");
    assert_eq!(token.answer(&shown(NOW + off), NOW + 40).await, "replayed");
    assert_eq!(token.answer(&shown(NOW + off + 30), NOW + 40).await, "replayed");
    assert_eq!(token.answer(&shown(NOW + off + 3600), NOW + 3600).await, "accepted");
}

#[tokio::test]
async fn a_passcode_in_the_outer_window_signs_nobody_in_however_often_it_is_typed() {
    let mut token = Token::new(Template::STANDARD_APP).await;
    let off = 15 * 30;
    for after in [0, 10, 20] {
        assert_eq!(token.answer(&shown(NOW + off), NOW + after).await, "outer");
    }
    assert_eq!(token.answer(&shown(NOW + off + 60), NOW + 60).await, "outer", "one was left out");
    assert_eq!(token.answer(&shown(NOW + off + 90), NOW + 90).await, "accepted");
}

#[tokio::test]
async fn the_next_passcode_is_awaited_three_minutes_and_typing_the_first_again_buys_no_more() {
    let off = 15 * 30;
    for (after, expected) in [(CONFIRM, "accepted"), (CONFIRM + 1, "outer")] {
        let mut token = Token::new(Template::STANDARD_APP).await;
        assert_eq!(token.answer(&shown(NOW + off), NOW).await, "outer");
        assert_eq!(token.answer(&shown(NOW + off), NOW + 100).await, "outer");
        assert_eq!(token.answer(&shown(NOW + off + 30), NOW + after).await, expected, "after {after} seconds");
    }
    let mut token = Token::new(Template::STANDARD_APP).await;
    assert_eq!(token.answer(&shown(NOW + off), NOW).await, "outer");
    assert_eq!(token.answer(&shown(NOW + off + 30), NOW - 1).await, "outer", "our own clock was set back");
}

#[tokio::test]
async fn a_wrong_answer_in_between_leaves_what_is_awaited() {
    let mut token = Token::new(HOTP).await;
    assert_eq!(token.answer(&clicked(50), NOW).await, "outer");
    assert_eq!(token.answer("12", NOW + 1).await, "rejected");
    assert_eq!(token.answer(&clicked(51), NOW + 2).await, "accepted");
}

#[tokio::test]
async fn a_passcode_of_the_inner_window_forgets_one_of_the_outer() {
    let mut token = Token::new(HOTP).await;
    assert_eq!(token.answer(&clicked(50), NOW).await, "outer");
    assert_eq!(token.answer(&clicked(0), NOW).await, "accepted");
    assert_eq!(token.answer(&clicked(51), NOW).await, "outer");
}

#[tokio::test]
async fn a_click_is_accepted_within_the_look_ahead_and_once() {
    let mut token = Token::new(HOTP).await;
    assert_eq!(token.answer(&clicked(2), NOW).await, "accepted");
    assert_eq!(token.answer(&clicked(2), NOW).await, "replayed");
    assert_eq!(token.answer(&clicked(1), NOW).await, "replayed");
    assert_eq!(token.answer(&clicked(6), NOW).await, "outer");
    assert_eq!(token.answer(&clicked(5), NOW).await, "accepted");
}

#[tokio::test]
async fn a_click_beyond_the_look_ahead_asks_for_the_next_one_up_to_the_outer_window() {
    let mut token = Token::new(HOTP).await;
    assert_eq!(token.answer(&clicked(100), NOW).await, "rejected");
    assert_eq!(token.answer(&clicked(3), NOW).await, "outer");
    assert_eq!(token.answer(&clicked(99), NOW).await, "outer");
    assert_eq!(token.answer(&clicked(100), NOW + 5).await, "accepted");
    for spent in [98, 99, 100] {
        assert_eq!(token.answer(&clicked(spent), NOW + 6).await, "replayed", "{spent}");
    }
    assert_eq!(token.answer(&clicked(101), NOW + 6).await, "accepted");
}

#[tokio::test]
async fn a_token_that_was_carried_in_a_pocket_is_found_by_two_clicks_in_a_row() {
    let mut token = Token::new(HOTP).await;
    assert_eq!(token.seek(&clicked(700), &clicked(701), NOW).await, "accepted");
    assert_eq!(token.seek(&clicked(700), &clicked(701), NOW).await, "replayed");
    assert_eq!(token.answer(&clicked(701), NOW).await, "replayed");
    assert_eq!(token.answer(&clicked(702), NOW).await, "accepted");
}

#[tokio::test]
async fn a_clock_that_is_fifty_minutes_off_is_found_by_two_passcodes_in_a_row_and_followed() {
    for off in [-99 * 30, 98 * 30] {
        let mut token = Token::new(Template::STANDARD_APP).await;
        let at = |secs: u64| shown(secs.saturating_add_signed(off));
        assert_eq!(token.answer(&at(NOW), NOW).await, "rejected");
        assert_eq!(token.seek(&at(NOW), &at(NOW + 30), NOW + 30).await, "accepted", "{off}");
        assert_eq!(token.answer(&at(NOW + 30), NOW + 30).await, "replayed");
        assert_eq!(token.answer(&at(NOW + 60), NOW + 60).await, "accepted");
    }
}

#[tokio::test]
async fn two_passcodes_that_prove_nothing_find_no_token() {
    let mut clicks = Token::new(HOTP).await;
    for (first, second) in [(700, 702), (701, 700), (700, 700), (999, 1000)] {
        let found = clicks.seek(&clicked(first), &clicked(second), NOW).await;
        assert_eq!(found, "rejected", "{first} and {second}");
    }
    assert_eq!(clicks.seek(&clicked(998), &clicked(999), NOW).await, "accepted");
    let mut time = Token::new(Template::STANDARD_APP).await;
    let late = NOW + 102 * 30;
    assert_eq!(time.seek(&shown(late), &shown(late + 30), NOW).await, "rejected");
    assert_eq!(time.seek("", "", NOW).await, "rejected");
    let mut asked = Token::new(OCRA).await;
    assert_eq!(asked.seek(&clicked(0), &clicked(1), NOW).await, "rejected");
}

/// RFC 6287, appendix C.1: one way, six digits.
#[tokio::test]
async fn an_answer_to_the_question_is_right_and_to_no_other() {
    let mut token = Token::new(OCRA).await;
    let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    let bytes = format!(r#"{{"v":2,"secret":"{secret}","last":null,"drift":0}}"#);
    token.opened = SecretBytes::new(bytes.into_bytes());
    assert_eq!(token.answer("243178", NOW).await, "rejected", "nothing was asked");
    token.question = Some("11111111");
    assert_eq!(token.answer("237653", NOW).await, "rejected", "that answers 00000000");
    assert_eq!(token.answer(" 243 178", NOW).await, "accepted");
    token.question = Some("no number");
    assert_eq!(token.answer("243178", NOW).await, "rejected");
}

#[tokio::test]
async fn a_long_answer_has_a_suite_of_its_own() {
    let mut token = Token::new(Template { length: 8, ..OCRA }).await;
    let suite: Suite = "OCRA-1:HOTP-SHA1-8:QN08".parse().unwrap();
    let answer = suite.passcode(&SECRET, &Inputs::question("40172385")).unwrap();
    token.question = Some("40172385");
    assert_eq!(token.answer(&answer.expose()[2..], NOW).await, "rejected");
    assert_eq!(token.answer(answer.expose(), NOW).await, "accepted");
    let (uri, key) = shown_at(&token, &request(token.template.clone()));
    assert!(uri.starts_with("otpauth://ocra/Example:alice?secret="), "{uri}");
    assert!(uri.ends_with("&ocrasuite=OCRA-1%3AHOTP-SHA1-8%3AQN08"), "{uri}");
    assert_eq!(key.replace(' ', "").len(), 32);
}

#[tokio::test]
async fn a_token_that_was_made_elsewhere_is_checked_though_no_app_could_be_enrolled_so() {
    let mut token = Token::new(Template::STANDARD_APP).await;
    token.template = Template {
        length: 8,
        synchronization: Synchronization::Time { step: 90 },
        hash: HashAlgorithm::Sha256,
        ..Template::STANDARD_APP
    };
    let params = Params { algorithm: doorward_oath::Algorithm::Sha256, digits: doorward_oath::Digits::EIGHT };
    let code = totp::passcode(&SECRET, NOW / 90, params);
    assert_eq!(token.answer(code.expose(), NOW).await, "accepted");
    assert!(token.plugin.authenticator().unwrap().fits(&token.template, Target::Ios).is_err());
}

#[tokio::test]
async fn damaged_bytes_are_an_error_and_no_answer() {
    let plugin = plugin(json!({}));
    let authenticator = plugin.authenticator().unwrap();
    let garbage = SecretBytes::new(vec![0xff; 9]);
    let check = Check { template: &Template::STANDARD_APP, windows: &Windows::of_new(), challenge: None };
    let (answer, now) = (Secret::new("123456"), Timestamp::from_secs(9));
    let asked = authenticator.verify(&garbage, &check, &answer, now).await;
    assert!(matches!(asked, Err(PluginError::Damaged(_))));
    let sought = authenticator.resync(&garbage, &check, [&answer, &answer], now).await;
    assert!(matches!(sought, Err(PluginError::Damaged(_))));
    assert!(matches!(authenticator.show(&garbage, &request(Template::STANDARD_APP)), Err(PluginError::Damaged(_))));
}

#[tokio::test]
async fn no_secret_is_drawn_for_a_template_that_does_not_fit() {
    let plugin = plugin(json!({}));
    let authenticator = plugin.authenticator().unwrap();
    let push = Template { push: true, ..Template::STANDARD_APP };
    assert_eq!(authenticator.fits(&push, Target::Android).unwrap_err().parameter, "push");
    assert!(authenticator.offer(&request(push), Timestamp::from_secs(0)).await.is_err());
    assert_eq!(authenticator.factor(), Factor::Otp);
}

#[test]
fn settings_are_refused_when_the_plugin_is_built() {
    assert!((PLUGIN.build)(json!({ "colour": "red" }), host()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Whatever is typed, and whenever: what is accepted moves on, and what was accepted or skipped never is again.
    #[test]
    fn no_click_is_accepted_at_or_before_an_accepted_one(typed in prop::collection::vec((0_u64..40, 0_u64..120), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut token = runtime.block_on(Token::new(HOTP));
        let (mut last, mut seen, mut now) = (None, None, NOW);
        for (counter, wait) in typed {
            now += wait;
            let next = last.map_or(0, |last: u64| last + 1);
            let confirms = seen.is_some_and(|(at, since)| counter == at + 1 && now - since <= CONFIRM);
            match runtime.block_on(token.answer(&clicked(counter), now)) {
                "accepted" => {
                    prop_assert!(counter >= next && (counter < next + 3 || confirms), "{counter} after {last:?}");
                    (last, seen) = (Some(counter), None);
                }
                "outer" => {
                    prop_assert!(counter >= next + 3 && !confirms, "{counter} after {last:?}");
                    seen = seen.filter(|(at, since)| *at == counter && now - since <= CONFIRM).or(Some((counter, now)));
                }
                "replayed" => prop_assert!(counter < next, "{counter} after {last:?}"),
                other => prop_assert!(other == "rejected" && counter + 3 < next, "{counter} after {last:?}"),
            }
        }
    }
}
