//! Users: a list to look through, one's page, and what is done to one, each with a form of its own. The help desk cares for
//! users; groups and deletion are for administrators.

use axum::extract::{Path, RawQuery, State};
use doorward_access::manage::{CallerCheck, GivenPassword, ManageError, NewUserForm, UserForm};
use doorward_access::recovery::RecoveryLeft;
use doorward_api::credential::TokenRecord;
use doorward_api::ports::{Page, TokenFilter};
use doorward_api::user::UserRecord;
use doorward_api::{GrantState, GroupId, GroupRef, Module, Permission, Secret, UserId};
use doorward_tokens::NeededGrant;
use doorward_views::console::{Fault as Said, Field, Said as Words, Told};
use doorward_views::console_enrolment::REQUESTS;
use doorward_views::console_records::{
    Fact, GivenPage, Linked, RecordsPage, Recovery, TaskLink, TaskPage, Temporary, UserLine, UserPage, UsersPage,
    in_groups_of_four,
};
use http::StatusCode;

use super::grants::{FROM, LIST, Standing};
use super::records::{
    Refused, at, choice, crumb, done, field, give, hinted, linked, notice, offered_groups, part, parts, query, show,
    show_task, typed, unproved,
};
use super::signed::{Signed, SignedPost};
use super::{
    Console, Shared, changes, groups, provisioning, provisioning_rules, rules, settings, tokens, verification,
};
use crate::answer::{Answer, see_other};
use crate::fault::Fault;
use crate::fields::Fields;

pub(super) const HERE: &str = "/users";

/// Hours that the form begins with: a working day, and the night before.
const SOME_HOURS: &str = "24";

/// More tokens than anybody has.
const THEIR_TOKENS: u32 = 200;

/// What is done to a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Task {
    Edit,
    Password,
    Temporary,
    Withdraw,
    WithdrawRecoveryCodes,
    Approve,
    HelpDeskCode,
    Refuse,
    WithdrawGrant,
    Verify,
    Unlock,
    SignOut,
    Enable,
    Disable,
    Delete,
}

impl Task {
    /// In the order of the page.
    const ALL: [Task; 15] = [
        Task::Edit,
        Task::Password,
        Task::Temporary,
        Task::Withdraw,
        Task::WithdrawRecoveryCodes,
        Task::Approve,
        Task::HelpDeskCode,
        Task::Refuse,
        Task::WithdrawGrant,
        Task::Verify,
        Task::Unlock,
        Task::SignOut,
        Task::Enable,
        Task::Disable,
        Task::Delete,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Task::Edit => "edit",
            Task::Password => "password",
            Task::Temporary => "temporary",
            Task::Withdraw => "withdraw",
            Task::WithdrawRecoveryCodes => "withdraw-recovery-codes",
            Task::Approve => "approve",
            Task::HelpDeskCode => "help-desk-code",
            Task::Refuse => "refuse",
            Task::WithdrawGrant => "withdraw-grant",
            Task::Verify => "verify",
            Task::Unlock => "unlock",
            Task::SignOut => "sign-out",
            Task::Enable => "enable",
            Task::Disable => "disable",
            Task::Delete => "delete",
        }
    }

    fn parse(text: &str) -> Result<Self, ManageError> {
        Self::ALL.into_iter().find(|task| task.as_str() == text).ok_or(ManageError::NotFound)
    }

    fn key(self) -> String {
        key(self.as_str())
    }

    const fn dangerous(self) -> bool {
        matches!(self, Task::WithdrawRecoveryCodes | Task::Refuse | Task::WithdrawGrant | Task::Disable | Task::Delete)
    }

    const fn takes(self) -> Permission {
        if matches!(self, Task::Delete) { Module::Users.delete() } else { Module::Users.edit() }
    }

    fn may(self, signed: &Signed) -> Result<(), Fault> {
        signed.must(self.takes())
    }

    fn possible(
        self,
        user: &UserRecord,
        standing: &Standing,
        recovery: Option<&RecoveryLeft>,
        locked: bool,
        signed: &Signed,
    ) -> bool {
        let there = match self {
            Task::Withdraw => temporary(user, signed).is_some(),
            Task::WithdrawRecoveryCodes => recovery.is_some_and(|recovery| recovery.left > 0),
            Task::Approve => {
                let asked = standing.is(GrantState::Asked);
                asked || standing.needs(NeededGrant::Approval) && !standing.is(GrantState::Approved)
            }
            Task::HelpDeskCode => standing.needs(NeededGrant::HelpDeskCode),
            Task::Refuse => standing.is(GrantState::Asked),
            Task::WithdrawGrant => standing.any(),
            Task::Unlock => locked,
            Task::Enable => user.user.disabled,
            // Whoever is switched off is nobody to the help desk either.
            Task::Verify | Task::Disable => !user.user.disabled,
            _ => true,
        };
        there && self.may(signed).is_ok()
    }
}

const TASK: &str = "console-task-user-";

fn key(name: &str) -> String {
    TASK.to_owned() + name
}

/// `GET /users?q=…&after=…`
pub(super) async fn list(State(console): State<Shared>, RawQuery(raw): RawQuery, signed: Signed) -> Answer {
    let query = query(raw)?;
    let (find, page) = (query.text("q").trim().to_owned(), part(&query));
    let found = console.parts.manager.users(&signed.vs.id, &find, &page).await?;
    let mut users = Vec::new();
    for user in &found.items {
        users.push(line(&console, &signed, user).await?);
    }
    let page = UsersPage {
        parts: parts(HERE, &[("q", &find)], &page.after, found.next.as_deref()),
        find,
        users,
        may_add: signed.may(Module::Users.edit()),
        notice: notice(&query),
    };
    show(&console, &signed, HERE, StatusCode::OK, RecordsPage::Users(page))
}

async fn line(console: &Console, signed: &Signed, user: &UserRecord) -> Result<UserLine, Fault> {
    let tokens = tokens_of(console, signed, &user.user.id).await?;
    let token_locked = tokens.iter().any(|token| token.locked_until.is_some_and(|end| end > signed.caller.now));
    let badges = [
        ("disabled", user.user.disabled),
        ("locked", token_locked),
        ("no-token", !tokens.iter().any(|token| token.form.is_token())),
    ];
    Ok(UserLine {
        path: at(HERE, user.user.id.as_str()),
        name: user.user.name.clone(),
        display_name: user.user.display_name.clone(),
        email: user.user.email.clone(),
        badges: badges.into_iter().filter_map(|(badge, there)| there.then_some(badge)).collect(),
    })
}

async fn tokens_of(console: &Console, signed: &Signed, user: &UserId) -> Result<Vec<TokenRecord>, Fault> {
    let filter = TokenFilter { owner: Some(user.clone()), ..TokenFilter::default() };
    let page = Page { after: String::new(), limit: THEIR_TOKENS };
    Ok(console.parts.manager.tokens(&signed.vs.id, &filter, &page).await?.items)
}

/// `GET /users/{id}`
pub(super) async fn one(
    State(console): State<Shared>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
    signed: Signed,
) -> Answer {
    let query = query(raw)?;
    let user = console.parts.manager.user(&signed.vs.id, &UserId::new(id)).await?;
    let path = at(HERE, user.user.id.as_str());
    let theirs = tokens_of(&console, &signed, &user.user.id).await?;
    let lines = theirs.iter().map(|token| {
        let line = tokens::line(token, signed.caller.now);
        doorward_views::console_records::TokenLine { owner: None, ..line }
    });
    let preview = console.parts.manager.preview(&signed.vs.id, &user.user.name, signed.caller.now).await?;
    let standing = Standing::of(&console, &signed, &user).await?;
    let recovery = console.parts.manager.recovery_codes(&signed.vs.id, &user.user.id).await?;
    let locked_until = console.parts.manager.user_locked_until(&signed.vs.id, &user.user.id, signed.caller.now).await?;
    let outer = user.user.groups.iter().filter(|group| !user.direct_groups.contains(group));
    let possible = |task: &Task| task.possible(&user, &standing, recovery.as_ref(), locked_until.is_some(), &signed);
    let tasks = Task::ALL.into_iter().filter(possible).map(|task| TaskLink {
        path: format!("{path}/{}", task.as_str()),
        key: task.key(),
        danger: task.dangerous(),
    });
    let tasks = tasks.chain(provisioning::of_user(&signed, &path));
    let page = UserPage {
        tokens: lines.collect(),
        offer: settings::outcome(&console, &signed, preview).await?,
        groups: user.direct_groups.iter().map(group_link).collect(),
        outer_groups: outer.map(group_link).collect(),
        temporary: temporary(&user, &signed),
        recovery: recovery.map(|RecoveryLeft { left, made_at }| Recovery { left, made_at }),
        granted: standing.granted(),
        tasks: tasks.collect(),
        name: user.user.name.clone(),
        display_name: user.user.display_name.clone(),
        email: user.user.email.clone(),
        disabled: user.user.disabled,
        locked_until,
        has_password: user.has_password,
        created_at: user.created_at,
        notice: notice(&query),
    };
    show(&console, &signed, HERE, StatusCode::OK, RecordsPage::User(Box::new(page)))
}

fn group_link(group: &GroupRef) -> Linked {
    linked(groups::HERE, group.id.as_str(), &group.name)
}

/// The temporary passcode that is good now.
fn temporary(user: &UserRecord, signed: &Signed) -> Option<Temporary> {
    let (until, reason) = user.temporary_passcode.clone()?;
    (until > signed.caller.now).then_some(Temporary { until, reason })
}

/// A record as it is being typed.
struct Entered {
    display_name: String,
    email: String,
    groups: Vec<GroupId>,
    group_add: String,
}

impl Entered {
    fn of(user: &UserRecord) -> Self {
        Self {
            display_name: user.user.display_name.clone(),
            email: user.user.email.clone().unwrap_or_default(),
            groups: user.direct_groups.iter().map(|group| group.id.clone()).collect(),
            group_add: String::new(),
        }
    }

    /// Whoever may not change groups has no fields for them: those that were stay.
    fn read(fields: &Fields, signed: &Signed, were: Vec<GroupId>) -> Self {
        let ticked = fields.names().filter_map(|name| name.strip_prefix("group.")).map(GroupId::from);
        let regroups = signed.may(Module::Groups.edit());
        Self {
            display_name: fields.text("display_name").to_owned(),
            email: fields.text("email").to_owned(),
            groups: if regroups { ticked.collect() } else { were },
            group_add: if regroups { fields.text("group_add").trim().to_owned() } else { String::new() },
        }
    }

    /// Takes the group whose name was typed to the others.
    async fn add_group(&mut self, console: &Console, signed: &Signed) -> Result<Option<Refused>, Fault> {
        if self.group_add.is_empty() {
            return Ok(None);
        }
        let Some(group) = console.parts.manager.group_named(&signed.vs.id, &self.group_add).await? else {
            return Ok(Some(Refused::field("groups", "console-fault-unknown-group")));
        };
        if !self.groups.contains(&group.id) {
            self.groups.push(group.id);
        }
        self.group_add.clear();
        Ok(None)
    }

    async fn fields(&self, console: &Console, signed: &Signed) -> Result<Vec<Field>, Fault> {
        let mut fields = vec![
            field("display_name", "text", self.display_name.as_str()),
            hinted(field("email", "text", self.email.as_str())),
        ];
        if signed.may(Module::Groups.edit()) {
            let names = changes::names(console, &signed.vs.id, self.groups.iter().map(GroupId::as_str)).await?;
            let line = |id: &GroupId| changes::group_line(&names, id.as_str());
            fields.push(Field {
                groups: self.groups.iter().map(line).collect(),
                offered: offered_groups(console, signed).await?,
                ..field("groups", "member-of", self.group_add.as_str())
            });
        }
        Ok(fields)
    }

    fn form(&self) -> UserForm {
        UserForm { display_name: self.display_name.clone(), email: self.email.clone(), groups: self.groups.clone() }
    }
}

/// What a task takes of whoever asks for it.
pub(super) fn takes(task: &str) -> Option<Permission> {
    Task::parse(task).ok().map(Task::takes)
}

/// `GET /users/new`
pub(super) async fn ask_new(State(console): State<Shared>, signed: Signed) -> Answer {
    let entered =
        Entered { display_name: String::new(), email: String::new(), groups: Vec::new(), group_add: String::new() };
    let task = new_task(&console, &signed, None, &entered).await?;
    show_task(&console, &signed, HERE, task, None)
}

async fn new_task(
    console: &Console,
    signed: &Signed,
    fields: Option<&Fields>,
    entered: &Entered,
) -> Result<TaskPage, Fault> {
    let mut all = vec![hinted(field("name", "text", typed(fields, "name", "")))];
    all.extend(entered.fields(console, signed).await?);
    let by = [("draw", true), ("type", false), ("none", true)];
    all.push(choice("password-by", typed(fields, "password-by", "draw"), &by));
    all.push(hinted(field("password", "password", "")));
    Ok(TaskPage {
        crumbs: vec![crumb(Words::words("console-page-users"), HERE)],
        key: key("new"),
        fields: all,
        action: format!("{HERE}/new"),
        cancel: HERE.to_owned(),
        ..TaskPage::default()
    })
}

/// `POST /users/new`
pub(super) async fn add(State(console): State<Shared>, mut post: SignedPost) -> Answer {
    let mut entered = Entered::read(&post.fields, &post.signed, Vec::new());
    let mut refused = entered.add_group(&console, &post.signed).await?;
    let only_shown = post.fields.get("choose").is_some();
    if refused.is_none() && !only_shown {
        refused = unproved(&console, &mut post).await?;
    }
    let (signed, fields) = (&post.signed, &post.fields);
    if refused.is_none() && !only_shown {
        let form = NewUserForm {
            name: fields.text("name").to_owned(),
            details: entered.form(),
            password: (fields.text("password-by") == "type").then(|| Secret::new(fields.text("password"))),
            draw_password: fields.text("password-by") == "draw",
            disabled: false,
        };
        match console.parts.manager.add_user(&signed.vs.id, &signed.by(), form).await {
            Ok((user, given)) => return told_once(&console, signed, &user, given, "created"),
            Err(error) => refused = Some(Refused::of(error)?),
        }
    }
    let task = new_task(&console, signed, Some(fields), &entered).await?;
    show_task(&console, signed, HERE, task, refused)
}

/// A password that was drawn is shown; else the user's page says what was done.
fn told_once(
    console: &Console,
    signed: &Signed,
    user: &UserRecord,
    given: Option<GivenPassword>,
    what: &str,
) -> Answer {
    let back = at(HERE, user.user.id.as_str());
    let Some(GivenPassword(secret)) = given else { return done(&back, what) };
    let page = GivenPage {
        kind: "password",
        about: user.user.name.clone(),
        secret: secret.expose().to_owned(),
        until: None,
        back,
    };
    give(console, signed, HERE, page)
}

/// `GET /users/{id}/{task}`
pub(super) async fn ask(
    State(console): State<Shared>,
    Path((id, task)): Path<(String, String)>,
    RawQuery(raw): RawQuery,
    signed: Signed,
) -> Answer {
    let task = Task::parse(&task)?;
    task.may(&signed)?;
    let user = console.parts.manager.user(&signed.vs.id, &UserId::new(id)).await?;
    let mut page = page(&console, &signed, task, &user, None, &Entered::of(&user)).await?;
    if query(raw)?.text(FROM) == LIST {
        from_list(&mut page);
    }
    show_task(&console, &signed, HERE, page, None)
}

/// The way back leads to the list of those who wait.
fn from_list(page: &mut TaskPage) {
    page.crumbs = vec![crumb(Words::words("console-page-requests"), REQUESTS)];
    page.cancel = REQUESTS.to_owned();
    page.hidden.push((FROM.to_owned(), LIST.to_owned()));
}

async fn page(
    console: &Console,
    signed: &Signed,
    task: Task,
    user: &UserRecord,
    fields: Option<&Fields>,
    entered: &Entered,
) -> Result<TaskPage, Fault> {
    let path = at(HERE, user.user.id.as_str());
    let mut page = TaskPage {
        crumbs: vec![
            crumb(Words::words("console-page-users"), HERE),
            crumb(Words::text(user.user.name.as_str()), &path),
        ],
        key: task.key(),
        about: user.user.name.clone(),
        action: format!("{path}/{}", task.as_str()),
        cancel: path,
        danger: task.dangerous(),
        ..TaskPage::default()
    };
    if task != Task::Edit {
        page.texts.push(Told::new(task.key() + "-text"));
    }
    match task {
        Task::Edit => {
            page.submit = Some("console-save".to_owned());
            page.fields = entered.fields(console, signed).await?;
            page.hidden.push(("seen".to_owned(), typed(fields, "seen", &user.version.to_string())));
        }
        Task::Password => {
            let by = [("draw", true), ("type", false)];
            page.fields.push(choice("password-by", typed(fields, "password-by", "draw"), &by));
            page.fields.push(hinted(field("password", "password", "")));
        }
        Task::Temporary => {
            page.fields.push(hinted(field("reason", "text", typed(fields, "reason", ""))));
            page.fields.push(hinted(field("hours", "number", typed(fields, "hours", SOME_HOURS))));
        }
        Task::Delete => {
            let theirs = tokens_of(console, signed, &user.user.id).await?;
            if !theirs.is_empty() {
                let serials: Vec<String> = theirs.into_iter().map(|token| token.serial).collect();
                page.texts.push(Told::new("console-task-user-delete-tokens").about(serials.join(", ")));
            }
        }
        Task::Approve | Task::Refuse | Task::HelpDeskCode | Task::WithdrawGrant => {
            let standing = Standing::of(console, signed, user).await?;
            decision_page(&mut page, task, &standing, fields);
        }
        Task::Withdraw
        | Task::WithdrawRecoveryCodes
        | Task::Verify
        | Task::Unlock
        | Task::SignOut
        | Task::Enable
        | Task::Disable => {}
    }
    Ok(page)
}

/// In a form that decides about an enrolment: how it stood when the form was filled.
const STATE: &str = "state";

fn decision_page(page: &mut TaskPage, task: Task, standing: &Standing, fields: Option<&Fields>) {
    let needed = match task {
        Task::Approve => Some(NeededGrant::Approval),
        Task::HelpDeskCode => Some(NeededGrant::HelpDeskCode),
        _ => None,
    };
    if needed.is_some_and(|needed| !standing.needs(needed)) {
        page.warnings.push(Told::new("console-task-user-grant-needless").at_page(rules::HERE));
    }
    if task != Task::WithdrawGrant {
        let hint = if task == Task::Refuse { "shown" } else { "recorded" };
        let reason = field("reason", "text", typed(fields, "reason", ""));
        page.fields.push(Field { hint: Some(format!("{}-{hint}-hint", reason.label)), ..reason });
    }
    page.texts.extend(standing.facts());
    page.hidden.push((STATE.to_owned(), standing.name().to_owned()));
}

/// `POST /users/{id}/{task}`
pub(super) async fn act(
    State(console): State<Shared>,
    Path((id, task)): Path<(String, String)>,
    mut post: SignedPost,
) -> Answer {
    let task = Task::parse(&task)?;
    task.may(&post.signed)?;
    let user = console.parts.manager.user(&post.signed.vs.id, &UserId::new(id)).await?;
    if task == Task::Edit {
        return edit(&console, post, user).await;
    }
    if task == Task::Verify {
        return verify(&console, post, user).await;
    }
    let mut refused = unproved(&console, &mut post).await?;
    let (signed, fields) = (&post.signed, &post.fields);
    if refused.is_none() {
        refused = decided_meanwhile(&console, signed, task, &user, fields).await?;
    }
    if refused.is_none() {
        match carry_out(&console, signed, task, &user, fields).await {
            Ok(answer) => return answer,
            Err(error) => refused = Some(Refused::of(error)?),
        }
    }
    let mut page = page(&console, signed, task, &user, Some(fields), &Entered::of(&user)).await?;
    if fields.text(FROM) == LIST {
        from_list(&mut page);
    }
    show_task(&console, signed, HERE, page, refused)
}

/// Whoever decides about an enrolment has seen how it stands: else the last of two operators would undo what the first has
/// decided, without knowing.
async fn decided_meanwhile(
    console: &Console,
    signed: &Signed,
    task: Task,
    user: &UserRecord,
    fields: &Fields,
) -> Result<Option<Refused>, Fault> {
    if !matches!(task, Task::Approve | Task::Refuse | Task::HelpDeskCode | Task::WithdrawGrant) {
        return Ok(None);
    }
    let standing = Standing::of(console, signed, user).await?;
    let other = fields.text(STATE) != standing.name();
    Ok(other.then(|| Refused::new(StatusCode::CONFLICT, Said::plain(None, "console-fault-changed"))))
}

async fn carry_out(
    console: &Console,
    signed: &Signed,
    task: Task,
    user: &UserRecord,
    fields: &Fields,
) -> Result<Answer, ManageError> {
    let (manager, vs, by, id) = (&console.parts.manager, &signed.vs.id, signed.by(), &user.user.id);
    let path = at(HERE, id.as_str());
    let reason = fields.text("reason");
    let back = if fields.text(FROM) == LIST { REQUESTS } else { path.as_str() };
    Ok(match task {
        // These two have ways of their own.
        Task::Edit | Task::Verify => done(&path, "saved"),
        Task::Password => {
            let typed = (fields.text("password-by") == "type").then(|| Secret::new(fields.text("password")));
            let given = manager.set_password(vs, &by, id, typed).await?;
            told_once(console, signed, user, given, "password")
        }
        Task::Temporary => {
            // What is no number is out of range.
            let hours = fields.text("hours").trim().parse().unwrap_or(0);
            let given = manager.give_temporary_passcode(vs, &by, id, reason, hours).await?;
            let page = GivenPage {
                kind: "temporary",
                about: user.user.name.clone(),
                secret: given.passcode.expose().to_owned(),
                until: Some(given.expires_at),
                back: path,
            };
            give(console, signed, HERE, page)
        }
        Task::Withdraw => {
            manager.withdraw_temporary_passcode(vs, &by, id).await?;
            done(&path, "withdrawn")
        }
        Task::WithdrawRecoveryCodes => {
            manager.withdraw_recovery_codes(vs, &by, id).await?;
            done(&path, "recovery-codes-withdrawn")
        }
        Task::Approve => {
            manager.approve_enrolment(vs, &by, id, reason).await?;
            done(back, "approved")
        }
        Task::Refuse => {
            manager.refuse_enrolment(vs, &by, id, reason).await?;
            done(back, "refused")
        }
        Task::HelpDeskCode => {
            let given = manager.give_help_desk_code(vs, &by, id, reason).await?;
            let page = GivenPage {
                kind: "help-desk-code",
                about: user.user.name.clone(),
                secret: in_groups_of_four(&given.code.expose().replace('-', "")),
                until: Some(given.expires_at),
                back: path,
            };
            give(console, signed, HERE, page)
        }
        Task::WithdrawGrant => {
            manager.withdraw_grant(vs, &by, id).await?;
            done(&path, "grant-withdrawn")
        }
        Task::Unlock => {
            manager.unlock_user(vs, &by, id).await?;
            done(&path, "unlocked")
        }
        Task::SignOut => {
            manager.sign_out_everywhere(vs, &by, id).await?;
            done(&path, "signed-out")
        }
        Task::Enable | Task::Disable => {
            let user = manager.disable_user(vs, &by, id, task == Task::Disable).await?;
            done(&path, if user.user.disabled { "disabled" } else { "enabled" })
        }
        Task::Delete => {
            manager.delete_user(vs, &by, id).await?;
            done(HERE, "deleted")
        }
    })
}

/// Asks the caller's device.
async fn verify(console: &Console, mut post: SignedPost, user: UserRecord) -> Answer {
    let mut refused = unproved(console, &mut post).await?;
    let signed = &post.signed;
    if refused.is_none() {
        let asked = console.parts.manager.verify_caller(&signed.vs.id, &signed.by(), &user.user.id).await?;
        let not_now = |fault| Refused::new(StatusCode::CONFLICT, fault);
        refused = Some(match asked {
            CallerCheck::Asked(answer) => return see_other(&verification::at(&user.user.id, &answer.push)),
            CallerCheck::NoDevice => not_now(Said::plain(None, "console-fault-no-device")),
            CallerCheck::Off { until } => {
                let minutes = until.since(signed.caller.now).as_secs().div_ceil(60).max(1);
                not_now(Said::plain(None, "console-fault-push-off").with("minutes", minutes))
            }
        });
    }
    let page = page(console, signed, Task::Verify, &user, Some(&post.fields), &Entered::of(&user)).await?;
    show_task(console, signed, HERE, page, refused)
}

/// In the form of a record: the groups of which it was shown that a rule takes something from whoever leaves them.
const LEAVES: &str = "leaves";

/// What a rule would take, where it was not shown yet, with what the form is to say so that it was.
async fn unseen_loss(
    console: &Console,
    signed: &Signed,
    user: &UserRecord,
    entered: &Entered,
    fields: &Fields,
) -> Result<Option<(Told, String)>, Fault> {
    let left = user.direct_groups.iter().map(|group| &group.id).filter(|group| !entered.groups.contains(group));
    let left = left.map(GroupId::as_str).collect::<Vec<_>>().join(" ");
    if left.is_empty() || fields.text(LEAVES) == left {
        return Ok(None);
    }
    let loss = provisioning_rules::would_lose(console, signed, user, entered.groups.clone()).await?;
    Ok(loss.map(|loss| (loss, left)))
}

async fn edit(console: &Console, mut post: SignedPost, user: UserRecord) -> Answer {
    let were = user.direct_groups.iter().map(|group| group.id.clone()).collect();
    let mut entered = Entered::read(&post.fields, &post.signed, were);
    let mut refused = entered.add_group(console, &post.signed).await?;
    let only_shown = post.fields.get("choose").is_some();
    if refused.is_none() && !only_shown {
        refused = unproved(console, &mut post).await?;
    }
    let (signed, fields) = (&post.signed, &post.fields);
    let (mut conflict, mut loss) = (None, None);
    if refused.is_none() && !only_shown {
        loss = unseen_loss(console, signed, &user, &entered, fields).await?;
    }
    if refused.is_none() && !only_shown && loss.is_none() {
        let (manager, id) = (&console.parts.manager, &user.user.id);
        let seen = fields.text("seen").parse().unwrap_or(-1);
        match manager.update_user(&signed.vs.id, &signed.by(), id, seen, &entered.form()).await {
            Ok(_) => return done(&at(HERE, id.as_str()), "saved"),
            Err(ManageError::Conflict) => conflict = Some(manager.user(&signed.vs.id, id).await?),
            Err(error) => refused = Some(Refused::of(error)?),
        }
    }
    let mut task = page(console, signed, Task::Edit, &user, Some(fields), &entered).await?;
    if let Some((loss, left)) = loss {
        task.warnings.push(loss);
        task.hidden.push((LEAVES.to_owned(), left));
    }
    let Some(now) = conflict else { return show_task(console, signed, HERE, task, refused) };
    task.conflict = facts(&now);
    task.hidden = vec![("seen".to_owned(), now.version.to_string())];
    task.proof = signed.proof_fields();
    show(console, signed, HERE, StatusCode::CONFLICT, RecordsPage::Task(Box::new(task)))
}

/// What a record says now.
fn facts(user: &UserRecord) -> Vec<Fact> {
    let groups: Vec<&str> = user.direct_groups.iter().map(|group| group.name.as_str()).collect();
    let fact = |label: &str, text: String| Fact { label: label.to_owned(), said: Words::text(text) };
    vec![
        fact("console-field-display_name", user.user.display_name.clone()),
        fact("console-field-email", user.user.email.clone().unwrap_or_default()),
        fact("console-field-groups", groups.join(", ")),
    ]
}
