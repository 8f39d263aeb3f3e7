//! An enrolled authenticator ("token") as stored.

use serde::{Deserialize, Serialize};

use crate::ids::{CredentialId, UserId};
use crate::secret::SecretBytes;
use crate::template::{Target, Template};
use crate::time::Timestamp;

/// The life of a token: the states of self-provisioning.md 4 (decision A14). Locked by failed passcodes is no state but a time
/// until which an Active token is not accepted: it ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenState {
    /// In stock, with its secret: a token that was made elsewhere and is nobody's.
    Inventory,
    /// Given to a user, not yet proved.
    Assigned,
    /// In use.
    Active,
    /// Held: by an operator, by its user, or by the "Not you?" link. Counts as having a token (A5).
    Suspended,
    /// Its own PIN was tried too often: never unlocked, only enrolled anew (R75).
    LockedPin,
    /// Taken from its user, who has lost it. Nobody's.
    Lost,
    /// Taken from its user, since it does not work. Nobody's.
    Faulty,
    /// Its secret is destroyed: revoked, returned to the endless stock of software tokens, or never finished.
    Revoked,
}

impl TokenState {
    /// All of them.
    pub const ALL: [TokenState; 8] = [
        TokenState::Inventory,
        TokenState::Assigned,
        TokenState::Active,
        TokenState::Suspended,
        TokenState::LockedPin,
        TokenState::Lost,
        TokenState::Faulty,
        TokenState::Revoked,
    ];

    /// The name in the store, records and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            TokenState::Inventory => "inventory",
            TokenState::Assigned => "assigned",
            TokenState::Active => "active",
            TokenState::Suspended => "suspended",
            TokenState::LockedPin => "locked_pin",
            TokenState::Lost => "lost",
            TokenState::Faulty => "faulty",
            TokenState::Revoked => "revoked",
        }
    }

    /// Back from [`TokenState::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == text)
    }

    /// Whether a user who has it "has a token" (R3).
    pub const fn counts_as_token(self) -> bool {
        matches!(self, TokenState::Active | TokenState::Suspended | TokenState::LockedPin)
    }

    /// Whether it is somebody's.
    pub const fn owned(self) -> bool {
        matches!(self, TokenState::Assigned | TokenState::Active | TokenState::Suspended | TokenState::LockedPin)
    }
}

/// What a token is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenForm {
    /// An app's secret, drawn here: there are as many as are wanted.
    Software,
    /// A thing that was made elsewhere, with its secret in it, and goes from user to user.
    Hardware,
    /// A passkey. It is no token: whoever has nothing else "has no token" (R3), and none of them is counted as one.
    Passkey,
}

impl TokenForm {
    /// The name in the store and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            TokenForm::Software => "software",
            TokenForm::Hardware => "hardware",
            TokenForm::Passkey => "passkey",
        }
    }

    /// Back from [`TokenForm::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Software, Self::Hardware, Self::Passkey].into_iter().find(|form| form.as_str() == text)
    }

    /// Whether it is a token at all: something that shows passcodes, or has requests approved on it.
    pub const fn is_token(self) -> bool {
        matches!(self, TokenForm::Software | TokenForm::Hardware)
    }
}

/// A PIN that the server checks, as stored (self-provisioning.md 2.1). Sealed in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerPin {
    /// argon2id of it, in PHC form.
    pub hash: String,
    /// When it was set: what its age is counted from.
    pub set_at: Timestamp,
    /// It must be changed at its next use.
    pub must_change: bool,
    /// Hashes of those before it, newest first.
    pub history: Vec<String>,
}

/// Counts up at each change of the sealed bytes; the host writes only over the version it has read.
pub type Version = i64;

/// An enrolled authenticator, its bytes opened by the store.
#[derive(Debug, Clone)]
pub struct Credential {
    /// The row.
    pub id: CredentialId,
    /// The owner.
    pub user: UserId,
    /// The plugin that made it and can check it (`otp`).
    pub plugin: String,
    /// The serial number that people see (`DW-7Q2M-K94T`).
    pub serial: String,
    /// Where it is in its life.
    pub state: TokenState,
    /// An app, or a thing.
    pub form: TokenForm,
    /// The name its user gave it; may be empty.
    pub label: String,
    /// The platform it was enrolled on; a thing has none.
    pub target: Option<Target>,
    /// It was issued beside another that had been proved, so there may be several of them.
    pub additional: bool,
    /// The template frozen at its issue (R57).
    pub template: Template,
    /// What the plugin keeps: opaque to everybody else. Empty once revoked, and when `damaged`.
    pub opened: SecretBytes,
    /// What is stored could not be opened: it was moved or changed past the gateway (CR-02).
    pub damaged: bool,
    /// See [`Version`].
    pub version: Version,
    /// The PIN that the server checks, if one is set.
    pub pin: Option<ServerPin>,
    /// Counts up at each change of that PIN.
    pub pin_version: Version,
    /// Consecutive failures since the last success.
    pub fails: u32,
    /// Locked until then, after too many failures.
    pub locked_until: Option<Timestamp>,
    /// When it was issued.
    pub created_at: Timestamp,
    /// When its first proof was accepted.
    pub activated_at: Option<Timestamp>,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
}

impl Credential {
    /// Whether it is locked at `now` by too many failures.
    pub fn locked(&self, now: Timestamp) -> bool {
        self.locked_until.is_some_and(|until| until > now)
    }
}

/// A credential to be stored.
#[derive(Debug, Clone)]
pub struct NewCredential {
    /// The row to be.
    pub id: CredentialId,
    /// The owner.
    pub user: UserId,
    /// The plugin.
    pub plugin: String,
    /// The serial number.
    pub serial: String,
    /// The platform.
    pub target: Target,
    /// The template of this moment.
    pub template: Template,
    /// What the plugin gave.
    pub opened: SecretBytes,
    /// It comes beside another that was proved: see [`Credential::additional`].
    pub additional: bool,
    /// How many tokens that count its user may have with it.
    pub most: u8,
}

/// A passkey to be stored: in use at once, since making it has proved it.
#[derive(Debug, Clone)]
pub struct AddedPasskey {
    /// The row to be.
    pub id: CredentialId,
    /// The owner.
    pub user: UserId,
    /// The plugin.
    pub plugin: String,
    /// Made of the id that browsers know it by, so that it is found by that.
    pub serial: String,
    /// What it is called.
    pub label: String,
    /// What the plugin keeps of it.
    pub opened: SecretBytes,
    /// How many passkeys its user may have with it.
    pub most: u8,
}

/// A token that was made elsewhere, to be put into the stock.
#[derive(Debug, Clone)]
pub struct NewStock {
    /// The row to be.
    pub id: CredentialId,
    /// The plugin that can check it.
    pub plugin: String,
    /// Its own serial number.
    pub serial: String,
    /// What it does.
    pub template: Template,
    /// What the plugin keeps of it.
    pub opened: SecretBytes,
}

/// A token as operators see it: without its secret, and whether it is anybody's or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRecord {
    /// The row.
    pub id: CredentialId,
    /// The serial number.
    pub serial: String,
    /// An app, or a thing.
    pub form: TokenForm,
    /// The plugin.
    pub plugin: String,
    /// The owner's row and name.
    pub owner: Option<(UserId, String)>,
    /// Where it is in its life.
    pub state: TokenState,
    /// The name its user gave it; may be empty.
    pub label: String,
    /// The platform; a thing has none.
    pub target: Option<Target>,
    /// What it was made by.
    pub template: Template,
    /// Consecutive failures since the last success.
    pub fails: u32,
    /// Locked until then, after too many failures.
    pub locked_until: Option<Timestamp>,
    /// A PIN that the server checks is set.
    pub has_pin: bool,
    /// When it was issued or imported.
    pub created_at: Timestamp,
    /// When its first proof was accepted.
    pub activated_at: Option<Timestamp>,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
}
