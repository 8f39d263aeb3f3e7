//! Time goes back, and what waits for a time goes back with it (F-13).
//!
//! It is done when it has turned out that this machine's clock was ahead for a while (see `clock.rs`), in one transaction: for
//! whatever has an end, as much is left afterwards as was left the moment before. So nothing lives longer by it, nothing that
//! was over comes back, and nobody stays locked out for an hour longer. What is used up is not told by a time: a ticket or a
//! link is gone, a passcode is older than the last one of its token, a code's flow has moved on.
//!
//! SQLite only. Its time is one machine's and, but for the moments of an upgrade, one gateway's.

use std::sync::Arc;
use std::time::Duration;

use doorward_api::ports::Clock;
use doorward_api::user::TemporaryPasscode;
use doorward_api::{Proofs, Timestamp, VirtualServerId};

use crate::db::{Tx, change_in, rows_in};
use crate::error::Failure;
use crate::open::Inner;
use crate::users::passcode_place;

/// How often it is asked whether the clock was wrong.
pub(crate) const LOOK_EVERY: Duration = Duration::from_secs(1);

/// All that ends, or begins, at a time. `$1` are milliseconds.
const GO_BACK: [&str; 10] = [
    "UPDATE provisioning_task SET created_at = created_at - $1, stops_at = stops_at - $1 WHERE removed_at IS NULL",
    "UPDATE session SET created_at = created_at - $1, last_seen_at = last_seen_at - $1, expires_at = expires_at - $1, \
     token_shown_at = token_shown_at - $1",
    "UPDATE operator_session SET created_at = created_at - $1, last_seen_at = last_seen_at - $1, \
     proved_at = proved_at - $1, expires_at = expires_at - $1",
    "UPDATE api_key SET created_at = created_at - $1, last_used_at = last_used_at - $1, expires_at = expires_at - $1",
    "UPDATE one_time SET expires_at = expires_at - $1",
    "UPDATE meter SET ends_at = ends_at - $1",
    "UPDATE credential SET locked_until = locked_until - $1 WHERE locked_until IS NOT NULL",
    "UPDATE enrolment_grant SET at = at - $1, expires_at = expires_at - $1",
    "UPDATE push_request SET created_at = created_at - $1, expires_at = expires_at - $1",
    "UPDATE mail SET due_at = due_at - $1, created_at = created_at - $1, expires_at = expires_at - $1, \
     leased_until = CASE WHEN leased_until > $1 THEN leased_until - $1 ELSE leased_until END WHERE delivery = 'pending'",
];

/// A ticket knows when its session ends, sealed. It is good for seconds: whoever comes with one is sent round once more.
const TICKETS: &str = "DELETE FROM one_time WHERE purpose = 'ticket'";

/// A flow knows until when its code is good, sealed. Sign-ins and enrolments that are under way end as if their time were over,
/// with their records (`sweep.rs`), and are begun anew.
const FLOWS: &str = "UPDATE flow SET expires_at = $1 WHERE ended_at IS NULL AND expires_at > $1";

/// An outlet of the trail has no end. It is due, and can be had, no later than it would be; what has been, was not after now.
const OUTLETS: &str = "UPDATE audit_outlet SET \
     due_at = CASE WHEN due_at > $2 THEN due_at - $1 ELSE due_at END, \
     leased_until = CASE WHEN leased_until > $2 THEN leased_until - $1 ELSE leased_until END, \
     failing_since = CASE WHEN failing_since > $2 THEN $2 ELSE failing_since END, \
     wanted_at = CASE WHEN wanted_at > $2 THEN $2 ELSE wanted_at END";

/// Provisioning by mail goes by what was done last: whoever was written to, or looked at, later than now would not be for as long.
const PROVISIONING: [&str; 3] = [
    "UPDATE provisioning_entry SET mailed_at = CASE WHEN mailed_at > $2 THEN mailed_at - $1 ELSE mailed_at END, \
     opened_at = CASE WHEN opened_at > $2 THEN opened_at - $1 ELSE opened_at END WHERE mailed_at > $2 OR opened_at > $2",
    "UPDATE provisioning_task SET mailed_at = CASE WHEN mailed_at > $2 THEN mailed_at - $1 ELSE mailed_at END, \
     resend_at = CASE WHEN resend_at > $2 THEN resend_at - $1 ELSE resend_at END WHERE mailed_at > $2 OR resend_at > $2",
    "UPDATE provisioning_pass SET done_at = done_at - $1 WHERE done_at > $2",
];

const PROOFS: &str = "SELECT virtual_server, id, proofs FROM session";
const PROVED: &str = "UPDATE session SET proofs = $3 WHERE virtual_server = $1 AND id = $2";

/// Their end is sealed. The age of a PIN is too, but is counted in days.
const PASSCODES: &str =
    "SELECT virtual_server, id, temporary_passcode FROM user_account WHERE temporary_passcode IS NOT NULL";
const PASSCODE: &str = "UPDATE user_account SET temporary_passcode = $3 WHERE virtual_server = $1 AND id = $2";

/// Sets time right, if it was wrong and is known to be so. When that cannot be written, time goes on as it was, the process
/// stays not ready, and it is tried again.
pub(crate) async fn look(inner: &Arc<Inner>) {
    if !inner.clock.is_astray() {
        return;
    }
    let (seen, work) = (Arc::clone(inner), Arc::clone(inner));
    match seen.in_time(async move { set_right(&work).await }).await {
        Ok(Some(by)) => tracing::warn!(
            seconds = by.as_secs(),
            "this machine's clock was ahead and is right again; so is the time of this process, and sign-ins under way begin anew"
        ),
        Ok(None) => {}
        Err(failure) => tracing::error!(cause = failure.message(), "the time could not be set right; tried again"),
    }
}

/// Nobody else writes meanwhile; and who was told a later time before finds that out at their own turn to write.
async fn set_right(inner: &Inner) -> Result<Option<Duration>, Failure> {
    let mut tx = inner.db.begin().await?;
    let Some((by, before)) = inner.clock.go_back() else {
        tx.rollback().await;
        return Ok(None);
    };
    let now = inner.clock.now();
    let written = match shift(&mut tx, inner, by, now).await {
        Ok(()) => tx.commit().await,
        Err(failure) => {
            tx.rollback().await;
            Err(failure)
        }
    };
    match written {
        Ok(()) => Ok(Some(by)),
        Err(failure) => {
            inner.clock.go_on(before);
            Err(failure)
        }
    }
}

async fn shift(tx: &mut Tx, inner: &Inner, by: Duration, now: Timestamp) -> Result<(), Failure> {
    let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
    change_in!(tx, TICKETS)?;
    for sql in GO_BACK {
        change_in!(tx, sql, millis)?;
    }
    change_in!(tx, FLOWS, now.millis())?;
    change_in!(tx, OUTLETS, millis, now.millis())?;
    for sql in PROVISIONING {
        change_in!(tx, sql, millis, now.millis())?;
    }
    for (vs, session, proofs) in rows_in!(tx, (String, String, String), PROOFS)? {
        let damaged = || Failure::damaged(format!("session {session}"));
        let proofs: Proofs = serde_json::from_str(&proofs).map_err(|_| damaged())?;
        let earlier = serde_json::to_string(&proofs.earlier(by)).map_err(|_| damaged())?;
        change_in!(tx, PROVED, &vs, &session, earlier)?;
    }
    shift_passcodes(tx, inner, by).await
}

/// One that cannot be opened is good for nothing, now or later, and holds up nothing.
async fn shift_passcodes(tx: &mut Tx, inner: &Inner, by: Duration) -> Result<(), Failure> {
    for (vs, user, sealed) in rows_in!(&mut *tx, (String, String, Vec<u8>), PASSCODES)? {
        let server = VirtualServerId::new(&vs);
        let place = passcode_place(&user, &server);
        let Ok(passcode) = inner.sealer.open_json::<TemporaryPasscode>(place, &sealed) else { continue };
        let earlier = TemporaryPasscode { expires_at: passcode.expires_at - by, ..passcode };
        change_in!(&mut *tx, PASSCODE, &vs, &user, inner.sealer.seal_json(place, &earlier)?)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::future::Future;

    use doorward_api::credential::NewCredential;
    use doorward_api::flow::{FlowData, KeptSecret};
    use doorward_api::keys::MasterKey;
    use doorward_api::mail::{MailKind, NewMail};
    use doorward_api::operator::{NewOperator, NewOperatorSession, Role};
    use doorward_api::ports::{
        Act, AuditOutlets, Change, Credentials, Flows, Ledger, MeterKey, MeterScope, Meters, OneTime, OneTimePurpose,
        OneTimes, Operators, Outbox, OutletState, Provisioning, Pushes, Register, Sessions,
    };
    use doorward_api::provisioning::{EntryStatus, NewEntry, NewTask};
    use doorward_api::push::{Push, PushContext, PushData, PushPurpose, PushState};
    use doorward_api::session::{NewSession, SessionKind};
    use doorward_api::settings::SettingKind;
    use doorward_api::user::NewUser;
    use doorward_api::{
        CommitError, CredentialId, Factor, Flow, FlowId, FoldedName, Grant, GrantDetails, GrantState, MailId,
        OperatorId, OutletId, PushId, Secret, SecretBytes, SessionId, Step, StoreError, Target, Template, TokenHash,
        UserId, VirtualServerId,
    };

    use super::*;
    use crate::clock::Course;
    use crate::db::change;
    use crate::{Store, StoreOptions, SystemEntropy};

    const HOUR: Duration = Duration::from_hours(1);
    /// What the stories themselves take at the most.
    const SLOW: Duration = Duration::from_mins(2);

    /// A store with a user, whose machine's clock was an hour ahead until just now.
    fn story<F: Future<Output = ()>>(tell: impl FnOnce(Store) -> F) {
        let folder = tempfile::tempdir().unwrap();
        let options = StoreOptions {
            url: format!("sqlite://{}", folder.path().join("doorward.db").display()),
            key: MasterKey::new(vec![1; 32]).unwrap(),
            statement_timeout: Duration::from_secs(30),
            max_connections: 2,
        };
        let store = Store::open(options, Arc::new(SystemEntropy)).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let now = store.clock().now();
            store.ensure_virtual_server(&vs(), now).await.unwrap();
            let alice = NewUser {
                name: "alice".into(),
                folded: FoldedName::assume("alice"),
                display_name: String::new(),
                email: None,
                password_hash: None,
                groups: Vec::new(),
            };
            store.commit(&vs(), Change::of(Act::UserAdd(Box::new(alice), "alice".into())), now).await.unwrap();
            tell(store.clone()).await;
        });
        store.close();
    }

    fn vs() -> VirtualServerId {
        VirtualServerId::new("default")
    }

    fn hash(number: u8) -> TokenHash {
        TokenHash::from_hex(&format!("{number:064x}")).unwrap()
    }

    fn meter() -> MeterKey {
        MeterKey { scope: MeterScope::Flows, key: "127.0.0.1".into() }
    }

    fn one_time(purpose: OneTimePurpose, number: u8, expires_at: Timestamp) -> Act {
        Act::OneTimePut(OneTime { purpose, hash: hash(number), data: "{}".into(), expires_at })
    }

    fn session(now: Timestamp) -> Act {
        let until = Some(now + 8 * HOUR);
        let put_off = Proofs { deferred_until: until, probation_until: until, ..Proofs::NONE };
        Act::SessionStart(NewSession {
            id: SessionId::new("s"),
            token: hash(1),
            user: UserId::new("alice"),
            kind: SessionKind::Portal,
            proofs: Proofs { by_token: Some(now), ..put_off.with(Factor::Password, now) },
            expires_at: now + 8 * HOUR,
        })
    }

    fn operator() -> NewOperator {
        NewOperator {
            id: OperatorId::new("olga"),
            name: "olga".into(),
            folded: FoldedName::assume("olga"),
            role: Role::Administrator.into(),
            disabled: false,
            password_hash: String::new(),
            plugin: "otp".into(),
            opened: SecretBytes::new(b"secret".to_vec()),
        }
    }

    fn console(now: Timestamp) -> Act {
        let (id, operator) = (SessionId::new("c"), OperatorId::new("olga"));
        Act::OperatorSessionStart(NewOperatorSession { id, token: hash(5), operator, expires_at: now + 8 * HOUR })
    }

    fn temporary_passcode(now: Timestamp) -> Act {
        let passcode =
            TemporaryPasscode { hash: "hash".into(), expires_at: now + 12 * HOUR, reason: "left at home".into() };
        Act::TemporaryPasscodeSet { user: UserId::new("alice"), passcode: Some(passcode) }
    }

    fn grant(now: Timestamp) -> Act {
        let (user, state, details) = (UserId::new("alice"), GrantState::Asked, GrantDetails::default());
        let grant = Grant { user, state, at: now, expires_at: now + 12 * HOUR, details };
        Act::GrantSet { grant: Box::new(grant), seen: None }
    }

    fn push(now: Timestamp) -> Act {
        let (number, context) = (KeptSecret::new(&Secret::new("47")), PushContext::default());
        let push = Push {
            id: PushId::new("p"),
            user: UserId::new("alice"),
            purpose: PushPurpose::SignIn { flow: FlowId::new("f") },
            state: PushState::Pending,
            created_at: now,
            expires_at: now + HOUR,
            data: PushData { nonce: "n".into(), number, context, answered_by: None, serial: None },
        };
        Act::PushStart { push: Box::new(push), not_since: now - HOUR }
    }

    fn flow(now: Timestamp) -> Act {
        let data = FlowData {
            typed_name: "alice".into(),
            return_to: None,
            language: "en".into(),
            need: vec![Factor::Otp],
            proofs: Proofs::NONE.with(Factor::Password, now),
            notice: None,
            code: None,
            granted: None,
            mobile_chosen: false,
            target: None,
            credential: Some(CredentialId::new("t")),
            issue_expires_at: None,
            asks_passcode: false,
            raises: None,
            own: None,
            adding: false,
            provisioned: None,
            by_rule: None,
            by_operator: None,
            challenge: None,
            first_pin: None,
            new_pin: None,
            app_installed: false,
            push: None,
        };
        Act::FlowStart(Box::new(Flow {
            id: FlowId::new("f"),
            browser: hash(2),
            user: Some(UserId::new("alice")),
            step: Step::CodeIssued,
            nonce: "n".into(),
            data,
            created_at: now,
            expires_at: now + HOUR,
        }))
    }

    fn token() -> Act {
        Act::CredentialIssue(NewCredential {
            id: CredentialId::new("t"),
            user: UserId::new("alice"),
            plugin: "otp".into(),
            serial: "DW-1".into(),
            target: Target::Ios,
            template: Template::STANDARD_APP,
            opened: SecretBytes::new(b"secret".to_vec()),
            additional: false,
            most: 1,
        })
    }

    fn mail(now: Timestamp) -> Act {
        Act::MailQueue(NewMail {
            id: MailId::new("m"),
            user: UserId::new("alice"),
            kind: MailKind::VerificationCode,
            language: "en".into(),
            fields: BTreeMap::new(),
            flow: None,
            expires_at: now + HOUR,
        })
    }

    /// About as much as it was, and no more.
    fn is_left(end: Timestamp, now: Timestamp, was: Duration) {
        let left = end.since(now);
        assert!(left <= was && left + SLOW > was, "{left:?} of {was:?}");
    }

    #[test]
    fn when_time_goes_back_as_much_is_left_of_everything_as_was_left_before() {
        story(|store| async move {
            store.inner.clock.go_on(Course::astray(HOUR));
            let ahead = store.clock().now();
            let change = [
                session(ahead),
                one_time(OneTimePurpose::Ticket, 3, ahead + Duration::from_secs(30)),
                one_time(OneTimePurpose::Dispute, 4, ahead + 48 * HOUR),
                flow(ahead),
                token(),
                mail(ahead),
            ];
            store.commit(&vs(), Change { acts: change.into(), events: Vec::new() }, ahead).await.unwrap();
            let change = [
                Act::OperatorAdd(Box::new(operator())),
                console(ahead),
                temporary_passcode(ahead),
                grant(ahead),
                push(ahead),
            ];
            store.commit(&vs(), Change { acts: change.into(), events: Vec::new() }, ahead).await.unwrap();
            store.count(&vs(), &meter(), HOUR, ahead).await.unwrap();
            store.count_failure(&vs(), &CredentialId::new("t"), 0, HOUR, ahead).await.unwrap();

            look(&store.inner).await;
            let now = store.clock().now();
            assert!(now + HOUR <= ahead + SLOW, "it is right again: {now}, after {ahead}");
            assert!(!store.drift().alarms());

            let session = store.session(&vs(), &hash(1), HOUR, now).await.unwrap().unwrap();
            is_left(session.expires_at, now, 8 * HOUR);
            assert!(session.last_seen_at <= now && session.created_at <= now);
            for at in [session.proofs.at(Factor::Password), session.proofs.by_token] {
                assert!(at.is_some_and(|at| at <= now), "no proof is of the future");
            }
            for until in [session.proofs.deferred_until, session.proofs.probation_until] {
                is_left(until.unwrap(), now, 8 * HOUR);
            }
            let console = store.operator_session(&vs(), &hash(5), HOUR, now).await.unwrap().unwrap();
            is_left(console.expires_at, now, 8 * HOUR);
            assert!(console.last_seen_at <= now && console.created_at <= now && console.proved_at <= now);
            let passcode = store.temporary_passcode(&vs(), &UserId::new("alice")).await.unwrap().unwrap();
            is_left(passcode.expires_at, now, 12 * HOUR);
            assert_eq!((passcode.hash.as_str(), passcode.reason.as_str()), ("hash", "left at home"));
            let grant = store.grant(&vs(), &UserId::new("alice"), now).await.unwrap().unwrap();
            is_left(grant.expires_at, now, 12 * HOUR);
            assert!(grant.at <= now);
            let push = store.push(&vs(), &PushId::new("p")).await.unwrap().unwrap();
            is_left(push.expires_at, now, HOUR);
            assert!(push.created_at <= now);
            let (_, ends) = store.read(&vs(), &meter(), now).await.unwrap();
            is_left(ends, now, HOUR);
            let link = store.one_time(&vs(), OneTimePurpose::Dispute, &hash(4), now).await.unwrap().unwrap();
            is_left(link.expires_at, now, 48 * HOUR);
            let locked = store.credential(&vs(), &CredentialId::new("t")).await.unwrap().unwrap().locked_until.unwrap();
            is_left(locked, now, HOUR);
            assert_eq!(store.take_due(10, HOUR, now).await.unwrap().len(), 1, "the mail is due");

            assert!(store.one_time(&vs(), OneTimePurpose::Ticket, &hash(3), now).await.unwrap().is_none());
            assert_eq!(store.open_flows(&vs(), now).await.unwrap(), 0);
            assert_eq!(store.sweep(now).await.unwrap(), 1, "the end of the enrolment is recorded");
            let token = store.credential(&vs(), &CredentialId::new("t")).await.unwrap().unwrap();
            assert_eq!(token.state.as_str(), "revoked", "with that of its token");
        });
    }

    #[test]
    fn an_outlet_that_waits_for_a_time_waits_no_longer_when_time_goes_back() {
        story(|store| async move {
            let (outlet, lease) = (OutletId::new("syslog.siem"), Duration::from_secs(15));
            store.want_outlet(&vs(), &outlet, true, store.clock().now()).await.unwrap();
            store.inner.clock.go_on(Course::astray(HOUR));
            let ahead = store.clock().now();
            let state = store.take_outlet(&vs(), &outlet, "one", lease, ahead).await.unwrap().unwrap();
            let (failing_since, due_at) = (Some(ahead), ahead + Duration::from_secs(30));
            let failing = OutletState { attempts: 1, failing_since, due_at, ..state };
            assert!(store.note_outlet(&vs(), &outlet, "one", &failing).await.unwrap());

            look(&store.inner).await;
            let now = store.clock().now();
            let found = store.outlet(&vs(), &outlet).await.unwrap().unwrap();
            is_left(found.due_at, now, Duration::from_secs(30));
            assert!(found.failing_since.unwrap() <= now);
            let forgotten = now + 7 * 24 * HOUR;
            assert_eq!(store.outlets_sent(&vs(), forgotten).await.unwrap(), None, "it was wanted by now");
            assert!(store.take_outlet(&vs(), &outlet, "two", lease, now + lease).await.unwrap().is_some());
        });
    }

    /// A task of alice, whose mail was written at a time.
    async fn write_to_alice(store: &Store, task: i64, now: Timestamp) {
        let (operator, note, stops_at) = ("olga".to_owned(), String::new(), now + 240 * HOUR);
        let new = NewTask { number: task, operator, stops_at, note, group: None, rule: None };
        let entries = vec![NewEntry { user: "alice".into(), skipped: None, rule: None }];
        let link = hash(u8::try_from(task).unwrap() + 20);
        let change = Change::of(Act::ProvisioningTaskAdd(Box::new(new)))
            .and(Act::ProvisioningFill { task, seen: None, next: None, entries })
            .and(Act::ProvisioningMailed { task, user: "alice".into(), link });
        store.commit(&vs(), change, now).await.unwrap();
    }

    #[test]
    fn whoever_was_written_to_by_a_clock_that_was_ahead_can_be_written_to_again() {
        story(|store| async move {
            let vs = vs();
            write_to_alice(&store, 1, store.clock().now()).await;
            store.inner.clock.go_on(Course::astray(24 * HOUR));
            let ahead = store.clock().now();
            write_to_alice(&store, 2, ahead).await;
            let go = |wanted, seen: Option<&str>, next: Option<&str>| {
                let text = |place: Option<&str>| place.map(str::to_owned);
                Change::of(Act::ProvisioningPassMove { wanted, seen: text(seen), next: text(next) })
            };
            let (kind, operator) = (SettingKind::ProvisioningRules, "olga".to_owned());
            let rules = Act::SettingSet { kind, seen: 0, body: "{}".into(), operator, changes: Vec::new() };
            for change in [Change::of(rules), go(1, None, Some("0:")), go(1, Some("0:"), None)] {
                store.commit(&vs, change, ahead).await.unwrap();
            }
            store.commit(&vs, Change::of(Act::ProvisioningLinkTake { link: hash(22) }), ahead).await.unwrap();
            let asked = ahead + Duration::from_secs(1);
            store.commit(&vs, Change::of(Act::ProvisioningTaskResend { task: 2 }), asked).await.unwrap();

            look(&store.inner).await;
            let now = store.clock().now();
            let alice = UserId::new("alice");
            let entry = async |task| store.provisioning_entry(&vs, task, &alice).await.unwrap().unwrap();
            assert!(entry(2).await.mailed_at <= Some(now) && entry(2).await.opened_at <= Some(now));
            let done_at = store.rule_pass(&vs).await.unwrap().unwrap().done_at;
            assert!(done_at.is_some() && done_at <= Some(now), "the daily look comes after a day, not after two");
            // What was asked for before is done, and so is what is asked for now.
            store.commit(&vs, Change::of(Act::ProvisioningTaskResend { task: 1 }), now).await.unwrap();
            for task in [1, 2] {
                let settle = Act::ProvisioningTaskSettle { task, most: 10 };
                store.commit(&vs, Change::of(settle), now).await.unwrap();
                assert_eq!(entry(task).await.status, EntryStatus::Pending, "task {task}");
            }
        });
    }

    #[test]
    fn who_was_told_the_wrong_time_writes_nothing_that_is_reckoned_from_it() {
        story(|store| async move {
            store.inner.clock.go_on(Course::astray(HOUR));
            let ahead = store.clock().now();
            look(&store.inner).await;
            let late = store.commit(&vs(), Change::of(session(ahead)), ahead).await;
            assert!(matches!(late, Err(CommitError::Store(StoreError::Unavailable(_)))), "{late:?}");
            let now = store.clock().now();
            store.commit(&vs(), Change::of(session(now)), now).await.unwrap();
            assert!(store.touch(&vs(), &SessionId::new("s"), ahead).await.is_err());
            let session = store.session(&vs(), &hash(1), HOUR, now).await.unwrap().unwrap();
            assert!(session.last_seen_at <= now);
        });
    }

    #[test]
    fn time_goes_back_together_with_what_waits_for_it_or_not_at_all() {
        story(|store| async move {
            store.inner.clock.go_on(Course::astray(HOUR));
            let ahead = store.clock().now();
            store.count(&vs(), &meter(), HOUR, ahead).await.unwrap();
            let run = |sql: &'static str| store.run(move |inner| async move { Ok(change!(inner.db.writer()?, sql)?) });
            run("CREATE TRIGGER held BEFORE UPDATE ON meter BEGIN SELECT RAISE(ABORT, 'held'); END").await.unwrap();
            look(&store.inner).await;
            assert!(store.clock().now() >= ahead, "it goes on");
            assert!(store.drift().forbids(), "and the process is not ready");
            assert_eq!(store.read(&vs(), &meter(), ahead).await.unwrap().1, ahead + HOUR);
            run("DROP TRIGGER held").await.unwrap();
            look(&store.inner).await;
            assert!(store.clock().now() < ahead && !store.drift().alarms());
        });
    }
}
