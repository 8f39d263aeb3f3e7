//! The console's pages of the past: the audit log, the enrolment history, the funnel, and who has no token yet. Times are written
//! in the zone that was chosen, by whoever fills the model. Charts are drawn here, on the server, each with its table.

use minijinja::Value;
use serde::Serialize;

use crate::console::{Choice, Fault, Said, Told};
use crate::console_records::{Linked, Parts};

/// The page's path.
pub const AUDIT: &str = "/logs/audit";
/// The page's path.
pub const HISTORY: &str = "/reports/enrolments";
/// The page's path.
pub const FUNNEL: &str = "/reports/funnel";
/// The page's path.
pub const MISSING: &str = "/reports/missing";

/// A page of this kind.
#[derive(Debug, Clone)]
pub enum PastPage {
    /// Records of the audit trail.
    Audit(Box<AuditPage>),
    /// Enrolment transactions.
    History(Box<HistoryPage>),
    /// How far they come.
    Funnel(Box<FunnelPage>),
    /// Who has no token yet.
    Missing(Box<MissingPage>),
}

impl PastPage {
    /// The template's name below `admin/`.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            PastPage::Audit(_) => "audit",
            PastPage::History(_) => "history",
            PastPage::Funnel(_) => "funnel",
            PastPage::Missing(_) => "missing",
        }
    }

    /// The page's fields as its template takes them.
    pub(crate) fn fields(&self) -> Value {
        match self {
            PastPage::Audit(page) => Value::from_serialize(page.as_ref()),
            PastPage::History(page) => Value::from_serialize(page.as_ref()),
            PastPage::Funnel(page) => Value::from_serialize(page.as_ref()),
            PastPage::Missing(page) => Value::from_serialize(page.as_ref()),
        }
    }
}

/// What is looked for: a form whose fields stand in the address, so that the address is the page.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Looking {
    /// Where it is sent.
    pub path: String,
    /// Its fields.
    pub fields: Vec<LookingField>,
    /// Those that are seldom used.
    pub more: Vec<LookingField>,
    /// One of those is in use.
    pub more_used: bool,
    /// Something is looked for.
    pub filtered: bool,
    /// Names of zones that are offered.
    pub zones: Vec<String>,
    /// The zone of the page.
    pub zone: String,
    /// The other order: its name, and the way to it.
    pub turn: Option<(String, String)>,
    /// What is wrong.
    pub faults: Vec<Fault>,
    /// This page with nothing but what is looked for.
    pub permalink: String,
    /// The files of it; none where one may not take them.
    pub csv: Option<String>,
    /// The same as JSON.
    pub json: Option<String>,
}

/// A field of it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LookingField {
    /// Its name.
    pub name: String,
    /// The key of its label.
    pub label: String,
    /// `text`, `date`, `select`, `suggest` (values are offered, others may be typed), `zone` or `flag`.
    pub kind: &'static str,
    /// What it says.
    pub value: String,
    /// What there is to choose from.
    pub choices: Vec<Choice>,
    /// What is wrong with it.
    pub fault: Option<Fault>,
}

/// Records of the audit trail.
#[derive(Debug, Clone, Default, Serialize)]
pub struct AuditPage {
    /// What is looked for.
    pub looking: Looking,
    /// Those found.
    pub records: Vec<RecordRow>,
    /// The other parts.
    pub parts: Parts,
    /// How far was looked, where that was not far enough.
    pub searched_to: Option<String>,
    /// From when there are records, where older ones were taken away.
    pub begins: Option<String>,
}

/// A record.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RecordRow {
    /// Its number.
    pub seq: i64,
    /// When.
    pub at: String,
    /// The same as RFC 3339 has it.
    pub iso: String,
    /// What happened: the catalogue's name.
    pub event: String,
    /// Who did it.
    pub actor: String,
    /// From where.
    pub address: String,
    /// What it was done to: the kind, whose words are `console-object-<kind>`, and the way to it or its name.
    pub object: Option<(String, Said)>,
    /// Its page, if it has one.
    pub object_path: Option<String>,
    /// What was changed: field, old and new.
    pub changes: Vec<(String, String, String)>,
    /// What else it says, name by name.
    pub details: Vec<(String, String)>,
    /// The way to all records of the same sign-in or enrolment.
    pub transaction: Option<String>,
    /// Its hash.
    pub hash: String,
}

/// Enrolment transactions.
#[derive(Debug, Clone, Default, Serialize)]
pub struct HistoryPage {
    /// What is looked for.
    pub looking: Looking,
    /// What they came to.
    pub totals: TotalsBox,
    /// Those found.
    pub rows: Vec<HistoryRow>,
    /// The other parts.
    pub parts: Parts,
    /// How far was looked, where that was not far enough.
    pub searched_to: Option<String>,
    /// From when there are records, where older ones were taken away.
    pub begins: Option<String>,
}

/// Sums.
#[derive(Debug, Clone, Default, Serialize)]
pub struct TotalsBox {
    /// That they were counted a while ago, or are being counted for the first time: then there is nothing to show.
    pub counting: Option<Told>,
    /// Something was counted.
    pub counted: bool,
    /// How many were begun.
    pub started: u64,
    /// How many succeeded.
    pub completed: u64,
    /// 91.3 %: the whole, and the tenths.
    pub rate: Option<(u64, u64)>,
    /// `1:35`
    pub median: Option<String>,
    /// The commonest reason of the others, and how many had it.
    pub top_reason: Option<(String, u64)>,
}

/// A transaction.
#[derive(Debug, Clone, Default, Serialize)]
pub struct HistoryRow {
    /// When it was offered or begun, whichever came first: by this it is looked for and sorted.
    pub at: String,
    /// The same as RFC 3339 has it.
    pub iso: String,
    /// Whose.
    pub user: Option<Linked>,
    /// By the name that was used, where there is no user any more.
    pub used_name: String,
    /// Its words are `console-result-<name>`.
    pub result: &'static str,
    /// `good`, `bad` or nothing: for style.
    pub mood: &'static str,
    /// Why.
    pub reason: String,
    /// `1:35`
    pub duration: Option<String>,
    /// The operating system.
    pub os: String,
    /// The token's serial number, and the way to it.
    pub token: Option<Linked>,
    /// What else there is to know: the key of a label, and what it says.
    pub facts: Vec<(String, Said)>,
    /// The way to its records.
    pub records: Option<String>,
}

/// How far enrolments come.
#[derive(Debug, Clone, Default, Serialize)]
pub struct FunnelPage {
    /// What is looked for.
    pub looking: Looking,
    /// What they came to.
    pub totals: TotalsBox,
    /// The steps.
    pub steps: Vec<FunnelBar>,
    /// Who has no token yet, group by group.
    pub missing: Vec<MissingBar>,
    /// When those were counted; empty while they are being counted for the first time.
    pub counted_at: String,
}

/// A step of the funnel.
#[derive(Debug, Clone, Default, Serialize)]
pub struct FunnelBar {
    /// Its words are `console-step-<name>`.
    pub step: &'static str,
    /// How many have reached it.
    pub reached: u64,
    /// How many of those who reached the step before have not.
    pub lost: u64,
    /// The same in hundredths.
    pub lost_percent: Option<u64>,
    /// `0:12`
    pub median: Option<String>,
    /// The length of its bar, in hundredths.
    pub width: u64,
    /// Where the bar lies, from above.
    pub y: usize,
}

/// How many of some users have no token.
#[derive(Debug, Clone, Default, Serialize)]
pub struct MissingBar {
    /// `all`, `rule`, `no_rule` or `group`: its words are `console-missing-<name>`.
    pub of: &'static str,
    /// The name of the rule or group; may be empty.
    pub name: String,
    /// The last day on which it may be put off.
    pub deadline: Option<String>,
    /// That day is over.
    pub over: bool,
    /// How many users there are.
    pub users: u64,
    /// How many have no token.
    pub missing: u64,
    /// The length of the part of those who have one, in hundredths.
    pub width: u64,
    /// Where the bar lies, from above.
    pub y: usize,
    /// Who they are.
    pub path: String,
}

/// Who has no token yet.
#[derive(Debug, Clone, Default, Serialize)]
pub struct MissingPage {
    /// Of whom: as in [`MissingBar`].
    pub of: &'static str,
    /// The name of the rule or group.
    pub name: String,
    /// The last day on which it may be put off.
    pub deadline: Option<String>,
    /// Those found.
    pub users: Vec<MissingRow>,
    /// The other parts.
    pub parts: Parts,
}

/// One of them.
#[derive(Debug, Clone, Default, Serialize)]
pub struct MissingRow {
    /// Their page.
    pub path: String,
    /// The sign-in name.
    pub name: String,
    /// The name to show; may be empty.
    pub display_name: String,
    /// The mail address.
    pub email: Option<String>,
}

/// So high is a row of a chart.
const ROW: usize = 52;

/// A part of a whole in hundredths, rounded; something is never nothing.
pub fn hundredths(part: u64, whole: u64) -> u64 {
    let rounded = part.saturating_mul(200).checked_div(whole).map_or(0, |twice| twice.saturating_add(1) / 2);
    if part > 0 { rounded.clamp(1, 100) } else { 0 }
}

impl FunnelPage {
    /// Gives the bars their places.
    #[must_use]
    pub fn drawn(mut self) -> Self {
        let most = self.steps.iter().map(|step| step.reached).max().unwrap_or_default();
        for (place, step) in self.steps.iter_mut().enumerate() {
            step.width = hundredths(step.reached, most);
            step.y = place * ROW;
        }
        for (place, bar) in self.missing.iter_mut().enumerate() {
            bar.width = hundredths(bar.users.saturating_sub(bar.missing), bar.users);
            bar.y = place * ROW;
        }
        self
    }
}

/// A time that something took: `0:05`, `12:07`, `3:00:00`.
pub fn took(millis: i64) -> String {
    let seconds = (millis.max(0) + 500) / 1000;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

#[cfg(test)]
pub(crate) mod samples {
    use super::*;

    fn looking(path: &str) -> Looking {
        let field = |name: &str, kind, value: &str| LookingField {
            name: name.into(),
            label: format!("console-past-{name}"),
            kind,
            value: value.into(),
            ..LookingField::default()
        };
        let choice = Choice { value: "failed".into(), said: Said::words("console-result-failed"), hint: None };
        Looking {
            path: path.into(),
            fields: vec![
                LookingField {
                    fault: Some(Fault::plain(Some("from"), "rule-day")),
                    ..field("from", "date", "2026-11-01")
                },
                LookingField { choices: vec![choice.clone()], ..field("result", "select", "failed") },
                LookingField { choices: vec![choice], ..field("event", "suggest", "TOKEN_ASSIGNED") },
                field("q", "text", "\"<b>"),
            ],
            more: vec![field("tz", "zone", "Europe/Berlin"), field("offered", "flag", "on")],
            more_used: true,
            filtered: true,
            zones: vec!["UTC".into(), "Europe/Berlin".into()],
            zone: "Europe/Berlin".into(),
            turn: Some(("oldest".into(), "/x?order=oldest".into())),
            faults: vec![Fault::plain(Some("from"), "rule-day")],
            permalink: "/x?from=2026-11-01".into(),
            csv: Some("/x.csv".into()),
            json: Some("/x.json".into()),
        }
    }

    /// By a name.
    pub(crate) fn past_pages() -> Vec<(&'static str, PastPage)> {
        let record = RecordRow {
            seq: 7,
            at: "2026-11-24 15:32:05".into(),
            iso: "2026-11-24T14:32:05.000Z".into(),
            event: "TOKEN_ASSIGNED".into(),
            actor: "<b>olga".into(),
            address: "192.0.2.7".into(),
            object: Some(("token".into(), Said::text("DW-7Q2M"))),
            object_path: Some("/tokens?serial=DW-7Q2M".into()),
            changes: vec![("length".into(), "6".into(), "<b>".into())],
            details: vec![("reason".into(), "<b>".into())],
            transaction: Some("/logs/audit?transaction=f1".into()),
            hash: "6b86b273".into(),
        };
        let bare = RecordRow { object: Some(("user".into(), Said::text("alice"))), ..RecordRow::default() };
        let kinds = ["task", "role", "api_key", "invitation", "approval", "settings", "log", "report", "operator"];
        let of_kind =
            |kind: &str| RecordRow { object: Some((kind.into(), Said::text("<b>x"))), ..RecordRow::default() };
        let user = Linked { path: "/users/u1".into(), name: "<b>alice".into() };
        let row = HistoryRow {
            user: Some(user),
            result: "failed",
            mood: "bad",
            reason: "<b>".into(),
            duration: Some("1:35".into()),
            os: "iOS".into(),
            token: Some(Linked { path: "/tokens?serial=DW-7Q2M".into(), name: "DW-7Q2M".into() }),
            facts: vec![("console-past-language".into(), Said::text("<b>fr"))],
            records: Some("/logs/audit?transaction=f1".into()),
            ..HistoryRow::default()
        };
        let results = ["offered", "in_progress", "completed", "confirmed", "cancelled", "expired", "superseded"];
        let others = results.map(|result| HistoryRow { result, used_name: "gone".into(), ..HistoryRow::default() });
        let totals = TotalsBox {
            started: 40,
            completed: 30,
            rate: Some((75, 3)),
            median: Some("1:35".into()),
            top_reason: Some(("<b>expired".into(), 7)),
            counting: None,
            counted: true,
        };
        let steps = ["offered", "started", "code_accepted", "target_chosen", "activated", "first_use"];
        let bar = |(step, reached): (&'static str, u64)| FunnelBar {
            step,
            reached,
            lost: 3,
            lost_percent: Some(7),
            median: Some("0:12".into()),
            ..FunnelBar::default()
        };
        let missing = |of, name: &str, deadline: Option<&str>| MissingBar {
            of,
            name: name.into(),
            deadline: deadline.map(str::to_owned),
            over: name.is_empty(),
            users: 40,
            missing: 10,
            path: "/reports/missing?of=all".into(),
            ..MissingBar::default()
        };
        let funnel = FunnelPage {
            looking: looking(FUNNEL),
            totals: totals.clone(),
            steps: steps.into_iter().zip([40, 38, 33, 31, 30, 29]).map(bar).collect(),
            missing: vec![
                missing("all", "", None),
                missing("rule", "<b>Staff", Some("2026-12-24")),
                missing("no_rule", "", None),
                missing("group", "<b>Sales", None),
            ],
            counted_at: "2026-11-24 15:32:05".into(),
        };
        let parts = Parts { first: Some("/x".into()), next: Some("/x?after=1".into()) };
        let who = MissingRow {
            path: "/users/u1".into(),
            name: "<b>alice".into(),
            display_name: "Alice <b>".into(),
            email: Some("alice@example.test".into()),
        };
        let missing_of = |of, name: &str| MissingPage {
            of,
            name: name.into(),
            deadline: Some("2026-12-24".into()),
            users: vec![who.clone()],
            parts: parts.clone(),
        };
        vec![
            (
                "audit",
                PastPage::Audit(Box::new(AuditPage {
                    looking: looking(AUDIT),
                    records: [record, bare].into_iter().chain(kinds.map(of_kind)).collect(),
                    parts: parts.clone(),
                    searched_to: Some("2026-11-01 00:00:00".into()),
                    begins: Some("2025-10-20 00:00:00".into()),
                })),
            ),
            ("audit-empty", PastPage::Audit(Box::default())),
            (
                "history",
                PastPage::History(Box::new(HistoryPage {
                    looking: looking(HISTORY),
                    totals,
                    rows: std::iter::once(row).chain(others).collect(),
                    parts: parts.clone(),
                    searched_to: Some("2026-11-01 00:00:00".into()),
                    begins: Some("2025-10-20 00:00:00".into()),
                })),
            ),
            ("history-empty", PastPage::History(Box::default())),
            ("funnel", PastPage::Funnel(Box::new(funnel.drawn()))),
            ("funnel-empty", PastPage::Funnel(Box::default())),
            ("missing", PastPage::Missing(Box::new(missing_of("group", "<b>Sales")))),
            ("missing-rule", PastPage::Missing(Box::new(missing_of("rule", "<b>Staff")))),
            ("missing-no-rule", PastPage::Missing(Box::new(missing_of("no_rule", "")))),
            ("missing-empty", PastPage::Missing(Box::new(MissingPage { of: "all", ..MissingPage::default() }))),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_rounded_and_never_vanishes() {
        assert_eq!([hundredths(1, 3), hundredths(2, 3), hundredths(1, 1000), hundredths(0, 5)], [33, 67, 1, 0]);
        assert_eq!([hundredths(5, 5), hundredths(3, 0)], [100, 1]);
    }

    #[test]
    fn a_time_is_written_as_a_clock_counts_it() {
        let times = [0, 499, 5_000, 727_000, 10_800_000].map(took);
        assert_eq!(times, ["0:00", "0:00", "0:05", "12:07", "3:00:00"]);
    }
}
