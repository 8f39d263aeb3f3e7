//! Settings > Enrolment Rules: a list, and what is done to one rule. Each of these is a change of the one document, by whoever has
//! seen it as it stands.

mod form;
pub(super) mod log;

use axum::extract::{Path, RawQuery, State};
use doorward_access::arrival::ErrorKind;
use doorward_access::manage::ManageError;
use doorward_api::settings::{EnrolmentRule, EnrolmentRules, ExtraProof, Seen, SettingKind};
use doorward_api::{GroupId, Module};
use doorward_tokens::Terms;
use doorward_tokens::settings::{Checked, MOST_RULES};
use doorward_views::console::{ChangeRow, ConsolePage, Said as Words, SettingPage, Told};
use doorward_views::console_enrolment::{RuleLine, RuleList, RuleTask, rule_group_gone};
use doorward_views::console_records::{Fact, RecordsPage, TaskPage};
use http::StatusCode;
use serde_json::Value;

use super::changes::{self, Names, group_line};
use super::panels::{SETTINGS, label};
use super::records::{Refused, crumb, offered_groups, show, show_task, unproved};
use super::settings::{self, applied, seen};
use super::signed::{Signed, SignedPost};
use super::{Console, Shared};
use crate::answer::Answer;
use crate::fault::Fault;
use crate::fields::Fields;
use form::Entered;

pub(super) const HERE: &str = "/settings/enrolment-rules";

const KIND: SettingKind = SettingKind::EnrolmentRules;

/// The rules as they stand.
pub(super) async fn stored(console: &Console, signed: &Signed) -> Result<Seen<EnrolmentRules>, ManageError> {
    console.parts.manager.setting::<EnrolmentRules>(&signed.vs.id).await
}

/// The names of the groups that rules name.
async fn names(console: &Console, signed: &Signed, rules: &[EnrolmentRule]) -> Result<Names, Fault> {
    let groups = rules.iter().flat_map(|rule| &rule.groups).map(GroupId::as_str);
    changes::names(console, &signed.vs.id, groups).await
}

/// A rule that nobody can do anything to.
fn line(rule: &EnrolmentRule, names: &Names) -> RuleLine {
    let networks = match &rule.proof {
        ExtraProof::TrustedNetwork(networks) => networks.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    };
    RuleLine {
        name: rule.name.clone(),
        groups: rule.groups.iter().map(|group| group_line(names, group.as_str())).collect(),
        percentage: rule.percentage,
        starts_on: rule.starts_on.map(String::from),
        deadline: rule.deadline.map(String::from),
        proof: rule.proof.as_str(),
        networks,
        probation_hours: rule.probation_hours,
        ..RuleLine::default()
    }
}

/// One of a list, with the ways to what is done to it.
fn listed(rule: &EnrolmentRule, names: &Names, place: usize, of: usize) -> RuleLine {
    let path = |task: RuleTask| Some(task_path(place, task));
    RuleLine {
        up: path(RuleTask::Up).filter(|_| place > 0),
        down: path(RuleTask::Down).filter(|_| place + 1 < of),
        edit: path(RuleTask::Edit),
        remove: path(RuleTask::Remove),
        ..line(rule, names)
    }
}

/// Places count from 0 here, and from 1 where people see them.
fn task_path(place: usize, task: RuleTask) -> String {
    format!("{HERE}/{}/{}", place + 1, task.as_str())
}

fn new_path() -> String {
    format!("{HERE}/{}", RuleTask::New.as_str())
}

/// On which terms somebody enrols; and whether there are rules of which none fits them.
pub(super) async fn terms(
    console: &Console,
    signed: &Signed,
    terms: &Terms,
) -> Result<(Option<RuleLine>, bool), Fault> {
    let rules = stored(console, signed).await?.document.rules;
    let rule = rules.iter().find(|rule| terms.rule.as_ref() == Some(&rule.name));
    let Some(rule) = rule else { return Ok((None, !rules.is_empty())) };
    let names = names(console, signed, std::slice::from_ref(rule)).await?;
    // A deadline that is over puts nothing off.
    let line = RuleLine {
        deadline: rule.deadline.map(String::from).filter(|_| terms.later_until.is_some()),
        ..line(rule, &names)
    };
    Ok((Some(line), false))
}

/// The rules that name a group which was deleted.
pub(super) async fn of_groups_gone(console: &Console, signed: &Signed) -> Result<Vec<Told>, Fault> {
    let rules = stored(console, signed).await?.document.rules;
    let names = names(console, signed, &rules).await?;
    Ok(groups_gone(&rules, &names))
}

fn groups_gone(rules: &[EnrolmentRule], names: &Names) -> Vec<Told> {
    let gone = |rule: &&EnrolmentRule| rule.groups.iter().any(|group| group_line(names, group.as_str()).gone);
    rules.iter().filter(gone).map(|rule| rule_group_gone(&rule.name, HERE)).collect()
}

/// The rules that name a group.
pub(super) async fn naming(console: &Console, signed: &Signed, group: &GroupId) -> Result<Vec<Told>, Fault> {
    let rules = stored(console, signed).await?.document.rules;
    let told = |rule: &EnrolmentRule| Told::new("console-group-is-named-rule").about(&rule.name).at_page(HERE);
    Ok(rules.iter().filter(|rule| rule.groups.contains(group)).map(told).collect())
}

/// Whether nobody gets a token with the emailed code alone: each rule up to the first that is for everybody asks for more.
pub(super) async fn ask_everybody_for_more(console: &Console, signed: &Signed) -> Result<bool, Fault> {
    let rules = stored(console, signed).await?.document.rules;
    let Some(last) = rules.iter().position(|rule| rule.groups.is_empty()) else { return Ok(false) };
    Ok(rules.iter().take(last + 1).all(|rule| rule.proof != ExtraProof::None))
}

/// `GET /settings/enrolment-rules`
pub(super) async fn list(State(console): State<Shared>, RawQuery(query): RawQuery, signed: Signed) -> Answer {
    let notice = settings::notice(query.as_deref());
    list_page(&console, &signed, StatusCode::OK, SettingPage { notice, ..SettingPage::default() }).await
}

async fn list_page(console: &Console, signed: &Signed, status: StatusCode, page: SettingPage) -> Answer {
    let Seen { document: EnrolmentRules { rules }, version } = stored(console, signed).await?;
    let names = names(console, signed, &rules).await?;
    let (count, may_edit) = (rules.len(), signed.may(Module::SelfProvisioning.edit()));
    let full = count >= MOST_RULES as usize;
    let line = |(place, rule): (usize, &EnrolmentRule)| {
        if may_edit { listed(rule, &names, place, count) } else { line(rule, &names) }
    };
    let list = RuleList {
        lines: rules.iter().enumerate().map(line).collect(),
        add: (may_edit && !full).then(new_path),
        full: may_edit && full,
    };
    let changes = console.parts.manager.change_log(&signed.vs.id, KIND).await?;
    let page = SettingPage {
        name: KIND.as_str().to_owned(),
        path: HERE.to_owned(),
        crumbs: SETTINGS.iter().map(|key| (*key).to_owned()).collect(),
        seen: version,
        sections: vec![list.section()],
        warnings: groups_gone(&rules, &names),
        log: log::rows(console, &signed.vs.id, &changes).await?,
        ..page
    };
    console.page(signed, HERE, status, ConsolePage::Setting(Box::new(page)))
}

/// The list, after a button on it, or a form of one step, that came too late.
async fn too_late(console: &Console, signed: &Signed, seen: i64) -> Answer {
    let conflict = made_since(console, signed, seen).await?;
    list_page(console, signed, StatusCode::CONFLICT, SettingPage { conflict, ..SettingPage::default() }).await
}

async fn made_since(console: &Console, signed: &Signed, seen: i64) -> Result<Vec<ChangeRow>, Fault> {
    let mut changes = console.parts.manager.change_log(&signed.vs.id, KIND).await?;
    changes.retain(|entry| entry.version > seen);
    log::rows(console, &signed.vs.id, &changes).await
}

/// Changes the rules that were seen. Whether anything is changed by it.
async fn put(
    console: &Console,
    signed: &Signed,
    seen: i64,
    change: impl FnOnce(&mut Vec<Value>),
) -> Result<bool, ManageError> {
    let Seen { document, version } = stored(console, signed).await?;
    if version != seen {
        return Err(ManageError::Conflict);
    }
    let mut shown = document.shown();
    if let Some(rules) = shown.get_mut("rules").and_then(Value::as_array_mut) {
        change(rules);
    }
    settings::apply(console, signed, KIND, seen, &shown).await
}

fn no_such() -> Fault {
    Fault::new(ErrorKind::NotFound, "no such rule, or nothing of this kind is done to it")
}

/// What is done to which: `2` and `edit`.
fn of_path(place: &str, task: &str) -> Result<(usize, RuleTask), Fault> {
    let place = place.parse::<usize>().ok().and_then(|place| place.checked_sub(1));
    let task = RuleTask::parse(task).filter(|task| *task != RuleTask::New);
    place.zip(task).ok_or_else(no_such)
}

/// Whether it can be done to the rule at a place.
fn possible(task: RuleTask, place: usize, rules: &[EnrolmentRule]) -> bool {
    match task {
        RuleTask::New => true,
        RuleTask::Edit | RuleTask::Remove => place < rules.len(),
        RuleTask::Up => (1..rules.len()).contains(&place),
        RuleTask::Down => place.saturating_add(1) < rules.len(),
    }
}

fn rule_at(rules: &[EnrolmentRule], place: usize, task: RuleTask) -> Result<&EnrolmentRule, Fault> {
    rules.get(place).filter(|_| possible(task, place, rules)).ok_or_else(no_such)
}

/// `GET /settings/enrolment-rules/new`
pub(super) async fn ask_new(State(console): State<Shared>, signed: Signed) -> Answer {
    let version = stored(&console, &signed).await?.version;
    let form = Form { of: None, entered: Entered::of_new(), seen: version };
    show_task(&console, &signed, HERE, form.page(&console, &signed).await?, None)
}

/// `GET /settings/enrolment-rules/{place}/{task}`
pub(super) async fn ask(
    State(console): State<Shared>,
    Path((place, task)): Path<(String, String)>,
    signed: Signed,
) -> Answer {
    let (place, task) = of_path(&place, &task)?;
    let Seen { document, version } = stored(&console, &signed).await?;
    let rule = rule_at(&document.rules, place, task)?;
    let page = match task {
        RuleTask::Edit => {
            let form = Form { of: Some((place, rule.name.clone())), entered: Entered::of(rule), seen: version };
            form.page(&console, &signed).await?
        }
        _ => step_page(task, place, &rule.name, version),
    };
    show_task(&console, &signed, HERE, page, None)
}

/// The form of a step that has no fields.
fn step_page(task: RuleTask, place: usize, name: &str, seen: i64) -> TaskPage {
    TaskPage {
        crumbs: vec![crumb(Words::words("console-page-enrolment_rules"), HERE)],
        key: task.key(),
        about: name.to_owned(),
        texts: vec![task.text()],
        hidden: vec![("seen".to_owned(), seen.to_string())],
        action: task_path(place, task),
        cancel: HERE.to_owned(),
        danger: task == RuleTask::Remove,
        ..TaskPage::default()
    }
}

/// A rule that is being typed.
struct Form {
    /// The place of the one that it takes the place of, and how that was called; a new one where there is none.
    of: Option<(usize, String)>,
    entered: Entered,
    seen: i64,
}

impl Form {
    async fn page(&self, console: &Console, signed: &Signed) -> Result<TaskPage, Fault> {
        let groups = self.entered.groups.iter().map(String::as_str);
        let names = changes::names(console, &signed.vs.id, groups).await?;
        let offered = offered_groups(console, signed).await?;
        let (task, about, action) = match &self.of {
            Some((place, name)) => (RuleTask::Edit, name.as_str(), task_path(*place, RuleTask::Edit)),
            None => (RuleTask::New, "", new_path()),
        };
        let mut hidden = vec![("seen".to_owned(), self.seen.to_string())];
        hidden.extend((!about.is_empty()).then(|| (WAS.to_owned(), about.to_owned())));
        Ok(TaskPage {
            crumbs: vec![crumb(Words::words("console-page-enrolment_rules"), HERE)],
            key: task.key(),
            submit: Some("console-apply".to_owned()),
            about: about.to_owned(),
            fields: self.entered.fields(&names, offered),
            hidden,
            action,
            cancel: HERE.to_owned(),
            ..TaskPage::default()
        })
    }
}

/// How the rule was called that a form changes: places may be others by the time it is sent.
const WAS: &str = "was";

/// `POST /settings/enrolment-rules/new`
pub(super) async fn add(State(console): State<Shared>, post: SignedPost) -> Answer {
    write(&console, post, None).await
}

/// `POST /settings/enrolment-rules/{place}/{task}`
pub(super) async fn act(
    State(console): State<Shared>,
    Path((place, task)): Path<(String, String)>,
    post: SignedPost,
) -> Answer {
    let (place, task) = of_path(&place, &task)?;
    match task {
        RuleTask::Edit => {
            let was = post.fields.text(WAS).to_owned();
            write(&console, post, Some((place, was))).await
        }
        _ => step(&console, post, task, place).await,
    }
}

/// A rule as it was typed takes the place of another, or comes behind all others.
async fn write(console: &Console, mut post: SignedPost, of: Option<(usize, String)>) -> Answer {
    let mut form = Form { of, entered: Entered::from_form(&post.fields), seen: seen(&post.fields) };
    let only_shown = post.fields.get("choose").is_some();
    let mut refused = form.entered.take_group(console, &post.signed).await?;
    if refused.is_none() && !only_shown {
        refused = unproved(console, &mut post).await?;
    }
    let signed = &post.signed;
    if refused.is_none() && !only_shown {
        match apply(console, signed, &form).await {
            Ok(changed) => return applied(HERE, changed),
            Err(ManageError::Conflict) => return changed_meanwhile(console, signed, form).await,
            Err(ManageError::Invalid(faults)) => {
                let place = place_of(console, signed, &form).await?;
                let told = faults.iter().map(|fault| form.entered.told(fault, place)).collect();
                refused = Some(Refused::faults(told));
            }
            Err(error) => return Err(error.into()),
        }
    }
    show_task(console, signed, HERE, form.page(console, signed).await?, refused)
}

async fn apply(console: &Console, signed: &Signed, form: &Form) -> Result<bool, ManageError> {
    let rule = form.entered.json();
    put(console, signed, form.seen, |rules| match &form.of {
        None => rules.push(rule),
        Some((place, _)) => {
            if let Some(one) = rules.get_mut(*place) {
                *one = rule;
            }
        }
    })
    .await
}

/// The place of the rule among the others, as faults name it.
async fn place_of(console: &Console, signed: &Signed, form: &Form) -> Result<usize, Fault> {
    match &form.of {
        Some((place, _)) => Ok(*place),
        None => Ok(stored(console, signed).await?.document.rules.len()),
    }
}

/// Somebody else was faster: what the rule says now is told beside what was typed. One that is gone can still be added.
async fn changed_meanwhile(console: &Console, signed: &Signed, form: Form) -> Answer {
    let Seen { document: EnrolmentRules { rules }, version } = stored(console, signed).await?;
    let names = names(console, signed, &rules).await?;
    let was = form.of.as_ref().map(|(_, was)| was.clone());
    let there = rules.iter().enumerate().find(|(_, rule)| was.as_ref() == Some(&rule.name));
    let conflict = match there {
        Some((_, rule)) => log::facts(rule, &names),
        None => {
            let all: Vec<&str> = rules.iter().map(|rule| rule.name.as_str()).collect();
            let gone = was.map(|_| Fact { label: label("rule"), said: Words::Nothing });
            let others = Fact { label: "console-section-rules".to_owned(), said: Words::text(all.join(", ")) };
            gone.into_iter().chain([others]).collect()
        }
    };
    let of = there.map(|(place, rule)| (place, rule.name.clone()));
    let page = Form { of, seen: version, ..form }.page(console, signed).await?;
    let page = TaskPage { conflict, proof: signed.proof_fields(), ..page };
    show(console, signed, HERE, StatusCode::CONFLICT, RecordsPage::Task(Box::new(page)))
}

/// Up, down, or away: sent by a button of the list, or by the form of one step.
async fn step(console: &Console, mut post: SignedPost, task: RuleTask, place: usize) -> Answer {
    let seen = seen(&post.fields);
    let Seen { document, version } = stored(console, &post.signed).await?;
    if version != seen {
        return too_late(console, &post.signed, seen).await;
    }
    let page = step_page(task, place, &rule_at(&document.rules, place, task)?.name, seen);
    if post.signed.proof_fields().asked && !asks_for_proof(&post.fields) {
        // The button could not ask for it.
        return show_task(console, &post.signed, HERE, page, None);
    }
    if let Some(refused) = unproved(console, &mut post).await? {
        return show_task(console, &post.signed, HERE, page, Some(refused));
    }
    match put(console, &post.signed, seen, |rules| carry_out(task, place, rules)).await {
        Ok(changed) => applied(HERE, changed),
        Err(ManageError::Conflict) => too_late(console, &post.signed, seen).await,
        Err(error) => Err(error.into()),
    }
}

fn carry_out(task: RuleTask, place: usize, rules: &mut Vec<Value>) {
    let other = match task {
        RuleTask::Up => place.checked_sub(1),
        RuleTask::Down => place.checked_add(1),
        RuleTask::New | RuleTask::Edit | RuleTask::Remove => None,
    };
    let there = |place: usize| place < rules.len();
    match other {
        Some(other) if there(place) && there(other) => rules.swap(place, other),
        None if there(place) && task == RuleTask::Remove => drop(rules.remove(place)),
        _ => {}
    }
}

fn asks_for_proof(fields: &Fields) -> bool {
    fields.get("proof_password").is_some()
}
