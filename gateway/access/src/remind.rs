//! Reminds those who have put off their enrolment: 7, 3 and 1 days before the deadline of their rule, once each, by mail.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use doorward_api::mail::{MailKind, NewMail};
use doorward_api::ports::{Act, Change, OneTime, OneTimePurpose, Page};
use doorward_api::settings::{Day, EnrolmentRules};
use doorward_api::{
    CommitError, MailId, Secret, SelfProvisioning, StoreError, Target, TargetSettings, Timestamp, TokenHash, User,
    VirtualServerId,
};
use doorward_tokens::{Facts, offer};
use ring::digest::{SHA256, digest};

use crate::ports::Ports;
use crate::settings::{mail_language, setting};
use crate::site::{SharedSite, VirtualServer};

/// So many days before the deadline.
const DAYS_BEFORE: [u32; 3] = [1, 3, 7];

const DAY: Duration = Duration::from_hours(24);

/// Users that are read at once.
const AT_ONCE: u32 = 200;

/// Writes the reminders that are due.
pub struct Reminders {
    ports: Ports,
    site: SharedSite,
    /// What everybody was reminded of: not gone through again by this process.
    told: Mutex<BTreeMap<VirtualServerId, Due>>,
}

/// Which reminders are due, and by which version of the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Due {
    version: i64,
    deadlines: Vec<(Day, u32)>,
}

impl std::fmt::Debug for Reminders {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reminders").finish_non_exhaustive()
    }
}

/// What is read once for all users of a virtual server.
struct Settings {
    self_provisioning: SelfProvisioning,
    rules: EnrolmentRules,
    targets: TargetSettings,
    language: String,
}

impl Reminders {
    /// With the ports and the site in force.
    pub fn new(ports: Ports, site: SharedSite) -> Self {
        Self { ports, site, told: Mutex::default() }
    }

    /// Queues a mail to everybody whose deadline is near, who has no token and was not reminded of that day yet. Returns how many.
    /// Running it twice, or in two processes at once, reminds nobody twice.
    ///
    /// # Errors
    /// The last of what went wrong; what cannot be read of one virtual server holds up no other. Whoever was reminded before stays so;
    /// the next run goes on.
    pub async fn remind(&self, now: Timestamp) -> Result<u64, StoreError> {
        let site = self.site.load_full();
        let (mut reminded, mut failed) = (0, None);
        for vs in site.virtual_servers.values() {
            match self.remind_users_of(vs, now).await {
                Ok(of_one) => reminded += of_one,
                Err(error) => {
                    tracing::warn!(vs = %vs.id, %error, "users of a virtual server cannot be reminded of their deadline");
                    failed = Some(error);
                }
            }
        }
        failed.map_or(Ok(reminded), Err)
    }

    async fn remind_users_of(&self, vs: &VirtualServer, now: Timestamp) -> Result<u64, StoreError> {
        let port = self.ports.settings.as_ref();
        let seen = setting::<EnrolmentRules>(port, &vs.id).await?;
        let (rules, version) = (seen.document, seen.version);
        let deadlines = rules.rules.iter().filter_map(|rule| rule.deadline);
        let due = Due { version, deadlines: deadlines.filter_map(|day| Some((day, days_before(day, now)?))).collect() };
        // Where nobody's deadline is near, nobody is looked for.
        if due.deadlines.is_empty()
            || self.told.lock().unwrap_or_else(PoisonError::into_inner).get(&vs.id) == Some(&due)
        {
            return Ok(0);
        }
        let settings = Settings {
            self_provisioning: setting(port, &vs.id).await?.document,
            targets: setting(port, &vs.id).await?.document,
            language: mail_language(port, &vs.id).await?,
            rules,
        };
        let mut page = Page { after: String::new(), limit: AT_ONCE };
        let mut reminded = 0;
        loop {
            let listed = self.ports.register.users_without_token(&vs.id, &page).await?;
            for user in &listed.items {
                reminded += u64::from(self.remind_user(vs, &settings, user, now).await?);
            }
            match listed.next {
                Some(next) => page.after = next,
                None => break,
            }
        }
        self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(vs.id.clone(), due);
        Ok(reminded)
    }

    async fn remind_user(
        &self,
        vs: &VirtualServer,
        settings: &Settings,
        user: &User,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let offered = offer(&Facts {
            policy_requires_otp: true,
            account_usable: !user.disabled,
            user: &user.id,
            tokens: &[],
            adding: false,
            groups: &user.groups,
            address: None,
            now,
            settings: &settings.self_provisioning,
            rules: &settings.rules,
            targets: &settings.targets,
            // What the plugins can honour is found out when the user comes.
            feasible: &Target::ALL,
        });
        let rule = doorward_tokens::rule_for(&settings.rules, &user.groups);
        let deadline = rule.filter(|_| offered.is_ok()).and_then(|rule| rule.deadline);
        let Some((deadline, days)) = deadline.and_then(|day| Some((day, days_before(day, now)?))) else {
            return Ok(false);
        };
        let once = Act::OneTimePut(OneTime {
            purpose: OneTimePurpose::EnrolmentReminder,
            hash: told(&vs.id, user, deadline, days),
            data: "{}".to_owned(),
            expires_at: deadline.ends() + DAY,
        });
        let mail = Act::MailQueue(self.mail(vs, settings, user, deadline, days, now));
        match self.ports.ledger.commit(&vs.id, Change::of(once).and(mail), now).await {
            Ok(()) => Ok(true),
            // Reminded already.
            Err(CommitError::Lost { .. }) => Ok(false),
            Err(CommitError::Store(error)) => Err(error),
        }
    }

    fn mail(
        &self,
        vs: &VirtualServer,
        settings: &Settings,
        user: &User,
        deadline: Day,
        days: u32,
        now: Timestamp,
    ) -> NewMail {
        let fields = [
            ("deadline", deadline.to_string()),
            ("days", days.to_string()),
            ("portal_url", format!("{}/", vs.portal_origin)),
        ];
        NewMail {
            id: MailId::new(self.ports.entropy.id()),
            user: user.id.clone(),
            kind: MailKind::EnrolmentReminder,
            language: settings.language.clone(),
            fields: fields.into_iter().map(|(name, value)| (name.to_owned(), Secret::new(value))).collect(),
            flow: None,
            expires_at: deadline.ends().min(now + DAY),
        }
    }
}

/// Which reminder is due: the last of the days before the deadline that has come. `None` before the first and after the deadline.
fn days_before(deadline: Day, now: Timestamp) -> Option<u32> {
    let ends = deadline.ends();
    if ends <= now {
        return None;
    }
    DAYS_BEFORE.into_iter().find(|days| ends.since(now) <= DAY.saturating_mul(*days))
}

/// What a reminder is known by.
fn told(vs: &VirtualServerId, user: &User, deadline: Day, days: u32) -> TokenHash {
    let text = format!("{vs}\n{}\n{deadline}\n{days}", user.id);
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    TokenHash::from_bytes(hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::{PASSWORD_AND_OTP, Stage};
    use crate::testing::{enrolment_rule, now};
    use doorward_api::settings::EnrolmentRule;

    fn rule(deadline: Timestamp) -> EnrolmentRules {
        EnrolmentRules {
            rules: vec![EnrolmentRule {
                deadline: deadline.rfc3339().get(..10).and_then(Day::parse),
                ..enrolment_rule()
            }],
        }
    }

    #[test]
    fn the_last_of_the_days_that_has_come_is_due() {
        let deadline = Day::parse("2026-12-24").unwrap();
        let at = |text: &str, hours: u64| {
            days_before(deadline, Day::parse(text).unwrap().begins() + Duration::from_hours(hours))
        };
        assert_eq!(at("2026-12-17", 23), None);
        assert_eq!(at("2026-12-18", 0), Some(7));
        assert_eq!(at("2026-12-21", 23), Some(7));
        assert_eq!(at("2026-12-22", 0), Some(3));
        assert_eq!(at("2026-12-24", 0), Some(1));
        assert_eq!(at("2026-12-24", 23), Some(1));
        assert_eq!(at("2026-12-25", 0), None);
    }

    #[tokio::test]
    async fn whoever_has_no_token_is_reminded_once_of_each_day() {
        let stage = Stage::set(PASSWORD_AND_OTP);
        let deadline = now() + DAY * 10;
        stage.world.with(|rows| rows.set(&rule(deadline)));
        let reminders = stage.reminders();
        let waiting = u64::try_from(
            stage.world.with(|rows| rows.users.iter().filter(|user| !user.disabled && user.email.is_some()).count()),
        )
        .unwrap();
        assert!(waiting > 1, "the story needs people");
        assert_eq!(reminders.remind(now()).await.unwrap(), 0, "too early");
        assert_eq!(reminders.remind(now() + DAY * 5).await.unwrap(), waiting);
        assert_eq!(reminders.remind(now() + DAY * 5).await.unwrap(), 0, "they know");
        assert_eq!(stage.reminders().remind(now() + DAY * 5).await.unwrap(), 0, "another process knows that they do");
        assert_eq!(reminders.remind(now() + DAY * 8).await.unwrap(), waiting);
        assert_eq!(reminders.remind(now() + DAY * 12).await.unwrap(), 0, "too late");
        assert_eq!(stage.world.mailed("days").as_deref(), Some("3"));
    }

    #[tokio::test]
    async fn what_cannot_be_read_of_one_virtual_server_holds_up_no_other() {
        let stage = Stage::set(PASSWORD_AND_OTP);
        stage.world.with(|rows| rows.set(&rule(now() + DAY * 3)));
        let (ports, site) = stage.beside_one_that_is_damaged();
        let reminded = Reminders::new(ports, site).remind(now()).await;
        assert!(matches!(reminded, Err(StoreError::Damaged(_))), "it is said: {reminded:?}");
        assert!(stage.world.with(|rows| !rows.mails.is_empty()), "and the users of the other are reminded");
    }
}
