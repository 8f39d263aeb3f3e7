use super::*;
use crate::audit::{AuditEvent, EventContext};
use crate::ids::FlowId;
use EnrolmentResult as R;
use EventKind as E;

const START: i64 = 1_764_000_000;

/// The row of a story: each event a minute after the one before.
fn told(events: &[AuditEvent]) -> Enrolment {
    let mut row = None;
    for (seq, event) in (1..).zip(events) {
        let at = Timestamp::from_secs(START + 60 * seq);
        let fact = Fact::read(seq, at, &event.record("default", seq, at));
        assert!(place(&fact).is_some(), "{}", fact.event);
        row = fold(row, &fact);
    }
    row.unwrap()
}

fn event(kind: EventKind) -> AuditEvent {
    let context = EventContext {
        flow: Some(FlowId::new("f1")),
        user: Some(UserId::new("u1")),
        used_name: Some("alice".into()),
        address: Some([192, 0, 2, 7].into()),
        ..EventContext::default()
    };
    AuditEvent::new(kind, context)
}

/// What a device sends names its token, and no transaction.
fn of_device(kind: EventKind) -> AuditEvent {
    let context = EventContext { address: Some([198, 51, 100, 9].into()), ..EventContext::default() };
    AuditEvent::new(kind, context).with("serial", "DW-1")
}

fn to_the_code() -> Vec<AuditEvent> {
    vec![
        event(E::SelfProvisioningOffered),
        event(E::AddAuthenticatorSelected).with("language", "fr").with("userAgent", "Firefox"),
        event(E::VerificationCodeSent),
    ]
}

fn issued() -> Vec<AuditEvent> {
    let mut events = to_the_code();
    events.push(event(E::VerificationCodeRejected).with("triesLeft", 4));
    events.push(event(E::VerificationCodeAccepted));
    events.push(event(E::TargetSelected).with("os", "iOS").with("deviceType", "Mobile/tablet"));
    let code = event(E::ActivationCodeIssued).with("serial", "DW-1").with("kind", "otp").with("templateVersion", 3);
    events.push(code);
    events
}

#[test]
fn a_whole_enrolment_is_one_row_with_all_its_figures() {
    let mut events = issued();
    events.push(event(E::AuthFailure));
    events.push(event(E::TokenActivated).with("serial", "DW-1"));
    events.push(event(E::EnrollmentConfirmed).with("serial", "DW-1").with("method", "otp"));
    let row = told(&events);
    assert_eq!((row.result, row.reason.as_str()), (R::Confirmed, ""));
    assert_eq!((row.id.as_str(), row.used_name.as_str(), row.serial.as_str()), ("f1", "alice", "DW-1"));
    assert_eq!((row.codes_sent, row.wrong_codes, row.wrong_passcodes), (1, 1, 1));
    assert_eq!((row.kind.as_str(), row.os.as_str(), row.template_version), ("otp", "iOS", Some(3)));
    assert_eq!((row.language.as_str(), row.user_agent.as_str()), ("fr", "Firefox"));
    assert_eq!(row.initiation, Initiation::SelfProvisioning);
    assert!(FunnelStep::ALL.into_iter().all(|step| row.step(step).is_some()));
    assert_eq!(row.duration(), Some(7 * 60_000), "from the click to the token in use");
    assert_eq!((row.first_seq, row.last_seq), (1, 10));
}

#[test]
fn what_the_device_says_joins_by_the_serial_number() {
    let mut events = issued();
    events.push(
        of_device(E::ActivationStarted).with("os", "Android").with("deviceName", "Pixel").with("pushCapable", true),
    );
    events.push(of_device(E::ActivationCompleted).with("pinType", "user_selected").with("biometric", true));
    let row = told(&events);
    assert_eq!((row.result, row.step(FunnelStep::FirstUse)), (R::Completed, None));
    assert_eq!((row.os.as_str(), row.device_name.as_str(), row.push), ("Android", "Pixel", Some(true)));
    assert_eq!((row.address.as_str(), row.device_address.as_str()), ("192.0.2.7", "198.51.100.9"));
    assert_eq!((row.pin_type.as_str(), row.biometric), ("user_selected", Some(true)));
    // The wizard's own end comes later, and takes nothing back.
    events.push(event(E::EnrollmentExpired).with("lastStep", "code_issued"));
    assert_eq!(told(&events).result, R::Completed);
}

#[test]
fn somebody_who_gives_up_is_told_from_somebody_who_could_not() {
    let end = |last: AuditEvent, before: Option<AuditEvent>| {
        let mut events = to_the_code();
        events.extend(before);
        events.push(last.with("lastStep", "code_sent"));
        let row = told(&events);
        assert_eq!(row.last_step, "code_sent");
        (row.result, row.reason)
    };
    let void = || event(E::VerificationCodeRejected).with("triesLeft", 0);
    assert_eq!(end(event(E::EnrollmentCancelled), None), (R::Cancelled, "cancelled".into()));
    assert_eq!(end(event(E::EnrollmentCancelled), Some(void())), (R::Cancelled, "wrong_code".into()));
    assert_eq!(end(event(E::EnrollmentExpired), None), (R::Expired, "expired".into()));
    assert_eq!(end(event(E::EnrollmentExpired), Some(void())), (R::Failed, "wrong_code".into()));
    let no_email = event(E::VerificationCodeFailed).with("reason", "no_email");
    assert_eq!(end(event(E::EnrollmentExpired), Some(no_email)), (R::Failed, "no_email".into()));
    assert_eq!(end(event(E::EnrollmentSuperseded), None), (R::Superseded, "superseded".into()));
    // What was overcome is no reason any more.
    let mut events = to_the_code();
    events.extend([void(), event(E::VerificationCodeSent), event(E::EnrollmentExpired)]);
    assert_eq!(told(&events).result, R::Expired);
}

#[test]
fn what_was_offered_and_never_begun_stays_offered() {
    for (last, reason) in [
        (event(E::EnrollmentExpired).with("lastStep", "offered"), "expired"),
        (event(E::EnrollmentDeferred), "deferred"),
        (event(E::EnrollmentCancelled).with("lastStep", "offered"), "cancelled"),
    ] {
        let row = told(&[event(E::SelfProvisioningOffered), last]);
        assert_eq!((row.result, row.reason.as_str(), row.started_at()), (R::Offered, reason, None));
    }
}

#[test]
fn one_that_is_withdrawn_has_failed() {
    let mut events = issued();
    events.push(event(E::SelfProvisioningNotOffered).with("reason", "not_in_target_users"));
    let row = told(&events);
    assert_eq!((row.result, row.reason.as_str()), (R::Failed, "not_in_target_users"));
    assert!(row.finished_at.is_some());
}

#[test]
fn who_has_set_it_going_is_said_by_the_record() {
    let first = event(E::AddAuthenticatorSelected).with("initiatedBy", "rule").with("initiator", "Sales");
    let row = told(&[first, event(E::TargetSelected)]);
    assert_eq!((row.initiation, row.initiator.as_str()), (Initiation::Rule, "Sales"));
}

#[test]
fn what_is_no_matter_of_an_enrolment_makes_no_row() {
    let fact = |event: AuditEvent| {
        let at = Timestamp::from_secs(START);
        Fact::read(1, at, &event.record("default", 1, at))
    };
    for other in [event(E::AuthSuccess), event(E::SessionStarted), of_device(E::PinChanged)] {
        assert_eq!(place(&fact(other.clone())), None, "{other:?}");
    }
    for late in [event(E::SelfProvisioningNotOffered), event(E::EnrollmentNoticeSent), event(E::AuthFailure)] {
        assert_eq!(fold(None, &fact(late)), None);
    }
}

#[test]
fn a_row_reads_back_and_an_older_one_too() {
    let row = told(&issued());
    let written = serde_json::to_string(&row).unwrap();
    assert_eq!(serde_json::from_str::<Enrolment>(&written).unwrap(), row);
    assert!(serde_json::from_str::<Enrolment>("{\"id\":\"f1\"}").is_ok());
}

#[test]
fn rates_are_of_what_was_begun() {
    let results = vec![(R::Offered, 5), (R::Confirmed, 2), (R::Completed, 1), (R::Expired, 1)];
    let totals = Totals { results, ..Totals::default() };
    assert_eq!((totals.started(), totals.completed(), totals.completion_rate()), (4, 3, Some(750)));
    assert_eq!(Totals::default().completion_rate(), None);
}
