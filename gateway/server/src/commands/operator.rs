//! `doorward operator recover -c …`: help for an operator for whom nobody else can do it, from whoever holds the database.

use doorward_access::names::fold_name;
use doorward_access::operators::{LINK_LIFE, recovery_link};
use doorward_api::operator::Operator;
use doorward_api::ports::{Change, Operators};
use doorward_api::{AuditEvent, EventContext, EventKind};
use doorward_store::SystemEntropy;

use super::desk::Desk;
use crate::args::DirectoryArgs;
use crate::{Failure, Finding};

/// A link by which an operator sets password and second factor anew. The row stays as it is, and so does whether they are
/// switched off.
pub(crate) fn recover(of: &DirectoryArgs, name: &str) -> Result<Finding, Failure> {
    let desk = Desk::open(of)?;
    let operator = find(&desk, name)?;
    let now = desk.now();
    let (link, put) = recovery_link(&operator, None, &SystemEntropy, now);
    let event = AuditEvent::new(EventKind::OperatorRecoveryOffered, EventContext::default())
        .with("name", operator.name.as_str())
        .with("actor", "command line");
    desk.commit(Change::of(put).record(event)).map_err(Failure::other)?;
    println!("{}/setup/{}", desk.console, link.expose());
    println!(
        "By this link, once and until {}, {} sets password and second factor anew, which ends their sessions. Role and API keys stay.",
        (now + LINK_LIFE).rfc3339(),
        operator.name,
    );
    if operator.disabled {
        println!("They are switched off, and stay so.");
    }
    desk.sign()
}

fn find(desk: &Desk, name: &str) -> Result<Operator, Failure> {
    let none = || Failure::Other(format!("there is no operator {name:?}"));
    let folded = fold_name(name).ok_or_else(none)?;
    let found = desk.runtime.block_on(desk.store.operator_by_name(&desk.vs, &folded));
    found.map_err(|error| Failure::Store(error.to_string()))?.ok_or_else(none)
}
