//! Cases: requests as data, each with what the policies must decide. `policies/cases/*.toml` is run by
//! `doorward policy test`.
//!
//! ```toml
//! [[case]]
//! name = "an older otp must be given again"
//! app = "wiki"
//! path = "/admin/users"
//! user = "alice"
//! groups = ["staff"]
//! ip = "127.0.0.1"
//! proofs = { password = true, otp = "301s ago" }
//! expect = "challenge"
//! need = ["otp"]
//! by = ["wiki"]
//! ```
//!
//! What else policies read of `context.authn` is said among the proofs as well:
//! `proofs = { password = true, enrolment_deferred = true }`, `proofs = { password = true, otp = true, probation = true }`.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use doorward_api::{
    AppId, Decision, Factor, GroupId, GroupRef, Object, PolicyId, Principal, Proofs, SessionId, Subject, Timestamp,
    UserId, VirtualServerId, parse_age,
};
use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;

use crate::Policies;
use crate::letters::folded_path;
use crate::text::Place;

/// What became of one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseResult {
    /// The case's name.
    pub name: String,
    /// The line where the case begins.
    pub line: usize,
    /// What the policies decided.
    pub decision: Decision,
    /// How that differs from what was expected; `None` when it does not.
    pub difference: Option<String>,
}

/// The cases of a file cannot be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct CaseFileError {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

/// Runs the cases of one file.
///
/// # Errors
/// When the file does not hold cases, or one of them speaks of something that cannot be.
pub fn run(policies: &Policies, file: &str, text: &str) -> Result<Vec<CaseResult>, CaseFileError> {
    let error = |offset: Option<usize>, message: String| CaseFileError {
        file: file.to_owned(),
        line: Place::of(text, offset.unwrap_or(0)).line,
        message,
    };
    let cases: CaseFile = toml::from_str(text).map_err(|e| error(e.span().map(|s| s.start), e.message().to_owned()))?;
    let run_one = |case: &Spanned<Case>| {
        // An array of tables begins at its header.
        let at = case.span().start;
        let (subject, object, now) = case.get_ref().request(policies).map_err(|message| error(Some(at), message))?;
        let decision = policies.slice(&object.app).decide(&subject, &object, now);
        let difference = case.get_ref().difference(&decision);
        Ok(CaseResult {
            name: case.get_ref().name.clone(),
            line: error(Some(at), String::new()).line,
            decision,
            difference,
        })
    };
    cases.case.iter().map(run_one).collect()
}

impl CaseResult {
    /// Whether the policies decided as expected.
    pub fn passed(&self) -> bool {
        self.difference.is_none()
    }
}

// === The file ===

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    case: Vec<Spanned<Case>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    app: String,
    #[serde(default)]
    host: Option<String>,
    #[serde(default = "get")]
    method: String,
    #[serde(default = "root")]
    path: String,
    #[serde(default = "outside")]
    ip: IpAddr,
    #[serde(default = "yes")]
    secure: bool,
    /// Nobody, when not said.
    #[serde(default)]
    user: Option<String>,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    proofs: Given,
    #[serde(default)]
    at: Option<Datetime>,
    expect: Expected,
    #[serde(default)]
    need: Option<Vec<Factor>>,
    #[serde(default)]
    by: Option<Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Given {
    password: Option<When>,
    otp: Option<When>,
    push: Option<When>,
    passkey: Option<When>,
    /// No proof: the enrolment is put off.
    enrolment_deferred: bool,
    /// No proof: the token is on probation.
    probation: bool,
}

/// `true` is just now, `false` is never, `"10s ago"` is what it says (units s, m, h, d).
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum When {
    Now(bool),
    Ago(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Expected {
    Admit,
    Challenge,
    Refuse,
}

/// Noon on 2026-01-01, UTC.
const USUAL_TIME: Timestamp = Timestamp::from_secs(1_767_268_800);

fn get() -> String {
    "GET".to_owned()
}

fn root() -> String {
    "/".to_owned()
}

/// An address that belongs to nobody (RFC 5737).
fn outside() -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1))
}

fn yes() -> bool {
    true
}

// === impl Case ===

impl Case {
    /// The request that the case is about, or what is wrong with it.
    fn request(&self, policies: &Policies) -> Result<(Subject, Object, Timestamp), String> {
        let app = AppId::new(self.app.clone());
        if !policies.apps().any(|known| *known == app) {
            return Err(format!("there is no application \"{app}\""));
        }
        let path = self.judged_path(policies, &app)?;
        if self.method != self.method.to_uppercase() {
            return Err(format!("no method is \"{}\": methods are upper case", self.method));
        }
        if self.need.is_some() && self.expect != Expected::Challenge {
            return Err("need belongs to expect = \"challenge\"".to_owned());
        }
        let now = self.now()?;
        let object = Object {
            virtual_server: VirtualServerId::new("default"),
            host: self.host.clone().unwrap_or_else(|| format!("{app}.localhost")).into(),
            app,
            method: self.method.clone().into(),
            path: path.into(),
            client: self.ip,
            secure: self.secure,
        };
        Ok((self.subject(now)?, object, now))
    }

    /// The path as policies are shown it. What the gateway would first make another of is no path to try them with.
    fn judged_path(&self, policies: &Policies, app: &AppId) -> Result<String, String> {
        let Some(segments) = self.path.strip_prefix('/').filter(|rest| !rest.contains('?')) else {
            return Err("a path begins with / and has no query".to_owned());
        };
        let (before_last, last) = segments.rsplit_once('/').unwrap_or(("", segments));
        let resolved = |segment: &str| matches!(segment, "." | "..");
        if resolved(last) || segments.contains('/') && before_last.split('/').any(|one| one.is_empty() || resolved(one))
        {
            return Err(format!("policies are never shown \"{}\": they see a path without //, . and ..", self.path));
        }
        if !policies.ignores_case(app) {
            return Ok(self.path.clone());
        }
        folded_path(&self.path)
            .ok_or_else(|| format!("the gateway refuses \"{}\" before any policy is asked", self.path))
    }

    fn now(&self) -> Result<Timestamp, String> {
        let Some(at) = self.at else { return Ok(USUAL_TIME) };
        timestamp(at).ok_or_else(|| "at is a date and a time in UTC: 2026-01-01T12:00:00Z".to_owned())
    }

    fn subject(&self, now: Timestamp) -> Result<Subject, String> {
        let proofs = self.proofs.at(now)?;
        let Some(name) = &self.user else {
            let bare = self.groups.is_empty() && proofs == Proofs::NONE;
            return if bare { Ok(Subject::Anonymous) } else { Err("groups and proofs need a user".to_owned()) };
        };
        let group = |name: &String| GroupRef { id: GroupId::new(name.clone()), name: name.clone() };
        Ok(Subject::User(Arc::new(Principal {
            user: UserId::new(name.clone()),
            name: name.clone(),
            display_name: String::new(),
            email: None,
            groups: self.groups.iter().map(group).collect(),
            session: SessionId::new("case"),
            proofs,
        })))
    }

    fn difference(&self, decision: &Decision) -> Option<String> {
        let (found, need) = match decision {
            Decision::Admit { .. } => (Expected::Admit, None),
            Decision::Challenge { need, .. } => (Expected::Challenge, Some(need)),
            Decision::Refuse { .. } => (Expected::Refuse, None),
        };
        let by: Vec<&str> = decision.by().iter().map(PolicyId::as_str).collect();
        let as_expected = found == self.expect
            && self.need.as_ref().is_none_or(|expected| need.is_some_and(|need| same(need, expected)))
            && self.by.as_ref().is_none_or(|expected| same(&by, expected));
        if as_expected { None } else { Some(format!("expected {}, got {}", self.expected(), described(decision))) }
    }

    fn expected(&self) -> String {
        let decision = match self.expect {
            Expected::Admit => "admit",
            Expected::Challenge => "challenge",
            Expected::Refuse => "refuse",
        };
        sentence(decision, self.need.as_deref(), self.by.as_deref())
    }
}

impl Given {
    fn at(&self, now: Timestamp) -> Result<Proofs, String> {
        let proof = |when: &Option<When>| when.as_ref().map_or(Ok(None), |when| when.before(now));
        // An end that has not come yet; how far off it is, no policy can read.
        let still = now + Duration::from_secs(1);
        Ok(Proofs {
            password: proof(&self.password)?,
            otp: proof(&self.otp)?,
            push: proof(&self.push)?,
            passkey: proof(&self.passkey)?,
            deferred_until: self.enrolment_deferred.then_some(still),
            probation_until: self.probation.then_some(still),
            recovered: None,
            by_token: None,
        })
    }
}

impl When {
    fn before(&self, now: Timestamp) -> Result<Option<Timestamp>, String> {
        match self {
            When::Now(given) => Ok(given.then_some(now)),
            When::Ago(text) => {
                let span = text.strip_suffix(" ago").and_then(parse_age);
                let span = span.ok_or_else(|| format!("\"{text}\" is no time ago: write \"10s ago\" (s, m, h, d)"))?;
                Ok(Some(now - span))
            }
        }
    }
}

/// A date and time in UTC. Days are counted as in the civil calendar (proleptic Gregorian), from March so that the leap
/// day comes last.
fn timestamp(at: Datetime) -> Option<Timestamp> {
    let (date, time, offset) = (at.date?, at.time?, at.offset?);
    let minutes_east = match offset {
        toml::value::Offset::Z => 0,
        toml::value::Offset::Custom { minutes } => i64::from(minutes),
    };
    let (month, day) = (i64::from(date.month), i64::from(date.day));
    let (year, month) =
        if month > 2 { (i64::from(date.year), month - 3) } else { (i64::from(date.year) - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    let second = i64::from(time.second);
    let seconds = i64::from(time.hour) * 3600 + i64::from(time.minute) * 60 + second - minutes_east * 60;
    Some(Timestamp::from_secs(days * 86_400 + seconds))
}

/// Whether both hold the same, in whatever order.
fn same<A: PartialEq<B>, B>(these: &[A], those: &[B]) -> bool {
    these.len() == those.len()
        && these.iter().all(|a| those.iter().any(|b| a == b))
        && those.iter().all(|b| these.iter().any(|a| a == b))
}

fn described(decision: &Decision) -> String {
    match decision {
        Decision::Challenge { need, by } => sentence(decision.as_str(), Some(need), Some(by)),
        Decision::Admit { by } | Decision::Refuse { by } => sentence(decision.as_str(), None, Some(by)),
    }
}

fn sentence(decision: &str, need: Option<&[Factor]>, by: Option<&[impl ToString]>) -> String {
    let listed = |items: Vec<String>| if items.is_empty() { "no policy".to_owned() } else { items.join(", ") };
    let need = need.map(|need| format!(" with {}", listed(need.iter().map(ToString::to_string).collect())));
    let by = by.map(|by| format!(" by {}", listed(by.iter().map(ToString::to_string).collect())));
    format!("{decision}{}{}", need.unwrap_or_default(), by.unwrap_or_default())
}
