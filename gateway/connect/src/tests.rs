//! The sender against mail servers of every temper (F-18, ML-01, ML-02, ML-03, SS-02).

use std::time::Duration;

use doorward_api::Secret;
use doorward_api::flow::Delivery;
use doorward_api::keys::Purpose;
use doorward_api::mail::MailKind;
use doorward_api::ports::Mailer;
use doorward_api::settings::Appearance;

use crate::smtp::SendError;
use crate::testing::{BRAND, Behaviour, CA, Reply, Sink, World, deliver, tls_sink, vs};
use crate::{MailAddress, Protection, Smtp, SmtpSettings};

const GOOD: Behaviour = Behaviour::GOOD;

#[tokio::test]
async fn a_code_is_delivered_to_the_one_address_on_record() {
    let (sink, world) = (Sink::start(GOOD).await, World::new());
    let id = world.queue_code("048213");
    assert_eq!(deliver(&world.sender(&sink), &id).await, Delivery::Sent);
    assert_eq!(world.state(&id), Delivery::Sent);

    let commands = sink.commands();
    let recipients: Vec<_> = commands.iter().filter(|line| line.starts_with("RCPT")).collect();
    assert_eq!(recipients, ["RCPT TO:<Alice@Example.test>"]);
    assert!(commands.iter().any(|line| line.starts_with("MAIL FROM:<doorward@example.test>")), "{commands:?}");
    let mails = sink.mails();
    assert_eq!(mails.len(), 1);
    assert!(mails[0].contains("\r\n048213\r\n") && mails[0].contains(BRAND), "{}", mails[0]);
    assert!(mails[0].contains(&format!("Message-ID: <{id}@example.test>")));
    assert!(mails[0].contains("Auto-Submitted: auto-generated"));
}

#[tokio::test]
async fn the_record_has_the_address_as_a_keyed_hash_only() {
    let (sink, world) = (Sink::start(GOOD).await, World::new());
    let id = world.queue_code("048213");
    deliver(&world.sender(&sink), &id).await;
    assert_eq!(world.event_names(), ["VERIFICATION_CODE_SENT"]);
    assert_eq!(world.event_field("channel"), "email");
    assert_eq!(world.event_field("attempt"), "1");
    let hash = World::key().mac(Purpose::AddressHash).hex(&["alice@example.test"]);
    assert_eq!(world.event_field("addressHash"), hash);
    let event = world.events.lock().unwrap()[0].clone();
    let record = event.record("default", 1, doorward_api::Timestamp::from_secs(0));
    assert!(!record.to_lowercase().contains("alice@") && !record.contains("048213"), "{record}");
    assert!(record.contains("\"transactionId\":\"f1\"") && record.contains("\"principalId\":\"u1\""));
    assert_eq!(*world.counted.lock().unwrap(), [("verification_code", "sent")]);
}

#[tokio::test]
async fn a_mail_is_sent_once_whoever_asks() {
    let (sink, world) = (Sink::start(GOOD).await, World::new());
    let (one, two) = (world.sender(&sink), world.sender(&sink));
    let id = world.queue_code("048213");
    let (a, b, c) = tokio::join!(deliver(&one, &id), deliver(&one, &id), deliver(&two, &id));
    assert_eq!([a, b, c], [Delivery::Sent; 3]);
    assert_eq!(deliver(&two, &id).await, Delivery::Sent);
    assert_eq!((sink.mails().len(), world.event_names().len()), (1, 1));
}

#[tokio::test]
async fn a_notice_has_records_of_its_own() {
    let (sink, world) = (Sink::start(GOOD).await, World::new());
    let fields =
        [("device", "ios"), ("when", "2026-11-24T14:32:05.120Z"), ("dispute_url", "http://login.example.test/n/x")];
    let sent = world.queue(MailKind::EnrolmentNotice, &fields);
    assert_eq!(deliver(&world.sender(&sink), &sent).await, Delivery::Sent);
    sink.behave(Behaviour::rcpt("550 no such mailbox"));
    let refused = world.queue(MailKind::EnrolmentNotice, &fields);
    assert_eq!(deliver(&world.sender(&sink), &refused).await, Delivery::Refused);
    assert_eq!(world.event_names(), ["ENROLLMENT_NOTICE_SENT", "ENROLLMENT_NOTICE_FAILED"]);
}

#[tokio::test]
async fn each_other_kind_of_mail_has_records_of_its_own() {
    let reminder = [("deadline", "2026-12-24"), ("days", "3"), ("portal_url", "http://login.example.test/")];
    let approved = [("portal_url", "http://login.example.test/"), ("until", "2026-11-27T14:32:05.000Z")];
    let used = [
        ("when", "2026-11-24T14:32:05.120Z"),
        ("address", "192.0.2.7"),
        ("left", "9"),
        ("portal_url", "http://login.example.test/authenticators"),
    ];
    let told = [("when", "2026-11-24T14:32:05.120Z"), ("device", "ios"), ("portal_url", "http://login.example.test/")];
    let asked = [("link", "http://login.example.test/enrol-by-mail/x"), ("until", "2026-11-27T14:32:05.000Z")];
    for (kind, fields, records) in [
        (MailKind::EnrolmentReminder, reminder.as_slice(), ["ENROLLMENT_REMINDER_SENT", "ENROLLMENT_REMINDER_FAILED"]),
        (MailKind::EnrolmentApproved, approved.as_slice(), ["ENROLLMENT_APPROVED_SENT", "ENROLLMENT_APPROVED_FAILED"]),
        (MailKind::RecoveryCodeUsed, used.as_slice(), ["RECOVERY_CODE_NOTICE_SENT", "RECOVERY_CODE_NOTICE_FAILED"]),
        (MailKind::RecoveryCodesMade, told.as_slice(), ["RECOVERY_CODE_NOTICE_SENT", "RECOVERY_CODE_NOTICE_FAILED"]),
        (MailKind::AuthenticatorRemoved, told.as_slice(), ["TOKEN_NOTICE_SENT", "TOKEN_NOTICE_FAILED"]),
        (MailKind::Provisioning, asked.as_slice(), ["PROVISIONING_MAIL_SENT", "PROVISIONING_MAIL_FAILED"]),
    ] {
        let (sink, world) = (Sink::start(GOOD).await, World::new());
        let sent = world.queue(kind, fields);
        assert_eq!(deliver(&world.sender(&sink), &sent).await, Delivery::Sent);
        sink.behave(Behaviour::rcpt("550 no such mailbox"));
        let refused = world.queue(kind, fields);
        assert_eq!(deliver(&world.sender(&sink), &refused).await, Delivery::Refused);
        assert_eq!(world.event_names(), records);
    }
}

#[tokio::test]
async fn whoever_was_switched_off_is_not_written_to_to_enrol() {
    let (sink, world) = (Sink::start(GOOD).await, World::new());
    *world.disabled.lock().unwrap() = true;
    let link = [("link", "http://login.example.test/enrol-by-mail/x"), ("until", "2026-11-27T14:32:05.000Z")];
    let id = world.queue(MailKind::Provisioning, &link);
    assert_eq!(deliver(&world.sender(&sink), &id).await, Delivery::Refused);
    assert_eq!(
        (world.event_names(), world.event_field("reason")),
        (vec!["PROVISIONING_MAIL_FAILED".into()], "disabled".into())
    );
    let code = world.queue(
        MailKind::RecoveryCodeUsed,
        &[
            ("when", "2026-11-24T14:32:05.120Z"),
            ("address", "192.0.2.7"),
            ("left", "9"),
            ("portal_url", "http://login.example.test/"),
        ],
    );
    assert_eq!(deliver(&world.sender(&sink), &code).await, Delivery::Sent, "what was done in their name they are told");
}

/// A change is in force with the next mail, without a new start.
#[tokio::test]
async fn a_mail_looks_and_speaks_as_the_portal_does_when_it_is_sent() {
    let (sink, world) = (Sink::start(GOOD).await, World::new());
    let sender = world.sender(&sink);
    let first = world.queue_code("048213");
    assert_eq!(deliver(&sender, &first).await, Delivery::Sent);
    let second = world.queue_code("048214");
    let mut appearance = Appearance { product_name: Some("Contoso Login".to_owned()), ..Appearance::default() };
    let words = [("mail-code-never".to_owned(), "Keep it to yourself.".to_owned())];
    appearance.texts.insert("en".to_owned(), words.into());
    world.dress(&appearance);
    assert_eq!(deliver(&sender, &second).await, Delivery::Sent);
    let mails = sink.mails();
    assert!(mails[0].contains(BRAND) && !mails[0].contains("Keep it to yourself."), "{}", mails[0]);
    assert!(!mails[1].contains(BRAND) && mails[1].contains("Subject: Your verification code for Contoso Login"));
    assert!(mails[1].contains("Keep it to yourself."), "{}", mails[1]);
}

#[tokio::test]
async fn an_appearance_that_cannot_be_read_holds_no_mail_up() {
    let (sink, world) = (Sink::start(GOOD).await, World::new());
    world.store_appearance("no appearance");
    let id = world.queue_code("048213");
    assert_eq!(deliver(&world.sender(&sink), &id).await, Delivery::Sent);
    assert!(sink.mails()[0].contains(BRAND));
}

#[tokio::test]
async fn a_4xx_reply_postpones_and_the_next_try_is_the_same_mail() {
    for greylisted in [
        Behaviour::rcpt("451 greylisted"),
        Behaviour { mail: Reply::Line("452 full"), ..GOOD },
        Behaviour { content: Reply::Line("451 busy"), ..GOOD },
    ] {
        let (sink, world) = (Sink::start(greylisted).await, World::new());
        let sender = world.sender(&sink);
        let id = world.queue_code("048213");
        assert_eq!(deliver(&sender, &id).await, Delivery::Pending);
        assert_eq!((world.state(&id), world.due_in(&id)), (Delivery::Pending, 2));
        world.pass(Duration::from_secs(2));
        assert_eq!(deliver(&sender, &id).await, Delivery::Pending);
        assert_eq!(world.due_in(&id), 4);
        assert!(world.event_names().is_empty(), "nothing is claimed yet");

        sink.behave(GOOD);
        world.pass(Duration::from_secs(4));
        assert_eq!(deliver(&sender, &id).await, Delivery::Sent);
        assert_eq!(world.event_field("attempt"), "3");
        assert!(sink.mails()[0].contains(&format!("Message-ID: <{id}@example.test>")));
    }
}

#[tokio::test]
async fn a_5xx_reply_refuses_for_good_and_its_text_gets_nowhere() {
    for refusing in [
        Behaviour::rcpt("550 5.1.1 <alice@example.test>: unknown user"),
        Behaviour { data: Reply::Line("554 no valid recipients"), ..GOOD },
        Behaviour { content: Reply::Line("550 spam"), ..GOOD },
    ] {
        let (sink, world) = (Sink::start(refusing).await, World::new());
        let id = world.queue_code("048213");
        assert_eq!(deliver(&world.sender(&sink), &id).await, Delivery::Refused);
        assert_eq!(world.state(&id), Delivery::Refused);
        assert_eq!(world.event_names(), ["VERIFICATION_CODE_FAILED"]);
        assert_eq!(world.event_field("reason"), "refused");
        assert!(["550", "554"].contains(&world.event_field("smtpCode").as_str()), "{}", world.event_field("smtpCode"));
        assert_eq!(*world.counted.lock().unwrap(), [("verification_code", "refused")]);
    }
}

/// One wrong setting, here or there, and no mail is lost by it.
#[tokio::test]
async fn a_sender_that_is_refused_is_no_mails_fault() {
    for refused in ["530 authentication required", "550 not from here", "553 sender not owned"] {
        let (sink, world) = (Sink::start(Behaviour { mail: Reply::Line(refused), ..GOOD }).await, World::new());
        let sender = world.sender(&sink);
        let id = world.queue_code("048213");
        assert_eq!(deliver(&sender, &id).await, Delivery::Refused, "whoever waits is told that it could not be sent");
        assert_eq!((world.state(&id), world.due_in(&id)), (Delivery::Pending, 2), "{refused}");
        assert!(world.event_names().is_empty(), "nothing is over");
        sink.behave(GOOD);
        world.pass(Duration::from_secs(2));
        assert_eq!(deliver(&sender, &id).await, Delivery::Sent);
        assert!(sink.mails()[0].contains("048213"));
    }
}

#[tokio::test]
async fn what_a_server_says_is_not_repeated_in_errors() {
    let sink = Sink::start(Behaviour::rcpt("550 5.1.1 <alice@example.test>: unknown user")).await;
    for behaviour in [
        Behaviour::rcpt("550 <alice@example.test>"),
        Behaviour::rcpt("450 <alice@example.test>"),
        Behaviour::rcpt("alice@"),
    ] {
        sink.behave(behaviour);
        let error = plain(sink.address.port()).send(&alice(), b"x\r\n").await.unwrap_err();
        assert!(!error.to_string().contains("alice"), "{error}");
    }
}

#[tokio::test]
async fn without_a_mail_server_somebody_who_waits_is_told_and_the_outbox_goes_on() {
    let (sink, world) = (Sink::start(Behaviour::greeting("421 stopped")).await, World::new());
    let sender = world.sender(&sink);
    for reply in [
        Behaviour::greeting("421 stopped"),
        Behaviour::greeting("554 no service"),
        Behaviour { greeting: Reply::Close, ..GOOD },
    ] {
        sink.behave(reply);
        let id = world.queue_code("048213");
        assert_eq!(deliver(&sender, &id).await, Delivery::Refused);
        assert_eq!(world.state(&id), Delivery::Pending, "it is still tried");
    }
    // A port on which nobody listens.
    let id = world.queue_code("048213");
    assert_eq!(deliver(&world.sender_to(1), &id).await, Delivery::Refused);
    assert_eq!(world.state(&id), Delivery::Pending);
    assert!(world.event_names().is_empty());

    sink.behave(GOOD);
    world.pass(Duration::from_secs(2));
    assert_eq!(deliver(&sender, &id).await, Delivery::Sent);
}

/// SS-02.
#[tokio::test]
async fn a_server_that_hangs_drips_or_hangs_up_holds_nothing_up_for_long() {
    for broken in [
        Behaviour { greeting: Reply::Silence, ..GOOD },
        Behaviour { greeting: Reply::Drip, ..GOOD },
        Behaviour { mail: Reply::Silence, ..GOOD },
        Behaviour { rcpt: Reply::Drip, ..GOOD },
        Behaviour { data: Reply::Close, ..GOOD },
        Behaviour { content: Reply::Silence, ..GOOD },
        Behaviour { content: Reply::Close, ..GOOD },
        Behaviour { content: Reply::Line("complete nonsense"), ..GOOD },
    ] {
        let (sink, world) = (Sink::start(broken).await, World::new());
        let id = world.queue_code("048213");
        assert_ne!(deliver(&world.sender(&sink), &id).await, Delivery::Sent, "{broken:?}");
        // Put off: the try is over, not merely no longer waited for.
        assert_eq!((world.state(&id), world.due_in(&id)), (Delivery::Pending, 2), "{broken:?}");
    }
}

/// SS-02. The time limits are such that only the limits on size can end it.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_never_stops_talking_is_left_before_it_fills_the_memory() {
    let patient = Duration::from_secs(60);
    for endless in [Reply::Endless, Reply::EndlessLines] {
        for broken in [
            Behaviour { greeting: endless, ..GOOD },
            Behaviour { mail: endless, ..GOOD },
            Behaviour { content: endless, ..GOOD },
        ] {
            let sink = Sink::start(broken).await;
            let smtp = SmtpSettings { host: "127.0.0.1".into(), ..settings(sink.address.port(), Protection::None) };
            let smtp = Smtp::new(smtp).unwrap().with_patience(patient);
            let begun = std::time::Instant::now();
            let error = smtp.send(&alice(), b"x\r\n").await.unwrap_err();
            assert!(!matches!(error, SendError::Refused { .. }), "{broken:?}: {error}");
            assert!(begun.elapsed() < patient / 2, "{broken:?} was listened to for {:?}", begun.elapsed());
        }
    }
}

#[tokio::test]
async fn a_mail_that_was_taken_is_sent_even_if_the_server_never_says_goodbye() {
    let (sink, world) = (Sink::start(Behaviour { quit: Reply::Silence, ..GOOD }).await, World::new());
    let id = world.queue_code("048213");
    assert_eq!(deliver(&world.sender(&sink), &id).await, Delivery::Sent);
}

#[tokio::test]
async fn waiting_ends_in_time_but_sending_goes_on() {
    let (sink, world) = (Sink::start(Behaviour { greeting: Reply::Silence, ..GOOD }).await, World::new());
    let sender = world.sender(&sink);
    let id = world.queue_code("048213");
    assert_eq!(sender.deliver(&vs(), &id, Duration::from_millis(50)).await, Delivery::Pending);
    assert!(world.due_in(&id) > 2, "the try is still under way");
    // It ends by itself and is written down.
    while world.due_in(&id) != 2 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn the_loop_sends_everything_that_is_due() {
    let (sink, world) = (Sink::start(GOOD).await, World::new());
    let sender = world.sender(&sink);
    let ids: Vec<_> = (0..20).map(|n| world.queue_code(&format!("{n:06}"))).collect();
    let everything_sent = async {
        while ids.iter().any(|id| world.state(id) != Delivery::Sent) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        () = sender.run() => unreachable!("it runs until it is dropped"),
        sent = tokio::time::timeout(Duration::from_secs(10), everything_sent) => sent.unwrap(),
    }
    assert_eq!(sink.mails().len(), 20);
}

#[tokio::test]
async fn somebody_who_waits_learns_what_the_loop_found_out() {
    let (sink, world) = (Sink::start(Behaviour::greeting("421 stopped")).await, World::new());
    let sender = world.sender(&sink);
    let id = world.queue_code("048213");
    let told = async {
        // The loop has taken the mail by now.
        tokio::time::sleep(Duration::from_millis(200)).await;
        deliver(&sender, &id).await
    };
    tokio::select! {
        () = sender.run() => unreachable!("it runs until it is dropped"),
        told = told => assert_eq!(told, Delivery::Refused),
    }
}

#[tokio::test]
async fn without_an_address_nothing_is_sent() {
    let hostile = "alice@example.test\r\nRCPT TO:<eve@example.test>";
    for (email, reason) in
        [(None, "no_email"), (Some(""), "no_email"), (Some("alice"), "bad_address"), (Some(hostile), "bad_address")]
    {
        let (sink, world) = (Sink::start(GOOD).await, World::new());
        *world.email.lock().unwrap() = email.map(str::to_owned);
        let id = world.queue_code("048213");
        assert_eq!(deliver(&world.sender(&sink), &id).await, Delivery::Refused);
        assert_eq!(
            (world.event_names(), world.event_field("reason")),
            (vec!["VERIFICATION_CODE_FAILED".into()], reason.into())
        );
        assert!(sink.commands().is_empty());
    }
}

#[tokio::test]
async fn the_address_of_the_moment_counts() {
    let (sink, world) = (Sink::start(Behaviour::rcpt("451 later")).await, World::new());
    let sender = world.sender(&sink);
    let id = world.queue_code("048213");
    deliver(&sender, &id).await;
    *world.email.lock().unwrap() = Some("new@example.test".into());
    sink.behave(GOOD);
    world.pass(Duration::from_secs(2));
    assert_eq!(deliver(&sender, &id).await, Delivery::Sent);
    assert!(sink.commands().contains(&"RCPT TO:<new@example.test>".to_owned()));
}

#[tokio::test]
async fn an_expired_mail_is_dropped_and_recorded() {
    let (sink, world) = (Sink::start(GOOD).await, World::new());
    let id = world.queue_code("048213");
    world.pass(Duration::from_secs(600));
    assert_eq!(deliver(&world.sender(&sink), &id).await, Delivery::Refused);
    assert_eq!(world.event_field("reason"), "expired");
    assert_eq!(*world.counted.lock().unwrap(), [("verification_code", "expired")]);
    assert!(sink.commands().is_empty());
}

#[tokio::test]
async fn a_mail_whose_next_try_would_come_too_late_ends_at_once() {
    let (sink, world) = (Sink::start(Behaviour::rcpt("451 later")).await, World::new());
    let id = world.queue_code("048213");
    world.pass(Duration::from_secs(599));
    assert_eq!(deliver(&world.sender(&sink), &id).await, Delivery::Refused);
    assert_eq!((world.state(&id), world.event_field("reason")), (Delivery::Refused, "expired".into()));
}

#[tokio::test]
async fn words_that_cannot_be_made_are_no_reason_to_try_for_ever() {
    let (sink, world) = (Sink::start(GOOD).await, World::new());
    let id = world.queue(MailKind::VerificationCode, &[("minutes", "10")]);
    assert_eq!(deliver(&world.sender(&sink), &id).await, Delivery::Refused);
    assert_eq!(world.event_field("reason"), "template");
}

#[tokio::test]
async fn an_outcome_that_cannot_be_written_at_once_is_written_later_and_the_mail_not_sent_again() {
    let (sink, world) = (Sink::start(GOOD).await, World::new());
    *world.settle_fails.lock().unwrap() = 2;
    let id = world.queue_code("048213");
    assert_eq!(deliver(&world.sender(&sink), &id).await, Delivery::Sent);
    assert_eq!((world.state(&id), sink.mails().len()), (Delivery::Sent, 1));
}

#[tokio::test]
async fn a_store_that_is_down_leaves_the_mail_pending() {
    let (sink, world) = (Sink::start(GOOD).await, World::new());
    let id = world.queue_code("048213");
    *world.store_down.lock().unwrap() = true;
    assert_eq!(deliver(&world.sender(&sink), &id).await, Delivery::Pending);
    assert!(sink.commands().is_empty());
}

/// ML-01.
#[tokio::test]
async fn hostile_fields_change_neither_head_nor_recipients() {
    let (sink, world) = (Sink::start(GOOD).await, World::new());
    let app =
        "Wiki\r\nBcc: eve@example.test\r\n\r\n.\r\nMAIL FROM:<eve@example.test>\n.\n<b>x</b>=?utf-8?B?eA==?=\u{202e}";
    let id = world.queue(MailKind::VerificationCode, &[("code", "048213"), ("minutes", "10"), ("app", app)]);
    assert_eq!(deliver(&world.sender(&sink), &id).await, Delivery::Sent);
    let commands = sink.commands();
    assert_eq!(commands.iter().filter(|line| line.starts_with("RCPT") || line.starts_with("MAIL")).count(), 2);
    let mail = &sink.mails()[0];
    let head = mail.split("\r\n\r\n").next().unwrap();
    assert!(!head.to_lowercase().contains("bcc"), "{head}");
    assert!(!mail.replace("\r\n", "").contains(['\r', '\n']), "only CRLF is on the wire");
    let (text, html) = mail.split_once("Content-Type: text/html").unwrap();
    assert!(text.contains("<b>x</b>"), "plain text shows what was typed");
    assert!(!html.contains("<b>"), "{html}");
}

fn alice() -> MailAddress {
    MailAddress::parse("alice@example.test").unwrap()
}

fn settings(port: u16, protection: Protection) -> SmtpSettings {
    SmtpSettings {
        host: "localhost".into(),
        port,
        protection,
        from: "doorward@example.test".into(),
        extra_ca: Some(CA.into()),
        ..SmtpSettings::default()
    }
}

fn plain(port: u16) -> Smtp {
    impatient(SmtpSettings { host: "127.0.0.1".into(), ..settings(port, Protection::None) })
}

fn impatient(settings: SmtpSettings) -> Smtp {
    Smtp::new(settings).unwrap().with_patience(Duration::from_secs(1))
}

/// ML-02.
#[tokio::test]
async fn dots_are_doubled_on_the_wire() {
    let sink = Sink::start(GOOD).await;
    plain(sink.address.port()).send(&alice(), b"a\r\n.\r\nb\r\n..c\r\n").await.unwrap();
    assert_eq!(sink.mails(), ["a\r\n..\r\nb\r\n...c\r\n\r\n"]);
}

/// ML-03.
#[tokio::test]
async fn a_server_that_hides_starttls_gets_no_mail_and_no_password() {
    let sink = Sink::start(GOOD).await;
    let login = Some(("gateway".to_owned(), Secret::new("hunter2")));
    let smtp = impatient(SmtpSettings {
        host: "localhost".into(),
        login,
        ..settings(sink.address.port(), Protection::StartTls)
    });
    let error = smtp.send(&alice(), b"x\r\n").await.unwrap_err();
    assert!(matches!(error, SendError::Unreachable(_)), "{error}");
    let commands = sink.commands();
    assert!(commands.iter().all(|line| line.starts_with("EHLO") || line.starts_with("QUIT")), "{commands:?}");
}

#[tokio::test]
async fn a_login_that_is_refused_is_nobodys_mails_fault() {
    let sink = Sink::start(Behaviour {
        extensions: "250-sink\r\n250 AUTH PLAIN",
        auth: Reply::Line("535 wrong password"),
        ..GOOD
    })
    .await;
    let login = Some(("gateway".to_owned(), Secret::new("hunter2")));
    let smtp = |login| {
        let port = sink.address.port();
        impatient(SmtpSettings { host: "127.0.0.1".into(), login, ..settings(port, Protection::None) })
    };
    let error = smtp(login.clone()).send(&alice(), b"x\r\n").await.unwrap_err();
    assert!(matches!(error, SendError::Unreachable(_)), "{error}");
    sink.behave(Behaviour { extensions: "250-sink\r\n250 AUTH PLAIN", ..GOOD });
    smtp(login).send(&alice(), b"x\r\n").await.unwrap();
}

#[tokio::test]
async fn an_address_beyond_ascii_needs_a_server_that_can_take_it() {
    let sink = Sink::start(GOOD).await;
    let smtp = plain(sink.address.port());
    let to = MailAddress::parse("älice@example.test").unwrap();
    assert_eq!(smtp.send(&to, b"x\r\n").await, Err(SendError::Refused { code: "553".into() }));
    sink.behave(Behaviour { extensions: "250-sink\r\n250 SMTPUTF8", ..GOOD });
    smtp.send(&to, b"x\r\n").await.unwrap();
    assert!(sink.commands().contains(&"MAIL FROM:<doorward@example.test> SMTPUTF8".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_the_right_name_and_authority_is_trusted() {
    let (port, server) = tls_sink();
    impatient(settings(port, Protection::Tls)).send(&alice(), b"Subject: x\r\n\r\nhello\r\n").await.unwrap();
    assert!(server.join().unwrap().is_some_and(|mail| mail.contains("hello")));
}

/// ML-03, TL-02 of mail.
#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_another_name_or_authority_is_not() {
    let other_name = SmtpSettings { host: "127.0.0.1".into(), ..settings(0, Protection::Tls) };
    let other_authority = SmtpSettings { extra_ca: None, ..settings(0, Protection::Tls) };
    for settings in [other_name, other_authority] {
        let (port, server) = tls_sink();
        let error = impatient(SmtpSettings { port, ..settings }).send(&alice(), b"x\r\n").await.unwrap_err();
        assert!(matches!(&error, SendError::Unreachable(why) if why.contains("certificate")), "{error}");
        assert_eq!(server.join().unwrap(), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_smtp_is_never_spoken_where_tls_is_set() {
    let sink = Sink::start(GOOD).await;
    let error = impatient(settings(sink.address.port(), Protection::Tls)).send(&alice(), b"x\r\n").await.unwrap_err();
    assert!(matches!(error, SendError::Unreachable(_)), "{error}");
    assert!(sink.mails().is_empty() && sink.commands().iter().all(|line| !line.contains("alice")));
}
