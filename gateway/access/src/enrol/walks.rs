//! Whoever wanders through the wizard in whatever order gets through the door only by identity, contact and proof (SEC 5.6,
//! EN-01): random walks of two browsers that know different things.

use std::sync::Arc;

use doorward_api::TokenState;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::stage::{Browser, PASSWORD_AND_OTP, Send, Stage};
use crate::visit::{Moved, Standing, StepForm};

/// Which form an action is sent with.
#[derive(Debug, Clone, Copy)]
enum With {
    /// That of its own page.
    Own,
    /// One it has seen before.
    Old,
    /// The one that the other browser sees.
    Foreign,
}

/// One thing that a browser does.
#[derive(Debug, Clone)]
struct Act {
    by_alice: bool,
    with: With,
    what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// What the page asks for.
    Fitting,
    Name,
    RightPassword,
    WrongPassword,
    /// The code in alice's newest mail. Only she can read it.
    MailedCode,
    WrongCode,
    /// What alice's app shows. Only she has it.
    RightPasscode,
    WrongPasscode,
    Add,
    Resend,
    Mobile,
    Android,
    Desktop,
    NewSecret,
    Continue,
    Back,
    Cancel,
    Switch,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    use What::*;
    let what = prop_oneof![
        30 => Just(Fitting),
        1 => Just(Name),
        2 => Just(RightPassword),
        1 => Just(WrongPassword),
        2 => Just(MailedCode),
        1 => Just(WrongCode),
        2 => Just(RightPasscode),
        1 => Just(WrongPasscode),
        1 => Just(Add),
        1 => Just(Resend),
        1 => Just(Mobile),
        1 => Just(Android),
        1 => Just(Desktop),
        1 => Just(NewSecret),
        1 => Just(Continue),
        1 => Just(Back),
        1 => Just(Cancel),
        1 => Just(Switch),
    ];
    let with = prop_oneof![8 => Just(With::Own), 1 => Just(With::Old), 1 => Just(With::Foreign)];
    let act = (prop::bool::weighted(0.75), with, what).prop_map(|(by_alice, with, what)| Act { by_alice, with, what });
    prop::collection::vec(act, 10..60)
}

/// A browser, the last form it saw, and what it has shown to know since it began anew.
struct Walker {
    browser: Browser,
    seen: Option<StepForm>,
    shown: Vec<What>,
    inside: bool,
}

impl Walker {
    fn new(stage: &Arc<Stage>) -> Self {
        Self { browser: Browser::new(stage), seen: None, shown: Vec::new(), inside: false }
    }

    async fn form(&self) -> Option<StepForm> {
        let form = self.browser.stage.desk.look(&self.browser.visit()).await.ok()?.page()?.form;
        Some(StepForm { flow: form.flow, nonce: form.nonce, return_to: form.return_to })
    }

    /// What the page asks for, in the order of the wizard.
    async fn fitting(&self) -> What {
        let screen = self.browser.stage.desk.look(&self.browser.visit()).await.ok().and_then(Standing::page);
        match screen.map(|screen| screen.page.name()) {
            None => What::Name,
            Some("password") => What::RightPassword,
            Some("need_authenticator") => What::Add,
            Some("check_email") => What::MailedCode,
            Some("choose_kind") => What::Mobile,
            Some("choose_device") => What::Android,
            Some("install") => What::Continue,
            Some(_) => What::RightPasscode,
        }
    }

    async fn act(&mut self, act: &Act, foreign: Option<StepForm>) {
        let act = match act.what {
            What::Fitting => &Act { what: self.fitting().await, ..act.clone() },
            _ => act,
        };
        if act.what == What::Name {
            self.shown.clear();
            self.browser.name(Some("/page"), "alice").await;
            return;
        }
        let own = self.form().await;
        let form = match act.with {
            With::Own => own.clone(),
            With::Old => self.seen.clone(),
            With::Foreign => foreign,
        };
        self.seen = own.or(self.seen.take());
        let (Some(form), Some(what)) = (form, self.send(act)) else { return };
        let moved = self.browser.try_form(&form, what).await;
        if let Ok(moved) = moved {
            self.shown.push(act.what);
            self.inside |= matches!(moved, Moved::SignedIn(_));
            self.took(&moved);
        }
    }

    fn took(&mut self, moved: &Moved) {
        match moved {
            Moved::ToStep { browser: Some(browser) } => self.browser.flow = Some(browser.clone()),
            Moved::StartAgain { .. } | Moved::Denied(_) => self.browser.flow = None,
            _ => {}
        }
    }

    /// What is sent; nothing where it would be what this browser cannot know.
    fn send(&self, act: &Act) -> Option<Send> {
        let stage = &self.browser.stage;
        Some(match act.what {
            What::RightPassword => Send::Password("password of alice".into()),
            What::WrongPassword => Send::Password("password of mallory".into()),
            What::MailedCode => Send::Code(act.by_alice.then(|| stage.world.mailed("code")).flatten()?),
            What::WrongCode => Send::Code("000000".into()),
            What::RightPasscode => {
                let has_app =
                    stage.world.with(|rows| rows.credentials.iter().any(|token| token.user.as_str() == "u-alice"));
                Send::Passcode((act.by_alice && has_app).then(|| stage.passcode("u-alice", self.browser.now))?)
            }
            What::WrongPasscode => Send::Passcode("000000".into()),
            What::Add => Send::Add,
            What::Resend => Send::Resend,
            What::Mobile => Send::Target("mobile"),
            What::Android => Send::Target("android"),
            What::Desktop => Send::Target("windows-desktop"),
            What::NewSecret => Send::NewSecret,
            What::Continue => Send::Continue,
            What::Back => Send::Back,
            What::Cancel => Send::Cancel,
            What::Switch => Send::Switch,
            What::Name | What::Fitting => return None,
        })
    }
}

/// Identity, contact and proof, in this order, whatever else was done in between.
fn in_order(shown: &[What]) -> bool {
    let mut rest = shown.iter();
    [What::RightPassword, What::MailedCode, What::RightPasscode].iter().all(|needed| rest.any(|what| what == needed))
}

async fn walk(acts: Vec<Act>) -> Result<bool, TestCaseError> {
    let stage = Stage::set(PASSWORD_AND_OTP);
    let (mut alice, mut thief) = (Walker::new(&stage), Walker::new(&stage));
    let mut enrolled = false;
    for act in &acts {
        let (actor, other) = if act.by_alice { (&mut alice, &thief) } else { (&mut thief, &alice) };
        let foreign = other.form().await;
        actor.act(act, foreign).await;
        let active = stage.world.with(|rows| rows.credentials.iter().any(|token| token.state == TokenState::Active));
        if active && !enrolled {
            enrolled = true;
            prop_assert!(in_order(&alice.shown), "a token became active after {:?}", alice.shown);
        }
        prop_assert!(!thief.inside, "a password alone opened the door");
        prop_assert!(!alice.inside || enrolled, "a door without a token");
        for browser in [&mut alice.browser, &mut thief.browser] {
            browser.wait(3);
        }
    }
    Ok(enrolled)
}

#[test]
fn no_walk_leads_in_but_by_identity_contact_and_proof() {
    let config = Config { cases: 120, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let arrived = std::cell::Cell::new(0);
    runner
        .run(&acts(), |acts| {
            let enrolled = runtime.block_on(walk(acts))?;
            arrived.set(arrived.get() + usize::from(enrolled));
            Ok(())
        })
        .unwrap();
    assert!(
        arrived.get() > 5,
        "only {} of 120 walks led through the door: they would have shown nothing",
        arrived.get()
    );
}
