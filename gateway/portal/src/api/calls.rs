//! Every call of the API.

use doorward_api::Module;
use doorward_api::settings::{
    Appearance, Approvals, EnrolmentRules, Lockout, ProvisioningRules, SelfProvisioning, ServerPinPolicy, SettingKind,
    TargetSettings, TokenTemplate, Windows,
};
use http::Method;

use super::call::{AFTER, Call, LIMIT, Of, Param};
use super::problem::Kind;
use super::settings::Kept;
use super::{
    approvals, describe, grants, groups, imports, keys, policies, provisioning, reports, roles, session, settings,
    staff, tokens, users,
};
use crate::needs::Need;

const BEGINS: Param = Param::new("q", Of::Name, "What names begin with; all when it is not said.");

const PREVIEW: [Param; 1] = [Param { required: true, ..Param::new("user", Of::Name, "The sign-in name of a user.") }];

const LIST: [Param; 3] = [BEGINS, AFTER, LIMIT];

const TOKENS: [Param; 6] = [
    Param::new(
        "state",
        Of::Names(&tokens::STATES),
        "In this state. Revoked ones are listed only when they are asked for.",
    ),
    Param::new("locked", Of::Switch, "`true`: locked now by wrong passcodes."),
    Param::new("owner", Of::Id, "Of the user with this id."),
    Param::new("serial", Of::Text, "What serial numbers begin with."),
    AFTER,
    LIMIT,
];

/// All of them, in the order of the description.
pub(super) fn all() -> Vec<Call> {
    let sections: [(&'static str, Vec<Call>); 16] = [
        ("session", session_calls()),
        ("settings", settings_calls()),
        ("users", users_calls()),
        ("enrolment", enrolment_calls()),
        ("groups", groups_calls()),
        ("tokens", tokens_calls()),
        ("imports", imports_calls()),
        ("provisioning", provisioning_calls()),
        ("operators", operators_calls()),
        ("roles", roles_calls()),
        ("api-keys", keys_calls()),
        ("approvals", approvals_calls()),
        ("policies", policies_calls()),
        ("audit", audit_calls()),
        ("reports", reports_calls()),
        ("description", vec![get_description()]),
    ];
    let tagged = |(tag, calls): (&'static str, Vec<Call>)| calls.into_iter().map(move |call| Call { tag, ..call });
    sections.into_iter().flat_map(tagged).collect()
}

fn get_description() -> Call {
    Call::open(Method::GET, "/openapi.json", "getDescription", "The description of the API", describe::describe)
}

fn policies_calls() -> Vec<Call> {
    let see = Module::AccessPolicies.view();
    vec![
        Call::new(see, Method::GET, "/policies", "listPolicies", "List the access policies", policies::list)
            .about("Those in force. They are files of the server, and no call changes them.")
            .params(&policies::LIST),
        Call::new(
            see,
            Method::POST,
            "/policies/explain",
            "explainDecision",
            "What would be decided for a request, and why",
            policies::explain,
        )
        .about("By the policies in force. Nothing is changed or recorded."),
        Call::new(
            see,
            Method::POST,
            "/policies/cases",
            "runPolicyCases",
            "Run the cases of the policies",
            policies::cases,
        )
        .about("Those of the folder `cases` beside the policies, as they were read with these."),
        Call::new(
            see,
            Method::POST,
            "/policies/replay",
            "replayDecisions",
            "What other policies would have decided",
            policies::replay,
        )
        .about("On the requests that were recorded. Nothing is put in force. One at a time.")
        .largest(policies::LARGEST_BODY),
        Call::new(
            see,
            Method::GET,
            "/policies/shadow",
            "getShadowPolicies",
            "What shadow policies have said",
            policies::shadow,
        )
        .about("Those that are asked beside the ones in force, and change no answer."),
        Call::new(
            see,
            Method::GET,
            "/policies/records",
            "listDecisionRecords",
            "List decision records",
            policies::records,
        )
        .about(
            "One for all requests of a day that are alike, the newest first. They are counted and prove nothing; the audit \
             trail does. A search looks at a bounded number of them: where `next` is given, there is more.",
        )
        .params(&policies::RECORDS),
    ]
}

fn audit_calls() -> Vec<Call> {
    let see = Module::Audit.view();
    vec![
        Call::new(see, Method::GET, "/audit/records", "listAuditRecords", "Look through the audit trail", reports::records)
            .about(
                "Records for which every condition holds, as they stand in the chain. A search looks at a bounded number of \
                 them: where `next` is given, there is more, even if nothing was found.",
            )
            .params(&reports::TRAIL),
        Call::new(
            Module::Audit.export(),
            Method::GET,
            "/audit/records.csv",
            "exportAuditRecords",
            "Take the audit trail away as a table",
            reports::records_file,
        )
        .about("Leaves the record LOG_EXPORTED.")
        .params(&reports::TRAIL_FILE)
        .held(),
    ]
}

fn reports_calls() -> Vec<Call> {
    let see = Module::Reports.view();
    let history = "/reports/enrolments";
    vec![
        Call::new(
            see,
            Method::GET,
            history,
            "listEnrolments",
            "Look through the enrolment history",
            reports::enrolments,
        )
        .about(
            "One entry for each enrolment transaction, whatever has become of it. The newest come first, by `began_at`: when it was \
             offered or begun, whichever came first. `started_at` is when it was begun.",
        )
        .params(&reports::ENROLMENTS),
        Call::new(
            Module::Reports.export(),
            Method::GET,
            "/reports/enrolments.csv",
            "exportEnrolments",
            "Take the enrolment history away as a table",
            reports::enrolments_file,
        )
        .about("Leaves the record REPORT_RUN.")
        .params(&reports::ENROLMENTS_ALL)
        .held(),
        Call::new(
            see,
            Method::GET,
            "/reports/enrolments/totals",
            "getEnrolmentTotals",
            "What enrolments came to",
            reports::totals,
        )
        .params(&reports::ENROLMENTS_ALL),
        Call::new(
            see,
            Method::GET,
            "/reports/funnel",
            "getEnrolmentFunnel",
            "How far enrolments come, and who has no token yet",
            reports::funnel,
        )
        .about("Those without a token are counted once a minute.")
        .params(&reports::ENROLMENTS_ALL),
        Call::new(
            see,
            Method::GET,
            "/reports/missing",
            "listUsersWithoutToken",
            "Who has no token yet",
            reports::missing,
        )
        .params(&reports::MISSING)
        .fails(&[Kind::NotFound]),
    ]
}

fn session_calls() -> Vec<Call> {
    let path = "/session";
    vec![
        Call::open(Method::POST, path, "createSession", "Sign in", session::begin)
            .about("Counted as a sign-in at the console is: after five failures a name waits for 15 minutes.")
            .fails(&[Kind::NotAccepted, Kind::TooMany, Kind::Unavailable]),
        Call::new(Need::Known, Method::GET, path, "getSession", "Who is signed in", session::look),
        Call::new(Need::Session, Method::DELETE, path, "deleteSession", "Sign out", session::end),
        Call::new(
            Need::Session,
            Method::POST,
            "/session/proof",
            "proveSession",
            "Prove anew who you are",
            session::prove,
        )
        .about("Changes are taken for 10 minutes after a proof; signing in is one.")
        .fails(&[Kind::NotAccepted, Kind::TooMany]),
    ]
}

fn settings_calls() -> Vec<Call> {
    let mut calls = Vec::new();
    calls.extend(of_document::<SelfProvisioning>("SelfProvisioning"));
    calls.extend(of_document::<EnrolmentRules>("EnrolmentRules"));
    calls.extend(of_document::<Appearance>("Appearance"));
    calls.extend(of_document::<ProvisioningRules>("ProvisioningRules"));
    calls.extend(of_document::<TargetSettings>("Targets"));
    calls.extend(of_document::<TokenTemplate>("TokenTemplate"));
    calls.extend(of_document::<ServerPinPolicy>("ServerPinPolicy"));
    calls.extend(of_document::<Windows>("Synchronization"));
    calls.extend(of_document::<Lockout>("Lockout"));
    calls.extend(of_document::<Approvals>("Approvals"));
    let path = "/settings/token_template/kinds";
    let title = "Which kinds of authenticator can carry the token template";
    calls.push(
        Call::new(Module::TokenPolicies.view(), Method::GET, path, "listTokenTemplateKinds", title, settings::kinds)
            .about("On the platforms that are allowed; where one cannot, why."),
    );
    let path = "/self-provisioning/preview";
    let preview = Call::new(
        Module::SelfProvisioning.view(),
        Method::GET,
        path,
        "previewSelfProvisioning",
        "What a user would be offered",
        settings::preview,
    );
    calls.push(preview.params(&PREVIEW).fails(&[Kind::NotFound]));
    calls
}

/// The calls of one kind of settings.
fn of_document<D: Kept>(name: &str) -> [Call; 3] {
    let what = match D::KIND {
        SettingKind::SelfProvisioning => "self-provisioning settings",
        SettingKind::EnrolmentRules => "enrolment rules",
        SettingKind::Appearance => "appearance of the portal",
        SettingKind::ProvisioningRules => "provisioning rules",
        SettingKind::Targets => "software token and push settings",
        SettingKind::TokenTemplate => "token template",
        SettingKind::ServerPinPolicy => "server-side PIN policy",
        SettingKind::Synchronization => "synchronization settings",
        SettingKind::Lockout => "account lockout policy",
        SettingKind::Approvals => "list of acts that take two operators",
    };
    let path = format!("/settings/{}", D::KIND.as_str());
    let title = |verb: &str| format!("{verb} the {what}");
    [
        Call::new(
            D::KIND.module().view(),
            Method::GET,
            &path,
            &format!("get{name}"),
            &title("Read"),
            settings::get::<D>,
        ),
        Call::new(
            D::KIND.module().edit(),
            Method::PUT,
            &path,
            &format!("put{name}"),
            &title("Replace"),
            settings::put::<D>,
        )
        .about("In force at the next request. A document that says what is there is taken and leaves no trace.")
        .versioned()
        .held()
        .largest(D::LARGEST),
        Call::new(
            D::KIND.module().view(),
            Method::GET,
            &format!("{path}/changes"),
            &format!("list{name}Changes"),
            &title("The last changes of"),
            settings::changes::<D>,
        ),
    ]
}

fn users_calls() -> Vec<Call> {
    let user = "/users/{user}";
    let below = |name: &str| format!("{user}/{name}");
    vec![
        Call::new(Module::Users.view(), Method::GET, "/users", "listUsers", "List users", users::list)
            .about("Those whose name, display name or address begins with `q`, by name.")
            .params(&LIST),
        Call::new(Module::Users.edit(), Method::POST, "/users", "createUser", "Make a user", users::add).once(),
        Call::new(Module::Users.view(), Method::GET, user, "getUser", "Read a user", users::get),
        Call::new(
            Module::Users.edit(),
            Method::PUT,
            user,
            "updateUser",
            "Replace what a user's record says",
            users::update,
        )
        .versioned(),
        Call::new(Module::Users.delete(), Method::DELETE, user, "deleteUser", "Delete a user", users::delete)
            .about("With sessions and memberships; tokens go back to the stock or are revoked.")
            .held(),
        Call::new(
            Module::Users.edit(),
            Method::POST,
            &below("password"),
            "setUserPassword",
            "Set or draw a user's password",
            users::set_password,
        )
        .about("Ends the user's sessions.")
        .once(),
        Call::new(
            Module::Users.edit(),
            Method::POST,
            &below("disable"),
            "disableUser",
            "Switch a user off",
            users::disable,
        )
        .about("Ends the user's sessions."),
        Call::new(
            Module::Users.edit(),
            Method::POST,
            &below("enable"),
            "enableUser",
            "Switch a user on",
            users::enable,
        ),
        Call::new(
            Module::Users.edit(),
            Method::POST,
            &below("unlock"),
            "unlockUser",
            "End the lock of a user's account",
            users::unlock,
        )
        .about("Forgets the failed tries with the account. A token that is locked has a call of its own."),
        Call::new(
            Module::Users.edit(),
            Method::POST,
            &below("sign-out"),
            "signUserOut",
            "End a user's sessions",
            users::sign_out,
        ),
        Call::new(
            Module::Users.edit(),
            Method::POST,
            &below("temporary-passcode"),
            "giveTemporaryPasscode",
            "Give a user a temporary passcode",
            users::give_temporary,
        )
        .about("It stands in for a token until its end, in place of the one before.")
        .once(),
        Call::new(
            Module::Users.edit(),
            Method::DELETE,
            &below("temporary-passcode"),
            "withdrawTemporaryPasscode",
            "Take a temporary passcode back",
            users::withdraw_temporary,
        ),
        Call::new(
            Module::Users.view(),
            Method::GET,
            &below("recovery-codes"),
            "getRecoveryCodes",
            "How many recovery codes a user has left",
            users::recovery_codes,
        )
        .about("404 where none were made."),
        Call::new(
            Module::Users.edit(),
            Method::DELETE,
            &below("recovery-codes"),
            "withdrawRecoveryCodes",
            "Void a user's recovery codes",
            users::withdraw_recovery_codes,
        )
        .fails(&[Kind::ChangedMeanwhile]),
        Call::new(
            Module::Users.edit(),
            Method::POST,
            &below("verification"),
            "verifyCaller",
            "Ask the device of a user who calls",
            users::verify,
        )
        .about("The caller is read the number, and enters it on the device. 429 while none is sent to this user.")
        .once()
        .fails(&[Kind::NoDevice, Kind::TooMany]),
        Call::new(
            Module::Users.edit(),
            Method::GET,
            &below("verification/{push}"),
            "getCallerVerification",
            "What has become of a request to a caller's device",
            users::verification,
        )
        .about("Of the operator who has sent it.")
        .fails(&[Kind::RoleRequired]),
    ]
}

fn enrolment_calls() -> Vec<Call> {
    let grant = "/users/{user}/enrolment-grant";
    let below = |name: &str| format!("{grant}/{name}");
    let decided = [Kind::ChangedMeanwhile];
    vec![
        Call::new(
            Module::Users.view(),
            Method::GET,
            "/enrolment-requests",
            "listEnrolmentRequests",
            "Who waits for an approval",
            grants::requests,
        )
        .about("Those whose enrolment rule asks for one, and who have asked; by name.")
        .params(&[AFTER, LIMIT]),
        Call::new(
            Module::Users.view(),
            Method::GET,
            grant,
            "getEnrolmentGrant",
            "What a user is granted, or asks for",
            grants::get,
        ),
        Call::new(
            Module::Users.edit(),
            Method::POST,
            &below("approve"),
            "approveEnrolment",
            "Approve that a user enrols",
            grants::approve,
        )
        .about("Whether they have asked or not, in place of whatever there was. They are written to.")
        .once()
        .fails(&decided),
        Call::new(
            Module::Users.edit(),
            Method::POST,
            &below("refuse"),
            "refuseEnrolment",
            "Refuse that a user enrols",
            grants::refuse,
        )
        .about("They are shown the reason, and may ask again when the refusal is over.")
        .fails(&decided),
        Call::new(
            Module::Users.edit(),
            Method::POST,
            &below("help-desk-code"),
            "giveHelpDeskCode",
            "Give a user a code to enrol with",
            grants::give_code,
        )
        .about("In place of whatever there was.")
        .once()
        .fails(&decided),
        Call::new(
            Module::Users.edit(),
            Method::DELETE,
            grant,
            "withdrawEnrolmentGrant",
            "Take back whatever a user is granted",
            grants::withdraw,
        )
        .fails(&decided),
    ]
}

fn groups_calls() -> Vec<Call> {
    let group = "/groups/{group}";
    let (member, parent) = ("/groups/{group}/members/{user}", "/groups/{group}/parents/{parent}");
    vec![
        Call::new(Module::Groups.view(), Method::GET, "/groups", "listGroups", "List groups", groups::list)
            .about("Those whose name begins with `q`, by name.")
            .params(&LIST),
        Call::new(Module::Groups.edit(), Method::POST, "/groups", "createGroup", "Make a group", groups::add).once(),
        Call::new(Module::Groups.view(), Method::GET, group, "getGroup", "Read a group", groups::get),
        Call::new(
            Module::Groups.edit(),
            Method::PUT,
            group,
            "renameGroup",
            "Give a group another name",
            groups::rename,
        )
        .about("Policies name groups by this name."),
        Call::new(Module::Groups.delete(), Method::DELETE, group, "deleteGroup", "Delete a group", groups::delete),
        Call::new(
            Module::Groups.view(),
            Method::GET,
            "/groups/{group}/members",
            "listMembers",
            "List the members of a group",
            groups::members,
        )
        .about("Those who are in it themselves, by name.")
        .params(&[AFTER, LIMIT]),
        Call::new(Module::Groups.edit(), Method::PUT, member, "addMember", "Put a user into a group", groups::let_in),
        Call::new(
            Module::Groups.edit(),
            Method::DELETE,
            member,
            "removeMember",
            "Take a user out of a group",
            groups::let_out,
        ),
        Call::new(Module::Groups.edit(), Method::PUT, parent, "addParent", "Put a group into another", groups::nest)
            .about("Its members are members of the other."),
        Call::new(
            Module::Groups.edit(),
            Method::DELETE,
            parent,
            "removeParent",
            "Take a group out of another",
            groups::unnest,
        ),
        Call::new(
            Module::Provisioning.view(),
            Method::GET,
            "/groups/{group}/parents/{parent}/preview",
            "previewRemoveParent",
            "What rules would take, were a group taken out of another",
            groups::preview_unnesting,
        )
        .about("Nothing is done. At most 2000 of its members are looked at."),
    ]
}

fn tokens_calls() -> Vec<Call> {
    let token = "/tokens/{token}";
    let below = |name: &str| format!("{token}/{name}");
    let state = [Kind::NotInState, Kind::ChangedMeanwhile];
    vec![
        Call::new(Module::Tokens.view(), Method::GET, "/tokens", "listTokens", "List tokens", tokens::list)
            .about("Those for which every condition holds, by serial number.")
            .params(&TOKENS),
        Call::new(
            Module::Tokens.view(),
            Method::GET,
            "/tokens/counts",
            "countTokens",
            "How many tokens there are",
            tokens::counts,
        ),
        Call::new(Module::Tokens.view(), Method::GET, token, "getToken", "Read a token", tokens::get),
        Call::new(
            Module::Tokens.edit(),
            Method::POST,
            &below("actions"),
            "actOnToken",
            "Do something to a token",
            tokens::act,
        )
        .about("`actions` of a token tells what can be done to it. Taking or holding it ends its user's sessions.")
        .fails(&state)
        .held(),
        Call::new(
            Module::Tokens.edit(),
            Method::POST,
            &below("assign"),
            "assignToken",
            "Give a token of the stock to a user",
            tokens::assign,
        )
        .about("Its first passcode makes it Active.")
        .fails(&[Kind::NotInState, Kind::HasToken]),
        Call::new(
            Module::Tokens.edit(),
            Method::POST,
            &below("resync"),
            "resyncToken",
            "Find a token again",
            tokens::resync,
        )
        .about("By two passcodes that it showed one right after the other. Both are spent.")
        .fails(&state),
        Call::new(
            Module::Tokens.edit(),
            Method::POST,
            &below("pin"),
            "setTokenPin",
            "Set or draw a server-side PIN",
            tokens::set_pin,
        )
        .once()
        .fails(&state),
        Call::new(Module::Tokens.edit(), Method::POST, &below("test"), "testToken", "Try a passcode out", tokens::test)
            .about("A right one is spent, so that this is no way to let somebody use it.")
            .fails(&state),
        Call::new(
            Module::Tokens.edit(),
            Method::PUT,
            &below("label"),
            "labelToken",
            "Give a token a name",
            tokens::label,
        ),
    ]
}

fn imports_calls() -> Vec<Call> {
    vec![
        Call::new(
            Module::Provisioning.edit(),
            Method::POST,
            "/tokens/import",
            "importTokens",
            "Take a file of tokens",
            imports::begin,
        )
        .about(
            "Into the stock. A file that cannot be read as a whole is refused at once. Each token is taken whole or \
                 not at all; a file that is sent again takes nothing twice.",
        )
        .once()
        .largest(imports::LARGEST_BODY),
        Call::new(
            Module::Provisioning.view(),
            Method::GET,
            "/tokens/imports/{import}",
            "getImport",
            "How far a file is",
            imports::look,
        )
        .about("Kept for an hour by the process that took it."),
    ]
}

const ENTRIES: [Param; 3] =
    [Param::new("status", Of::Names(&provisioning::STATUSES), "Those who are so far."), AFTER, LIMIT];

const RULES_PREVIEW: [Param; 3] = [
    AFTER,
    Param::new("user", Of::Id, "What would be done to the user with this id, and to nobody else."),
    Param::new(
        "groups",
        Of::Text,
        "With `user`: as if they were in these groups and in no others; ids with commas between them.",
    ),
];

fn preview_provisioning_rules() -> Call {
    Call::new(
        Module::Provisioning.view(),
        Method::POST,
        "/provisioning/rules/preview",
        "previewProvisioningRules",
        "Whom provisioning rules would affect",
        settings::preview_rules,
    )
    .about("Were they in force now; nothing is done. At most 2000 users are looked at for one answer.")
    .params(&RULES_PREVIEW)
    .fails(&[Kind::NotFound])
}

fn provisioning_calls() -> Vec<Call> {
    let (tasks, task, users) =
        ("/provisioning/tasks", "/provisioning/tasks/{task}", "/provisioning/tasks/{task}/users");
    let (user, one) = ("/provisioning/tasks/{task}/users/{user}", "/users/{user}/provisioning");
    let below = |path: &str| format!("{path}/resend");
    let (view, edit, care) = (Module::Provisioning.view(), Module::Provisioning.edit(), Module::Users.edit());
    let (over, changed) = ([Kind::TaskOver], [Kind::ChangedMeanwhile]);
    vec![
        Call::new(view, Method::GET, tasks, "listProvisioningTasks", "List provisioning tasks", provisioning::list)
            .about("The newest first.")
            .params(&[AFTER, LIMIT]),
        Call::new(edit, Method::POST, tasks, "createProvisioningTask", "Let users enrol by email", provisioning::add)
            .about(
                "Each of them is written to with a link of their own, good once. Whoever cannot get a token is skipped, and is \
                 listed with the reason. The mails leave by and by.",
            )
            .once(),
        Call::new(care, Method::POST, one, "provisionUser", "Let a user enrol by email", provisioning::add_one)
            .about("As a task for one user.")
            .once(),
        Call::new(view, Method::GET, task, "getProvisioningTask", "How far a task is", provisioning::get),
        Call::new(edit, Method::PUT, task, "updateProvisioningTask", "Give a task another stop date", provisioning::edit)
            .about("Whoever has missed the one before stays expired until they are written to again.")
            .versioned()
            .fails(&over),
        Call::new(edit, Method::DELETE, task, "removeProvisioningTask", "Remove a task", provisioning::remove)
            .about("Nobody of it may enrol any more; what was enrolled stays. It stays in the list.")
            .fails(&over),
        Call::new(
            edit,
            Method::POST,
            &below(task),
            "resendProvisioningTask",
            "Write once more to everybody of a task who has not enrolled",
            provisioning::resend,
        )
        .about("By and by; the links of before are dead then.")
        .fails(&over),
        Call::new(view, Method::GET, users, "listProvisioningUsers", "List the users of a task", provisioning::entries)
            .about("By name.")
            .params(&ENTRIES),
        Call::new(view, Method::GET, user, "getProvisioningUser", "How far a user of a task is", provisioning::entry),
        Call::new(
            care,
            Method::POST,
            &below(user),
            "resendProvisioning",
            "Write once more to a user of a task",
            provisioning::resend_one,
        )
        .about("The link of before is dead then; what has locked or ended their entry is forgotten.")
        .fails(&over)
        .fails(&changed),
        Call::new(
            care,
            Method::DELETE,
            user,
            "removeProvisioningUser",
            "Take a user out of a task",
            provisioning::remove_one,
        )
        .fails(&changed),
        preview_provisioning_rules(),
    ]
}

fn operators_calls() -> Vec<Call> {
    let (invitations, operator) = ("/operators/invitations", "/operators/{operator}");
    let below = |name: &str| format!("{operator}/{name}");
    let last = [Kind::LastAdministrator, Kind::BeyondOwn, Kind::ChangedMeanwhile];
    vec![
        Call::new(Module::Operators.view(), Method::GET, "/operators", "listOperators", "List operators", staff::list),
        Call::new(
            Module::Operators.view(),
            Method::GET,
            invitations,
            "listInvitations",
            "List the links by which operators are made",
            staff::invitations,
        )
        .about("Those that still lead somewhere, without the links themselves."),
        Call::new(
            Module::Operators.edit(),
            Method::POST,
            invitations,
            "inviteOperator",
            "Make a link for one more operator",
            staff::invite,
        )
        .about("Name, password and second factor are chosen behind it.")
        .once()
        .fails(&[Kind::BeyondOwn])
        .held(),
        Call::new(
            Module::Operators.edit(),
            Method::DELETE,
            "/operators/invitations/{invitation}",
            "withdrawInvitation",
            "Withdraw such a link",
            staff::withdraw,
        )
        .about("It leads nowhere from then on."),
        Call::new(Module::Operators.view(), Method::GET, operator, "getOperator", "Read an operator", staff::get),
        Call::new(
            Module::Operators.edit(),
            Method::PUT,
            &below("role"),
            "setOperatorRole",
            "Give an operator another role",
            staff::set_role,
        )
        .about("Nobody gives or takes what they may not do themselves, or changes their own role.")
        .fails(&last)
        .fails(&[Kind::OwnRole])
        .held(),
        Call::new(
            Module::Operators.edit(),
            Method::POST,
            &below("disable"),
            "disableOperator",
            "Switch an operator off",
            staff::disable,
        )
        .about("Ends the operator's sessions.")
        .fails(&last),
        Call::new(
            Module::Operators.edit(),
            Method::POST,
            &below("enable"),
            "enableOperator",
            "Switch an operator on",
            staff::enable,
        )
        .fails(&last)
        .held(),
        Call::new(
            Module::Operators.edit(),
            Method::POST,
            &below("recovery"),
            "recoverOperator",
            "Make a link by which an operator sets password and second factor anew",
            staff::recover,
        )
        .about(
            "Name, role and API keys stay; their sessions end when it is used. Where operators take two, they are switched off by it, \
             until another operator has approved to switch them on.",
        )
        .once()
        .fails(&[Kind::BeyondOwn, Kind::OwnRecovery, Kind::LastAdministrator]),
    ]
}

fn roles_calls() -> Vec<Call> {
    let role = "/roles/{role}";
    vec![
        Call::new(Module::Roles.view(), Method::GET, "/roles", "listRoles", "List roles", roles::list)
            .about("With every permission that there is."),
        Call::new(Module::Roles.edit(), Method::POST, "/roles", "createRole", "Make a role", roles::add)
            .about("Of permissions that one has oneself.")
            .once()
            .fails(&[Kind::BeyondOwn])
            .held(),
        Call::new(Module::Roles.view(), Method::GET, role, "getRole", "Read a role", roles::get)
            .about("One that operators have made."),
        Call::new(Module::Roles.edit(), Method::PUT, role, "updateRole", "Change a role", roles::set)
            .about("For everybody who has it, at their next request. Nobody changes their own.")
            .versioned()
            .fails(&[Kind::BeyondOwn, Kind::OwnRole])
            .held(),
        Call::new(Module::Roles.delete(), Method::DELETE, role, "deleteRole", "Delete a role", roles::delete)
            .about("One that nobody has. Invitations for it lead nowhere then.")
            .fails(&[Kind::BeyondOwn, Kind::RoleInUse])
            .held(),
    ]
}

fn keys_calls() -> Vec<Call> {
    let (all, key) = ("/api-keys", "/api-keys/{key}");
    vec![
        Call::new(Module::ApiKeys.view(), Method::GET, all, "listApiKeys", "List API keys", keys::list),
        Call::new(Module::ApiKeys.edit(), Method::POST, all, "createApiKey", "Make an API key", keys::add)
            .about("It calls in the name of who makes it, who may not be switched off meanwhile.")
            .once()
            .fails(&[Kind::BeyondOwn])
            .held(),
        Call::new(Module::ApiKeys.view(), Method::GET, key, "getApiKey", "Read an API key", keys::get),
        Call::new(Module::ApiKeys.delete(), Method::DELETE, key, "revokeApiKey", "Revoke an API key", keys::revoke)
            .about("Whosever it is. It is good for nothing from then on."),
    ]
}

fn approvals_calls() -> Vec<Call> {
    let (all, one) = ("/approvals", "/approvals/{approval}");
    let below = |name: &str| format!("{one}/{name}");
    let decided = [Kind::Decided];
    // What the act itself may come to, for whoever approves it.
    let done = [
        Kind::Decided,
        Kind::OwnRequest,
        Kind::AskerMayNot,
        Kind::ChangedMeanwhile,
        Kind::NotInState,
        Kind::LastAdministrator,
        Kind::OwnRole,
        Kind::RoleInUse,
        Kind::BeyondOwn,
        Kind::Invalid,
    ];
    vec![
        Call::new(Need::Known, Method::GET, all, "listApprovals", "List what waits for a second operator", approvals::list)
            .about(
                "What one has asked for, and what one may decide; the newest first. What is over stays for 30 days. An API key \
                 has asked for what was asked for by it, not for everything of its operator.",
            )
            .params(&approvals::LISTED),
        Call::new(Need::Known, Method::GET, one, "getApproval", "What would be done, and who can approve it", approvals::get),
        Call::new(Need::Deciding, Method::POST, &below("approve"), "approveAct", "Approve an act", approvals::approve)
            .about(
                "It is done at once, in the name of who has asked, with what both may now. Where it cannot be done, it goes on \
                 waiting. No API key approves, and nobody what they have asked for.",
            )
            .fails(&done),
        Call::new(Need::Deciding, Method::POST, &below("refuse"), "refuseAct", "Refuse an act", approvals::refuse)
            .fails(&[Kind::Decided, Kind::OwnRequest]),
        Call::new(Need::Deciding, Method::POST, &below("withdraw"), "withdrawAct", "Take an act back", approvals::withdraw)
            .about("One's own, as long as it was not done.")
            .fails(&decided)
            .fails(&[Kind::NotOwnRequest]),
    ]
}
