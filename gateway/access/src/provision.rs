//! What provisioning tasks do by and by, beside the requests: the members of a group are found, mails are written, and those who have
//! missed the stop date are told so. Running it twice, or in two processes at once, writes to nobody twice.

pub(crate) mod rules;

use std::time::Duration;

use doorward_api::mail::{MailKind, NewMail};
use doorward_api::ports::{Act, Change, Clock, Page};
use doorward_api::provisioning::{EntryStatus, NewEntry, ProvisioningEntry, ProvisioningTask, SkipReason, TaskNumber};
use doorward_api::{
    CommitError, Secret, SelfProvisioning, StoreError, Timestamp, Token, TokenState, User, VirtualServerId,
};

use crate::enrol::by_mail::LINK_PATH;
use crate::ports::Ports;
use crate::settings::{mail_language, setting};
use crate::signin::counted;
use crate::site::{SharedSite, VirtualServer};

/// So many are dealt with in one change: others wait for it no longer than for a few sign-ins.
const AT_ONCE: u32 = 50;

/// So many changes of each kind for a task in one run; then others have their turn.
const CHANGES: usize = 20;

/// How long a mail is tried.
const MAIL_LIFE: Duration = Duration::from_hours(24);

/// Does what is due of provisioning tasks.
pub struct Provisioner {
    ports: Ports,
    site: SharedSite,
}

impl std::fmt::Debug for Provisioner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Provisioner").finish_non_exhaustive()
    }
}

/// Why there is nothing to provision to somebody; `None` when there is. A token that another task reserves counts as one.
pub(crate) async fn skipped(
    ports: &Ports,
    vs: &VirtualServerId,
    user: &User,
) -> Result<Option<SkipReason>, StoreError> {
    if user.disabled {
        return Ok(Some(SkipReason::Disabled));
    }
    if user.email.as_deref().is_none_or(str::is_empty) {
        return Ok(Some(SkipReason::NoEmail));
    }
    let most = setting::<SelfProvisioning>(ports.settings.as_ref(), vs).await?.document.max_tokens;
    let tokens = ports.credentials.credentials_of(vs, &user.id).await?;
    let states = tokens.iter().filter(|token| token.form.is_token()).map(counted);
    let held = states.filter(|state: &TokenState| state.counts_as_token()).count();
    let mut reserved = 0;
    for entry in ports.provisioning.provisioning_of(vs, &user.id).await? {
        reserved += usize::from(entry.status.reserves());
    }
    Ok((held + reserved >= usize::from(most)).then_some(SkipReason::HasAllTokens))
}

/// The last of what went wrong in a run that goes on without it.
#[derive(Default)]
struct Failed(Option<StoreError>);

impl Failed {
    fn at(&mut self, vs: &VirtualServerId, part: &'static str, number: Option<TaskNumber>, error: StoreError) {
        tracing::warn!(%vs, part, number, %error, "provisioning goes on without a part");
        self.0 = Some(error);
    }
}

impl Provisioner {
    /// With the ports and the site in force.
    pub fn new(ports: Ports, site: SharedSite) -> Self {
        Self { ports, site }
    }

    /// Does what is due, and says how many mails were queued. The time is read for each portion anew: of thousands the last are written
    /// to long after the first, and what was asked for meanwhile was asked for before.
    ///
    /// # Errors
    /// The last of what went wrong. All that does not depend on it is done: what cannot be read of one virtual server, or of one task,
    /// holds up no other. The next run goes on.
    pub async fn run(&self, clock: &dyn Clock) -> Result<u64, StoreError> {
        let site = self.site.load_full();
        let (mut mailed, mut failed) = (0, Failed::default());
        for vs in site.virtual_servers.values() {
            if let Err(error) = self.apply_rules(&vs.id, clock).await {
                failed.at(&vs.id, "rules", None, error);
            }
            mailed += self.advance_all(vs, clock, &mut failed).await;
        }
        failed.0.map_or(Ok(mailed), Err)
    }

    /// However many wait, each has its turn in every run.
    async fn advance_all(&self, vs: &VirtualServer, clock: &dyn Clock, failed: &mut Failed) -> u64 {
        let (mut mailed, mut after) = (0, 0);
        loop {
            let due = match self.ports.provisioning.due_provisioning_tasks(&vs.id, clock.now(), after).await {
                Ok(due) => due,
                Err(error) => {
                    failed.at(&vs.id, "tasks", None, error);
                    return mailed;
                }
            };
            let Some(last) = due.last().map(|task| task.number) else { return mailed };
            for task in due {
                let number = task.number;
                match self.advance(vs, task, clock).await {
                    Ok(queued) => mailed += queued,
                    // A store that is away is away for all of them.
                    Err(error @ StoreError::Unavailable(_)) => {
                        failed.at(&vs.id, "tasks", None, error);
                        return mailed;
                    }
                    Err(error) => failed.at(&vs.id, "task", Some(number), error),
                }
            }
            after = last;
        }
    }

    async fn advance(&self, vs: &VirtualServer, task: ProvisioningTask, clock: &dyn Clock) -> Result<u64, StoreError> {
        let mut mailed = 0;
        if task.runs(clock.now()) {
            self.find_members(&vs.id, &task, clock).await?;
        }
        for _ in 0..CHANGES {
            let settle = Act::ProvisioningTaskSettle { task: task.number, most: AT_ONCE * 4 };
            self.commit(&vs.id, Change::of(settle), clock).await?;
            if !self.more_to_settle(&vs.id, &task, clock).await? {
                break;
            }
        }
        if task.runs(clock.now()) {
            for _ in 0..CHANGES {
                let queued = self.write_mails(vs, &task, clock).await?;
                mailed += queued;
                if queued < u64::from(AT_ONCE) {
                    break;
                }
            }
        }
        Ok(mailed)
    }

    /// Whether somebody is still to be told that a task has ended, or to be written to once more.
    async fn more_to_settle(
        &self,
        vs: &VirtualServerId,
        task: &ProvisioningTask,
        clock: &dyn Clock,
    ) -> Result<bool, StoreError> {
        let port = &self.ports.provisioning;
        if task.runs(clock.now()) {
            let now_stands = port.provisioning_task(vs, task.number).await?;
            return Ok(now_stands.is_some_and(|task| task.resend_at.is_some()));
        }
        let one = Page { after: String::new(), limit: 1 };
        for status in EntryStatus::ALL.into_iter().filter(|status| status.reserves()) {
            if !port.provisioning_entries(vs, task.number, Some(status), &one).await?.items.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether it was done; not when somebody else was faster.
    async fn commit(&self, vs: &VirtualServerId, change: Change, clock: &dyn Clock) -> Result<bool, StoreError> {
        match self.ports.ledger.commit(vs, change, clock.now()).await {
            Ok(()) => Ok(true),
            Err(CommitError::Lost { .. }) => Ok(false),
            Err(CommitError::Store(error)) => Err(error),
        }
    }

    /// The next members of the group that a task is for.
    async fn find_members(
        &self,
        vs: &VirtualServerId,
        task: &ProvisioningTask,
        clock: &dyn Clock,
    ) -> Result<(), StoreError> {
        let Some(group) = &task.group else { return Ok(()) };
        let mut seen = task.cursor.clone();
        for _ in 0..CHANGES {
            let Some(after) = seen.clone() else { return Ok(()) };
            let page = Page { after, limit: AT_ONCE };
            let found = self.ports.provisioning.all_members(vs, group, &page).await?;
            let mut entries = Vec::with_capacity(found.items.len());
            for user in &found.items {
                let skipped = skipped(&self.ports, vs, user).await?;
                entries.push(NewEntry { user: user.id.clone(), skipped, rule: None });
            }
            let next = found.next;
            let fill = Act::ProvisioningFill { task: task.number, seen, next: next.clone(), entries };
            if !self.commit(vs, Change::of(fill), clock).await? {
                return Ok(());
            }
            seen = next;
        }
        Ok(())
    }

    /// Writes to the next who wait for it. All at once; where somebody was faster with one of them, one by one.
    async fn write_mails(
        &self,
        vs: &VirtualServer,
        task: &ProvisioningTask,
        clock: &dyn Clock,
    ) -> Result<u64, StoreError> {
        let page = Page { after: String::new(), limit: AT_ONCE };
        let pending = Some(EntryStatus::Pending);
        let waiting = self.ports.provisioning.provisioning_entries(&vs.id, task.number, pending, &page).await?.items;
        if waiting.is_empty() {
            return Ok(0);
        }
        let language = mail_language(self.ports.settings.as_ref(), &vs.id).await?;
        let written = |entries: &[ProvisioningEntry]| {
            let now = clock.now();
            let acts = entries.iter().flat_map(|entry| self.mail(vs, task, entry, &language, now));
            Change { acts: acts.collect(), events: Vec::new() }
        };
        if self.commit(&vs.id, written(&waiting), clock).await? {
            return Ok(waiting.len() as u64);
        }
        let mut queued = 0;
        for entry in &waiting {
            queued += u64::from(self.commit(&vs.id, written(std::slice::from_ref(entry)), clock).await?);
        }
        Ok(queued)
    }

    /// A new link, and the mail that carries it.
    fn mail(
        &self,
        vs: &VirtualServer,
        task: &ProvisioningTask,
        entry: &ProvisioningEntry,
        language: &str,
        now: Timestamp,
    ) -> [Act; 2] {
        let secret = Token::draw(self.ports.entropy.as_ref());
        let link = format!("{}{LINK_PATH}{}", vs.portal_origin, secret.expose());
        let fields = [("link", link), ("until", task.stops_at.rfc3339()), ("note", task.note.clone())];
        let mailed = Act::ProvisioningMailed { task: task.number, user: entry.user.clone(), link: secret.hash() };
        let mail = Act::MailQueue(NewMail {
            id: NewMail::by_link(&secret.hash()),
            user: entry.user.clone(),
            kind: MailKind::Provisioning,
            language: language.to_owned(),
            fields: fields.into_iter().map(|(name, value)| (name.to_owned(), Secret::new(value))).collect(),
            flow: None,
            expires_at: task.stops_at.min(now + MAIL_LIFE),
        });
        [mailed, mail]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::{PASSWORD_AND_OTP, Stage};
    use crate::testing::now;
    use doorward_api::provisioning::NewTask;

    #[tokio::test]
    async fn what_cannot_be_read_of_one_virtual_server_holds_up_no_other() {
        let stage = Stage::set(PASSWORD_AND_OTP);
        let (ports, site) = stage.beside_one_that_is_damaged();
        let (operator, note, stops_at) = ("olga".to_owned(), String::new(), now() + Duration::from_hours(24));
        let entries = vec![NewEntry { user: "u-alice".into(), skipped: None, rule: None }];
        let new = NewTask { number: 1, operator, stops_at, note, group: None, rule: None };
        let change = Change::of(Act::ProvisioningTaskAdd(Box::new(new))).and(Act::ProvisioningFill {
            task: 1,
            seen: None,
            next: None,
            entries,
        });
        ports.ledger.commit(&stage.vs.id, change, now()).await.unwrap();
        let ran = Provisioner::new(ports, site.clone()).run(&now()).await;
        assert!(matches!(ran, Err(StoreError::Damaged(_))), "it is said: {ran:?}");
        assert_eq!(stage.world.with(|rows| rows.mails.len()), 1, "and Alice is written to");
        let order: Vec<_> = site.load().virtual_servers.keys().map(|vs| vs.as_str().to_owned()).collect();
        assert_eq!(order, ["damaged", "default"], "the damaged one comes first");
    }
}
