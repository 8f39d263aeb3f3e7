//! Tokens.

use doorward_access::manage::{PinGiven, TestOutcome, TokenAction};
use doorward_api::credential::TokenRecord;
use doorward_api::ports::TokenFilter;
use doorward_api::settings::Complexity;
use doorward_api::template::{HashAlgorithm, PinType};
use doorward_api::{CredentialId, Secret, Template, Timestamp, TokenForm, TokenState, UserId};
use serde::Serialize;
use utoipa::ToSchema;

use super::asked::Asked;
use super::given::{Nothing, body};
use super::gives::{Found, Left, Shown};
use super::people::{SOME_ID, SOME_TIME};
use super::problem::Problem;
use super::settings::{ComplexityName, ModeName, PinTypeName, SynchronizationShown};

/// Where a token is in its life.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum StateName {
    /// In stock, nobody's.
    Inventory,
    /// Given to a user, not yet proved.
    Assigned,
    /// In use.
    Active,
    /// Held.
    Suspended,
    /// Its own PIN was tried too often.
    LockedPin,
    /// Its user has lost it.
    Lost,
    /// It does not work.
    Faulty,
    /// Its secret is destroyed.
    Revoked,
}

impl StateName {
    const fn of(state: TokenState) -> Self {
        match state {
            TokenState::Inventory => StateName::Inventory,
            TokenState::Assigned => StateName::Assigned,
            TokenState::Active => StateName::Active,
            TokenState::Suspended => StateName::Suspended,
            TokenState::LockedPin => StateName::LockedPin,
            TokenState::Lost => StateName::Lost,
            TokenState::Faulty => StateName::Faulty,
            TokenState::Revoked => StateName::Revoked,
        }
    }
}

/// The names of all states, for the query.
pub(super) const STATES: [&str; 8] =
    ["inventory", "assigned", "active", "suspended", "locked_pin", "lost", "faulty", "revoked"];

/// What is done to a token.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ActionName {
    /// Holds it.
    Suspend,
    /// Gives it back.
    Reactivate,
    /// Ends the lock that failed passcodes have led to.
    Unlock,
    /// Takes it from its user: it is no longer needed.
    Return,
    /// Takes it from its user, who has lost it.
    Lost,
    /// Takes it from its user, since it does not work.
    Faulty,
    /// Makes one that was lost or faulty ready for somebody else.
    Reinitialize,
    /// Removes it.
    Delete,
}

impl ActionName {
    fn of(action: TokenAction) -> Self {
        use doorward_access::manage::RevokeReason;
        match action {
            TokenAction::Suspend => ActionName::Suspend,
            TokenAction::Reactivate => ActionName::Reactivate,
            TokenAction::Unlock => ActionName::Unlock,
            TokenAction::Revoke(RevokeReason::Returned) => ActionName::Return,
            TokenAction::Revoke(RevokeReason::Lost) => ActionName::Lost,
            TokenAction::Revoke(RevokeReason::Faulty) => ActionName::Faulty,
            TokenAction::Reinitialize => ActionName::Reinitialize,
            TokenAction::Delete => ActionName::Delete,
        }
    }
}

/// What a token is made of.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum FormName {
    /// An app's secret.
    Software,
    /// A thing that was made elsewhere.
    Hardware,
    /// A passkey: it is counted as no token.
    Passkey,
}

/// Whose a token is.
#[derive(Debug, Serialize, ToSchema)]
struct Owner {
    /// The user's id.
    id: String,
    /// Their sign-in name.
    name: String,
}

/// The hash in a passcode's HMAC.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum HashName {
    /// HMAC-SHA-1.
    Sha1,
    /// HMAC-SHA-256.
    Sha256,
    /// HMAC-SHA-512.
    Sha512,
}

/// What a token was made by, frozen at its issue.
#[derive(Debug, Serialize, ToSchema)]
struct TokenParameters {
    /// The version of the template.
    version: u32,
    /// Whether a challenge is keyed in.
    mode: ModeName,
    /// Characters of a passcode.
    length: u8,
    /// What moves the passcode on.
    synchronization: SynchronizationShown,
    /// The HMAC's hash.
    hash: HashName,
    /// The PIN.
    pin_type: PinTypeName,
    /// Least characters of a user-selected PIN.
    pin_length: Option<u8>,
    /// A user-selected PIN may be one run.
    allow_trivial_pins: Option<bool>,
    /// Wrong PINs in a row that are permitted.
    max_pin_attempts: Option<u8>,
    /// Of what a user-selected PIN is made.
    min_pin_complexity: Option<ComplexityName>,
    /// A fingerprint or a face may stand in for a user-selected PIN.
    allow_biometric_pin: Option<bool>,
}

impl TokenParameters {
    fn of(template: &Template) -> Self {
        let with_pin = template.pin == PinType::UserSelected;
        let complexity = |complexity: Complexity| ComplexityName::of(complexity);
        Self {
            version: template.version,
            mode: ModeName::of(template.mode),
            length: template.length,
            synchronization: SynchronizationShown::of(template.synchronization),
            hash: match template.hash {
                HashAlgorithm::Sha1 => HashName::Sha1,
                HashAlgorithm::Sha256 => HashName::Sha256,
                HashAlgorithm::Sha512 => HashName::Sha512,
            },
            pin_type: PinTypeName::of(template.pin),
            pin_length: with_pin.then_some(template.pin_length),
            allow_trivial_pins: with_pin.then_some(template.allow_trivial_pins),
            max_pin_attempts: with_pin.then_some(template.max_pin_attempts),
            min_pin_complexity: with_pin.then(|| complexity(template.min_pin_complexity)),
            allow_biometric_pin: with_pin.then_some(template.biometric),
        }
    }
}

/// A token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Token)]
pub(super) struct TokenShown {
    /// Its id.
    id: String,
    /// The serial number that people see.
    serial: String,
    /// What it is made of.
    form: FormName,
    /// The plugin that checks it.
    plugin: String,
    /// Whose it is.
    owner: Option<Owner>,
    /// Where it is in its life.
    state: StateName,
    /// The name that its user sees; may be empty.
    label: String,
    /// The platform that it was enrolled on; a thing has none.
    target: Option<String>,
    /// What it was made by. Of a passkey it says nothing.
    template: TokenParameters,
    /// Wrong passcodes in a row.
    fails: u32,
    /// Locked until then by wrong passcodes; may be over.
    #[schema(format = DateTime)]
    locked_until: Option<String>,
    /// A PIN that the server checks is set.
    has_pin: bool,
    /// When it was issued or imported.
    #[schema(format = DateTime)]
    created_at: String,
    /// When its first passcode was accepted.
    #[schema(format = DateTime)]
    activated_at: Option<String>,
    /// When it was last used.
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
    /// What can be done to it as it is.
    actions: Vec<ActionName>,
}

impl TokenShown {
    fn of(token: TokenRecord, now: Timestamp) -> Self {
        let possible = TokenAction::ALL.into_iter().filter(|action| action.possible(&token, now));
        Self {
            actions: possible.map(ActionName::of).collect(),
            id: token.id.to_string(),
            serial: token.serial,
            form: match token.form {
                TokenForm::Software => FormName::Software,
                TokenForm::Hardware => FormName::Hardware,
                TokenForm::Passkey => FormName::Passkey,
            },
            plugin: token.plugin,
            owner: token.owner.map(|(id, name)| Owner { id: id.to_string(), name }),
            state: StateName::of(token.state),
            label: token.label,
            target: token.target.map(|target| target.as_str().to_owned()),
            template: TokenParameters::of(&token.template),
            fails: token.fails,
            locked_until: token.locked_until.map(Timestamp::rfc3339),
            has_pin: token.has_pin,
            created_at: token.created_at.rfc3339(),
            activated_at: token.activated_at.map(Timestamp::rfc3339),
            last_used_at: token.last_used_at.map(Timestamp::rfc3339),
        }
    }
}

impl Shown for TokenShown {
    fn example() -> Self {
        Self {
            id: SOME_ID.to_owned(),
            serial: "DW-7Q2M-K94T".to_owned(),
            form: FormName::Software,
            plugin: "otp".to_owned(),
            owner: Some(Owner { id: SOME_ID.to_owned(), name: "alice".to_owned() }),
            state: StateName::Active,
            label: "my phone".to_owned(),
            target: Some("android".to_owned()),
            template: TokenParameters::of(&Template::STANDARD_APP),
            fails: 0,
            locked_until: None,
            has_pin: false,
            created_at: SOME_TIME.rfc3339(),
            activated_at: Some(SOME_TIME.rfc3339()),
            last_used_at: Some(SOME_TIME.rfc3339()),
            actions: vec![ActionName::Suspend, ActionName::Return, ActionName::Lost, ActionName::Faulty],
        }
    }
}

/// A part of the list of tokens, by serial number.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tokens)]
pub(super) struct TokensShown {
    /// This part.
    items: Vec<TokenShown>,
    /// What to send as `after` for the next part; `null` when there is none.
    next: Option<String>,
}

impl Shown for TokensShown {
    fn example() -> Self {
        Self { items: vec![TokenShown::example()], next: None }
    }
}

/// How many tokens there are.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TokenCounts {
    /// In each state that any is in.
    states: Vec<StateCount>,
    /// Of those in use: locked now by wrong passcodes.
    locked: u64,
}

/// How many tokens are in one state.
#[derive(Debug, Serialize, ToSchema)]
struct StateCount {
    /// The state.
    state: StateName,
    /// How many.
    count: u64,
}

impl Shown for TokenCounts {
    fn example() -> Self {
        Self { states: vec![StateCount { state: StateName::Active, count: 420 }], locked: 1 }
    }
}

/// What a passcode turned out to be.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum OutcomeName {
    /// Right; it is spent.
    Right,
    /// Right, but so far from where it should be that the very next one is asked for.
    OutOfStep,
    /// Right once.
    Used,
    /// Wrong.
    Wrong,
}

/// A passcode that was tried out.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Tested {
    /// What it turned out to be.
    outcome: OutcomeName,
}

impl Shown for Tested {
    fn example() -> Self {
        Self { outcome: OutcomeName::Right }
    }
}

/// A PIN that was set.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PinShown {
    /// It, when it was drawn. It is told this once.
    pin: Option<String>,
}

impl Shown for PinShown {
    fn example() -> Self {
        Self { pin: Some("405862".to_owned()) }
    }
}

body! {
    /// What shall be done to a token.
    ActionGiven {
        /// This. `delete` takes an administrator.
        #[schema(value_type = ActionName)]
        action: TokenAction,
    }
    example { "action": "suspend" }
}

body! {
    /// To whom a token of the stock is given.
    AssignGiven {
        /// The user's id.
        #[schema(value_type = String)]
        user: UserId,
    }
    example { "user": "mfrggzdfmztwq2lknnwg23tpoa" }
}

body! {
    /// Two passcodes that a token showed one right after the other.
    ResyncGiven {
        /// The first.
        #[schema(value_type = String)]
        first: Secret,
        /// The next.
        #[schema(value_type = String)]
        second: Secret,
    }
    example { "first": "123456", "second": "654321" }
}

body! {
    /// A PIN that the server checks.
    PinToSet {
        /// One of the operator's choice, where the policy takes any; without it one is drawn.
        #[schema(value_type = Option<String>, format = Password)]
        pin: Option<Secret>,
        /// It must be changed at its first use. Where the policy says so itself, this is not to be `false`.
        must_change: Option<bool>,
    }
    example { "must_change": true }
}

body! {
    /// A passcode to be tried out. A right one is spent.
    TestGiven {
        /// What the token shows.
        #[schema(value_type = String)]
        passcode: Secret,
    }
    example { "passcode": "123456" }
}

body! {
    /// A token's name.
    LabelGiven {
        /// One line of at most 64 characters; empty for none.
        #[schema(max_length = 64)]
        label: String,
    }
    example { "label": "my phone" }
}

/// `GET /tokens`
pub(super) async fn list(asked: Asked, _: Nothing) -> Result<Found<TokensShown>, Problem> {
    let (now, owner) = (asked.visitor.now, asked.query("owner"));
    let filter = TokenFilter {
        state: TokenState::parse(asked.query("state")),
        locked_at: (asked.query("locked") == "true").then_some(now),
        owner: (!owner.is_empty()).then(|| UserId::from(owner)),
        serial: asked.query("serial").to_owned(),
    };
    let found = asked.api.parts.manager.tokens(&asked.vs.id, &filter, &asked.page()).await?;
    let items = found.items.into_iter().map(|token| TokenShown::of(token, now)).collect();
    Ok(Found(TokensShown { items, next: found.next }))
}

fn found(asked: &Asked, token: TokenRecord) -> Found<TokenShown> {
    Found(TokenShown::of(token, asked.visitor.now))
}

fn token(asked: &Asked) -> CredentialId {
    asked.id("token")
}

/// `GET /tokens/{token}`
pub(super) async fn get(asked: Asked, _: Nothing) -> Result<Found<TokenShown>, Problem> {
    let record = asked.api.parts.manager.token(&asked.vs.id, &token(&asked)).await?;
    Ok(found(&asked, record))
}

/// `GET /tokens/counts`
pub(super) async fn counts(asked: Asked, _: Nothing) -> Result<Found<TokenCounts>, Problem> {
    let counted = asked.api.parts.manager.token_counts(&asked.vs.id, asked.visitor.now).await?;
    let states = counted.states.into_iter().map(|(state, count)| StateCount { state: StateName::of(state), count });
    Ok(Found(TokenCounts { states: states.collect(), locked: counted.locked }))
}

/// `POST /tokens/{token}/actions`
pub(super) async fn act(asked: Asked, given: ActionGiven) -> Result<Left<TokenShown>, Problem> {
    let manager = &asked.api.parts.manager;
    let left = manager.act_on_token(&asked.vs.id, &asked.by(), &token(&asked), given.action).await?;
    Ok(Left(left.map(|token| TokenShown::of(token, asked.visitor.now))))
}

/// `POST /tokens/{token}/assign`
pub(super) async fn assign(asked: Asked, given: AssignGiven) -> Result<Found<TokenShown>, Problem> {
    let manager = &asked.api.parts.manager;
    let record = manager.assign_token(&asked.vs.id, &asked.by(), &token(&asked), &given.user).await?;
    Ok(found(&asked, record))
}

/// `POST /tokens/{token}/resync`
pub(super) async fn resync(asked: Asked, given: ResyncGiven) -> Result<Found<TokenShown>, Problem> {
    let (manager, both) = (&asked.api.parts.manager, [&given.first, &given.second]);
    let record = manager.resync_token(&asked.vs.id, &asked.by(), &token(&asked), both).await?;
    Ok(found(&asked, record))
}

/// `POST /tokens/{token}/pin`
pub(super) async fn set_pin(asked: Asked, given: PinToSet) -> Result<Found<PinShown>, Problem> {
    let (manager, id) = (&asked.api.parts.manager, token(&asked));
    let (pin, must_change) = (given.pin.as_ref(), given.must_change);
    let PinGiven(drawn) = manager.set_pin(&asked.vs.id, &asked.by(), &id, pin, must_change).await?;
    Ok(Found(PinShown { pin: drawn.map(|pin| pin.expose().to_owned()) }))
}

/// `POST /tokens/{token}/test`
pub(super) async fn test(asked: Asked, given: TestGiven) -> Result<Found<Tested>, Problem> {
    let manager = &asked.api.parts.manager;
    let outcome = manager.test_token(&asked.vs.id, &asked.by(), &token(&asked), &given.passcode).await?;
    let outcome = match outcome {
        TestOutcome::Right => OutcomeName::Right,
        TestOutcome::OutOfStep => OutcomeName::OutOfStep,
        TestOutcome::Used => OutcomeName::Used,
        TestOutcome::Wrong => OutcomeName::Wrong,
    };
    Ok(Found(Tested { outcome }))
}

/// `PUT /tokens/{token}/label`
pub(super) async fn label(asked: Asked, given: LabelGiven) -> Result<Found<TokenShown>, Problem> {
    let manager = &asked.api.parts.manager;
    let record = manager.label_token(&asked.vs.id, &asked.by(), &token(&asked), &given.label).await?;
    Ok(found(&asked, record))
}
