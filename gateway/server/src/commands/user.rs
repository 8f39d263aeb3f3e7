//! `doorward user …`: the local directory from the command line. Every change is recorded in the audit chain.

use std::io::{IsTerminal, Read};

use doorward_access::manage::tries_of;
use doorward_access::names::fold_name;
use doorward_access::passwords::{self, Passwords};
use doorward_api::ports::{Act, Change, Credentials, Entropy, Meters, Users};
use doorward_api::user::{NewUser, User};
use doorward_api::{AuditEvent, CommitError, EventContext, EventKind, Secret, TokenState, UserId};
use doorward_store::SystemEntropy;
use zeroize::Zeroizing;

use super::desk::Desk;
use crate::args::DirectoryArgs;
use crate::commands::authenticator::terminal::unseen;
use crate::{Failure, Finding};

/// What is done in the database itself.
pub(crate) enum Local {
    /// A new user.
    Add {
        /// The sign-in name.
        name: String,
        /// The mail address.
        email: Option<String>,
        /// The name to show.
        display_name: String,
        /// Made when missing.
        groups: Vec<String>,
        /// A password is made.
        generate: bool,
    },
    /// A new password.
    Password {
        /// The sign-in name.
        name: String,
        /// It is made.
        generate: bool,
    },
    /// On or off.
    Switch {
        /// The sign-in name.
        name: String,
        /// Off.
        disabled: bool,
    },
    /// Suspended tokens are active again.
    Reactivate {
        /// The sign-in name.
        name: String,
    },
    /// No token is left.
    RevokeTokens {
        /// The sign-in name.
        name: String,
    },
}

/// Does one of them.
pub(crate) fn user(of: &DirectoryArgs, what: Local) -> Result<Finding, Failure> {
    match what {
        Local::Add { name, email, display_name, groups, generate } => {
            let folded = fold_name(&name).ok_or_else(|| Failure::Other(format!("{name:?} is no user name")))?;
            if email.as_deref().is_some_and(|e| !plausible(e)) {
                return Err(Failure::Other("--email: must be a mail address".into()));
            }
            let desk = Desk::open(of)?;
            let password = new_password(generate)?;
            let hash = hashed(&desk.runtime, &password)?;
            let id = UserId::new(SystemEntropy.id());
            let new = NewUser { name: name.clone(), folded, display_name, email, password_hash: Some(hash), groups };
            let change =
                Change::of(Act::UserAdd(Box::new(new), id.clone())).record(event(EventKind::UserCreated, &id, &name));
            desk.commit(change).map_err(|error| match error {
                CommitError::Lost { .. } => Failure::Other(format!("there is a user {name:?} already")),
                CommitError::Store(error) => Failure::Store(error.to_string()),
            })?;
            desk.told(&name, "added", generate.then_some(&password))
        }
        Local::Password { name, generate } => {
            let desk = Desk::open(of)?;
            let user = desk.find(&name)?;
            let password = new_password(generate)?;
            let hash = hashed(&desk.runtime, &password)?;
            let change = Change::of(Act::UserPassword { user: user.id.clone(), hash })
                .and(Act::SessionsEndOf { user: user.id.clone() })
                .and(flows_end_of(&user.id))
                .record(event(EventKind::UserPasswordChanged, &user.id, &user.name));
            desk.commit(change).map_err(Failure::other)?;
            // What was tried was tried on another password.
            for meter in tries_of(&user.id) {
                desk.runtime.block_on(desk.store.forget(&desk.vs, &meter)).map_err(Failure::other)?;
            }
            desk.told(&name, "has a new password; open sessions were ended", generate.then_some(&password))
        }
        Local::Switch { name, disabled } => switch(of, &name, disabled),
        Local::Reactivate { name } => {
            tokens(of, &name, TokenState::Suspended, TokenState::Active, EventKind::TokenReactivated)
        }
        Local::RevokeTokens { name } => {
            tokens(of, &name, TokenState::Active, TokenState::Revoked, EventKind::TokenRevoked)
        }
    }
}

impl Desk {
    fn find(&self, name: &str) -> Result<User, Failure> {
        let none = || Failure::Other(format!("there is no user {name:?}"));
        let folded = fold_name(name).ok_or_else(none)?;
        self.runtime
            .block_on(self.store.user_by_name(&self.vs, &folded))
            .map_err(|e| Failure::Store(e.to_string()))?
            .ok_or_else(none)
    }

    /// Says what was done, and signs its record.
    fn told(self, name: &str, what: &str, password: Option<&Secret>) -> Result<Finding, Failure> {
        println!("{name} {what}.");
        if let Some(password) = password {
            println!("password {}", password.expose());
        }
        self.sign()
    }
}

fn switch(of: &DirectoryArgs, name: &str, disabled: bool) -> Result<Finding, Failure> {
    let desk = Desk::open(of)?;
    let user = desk.find(name)?;
    let kind = if disabled { EventKind::UserDisabled } else { EventKind::UserEnabled };
    let mut change = Change::of(Act::UserDisable { user: user.id.clone(), disabled });
    if disabled {
        change = change.and(Act::SessionsEndOf { user: user.id.clone() }).and(flows_end_of(&user.id));
    }
    desk.commit(change.record(event(kind, &user.id, &user.name))).map_err(Failure::other)?;
    desk.told(name, if disabled { "is switched off; open sessions were ended" } else { "is switched on" }, None)
}

/// Moves every token of a user that is in `from` (revoking takes suspended ones too) to `to`.
fn tokens(
    of: &DirectoryArgs,
    name: &str,
    from: TokenState,
    to: TokenState,
    kind: EventKind,
) -> Result<Finding, Failure> {
    let desk = Desk::open(of)?;
    let user = desk.find(name)?;
    let from =
        if to == TokenState::Revoked { vec![from, TokenState::Suspended, TokenState::Assigned] } else { vec![from] };
    let all = desk
        .runtime
        .block_on(desk.store.credentials_of(&desk.vs, &user.id))
        .map_err(|e| Failure::Store(e.to_string()))?;
    let concerned: Vec<_> = all.into_iter().filter(|c| from.contains(&c.state)).collect();
    if concerned.is_empty() {
        return Err(Failure::Other(format!("{name} has no authenticator that is {}", states(&from))));
    }
    let mut change = Change::default();
    if to == TokenState::Revoked {
        change = change.and(Act::SessionsEndOf { user: user.id.clone() });
    }
    for token in &concerned {
        change = change.and(Act::CredentialState { id: token.id.clone(), from: from.clone(), to }).record(
            event(kind, &user.id, &user.name)
                .with("serial", token.serial.clone())
                .with("from", token.state.as_str())
                .with("to", to.as_str())
                .with("reason", "operator"),
        );
    }
    if to == TokenState::Revoked {
        change = change.and(flows_end_of(&user.id));
    }
    desk.commit(change).map_err(Failure::other)?;
    desk.told(name, &format!("has {} authenticator(s) now {}", concerned.len(), to.as_str()), None)
}

/// What was proved in a sign-in that is under way counts no longer (EN-03).
fn flows_end_of(user: &UserId) -> Act {
    Act::FlowsEndOf { user: user.clone(), by: Box::default() }
}

fn states(states: &[TokenState]) -> String {
    states.iter().map(|s| s.as_str()).collect::<Vec<_>>().join(" or ")
}

fn event(kind: EventKind, user: &UserId, name: &str) -> AuditEvent {
    let context =
        EventContext { user: Some(user.clone()), used_name: Some(name.to_owned()), ..EventContext::default() };
    AuditEvent::new(kind, context).with("actor", "command line")
}

fn plausible(email: &str) -> bool {
    email.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && domain.contains('.') && !email.contains(|c: char| c.is_whitespace() || c.is_control())
    })
}

fn hashed(runtime: &tokio::runtime::Runtime, password: &Secret) -> Result<String, Failure> {
    let passwords = Passwords::new(std::sync::Arc::new(SystemEntropy));
    runtime.block_on(passwords.hash(password.clone())).map_err(Failure::other)
}

/// From standard input (on a terminal it is typed twice and not shown), or made.
pub(super) fn new_password(generate: bool) -> Result<Secret, Failure> {
    if generate {
        return Ok(passwords::generate(&SystemEntropy));
    }
    let mut stdin = std::io::stdin();
    if stdin.is_terminal() {
        let typed = |prompt| unseen(prompt, usize::MAX).map_err(Failure::other);
        let first = typed("New password (or press Ctrl-C and use --generate): ")?;
        let password = checked(first.as_ref().map_or("", Secret::expose))?;
        return match typed("New password, again: ")? {
            Some(again) if again.expose() == password.expose() => Ok(password),
            _ => Err(Failure::Other("the two passwords are not the same".into())),
        };
    }
    let mut text = Zeroizing::new(String::new());
    stdin.read_to_string(&mut text).map_err(Failure::other)?;
    checked(&text)
}

fn checked(text: &str) -> Result<Secret, Failure> {
    let text = text.trim_end_matches(['\n', '\r']);
    match text.chars().count() {
        0..8 => Err(Failure::Other("the password must have at least 8 characters".into())),
        _ if text.len() > 4096 => Err(Failure::Other("the password must have at most 4096 bytes".into())),
        _ => Ok(Secret::new(text)),
    }
}
