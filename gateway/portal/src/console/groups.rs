//! Groups: a list to look through, one's page with its members and the groups it lies in, and what is done to one. All of it is
//! for administrators, since groups say what people may do.

use axum::extract::{Path, RawQuery, State};
use doorward_access::manage::ManageError;
use doorward_api::settings::SelfProvisioning;
use doorward_api::user::GroupRecord;
use doorward_api::{GroupId, Module, Permission, UserId};
use doorward_views::console::{Field, Said as Words, Told};
use doorward_views::console_records::{Entry, GroupItem, GroupPage, GroupsPage, RecordsPage, TaskPage};
use http::StatusCode;

use super::records::{
    Refused, at, crumb, done, field, linked, notice, offered_groups, offered_users, part, parts, path_with, query,
    show, show_task, typed, unproved,
};
use super::signed::{Signed, SignedPost};
use super::{Console, Shared, provisioning_rules, rules, users};
use crate::answer::Answer;
use crate::fault::Fault;
use crate::fields::Fields;

pub(super) const HERE: &str = "/groups";

const PROVISIONING: &str = "/settings/self-provisioning";

/// What is done to a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Task {
    Rename,
    Delete,
    AddMember,
    RemoveMember,
    AddParent,
    RemoveParent,
}

const TASK: &str = "console-task-group-";

/// What a task takes of whoever asks for it.
pub(super) fn takes(task: &str) -> Option<Permission> {
    Task::parse(task).ok().map(Task::takes)
}

impl Task {
    const fn takes(self) -> Permission {
        if matches!(self, Task::Delete) { Module::Groups.delete() } else { Module::Groups.edit() }
    }

    const ALL: [Task; 6] =
        [Task::Rename, Task::Delete, Task::AddMember, Task::RemoveMember, Task::AddParent, Task::RemoveParent];

    const fn as_str(self) -> &'static str {
        match self {
            Task::Rename => "rename",
            Task::Delete => "delete",
            Task::AddMember => "add-member",
            Task::RemoveMember => "remove-member",
            Task::AddParent => "add-parent",
            Task::RemoveParent => "remove-parent",
        }
    }

    fn parse(text: &str) -> Result<Self, ManageError> {
        Self::ALL.into_iter().find(|task| task.as_str() == text).ok_or(ManageError::NotFound)
    }

    fn key(self) -> String {
        key(self.as_str())
    }

    const fn dangerous(self) -> bool {
        matches!(self, Task::Delete | Task::RemoveMember | Task::RemoveParent)
    }
}

fn key(name: &str) -> String {
    TASK.to_owned() + name
}

/// `GET /groups?q=…&after=…`
pub(super) async fn list(State(console): State<Shared>, RawQuery(raw): RawQuery, signed: Signed) -> Answer {
    let query = query(raw)?;
    let (find, page) = (query.text("q").trim().to_owned(), part(&query));
    let found = console.parts.manager.groups(&signed.vs.id, &find, &page).await?;
    let item = |group: &GroupRecord| GroupItem {
        path: at(HERE, group.id.as_str()),
        name: group.name.clone(),
        members: group.members,
        parents: group.parents.iter().map(|parent| parent.name.clone()).collect(),
    };
    let page = GroupsPage {
        groups: found.items.iter().map(item).collect(),
        parts: parts(HERE, &[("q", &find)], &page.after, found.next.as_deref()),
        find,
        may_edit: signed.may(Module::Groups.edit()),
        notice: notice(&query),
    };
    show(&console, &signed, HERE, StatusCode::OK, RecordsPage::Groups(page))
}

/// `GET /groups/{id}?after=…`
pub(super) async fn one(
    State(console): State<Shared>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
    signed: Signed,
) -> Answer {
    let query = query(raw)?;
    let group = console.parts.manager.group(&signed.vs.id, &GroupId::new(id)).await?;
    let (path, part) = (at(HERE, group.id.as_str()), part(&query));
    let found = console.parts.manager.members(&signed.vs.id, &group.id, &part).await?;
    let out = |task: Task, name: &str, id: &str| path_with(&format!("{path}/{}", task.as_str()), &[(name, id)]);
    let members = found.items.iter().map(|record| Entry {
        of: linked(users::HERE, record.user.id.as_str(), &record.user.name),
        remove: out(Task::RemoveMember, "user", record.user.id.as_str()),
    });
    let parents = group.parents.iter().map(|parent| Entry {
        of: linked(HERE, parent.id.as_str(), &parent.name),
        remove: out(Task::RemoveParent, "into", parent.id.as_str()),
    });
    let named = Told::new("console-group-is-named").at_page(PROVISIONING);
    let mut warnings: Vec<Told> = is_named(&console, &signed, &group.id).await?.then_some(named).into_iter().collect();
    warnings.extend(rules::naming(&console, &signed, &group.id).await?);
    warnings.extend(provisioning_rules::naming(&console, &signed, &group.id).await?);
    let page = GroupPage {
        members: members.collect(),
        parents: parents.collect(),
        parts: parts(&path, &[], &part.after, found.next.as_deref()),
        warnings,
        path,
        name: group.name.clone(),
        count: group.members,
        may_edit: signed.may(Module::Groups.edit()),
        may_delete: signed.may(Module::Groups.delete()),
        notice: notice(&query),
    };
    show(&console, &signed, HERE, StatusCode::OK, RecordsPage::Group(Box::new(page)))
}

/// Whether self-provisioning names it.
async fn is_named(console: &Console, signed: &Signed, group: &GroupId) -> Result<bool, Fault> {
    let settings = console.parts.manager.setting::<SelfProvisioning>(&signed.vs.id).await?.document;
    Ok(settings.target_users.groups().contains(group))
}

/// `GET /groups/new`
pub(super) async fn ask_new(State(console): State<Shared>, signed: Signed) -> Answer {
    show_task(&console, &signed, HERE, new_task(""), None)
}

fn name_field(name: impl Into<String>) -> Field {
    Field { label: "console-field-group".to_owned(), ..field("name", "text", name) }
}

fn new_task(name: &str) -> TaskPage {
    TaskPage {
        crumbs: vec![crumb(Words::words("console-page-groups"), HERE)],
        key: key("new"),
        fields: vec![name_field(name)],
        action: format!("{HERE}/new"),
        cancel: HERE.to_owned(),
        ..TaskPage::default()
    }
}

/// `POST /groups/new`
pub(super) async fn add(State(console): State<Shared>, mut post: SignedPost) -> Answer {
    let mut refused = unproved(&console, &mut post).await?;
    let (signed, name) = (&post.signed, post.fields.text("name"));
    if refused.is_none() {
        match console.parts.manager.add_group(&signed.vs.id, &signed.by(), name).await {
            Ok(group) => return done(&at(HERE, group.id.as_str()), "created"),
            Err(error) => refused = Some(Refused::of(error)?),
        }
    }
    show_task(&console, signed, HERE, new_task(name), refused)
}

/// `GET /groups/{id}/{task}`
pub(super) async fn ask(
    State(console): State<Shared>,
    Path((id, task)): Path<(String, String)>,
    RawQuery(raw): RawQuery,
    signed: Signed,
) -> Answer {
    let task = Task::parse(&task)?;
    signed.must(task.takes())?;
    let asked = query(raw)?;
    let group = console.parts.manager.group(&signed.vs.id, &GroupId::new(id)).await?;
    let page = page(&console, &signed, task, &group, &asked).await?;
    show_task(&console, &signed, HERE, page, None)
}

async fn page(
    console: &Console,
    signed: &Signed,
    task: Task,
    group: &GroupRecord,
    fields: &Fields,
) -> Result<TaskPage, Fault> {
    let (manager, vs) = (&console.parts.manager, &signed.vs.id);
    let path = at(HERE, group.id.as_str());
    let mut page = TaskPage {
        crumbs: vec![crumb(Words::words("console-page-groups"), HERE), crumb(Words::text(group.name.as_str()), &path)],
        key: task.key(),
        about: group.name.clone(),
        action: format!("{path}/{}", task.as_str()),
        cancel: path,
        danger: task.dangerous(),
        ..TaskPage::default()
    };
    let text = Told::new(task.key() + "-text");
    match task {
        Task::Rename => {
            page.texts.push(text);
            let name = fields.get("name").map_or(group.name.as_str(), |name| name.expose());
            page.fields.push(name_field(name));
        }
        Task::Delete => {
            page.texts.push(text);
            page.texts.push(Told::new("console-task-group-delete-members").about(group.members.to_string()));
            if is_named(console, signed, &group.id).await? {
                page.warnings.push(Told::new("console-task-group-delete-named").at_page(PROVISIONING));
            }
            page.warnings.extend(rules::naming(console, signed, &group.id).await?);
            page.warnings.extend(provisioning_rules::naming(console, signed, &group.id).await?);
            page.warnings.extend(provisioning_rules::lets_go(console, signed, &group.parents).await?);
        }
        Task::AddMember => {
            let offered = offered_users(console, signed).await?;
            page.fields.push(Field { offered, ..field("user", "suggest", typed(Some(fields), "user", "")) });
        }
        Task::AddParent => {
            let mut offered = offered_groups(console, signed).await?;
            offered.retain(|name| *name != group.name);
            page.fields.push(Field { offered, ..field("into", "suggest", typed(Some(fields), "into", "")) });
        }
        Task::RemoveMember => {
            let user = manager.user(vs, &UserId::new(fields.text("user"))).await?;
            page.hidden.push(("user".to_owned(), user.user.id.to_string()));
            let others = user.direct_groups.iter().map(|one| one.id.clone()).filter(|one| *one != group.id);
            let stays = others.collect();
            page.warnings.extend(provisioning_rules::would_lose(console, signed, &user, stays).await?);
            page.texts.push(text.about(user.user.name));
        }
        Task::RemoveParent => {
            let outer = manager.group(vs, &GroupId::new(fields.text("into"))).await?;
            page.hidden.push(("into".to_owned(), outer.id.to_string()));
            page.warnings.extend(provisioning_rules::would_take(console, signed, (&group.id, &outer.id)).await?);
            page.texts.push(text.about(outer.name));
        }
    }
    Ok(page)
}

/// `POST /groups/{id}/{task}`
pub(super) async fn act(
    State(console): State<Shared>,
    Path((id, task)): Path<(String, String)>,
    mut post: SignedPost,
) -> Answer {
    let task = Task::parse(&task)?;
    post.signed.must(task.takes())?;
    let group = console.parts.manager.group(&post.signed.vs.id, &GroupId::new(id)).await?;
    let mut refused = unproved(&console, &mut post).await?;
    let (signed, fields) = (&post.signed, &post.fields);
    if refused.is_none() {
        match carry_out(&console, signed, task, &group, fields).await {
            Ok(Ok(answer)) => return answer,
            Ok(Err(fault)) => refused = Some(fault),
            Err(error) => refused = Some(Refused::of(error)?),
        }
    }
    let page = page(&console, signed, task, &group, fields).await?;
    show_task(&console, signed, HERE, page, refused)
}

async fn carry_out(
    console: &Console,
    signed: &Signed,
    task: Task,
    group: &GroupRecord,
    fields: &Fields,
) -> Result<Result<Answer, Refused>, ManageError> {
    let (manager, vs, by, id) = (&console.parts.manager, &signed.vs.id, signed.by(), &group.id);
    let path = at(HERE, id.as_str());
    Ok(Ok(match task {
        Task::Rename => {
            manager.rename_group(vs, &by, id, fields.text("name")).await?;
            done(&path, "saved")
        }
        Task::Delete => {
            manager.delete_group(vs, &by, id).await?;
            done(HERE, "deleted")
        }
        Task::AddMember => {
            let Some(user) = manager.user_named(vs, fields.text("user")).await? else {
                return Ok(Err(Refused::field("user", "console-fault-unknown-user")));
            };
            manager.set_member(vs, &by, id, &user.user.id, true).await?;
            done(&path, "member")
        }
        Task::RemoveMember => {
            manager.set_member(vs, &by, id, &UserId::new(fields.text("user")), false).await?;
            done(&path, "member-removed")
        }
        Task::AddParent => {
            let Some(outer) = manager.group_named(vs, fields.text("into").trim()).await? else {
                return Ok(Err(Refused::field("into", "console-fault-unknown-group")));
            };
            manager.nest_group(vs, &by, id, &outer.id, true).await?;
            done(&path, "parent")
        }
        Task::RemoveParent => {
            manager.nest_group(vs, &by, id, &GroupId::new(fields.text("into")), false).await?;
            done(&path, "parent-removed")
        }
    }))
}
