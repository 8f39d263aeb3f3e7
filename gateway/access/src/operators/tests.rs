//! What operators go through, over the ports in memory.

mod keys;
mod links;
mod recovery;
mod roles;

use std::sync::Arc;
use std::time::Duration;

use doorward_api::keys::MasterKey;
use doorward_api::operator::{OperatorSession, Role};
use doorward_api::plugin::Plugin;
use doorward_api::ports::{Meters, Operators};
use doorward_api::{EventKind, Secret, SecretBytes, Timestamp, Token, VirtualServerId};
use doorward_fakes::{Dice, ToyTokens, World, details, now};

use super::*;

const PASSWORD: &str = "correct horse battery";

/// A desk, and whoever stands before it.
struct Stage {
    world: Arc<World>,
    desk: OperatorDesk,
}

impl Stage {
    fn set() -> Self {
        let world = World::new();
        let entropy: Arc<dyn Entropy> = Arc::new(Dice::default());
        let ports = OperatorPorts {
            operators: world.clone(),
            settings: world.clone(),
            pending: world.clone(),
            one_times: world.clone(),
            meters: world.clone(),
            ledger: world.clone(),
            entropy: entropy.clone(),
        };
        let plugins: Vec<(&'static str, Arc<dyn Plugin>)> = vec![("toy", Arc::new(ToyTokens(Dice::default())))];
        let key = MasterKey::new(vec![7; 32]).unwrap();
        Self { desk: OperatorDesk::new(ports, Arc::new(Passwords::new(entropy)), plugins, &key), world }
    }

    /// With olga, an administrator, who has just been made.
    async fn with_olga() -> (Self, OperatorSession) {
        let stage = Self::set();
        let link = stage.desk.first_link(&vs(), now()).await.unwrap().unwrap();
        let session = stage.join(link.expose(), "olga", at(0)).await;
        (stage, session)
    }

    /// Goes through the page behind a link.
    async fn join(&self, link: &str, name: &str, caller: Caller) -> OperatorSession {
        let setup = self.desk.setup(&caller, "Example", link, None).await.unwrap().unwrap();
        let form = form(name, &shown(&setup, caller.now));
        match self.desk.finish(&caller, link, Some(&setup.keep), &form).await.unwrap() {
            Finished::Done { session } => self.session(&session, caller.now).await.unwrap(),
            other => panic!("{other:?}"),
        }
    }

    async fn session(&self, token: &Token, now: Timestamp) -> Option<OperatorSession> {
        self.desk.session(&vs(), token, now).await.unwrap()
    }

    /// What an operator's app shows.
    fn passcode(&self, name: &str, at: Timestamp) -> String {
        self.world.with(|rows| {
            let operator = rows.operators.iter().find(|operator| operator.name == name).unwrap();
            ToyTokens::passcode(&operator.opened, at)
        })
    }

    fn right(&self, name: &str, at: Timestamp) -> Proof {
        Proof { password: Secret::new(PASSWORD), passcode: Secret::new(self.passcode(name, at)) }
    }

    async fn enter(&self, caller: &Caller, name: &str, proof: &Proof) -> Entered {
        self.desk.sign_in(caller, name, proof).await.unwrap()
    }

    fn failed(&self, name: &str) -> Vec<String> {
        self.world.with(|rows| {
            let failures = rows.events.iter().filter(|event| event.kind == EventKind::OperatorLoginFailed);
            let of = failures.filter(|event| event.context.operator.as_deref().unwrap_or_default() == name);
            of.map(|event| event.details["reason"].as_str().unwrap().to_owned()).collect()
        })
    }
}

fn vs() -> VirtualServerId {
    "default".into()
}

/// So many minutes after the beginning.
fn at(minutes: u64) -> Caller {
    Caller {
        vs: vs(),
        address: [127, 0, 0, 1].into(),
        request_id: "req-1".into(),
        now: now() + Duration::from_mins(minutes),
        approval: None,
        undone: None,
    }
}

fn shown(setup: &Setup, at: Timestamp) -> String {
    ToyTokens::passcode(&SecretBytes::new(format!("{}:0", setup.key.expose()).into_bytes()), at)
}

fn form(name: &str, passcode: &str) -> SetupForm {
    SetupForm {
        name: name.into(),
        password: Secret::new(PASSWORD),
        again: Secret::new(PASSWORD),
        passcode: Secret::new(passcode),
    }
}

fn wrong(proof: &Proof, field: &str) -> Proof {
    match field {
        "password" => Proof { password: Secret::new("something else entirely"), ..proof.clone() },
        _ => Proof { passcode: Secret::new("000001"), ..proof.clone() },
    }
}

#[tokio::test]
async fn the_first_administrator_is_made_by_a_link_and_signs_in_again_later() {
    let (stage, session) = Stage::with_olga().await;
    assert_eq!(session.operator.name, "olga");
    assert_eq!(session.operator.role, Role::Administrator);
    assert!(is_fresh(&session, now()));
    assert_eq!(stage.world.kinds(), [EventKind::OperatorInvited, EventKind::OperatorCreated, EventKind::OperatorLogin]);
    let later = at(5);
    let Entered::Welcome { session } = stage.enter(&later, " OLGA ", &stage.right("olga", later.now)).await else {
        panic!("right, and not let in");
    };
    assert_eq!(stage.session(&session, later.now).await.unwrap().operator.name, "olga");
    let recorded = stage.world.with(|rows| rows.events.last().unwrap().clone());
    assert_eq!(recorded.kind, EventKind::OperatorLogin);
    assert_eq!(recorded.context.operator.as_deref(), Some("olga"));
    assert_eq!(recorded.context.request_id.as_deref(), Some("req-1"));
}

#[tokio::test]
async fn a_link_makes_one_operator_and_a_newer_one_voids_the_one_before() {
    let stage = Stage::set();
    let older = stage.desk.first_link(&vs(), now()).await.unwrap().unwrap();
    let newer = stage.desk.first_link(&vs(), now()).await.unwrap().unwrap();
    let look = |link: &Token, minutes| {
        let link = link.expose().to_owned();
        let (desk, caller) = (&stage.desk, at(minutes));
        async move { desk.setup(&caller, "Example", &link, None).await.unwrap().is_some() }
    };
    assert!(!look(&older, 0).await && look(&newer, 0).await);
    assert!(look(&newer, 24 * 60 - 1).await && !look(&newer, 24 * 60).await, "a day, and no longer");
    stage.join(newer.expose(), "olga", at(1)).await;
    assert!(!look(&newer, 1).await, "used up");
    assert!(stage.desk.first_link(&vs(), now()).await.unwrap().is_none(), "there is somebody now");
    for nonsense in ["", "x", &"A".repeat(43)] {
        assert!(stage.desk.setup(&at(0), "Example", nonsense, None).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_link_that_is_long_over_does_not_stand_in_the_way_of_a_new_one() {
    let stage = Stage::set();
    stage.desk.first_link(&vs(), now()).await.unwrap().unwrap();
    let days_later = now() + Duration::from_hours(50);
    assert!(stage.desk.first_link(&vs(), days_later).await.unwrap().is_some());
}

#[tokio::test]
async fn a_reload_shows_the_same_secret_and_nothing_is_stored_before_the_end() {
    let stage = Stage::set();
    let link = stage.desk.first_link(&vs(), now()).await.unwrap().unwrap();
    let commits = stage.world.commits.load(std::sync::atomic::Ordering::SeqCst);
    let first = stage.desk.setup(&at(0), "Example", link.expose(), None).await.unwrap().unwrap();
    let again = stage.desk.setup(&at(1), "Example", link.expose(), Some(&first.keep)).await.unwrap().unwrap();
    assert_eq!((first.key.expose(), &first.keep), (again.key.expose(), &again.keep));
    let other = stage.desk.setup(&at(1), "Example", link.expose(), Some("bm9uc2Vuc2U")).await.unwrap().unwrap();
    assert_ne!(first.key.expose(), other.key.expose(), "what is not ours is not shown");
    assert_eq!(stage.world.commits.load(std::sync::atomic::Ordering::SeqCst), commits);
}

#[tokio::test]
async fn whatever_is_wrong_with_a_new_account_is_named_and_the_link_stays_good() {
    let (stage, olga) = Stage::with_olga().await;
    let link = stage.desk.invite(&at(1), &olga, Role::Auditor).await.unwrap();
    let setup = stage.desk.setup(&at(1), "Example", link.expose(), None).await.unwrap().unwrap();
    let right = form("otto", &shown(&setup, at(1).now));
    let finish = |form: SetupForm| {
        let (desk, link, keep) = (&stage.desk, link.expose().to_owned(), setup.keep.clone());
        async move { desk.finish(&at(1), &link, Some(&keep), &form).await.unwrap() }
    };
    let secret = Secret::new;
    for (form, expected) in [
        (SetupForm { name: " ".into(), ..right.clone() }, vec![SetupFault::Name]),
        (SetupForm { name: "Olga".into(), ..right.clone() }, vec![SetupFault::NameTaken]),
        (SetupForm { password: secret("short"), ..right.clone() }, vec![SetupFault::PasswordLength]),
        (SetupForm { again: secret("other"), ..right.clone() }, vec![SetupFault::Differs]),
        (SetupForm { passcode: secret("000001"), ..right.clone() }, vec![SetupFault::Passcode]),
        (
            SetupForm { name: PASSWORD.to_uppercase(), passcode: secret(""), ..right.clone() },
            vec![SetupFault::PasswordIsName, SetupFault::Passcode],
        ),
    ] {
        match finish(form.clone()).await {
            Finished::Wrong(faults) => assert_eq!(faults, expected, "{form:?}"),
            other => panic!("{form:?}: {other:?}"),
        }
    }
    let lost = stage.desk.finish(&at(1), link.expose(), None, &right).await.unwrap();
    assert!(matches!(lost, Finished::Gone), "who was shown nothing proves nothing");
    assert!(matches!(finish(right.clone()).await, Finished::Done { .. }));
    assert!(matches!(finish(right).await, Finished::Gone));
    assert_eq!(stage.desk.operators(&vs()).await.unwrap()[1].role, Role::Auditor);
}

#[tokio::test]
async fn whatever_is_wrong_is_answered_in_one_way() {
    let (stage, olga) = Stage::with_olga().await;
    let link = stage.desk.invite(&at(0), &olga, Role::Auditor).await.unwrap();
    let otto = stage.join(link.expose(), "otto", at(1)).await;
    stage.desk.set_disabled(&at(2), &olga, &otto.operator.id, true).await.unwrap();
    let caller = at(5);
    let right = stage.right("olga", caller.now);
    for (name, proof) in [
        ("olga", wrong(&right, "password")),
        ("olga", wrong(&right, "passcode")),
        ("otto", stage.right("otto", caller.now)),
        ("nobody", right.clone()),
        ("no\u{7f}body", right.clone()),
        ("", right.clone()),
        ("olga", Proof { password: Secret::default(), passcode: Secret::default() }),
    ] {
        assert!(matches!(stage.enter(&caller, name, &proof).await, Entered::NotAccepted), "{name}");
    }
    assert_eq!(stage.failed("olga"), ["password", "passcode", "password"]);
    assert_eq!(stage.failed("otto"), ["disabled"]);
    assert_eq!(stage.failed(""), ["unknown", "unknown", "unknown"], "what was typed as a name is kept nowhere");
    assert!(matches!(stage.enter(&caller, "olga", &right).await, Entered::Welcome { .. }));
}

#[tokio::test]
async fn a_passcode_is_spent_by_the_sign_in_that_it_leads_to() {
    let (stage, _) = Stage::with_olga().await;
    let caller = at(5);
    let proof = stage.right("olga", caller.now);
    let (one, other) =
        tokio::join!(stage.desk.sign_in(&caller, "olga", &proof), stage.desk.sign_in(&caller, "olga", &proof));
    let entered = [one.unwrap(), other.unwrap()];
    let welcome = entered.iter().filter(|entered| matches!(entered, Entered::Welcome { .. })).count();
    assert_eq!(welcome, 1, "{entered:?}");
    assert!(matches!(stage.enter(&caller, "olga", &proof).await, Entered::NotAccepted));
    assert_eq!(stage.failed("olga").last().unwrap(), "passcode_used");
}

#[tokio::test]
async fn after_five_failures_a_name_waits_for_a_quarter_of_an_hour_whoever_has_it() {
    let (stage, _) = Stage::with_olga().await;
    for name in ["olga", "nobody"] {
        let proof = wrong(&stage.right("olga", at(5).now), "passcode");
        for _ in 0..4 {
            assert!(matches!(stage.enter(&at(5), name, &proof).await, Entered::NotAccepted), "{name}");
        }
        let Entered::Waits { until } = stage.enter(&at(5), name, &proof).await else { panic!("{name}: the fifth") };
        assert_eq!(until, at(20).now);
        let right = stage.right("olga", at(19).now);
        assert!(matches!(stage.enter(&at(19), name, &right).await, Entered::Waits { .. }), "right or not");
    }
    assert_eq!(details(&stage.world, EventKind::OperatorLoginFailed)["lockedUntil"], at(20).now.rfc3339());
    let right = stage.right("olga", at(21).now);
    assert!(matches!(stage.enter(&at(21), "olga", &right).await, Entered::Welcome { .. }));
}

#[tokio::test]
async fn an_address_has_thirty_failures_however_many_names_it_tries() {
    let (stage, _) = Stage::with_olga().await;
    let proof = stage.right("olga", at(5).now);
    for number in 0..30 {
        let entered = stage.enter(&at(5), &format!("name{number}"), &proof).await;
        assert!(matches!(entered, Entered::NotAccepted), "{number}: {entered:?}");
    }
    assert!(matches!(stage.enter(&at(5), "olga", &proof).await, Entered::Waits { .. }));
    let elsewhere = Caller { address: [192, 0, 2, 7].into(), ..at(5) };
    assert!(matches!(stage.enter(&elsewhere, "olga", &proof).await, Entered::Welcome { .. }));
    let counted = MeterKeyOf(&stage).address("192.0.2.7").await;
    assert_eq!(counted, 0, "a success is no failure of its address");
}

struct MeterKeyOf<'a>(&'a Stage);

impl MeterKeyOf<'_> {
    async fn address(&self, address: &str) -> u32 {
        let scope = doorward_api::ports::MeterScope::OperatorAddress;
        let key = doorward_api::ports::MeterKey { scope, key: address.into() };
        self.0.world.read(&vs(), &key, at(5).now).await.unwrap().0
    }
}

#[tokio::test]
async fn a_session_ends_idle_after_half_an_hour_and_in_any_case_after_twelve() {
    let (stage, _) = Stage::with_olga().await;
    let Entered::Welcome { session } = stage.enter(&at(5), "olga", &stage.right("olga", at(5).now)).await else {
        panic!("right, and not let in");
    };
    let mut minutes = 5;
    while minutes + 29 < 12 * 60 + 5 {
        minutes += 29;
        assert!(stage.session(&session, at(minutes).now).await.is_some(), "{minutes}");
    }
    assert!(stage.session(&session, at(12 * 60 + 5).now).await.is_none(), "twelve hours");
    let Entered::Welcome { session } = stage.enter(&at(800), "olga", &stage.right("olga", at(800).now)).await else {
        panic!("right, and not let in");
    };
    assert!(stage.session(&session, at(831).now).await.is_none(), "half an hour");
}

#[tokio::test]
async fn who_signs_out_is_out() {
    let (stage, _) = Stage::with_olga().await;
    let Entered::Welcome { session } = stage.enter(&at(5), "olga", &stage.right("olga", at(5).now)).await else {
        panic!("right, and not let in");
    };
    let row = stage.session(&session, at(5).now).await.unwrap();
    stage.desk.sign_out(&at(6), &row).await.unwrap();
    assert!(stage.session(&session, at(6).now).await.is_none());
    assert_eq!(stage.world.kinds().last(), Some(&EventKind::OperatorLogout));
}

#[tokio::test]
async fn changes_take_a_proof_of_the_last_ten_minutes_and_a_passcode_is_good_for_one() {
    let (stage, olga) = Stage::with_olga().await;
    assert!(stage.desk.invite(&at(9), &olga, Role::Auditor).await.is_ok());
    let stale = stage.desk.invite(&at(10), &olga, Role::Auditor).await;
    assert!(matches!(stale, Err(OperatorError::NotFresh)), "{stale:?}");

    let proof = stage.right("olga", at(11).now);
    let reproved = |proof: Proof| {
        let (desk, olga) = (&stage.desk, &olga);
        async move { desk.reprove(&at(11), olga, &proof).await.unwrap() }
    };
    assert_eq!(reproved(wrong(&proof, "password")).await, Reproved::NotAccepted);
    assert_eq!(reproved(proof.clone()).await, Reproved::Yes);
    assert_eq!(details(&stage.world, EventKind::OperatorLogin)["again"], true);
    assert_eq!(reproved(proof).await, Reproved::NotAccepted, "it was used");
    let live = stage.world.with(|rows| rows.operator_sessions.values().next().unwrap().clone());
    assert_eq!(live.proved_at, at(11).now);
    assert!(stage.desk.invite(&at(12), &live, Role::Auditor).await.is_ok());
}

#[tokio::test]
async fn strangers_who_sign_in_wrongly_keep_nobody_from_changes_who_is_in() {
    let (stage, olga) = Stage::with_olga().await;
    let elsewhere = Caller { address: [192, 0, 2, 7].into(), ..at(11) };
    let nonsense = Proof { password: Secret::new("guessed"), passcode: Secret::new("000000") };
    for _ in 0..5 {
        stage.enter(&elsewhere, "olga", &nonsense).await;
    }
    let proof = stage.right("olga", at(11).now);
    assert!(matches!(stage.enter(&at(11), "olga", &proof).await, Entered::Waits { .. }), "outside the name waits");
    assert_eq!(stage.desk.reprove(&at(11), &olga, &proof).await.unwrap(), Reproved::Yes);
}

#[tokio::test]
async fn five_wrong_proofs_in_a_row_end_the_session_in_which_they_were_tried_and_no_other() {
    let (stage, olga) = Stage::with_olga().await;
    let Entered::Welcome { session } = stage.enter(&at(1), "olga", &stage.right("olga", at(1).now)).await else {
        panic!("right, and not let in");
    };
    let right = |minute| stage.right("olga", at(minute).now);
    let prove = |minute, proof: Proof| {
        let (desk, olga) = (&stage.desk, &olga);
        async move { desk.reprove(&at(minute), olga, &proof).await.unwrap() }
    };
    for _ in 0..4 {
        assert_eq!(prove(11, wrong(&right(11), "passcode")).await, Reproved::NotAccepted);
    }
    assert_eq!(prove(11, right(11)).await, Reproved::Yes, "that forgets the four");
    for _ in 0..4 {
        assert_eq!(prove(13, wrong(&right(13), "password")).await, Reproved::NotAccepted);
    }
    assert_eq!(prove(13, wrong(&right(13), "password")).await, Reproved::Ended);
    let told = details(&stage.world, EventKind::OperatorLoginFailed);
    assert_eq!(
        (&told["sessionEnded"], &told["again"], &told["reason"]),
        (&true.into(), &true.into(), &"password".into())
    );
    assert_eq!(prove(13, right(13)).await, Reproved::Ended, "right or not");
    assert!(stage.world.with(|rows| rows.operator_sessions.values().all(|one| one.id != olga.id)));
    assert!(stage.session(&session, at(13).now).await.is_some(), "the other one lives");
    assert!(matches!(stage.enter(&at(14), "olga", &right(14)).await, Entered::Welcome { .. }), "and so may a new one");
}

#[tokio::test]
async fn only_administrators_change_operators_and_the_last_one_stays() {
    let (stage, olga) = Stage::with_olga().await;
    let link = stage.desk.invite(&at(0), &olga, Role::HelpDesk).await.unwrap();
    let otto = stage.join(link.expose(), "otto", at(1)).await;
    let (olga_id, otto_id) = (olga.operator.id.clone(), otto.operator.id.clone());
    for refused in [
        stage.desk.set_role(&at(2), &otto, &otto_id, Role::Administrator).await,
        stage.desk.set_disabled(&at(2), &otto, &olga_id, true).await,
        stage.desk.invite(&at(2), &otto, Role::Auditor).await.map(drop),
    ] {
        assert!(matches!(refused, Err(OperatorError::Forbidden)), "{refused:?}");
    }
    let own = stage.desk.set_role(&at(2), &olga, &olga_id, Role::Auditor).await;
    assert!(matches!(own, Err(OperatorError::OwnRole)), "{own:?}");
    let last = stage.desk.set_disabled(&at(2), &olga, &olga_id, true).await;
    assert!(matches!(last, Err(OperatorError::LastAdministrator)), "{last:?}");
    stage.desk.set_role(&at(3), &olga, &otto_id, Role::Administrator).await.unwrap();
    let told = details(&stage.world, EventKind::RoleChanged);
    assert_eq!(
        (&told["name"], &told["from"], &told["to"]),
        (&"otto".into(), &"help_desk".into(), &"administrator".into())
    );
    stage.desk.set_disabled(&at(4), &olga, &otto_id, true).await.unwrap();
    assert_eq!(stage.world.kinds().last(), Some(&EventKind::OperatorDisabled));
    assert!(stage.world.with(|rows| rows.operator_sessions.values().all(|session| session.operator.name != "otto")));
    let nobody = stage.desk.set_role(&at(4), &olga, &"o-nobody".into(), Role::Auditor).await;
    assert!(matches!(nobody, Err(OperatorError::NotFound)), "{nobody:?}");
}

#[tokio::test]
async fn an_operator_changes_their_own_password_and_only_the_session_stays_in_which_they_do() {
    let (stage, olga) = Stage::with_olga().await;
    let Entered::Welcome { session: elsewhere } = stage.enter(&at(1), "olga", &stage.right("olga", at(1).now)).await
    else {
        panic!("right, and not let in");
    };
    let change = |password: &str| {
        let (desk, olga, password) = (&stage.desk, &olga, Secret::new(password));
        async move { desk.change_password(&at(1), olga, &password).await.unwrap() }
    };
    assert_eq!(change("too short").await, Err(SetupFault::PasswordLength));
    assert!(stage.session(&elsewhere, at(1).now).await.is_some());
    assert_eq!(change("another horse entirely").await, Ok(()));
    assert!(stage.session(&elsewhere, at(1).now).await.is_none(), "whoever has the old one may be somebody else");
    assert!(stage.world.with(|rows| rows.operator_sessions.values().any(|one| one.id == olga.id)));
    assert_eq!(stage.world.kinds().last(), Some(&EventKind::OperatorPasswordChanged));
    let caller = at(5);
    let old = stage.right("olga", caller.now);
    assert!(matches!(stage.enter(&caller, "olga", &old).await, Entered::NotAccepted));
    let new = Proof { password: Secret::new("another horse entirely"), ..old };
    assert!(matches!(stage.enter(&caller, "olga", &new).await, Entered::Welcome { .. }));
}

#[tokio::test]
async fn without_a_store_nobody_gets_in_and_no_try_is_counted() {
    let (stage, _) = Stage::with_olga().await;
    let proof = stage.right("olga", at(5).now);
    *stage.world.down.lock().unwrap() = true;
    for _ in 0..10 {
        assert!(matches!(stage.desk.sign_in(&at(5), "olga", &proof).await, Err(OperatorError::Store(_))));
    }
    *stage.world.down.lock().unwrap() = false;
    assert!(matches!(stage.enter(&at(5), "olga", &proof).await, Entered::Welcome { .. }));
    assert_eq!(stage.world.operators(&vs()).await.unwrap().len(), 1);
}

fn request<'a>(key: &'a str, body: &'a str) -> Request<'a> {
    Request { key, call: "POST /users", body: body.as_bytes() }
}

#[tokio::test]
async fn a_request_that_is_sent_again_under_its_key_is_told_the_first_answer_and_not_done_again() {
    let (stage, olga) = Stage::with_olga().await;
    let ask = async |minutes, key, body| stage.desk.once(&at(minutes), &olga, request(key, body)).await.unwrap();
    let Once::Do(reserved) = ask(0, "k-1", "alice").await else { panic!("it is new") };
    assert!(matches!(ask(0, "k-1", "alice").await, Once::Underway), "of two at once one is done");
    stage.desk.was_done(&at(0), reserved, "201 alice".into()).await.unwrap();
    assert!(matches!(ask(1, "k-1", "alice").await, Once::Done(answer) if answer == "201 alice"));
    assert!(matches!(ask(1, "k-1", "bob").await, Once::Another));
    assert!(matches!(ask(1, "k-2", "bob").await, Once::Do(_)), "another key is another request");
    assert!(matches!(ask(24 * 60 - 1, "k-1", "alice").await, Once::Done(_)));
    assert!(matches!(ask(24 * 60, "k-1", "bob").await, Once::Do(_)), "a day, and no longer");
}

#[tokio::test]
async fn a_request_that_came_to_nothing_leaves_its_key_and_keys_belong_to_their_operator() {
    let (stage, olga) = Stage::with_olga().await;
    let link = stage.desk.invite(&at(1), &olga, Role::HelpDesk).await.unwrap();
    let otto = stage.join(link.expose(), "otto", at(1)).await;
    let Once::Do(reserved) = stage.desk.once(&at(1), &olga, request("k-1", "x")).await.unwrap() else { panic!("new") };
    assert!(matches!(stage.desk.once(&at(1), &otto, request("k-1", "y")).await.unwrap(), Once::Do(_)));
    assert_eq!(stage.desk.was_not_done(&at(1), reserved).await.unwrap(), Freed::Yes);
    assert!(matches!(stage.desk.once(&at(1), &olga, request("k-1", "z")).await.unwrap(), Once::Do(_)));
    let kept = stage.world.with(|rows| format!("{:?}", rows.one_times));
    assert!(!kept.contains("k-1"), "{kept}");
}

#[tokio::test]
async fn a_key_is_freed_or_its_request_is_done_and_never_both() {
    let (stage, olga) = Stage::with_olga().await;
    let ask = async |minutes, key| stage.desk.once(&at(minutes), &olga, request(key, "x")).await.unwrap();
    let under = |reserved: &Reserved| Caller { undone: Some(reserved.undone()), ..at(1) };
    let invited = async || stage.desk.invitations(&vs(), at(1).now).await.unwrap().len();

    // It was done, and something afterwards did not answer.
    let Once::Do(reserved) = ask(1, "k-1").await else { panic!("new") };
    stage.desk.invite(&under(&reserved), &olga, Role::HelpDesk).await.unwrap();
    assert_eq!(stage.desk.was_not_done(&at(1), reserved).await.unwrap(), Freed::WasDone);
    assert!(matches!(ask(1, "k-1").await, Once::Underway), "it is not done a second time");
    assert!(matches!(ask(24 * 60 + 1, "k-1").await, Once::Do(_)), "for a day");

    // It was given up, and what was under way wakes.
    let Once::Do(reserved) = ask(1, "k-2").await else { panic!("new") };
    let late = under(&reserved);
    assert_eq!(stage.desk.was_not_done(&at(1), reserved).await.unwrap(), Freed::Yes);
    assert!(stage.desk.invite(&late, &olga, Role::HelpDesk).await.is_err());
    assert_eq!(invited().await, 1);
    assert!(matches!(ask(1, "k-2").await, Once::Do(_)));
}
