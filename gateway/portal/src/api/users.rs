//! Users.

use doorward_access::manage::{CallerAnswer, CallerCheck, GivenPassword, NewUserForm, UserForm};
use doorward_access::recovery::RecoveryLeft;
use doorward_api::ports::Listed;
use doorward_api::push::PushState;
use doorward_api::user::UserRecord;
use doorward_api::{FieldRule, GroupId, Secret, Timestamp, UserId};
use serde::Serialize;
use utoipa::ToSchema;

use super::asked::Asked;
use super::given::{Nothing, body};
use super::gives::{Done, Drawn, Found, Made, Shown, Versioned};
use super::people::{GroupName, SOME_ID, SOME_TIME};
use super::problem::{Kind, Problem, Wrong};

/// A user.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User)]
pub(super) struct UserShown {
    /// Their id.
    id: String,
    /// The name to sign in with.
    name: String,
    /// The name to show; may be empty.
    display_name: String,
    /// The mail address.
    email: Option<String>,
    /// Switched off.
    disabled: bool,
    /// Until when the account is locked by failed tries, for browsers in which its user has not signed in before. Absent where it
    /// is not, and in lists, which do not look.
    #[schema(format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    locked_until: Option<String>,
    /// There is a local password.
    has_password: bool,
    /// The groups that they are in themselves, by name.
    groups: Vec<GroupName>,
    /// These and those in which these lie.
    all_groups: Vec<GroupName>,
    /// The temporary passcode that was given last.
    temporary_passcode: Option<TemporaryShown>,
    /// When they were made.
    #[schema(format = DateTime)]
    created_at: String,
    /// Counts the changes of name, address and groups; the `ETag`.
    version: i64,
}

/// A temporary passcode, without itself.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TemporaryPasscode)]
struct TemporaryShown {
    /// Its end; it may be over.
    #[schema(format = DateTime)]
    expires_at: String,
    /// Why it was given.
    reason: String,
}

impl UserShown {
    fn of(record: UserRecord, locked_until: Option<Timestamp>) -> Self {
        let temporary = record.temporary_passcode;
        Self {
            id: record.user.id.to_string(),
            name: record.user.name,
            display_name: record.user.display_name,
            email: record.user.email,
            disabled: record.user.disabled,
            locked_until: locked_until.map(Timestamp::rfc3339),
            has_password: record.has_password,
            groups: GroupName::all(record.direct_groups),
            all_groups: GroupName::all(record.user.groups),
            temporary_passcode: temporary.map(|(end, reason)| TemporaryShown { expires_at: end.rfc3339(), reason }),
            created_at: record.created_at.rfc3339(),
            version: record.version,
        }
    }
}

impl Shown for UserShown {
    fn example() -> Self {
        Self {
            id: SOME_ID.to_owned(),
            name: "alice".to_owned(),
            display_name: "Alice Liddell".to_owned(),
            email: Some("alice@example.org".to_owned()),
            disabled: false,
            locked_until: None,
            has_password: true,
            groups: vec![GroupName::example()],
            all_groups: vec![GroupName::example()],
            temporary_passcode: None,
            created_at: SOME_TIME.rfc3339(),
            version: 3,
        }
    }
}

/// A part of the list of users, by name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Users)]
pub(super) struct UsersShown {
    /// This part.
    items: Vec<UserShown>,
    /// What to send as `after` for the next part; `null` when there is none.
    next: Option<String>,
}

impl UsersShown {
    pub(super) fn of(found: Listed<UserRecord>) -> Self {
        Self { items: found.items.into_iter().map(|user| UserShown::of(user, None)).collect(), next: found.next }
    }
}

impl Shown for UsersShown {
    fn example() -> Self {
        Self { items: vec![UserShown::example()], next: Some("NTphbGljZW1mcmdn".to_owned()) }
    }
}

/// A user who was made.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NewUserShown {
    /// They.
    user: UserShown,
    /// The password that was drawn, if one was. It is told this once.
    password: Option<String>,
}

impl Shown for NewUserShown {
    fn example() -> Self {
        Self { user: UserShown::example(), password: Some("h7pq-2m4x-9kt3-w5ze".to_owned()) }
    }
}

/// A password that was set.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PasswordShown {
    /// It, when it was drawn. It is told this once.
    password: Option<String>,
}

impl Shown for PasswordShown {
    fn example() -> Self {
        Self { password: Some("h7pq-2m4x-9kt3-w5ze".to_owned()) }
    }
}

/// A temporary passcode, with itself.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NewTemporaryPasscode {
    /// It. It is told this once.
    passcode: String,
    /// Its end.
    #[schema(format = DateTime)]
    expires_at: String,
}

impl Shown for NewTemporaryPasscode {
    fn example() -> Self {
        Self { passcode: "7Q2M-K94T".to_owned(), expires_at: SOME_TIME.rfc3339() }
    }
}

/// What is left of a user's recovery codes. They themselves are told to their user, once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecoveryCodes)]
pub(super) struct RecoveryCodesShown {
    /// How many are left; may be none.
    left: usize,
    /// When they were made.
    #[schema(format = DateTime)]
    made_at: String,
}

impl RecoveryCodesShown {
    fn of(recovery: RecoveryLeft) -> Self {
        Self { left: recovery.left, made_at: recovery.made_at.rfc3339() }
    }
}

impl Shown for RecoveryCodesShown {
    fn example() -> Self {
        Self { left: 9, made_at: SOME_TIME.rfc3339() }
    }
}

/// Where a request to a caller's device stands.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum VerificationState {
    /// It waits for an answer.
    Pending,
    /// The caller has entered the number: they are the user.
    Approved,
    /// It was denied.
    Denied,
    /// It was denied, and reported as somebody else's.
    Reported,
    /// Another number was entered.
    Mismatched,
    /// It was withdrawn.
    Cancelled,
    /// Nobody has answered in time.
    Expired,
}

/// A request to the device of a user who calls. `approved` is the one yes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallerVerification)]
pub(super) struct VerificationShown {
    /// Its id.
    id: String,
    /// Where it stands.
    state: VerificationState,
    /// Two digits to be read to the caller, who enters them on the device; only while it waits.
    number: Option<String>,
    /// Its end.
    #[schema(format = DateTime)]
    expires_at: String,
    /// Nothing wakes the device: the caller must open the app.
    by_hand: bool,
}

impl VerificationShown {
    fn of(answer: CallerAnswer) -> Self {
        let state = match answer.state {
            PushState::Pending if answer.number.is_some() => VerificationState::Pending,
            PushState::Pending => VerificationState::Expired,
            PushState::Approved | PushState::Used => VerificationState::Approved,
            PushState::Denied => VerificationState::Denied,
            PushState::Reported => VerificationState::Reported,
            PushState::Mismatched => VerificationState::Mismatched,
            PushState::Cancelled => VerificationState::Cancelled,
        };
        Self {
            id: answer.push.to_string(),
            state,
            number: answer.number.map(|number| number.expose().to_owned()),
            expires_at: answer.expires_at.rfc3339(),
            by_hand: answer.by_hand,
        }
    }
}

impl Shown for VerificationShown {
    fn example() -> Self {
        Self {
            id: SOME_ID.to_owned(),
            state: VerificationState::Pending,
            number: Some("47".to_owned()),
            expires_at: SOME_TIME.rfc3339(),
            by_hand: false,
        }
    }
}

body! {
    /// A user to be.
    NewUser {
        /// The name to sign in with: 1 to 256 visible characters, nobody else's.
        #[schema(min_length = 1, max_length = 256)]
        name: String,
        /// The name to show.
        display_name: Option<String>,
        /// The mail address.
        email: Option<String>,
        /// The ids of the groups to be in. It takes an administrator to name any.
        #[schema(value_type = Option<Vec<String>>)]
        groups: Option<Vec<GroupId>>,
        /// A password of the operator's choice, of at least 8 characters.
        #[schema(value_type = Option<String>, format = Password)]
        password: Option<Secret>,
        /// A password is drawn; not together with one that is chosen.
        draw_password: Option<bool>,
        /// Switched off from the beginning: no rule provisions them, and nobody signs in as they.
        disabled: Option<bool>,
    }
    example {
        "name": "alice", "display_name": "Alice Liddell", "email": "alice@example.org", "groups": [],
        "draw_password": true
    }
}

body! {
    /// What a user's record says, in place of what it said.
    UserGiven {
        /// The name to show; may be empty.
        display_name: String,
        /// The mail address; `null` for none.
        email: Option<String>,
        /// The ids of the groups that they are in themselves. It takes an administrator to change them.
        #[schema(value_type = Vec<String>)]
        groups: Vec<GroupId>,
    }
    example { "display_name": "Alice Liddell", "email": "alice@example.org", "groups": [] }
}

body! {
    /// Another password.
    PasswordGiven {
        /// One of the operator's choice, of at least 8 characters; without it one is drawn.
        #[schema(value_type = Option<String>, format = Password)]
        password: Option<Secret>,
    }
    example { "password": null }
}

body! {
    /// Why a temporary passcode is given, and for how long.
    TemporaryGiven {
        /// One line of at most 200 characters, for the trail.
        #[schema(min_length = 1, max_length = 200)]
        reason: String,
        /// 1 to 168.
        #[schema(minimum = 1, maximum = 168)]
        hours: u32,
    }
    example { "reason": "left the phone at home", "hours": 8 }
}

/// `GET /users`
pub(super) async fn list(asked: Asked, _: Nothing) -> Result<Found<UsersShown>, Problem> {
    let found = asked.api.parts.manager.users(&asked.vs.id, asked.query("q"), &asked.page()).await?;
    Ok(Found(UsersShown::of(found)))
}

/// `GET /users/{user}`
pub(super) async fn get(asked: Asked, _: Nothing) -> Result<Versioned<UserShown>, Problem> {
    let record = asked.api.parts.manager.user(&asked.vs.id, &asked.id("user")).await?;
    versioned(&asked, record).await
}

async fn versioned(asked: &Asked, record: UserRecord) -> Result<Versioned<UserShown>, Problem> {
    let version = record.version;
    let locked = asked.api.parts.manager.user_locked_until(&asked.vs.id, &record.user.id, asked.by().now).await?;
    Ok(Versioned(UserShown::of(record, locked), version))
}

/// `POST /users`
pub(super) async fn add(asked: Asked, given: NewUser) -> Result<Made<NewUserShown>, Problem> {
    let draw_password = given.draw_password.unwrap_or(false);
    if draw_password && given.password.is_some() {
        let rule = FieldRule::NotAvailable { other: "draw_password".to_owned(), value: "true".to_owned() };
        return Err(Problem::invalid(vec![Wrong::of("password", rule)]));
    }
    let form = NewUserForm {
        name: given.name,
        details: UserForm {
            display_name: given.display_name.unwrap_or_default(),
            email: given.email.unwrap_or_default(),
            groups: given.groups.unwrap_or_default(),
        },
        password: given.password,
        draw_password,
        disabled: given.disabled.unwrap_or(false),
    };
    let (record, drawn) = asked.api.parts.manager.add_user(&asked.vs.id, &asked.by(), form).await?;
    let at = format!("/users/{}", record.user.id);
    Ok(Made { at, body: NewUserShown { user: UserShown::of(record, None), password: drawn.map(told) } })
}

fn told(GivenPassword(password): GivenPassword) -> String {
    password.expose().to_owned()
}

/// `PUT /users/{user}`
pub(super) async fn update(asked: Asked, given: UserGiven) -> Result<Versioned<UserShown>, Problem> {
    let form =
        UserForm { display_name: given.display_name, email: given.email.unwrap_or_default(), groups: given.groups };
    let (id, manager) = (asked.id("user"), &asked.api.parts.manager);
    let record = manager.update_user(&asked.vs.id, &asked.by(), &id, asked.version, &form).await?;
    versioned(&asked, record).await
}

/// `DELETE /users/{user}`
pub(super) async fn delete(asked: Asked, _: Nothing) -> Result<Done, Problem> {
    asked.api.parts.manager.delete_user(&asked.vs.id, &asked.by(), &asked.id("user")).await?;
    Ok(Done)
}

/// `POST /users/{user}/password`
pub(super) async fn set_password(asked: Asked, given: PasswordGiven) -> Result<Found<PasswordShown>, Problem> {
    let (id, manager) = (asked.id("user"), &asked.api.parts.manager);
    let drawn = manager.set_password(&asked.vs.id, &asked.by(), &id, given.password).await?;
    Ok(Found(PasswordShown { password: drawn.map(told) }))
}

/// `POST /users/{user}/disable`
pub(super) async fn disable(asked: Asked, _: Nothing) -> Result<Versioned<UserShown>, Problem> {
    switch(&asked, true).await
}

/// `POST /users/{user}/enable`
pub(super) async fn enable(asked: Asked, _: Nothing) -> Result<Versioned<UserShown>, Problem> {
    switch(&asked, false).await
}

async fn switch(asked: &Asked, disabled: bool) -> Result<Versioned<UserShown>, Problem> {
    let (id, manager) = (asked.id("user"), &asked.api.parts.manager);
    let record = manager.disable_user(&asked.vs.id, &asked.by(), &id, disabled).await?;
    versioned(asked, record).await
}

/// `POST /users/{user}/unlock`
pub(super) async fn unlock(asked: Asked, _: Nothing) -> Result<Versioned<UserShown>, Problem> {
    let record = asked.api.parts.manager.unlock_user(&asked.vs.id, &asked.by(), &asked.id("user")).await?;
    versioned(&asked, record).await
}

/// `POST /users/{user}/sign-out`
pub(super) async fn sign_out(asked: Asked, _: Nothing) -> Result<Done, Problem> {
    asked.api.parts.manager.sign_out_everywhere(&asked.vs.id, &asked.by(), &asked.id("user")).await?;
    Ok(Done)
}

/// `POST /users/{user}/temporary-passcode`
pub(super) async fn give_temporary(
    asked: Asked,
    given: TemporaryGiven,
) -> Result<Drawn<NewTemporaryPasscode>, Problem> {
    let (id, manager) = (asked.id("user"), &asked.api.parts.manager);
    let TemporaryGiven { reason, hours } = given;
    let drawn = manager.give_temporary_passcode(&asked.vs.id, &asked.by(), &id, &reason, hours).await?;
    let expires_at = Timestamp::rfc3339(drawn.expires_at);
    Ok(Drawn(NewTemporaryPasscode { passcode: drawn.passcode.expose().to_owned(), expires_at }))
}

/// `DELETE /users/{user}/temporary-passcode`
pub(super) async fn withdraw_temporary(asked: Asked, _: Nothing) -> Result<Done, Problem> {
    let (id, manager) = (asked.id("user"), &asked.api.parts.manager);
    manager.withdraw_temporary_passcode(&asked.vs.id, &asked.by(), &id).await?;
    Ok(Done)
}

/// `GET /users/{user}/recovery-codes`
pub(super) async fn recovery_codes(asked: Asked, _: Nothing) -> Result<Found<RecoveryCodesShown>, Problem> {
    let (id, manager) = (asked.id("user"), &asked.api.parts.manager);
    let recovery = manager.recovery_codes(&asked.vs.id, &id).await?;
    Ok(Found(RecoveryCodesShown::of(recovery.ok_or_else(Problem::not_found)?)))
}

/// `DELETE /users/{user}/recovery-codes`
pub(super) async fn withdraw_recovery_codes(asked: Asked, _: Nothing) -> Result<Done, Problem> {
    let (id, manager) = (asked.id("user"), &asked.api.parts.manager);
    manager.withdraw_recovery_codes(&asked.vs.id, &asked.by(), &id).await?;
    Ok(Done)
}

/// `POST /users/{user}/verification`
pub(super) async fn verify(asked: Asked, _: Nothing) -> Result<Made<VerificationShown>, Problem> {
    let (id, manager) = (asked.id("user"), &asked.api.parts.manager);
    match manager.verify_caller(&asked.vs.id, &asked.by(), &id).await? {
        CallerCheck::Asked(answer) => {
            let at = format!("/users/{id}/verification/{}", answer.push);
            Ok(Made { at, body: VerificationShown::of(answer) })
        }
        CallerCheck::NoDevice => Err(Problem::new(Kind::NoDevice, "none of the user's devices can be asked")),
        CallerCheck::Off { until } => {
            let detail =
                "no request is sent to this user now: one is under way, or several went unanswered or were denied";
            Err(Problem::until(until.since(asked.visitor.now), detail))
        }
    }
}

/// `GET /users/{user}/verification/{push}`
pub(super) async fn verification(asked: Asked, _: Nothing) -> Result<Found<VerificationShown>, Problem> {
    let (id, push, manager) = (asked.id::<UserId>("user"), asked.id("push"), &asked.api.parts.manager);
    let answer = manager.caller_verified(&asked.vs.id, &asked.by(), &push).await?;
    if answer.user != id {
        return Err(Problem::not_found());
    }
    Ok(Found(VerificationShown::of(answer)))
}
