//! A second authenticator: who adds one, who does not, and how one goes.

use doorward_api::SelfProvisioning;
use doorward_api::flow::Notice;
use doorward_api::mail::MailKind;
use doorward_fakes::ToyTokens;

use super::*;
use crate::stage::OTP_ALONE;
use crate::toy_app::{Phone, link};

/// Where so many are allowed.
fn stage(most: u8) -> Arc<Stage> {
    let stage = Stage::set(PASSWORD_AND_OTP);
    allow(&stage, most);
    stage
}

fn allow(stage: &Stage, most: u8) {
    stage.world.with(|rows| rows.set(&SelfProvisioning { max_tokens: most, ..SelfProvisioning::of_new() }));
}

fn states(stage: &Stage) -> Vec<TokenState> {
    stage.world.with(|rows| rows.credentials.iter().map(|token| token.state).collect())
}

impl Story {
    async fn adding(&self) -> Option<bool> {
        self.owner.adding(&self.browser.visit()).await.unwrap()
    }

    /// The button of the own page.
    async fn add(&mut self) -> Result<(), OwnError> {
        self.browser.flow = Some(self.owner.add(&self.browser.visit()).await?);
        Ok(())
    }

    /// As far as the last page of the wizard.
    async fn about_to_prove(&mut self) {
        self.add().await.unwrap();
        self.browser.send(Send::Target("ios")).await;
        self.browser.send(Send::Continue).await;
        assert_eq!(self.browser.page_name().await, "first_passcode");
    }

    async fn prove(&mut self) -> Moved {
        let passcode = self.passcode();
        self.browser.send(Send::Passcode(passcode)).await
    }

    /// With a second one in use.
    async fn with_two(most: u8) -> Self {
        let mut story = Self::on(&stage(most), "alice").await;
        story.about_to_prove().await;
        assert!(matches!(story.prove().await, Moved::BackToOwn { .. }));
        story
    }

    async fn ids(&self) -> Vec<CredentialId> {
        self.owner.tokens(&self.browser.visit()).await.unwrap().into_iter().map(|token| token.id).collect()
    }

    async fn remove(&self, id: &CredentialId) -> Result<Stepped, OwnError> {
        self.owner.remove(&self.browser.visit(), id).await
    }
}

#[tokio::test]
async fn whoever_has_just_shown_a_token_adds_another_and_stays_signed_in() {
    let mut story = Story::on(&stage(2), "alice").await;
    let (sessions, records) = (story.stage.world.with(|rows| rows.sessions.clone()), story.kinds().len());
    assert_eq!(story.adding().await, Some(true));
    story.add().await.unwrap();
    let screen = story.browser.look().await;
    assert_eq!((screen.page.name(), screen.back, screen.app_name), ("choose_kind", false, None));
    assert_eq!(screen.progress.map(|p| (p.step, p.of)), Some((1, 4)));
    story.browser.send(Send::Target("ios")).await;
    story.browser.send(Send::Continue).await;
    let screen = story.browser.look().await;
    assert_eq!(screen.progress.map(|p| (p.step, p.of)), Some((4, 4)));
    let Moved::BackToOwn { url } = story.prove().await else { panic!("not back") };
    assert_eq!(url, "/authenticators?done=added");
    assert_eq!(story.ids().await.len(), 2);
    assert_eq!(story.stage.world.with(|rows| rows.sessions.clone()), sessions, "what it was, it stays");
    use EventKind as E;
    assert_eq!(
        story.kinds()[records..],
        [
            E::AddAuthenticatorSelected,
            E::TargetSelected,
            E::TokenAssigned,
            E::ActivationCodeIssued,
            E::TokenActivated,
            E::EnrollmentConfirmed,
        ]
    );
    for kind in [E::AddAuthenticatorSelected, E::TokenAssigned, E::TokenActivated, E::EnrollmentConfirmed] {
        let told = story.stage.world.with(|rows| rows.events.iter().rev().find(|e| e.kind == kind).cloned()).unwrap();
        assert_eq!(told.details.get("additional"), Some(&true.into()), "{kind:?}");
    }
    let notices =
        story.stage.world.with(|rows| rows.mails.iter().filter(|mail| mail.kind == MailKind::EnrolmentNotice).count());
    assert_eq!(notices, 2, "one for each, with \"Not you?\"");
    assert_eq!(story.adding().await, None, "there are as many as are allowed");
    story.browser.wait(60);
    assert!(story.opens(&story.passcode()).await, "and it signs in");
}

#[tokio::test]
async fn password_and_mailbox_never_add_a_second_one() {
    let stage = stage(5);
    let alice = Story::on(&stage, "alice").await;
    let mails = stage.world.with(|rows| rows.mails.len());
    let mut thief = Browser::identified(&stage, "alice").await;
    assert_eq!(thief.page_name().await, "passcode", "no wizard is offered");
    for send in [Send::Add, Send::Code("123456".into()), Send::Target("ios"), Send::Continue] {
        thief.send(send).await;
        assert_eq!(thief.look().await.notice, Some(Notice::StaleForm));
    }
    assert_eq!(stage.world.with(|rows| rows.mails.len()), mails, "no code was mailed");
    assert!(matches!(alice.owner.add(&thief.visit()).await, Err(OwnError::SignedOut)));
    assert_eq!(states(&stage), [TokenState::Active]);
}

#[tokio::test]
async fn where_one_is_allowed_there_is_no_button_and_a_forged_form_does_nothing() {
    let mut story = Story::of("alice").await;
    assert_eq!(story.adding().await, None);
    assert!(matches!(story.add().await, Err(OwnError::Refused(Refusal::NotNow))));
    let id = story.id.clone();
    assert!(!story.seen().await.removable);
    assert!(matches!(story.remove(&id).await, Err(OwnError::Refused(Refusal::NotNow))));
    assert_eq!(states(&story.stage), [TokenState::Active]);
}

#[tokio::test]
async fn ten_minutes_later_a_passcode_is_asked_for_first() {
    let mut story = Story::on(&stage(2), "alice").await;
    story.browser.wait(9 * 60 - 1);
    assert_eq!(story.adding().await, Some(true));
    story.browser.wait(1);
    assert_eq!(story.adding().await, Some(false));
    story.add().await.unwrap();
    assert_eq!(story.browser.page_name().await, "passcode");
    let session = story.browser.session.as_ref().unwrap().hash();
    let passcode = story.passcode();
    let Moved::SignedIn(landing) = story.browser.send(Send::Passcode(passcode)).await else { panic!("not raised") };
    assert!(landing.url.ends_with("/authenticators/add"), "{}", landing.url);
    assert_ne!(story.browser.session.as_ref().unwrap().hash(), session, "a higher level, a new cookie");
    assert_eq!(story.adding().await, Some(true));
    story.about_to_prove().await;
    assert!(matches!(story.prove().await, Moved::BackToOwn { .. }));
}

#[tokio::test]
async fn a_session_by_password_or_by_a_stand_in_is_not_enough() {
    let mut story = Story::on(&stage(2), "alice").await;
    for proofs in [
        doorward_api::Proofs { by_token: None, ..story.session().proofs },
        doorward_api::Proofs { by_token: None, recovered: Some(story.browser.now), ..story.session().proofs },
        doorward_api::Proofs::NONE.with(doorward_api::Factor::Password, story.browser.now),
    ] {
        story.stage.world.with(|rows| rows.sessions.values_mut().for_each(|session| session.proofs = proofs));
        story.stage.desk.identities.forget_all_of(&story.session().id);
        assert_eq!(story.adding().await, Some(false), "{proofs:?}");
        story.add().await.unwrap();
        assert_eq!(story.browser.page_name().await, "passcode", "{proofs:?}");
    }
    assert_eq!(states(&story.stage), [TokenState::Active]);
}

impl Story {
    fn session(&self) -> doorward_api::Session {
        let hash = self.browser.session.as_ref().unwrap().hash();
        self.stage.world.with(|rows| rows.sessions[&hash].clone())
    }
}

#[tokio::test]
async fn cancelling_leads_back_and_leaves_the_session_alone() {
    let mut story = Story::on(&stage(2), "alice").await;
    story.add().await.unwrap();
    story.browser.send(Send::Target("ios")).await;
    assert_eq!(states(&story.stage), [TokenState::Active, TokenState::Assigned]);
    let Moved::BackToOwn { url } = story.browser.send(Send::Cancel).await else { panic!("not back") };
    assert_eq!(url, "/authenticators");
    assert_eq!(states(&story.stage), [TokenState::Active, TokenState::Revoked]);
    assert_eq!(story.adding().await, Some(true), "signed in as before");
    // And so from the passcode page.
    story.browser.wait(600);
    story.add().await.unwrap();
    assert!(matches!(story.browser.send(Send::Cancel).await, Moved::BackToOwn { .. }));
    assert_eq!(story.adding().await, Some(false));
}

#[tokio::test]
async fn of_two_browsers_that_add_one_the_later_goes_on() {
    let mut story = Story::on(&stage(2), "alice").await;
    story.about_to_prove().await;
    let mut second = Story {
        stage: story.stage.clone(),
        owner: Owner::new(story.stage.desk.clone()),
        browser: story.browser.tab(),
        id: story.id.clone(),
    };
    second.about_to_prove().await;
    assert_eq!(story.browser.page_name().await, "ended");
    assert!(matches!(second.prove().await, Moved::BackToOwn { .. }));
    use TokenState::{Active, Revoked};
    assert_eq!(states(&story.stage), [Active, Revoked, Active]);
}

#[tokio::test]
async fn one_more_than_is_allowed_is_refused_at_the_last_moment() {
    for most_then in [1, 2] {
        let mut story = Story::on(&stage(2), "alice").await;
        story.about_to_prove().await;
        // Fewer are allowed by now, or an operator has handed out another meanwhile.
        allow(&story.stage, most_then);
        if most_then == 2 {
            story.stage.world.with(|rows| {
                let thing = Credential {
                    id: "thing".into(),
                    form: doorward_api::TokenForm::Hardware,
                    ..rows.credentials[0].clone()
                };
                rows.credentials.insert(0, thing);
            });
        }
        let Moved::BackToOwn { url } = story.prove().await else { panic!("not refused") };
        assert_eq!(url, "/authenticators?done=not-added");
        let in_use = states(&story.stage).iter().filter(|state| **state == TokenState::Active).count();
        assert_eq!(in_use, usize::from(most_then));
        assert_eq!(details(&story.stage.world, EventKind::SelfProvisioningNotOffered)["reason"], "has_all_tokens");
        assert_eq!(story.adding().await, None, "still signed in");
    }
}

#[tokio::test]
async fn a_device_puts_the_second_in_use_where_it_was_begun_as_one() {
    let stage = Stage::with_app(PASSWORD_AND_OTP);
    allow(&stage, 2);
    let mut story = Story::on_device(&stage).await;
    story.add().await.unwrap();
    story.browser.send(Send::Target("ios")).await;
    let mut phone = Phone::new(&stage, "the second").running("ios");
    phone.scan(&link(&story.browser).await).await;
    story.browser.send(Send::Mine(true)).await;
    assert_eq!(phone.say("activate/finish").await.0, 200);
    assert_eq!(states(&stage), [TokenState::Active; 2]);
    assert!(matches!(story.prove().await, Moved::BackToOwn { .. }));
    assert_eq!(details(&stage.world, EventKind::ActivationCompleted)["additional"], true);
}

#[tokio::test]
async fn what_was_begun_by_the_mailbox_does_not_become_the_second() {
    let stage = Stage::with_app(PASSWORD_AND_OTP);
    allow(&stage, 5);
    let mut thief = Browser::installing(&stage, "alice").await;
    thief.send(Send::Installed).await;
    let mut phone = Phone::new(&stage, "not hers");
    phone.scan(&link(&thief).await).await;
    thief.send(Send::Mine(true)).await;
    // alice gets one of her own by another way in that very moment.
    stage.world.with(|rows| {
        let hers = Credential { id: "hers".into(), state: TokenState::Active, ..rows.credentials[0].clone() };
        rows.credentials.insert(0, hers);
    });
    assert_eq!(phone.say("activate/finish").await.0, 403);
    assert_eq!(states(&stage), [TokenState::Active, TokenState::Assigned]);
}

impl Story {
    /// Signed in with an app of our own.
    async fn on_device(stage: &Arc<Stage>) -> Self {
        let (mut browser, _) = crate::toy_app::activated(stage, "alice").await;
        let passcode = stage.passcode("u-alice", browser.now);
        browser.send(Send::Passcode(passcode)).await;
        browser.wait(60);
        let owner = Owner::new(stage.desk.clone());
        let id = owner.tokens(&browser.visit()).await.unwrap()[0].id.clone();
        Self { stage: stage.clone(), owner, browser, id }
    }
}

#[tokio::test]
async fn where_only_a_passcode_is_asked_for_a_passcode_is_enough_to_add_another() {
    let stage = Stage::set(OTP_ALONE);
    allow(&stage, 2);
    let mut alice = Browser::new(&stage);
    alice.name(Some("/page"), "alice").await;
    alice.send(Send::Add).await;
    let code = alice.mailed_code();
    alice.send(Send::Code(code)).await;
    alice.send(Send::Target("android")).await;
    alice.send(Send::Continue).await;
    let passcode = stage.passcode("u-alice", alice.now);
    assert!(matches!(alice.send(Send::Passcode(passcode)).await, Moved::SignedIn(_)));
    let owner = Owner::new(stage.desk.clone());
    assert_eq!(owner.adding(&alice.visit()).await.unwrap(), Some(true));
}

#[tokio::test]
async fn one_that_its_user_can_do_without_is_removed_and_its_place_is_free() {
    let story = Story::with_two(2).await;
    let ids = story.ids().await;
    assert!(story.owner.tokens(&story.browser.visit()).await.unwrap().iter().all(|token| token.removable));
    assert!(matches!(story.remove(&ids[0]).await, Ok(Stepped::Done)));
    assert_eq!(states(&story.stage), [TokenState::Revoked, TokenState::Active]);
    let told = story.stage.world.with(|rows| rows.events.last().cloned()).unwrap();
    assert_eq!((told.kind, &told.details["actor"]), (EventKind::TokenRevoked, &"user".into()));
    assert_eq!(told.details["reason"], "removed");
    let mail = story.stage.world.with(|rows| rows.mails.last().map(|mail| (mail.kind, mail.fields["device"].clone())));
    let (kind, device) = mail.unwrap();
    assert_eq!((kind, device.expose()), (MailKind::AuthenticatorRemoved, "android"), "its owner is told");
    assert!(matches!(story.remove(&ids[1]).await, Err(OwnError::Refused(Refusal::NotNow))), "the last one stays");
    assert!(matches!(story.remove(&ids[0]).await, Err(OwnError::NotFound)));
    assert_eq!(story.adding().await, Some(true), "another may be added");
}

#[tokio::test]
async fn what_it_has_opened_elsewhere_ends_with_one_that_is_removed() {
    let mut story = Story::with_two(2).await;
    story.browser.wait(60);
    let mut elsewhere = Browser::identified(&story.stage, "alice").await;
    elsewhere.now = story.browser.now;
    assert!(story.opens(&story.passcode()).await);
    assert_eq!(story.stage.world.with(|rows| rows.portal_sessions("u-alice").len()), 2);
    let ids = story.ids().await;
    assert!(matches!(story.remove(&ids[0]).await, Ok(Stepped::Done)));
    assert_eq!(story.stage.world.with(|rows| rows.portal_sessions("u-alice").len()), 1);
    assert_eq!(story.ids().await, [ids[1].clone()], "here they are still in");
    assert_eq!(elsewhere.look().await.page.name(), "ended", "a sign-in that was under way is over");
}

/// Within a quarter of an hour, oftener than a token may be wrong in it.
#[tokio::test]
async fn signing_in_by_one_uses_up_no_try_of_the_other() {
    let mut story = Story::with_two(2).await;
    for _ in 0..12 {
        story.browser.wait(60);
        assert!(story.opens(&story.passcode()).await);
    }
    let now = story.browser.now;
    let first = story.stage.world.with(|rows| ToyTokens::passcode(&rows.credentials[0].opened, now));
    assert!(story.opens(&first).await);
}

#[tokio::test]
async fn removing_asks_for_a_token_as_adding_does() {
    let mut story = Story::with_two(2).await;
    story.browser.wait(600);
    let ids = story.ids().await;
    let Ok(Stepped::Begun(flow)) = story.remove(&ids[0]).await else { panic!("removed by a session alone") };
    story.browser.flow = Some(flow);
    assert_eq!((story.browser.page_name().await, states(&story.stage)), ("passcode", vec![TokenState::Active; 2]));
    let passcode = story.passcode();
    let Moved::SignedIn(landing) = story.browser.send(Send::Passcode(passcode)).await else { panic!("not raised") };
    assert!(landing.url.ends_with(&format!("/authenticators/{}/remove", ids[0])), "{}", landing.url);
    assert!(matches!(story.remove(&ids[0]).await, Ok(Stepped::Done)));
}

#[tokio::test]
async fn what_is_held_can_be_removed_and_what_is_left_must_be_of_use() {
    let story = Story::with_two(2).await;
    let ids = story.ids().await;
    story.stage.world.with(|rows| rows.credentials[0].state = TokenState::Suspended);
    assert!(matches!(story.remove(&ids[1]).await, Err(OwnError::Refused(Refusal::NotNow))));
    assert!(matches!(story.remove(&ids[0]).await, Ok(Stepped::Done)), "reported lost, its place is free again");
}

#[tokio::test]
async fn another_users_token_is_not_there() {
    let alice = Story::with_two(2).await;
    let bob = Story::on(&alice.stage, "bob").await;
    assert!(matches!(bob.remove(&alice.id).await, Err(OwnError::NotFound)));
    assert!(matches!(bob.owner.removing(&bob.browser.visit(), &alice.id).await, Err(OwnError::NotFound)));
}
