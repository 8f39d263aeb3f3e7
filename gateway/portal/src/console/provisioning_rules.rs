//! Token Management > Provisioning Rules: the list, and what is done to one rule. Whatever it is, the page shows first
//! whom it would affect; only its button changes anything, if the rules are still as they were seen.

pub(super) mod log;

use axum::extract::{Path, RawQuery, State};
use doorward_access::arrival::ErrorKind;
use doorward_access::manage::{ManageError, RuleEffect, RulePreview, RuleQuestion};
use doorward_api::settings::{FieldChange, ProvisioningRule, ProvisioningRules, Seen, SettingChange, SettingKind};
use doorward_api::user::UserRecord;
use doorward_api::{FieldFault, FieldRule, GroupId, GroupRef, Module};
use doorward_tokens::settings::{Checked, MOST_PROVISIONING_RULES};
use doorward_views::console::{ChangeRow, Fault as Said, Field, Said as Words, Told};
use doorward_views::console_provisioning_rules::{
    AffectedLine, ProvisioningPreviewPage, ProvisioningRuleLine, ProvisioningRulesPage,
};
use doorward_views::console_records::{RecordsPage, TaskPage};
use http::StatusCode;
use serde_json::{Value, json};

use super::changes::{self, Names, group_line};
use super::entered::{ON, number};
use super::panels::label;
use super::records::{
    Refused, crumb, done, field, hinted, linked, notice, offered_groups, query, show, show_task, unproved,
};
use super::settings::{self, seen};
use super::signed::{Signed, SignedPost};
use super::{Console, Shared, users};
use crate::answer::Answer;
use crate::fault::Fault;
use crate::fields::Fields;

pub(super) const HERE: &str = "/provisioning/rules";

const KIND: SettingKind = SettingKind::ProvisioningRules;

const GROUP: &str = "rule.group";
const STOP_DAYS: &str = "rule.stop_days";
const TAKE: &str = "rule.take";
const NOTE: &str = "rule.note";

/// The button that makes the change, and the one that goes back to the form.
const CONFIRMED: &str = "confirmed";
const AGAIN: &str = "again";

/// What is done to the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Task {
    New,
    Edit,
    Up,
    Down,
    Remove,
}

impl Task {
    const OF_ONE: [Task; 4] = [Task::Up, Task::Down, Task::Edit, Task::Remove];

    const fn as_str(self) -> &'static str {
        match self {
            Task::New => "new",
            Task::Edit => "edit",
            Task::Up => "up",
            Task::Down => "down",
            Task::Remove => "remove",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::OF_ONE.into_iter().find(|task| task.as_str() == text)
    }

    fn key(self) -> String {
        format!("console-task-provisioning-rule-{}", self.as_str())
    }

    /// What its button in the list says.
    const fn words(self) -> &'static str {
        match self {
            Task::New | Task::Edit => "console-edit",
            Task::Up => "console-rule-up",
            Task::Down => "console-rule-down",
            Task::Remove => "console-remove",
        }
    }

    /// Whether it is filled in.
    const fn has_form(self) -> bool {
        matches!(self, Task::New | Task::Edit)
    }

    /// Whether it can be done to the rule at a place.
    fn possible(self, place: usize, of: usize) -> bool {
        match self {
            Task::New => true,
            Task::Edit | Task::Remove => place < of,
            Task::Up => (1..of).contains(&place),
            Task::Down => place.saturating_add(1) < of,
        }
    }
}

/// The rules as they stand.
pub(super) async fn stored(console: &Console, signed: &Signed) -> Result<Seen<ProvisioningRules>, ManageError> {
    console.parts.manager.setting::<ProvisioningRules>(&signed.vs.id).await
}

async fn names(console: &Console, signed: &Signed, rules: &[ProvisioningRule]) -> Result<Names, Fault> {
    changes::names(console, &signed.vs.id, rules.iter().map(|rule| rule.group.as_str())).await
}

/// The rule that goes by a group, as the group's pages tell of it.
pub(super) async fn naming(console: &Console, signed: &Signed, group: &GroupId) -> Result<Option<Told>, Fault> {
    let rules = stored(console, signed).await?.document.rules;
    let told = || Told::new("console-group-is-named-provisioning").at_page(HERE);
    Ok(rules.iter().any(|rule| rule.group == *group).then(told))
}

/// What is said of a group that lies in the group of a rule before it is deleted: what its members have been given stays.
pub(super) async fn lets_go(console: &Console, signed: &Signed, parents: &[GroupRef]) -> Result<Option<Told>, Fault> {
    if !signed.may(Module::Provisioning.view()) {
        return Ok(None);
    }
    let rules = stored(console, signed).await?.document;
    let parents: Vec<GroupId> = parents.iter().map(|parent| parent.id.clone()).collect();
    let above = console.parts.manager.rules_above(&signed.vs.id, &signed.by(), &rules, &parents).await?;
    Ok((!above.is_empty()).then(|| Told::new("console-task-group-delete-keeps").at_page(HERE)))
}

/// From how many rules take what they gave when a group is taken out of another.
pub(super) async fn would_take(
    console: &Console,
    signed: &Signed,
    (group, from): (&GroupId, &GroupId),
) -> Result<Vec<Told>, Fault> {
    if !signed.may(Module::Provisioning.view()) {
        return Ok(Vec::new());
    }
    let (manager, by, vs) = (&console.parts.manager, signed.by(), &signed.vs.id);
    let rules = stored(console, signed).await?.document;
    if manager.rules_above(vs, &by, &rules, std::slice::from_ref(from)).await?.is_empty() {
        return Ok(Vec::new());
    }
    let found = manager.preview_unnesting(vs, &by, &rules, (group, from)).await?;
    let names = names(console, signed, &rules.rules).await?;
    let told = |(rule, count): &(GroupId, u64)| {
        let rule = group_line(&names, rule.as_str()).name;
        Told::new("console-rules-would-take").about(rule).counting(*count).at_page(HERE)
    };
    let mut all: Vec<Told> = found.by_rule.iter().map(told).collect();
    if !found.complete {
        all.push(Told::new("console-rules-looked-at").counting(found.looked_at));
    }
    Ok(all)
}

/// What a rule takes from a user who leaves groups, and stays in these alone.
pub(super) async fn would_lose(
    console: &Console,
    signed: &Signed,
    user: &UserRecord,
    stays: Vec<GroupId>,
) -> Result<Option<Told>, Fault> {
    if !signed.may(Module::Provisioning.view()) {
        return Ok(None);
    }
    let rules = stored(console, signed).await?.document;
    let question = RuleQuestion { user: user.user.id.clone(), groups: Some(stays) };
    let line = console.parts.manager.preview_rules_of(&signed.vs.id, &signed.by(), &rules, &question).await?;
    Ok(match line.effect {
        RuleEffect::Loses(Some(serial)) => Some(Told::new("console-rules-would-lose").about(serial).at_page(HERE)),
        RuleEffect::Loses(None) => Some(Told::new("console-rules-would-lose-mail").at_page(HERE)),
        _ => None,
    })
}

/// The rules whose group was deleted.
pub(super) async fn of_groups_gone(console: &Console, signed: &Signed) -> Result<Vec<Told>, Fault> {
    let rules = stored(console, signed).await?.document.rules;
    let names = names(console, signed, &rules).await?;
    Ok(groups_gone(&rules, &names))
}

fn groups_gone(rules: &[ProvisioningRule], names: &Names) -> Vec<Told> {
    let lines = rules.iter().map(|rule| group_line(names, rule.group.as_str()));
    let told = |name: String| Told::new("console-attention-provisioning-group-gone").about(name).at_page(HERE);
    lines.filter(|line| line.gone).map(|line| told(line.name)).collect()
}

/// Places count from 0 here, and from 1 where people see them.
fn task_path(place: usize, task: Task) -> String {
    format!("{HERE}/{}/{}", place + 1, task.as_str())
}

/// `GET /provisioning/rules`
pub(super) async fn list(State(console): State<Shared>, RawQuery(raw): RawQuery, signed: Signed) -> Answer {
    let page = ProvisioningRulesPage { notice: notice(&query(raw)?), ..ProvisioningRulesPage::default() };
    list_page(&console, &signed, StatusCode::OK, page).await
}

async fn list_page(console: &Console, signed: &Signed, status: StatusCode, page: ProvisioningRulesPage) -> Answer {
    let rules = stored(console, signed).await?.document.rules;
    let names = names(console, signed, &rules).await?;
    let (count, may_edit) = (rules.len(), signed.may(Module::Provisioning.edit()));
    let full = count >= MOST_PROVISIONING_RULES as usize;
    let tasks = |place: usize| {
        let possible = Task::OF_ONE.into_iter().filter(|task| may_edit && task.possible(place, count));
        possible.map(|task| (task.words(), task_path(place, task))).collect()
    };
    let line = |(place, rule): (usize, &ProvisioningRule)| ProvisioningRuleLine {
        group: group_line(&names, rule.group.as_str()),
        stop_days: rule.stop_days,
        take: rule.take,
        note: rule.note.clone(),
        tasks: tasks(place),
    };
    let changes = console.parts.manager.change_log(&signed.vs.id, KIND).await?;
    let page = ProvisioningRulesPage {
        rules: rules.iter().enumerate().map(line).collect(),
        add: (may_edit && !full).then(|| format!("{HERE}/new")),
        full: may_edit && full,
        warnings: groups_gone(&rules, &names),
        log: log::rows(console, &signed.vs.id, &changes).await?,
        ..page
    };
    show(console, signed, HERE, status, RecordsPage::ProvisioningRules(Box::new(page)))
}

/// The list, after a button that came too late.
async fn too_late(console: &Console, signed: &Signed, seen: i64) -> Answer {
    let mut changes = console.parts.manager.change_log(&signed.vs.id, KIND).await?;
    changes.retain(|entry| entry.version > seen);
    let conflict: Vec<ChangeRow> = log::rows(console, &signed.vs.id, &changes).await?;
    let page = ProvisioningRulesPage { conflict, ..ProvisioningRulesPage::default() };
    list_page(console, signed, StatusCode::CONFLICT, page).await
}

/// A rule as it is typed.
#[derive(Debug, Clone, Default)]
struct Entered {
    group: String,
    stop_days: String,
    take: bool,
    note: String,
}

impl Entered {
    fn of_new() -> Self {
        Self { stop_days: "10".to_owned(), take: true, ..Self::default() }
    }

    fn of(rule: &ProvisioningRule, names: &Names) -> Self {
        Self {
            group: group_line(names, rule.group.as_str()).name,
            stop_days: rule.stop_days.to_string(),
            take: rule.take,
            note: rule.note.clone(),
        }
    }

    fn from_form(fields: &Fields) -> Self {
        let text = |name: &str| fields.text(name).trim().to_owned();
        Self { group: text(GROUP), stop_days: text(STOP_DAYS), take: fields.text(TAKE) == ON, note: text(NOTE) }
    }

    fn fields(&self, offered: Vec<String>) -> Vec<Field> {
        let take = if self.take { ON } else { "" };
        let fields = [
            Field { offered, ..field(GROUP, "suggest", self.group.as_str()) },
            field(STOP_DAYS, "number", self.stop_days.as_str()),
            field(TAKE, "flag", take),
            field(NOTE, "text", self.note.as_str()),
        ];
        fields.into_iter().map(hinted).collect()
    }

    /// The same, to be sent along unseen.
    fn hidden(&self) -> Vec<(String, String)> {
        let take = if self.take { ON } else { "" };
        let all = [(GROUP, self.group.as_str()), (STOP_DAYS, &self.stop_days), (TAKE, take), (NOTE, &self.note)];
        all.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
    }

    /// The rule as JSON; `was` is the group that it had, which may have been deleted since.
    async fn json(&self, console: &Console, signed: &Signed, was: Option<&GroupId>) -> Result<Option<Value>, Fault> {
        let found = console.parts.manager.group_named(&signed.vs.id, &self.group).await?;
        let group = match found {
            Some(group) => Some(group.id),
            None => was.filter(|group| group.as_str() == self.group).cloned(),
        };
        if group.is_none() && !self.group.is_empty() {
            return Ok(None);
        }
        let days = if self.stop_days.is_empty() { Value::Null } else { number(&self.stop_days) };
        let group = group.map_or(Value::Null, |group| group.as_str().into());
        Ok(Some(json!({"group": group, "stop_days": days, "take": self.take, "note": self.note})))
    }
}

/// A fault of the rule at a place, at the field of the form that it is about.
fn told(fault: &FieldFault, place: usize) -> Said {
    let of_rule = fault.field.strip_prefix(&format!("rules[{place}]."));
    // Of two rules of one group the lower one is the fault, whichever of them is being typed.
    let twice = fault.rule == FieldRule::Twice && fault.field.ends_with("].group");
    let field = match of_rule {
        Some("group") => Some(GROUP),
        Some("stop_days") => Some(STOP_DAYS),
        Some("take") => Some(TAKE),
        Some("note") => Some(NOTE),
        _ => twice.then_some(GROUP),
    };
    Said { field: field.map(str::to_owned), ..Said::of(fault, label, |_, value| Words::text(value)) }
}

/// A change of the rules that is being made.
struct Draft {
    task: Task,
    /// The place of the rule that is changed; of a new one the one behind the last.
    place: usize,
    /// What that was, if it is not new.
    was: Option<ProvisioningRule>,
    entered: Entered,
    seen: i64,
    /// What the rules' groups are called.
    names: Names,
}

fn no_such() -> Fault {
    Fault::new(ErrorKind::NotFound, "no such rule, or nothing of this kind is done to it")
}

impl Draft {
    async fn new(
        console: &Console,
        signed: &Signed,
        at: Option<(&str, &str)>,
    ) -> Result<(Self, Vec<ProvisioningRule>), Fault> {
        let Seen { document: ProvisioningRules { rules }, version } = stored(console, signed).await?;
        let names = names(console, signed, &rules).await?;
        let (task, place) = match at {
            None => (Task::New, rules.len()),
            Some((place, task)) => {
                let place = place.parse::<usize>().ok().and_then(|place| place.checked_sub(1)).ok_or_else(no_such)?;
                (Task::parse(task).ok_or_else(no_such)?, place)
            }
        };
        if !task.possible(place, rules.len()) {
            return Err(no_such());
        }
        let was = rules.get(place).cloned();
        let entered = was.as_ref().map_or_else(Entered::of_new, |rule| Entered::of(rule, &names));
        Ok((Self { task, place, was, entered, seen: version, names }, rules))
    }

    fn action(&self) -> String {
        if self.task == Task::New { format!("{HERE}/new") } else { task_path(self.place, self.task) }
    }

    fn about(&self) -> String {
        let group = self.was.as_ref().map(|rule| group_line(&self.names, rule.group.as_str()).name);
        group.filter(|_| self.task != Task::New).unwrap_or_default()
    }

    async fn form(&self, console: &Console, signed: &Signed) -> Result<TaskPage, Fault> {
        let text = (self.task == Task::New).then(|| Told::new(self.task.key() + "-text"));
        Ok(TaskPage {
            crumbs: vec![crumb(Words::words("console-page-provisioning_rules"), HERE)],
            key: self.task.key(),
            submit: Some("console-rules-preview".to_owned()),
            about: self.about(),
            texts: text.into_iter().collect(),
            fields: self.entered.fields(offered_groups(console, signed).await?),
            hidden: vec![("seen".to_owned(), self.seen.to_string())],
            action: self.action(),
            cancel: HERE.to_owned(),
            ..TaskPage::default()
        })
    }

    /// The rules as they would be. What is wrong with what was typed is told.
    async fn changed(
        &self,
        console: &Console,
        signed: &Signed,
        rules: &[ProvisioningRule],
    ) -> Result<Result<ProvisioningRules, Refused>, Fault> {
        let mut all: Vec<Value> = rules.iter().map(|rule| serde_json::to_value(rule).unwrap_or_default()).collect();
        match self.task {
            Task::New | Task::Edit => {
                let was = self.was.as_ref().map(|rule| &rule.group);
                let Some(rule) = self.entered.json(console, signed, was).await? else {
                    return Ok(Err(Refused::field(GROUP, "console-fault-unknown-group")));
                };
                match all.get_mut(self.place) {
                    Some(one) => *one = rule,
                    None => all.push(rule),
                }
            }
            Task::Up => all.swap(self.place - 1, self.place),
            Task::Down => all.swap(self.place, self.place + 1),
            Task::Remove => drop(all.remove(self.place)),
        }
        let read = ProvisioningRules::read(&json!({ "rules": all }));
        Ok(read.map_err(|wrong| Refused::faults(wrong.iter().map(|fault| told(fault, self.place)).collect())))
    }

    /// Whom it would affect, and the button.
    async fn preview(
        &self,
        console: &Console,
        signed: &Signed,
        (old, rules): (&[ProvisioningRule], &ProvisioningRules),
        refused: Option<Refused>,
    ) -> Answer {
        let (manager, vs) = (&console.parts.manager, &signed.vs.id);
        let old = ProvisioningRules { rules: old.to_vec() };
        let found = manager.preview_change_of_rules(vs, &signed.by(), (&old, rules)).await?;
        let shown = |rules: &ProvisioningRules| rules.shown().get("rules").cloned().unwrap_or_default();
        let change = FieldChange { field: "rules".to_owned(), old: shown(&old), new: shown(rules) };
        let change = SettingChange {
            version: self.seen,
            at: signed.caller.now,
            operator: signed.session.operator.name.clone(),
            changes: vec![change],
        };
        let changes = log::rows(console, vs, &[change]).await?.into_iter().flat_map(|row| row.fields).collect();
        let mut hidden = vec![("seen".to_owned(), self.seen.to_string())];
        if self.task.has_form() {
            hidden.extend(self.entered.hidden());
        }
        let text = (!self.task.has_form()).then(|| Told::new(self.task.key() + "-text"));
        let (status, faults, proof) = match refused {
            None => (StatusCode::OK, Vec::new(), signed.proof_fields()),
            Some(refused) => {
                let proof = refused.proof.map_or_else(|| signed.proof_fields(), |proof| *proof);
                (refused.status, refused.faults, proof)
            }
        };
        let page = ProvisioningPreviewPage {
            crumbs: vec![crumb(Words::words("console-page-provisioning_rules"), HERE)],
            key: self.task.key(),
            about: if self.task == Task::New { self.entered.group.clone() } else { self.about() },
            texts: text.into_iter().collect(),
            changes,
            lines: lines(console, signed, &found).await?,
            counts: found.counts,
            complete: found.complete,
            looked_at: found.looked_at,
            more: found.next.is_some(),
            hidden,
            action: self.action(),
            back: self.task.has_form().then_some(AGAIN),
            cancel: HERE.to_owned(),
            danger: self.task == Task::Remove,
            faults,
            proof,
        };
        show(console, signed, HERE, status, RecordsPage::ProvisioningPreview(Box::new(page)))
    }
}

async fn lines(console: &Console, signed: &Signed, found: &RulePreview) -> Result<Vec<AffectedLine>, Fault> {
    let groups = found.lines.iter().filter_map(|line| line.rule.as_ref()).map(GroupId::as_str);
    let names = changes::names(console, &signed.vs.id, groups).await?;
    let line = |line: &doorward_access::manage::RulePreviewLine| {
        let (skipped, serial) = match &line.effect {
            RuleEffect::Skipped(reason) => (Some(reason.as_str()), None),
            RuleEffect::Loses(serial) => (None, serial.clone()),
            _ => (None, None),
        };
        AffectedLine {
            user: linked(users::HERE, line.user.as_str(), &line.name),
            display_name: line.display_name.clone(),
            effect: line.effect.as_str(),
            skipped,
            serial,
            group: line.rule.as_ref().map(|rule| group_line(&names, rule.as_str()).name),
        }
    };
    Ok(found.lines.iter().map(line).collect())
}

/// `GET /provisioning/rules/new`
pub(super) async fn ask_new(State(console): State<Shared>, signed: Signed) -> Answer {
    let (draft, _) = Draft::new(&console, &signed, None).await?;
    show_task(&console, &signed, HERE, draft.form(&console, &signed).await?, None)
}

/// `GET /provisioning/rules/{place}/{task}`
pub(super) async fn ask(
    State(console): State<Shared>,
    Path((place, task)): Path<(String, String)>,
    signed: Signed,
) -> Answer {
    let (draft, rules) = Draft::new(&console, &signed, Some((&place, &task))).await?;
    if draft.task.has_form() {
        return show_task(&console, &signed, HERE, draft.form(&console, &signed).await?, None);
    }
    match draft.changed(&console, &signed, &rules).await? {
        Ok(changed) => draft.preview(&console, &signed, (&rules, &changed), None).await,
        Err(_) => Err(no_such()),
    }
}

/// `POST /provisioning/rules/new`
pub(super) async fn add(State(console): State<Shared>, post: SignedPost) -> Answer {
    write(&console, post, None).await
}

/// `POST /provisioning/rules/{place}/{task}`
pub(super) async fn act(
    State(console): State<Shared>,
    Path((place, task)): Path<(String, String)>,
    post: SignedPost,
) -> Answer {
    write(&console, post, Some((&place, &task))).await
}

async fn write(console: &Console, mut post: SignedPost, at: Option<(&str, &str)>) -> Answer {
    let seen = seen(&post.fields);
    let Seen { version, .. } = stored(console, &post.signed).await?;
    if version != seen {
        return too_late(console, &post.signed, seen).await;
    }
    let (mut draft, rules) = Draft::new(console, &post.signed, at).await?;
    if draft.task.has_form() {
        draft.entered = Entered::from_form(&post.fields);
    }
    let changed = draft.changed(console, &post.signed, &rules).await?;
    let again = post.fields.get(AGAIN).is_some();
    let changed = match changed {
        Ok(changed) if !again => changed,
        other => {
            let form = draft.form(console, &post.signed).await?;
            let refused = other.err().filter(|_| !again);
            return show_task(console, &post.signed, HERE, form, refused);
        }
    };
    if post.fields.get(CONFIRMED).is_none() {
        return draft.preview(console, &post.signed, (&rules, &changed), None).await;
    }
    if let Some(refused) = unproved(console, &mut post).await? {
        return draft.preview(console, &post.signed, (&rules, &changed), Some(refused)).await;
    }
    match settings::apply(console, &post.signed, KIND, seen, &changed.shown()).await {
        Ok(_) => done(HERE, "saved"),
        Err(ManageError::Conflict) => too_late(console, &post.signed, seen).await,
        Err(ManageError::Invalid(wrong)) => {
            let refused = Refused::faults(wrong.iter().map(|fault| told(fault, draft.place)).collect());
            let form = draft.form(console, &post.signed).await?;
            show_task(console, &post.signed, HERE, form, Some(refused))
        }
        Err(error) => Err(error.into()),
    }
}
