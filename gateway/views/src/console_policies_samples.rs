//! Pages of the access policies, as tests and screenshots show them.

use doorward_api::Timestamp;

use crate::console::{Choice, Fault, Field, Said};
use crate::console_policies::{
    CaseFile, CaseLine, CasesPage, ClauseOutcome, DecisionDay, DecisionRow, DecisionSaid, DecisionsPage, ExplainAnswer,
    ExplainPage, PoliciesPage, PolicyFile, PolicyLine, PolicyListPage, PolicyOutcome, ReplayFault, ReplayFile,
    ReplayGroup, ReplayOutcome, ReplayPage, ReplayTotal, ShadowPage, ShadowSet, ShadowTally,
};
use crate::console_records::{Linked, Parts};

const NOW: Timestamp = Timestamp::from_millis(1_795_530_725_000);

const WIKI: &str = "@id(\"wiki\")\npermit (principal is User, action, resource == Application::\"wiki\")\n\
    when { context.authn.password && context.authn.otp };";

fn alice() -> Option<Linked> {
    Some(Linked { path: "/users/u1".into(), name: "<b>alice</b>".into() })
}

fn said(name: &str) -> DecisionSaid {
    DecisionSaid {
        name: name.into(),
        need: if name == "challenge" { vec!["password", "otp"] } else { Vec::new() },
        by: if name == "refuse" { Vec::new() } else { vec!["<b>wiki</b>".into(), "wiki-health".into()] },
    }
}

fn list() -> PolicyListPage {
    let line = |id: &str, effect, app: Option<&str>| PolicyLine {
        id: id.into(),
        effect,
        line: 7,
        app: app.map(str::to_owned),
        annotations: vec![("scenario".into(), "<b>2</b>".into())],
        comment: "// The <b>wiki</b>.".into(),
        text: WIKI.into(),
    };
    let policies = vec![line("<b>wiki</b>", "permit", Some("wiki")), line("shut", "forbid", None)];
    PolicyListPage {
        fingerprint: "0011223344556677".into(),
        loaded_at: NOW,
        count: 2,
        find: "<b>".into(),
        files: vec![PolicyFile { name: "/etc/doorward/policies/<b>.cedar".into(), policies }],
        parts: Parts { first: Some("/access-policies".into()), next: Some("/access-policies?after=50".into()) },
    }
}

fn field(name: &str, kind: &'static str) -> Field {
    let label = format!("console-explain-{name}");
    let choices = if kind == "select" {
        vec![Choice { value: "wiki".into(), said: Said::text("<b>Wiki</b>"), hint: None }]
    } else {
        Vec::new()
    };
    Field { name: name.into(), label, kind, choices, offered: vec!["<b>".into()], ..Field::default() }
}

fn explain(answered: bool) -> ExplainPage {
    let clause = |outcome, why: Option<&str>| ClauseOutcome {
        text: "when { context.authn.otp < \"<b>\" }".into(),
        outcome,
        why: why.map(str::to_owned),
    };
    let policy = |outcome, why: Option<&str>, clauses| PolicyOutcome {
        id: "<b>wiki</b>".into(),
        effect: "permit",
        place: "wiki.cedar:7".into(),
        outcome,
        decided: why.is_none(),
        why: why.map(str::to_owned),
        clauses,
    };
    let answer = ExplainAnswer {
        decision: said(if answered { "challenge" } else { "refuse" }),
        request: "GET https://wiki.example.test/<b>".into(),
        address: "192.0.2.7".into(),
        who: alice(),
        disabled: answered,
        groups: Some(vec!["<b>staff</b>".into(), "all".into()]),
        at: NOW,
        policies: vec![
            policy("held", None, vec![clause("held", None), clause("failed", None), clause("not-reached", None)]),
            policy("not-held", None, Vec::new()),
            policy("error", Some("<b>broken</b>"), vec![clause("error", Some("<b>broken</b>"))]),
        ],
    };
    let fault = Fault::plain(Some("path"), "console-fault-path").with("why", "path_climbs");
    let mut fields = ["user", "groups", "path", "address", "time"].map(|name| field(name, "suggest")).to_vec();
    fields.push(field("app", "select"));
    fields.push(field("secure", "flag"));
    let proof = |name: &str| Field { label: format!("console-factor-{name}"), ..field(name, "suggest") };
    ExplainPage {
        fields,
        proofs: ["password", "otp", "push", "passkey"].map(proof).to_vec(),
        faults: if answered {
            Vec::new()
        } else {
            let age = Fault::plain(Some("otp"), "console-fault-age");
            vec![fault, age, Fault::plain(Some("time"), "console-fault-time")]
        },
        answer: answered.then_some(answer),
    }
}

fn refused() -> ExplainPage {
    let ExplainPage { answer, fields, proofs, .. } = explain(true);
    let answer = answer.map(|answer| ExplainAnswer {
        decision: said("refuse"),
        who: None,
        groups: None,
        policies: Vec::new(),
        ..answer
    });
    ExplainPage { fields, proofs, faults: Vec::new(), answer }
}

fn cases(ran: bool) -> CasesPage {
    let case = |difference: Option<&str>| CaseLine {
        name: "an <b>older</b> otp".into(),
        line: 3,
        difference: difference.map(str::to_owned),
    };
    let file = |name: &str, cases: Vec<CaseLine>, fault: Option<&str>| CaseFile {
        name: name.into(),
        cases,
        fault: fault.map(str::to_owned),
    };
    let files = vec![
        file("cases/wiki.toml", vec![case(None), case(Some("expected <b>admit</b>, got refuse"))], None),
        file("cases/<b>.toml", Vec::new(), Some("cases/<b>.toml:3: <b>")),
        file("cases/empty.toml", Vec::new(), None),
    ];
    let bare = |file: CaseFile| CaseFile { cases: Vec::new(), fault: None, ..file };
    match ran {
        true => CasesPage { ran, passed: 1, failed: 2, files },
        false => CasesPage { files: files.into_iter().map(bare).collect(), ..CasesPage::default() },
    }
}

fn replay(groups: Vec<ReplayGroup>) -> ReplayPage {
    let total = |name| ReplayTotal { name, requests: 1200, users: 3 };
    ReplayPage {
        files: vec![
            ReplayFile { name: "<b>.cedar".into(), text: WIKI.into(), changed: true, rows: 6 },
            ReplayFile { name: "public.cedar".into(), text: "<b>".into(), changed: false, rows: 4 },
            ReplayFile { rows: 4, ..ReplayFile::default() },
        ],
        outcome: Some(ReplayOutcome {
            records: 500,
            requests: 12_000,
            since: Some(NOW),
            complete: groups.is_empty(),
            totals: ["lose", "gain", "step"].map(total).to_vec(),
            left_out: 5,
            groups,
        }),
        ..ReplayPage::default()
    }
}

fn replay_group(name: &'static str, who: Option<Linked>) -> ReplayGroup {
    ReplayGroup {
        name,
        app: "<b>wiki</b>".into(),
        who,
        requests: 400,
        at: NOW,
        request: "GET /<b>".into(),
        address: "192.0.2.7".into(),
        before: said("admit"),
        after: said(if name == "step" { "challenge" } else { "refuse" }),
    }
}

fn broken() -> ReplayPage {
    let fault = |field: Option<&str>| ReplayFault {
        field: field.map(str::to_owned),
        place: "<b>.cedar:3:8".into(),
        message: "there is no <b>".into(),
        help: Some("did you mean <b>?".into()),
    };
    ReplayPage {
        broken: vec![fault(Some("text.1")), fault(None)],
        faults: ["console-fault-replay-busy", "console-fault-not-text"].map(|key| Fault::plain(None, key)).to_vec(),
        outcome: None,
        ..replay(Vec::new())
    }
}

fn row(who: Option<Linked>) -> DecisionRow {
    DecisionRow {
        day: "2026-11-24".into(),
        last_at: NOW,
        count: 1200,
        app: "<b>wiki</b>".into(),
        request: "GET /<b>/*".into(),
        network: "192.0.2.0/24".into(),
        factors: if who.is_some() { vec!["password", "push"] } else { Vec::new() },
        decided: said("admit"),
        shadow: who.as_ref().map(|_| ("lose", said("refuse"))),
        explain: "/access-policies/explain?app=wiki".into(),
        who,
    }
}

fn shadow(broken: bool) -> ShadowPage {
    let tally = |name: &str, path: Option<&str>| ShadowTally {
        name: name.into(),
        count: 3,
        last_at: Some(NOW),
        path: path.map(str::to_owned),
    };
    ShadowPage {
        set: Some(ShadowSet {
            folder: "/etc/doorward/<b>".into(),
            loaded_at: NOW,
            fingerprint: "0011223344556677".into(),
            count: 3,
            broken: if broken { vec!["<b>.cedar:3:8: <b>".into()] } else { Vec::new() },
        }),
        tallies: vec![
            tally("same", None),
            tally("lose", Some("/access-policies/shadow?difference=lose")),
            tally("gain", Some("/access-policies/shadow?difference=gain")),
        ],
        difference: "lose".into(),
        rows: vec![row(alice()), row(None)],
        parts: Parts { first: None, next: Some("/access-policies/shadow?after=x".into()) },
    }
}

fn decisions() -> DecisionsPage {
    DecisionsPage {
        fields: vec![field("user", "suggest"), field("app", "select")],
        filtered: true,
        rows: vec![row(alice()), row(None)],
        parts: Parts { first: None, next: Some("/access-policies/decisions?after=x".into()) },
        days: vec![DecisionDay { day: "2026-11-24".into(), records: 50_000, left_out: 12 }],
        ..DecisionsPage::default()
    }
}

/// By a name.
pub(crate) fn policies_pages() -> Vec<(&'static str, PoliciesPage)> {
    let none = |searching| DecisionsPage { searching, ..DecisionsPage::default() };
    let unheard = ShadowPage { tallies: Vec::new(), rows: Vec::new(), difference: String::new(), ..shadow(false) };
    let groups = vec![replay_group("lose", alice()), replay_group("step", None), replay_group("gain", alice())];
    let untried = ReplayPage { outcome: Some(ReplayOutcome::default()), ..replay(Vec::new()) };
    vec![
        ("policies", PoliciesPage::List(Box::new(list()))),
        ("policies-none", PoliciesPage::List(Box::default())),
        ("explain", PoliciesPage::Explain(Box::new(explain(true)))),
        ("explain-wrong", PoliciesPage::Explain(Box::new(explain(false)))),
        ("explain-refused", PoliciesPage::Explain(Box::new(refused()))),
        ("cases", PoliciesPage::Cases(Box::new(cases(true)))),
        ("cases-bare", PoliciesPage::Cases(Box::new(cases(false)))),
        ("cases-none", PoliciesPage::Cases(Box::default())),
        ("replay", PoliciesPage::Replay(Box::new(replay(groups)))),
        ("replay-same", PoliciesPage::Replay(Box::new(replay(Vec::new())))),
        ("replay-none", PoliciesPage::Replay(Box::new(untried))),
        ("replay-broken", PoliciesPage::Replay(Box::new(broken()))),
        ("shadow", PoliciesPage::Shadow(Box::new(shadow(false)))),
        ("shadow-unheard", PoliciesPage::Shadow(Box::new(unheard))),
        ("shadow-broken", PoliciesPage::Shadow(Box::new(shadow(true)))),
        ("shadow-none", PoliciesPage::Shadow(Box::default())),
        ("decisions", PoliciesPage::Decisions(Box::new(decisions()))),
        ("decisions-none", PoliciesPage::Decisions(Box::new(none(false)))),
        ("decisions-searching", PoliciesPage::Decisions(Box::new(none(true)))),
    ]
}
