//! The plugin through its contract: offer, show, verify.

use super::*;
use doorward_api::UserId;
use doorward_api::ports::Entropy;
use doorward_api::template::Synchronization;
use doorward_oath::{Params, hotp, totp};
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

fn plugin(config: RawConfig) -> Arc<dyn Plugin> {
    (PLUGIN.build)(config, Host { entropy: Arc::new(Counting), issuer: "Doorward".into() }).unwrap()
}

fn request(template: Template) -> OfferRequest {
    OfferRequest {
        user: UserId::new("u1"),
        account: "alice".into(),
        issuer: "Example".into(),
        template,
        target: Target::Ios,
    }
}

/// One token and the way it is asked.
struct Token {
    plugin: Arc<dyn Plugin>,
    template: Template,
    opened: SecretBytes,
}

impl Token {
    async fn new(template: Template) -> Self {
        let plugin = plugin(json!({}));
        let offer = plugin.authenticator().unwrap().offer(&request(template.clone()), Timestamp::from_secs(0)).await;
        Self { plugin, template, opened: offer.unwrap().opened }
    }

    /// What becomes of a typed answer; an accepted one is written, as the host does.
    async fn answer(&mut self, text: &str, secs: u64) -> &'static str {
        let (answer, now) = (Secret::new(text), Timestamp::from_secs(secs as i64));
        let verified = self.plugin.authenticator().unwrap().verify(&self.opened, &self.template, &answer, now).await;
        match verified.unwrap() {
            Verified::Accepted { updated } => {
                self.opened = updated;
                "accepted"
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
    let authenticator = token.plugin.authenticator().unwrap();
    let view = authenticator.show(&token.opened, &request(Template::STANDARD_APP)).unwrap();
    let again = authenticator.show(&token.opened, &request(Template::STANDARD_APP)).unwrap();
    assert_eq!(view.uri.expose(), again.uri.expose());
    assert_eq!(view.key.expose(), "AAAQ EAYE AUDA OCAJ BIFQ YDIO B4IB CEQT");
    let secret = view.key.expose().replace(' ', "");
    assert!(view.uri.expose().starts_with(&format!("otpauth://totp/Example:alice?secret={secret}&issuer=Example&")));
}

#[tokio::test]
async fn the_issuer_is_the_operators_then_the_virtual_servers_then_the_products() {
    for (config, asked, expected) in [
        (json!({ "issuer": "Acme" }), "Example", "Acme"),
        (json!({}), "Example", "Example"),
        (json!({}), "", "Doorward"),
    ] {
        let plugin = plugin(config);
        let authenticator = plugin.authenticator().unwrap();
        let request = OfferRequest { issuer: asked.into(), ..request(Template::STANDARD_APP) };
        let offer = authenticator.offer(&request, Timestamp::from_secs(0)).await.unwrap();
        let uri = authenticator.show(&offer.opened, &request).unwrap().uri;
        assert!(uri.expose().contains(&format!("/{expected}:alice?")), "{}", uri.expose());
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
async fn one_step_either_way_is_right_and_two_are_wrong() {
    for (offset, expected) in
        [(-60, "rejected"), (-30, "accepted"), (0, "accepted"), (30, "accepted"), (60, "rejected")]
    {
        let mut token = Token::new(Template::STANDARD_APP).await;
        let code = shown(NOW.saturating_add_signed(offset));
        assert_eq!(token.answer(&code, NOW).await, expected, "{offset} seconds");
    }
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
async fn an_app_whose_clock_slowly_runs_ahead_is_followed_but_not_forever() {
    let mut token = Token::new(Template::STANDARD_APP).await;
    for drift in 1..=11 {
        let now = NOW + drift * 3600;
        assert_eq!(token.answer(&shown(now + drift * 30), now).await, "accepted", "{drift} steps ahead");
    }
    let now = NOW + 12 * 3600;
    assert_eq!(token.answer(&shown(now + 12 * 30), now).await, "rejected");
}

#[tokio::test]
async fn a_click_is_accepted_within_the_look_ahead_and_once() {
    let mut token = Token::new(HOTP).await;
    assert_eq!(token.answer(&clicked(3), NOW).await, "rejected");
    assert_eq!(token.answer(&clicked(2), NOW).await, "accepted");
    assert_eq!(token.answer(&clicked(2), NOW).await, "replayed");
    assert_eq!(token.answer(&clicked(1), NOW).await, "replayed");
    assert_eq!(token.answer(&clicked(6), NOW).await, "rejected");
    assert_eq!(token.answer(&clicked(5), NOW).await, "accepted");
}

#[tokio::test]
async fn damaged_bytes_are_an_error_and_no_answer() {
    let plugin = plugin(json!({}));
    let authenticator = plugin.authenticator().unwrap();
    let garbage = SecretBytes::new(vec![0xff; 9]);
    let asked =
        authenticator.verify(&garbage, &Template::STANDARD_APP, &Secret::new("123456"), Timestamp::from_secs(9)).await;
    assert!(matches!(asked, Err(PluginError::Damaged(_))));
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
    let host = Host { entropy: Arc::new(Counting), issuer: "Doorward".into() };
    assert!((PLUGIN.build)(json!({ "colour": "red" }), host).is_err());
}
