//! The condition of each act, and that a change is made whole or not at all.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use doorward_api::ports::*;
use doorward_api::session::{NewSession, SessionKind};
use doorward_api::*;

use crate::fixtures::*;
use crate::world::World;

both!(
    a_lost_act_undoes_those_before_it_and_its_records,
    a_flow_moves_only_from_where_it_stands,
    what_expires_while_a_process_stands_still_is_not_done_when_it_wakes,
    a_flow_cannot_be_started_twice,
    a_newer_flow_supersedes_the_others_that_are_enrolling,
    one_flow_more_than_a_user_may_have_ends_the_oldest_in_which_something_is_proved,
    a_user_whose_proofs_are_void_has_no_open_flow_left,
    a_user_with_a_token_is_issued_no_other,
    only_an_assigned_token_is_reissued_or_retargeted,
    a_token_is_activated_once_and_by_its_version,
    of_two_assigned_tokens_only_one_becomes_active,
    nothing_is_activated_that_is_not_allowed_any_more,
    a_passcode_is_used_once_and_only_while_the_token_is_active,
    a_token_changes_state_only_from_where_it_is,
    a_revoked_token_never_comes_back,
    a_one_time_value_is_taken_once,
    a_session_of_another_level_takes_the_place_of_the_one_before_at_its_host,
    a_row_that_hangs_on_nothing_is_refused,
    an_unknown_virtual_server_has_no_chain,
);

async fn a_lost_act_undoes_those_before_it_and_its_records(world: Arc<World>) {
    let store = inhabited(&world).await;
    let before = store.head(&vs()).await.unwrap();
    let change = Change::of(Act::SessionStart(portal_session("p")))
        .and(Act::Nothing)
        .and(take_ticket("never put"))
        .record(event(EventKind::SessionStarted));
    let error = store.commit(&vs(), change, NOW).await.unwrap_err();
    assert_eq!(error.to_string(), "act 2 (one_time_take) came too late");
    assert!(store.session(&vs(), &hash("p"), secs(60), NOW).await.unwrap().is_none());
    assert_eq!(store.head(&vs()).await.unwrap(), before);
}

async fn a_flow_moves_only_from_where_it_stands(world: Arc<World>) {
    let store = inhabited(&world).await;
    let begun = flow("f", Step::Password);
    done(commit(&store, Act::FlowStart(Box::new(begun.clone()))).await);
    for wrong in [
        Flow { id: FlowId::new("other"), ..begun.clone() },
        Flow { browser: hash("another browser"), ..begun.clone() },
        Flow { step: Step::Passcode, ..begun.clone() },
        Flow { nonce: "an older nonce".into(), ..begun.clone() },
    ] {
        lost(commit(&store, go(&wrong, Step::Offered)).await, 0);
    }
    lost(commit_at(&store, go(&begun, Step::Offered), begun.expires_at).await, 0);
    done(commit_at(&store, go(&begun, Step::Offered), begun.expires_at - secs(1)).await);
    lost(commit(&store, go(&begun, Step::Offered)).await, 0);
}

/// As F-11 does it to a process: between the reading of the time and the statement that is judged by it.
async fn what_expires_while_a_process_stands_still_is_not_done_when_it_wakes(world: Arc<World>) {
    let store = inhabited(&world).await;
    let begun = flow("f", Step::Password);
    done(commit(&store, Act::FlowStart(Box::new(begun.clone()))).await);
    let (read, end) = (Arc::new(AtomicU32::new(0)), begun.expires_at);
    let asked = read.clone();
    let when = move || match asked.fetch_add(1, Ordering::SeqCst) {
        0 => {
            let before = end - secs(1);
            std::thread::sleep(Duration::from_secs(1));
            before
        }
        _ => end,
    };
    lost(store.commit_by(&vs(), Change::of(go(&begun, Step::Offered)), when).await, 0);
    assert_eq!(read.load(Ordering::SeqCst), 2, "judged anew");
    // A database that is always slow is written to all the same.
    let slow = move || {
        std::thread::sleep(Duration::from_secs(1));
        NOW
    };
    done(store.commit_by(&vs(), Change::of(go(&begun, Step::Offered)), slow).await);
}

async fn a_flow_cannot_be_started_twice(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, Act::FlowStart(Box::new(flow("f", Step::Password)))).await);
    lost(commit(&store, Act::FlowStart(Box::new(flow("f", Step::Passcode)))).await, 0);
}

async fn a_newer_flow_supersedes_the_others_that_are_enrolling(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, add_user("bob", UserId::new("bob-row"), &[])).await);
    let of_bob = Flow { user: Some(UserId::new("bob-row")), ..flow("bobs", Step::CodeSent) };
    let over = Flow { expires_at: NOW, ..flow("over", Step::CodeSent) };
    let mut with_token = flow("older", Step::CodeIssued);
    with_token.data.credential = Some(CredentialId::new("of older"));
    with_token.data.typed_name = "alice@example.test".into();
    for one in [
        flow("kept", Step::EmailVerified),
        with_token,
        flow("waiting", Step::CodeSent),
        flow("asking", Step::ExtraProof),
        flow("signing-in", Step::Passcode),
        flow("ended", Step::Cancelled),
        of_bob,
        over,
    ] {
        done(commit(&store, Act::FlowStart(Box::new(one))).await);
    }
    done(commit(&store, Act::CredentialIssue(token("of older"))).await);
    let by = Box::new(EventContext { request_id: Some("a request".into()), ..EventContext::default() });
    let supersede = Act::FlowsSupersede { user: alice(), keep: FlowId::new("kept"), by };
    done(store.commit(&vs(), Change::of(supersede).and(Act::CredentialIssue(token("of kept"))), NOW).await);
    for (id, step) in [
        ("kept", Step::EmailVerified),
        ("older", Step::Superseded),
        ("waiting", Step::Superseded),
        ("asking", Step::Superseded),
        ("signing-in", Step::Passcode),
        ("ended", Step::Cancelled),
        ("bobs", Step::CodeSent),
        ("over", Step::CodeSent),
    ] {
        assert_eq!(store.flow(&vs(), &FlowId::new(id)).await.unwrap().unwrap().step, step, "{id}");
    }
    let older = store.credential(&vs(), &CredentialId::new("of older")).await.unwrap().unwrap();
    assert_eq!((older.state, older.opened.expose()), (TokenState::Revoked, &b""[..]));
    let chain = whole_chain(&store).await;
    let ended = of_kind(&chain, EventKind::EnrollmentSuperseded);
    let told = |record: &serde_json::Value, field: &str| record.pointer(field).cloned().unwrap_or_default();
    let mut each: Vec<_> = ended
        .iter()
        .map(|record| ["/context/transactionId", "/details/lastStep", "/context/usedName"].map(|f| told(record, f)))
        .collect();
    each.sort_by_key(|fields| fields[0].to_string());
    assert_eq!(each.remove(0)[..2], ["asking", "extra_proof"]);
    assert_eq!(each[0], ["older", "code_issued", "a***@e***.test"], "each that ended, and never a full address");
    assert_eq!(each[1][..2], ["waiting", "code_sent"]);
    assert_eq!(each.len(), 2);
    for record in &ended {
        assert_eq!(told(record, "/details/supersededBy"), "kept");
        assert_eq!(told(record, "/context/globalAccessId"), "a request");
    }
    let revoked = of_kind(&chain, EventKind::TokenRevoked);
    assert_eq!(revoked.len(), 1);
    assert_eq!(told(&revoked[0], "/context/transactionId"), "older");
    assert_eq!(told(&revoked[0], "/details/reason"), "superseded");
    lost(commit(&store, activate("of older", 1)).await, 0);
    done(commit(&store, activate("of kept", 1)).await);
}

async fn one_flow_more_than_a_user_may_have_ends_the_oldest_in_which_something_is_proved(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, add_user("bob", UserId::new("bob-row"), &[])).await);
    let unproved = |id: &str| {
        let mut flow = flow(id, Step::Password);
        flow.data.proofs = Proofs::NONE;
        flow
    };
    let at = async |seconds, act| done(commit_at(&store, act, NOW + secs(seconds)).await);
    let start = |flow: Flow| Act::FlowStart(Box::new(flow));
    // The oldest of all have passed their emailed code; some are nobody's proof, one is bob's, one is over.
    for (id, step) in [("verified", Step::CodeIssued), ("asking", Step::ExtraProof)] {
        at(0, start(flow(id, step))).await;
    }
    at(1, start(unproved("strange"))).await;
    at(1, start(Flow { user: Some(UserId::new("bob-row")), ..flow("bobs", Step::Passcode) })).await;
    at(1, start(Flow { expires_at: NOW + secs(5), ..flow("over", Step::Passcode) })).await;
    // What counts is when it was proved, not when it was begun.
    let late = unproved("late");
    at(1, start(late.clone())).await;
    at(2, start(flow("oldest", Step::Passcode))).await;
    at(3, start(flow("offered", Step::Offered))).await;
    let proved = FlowData { proofs: Proofs::NONE.with(Factor::Password, NOW), ..late.data.clone() };
    at(4, go(&Flow { data: proved, ..late }, Step::Passcode)).await;

    at(10, make_room(&FlowId::new("newest"), 4)).await;
    let steps = async || {
        let mut steps = Vec::new();
        for id in ["verified", "strange", "bobs", "over", "oldest", "offered", "late"] {
            steps.push(store.flow(&vs(), &FlowId::new(id)).await.unwrap().unwrap().step);
        }
        steps
    };
    use Step::{CodeIssued, Offered, Passcode, Password, Superseded};
    assert_eq!(steps().await, [CodeIssued, Password, Passcode, Passcode, Passcode, Offered, Passcode], "there is room");
    at(10, make_room(&FlowId::new("newest"), 3)).await;
    assert_eq!(steps().await, [CodeIssued, Password, Passcode, Passcode, Superseded, Offered, Passcode]);
    at(10, make_room(&FlowId::new("late"), 1)).await;
    assert_eq!(steps().await, [CodeIssued, Password, Passcode, Passcode, Superseded, Superseded, Passcode]);
    let asking = store.flow(&vs(), &FlowId::new("asking")).await.unwrap().unwrap();
    assert_eq!(asking.step, Step::ExtraProof, "what is asked besides the code comes after the code");
    let chain = whole_chain(&store).await;
    for (kind, id) in [(EventKind::SignInSuperseded, "oldest"), (EventKind::EnrollmentSuperseded, "offered")] {
        let told = of_kind(&chain, kind);
        assert_eq!(told.len(), 1, "{kind:?}");
        assert_eq!(told[0]["context"]["transactionId"], id);
        assert_eq!(told[0]["context"]["globalAccessId"], "a request");
    }
}

async fn a_user_whose_proofs_are_void_has_no_open_flow_left(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, add_user("bob", UserId::new("bob-row"), &[])).await);
    let mut enrolling = flow("enrolling", Step::CodeIssued);
    enrolling.data.credential = Some(CredentialId::new("issued"));
    for one in [
        enrolling,
        flow("signing-in", Step::Passcode),
        flow("in", Step::Confirmed),
        Flow { user: Some(UserId::new("bob-row")), ..flow("bobs", Step::CodeSent) },
        Flow { expires_at: NOW, ..flow("over", Step::CodeSent) },
    ] {
        done(commit(&store, Act::FlowStart(Box::new(one))).await);
    }
    done(commit(&store, Act::CredentialIssue(token("issued"))).await);
    done(commit(&store, Act::FlowsEndOf { user: alice(), by: Box::default() }).await);
    for (id, step) in [
        ("enrolling", Step::Cancelled),
        ("signing-in", Step::Cancelled),
        ("in", Step::Confirmed),
        ("bobs", Step::CodeSent),
        ("over", Step::CodeSent),
    ] {
        assert_eq!(store.flow(&vs(), &FlowId::new(id)).await.unwrap().unwrap().step, step, "{id}");
    }
    let issued = store.credential(&vs(), &CredentialId::new("issued")).await.unwrap().unwrap();
    assert_eq!((issued.state, issued.opened.expose()), (TokenState::Revoked, &b""[..]));
    let chain = whole_chain(&store).await;
    assert_eq!(of_kind(&chain, EventKind::EnrollmentCancelled).len(), 1);
    assert_eq!(of_kind(&chain, EventKind::TokenRevoked).len(), 1);
}

async fn a_user_with_a_token_is_issued_no_other(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, Act::CredentialIssue(token("first"))).await);
    done(commit(&store, Act::CredentialIssue(token("second"))).await);
    done(commit(&store, activate("second", 1)).await);
    lost(commit(&store, Act::CredentialIssue(token("third"))).await, 0);
    done(commit(&store, state("second", &[TokenState::Active], TokenState::Suspended)).await);
    lost(commit(&store, Act::CredentialIssue(token("third"))).await, 0);
    done(commit(&store, state("second", &[TokenState::Suspended], TokenState::Revoked)).await);
    done(commit(&store, Act::CredentialIssue(token("third"))).await);
}

async fn only_an_assigned_token_is_reissued_or_retargeted(world: Arc<World>) {
    let store = inhabited(&world).await;
    let id = CredentialId::new("t");
    let reissue = |version| Act::CredentialReissue {
        id: CredentialId::new("t"),
        version,
        plugin: "another-kind".into(),
        opened: bytes("new bytes"),
        template: Template { version: 9, ..Template::STANDARD_APP },
    };
    let retarget = Act::CredentialRetarget { id: id.clone(), target: Target::WindowsDesktop };
    lost(commit(&store, retarget.clone()).await, 0);
    done(commit(&store, Act::CredentialIssue(token("t"))).await);
    done(commit(&store, reissue(1)).await);
    lost(commit(&store, reissue(1)).await, 0);
    lost(commit(&store, activate("t", 1)).await, 0);
    let read = store.credential(&vs(), &id).await.unwrap().unwrap();
    assert_eq!((read.version, read.template.version, read.opened.expose()), (2, 9, &b"new bytes"[..]));
    assert_eq!(read.plugin, "another-kind");
    done(commit(&store, retarget.clone()).await);
    done(commit(&store, activate("t", 2)).await);
    lost(commit(&store, retarget).await, 0);
    lost(commit(&store, reissue(3)).await, 0);
}

async fn a_token_is_activated_once_and_by_its_version(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, Act::CredentialIssue(token("t"))).await);
    store.count_failure(&vs(), &CredentialId::new("t"), 9, secs(900), NOW).await.unwrap();
    lost(commit(&store, spend("t", 1)).await, 0);
    lost(commit(&store, activate("t", 2)).await, 0);
    done(commit(&store, activate("t", 1)).await);
    assert_eq!(store.credential(&vs(), &CredentialId::new("t")).await.unwrap().unwrap().fails, 0);
    lost(commit(&store, activate("t", 2)).await, 0);
}

async fn of_two_assigned_tokens_only_one_becomes_active(world: Arc<World>) {
    let store = inhabited(&world).await;
    for id in ["one", "two"] {
        done(commit(&store, Act::CredentialIssue(token(id))).await);
    }
    done(commit(&store, activate("one", 1)).await);
    lost(store.commit(&vs(), Change::of(Act::Nothing).and(activate("two", 1)), NOW).await, 1);
    done(commit(&store, state("one", &[TokenState::Active], TokenState::Suspended)).await);
    lost(commit(&store, activate("two", 1)).await, 0);
}

async fn nothing_is_activated_that_is_not_allowed_any_more(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, Act::CredentialIssue(token("t"))).await);
    let user = store.user_by_id(&vs(), &alice()).await.unwrap().unwrap();
    let versions = |users, targets| vec![(SettingKind::SelfProvisioning, users), (SettingKind::Targets, targets)];
    let allowed = |user: &User, users, targets| Act::EnrolmentStillAllowed {
        user: Box::new(user.clone()),
        settings: versions(users, targets),
    };
    let activation = async |users, targets| {
        store.commit(&vs(), Change::of(allowed(&user, users, targets)).and(activate("t", 1)), NOW).await
    };
    // What was never set counts as 0; from then on each change counts.
    lost(activation(1, 0).await, 0);
    done(commit(&store, set(SettingKind::SelfProvisioning, 0)).await);
    lost(activation(0, 0).await, 0);
    done(commit(&store, set(SettingKind::SelfProvisioning, 1)).await);
    lost(activation(1, 0).await, 0);
    done(commit(&store, set(SettingKind::Targets, 0)).await);
    lost(activation(2, 0).await, 0);
    done(commit(&store, set(SettingKind::Lockout, 0)).await);

    let disable = |disabled| Act::UserDisable { user: alice(), disabled };
    done(commit(&store, disable(true)).await);
    lost(activation(2, 1).await, 0);
    done(commit(&store, disable(false)).await);
    let elsewhere = User { groups: vec![GroupRef { id: "another".into(), name: "another".into() }], ..user.clone() };
    lost(commit(&store, allowed(&elsewhere, 2, 1)).await, 0);
    let nobody = User { id: "nobody".into(), ..user.clone() };
    lost(commit(&store, allowed(&nobody, 2, 1)).await, 0);

    // A group that comes to lie in another is another group to be in.
    let staff = user.groups[0].id.clone();
    done(commit(&store, Act::GroupAdd { id: "everybody".into(), name: "everybody".into() }).await);
    let nest = |member| Act::GroupNest { group: staff.clone(), into: "everybody".into(), member };
    done(commit(&store, nest(true)).await);
    lost(activation(2, 1).await, 0);
    done(commit(&store, nest(false)).await);
    done(activation(2, 1).await);
}

async fn a_passcode_is_used_once_and_only_while_the_token_is_active(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, Act::CredentialIssue(token("t"))).await);
    done(commit(&store, activate("t", 1)).await);
    done(commit(&store, spend("t", 2)).await);
    lost(commit(&store, spend("t", 2)).await, 0);
    done(commit(&store, state("t", &[TokenState::Active], TokenState::Suspended)).await);
    lost(commit(&store, spend("t", 3)).await, 0);
    done(commit(&store, state("t", &[TokenState::Suspended], TokenState::Active)).await);
    done(commit(&store, spend("t", 3)).await);
}

async fn a_token_changes_state_only_from_where_it_is(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, Act::CredentialIssue(token("t"))).await);
    lost(commit(&store, state("t", &[TokenState::Active, TokenState::Suspended], TokenState::Revoked)).await, 0);
    lost(commit(&store, state("t", &[], TokenState::Revoked)).await, 0);
    lost(commit(&store, state("other", &[TokenState::Assigned], TokenState::Revoked)).await, 0);
    done(commit(&store, state("t", &[TokenState::Suspended, TokenState::Assigned], TokenState::Revoked)).await);
}

async fn a_revoked_token_never_comes_back(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, Act::CredentialIssue(token("t"))).await);
    done(commit(&store, state("t", &[TokenState::Assigned], TokenState::Revoked)).await);
    lost(commit(&store, state("t", &[TokenState::Revoked], TokenState::Active)).await, 0);
    lost(commit(&store, activate("t", 2)).await, 0);
}

async fn a_one_time_value_is_taken_once(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, Act::OneTimePut(ticket("t"))).await);
    let all = async |purpose, now| {
        let found = store.one_times(&vs(), purpose, 5, now).await.unwrap();
        found.iter().map(|one| one.hash).collect::<Vec<_>>()
    };
    assert_eq!(all(OneTimePurpose::Ticket, NOW).await, [hash("t")], "it is found with all of its purpose");
    assert_eq!(all(OneTimePurpose::Dispute, NOW).await, []);
    assert_eq!(all(OneTimePurpose::Ticket, NOW + secs(30)).await, [], "while it is good");
    let as_dispute = Act::OneTimeTake { purpose: OneTimePurpose::Dispute, hash: hash("t") };
    lost(commit(&store, as_dispute).await, 0);
    lost(commit_at(&store, take_ticket("t"), NOW + secs(30)).await, 0);
    done(commit_at(&store, take_ticket("t"), NOW + secs(29)).await);
    lost(commit(&store, take_ticket("t")).await, 0);
}

async fn a_session_of_another_level_takes_the_place_of_the_one_before_at_its_host(world: Arc<World>) {
    let store = inhabited(&world).await;
    let raised = |id: &str| NewSession { proofs: Proofs::NONE.with(Factor::Otp, NOW), ..app_session(id, "p") };
    let at_another_host = |id: &str| NewSession {
        kind: SessionKind::App { host: "elsewhere.test".into(), portal: SessionId::new("p") },
        ..app_session(id, "p")
    };
    for session in [
        portal_session("p"),
        portal_session("q"),
        app_session("low", "p"),
        app_session("also low", "p"),
        app_session("of q", "q"),
        at_another_host("elsewhere"),
        raised("high"),
    ] {
        done(commit(&store, Act::SessionStart(session)).await);
    }
    for (id, lives) in
        [("low", false), ("also low", false), ("p", true), ("of q", true), ("elsewhere", true), ("high", true)]
    {
        assert_eq!(store.session(&vs(), &hash(id), secs(60), NOW).await.unwrap().is_some(), lives, "{id}");
    }
}

async fn a_row_that_hangs_on_nothing_is_refused(world: Arc<World>) {
    let store = inhabited(&world).await;
    let nobody = UserId::new("nobody");
    let session = doorward_api::session::NewSession { user: nobody.clone(), ..portal_session("p") };
    lost(commit(&store, Act::SessionStart(session)).await, 0);
    let credential = doorward_api::credential::NewCredential { user: nobody, ..token("t") };
    lost(commit(&store, Act::CredentialIssue(credential)).await, 0);
}

async fn an_unknown_virtual_server_has_no_chain(world: Arc<World>) {
    let store = inhabited(&world).await;
    let unknown = VirtualServerId::new("unknown");
    let error = store.commit(&unknown, Change::only(event(EventKind::AuthFailure)), NOW).await.unwrap_err();
    assert!(matches!(error, CommitError::Store(StoreError::Damaged(text)) if text.contains("unknown")));
}
