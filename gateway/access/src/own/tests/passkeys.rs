//! Passkeys of one's own: who makes one, by what, and how one goes.

use doorward_api::TokenForm;
use doorward_api::mail::MailKind;

use super::*;
use crate::toy_passkeys::ToyPasskeys;

impl Story {
    async fn with_passkeys() -> Self {
        Self::on(&ToyPasskeys::stage(PASSWORD_AND_OTP), "alice").await
    }

    async fn page(&self) -> PasskeyAsked {
        match self.owner.begin_passkey(&self.browser.visit()).await.unwrap() {
            PasskeyBegun::Asked(asked) => asked,
            PasskeyBegun::ProveFirst(_) => panic!("a token is asked for"),
        }
    }

    async fn answer(&self, PasskeyAsked { options, ceremony }: &PasskeyAsked, id: &str) -> Result<(), OwnError> {
        let answer = ToyPasskeys::answer(options, id, "u-alice", 1).unwrap();
        self.owner.add_passkey(&self.browser.visit(), ceremony, &answer).await
    }

    async fn make(&self, id: &str) -> Result<(), OwnError> {
        self.answer(&self.page().await, id).await
    }

    async fn passkeys(&self) -> OwnPasskeys {
        self.owner.passkeys(&self.browser.visit()).await.unwrap().unwrap()
    }
}

#[tokio::test]
async fn whoever_has_just_shown_a_token_makes_a_passkey_and_is_told_by_mail() {
    let story = Story::with_passkeys().await;
    let seen = story.passkeys().await;
    assert_eq!((seen.passkeys.len(), seen.can_add, seen.proved), (0, true, true));
    story.make("phone").await.unwrap();
    let seen = story.passkeys().await.passkeys;
    assert_eq!((seen.len(), seen[0].label.as_str(), seen[0].active), (1, "Toy", true));
    assert!(seen[0].serial.starts_with("PK-") && seen[0].last_used_at.is_none());
    let record = details(&story.stage.world, EventKind::PasskeyAdded);
    assert_eq!((&record["serial"], &record["backedUp"]), (&seen[0].serial.as_str().into(), &false.into()));
    let told = story.stage.world.with(|rows| rows.mails.last().map(|mail| (mail.kind, mail.fields["device"].clone())));
    let (kind, device) = told.unwrap();
    assert_eq!((kind, device.expose()), (MailKind::EnrolmentNotice, "passkey"));
    let tokens = story.owner.tokens(&story.browser.visit()).await.unwrap();
    assert_eq!(tokens.len(), 1, "it is none of the authenticators");
    let id = seen[0].id.clone();
    assert!(matches!(story.owner.token(&story.browser.visit(), &id).await, Err(OwnError::NotFound)));
    assert!(matches!(story.owner.passkey(&story.browser.visit(), &story.id).await, Err(OwnError::NotFound)));
}

#[tokio::test]
async fn a_page_is_good_once_for_five_minutes_and_in_its_own_session() {
    let mut story = Story::with_passkeys().await;
    let page = story.page().await;
    story.answer(&page, "phone").await.unwrap();
    assert_eq!(refused(story.answer(&page, "key").await), Refusal::PasskeyNotMade, "a second time");
    // Used up by an answer that is not taken.
    let page = story.page().await;
    let answered = story.owner.add_passkey(&story.browser.visit(), &page.ceremony, "nonsense").await;
    assert_eq!(refused(answered), Refusal::PasskeyNotMade);
    assert_eq!(refused(story.answer(&page, "key").await), Refusal::PasskeyNotMade);
    // Another's page.
    let bob = Story::on(&story.stage, "bob").await;
    let page = bob.page().await;
    assert_eq!(refused(story.answer(&page, "key").await), Refusal::PasskeyNotMade);
    // Too old.
    let page = story.page().await;
    story.browser.wait(5 * 60);
    assert_eq!(refused(story.answer(&page, "key").await), Refusal::PasskeyNotMade);
    assert_eq!(story.passkeys().await.passkeys.len(), 1);
}

#[tokio::test]
async fn ten_minutes_later_a_token_is_asked_for_first_and_leads_back() {
    let mut story = Story::with_passkeys().await;
    story.browser.wait(9 * 60);
    assert!(!story.passkeys().await.proved);
    let begun = story.owner.begin_passkey(&story.browser.visit()).await.unwrap();
    let PasskeyBegun::ProveFirst(flow) = begun else { panic!("{begun:?}") };
    story.browser.flow = Some(flow);
    assert_eq!(story.browser.page_name().await, "passcode");
    let passcode = story.passcode();
    let Moved::SignedIn(landing) = story.browser.send(Send::Passcode(passcode)).await else { panic!("not raised") };
    assert!(landing.url.ends_with("/passkeys/add"), "{}", landing.url);
    story.make("phone").await.unwrap();
}

#[tokio::test]
async fn a_session_by_password_alone_makes_none() {
    let stage = ToyPasskeys::stage(PASSWORD_AND_OTP);
    let mut browser = Browser::new(&stage);
    browser.name(None, "alice").await;
    browser.send(Send::Password("password of alice".into())).await;
    let owner = Owner::new(stage.desk.clone());
    let seen = owner.passkeys(&browser.visit()).await.unwrap().unwrap();
    assert!(!seen.can_add && !seen.proved);
    let begun = owner.begin_passkey(&browser.visit()).await;
    assert!(matches!(begun, Err(OwnError::Refused(Refusal::NotNow))), "{begun:?}");
    // With a token, which is then asked for.
    let alice = Story::on(&stage, "alice").await;
    browser.now = alice.browser.now;
    let begun = owner.begin_passkey(&browser.visit()).await;
    assert!(matches!(begun, Ok(PasskeyBegun::ProveFirst(_))), "{begun:?}");
}

#[tokio::test]
async fn no_device_makes_two_and_nobody_has_anothers_or_more_than_ten() {
    let story = Story::with_passkeys().await;
    story.make("phone").await.unwrap();
    let page = story.page().await;
    assert_eq!(ToyPasskeys::answer(&page.options, "phone", "u-alice", 1), None, "the browser says so");
    ToyPasskeys::give(&story.stage, "u-bob", "key", story.browser.now).await;
    assert_eq!(refused(story.make("key").await), Refusal::PasskeyNotMade, "it is anybody's already");
    for number in 2..=MOST_PASSKEYS {
        story.make(&format!("key {number}")).await.unwrap();
    }
    assert!(!story.passkeys().await.can_add);
    let begun = story.owner.begin_passkey(&story.browser.visit()).await;
    assert!(matches!(begun, Err(OwnError::Refused(Refusal::NotNow))), "{begun:?}");
}

#[tokio::test]
async fn one_is_renamed_and_removed_by_its_owner_only() {
    let story = Story::with_passkeys().await;
    story.make("phone").await.unwrap();
    let id = story.passkeys().await.passkeys[0].id.clone();
    let bob = Story::on(&story.stage, "bob").await;
    let visit = bob.browser.visit();
    assert!(matches!(bob.owner.rename_passkey(&visit, &id, "mine").await, Err(OwnError::NotFound)));
    assert!(matches!(bob.owner.remove_passkey(&visit, &id).await, Err(OwnError::NotFound)));
    let visit = story.browser.visit();
    assert_eq!(refused(story.owner.rename_passkey(&visit, &id, "a\nb").await), Refusal::LabelText);
    story.owner.rename_passkey(&visit, &id, "My phone").await.unwrap();
    assert_eq!(story.owner.passkey(&visit, &id).await.unwrap().label, "My phone");
    assert!(matches!(story.owner.remove_passkey(&visit, &id).await, Ok(Stepped::Done)));
    assert!(story.passkeys().await.passkeys.is_empty());
    assert_eq!(details(&story.stage.world, EventKind::PasskeyRemoved)["to"], "revoked");
    let mail = story.stage.world.with(|rows| rows.mails.last().map(|mail| (mail.kind, mail.fields["device"].clone())));
    let (kind, device) = mail.unwrap();
    assert_eq!((kind, device.expose()), (MailKind::AuthenticatorRemoved, "passkey"));
    assert!(matches!(story.owner.remove_passkey(&visit, &id).await, Err(OwnError::NotFound)));
    story.make("phone again").await.unwrap();
}

#[tokio::test]
async fn ten_minutes_later_a_session_alone_removes_none() {
    let mut story = Story::with_passkeys().await;
    story.make("phone").await.unwrap();
    let id = story.passkeys().await.passkeys[0].id.clone();
    story.browser.wait(10 * 60);
    assert!(!story.owner.removing_passkey(&story.browser.visit(), &id).await.unwrap().1);
    let begun = story.owner.remove_passkey(&story.browser.visit(), &id).await;
    let Ok(Stepped::Begun(flow)) = begun else { panic!("{begun:?}") };
    assert_eq!(story.passkeys().await.passkeys.len(), 1);
    story.browser.flow = Some(flow);
    let passcode = story.passcode();
    let Moved::SignedIn(landing) = story.browser.send(Send::Passcode(passcode)).await else { panic!("not raised") };
    assert!(landing.url.ends_with(&format!("/passkeys/{id}/remove")), "{}", landing.url);
    let done = story.owner.remove_passkey(&story.browser.visit(), &id).await;
    assert!(matches!(done, Ok(Stepped::Done)), "{done:?}");
}

#[tokio::test]
async fn whoever_has_passkeys_only_removes_one_when_they_have_just_signed_in_by_one() {
    let mut story = Story::with_passkeys().await;
    story.make("phone").await.unwrap();
    let id = story.passkeys().await.passkeys[0].id.clone();
    story.stage.world.with(|rows| rows.credentials[0].state = TokenState::Revoked);
    story.browser.wait(20 * 60);
    let refused_now = story.owner.remove_passkey(&story.browser.visit(), &id).await;
    assert!(matches!(refused_now, Err(OwnError::Refused(Refusal::NotNow))), "{refused_now:?}");
    let now = story.browser.now;
    story.stage.world.with(|rows| rows.sessions.values_mut().for_each(|session| session.proofs.passkey = Some(now)));
    story.browser.wait(2);
    let done = story.owner.remove_passkey(&story.browser.visit(), &id).await;
    assert!(matches!(done, Ok(Stepped::Done)), "{done:?}");
}

#[tokio::test]
async fn what_a_passkey_has_opened_elsewhere_ends_with_it() {
    let mut story = Story::with_passkeys().await;
    story.make("phone").await.unwrap();
    story.browser.wait(60);
    assert!(story.opens(&story.passcode()).await, "another browser");
    assert_eq!(story.stage.world.with(|rows| rows.portal_sessions("u-alice").len()), 2);
    let id = story.passkeys().await.passkeys[0].id.clone();
    story.owner.remove_passkey(&story.browser.visit(), &id).await.unwrap();
    let left = story.stage.world.with(|rows| rows.portal_sessions("u-alice"));
    assert_eq!(left.len(), 1);
    assert_eq!(story.passkeys().await.passkeys.len(), 0, "and here they are still in");
}

#[tokio::test]
async fn not_you_holds_the_passkey_and_ends_the_sessions() {
    let story = Story::with_passkeys().await;
    story.make("phone").await.unwrap();
    let url = story.stage.world.mailed("dispute_url").unwrap();
    let token = url.rsplit('/').next().unwrap();
    let reader = Browser::new(&story.stage).visit();
    let view = story.stage.disputes.look(&reader, token).await.unwrap().unwrap();
    assert_eq!(view.target, None);
    assert!(story.stage.disputes.confirm(&story.browser.visit(), token).await.unwrap().unwrap().session.is_some());
    let states =
        story.stage.world.with(|rows| rows.credentials.iter().map(|one| (one.form, one.state)).collect::<Vec<_>>());
    assert_eq!(states, [(TokenForm::Software, TokenState::Active), (TokenForm::Passkey, TokenState::Suspended)]);
    assert_eq!(story.stage.disputes.confirm(&reader, token).await.unwrap(), None, "the link is used up");
}

#[tokio::test]
async fn a_token_that_was_not_theirs_takes_the_passkeys_with_it_that_it_has_made() {
    let story = Story::with_passkeys().await;
    let url = story.stage.world.mailed("dispute_url").unwrap();
    story.make("phone").await.unwrap();
    let token = url.rsplit('/').next().unwrap();
    story.stage.disputes.confirm(&story.browser.visit(), token).await.unwrap().unwrap();
    let states = story.stage.world.with(|rows| rows.credentials.iter().map(|one| one.state).collect::<Vec<_>>());
    assert_eq!(states, [TokenState::Suspended, TokenState::Suspended]);
}

#[tokio::test]
async fn where_there_are_none_the_pages_are_not_there() {
    let story = Story::of("alice").await;
    let visit = story.browser.visit();
    assert!(!story.owner.has_passkeys());
    assert!(story.owner.passkeys(&visit).await.unwrap().is_none());
    assert!(matches!(story.owner.begin_passkey(&visit).await, Err(OwnError::Refused(Refusal::NotNow))));
}
