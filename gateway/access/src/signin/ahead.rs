//! What is still to be proved: the policy is asked anew after each proof.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use doorward_api::flow::{Challenge, Notice, ReturnTo};
use doorward_api::settings::EnrolmentRules;
use doorward_api::template::Mode;
use doorward_api::{
    AuditEvent, Decision, EventKind, Factor, Flow, Object, PolicyId, Principal, Proofs, SelfProvisioning, SessionId,
    SettingKind, Step, StoreError, Subject, TargetSettings, Template, TokenState, User, UserId,
};
use doorward_tokens::{Choices, Facts, NotOffered, Offer, Terms, offer};

use crate::settings::{setting, token_template};
use crate::signin::tokens::{counted, in_hand};
use crate::signin::{Desk, Stop};
use crate::visit::Visit;

/// What lies between somebody and the page they want.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ahead {
    /// Nothing.
    Enough {
        /// The policies that admit.
        by: Vec<PolicyId>,
    },
    /// A proof that can be asked for here.
    Prove {
        /// The next one: the password before all others.
        next: Factor,
        /// All of them.
        need: Vec<Factor>,
    },
    /// No proof that can be asked for here would do.
    Closed {
        /// The policies that forbid.
        by: Vec<PolicyId>,
    },
}

impl Ahead {
    fn prove(need: Vec<Factor>, proofs: Proofs) -> Self {
        match need.iter().min() {
            // No device rings, and no passkey is asked for, before a password is proved, whatever the policies would do without.
            Some(Factor::Push | Factor::Passkey) if !proofs.has(Factor::Password) => {
                Ahead::Prove { next: Factor::Password, need }
            }
            Some(next) => Ahead::Prove { next: *next, need },
            None => Ahead::Closed { by: Vec::new() },
        }
    }

    fn from(decision: Decision, proofs: Proofs) -> Self {
        match decision {
            Decision::Admit { by } => Ahead::Enough { by },
            Decision::Challenge { need, .. } => Ahead::prove(need, proofs),
            Decision::Refuse { by } => Ahead::Closed { by },
        }
    }
}

/// Where somebody stands who must give an OTP.
pub(crate) struct OtpStep {
    /// [`Step::Passcode`] or [`Step::Offered`].
    pub(crate) step: Step,
    /// What the page says of it.
    pub(crate) notice: Option<Notice>,
    /// What is recorded of it.
    pub(crate) record: Option<(EventKind, Option<NotOffered>)>,
}

impl OtpStep {
    /// The record, once the flow is known.
    pub(crate) fn event(&self, desk: &Desk, visit: &Visit, flow: &Flow) -> Option<AuditEvent> {
        let (kind, reason) = self.record?;
        let event = desk.event(kind, visit, flow);
        Some(match reason {
            Some(reason) => event.with("reason", reason.as_str()),
            None => event,
        })
    }
}

impl Desk {
    /// What a user with these proofs must still give to go there. The portal itself asks for one proof of any kind.
    pub(crate) fn ahead(
        &self,
        visit: &Visit,
        to: Option<&ReturnTo>,
        user: &User,
        proofs: Proofs,
        session: Option<&SessionId>,
    ) -> Ahead {
        let Some(to) = to else {
            return if proofs.is_empty() {
                Ahead::prove(vec![Factor::Password], proofs)
            } else {
                Ahead::Enough { by: Vec::new() }
            };
        };
        let subject = Subject::User(Arc::new(principal(user, proofs, session)));
        match Ahead::from(self.ask_gate(visit, &subject, to), proofs) {
            // Nobody becomes somebody without a proof, however open the page.
            Ahead::Enough { .. } if proofs.is_empty() => Ahead::prove(vec![Factor::Password], proofs),
            ahead => ahead,
        }
    }

    /// What is asked of somebody of whom nothing is known: what a user would have to give. Unknown names walk this way too.
    pub(crate) fn ahead_of_anybody(&self, visit: &Visit, to: Option<&ReturnTo>) -> Ahead {
        let ahead = to.map(|to| Ahead::from(self.ask_gate(visit, &Subject::Anonymous, to), Proofs::NONE));
        match ahead {
            None | Some(Ahead::Enough { .. }) => Ahead::prove(vec![Factor::Password], Proofs::NONE),
            Some(ahead) => ahead,
        }
    }

    /// What the gate would say to this client at the page. It goes by the address that the gate saw, or what is asked for here might
    /// never be what the gate asks for, and the browser would go to and fro for ever. Nobody gains by carrying an address from
    /// elsewhere: it is sealed, it decides only what is asked for here, and at the page the gate judges the address of that request.
    fn ask_gate(&self, visit: &Visit, subject: &Subject, to: &ReturnTo) -> Decision {
        // Site and virtual server of one and the same moment: a decision is remembered under the site's generation.
        let site = self.site.load_full();
        let Some(vs) = site.virtual_server(&visit.vs.id) else { return Decision::Refuse { by: Vec::new() } };
        let object = Object {
            virtual_server: vs.id.clone(),
            app: to.app.clone(),
            host: to.host.as_str().into(),
            method: to.method.clone().into(),
            path: to.path.as_str().into(),
            client: to.client.unwrap_or(visit.address),
            secure: to.origin.starts_with("https:"),
        };
        self.gate.decision(&site, vs, subject, &object, visit.now)
    }

    /// The name that people see of where they go.
    pub(crate) fn app_name(visit: &Visit, to: Option<&ReturnTo>) -> Option<String> {
        let to = to?;
        Some(visit.vs.apps.get(&to.app).map_or_else(|| to.app.as_str().to_owned(), |app| app.name.clone()))
    }

    /// The passcode page, or the offer of an authenticator (R3, R14). `None` is an unknown name, which looks like one with
    /// a token (decision A19).
    pub(crate) async fn otp_step(&self, visit: &Visit, user: Option<&User>) -> Result<OtpStep, Stop> {
        let passcode = |notice, record| OtpStep { step: Step::Passcode, notice, record };
        let Some(user) = user else { return Ok(passcode(None, None)) };
        let states = self.token_states(visit, user).await?;
        Ok(match self.offer(visit, user, &states, None, false).await? {
            Ok(_) => {
                OtpStep { step: Step::Offered, notice: None, record: Some((EventKind::SelfProvisioningOffered, None)) }
            }
            Err(why) => passcode(why_not(why), Some((EventKind::SelfProvisioningNotOffered, Some(why)))),
        })
    }

    /// The states of a user's tokens.
    pub(crate) async fn token_states(&self, visit: &Visit, user: &User) -> Result<Vec<TokenState>, StoreError> {
        let tokens = self.tokens_of(visit, &user.id).await?;
        Ok(tokens.iter().map(counted).collect())
    }

    /// The one predicate, with the facts of this moment, and the settings that were read for it. Whoever is `adding` has proved one
    /// of their tokens.
    pub(crate) async fn offer(
        &self,
        visit: &Visit,
        user: &User,
        tokens: &[TokenState],
        issued: Option<&Template>,
        adding: bool,
    ) -> Result<Result<Allowed, NotOffered>, StoreError> {
        self.offer_at(visit, Some(visit.address), user, tokens, issued, adding).await
    }

    /// The same for somebody who comes from there; `None` where it is not them who call, and no network is judged.
    pub(crate) async fn offer_at(
        &self,
        visit: &Visit,
        address: Option<IpAddr>,
        user: &User,
        tokens: &[TokenState],
        issued: Option<&Template>,
        adding: bool,
    ) -> Result<Result<Allowed, NotOffered>, StoreError> {
        let (port, vs) = (self.ports.settings.as_ref(), &visit.vs.id);
        let settings = setting::<SelfProvisioning>(port, vs).await?;
        let rules = setting::<EnrolmentRules>(port, vs).await?;
        let targets = setting::<TargetSettings>(port, vs).await?;
        let template = self.template(visit).await?;
        let offered = offer(&Facts {
            policy_requires_otp: true,
            account_usable: !user.disabled,
            user: &user.id,
            tokens,
            adding,
            groups: &user.groups,
            address,
            now: visit.now,
            settings: &settings.document,
            rules: &rules.document,
            targets: &targets.document,
            feasible: &self.feasible(&visit.vs, issued.unwrap_or(&template), &targets.document),
        });
        let seen = vec![
            (SettingKind::SelfProvisioning, settings.version),
            (SettingKind::EnrolmentRules, rules.version),
            (SettingKind::Targets, targets.version),
        ];
        // Nobody has two by the mailbox, however many are allowed.
        let most = if adding { settings.document.max_tokens } else { 1 };
        Ok(offered.map(|Offer { choices, terms }| Allowed { choices, terms, template, most, seen }))
    }

    /// What may be chosen at W3 and W4, whoever asks.
    pub(crate) async fn choices(
        &self,
        visit: &Visit,
        issued: Option<&Template>,
    ) -> Result<Option<Choices>, StoreError> {
        let targets = setting::<TargetSettings>(self.ports.settings.as_ref(), &visit.vs.id).await?.document;
        let template = self.template(visit).await?;
        let feasible = self.feasible(&visit.vs, issued.unwrap_or(&template), &targets);
        Ok(Choices::new(targets.allowed().filter(|target| feasible.contains(target))))
    }

    /// What a token is made by whose activation is issued now.
    pub(crate) async fn template(&self, visit: &Visit) -> Result<Template, StoreError> {
        let seen = token_template(self.ports.settings.as_ref(), &visit.vs).await?;
        Ok(seen.document.freeze(seen.version))
    }

    /// A question for the passcode page of a user, where one of their tokens answers questions. Somebody of whom nothing was
    /// proved sees one, too, where new tokens do: it must not tell who has what.
    pub(crate) async fn challenge_for(
        &self,
        visit: &Visit,
        user: Option<&UserId>,
    ) -> Result<Option<Challenge>, StoreError> {
        let theirs = match user {
            Some(user) => {
                let tokens = self.tokens_of(visit, user).await?;
                tokens.iter().any(|token| in_hand(token) && asks(&token.template))
            }
            None => false,
        };
        let asked = theirs || asks(&self.template(visit).await?);
        Ok(asked.then(|| self.draw_challenge(visit)))
    }

    /// Eight digits, good once and for two minutes (R59).
    pub(crate) fn draw_challenge(&self, visit: &Visit) -> Challenge {
        let mut bytes = [0_u8; 8];
        self.ports.entropy.fill(&mut bytes);
        // Of 2^64 numbers a hundred million take equal parts, as good as exactly.
        let text = format!("{:08}", u64::from_le_bytes(bytes) % 100_000_000);
        Challenge { text, expires_at: visit.now + CHALLENGE_LIFE }
    }
}

/// How long a challenge is good (R59).
const CHALLENGE_LIFE: Duration = Duration::from_secs(120);

/// Whether tokens of a template answer questions.
pub(crate) fn asks(template: &Template) -> bool {
    template.mode == Mode::ChallengeResponse
}

/// What somebody who may self-provision may have, and by which settings.
pub(crate) struct Allowed {
    /// On what.
    pub(crate) choices: Choices,
    /// On which terms.
    pub(crate) terms: Terms,
    /// What a token issued now is made by.
    pub(crate) template: Template,
    /// How many tokens that count they may have with it.
    pub(crate) most: u8,
    /// The versions of the settings that say so.
    pub(crate) seen: Vec<(SettingKind, i64)>,
}

/// What the page says to somebody who is not offered an authenticator, where they can do something about it.
fn why_not(why: NotOffered) -> Option<Notice> {
    (why == NotOffered::NotInNetwork).then_some(Notice::NotInNetwork)
}

/// How often in a row a passcode was not accepted, this time included.
pub(crate) fn times_not_accepted(notice: Option<&Notice>) -> u32 {
    match notice {
        Some(Notice::PasscodeNotAccepted { times }) => times.saturating_add(1),
        _ => 1,
    }
}

fn principal(user: &User, proofs: Proofs, session: Option<&SessionId>) -> Principal {
    Principal {
        user: user.id.clone(),
        name: user.name.clone(),
        display_name: user.display_name.clone(),
        email: user.email.clone(),
        groups: user.groups.clone(),
        session: session.cloned().unwrap_or_else(|| SessionId::new("")),
        proofs,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_comes_before_the_passcode() {
        let need = vec![Factor::Otp, Factor::Password];
        let nothing = Proofs::NONE;
        assert_eq!(Ahead::prove(need.clone(), nothing), Ahead::Prove { next: Factor::Password, need });
        let need = vec![Factor::Otp];
        assert_eq!(Ahead::prove(need.clone(), nothing), Ahead::Prove { next: Factor::Otp, need });
    }

    #[test]
    fn the_password_comes_before_a_push_or_a_passkey_even_where_the_policies_ask_for_none() {
        let at = doorward_api::Timestamp::from_secs(9);
        for factor in [Factor::Push, Factor::Passkey] {
            let next = |proofs| match Ahead::prove(vec![factor], proofs) {
                Ahead::Prove { next, .. } => next,
                other => panic!("{other:?}"),
            };
            assert_eq!(next(Proofs::NONE), Factor::Password);
            assert_eq!(next(Proofs::NONE.with(Factor::Otp, at)), Factor::Password);
            assert_eq!(next(Proofs::NONE.with(Factor::Password, at)), factor);
        }
    }

    #[test]
    fn where_no_proof_would_do_it_is_closed() {
        assert_eq!(Ahead::prove(vec![], Proofs::NONE), Ahead::Closed { by: Vec::new() });
    }
}
