//! Every call of the API.

use doorward_api::operator::Role;
use doorward_api::settings::{
    Appearance, EnrolmentRules, Lockout, SelfProvisioning, ServerPinPolicy, SettingKind, TargetSettings, TokenTemplate,
    Windows,
};
use http::Method;

use super::call::{AFTER, Call, LIMIT, Of, Param};
use super::problem::Kind;
use super::settings::Kept;
use super::{describe, grants, groups, imports, session, settings, staff, tokens, users};

const BEGINS: Param = Param::new("q", Of::Text, "What names begin with; all when it is not said.");

const PREVIEW: [Param; 1] = [Param { required: true, ..Param::new("user", Of::Text, "The sign-in name of a user.") }];

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

const CARE: Role = Role::HelpDesk;
const RULE: Role = Role::Administrator;

/// All of them, in the order of the description.
pub(super) fn all() -> Vec<Call> {
    let sections: [(&'static str, Vec<Call>); 9] = [
        ("session", session_calls()),
        ("settings", settings_calls()),
        ("users", users_calls()),
        ("enrolment", enrolment_calls()),
        ("groups", groups_calls()),
        ("tokens", tokens_calls()),
        ("imports", imports_calls()),
        ("operators", operators_calls()),
        ("description", vec![get_description()]),
    ];
    let tagged = |(tag, calls): (&'static str, Vec<Call>)| calls.into_iter().map(move |call| Call { tag, ..call });
    sections.into_iter().flat_map(tagged).collect()
}

fn get_description() -> Call {
    Call::open(Method::GET, "/openapi.json", "getDescription", "The description of the API", describe::describe)
}

fn session_calls() -> Vec<Call> {
    let path = "/session";
    vec![
        Call::open(Method::POST, path, "createSession", "Sign in", session::begin)
            .about("Counted as a sign-in at the console is: after five failures a name waits for 15 minutes.")
            .fails(&[Kind::NotAccepted, Kind::TooMany, Kind::Unavailable]),
        Call::new(Method::GET, path, "getSession", "Who is signed in", session::look),
        Call::new(Method::DELETE, path, "deleteSession", "Sign out", session::end),
        Call::new(Method::POST, "/session/proof", "proveSession", "Prove anew who you are", session::prove)
            .about("Changes are taken for 10 minutes after a proof; signing in is one.")
            .fails(&[Kind::NotAccepted, Kind::TooMany]),
    ]
}

fn settings_calls() -> Vec<Call> {
    let mut calls = Vec::new();
    calls.extend(of_document::<SelfProvisioning>("SelfProvisioning"));
    calls.extend(of_document::<EnrolmentRules>("EnrolmentRules"));
    calls.extend(of_document::<Appearance>("Appearance"));
    calls.extend(of_document::<TargetSettings>("Targets"));
    calls.extend(of_document::<TokenTemplate>("TokenTemplate"));
    calls.extend(of_document::<ServerPinPolicy>("ServerPinPolicy"));
    calls.extend(of_document::<Windows>("Synchronization"));
    calls.extend(of_document::<Lockout>("Lockout"));
    let path = "/settings/token_template/kinds";
    let title = "Which kinds of authenticator can carry the token template";
    calls.push(
        Call::new(Method::GET, path, "listTokenTemplateKinds", title, settings::kinds)
            .about("On the platforms that are allowed; where one cannot, why."),
    );
    let path = "/self-provisioning/preview";
    let preview =
        Call::new(Method::GET, path, "previewSelfProvisioning", "What a user would be offered", settings::preview);
    calls.push(preview.params(&PREVIEW).fails(&[Kind::NotFound]));
    calls
}

/// The calls of one kind of settings.
fn of_document<D: Kept>(name: &str) -> [Call; 3] {
    let what = match D::KIND {
        SettingKind::SelfProvisioning => "self-provisioning settings",
        SettingKind::EnrolmentRules => "enrolment rules",
        SettingKind::Appearance => "appearance of the portal",
        SettingKind::Targets => "software token and push settings",
        SettingKind::TokenTemplate => "token template",
        SettingKind::ServerPinPolicy => "server-side PIN policy",
        SettingKind::Synchronization => "synchronization settings",
        SettingKind::Lockout => "account lockout policy",
    };
    let path = format!("/settings/{}", D::KIND.as_str());
    let title = |verb: &str| format!("{verb} the {what}");
    [
        Call::new(Method::GET, &path, &format!("get{name}"), &title("Read"), settings::get::<D>),
        Call::new(Method::PUT, &path, &format!("put{name}"), &title("Replace"), settings::put::<D>)
            .about("In force at the next request. A document that says what is there is taken and leaves no trace.")
            .by(RULE)
            .versioned()
            .largest(D::LARGEST),
        Call::new(
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
        Call::new(Method::GET, "/users", "listUsers", "List users", users::list)
            .about("Those whose name, display name or address begins with `q`, by name.")
            .params(&LIST),
        Call::new(Method::POST, "/users", "createUser", "Make a user", users::add).by(CARE).once(),
        Call::new(Method::GET, user, "getUser", "Read a user", users::get),
        Call::new(Method::PUT, user, "updateUser", "Replace what a user's record says", users::update)
            .by(CARE)
            .versioned(),
        Call::new(Method::DELETE, user, "deleteUser", "Delete a user", users::delete)
            .about("With sessions and memberships; tokens go back to the stock or are revoked.")
            .by(RULE),
        Call::new(
            Method::POST,
            &below("password"),
            "setUserPassword",
            "Set or draw a user's password",
            users::set_password,
        )
        .about("Ends the user's sessions.")
        .by(CARE)
        .once(),
        Call::new(Method::POST, &below("disable"), "disableUser", "Switch a user off", users::disable)
            .about("Ends the user's sessions.")
            .by(CARE),
        Call::new(Method::POST, &below("enable"), "enableUser", "Switch a user on", users::enable).by(CARE),
        Call::new(Method::POST, &below("sign-out"), "signUserOut", "End a user's sessions", users::sign_out).by(CARE),
        Call::new(
            Method::POST,
            &below("temporary-passcode"),
            "giveTemporaryPasscode",
            "Give a user a temporary passcode",
            users::give_temporary,
        )
        .about("It stands in for a token until its end, in place of the one before.")
        .by(CARE)
        .once(),
        Call::new(
            Method::DELETE,
            &below("temporary-passcode"),
            "withdrawTemporaryPasscode",
            "Take a temporary passcode back",
            users::withdraw_temporary,
        )
        .by(CARE),
        Call::new(
            Method::GET,
            &below("recovery-codes"),
            "getRecoveryCodes",
            "How many recovery codes a user has left",
            users::recovery_codes,
        )
        .about("404 where none were made."),
        Call::new(
            Method::DELETE,
            &below("recovery-codes"),
            "withdrawRecoveryCodes",
            "Void a user's recovery codes",
            users::withdraw_recovery_codes,
        )
        .by(CARE)
        .fails(&[Kind::ChangedMeanwhile]),
        Call::new(
            Method::POST,
            &below("verification"),
            "verifyCaller",
            "Ask the device of a user who calls",
            users::verify,
        )
        .about("The caller is read the number, and enters it on the device. 429 while none is sent to this user.")
        .by(CARE)
        .once()
        .fails(&[Kind::NoDevice, Kind::TooMany]),
        Call::new(
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
            Method::GET,
            "/enrolment-requests",
            "listEnrolmentRequests",
            "Who waits for an approval",
            grants::requests,
        )
        .about("Those whose enrolment rule asks for one, and who have asked; by name.")
        .params(&[AFTER, LIMIT]),
        Call::new(Method::GET, grant, "getEnrolmentGrant", "What a user is granted, or asks for", grants::get),
        Call::new(Method::POST, &below("approve"), "approveEnrolment", "Approve that a user enrols", grants::approve)
            .about("Whether they have asked or not, in place of whatever there was. They are written to.")
            .by(CARE)
            .once()
            .fails(&decided),
        Call::new(Method::POST, &below("refuse"), "refuseEnrolment", "Refuse that a user enrols", grants::refuse)
            .about("They are shown the reason, and may ask again when the refusal is over.")
            .by(CARE)
            .fails(&decided),
        Call::new(
            Method::POST,
            &below("help-desk-code"),
            "giveHelpDeskCode",
            "Give a user a code to enrol with",
            grants::give_code,
        )
        .about("In place of whatever there was.")
        .by(CARE)
        .once()
        .fails(&decided),
        Call::new(
            Method::DELETE,
            grant,
            "withdrawEnrolmentGrant",
            "Take back whatever a user is granted",
            grants::withdraw,
        )
        .by(CARE)
        .fails(&decided),
    ]
}

fn groups_calls() -> Vec<Call> {
    let group = "/groups/{group}";
    let (member, parent) = ("/groups/{group}/members/{user}", "/groups/{group}/parents/{parent}");
    vec![
        Call::new(Method::GET, "/groups", "listGroups", "List groups", groups::list)
            .about("Those whose name begins with `q`, by name.")
            .params(&LIST),
        Call::new(Method::POST, "/groups", "createGroup", "Make a group", groups::add).by(RULE).once(),
        Call::new(Method::GET, group, "getGroup", "Read a group", groups::get),
        Call::new(Method::PUT, group, "renameGroup", "Give a group another name", groups::rename)
            .about("Policies name groups by this name.")
            .by(RULE),
        Call::new(Method::DELETE, group, "deleteGroup", "Delete a group", groups::delete).by(RULE),
        Call::new(Method::PUT, member, "addMember", "Put a user into a group", groups::let_in).by(RULE),
        Call::new(Method::DELETE, member, "removeMember", "Take a user out of a group", groups::let_out).by(RULE),
        Call::new(Method::PUT, parent, "addParent", "Put a group into another", groups::nest)
            .about("Its members are members of the other.")
            .by(RULE)
            .fails(&[Kind::Invalid]),
        Call::new(Method::DELETE, parent, "removeParent", "Take a group out of another", groups::unnest)
            .by(RULE)
            .fails(&[Kind::Invalid]),
    ]
}

fn tokens_calls() -> Vec<Call> {
    let token = "/tokens/{token}";
    let below = |name: &str| format!("{token}/{name}");
    let state = [Kind::NotInState, Kind::ChangedMeanwhile];
    vec![
        Call::new(Method::GET, "/tokens", "listTokens", "List tokens", tokens::list)
            .about("Those for which every condition holds, by serial number.")
            .params(&TOKENS),
        Call::new(Method::GET, "/tokens/counts", "countTokens", "How many tokens there are", tokens::counts),
        Call::new(Method::GET, token, "getToken", "Read a token", tokens::get),
        Call::new(Method::POST, &below("actions"), "actOnToken", "Do something to a token", tokens::act)
            .about("`actions` of a token tells what can be done to it. Taking or holding it ends its user's sessions.")
            .by(CARE)
            .fails(&state),
        Call::new(Method::POST, &below("assign"), "assignToken", "Give a token of the stock to a user", tokens::assign)
            .about("Its first passcode makes it Active.")
            .by(CARE)
            .fails(&[Kind::NotInState, Kind::HasToken]),
        Call::new(Method::POST, &below("resync"), "resyncToken", "Find a token again", tokens::resync)
            .about("By two passcodes that it showed one right after the other. Both are spent.")
            .by(CARE)
            .fails(&state),
        Call::new(Method::POST, &below("pin"), "setTokenPin", "Set or draw a server-side PIN", tokens::set_pin)
            .by(CARE)
            .once()
            .fails(&state),
        Call::new(Method::POST, &below("test"), "testToken", "Try a passcode out", tokens::test)
            .about("A right one is spent, so that this is no way to let somebody use it.")
            .by(CARE)
            .fails(&state),
        Call::new(Method::PUT, &below("label"), "labelToken", "Give a token a name", tokens::label).by(CARE),
    ]
}

fn imports_calls() -> Vec<Call> {
    vec![
        Call::new(Method::POST, "/tokens/import", "importTokens", "Take a file of tokens", imports::begin)
            .about(
                "Into the stock. A file that cannot be read as a whole is refused at once. Each token is taken whole or \
                 not at all; a file that is sent again takes nothing twice.",
            )
            .by(RULE)
            .once()
            .largest(imports::LARGEST_BODY),
        Call::new(Method::GET, "/tokens/imports/{import}", "getImport", "How far a file is", imports::look)
            .about("Kept for an hour by the process that took it."),
    ]
}

fn operators_calls() -> Vec<Call> {
    let operator = "/operators/{operator}";
    let below = |name: &str| format!("{operator}/{name}");
    let last = [Kind::LastAdministrator];
    vec![
        Call::new(Method::GET, "/operators", "listOperators", "List operators", staff::list),
        Call::new(
            Method::POST,
            "/operators/invitations",
            "inviteOperator",
            "Make a link for one more operator",
            staff::invite,
        )
        .about("Name, password and second factor are chosen behind it.")
        .by(RULE)
        .once(),
        Call::new(Method::GET, operator, "getOperator", "Read an operator", staff::get),
        Call::new(Method::PUT, &below("role"), "setOperatorRole", "Give an operator another role", staff::set_role)
            .by(RULE)
            .fails(&last),
        Call::new(Method::POST, &below("disable"), "disableOperator", "Switch an operator off", staff::disable)
            .about("Ends the operator's sessions.")
            .by(RULE)
            .fails(&last),
        Call::new(Method::POST, &below("enable"), "enableOperator", "Switch an operator on", staff::enable)
            .by(RULE)
            .fails(&last),
    ]
}
