//! Tokens: what there is of each state, a list to look through, one's page with only what can be done to it now, and a form for
//! each of that.

use axum::extract::{Path, RawQuery, State};
use doorward_access::manage::{ManageError, RevokeReason, TestOutcome, TokenAction, TokenCounts};
use doorward_api::credential::TokenRecord;
use doorward_api::ports::TokenFilter;
use doorward_api::settings::{Complexity, ServerPinPolicy};
use doorward_api::template::{HashAlgorithm, Mode, PinType, Synchronization, Template};
use doorward_api::{CredentialId, Module, Permission, Secret, Timestamp, TokenState};
use doorward_views::console::{Fault as Said, Field, Said as Words, Told};
use doorward_views::console_records::{
    Fact, GivenPage, RecordsPage, StateCount, TaskLink, TaskPage, TokenLine, TokenPage, TokensPage,
};
use http::StatusCode;

use super::panels::{choice_key, label};
use super::records::{
    Refused, at, choice, counting, crumb, done, field, give, hinted, linked, note_of, notice, offered_users, part,
    parts, path_with, query, show, show_task, typed, unproved,
};
use super::signed::{Signed, SignedPost};
use super::{Console, Shared, settings, users};
use crate::answer::Answer;
use crate::fault::Fault;
use crate::fields::Fields;

pub(super) const HERE: &str = "/tokens";

/// What is done to a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Task {
    Assign,
    Test,
    Resync,
    Pin,
    Label,
    Act(TokenAction),
}

const TASK: &str = "console-task-token-";

/// What a task takes of whoever asks for it.
pub(super) fn takes(task: &str) -> Option<Permission> {
    Task::parse(task).ok().map(Task::takes)
}

impl Task {
    /// In the order of the page.
    fn all() -> impl Iterator<Item = Self> {
        let own = [Task::Assign, Task::Test, Task::Resync, Task::Pin, Task::Label];
        own.into_iter().chain(TokenAction::ALL.into_iter().map(Task::Act))
    }

    const fn as_str(self) -> &'static str {
        match self {
            Task::Assign => "assign",
            Task::Test => "test",
            Task::Resync => "resync",
            Task::Pin => "pin",
            Task::Label => "label",
            Task::Act(action) => action.as_str(),
        }
    }

    fn parse(text: &str) -> Result<Self, ManageError> {
        Self::all().find(|task| task.as_str() == text).ok_or(ManageError::NotFound)
    }

    fn key(self) -> String {
        TASK.to_owned() + self.as_str()
    }

    const fn dangerous(self) -> bool {
        matches!(self, Task::Act(TokenAction::Suspend | TokenAction::Revoke(_) | TokenAction::Delete))
    }

    fn takes(self) -> Permission {
        if self == Task::Act(TokenAction::Delete) { Module::Tokens.delete() } else { Module::Tokens.edit() }
    }

    fn may(self, signed: &Signed) -> Result<(), Fault> {
        signed.must(self.takes())
    }

    fn possible(self, token: &TokenRecord, now: Timestamp) -> bool {
        let usable = token.state == TokenState::Active && token.template.mode != Mode::ChallengeResponse;
        if matches!(self, Task::Test | Task::Resync | Task::Pin | Task::Label) && !token.form.is_token() {
            return false;
        }
        match self {
            Task::Assign => token.state == TokenState::Inventory,
            Task::Test | Task::Resync => usable,
            Task::Pin => token.state.owned() && token.template.pin == PinType::ServerSide,
            Task::Label => token.state != TokenState::Revoked,
            // The same for both, but of one that is somebody's it is called taking back.
            Task::Act(action @ TokenAction::Revoke(RevokeReason::Returned)) => {
                token.state.owned() && action.possible(token, now)
            }
            Task::Act(action @ TokenAction::Reinitialize) => !token.state.owned() && action.possible(token, now),
            Task::Act(action) => action.possible(token, now),
        }
    }
}

/// A token in a list.
pub(super) fn line(token: &TokenRecord, now: Timestamp) -> TokenLine {
    TokenLine {
        path: at(HERE, token.id.as_str()),
        serial: token.serial.clone(),
        state: token.state.as_str(),
        locked_until: token.locked_until.filter(|end| token.state == TokenState::Active && *end > now),
        owner: token.owner.as_ref().map(|(id, name)| linked(users::HERE, id.as_str(), name)),
        label: token.label.clone(),
        form: token.form.as_str(),
        target: token.target.map(settings::target_key),
    }
}

/// `GET /tokens?state=…&locked&serial=…&owner=…&after=…`
pub(super) async fn list(State(console): State<Shared>, RawQuery(raw): RawQuery, signed: Signed) -> Answer {
    let query = query(raw)?;
    let text = |name: &str| query.text(name).trim();
    let (state, serial, owner) = (TokenState::parse(text("state")), text("serial"), text("owner"));
    let (locked, page) = (query.filled("locked").is_some(), part(&query));
    let found_owner = match owner {
        "" => None,
        name => console.parts.manager.user_named(&signed.vs.id, name).await?,
    };
    let unknown = !owner.is_empty() && found_owner.is_none();
    let filter = TokenFilter {
        state,
        locked_at: locked.then_some(signed.caller.now),
        owner: found_owner.map(|record| record.user.id),
        serial: serial.to_owned(),
    };
    let (tokens, next) = if unknown {
        (Vec::new(), None)
    } else {
        let found = console.parts.manager.tokens(&signed.vs.id, &filter, &page).await?;
        (found.items, found.next)
    };
    let state = state.map_or("", TokenState::as_str);
    let sought = [("state", state), ("locked", if locked { "on" } else { "" }), ("serial", serial), ("owner", owner)];
    let counted = console.parts.manager.token_counts_now(&signed.vs.id, signed.caller.now).await?;
    let page = TokensPage {
        counts: counted.as_deref().map(counts).unwrap_or_default(),
        counting: counting(counted.as_ref().map(|counted| counted.at), signed.caller.now),
        states: TokenState::ALL.map(TokenState::as_str).to_vec(),
        state: state.to_owned(),
        locked,
        serial: serial.to_owned(),
        owner: owner.to_owned(),
        filtered: sought.iter().any(|(_, value)| !value.is_empty()),
        faults: unknown
            .then(|| Said::plain(Some("owner"), "console-fault-unknown-user").called(["console-tokens-owner"]))
            .into_iter()
            .collect(),
        tokens: tokens.iter().map(|token| line(token, signed.caller.now)).collect(),
        parts: parts(HERE, &sought, &page.after, next.as_deref()),
        notice: notice(&query),
    };
    show(&console, &signed, HERE, StatusCode::OK, RecordsPage::Tokens(Box::new(page)))
}

/// States of which there are tokens, and how many.
fn counts(counted: &TokenCounts) -> Vec<StateCount> {
    let of = |(state, count): &(TokenState, u64)| {
        let name = state.as_str();
        StateCount { name, count: *count, path: path_with(HERE, &[("state", name)]) }
    };
    let mut counts: Vec<StateCount> = counted.states.iter().filter(|(_, count)| *count > 0).map(of).collect();
    if counted.locked > 0 {
        counts.push(StateCount { name: "locked", count: counted.locked, path: path_with(HERE, &[("locked", "on")]) });
    }
    counts
}

/// `GET /tokens/{id}`
pub(super) async fn one(
    State(console): State<Shared>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
    signed: Signed,
) -> Answer {
    let query = query(raw)?;
    let token = console.parts.manager.token(&signed.vs.id, &CredentialId::new(id)).await?;
    let page = TokenPage { notice: notice(&query), ..token_page(&token, &signed) };
    show(&console, &signed, HERE, StatusCode::OK, RecordsPage::Token(Box::new(page)))
}

fn token_page(token: &TokenRecord, signed: &Signed) -> TokenPage {
    let now = signed.caller.now;
    let path = at(HERE, token.id.as_str());
    let can = |task: &Task| task.possible(token, now) && task.may(signed).is_ok();
    let tasks = Task::all().filter(can).map(|task| TaskLink {
        path: format!("{path}/{}", task.as_str()),
        key: task.key(),
        danger: task.dangerous(),
    });
    TokenPage {
        of: line(token, now),
        fails: token.fails,
        has_pin: (token.template.pin == PinType::ServerSide).then_some(token.has_pin),
        created_at: token.created_at,
        activated_at: token.activated_at,
        last_used_at: token.last_used_at,
        // It shows no passcodes, so a template says nothing of it.
        template: if token.form.is_token() { template(&token.template) } else { Vec::new() },
        tasks: tasks.collect(),
        notes: notes(token),
        faults: Vec::new(),
        notice: None,
    }
}

/// What cannot be done, and why.
fn notes(token: &TokenRecord) -> Vec<String> {
    if !token.form.is_token() && token.state.owned() {
        return vec!["console-token-note-passkey".to_owned()];
    }
    let mut notes: Vec<String> = note_of(token.state).into_iter().collect();
    if token.state.owned() && token.template.mode == Mode::ChallengeResponse {
        notes.push("console-token-note-challenge".to_owned());
    }
    match token.template.pin {
        PinType::None if token.state.owned() => notes.push("console-token-note-no-pin".to_owned()),
        PinType::UserSelected if token.state.owned() => notes.push("console-token-note-app-pin".to_owned()),
        _ => {}
    }
    notes
}

/// A template in words.
fn template(template: &Template) -> Vec<Fact> {
    let fact = |name: &str, said| Fact { label: label(name), said };
    let words = |name: &str, value: &str| fact(name, Words::words(choice_key(name, value)));
    let number = |name: &str, value: u32| fact(name, Words::text(value.to_string()));
    let flag = |name: &str, on: bool| fact(name, Words::words(if on { "console-on" } else { "console-off" }));
    let mode = match template.mode {
        Mode::QuickLog => "quick_log",
        Mode::ChallengeResponse => "challenge_response",
    };
    let mut facts = vec![words("mode", mode), number("length", u32::from(template.length))];
    if template.mode == Mode::QuickLog {
        facts.extend(match template.synchronization {
            Synchronization::Time { step } => {
                [words("synchronization.by", "time"), number("synchronization.step", step)]
            }
            Synchronization::Event { look_ahead } => {
                [words("synchronization.by", "event"), number("synchronization.event.look_ahead", look_ahead)]
            }
        });
    }
    let hash = match template.hash {
        HashAlgorithm::Sha1 => "SHA-1",
        HashAlgorithm::Sha256 => "SHA-256",
        HashAlgorithm::Sha512 => "SHA-512",
    };
    facts.push(fact("hash", Words::text(hash)));
    let pin = match template.pin {
        PinType::None => "none",
        PinType::UserSelected => "user_selected",
        PinType::ServerSide => "server_side",
    };
    facts.push(words("pin_type", pin));
    if template.pin == PinType::UserSelected {
        let complexity = match template.min_pin_complexity {
            Complexity::Decimal => "decimal",
            Complexity::StrongAlphanumeric => "strong_alphanumeric",
        };
        facts.push(number("pin_length", u32::from(template.pin_length)));
        facts.push(flag("allow_trivial_pins", template.allow_trivial_pins));
        facts.push(number("max_pin_attempts", u32::from(template.max_pin_attempts)));
        facts.push(words("min_pin_complexity", complexity));
        facts.push(flag("allow_biometric_pin", template.biometric));
    }
    facts.push(number("version", template.version));
    facts
}

/// The token's page, with why something cannot be done to it.
fn refuse(console: &Console, signed: &Signed, token: &TokenRecord) -> Answer {
    let key = note_of(token.state).unwrap_or_else(|| "console-fault-state".to_owned());
    let page = TokenPage { faults: vec![Said::plain(None, key)], ..token_page(token, signed) };
    show(console, signed, HERE, StatusCode::CONFLICT, RecordsPage::Token(Box::new(page)))
}

/// `GET /tokens/{id}/{task}`
pub(super) async fn ask(
    State(console): State<Shared>,
    Path((id, task)): Path<(String, String)>,
    signed: Signed,
) -> Answer {
    let task = Task::parse(&task)?;
    task.may(&signed)?;
    let token = console.parts.manager.token(&signed.vs.id, &CredentialId::new(id)).await?;
    if !task.possible(&token, signed.caller.now) {
        return refuse(&console, &signed, &token);
    }
    let page = page(&console, &signed, task, &token, None).await?;
    show_task(&console, &signed, HERE, page, None)
}

async fn page(
    console: &Console,
    signed: &Signed,
    task: Task,
    token: &TokenRecord,
    fields: Option<&Fields>,
) -> Result<TaskPage, Fault> {
    let path = at(HERE, token.id.as_str());
    let mut page = TaskPage {
        crumbs: vec![
            crumb(Words::words("console-page-tokens"), HERE),
            crumb(Words::text(token.serial.as_str()), &path),
        ],
        key: task.key(),
        about: token.serial.clone(),
        texts: vec![Told::new(task.key() + "-text")],
        action: format!("{path}/{}", task.as_str()),
        cancel: path,
        danger: task.dangerous(),
        ..TaskPage::default()
    };
    page.fields = match task {
        Task::Assign => {
            let offered = offered_users(console, signed).await?;
            vec![Field { offered, ..field("user", "suggest", typed(fields, "user", "")) }]
        }
        Task::Test => vec![field("passcode", "code", "")],
        Task::Resync => vec![field("first", "code", ""), field("second", "code", "")],
        Task::Label => vec![field("label", "text", typed(fields, "label", &token.label))],
        Task::Pin => {
            let policy = console.parts.manager.setting::<ServerPinPolicy>(&signed.vs.id).await?.document;
            let (told, fields) = pin_fields(&policy, fields);
            page.texts.extend(told);
            fields
        }
        Task::Act(_) => Vec::new(),
    };
    Ok(page)
}

/// What the policy leaves to choose, and what it does not.
fn pin_fields(policy: &ServerPinPolicy, fields: Option<&Fields>) -> (Vec<Told>, Vec<Field>) {
    let (mut told, mut all) = (Vec::new(), Vec::new());
    if policy.force_random {
        told.push(Told::new("console-task-token-pin-drawn"));
    } else {
        all.push(choice("pin-by", typed(fields, "pin-by", "draw"), &[("draw", true), ("type", false)]));
        all.push(hinted(field("pin", "password", "")));
    }
    if policy.change_on_first_use {
        told.push(Told::new("console-task-token-pin-change"));
    } else {
        all.push(field("must_change", "flag", typed(fields, "must_change", "on")));
    }
    (told, all)
}

/// `POST /tokens/{id}/{task}`
pub(super) async fn act(
    State(console): State<Shared>,
    Path((id, task)): Path<(String, String)>,
    mut post: SignedPost,
) -> Answer {
    let task = Task::parse(&task)?;
    task.may(&post.signed)?;
    let token = console.parts.manager.token(&post.signed.vs.id, &CredentialId::new(id)).await?;
    let mut refused = unproved(&console, &mut post).await?;
    let (signed, fields) = (&post.signed, &post.fields);
    if refused.is_none() {
        match carry_out(&console, signed, task, &token, fields).await {
            Ok(Ok(answer)) => return answer,
            Ok(Err(fault)) => refused = Some(fault),
            Err(ManageError::NotInState { .. }) => {
                let token = console.parts.manager.token(&signed.vs.id, &token.id).await?;
                return refuse(&console, signed, &token);
            }
            Err(error) => refused = Some(Refused::of(error)?),
        }
    }
    let page = page(&console, signed, task, &token, Some(fields)).await?;
    show_task(&console, signed, HERE, page, refused)
}

async fn carry_out(
    console: &Console,
    signed: &Signed,
    task: Task,
    token: &TokenRecord,
    fields: &Fields,
) -> Result<Result<Answer, Refused>, ManageError> {
    let (manager, vs, by, id) = (&console.parts.manager, &signed.vs.id, signed.by(), &token.id);
    let path = at(HERE, id.as_str());
    let passcode = |name: &str| Secret::new(fields.text(name).trim());
    Ok(Ok(match task {
        Task::Act(action) => {
            let left = manager.act_on_token(vs, &by, id, action).await?;
            if left.is_some() { done(&path, action.as_str()) } else { done(HERE, "deleted") }
        }
        Task::Assign => {
            let Some(owner) = manager.user_named(vs, fields.text("user")).await? else {
                return Ok(Err(Refused::field("user", "console-fault-unknown-user")));
            };
            manager.assign_token(vs, &by, id, &owner.user.id).await?;
            done(&path, "assign")
        }
        Task::Label => {
            manager.label_token(vs, &by, id, fields.text("label")).await?;
            done(&path, "saved")
        }
        Task::Test => {
            let key = match manager.test_token(vs, &by, id, &passcode("passcode")).await? {
                TestOutcome::Right => return Ok(Ok(done(&path, "tested"))),
                TestOutcome::OutOfStep => "console-fault-test-out-of-step",
                TestOutcome::Used => "console-fault-test-used",
                TestOutcome::Wrong => "console-fault-test-wrong",
            };
            return Ok(Err(Refused::field("passcode", key)));
        }
        Task::Resync => {
            manager.resync_token(vs, &by, id, [&passcode("first"), &passcode("second")]).await?;
            done(&path, "resynced")
        }
        Task::Pin => {
            let typed = (fields.text("pin-by") == "type").then(|| Secret::new(fields.text("pin")));
            let policy = manager.setting::<ServerPinPolicy>(vs).await?.document;
            let chosen = (!policy.change_on_first_use).then(|| fields.get("must_change").is_some());
            match manager.set_pin(vs, &by, id, typed.as_ref(), chosen).await?.0 {
                None => done(&path, "pin"),
                Some(pin) => {
                    let page = GivenPage {
                        kind: "pin",
                        about: token.serial.clone(),
                        secret: pin.expose().to_owned(),
                        until: None,
                        back: path,
                    };
                    give(console, signed, HERE, page)
                }
            }
        }
    }))
}
