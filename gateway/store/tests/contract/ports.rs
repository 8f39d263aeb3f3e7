//! What is written can be read, through each port.

use std::sync::Arc;

use doorward_api::flow::Delivery;
use doorward_api::mail::MailKind;
use doorward_api::ports::*;
use doorward_api::session::SessionKind;
use doorward_api::*;
use doorward_store::ExpiredMail;

use crate::fixtures::*;
use crate::world::World;

both!(
    a_user_is_found_by_name_and_row_with_groups_sorted,
    a_session_lives_as_long_as_it_and_its_portal_session_are_used,
    an_ended_portal_session_takes_its_app_sessions_along,
    a_rise_of_level_kills_the_old_cookie,
    when_a_token_was_shown_is_kept_of_sessions_and_flows,
    all_sessions_of_a_user_end,
    all_sessions_of_a_user_but_one_end,
    sessions_that_were_put_off_end_and_no_others,
    a_flow_reads_back_as_it_was_written,
    a_browser_finds_its_newest_flow,
    a_token_reads_back_as_it_was_written,
    failures_lock_a_token_for_a_while_and_then_begin_anew,
    a_one_time_value_is_seen_until_it_is_taken_or_over,
    a_meter_counts_within_its_window,
    a_meter_gives_places_up_to_its_limit_and_takes_them_back,
    a_mail_goes_to_one_sender_and_its_fields_are_destroyed,
    a_postponed_mail_waits,
    a_mail_that_waited_too_long_is_refused_once,
    a_password_changes_and_a_user_is_switched_off,
    the_ids_of_one_virtual_server_find_nothing_in_another,
    the_clock_tells_the_time_and_never_goes_back,
);

async fn a_user_is_found_by_name_and_row_with_groups_sorted(world: Arc<World>) {
    let store = inhabited(&world).await;
    let bob = UserId::new("bob-row");
    done(commit(&store, add_user("bob", bob.clone(), &["zebra", "Admins", "staff", "zebra"])).await);
    let found = store.user_by_name(&vs(), &FoldedName::assume("bob")).await.unwrap().unwrap();
    assert_eq!(found, store.user_by_id(&vs(), &bob).await.unwrap().unwrap());
    assert_eq!(found.email.as_deref(), Some("bob@example.test"));
    assert_eq!(found.groups.iter().map(|g| g.name.as_str()).collect::<Vec<_>>(), ["Admins", "staff", "zebra"]);
    let of_alice = store.user_by_id(&vs(), &alice()).await.unwrap().unwrap().groups;
    assert_eq!(of_alice[0], found.groups[1], "a group that was there is the same group");
    assert_eq!(store.user_count(&vs()).await.unwrap(), 2);
    assert_eq!(store.user_by_name(&vs(), &FoldedName::assume("carol")).await.unwrap(), None);
    done(commit(&store, add_user("carol", UserId::new("carol-row"), &[])).await);
    let carol = store.user_by_name(&vs(), &FoldedName::assume("carol")).await.unwrap().unwrap();
    assert!(carol.groups.is_empty() && !carol.disabled);
    lost(commit(&store, add_user("bob", UserId::new("another-row"), &[])).await, 0);
}

async fn a_session_lives_as_long_as_it_and_its_portal_session_are_used(world: Arc<World>) {
    let store = inhabited(&world).await;
    let idle = secs(1800);
    done(commit(&store, Act::SessionStart(portal_session("portal"))).await);
    done(commit(&store, Act::SessionStart(app_session("app", "portal"))).await);
    let at = async |name: &str, at: Timestamp| store.session(&vs(), &hash(name), idle, at).await.unwrap();
    let app = at("app", NOW).await.unwrap();
    assert_eq!(app.kind, SessionKind::App { host: "wiki.localhost".into(), portal: SessionId::new("portal") });
    assert_eq!((app.user, app.proofs.password), (alice(), Some(NOW)));
    assert_eq!(at("nobody", NOW).await, None);
    assert!(at("app", NOW + idle).await.is_some());
    assert!(at("app", NOW + idle + secs(1)).await.is_none(), "idle");

    // Using the app's session keeps the portal's alive; using the portal's does not keep the app's.
    store.touch(&vs(), &SessionId::new("app"), NOW + secs(1000)).await.unwrap();
    store.touch(&vs(), &SessionId::new("app"), NOW + secs(500)).await.unwrap();
    assert_eq!(at("portal", NOW + secs(2000)).await.unwrap().last_seen_at, NOW + secs(1000));
    store.touch(&vs(), &SessionId::new("portal"), NOW + secs(2800)).await.unwrap();
    assert!(at("portal", NOW + secs(2900)).await.is_some());
    assert!(at("app", NOW + secs(2900)).await.is_none());

    assert_eq!(store.live_sessions(&vs(), NOW).await.unwrap(), 1, "portal sessions only");
    let over = NOW + secs(8 * 3600);
    store.touch(&vs(), &SessionId::new("app"), over).await.unwrap();
    assert!(at("portal", over).await.is_none() && at("app", over).await.is_none(), "the absolute end");
    assert_eq!(store.live_sessions(&vs(), over).await.unwrap(), 0);
}

async fn an_ended_portal_session_takes_its_app_sessions_along(world: Arc<World>) {
    let store = inhabited(&world).await;
    for session in [portal_session("p1"), app_session("a1", "p1"), portal_session("p2"), app_session("a2", "p2")] {
        done(commit(&store, Act::SessionStart(session)).await);
    }
    let end = Act::SessionEnd { id: SessionId::new("p1") };
    done(commit(&store, end.clone()).await);
    done(commit(&store, end).await);
    for (name, lives) in [("p1", false), ("a1", false), ("p2", true), ("a2", true)] {
        assert_eq!(store.session(&vs(), &hash(name), secs(60), NOW).await.unwrap().is_some(), lives, "{name}");
    }
    lost(commit(&store, Act::SessionStart(app_session("late", "p1"))).await, 0);
}

async fn a_rise_of_level_kills_the_old_cookie(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, Act::SessionStart(portal_session("p"))).await);
    let raise_to = |id: &str, token: &str| Act::SessionRaise {
        id: SessionId::new(id),
        old: hash("p"),
        token: hash(token),
        proofs: Proofs::NONE.with(Factor::Password, NOW).with(Factor::Otp, NOW + secs(5)),
        expires_at: NOW + secs(9 * 3600),
    };
    let raise = |id: &str| raise_to(id, "raised");
    done(commit(&store, raise("p")).await);
    assert_eq!(store.session(&vs(), &hash("p"), secs(60), NOW).await.unwrap(), None);
    let raised = store.session(&vs(), &hash("raised"), secs(60), NOW).await.unwrap().unwrap();
    assert_eq!(raised.id, SessionId::new("p"));
    assert_eq!(raised.proofs.otp, Some(NOW + secs(5)));
    assert_eq!(raised.expires_at, NOW + secs(9 * 3600));
    lost(commit(&store, raise("gone")).await, 0);
    lost(commit(&store, raise_to("p", "raised by another tab")).await, 0);
    assert!(store.session(&vs(), &hash("raised"), secs(60), NOW).await.unwrap().is_some(), "the first cookie is good");
    lost(commit_at(&store, raise("p"), NOW + secs(10 * 3600)).await, 0);
}

async fn when_a_token_was_shown_is_kept_of_sessions_and_flows(world: Arc<World>) {
    let store = inhabited(&world).await;
    let shown = |after: u64| Proofs { by_token: Some(NOW + secs(after)), ..Proofs::NONE.with(Factor::Otp, NOW) };
    let begun = doorward_api::session::NewSession { proofs: shown(1), ..portal_session("p") };
    done(commit(&store, Act::SessionStart(begun)).await);
    let session = store.session(&vs(), &hash("p"), secs(60), NOW).await.unwrap().unwrap();
    assert_eq!(session.proofs, shown(1));
    let (id, expires_at) = (session.id, session.expires_at);
    let raise = Act::SessionRaise { id, old: hash("p"), token: hash("raised"), proofs: shown(2), expires_at };
    done(commit(&store, raise).await);
    let raised = store.session(&vs(), &hash("raised"), secs(60), NOW).await.unwrap().unwrap();
    assert_eq!(raised.proofs, shown(2));

    let mut begun = flow("f", Step::Password);
    begun.data.proofs = shown(3);
    done(commit(&store, Act::FlowStart(Box::new(begun.clone()))).await);
    assert_eq!(store.flow(&vs(), &begun.id).await.unwrap().unwrap().data.proofs, shown(3));
    begun.data.proofs = shown(4);
    done(commit(&store, go(&begun, Step::Passcode)).await);
    assert_eq!(store.flow(&vs(), &begun.id).await.unwrap().unwrap().data.proofs, shown(4));
}

async fn all_sessions_of_a_user_end(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, add_user("bob", UserId::new("bob-row"), &[])).await);
    done(commit(&store, Act::SessionStart(portal_session("p"))).await);
    done(commit(&store, Act::SessionStart(app_session("a", "p"))).await);
    let of_bob = doorward_api::session::NewSession { user: UserId::new("bob-row"), ..portal_session("b") };
    done(commit(&store, Act::SessionStart(of_bob)).await);
    done(commit(&store, Act::SessionsEndOf { user: alice() }).await);
    for (name, lives) in [("p", false), ("a", false), ("b", true)] {
        assert_eq!(store.session(&vs(), &hash(name), secs(60), NOW).await.unwrap().is_some(), lives, "{name}");
    }
}

async fn all_sessions_of_a_user_but_one_end(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, add_user("bob", UserId::new("bob-row"), &[])).await);
    let of_bob = doorward_api::session::NewSession { user: UserId::new("bob-row"), ..portal_session("b") };
    let (here, elsewhere) = (app_session("a", "p"), app_session("c", "q"));
    for new in [portal_session("p"), portal_session("q"), here, elsewhere, of_bob] {
        done(commit(&store, Act::SessionStart(new)).await);
    }
    done(commit(&store, Act::OtherSessionsEnd { user: alice(), keep: SessionId::new("p") }).await);
    for (name, lives) in [("p", true), ("a", true), ("q", false), ("c", false), ("b", true)] {
        assert_eq!(store.session(&vs(), &hash(name), secs(60), NOW).await.unwrap().is_some(), lives, "{name}");
    }
}

async fn sessions_that_were_put_off_end_and_no_others(world: Arc<World>) {
    let store = inhabited(&world).await;
    let put_off = |id: &str, deferred: bool| {
        let new = portal_session(id);
        let until = deferred.then_some(NOW + secs(3600));
        Act::SessionStart(doorward_api::session::NewSession {
            proofs: Proofs { deferred_until: until, ..new.proofs },
            ..new
        })
    };
    for (id, deferred) in [("p", true), ("q", false), ("r", true)] {
        done(commit(&store, put_off(id, deferred)).await);
    }
    done(commit(&store, Act::SessionStart(app_session("a", "p"))).await);
    let keep = Some(SessionId::new("r"));
    done(commit(&store, Act::DeferredSessionsEnd { user: UserId::new("somebody-else"), keep: None }).await);
    done(commit(&store, Act::DeferredSessionsEnd { user: alice(), keep }).await);
    for (name, lives) in [("p", false), ("a", false), ("q", true), ("r", true)] {
        assert_eq!(store.session(&vs(), &hash(name), secs(60), NOW).await.unwrap().is_some(), lives, "{name}");
    }
}

async fn a_flow_reads_back_as_it_was_written(world: Arc<World>) {
    let store = inhabited(&world).await;
    let begun = flow("f", Step::Password);
    done(commit(&store, Act::FlowStart(Box::new(begun.clone()))).await);
    assert_eq!(store.flow(&vs(), &begun.id).await.unwrap(), Some(begun.clone()));
    done(commit(&store, go(&begun, Step::Offered)).await);
    let moved = store.flow(&vs(), &begun.id).await.unwrap().unwrap();
    assert_eq!((moved.step, moved.nonce.as_str(), moved.data.language.as_str()), (Step::Offered, "nonce-2", "de"));
    assert_eq!((moved.created_at, moved.expires_at), (NOW, NOW + secs(3600)));
    assert_eq!(store.open_flows(&vs(), NOW).await.unwrap(), 1);
    assert_eq!(store.open_flows(&vs(), NOW + secs(3600)).await.unwrap(), 0, "expired");
    done(commit(&store, go(&moved, Step::Cancelled)).await);
    assert_eq!(store.open_flows(&vs(), NOW).await.unwrap(), 0, "ended");
}

async fn a_browser_finds_its_newest_flow(world: Arc<World>) {
    let store = inhabited(&world).await;
    let older = flow("older", Step::Password);
    let newer = Flow { id: FlowId::new("newer"), created_at: NOW + secs(5), user: None, ..older.clone() };
    for one in [newer.clone(), older.clone()] {
        done(commit(&store, Act::FlowStart(Box::new(one))).await);
    }
    let found = store.flow_of_browser(&vs(), &older.browser, NOW).await.unwrap();
    assert_eq!(found, Some(newer.clone()));
    let late = newer.expires_at + secs(60);
    assert_eq!(
        store.flow_of_browser(&vs(), &older.browser, late).await.unwrap(),
        found,
        "its page says that it expired"
    );
    assert_eq!(store.flow_of_browser(&vs(), &hash("another"), NOW).await.unwrap(), None);
}

async fn a_token_reads_back_as_it_was_written(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, Act::CredentialIssue(token("t"))).await);
    let id = CredentialId::new("t");
    let read = async || store.credential(&vs(), &id).await.unwrap().unwrap();
    let issued = read().await;
    assert_eq!((issued.state, issued.version, issued.fails), (TokenState::Assigned, 1, 0));
    assert_eq!((issued.plugin.as_str(), issued.serial.as_str(), issued.target), ("otp", "DW-t", Some(Target::Ios)));
    assert_eq!((issued.form, issued.label.as_str(), issued.pin_version), (TokenForm::Software, "", 0));
    assert_eq!((issued.template, issued.opened.expose()), (Template::STANDARD_APP, &b"first bytes"[..]));
    done(commit(&store, Act::CredentialRetarget { id: id.clone(), target: Target::Android }).await);
    done(commit(&store, activate("t", 1)).await);
    let active = read().await;
    assert_eq!((active.state, active.version, active.target), (TokenState::Active, 2, Some(Target::Android)));
    assert_eq!((active.activated_at, active.last_used_at), (Some(NOW), Some(NOW)));
    done(commit_at(&store, spend("t", 2), NOW + secs(60)).await);
    let used = read().await;
    assert_eq!((used.version, used.opened.expose(), used.last_used_at), (3, &b"used"[..], Some(NOW + secs(60))));
    assert_eq!(store.credentials_of(&vs(), &alice()).await.unwrap().len(), 1);
    done(commit(&store, state("t", &[TokenState::Active], TokenState::Revoked)).await);
    assert!(store.credentials_of(&vs(), &alice()).await.unwrap().is_empty());
    let revoked = read().await;
    assert_eq!((revoked.state, revoked.opened.expose()), (TokenState::Revoked, &b""[..]), "the secret is destroyed");
}

async fn failures_lock_a_token_for_a_while_and_then_begin_anew(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, Act::CredentialIssue(token("t"))).await);
    done(commit(&store, activate("t", 1)).await);
    let (id, lock) = (CredentialId::new("t"), secs(900));
    let fail = async |at: Timestamp| store.count_failure(&vs(), &id, 2, lock, at).await.unwrap();
    assert_eq!(fail(NOW).await, Fails { count: 1, locked_until: None });
    assert_eq!(fail(NOW).await, Fails { count: 2, locked_until: None });
    assert_eq!(fail(NOW).await, Fails { count: 3, locked_until: Some(NOW + lock) });
    lost(commit(&store, spend("t", 2)).await, 0);
    let meanwhile = fail(NOW + secs(60)).await;
    assert_eq!(meanwhile.locked_until, Some(NOW + lock), "a failure while it is locked makes the lock no longer");
    assert_eq!(store.credential(&vs(), &id).await.unwrap().unwrap().version, 2, "counting is no change of the bytes");
    assert_eq!(fail(NOW + lock).await, Fails { count: 1, locked_until: None });
    done(commit_at(&store, spend("t", 2), NOW + lock).await);
    let forgiven = store.credential(&vs(), &id).await.unwrap().unwrap();
    assert_eq!((forgiven.fails, forgiven.locked_until), (0, None));
    assert!(store.count_failure(&vs(), &CredentialId::new("nobody's"), 2, lock, NOW).await.is_err());
}

async fn a_one_time_value_is_seen_until_it_is_taken_or_over(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, Act::OneTimePut(ticket("t"))).await);
    let look = async |purpose, at| store.one_time(&vs(), purpose, &hash("t"), at).await.unwrap();
    let seen = look(OneTimePurpose::Ticket, NOW).await.unwrap();
    assert_eq!((seen.data.as_str(), seen.expires_at), ("{\"to\":1}", NOW + secs(30)));
    assert!(look(OneTimePurpose::Dispute, NOW).await.is_none());
    assert!(look(OneTimePurpose::Ticket, NOW + secs(30)).await.is_none());
    done(commit(&store, take_ticket("t")).await);
    assert!(look(OneTimePurpose::Ticket, NOW).await.is_none());
}

async fn a_meter_counts_within_its_window(world: Arc<World>) {
    let store = inhabited(&world).await;
    let key = |scope| MeterKey { scope, key: "alice-row".into() };
    let sends = key(MeterScope::CodeSends);
    assert_eq!(store.read(&vs(), &sends, NOW).await.unwrap().0, 0);
    for count in 1..=3 {
        let at = NOW + secs(count);
        let counted = store.count(&vs(), &sends, secs(100), at).await.unwrap();
        assert_eq!(counted, (u32::try_from(count).unwrap(), NOW + secs(101)), "the window begins at the first count");
    }
    assert_eq!(store.read(&vs(), &sends, NOW + secs(100)).await.unwrap().0, 3);
    assert_eq!(store.read(&vs(), &sends, NOW + secs(101)).await.unwrap().0, 0);
    assert_eq!(store.read(&vs(), &key(MeterScope::CodeTries), NOW).await.unwrap().0, 0, "another scope");
    let anew = store.count(&vs(), &sends, secs(100), NOW + secs(101)).await.unwrap();
    assert_eq!(anew, (1, NOW + secs(201)));
    store.forget(&vs(), &sends).await.unwrap();
    assert_eq!(store.read(&vs(), &sends, NOW + secs(102)).await.unwrap().0, 0);
}

async fn a_meter_gives_places_up_to_its_limit_and_takes_them_back(world: Arc<World>) {
    let store = inhabited(&world).await;
    let key = MeterKey { scope: MeterScope::Password, key: "user:alice-row".into() };
    let take = async |limit, at| store.take_place(&vs(), &key, limit, secs(100), at).await.unwrap();
    let ends = NOW + secs(100);
    for number in 1..=3 {
        assert_eq!(take(3, NOW + secs(u64::from(number) - 1)).await, Taken::Place { number, ends });
    }
    for _ in 0..5 {
        assert_eq!(take(3, NOW + secs(99)).await, Taken::Full { until: ends });
    }
    assert_eq!(store.read(&vs(), &key, NOW).await.unwrap().0, 3, "what is refused is not counted");
    store.give_back(&vs(), &key, ends).await.unwrap();
    assert_eq!(take(3, NOW + secs(99)).await, Taken::Place { number: 3, ends });
    assert_eq!(take(4, NOW + secs(99)).await, Taken::Place { number: 4, ends }, "the limit is the caller's");
    assert_eq!(take(0, NOW).await, Taken::Full { until: ends });

    let anew = NOW + secs(200);
    assert_eq!(take(3, ends).await, Taken::Place { number: 1, ends: anew }, "a new window");
    store.give_back(&vs(), &key, ends).await.unwrap();
    assert_eq!(store.read(&vs(), &key, ends).await.unwrap().0, 1, "a place of the window before is none of this one");
    for _ in 0..3 {
        store.give_back(&vs(), &key, anew).await.unwrap();
    }
    assert_eq!(store.read(&vs(), &key, ends).await.unwrap().0, 0, "never below nothing");
    store.give_back(&vs(), &MeterKey { key: "nobody".into(), ..key.clone() }, ends).await.unwrap();
    let elsewhere = VirtualServerId::new("other");
    assert!(store.take_place(&elsewhere, &key, 1, secs(100), NOW).await.is_err(), "which is not there");
}

async fn a_mail_goes_to_one_sender_and_its_fields_are_destroyed(world: Arc<World>) {
    let store = inhabited(&world).await;
    let id = MailId::new("m");
    done(commit(&store, Act::MailQueue(mail("m"))).await);
    assert_eq!(store.delivery(&vs(), &id).await.unwrap(), Some(Delivery::Pending));
    let due = store.take_due(10, secs(60), NOW).await.unwrap();
    assert_eq!((due.len(), due[0].attempts, &due[0].virtual_server), (1, 0, &vs()));
    assert_eq!((due[0].mail.fields["code"].expose(), due[0].mail.language.as_str()), ("483920", "ja"));
    assert_eq!(due[0].mail.flow, Some(FlowId::new("flow-of-mail")));
    assert!(store.take_due(10, secs(60), NOW + secs(59)).await.unwrap().is_empty(), "one sender has it");
    assert!(store.take(&vs(), &id, secs(60), NOW + secs(59)).await.unwrap().is_none());
    let [due] = due.as_slice() else { panic!("one mail: {due:?}") };
    store.keep(due, secs(60), NOW + secs(30)).await.unwrap();
    assert!(store.take(&vs(), &id, secs(60), NOW + secs(89)).await.unwrap().is_none(), "its sender is still at it");
    let again = store.take(&vs(), &id, secs(60), NOW + secs(90)).await.unwrap().unwrap();
    store.keep(due, secs(600), NOW + secs(91)).await.unwrap();
    assert!(store.take(&vs(), &id, secs(60), NOW + secs(149)).await.unwrap().is_none());
    let third = store.take(&vs(), &id, secs(60), NOW + secs(150)).await.unwrap();
    assert!(third.is_some(), "whoever had it before has no say any more");
    assert_eq!(again.attempts, 1, "the first sender's lease is over, and it tried once");

    let sent = event(EventKind::VerificationCodeSent);
    store.settle(&vs(), &id, Delivery::Sent, sent.clone(), NOW).await.unwrap();
    store.settle(&vs(), &id, Delivery::Refused, sent, NOW).await.unwrap();
    assert_eq!(store.delivery(&vs(), &id).await.unwrap(), Some(Delivery::Sent));
    assert_eq!(of_kind(&whole_chain(&store).await, EventKind::VerificationCodeSent).len(), 1, "recorded once");
    assert!(store.take_due(10, secs(60), NOW + secs(300)).await.unwrap().is_empty());
    assert_eq!(store.delivery(&vs(), &MailId::new("none")).await.unwrap(), None);
    let pending = event(EventKind::VerificationCodeFailed);
    assert!(store.settle(&vs(), &id, Delivery::Pending, pending, NOW).await.is_err());
}

async fn a_postponed_mail_waits(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, Act::MailQueue(mail("m"))).await);
    store.take_due(1, secs(60), NOW).await.unwrap();
    store.postpone(&vs(), &MailId::new("m"), NOW + secs(30)).await.unwrap();
    assert!(store.take_due(10, secs(60), NOW + secs(29)).await.unwrap().is_empty());
    let due = store.take_due(10, secs(60), NOW + secs(30)).await.unwrap();
    assert_eq!((due.len(), due[0].attempts), (1, 1));
}

async fn a_mail_that_waited_too_long_is_refused_once(world: Arc<World>) {
    let store = inhabited(&world).await;
    for name in ["waits", "in-hand"] {
        done(commit(&store, Act::MailQueue(mail(name))).await);
    }
    store.take(&vs(), &MailId::new("in-hand"), secs(700), NOW).await.unwrap().unwrap();
    let late = NOW + secs(600);
    assert!(store.take_due(10, secs(60), late).await.unwrap().is_empty(), "too late to send");
    let expired = store.expire_mails(late).await.unwrap();
    let waited = ExpiredMail {
        virtual_server: vs(),
        id: MailId::new("waits"),
        kind: MailKind::VerificationCode,
        flow: Some(FlowId::new("flow-of-mail")),
    };
    assert_eq!(expired, [waited]);
    assert!(store.expire_mails(late).await.unwrap().is_empty());
    assert_eq!(store.delivery(&vs(), &MailId::new("waits")).await.unwrap(), Some(Delivery::Refused));
    assert_eq!(store.delivery(&vs(), &MailId::new("in-hand")).await.unwrap(), Some(Delivery::Pending));
    assert_eq!(store.expire_mails(NOW + secs(700)).await.unwrap().len(), 1, "its sender never came back");
}

async fn a_password_changes_and_a_user_is_switched_off(world: Arc<World>) {
    let store = inhabited(&world).await;
    let password = |user: UserId| Act::UserPassword { user, hash: "$argon2id$another".into() };
    let disable = |user: UserId, disabled| Act::UserDisable { user, disabled };
    done(commit(&store, password(alice())).await);
    assert_eq!(store.password_hash(&vs(), &alice()).await.unwrap().as_deref(), Some("$argon2id$another"));
    done(commit(&store, disable(alice(), true)).await);
    assert!(store.user_by_id(&vs(), &alice()).await.unwrap().unwrap().disabled);
    done(commit(&store, disable(alice(), false)).await);
    assert!(!store.user_by_id(&vs(), &alice()).await.unwrap().unwrap().disabled);
    let rehash =
        |user: UserId, old: &str| Act::UserPasswordRehash { user, old: old.into(), new: "$argon2id$stronger".into() };
    lost(commit(&store, rehash(alice(), "$argon2id$stands-for-a-hash")).await, 0);
    done(commit(&store, rehash(alice(), "$argon2id$another")).await);
    assert_eq!(store.password_hash(&vs(), &alice()).await.unwrap().as_deref(), Some("$argon2id$stronger"));
    lost(commit(&store, rehash(alice(), "$argon2id$another")).await, 0);
    lost(commit(&store, rehash(UserId::new("nobody"), "$argon2id$another")).await, 0);
    lost(commit(&store, password(UserId::new("nobody"))).await, 0);
    lost(commit(&store, disable(UserId::new("nobody"), true)).await, 0);
    assert_eq!(store.password_hash(&vs(), &UserId::new("nobody")).await.unwrap(), None);
}

/// The same ids stand in two virtual servers; neither sees or changes what is the other's.
async fn the_ids_of_one_virtual_server_find_nothing_in_another(world: Arc<World>) {
    let store = inhabited(&world).await;
    let other = VirtualServerId::new("other");
    let begun = flow("f", Step::Offered);
    for act in [
        Act::FlowStart(Box::new(begun.clone())),
        Act::CredentialIssue(token("t")),
        Act::SessionStart(portal_session("p")),
        Act::OneTimePut(ticket("o")),
        Act::MailQueue(mail("m")),
    ] {
        done(commit(&store, act).await);
    }
    inhabit(&store, &other).await;
    assert!(store.flow(&other, &begun.id).await.unwrap().is_none());
    assert!(store.flow_of_browser(&other, &begun.browser, NOW).await.unwrap().is_none());
    assert!(store.credential(&other, &CredentialId::new("t")).await.unwrap().is_none());
    assert!(store.credentials_of(&other, &alice()).await.unwrap().is_empty());
    assert!(store.session(&other, &hash("p"), secs(60), NOW).await.unwrap().is_none());
    assert!(store.one_time(&other, OneTimePurpose::Ticket, &hash("o"), NOW).await.unwrap().is_none());
    assert!(store.delivery(&other, &MailId::new("m")).await.unwrap().is_none());
    assert!(store.take(&other, &MailId::new("m"), secs(60), NOW).await.unwrap().is_none());
    for act in [go(&begun, Step::CodeSent), activate("t", 1), take_ticket("o")] {
        lost(store.commit(&other, Change::of(act), NOW).await, 0);
    }
    for act in [
        Act::SessionEnd { id: SessionId::new("p") },
        Act::SessionsEndOf { user: alice() },
        Act::OtherSessionsEnd { user: alice(), keep: SessionId::new("none") },
        Act::FlowsSupersede { user: alice(), keep: FlowId::new("none"), by: Box::default() },
    ] {
        done(store.commit(&other, Change::of(act), NOW).await);
    }
    assert!(store.session(&vs(), &hash("p"), secs(60), NOW).await.unwrap().is_some());
    assert_eq!(store.flow(&vs(), &begun.id).await.unwrap(), Some(begun));
    assert_eq!(store.head(&other).await.unwrap().seq, 1, "each has a chain of its own");
    assert_eq!(store.virtual_servers().await.unwrap(), [vs(), other]);
}

async fn the_clock_tells_the_time_and_never_goes_back(world: Arc<World>) {
    let store = world.open();
    let clock = store.clock();
    let mut before = clock.now();
    assert!(before > Timestamp::from_secs(1_700_000_000) && before < Timestamp::from_secs(10_000_000_000));
    for _ in 0..1000 {
        let after = clock.now();
        assert!(after >= before);
        before = after;
    }
}
