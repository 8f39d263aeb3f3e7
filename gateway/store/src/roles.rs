//! The roles that operators make.

use doorward_api::operator::CustomRole;
use doorward_api::{Permissions, RoleId, VirtualServerId};

use crate::db::{Tx, change_in, rows};
use crate::error::{Failure, some};
use crate::ledger::At;
use crate::open::Inner;
use crate::operators::{administrators, is_everything};
use crate::{approvals, settings};

macro_rules! select_role {
    () => {
        "SELECT id, name, permissions, version FROM operator_role WHERE virtual_server = $1"
    };
}

type RoleRow = (String, String, String, i64);

fn role((id, name, permissions, version): RoleRow) -> CustomRole {
    CustomRole { id: RoleId::new(id), name, permissions: Permissions::read(&permissions), version }
}

pub(crate) async fn all(inner: &Inner, vs: &VirtualServerId) -> Result<Vec<CustomRole>, Failure> {
    const SQL: &str = select_role!();
    let found = rows!(inner.db.reader(), RoleRow, SQL, vs.as_str())?;
    let mut all: Vec<CustomRole> = found.into_iter().map(role).collect();
    // Sorted here: the two databases do not order text alike.
    all.sort_by(|one, other| (&one.name, &one.id).cmp(&(&other.name, &other.id)));
    Ok(all)
}

pub(crate) async fn one(inner: &Inner, vs: &VirtualServerId, id: &RoleId) -> Result<Option<CustomRole>, Failure> {
    const SQL: &str = concat!(select_role!(), " AND id = $2");
    let found = rows!(inner.db.reader(), RoleRow, SQL, vs.as_str(), id.as_str())?;
    Ok(found.into_iter().next().map(role))
}

/// What makes two names the same.
fn folded(name: &str) -> String {
    name.to_lowercase()
}

pub(crate) async fn add(tx: &mut Tx, at: At<'_>, new: &CustomRole) -> Result<(), Failure> {
    const SQL: &str = "INSERT INTO operator_role (virtual_server, id, name, folded_name, permissions, version) \
                       VALUES ($1, $2, $3, $4, $5, 1) ON CONFLICT DO NOTHING";
    let (vs, id, name) = (at.vs.as_str(), new.id.as_str(), &new.name);
    some(change_in!(tx, SQL, vs, id, name, folded(name), new.permissions.text())?)
}

/// Refused unless it is at this version, when another has the name (the schema says so, too), and when those who may do
/// everything by it are the last.
pub(crate) async fn set(tx: &mut Tx, at: At<'_>, role: &CustomRole) -> Result<(), Failure> {
    const SQL: &str = concat!(
        "UPDATE operator_role SET name = $3, folded_name = $4, permissions = $5, version = version + 1 \
         WHERE virtual_server = $1 AND id = $2 AND version = $6 \
         AND NOT EXISTS (SELECT 1 FROM operator_role other WHERE other.virtual_server = $1 \
             AND other.folded_name = $4 AND other.id <> $2) \
         AND ($5 = '*' OR ",
        administrators!(" AND one.role = $2"),
        " = 0 OR ",
        administrators!(" AND one.role <> $2"),
        " >= $7)"
    );
    settings::hold_to_change(tx, at).await?;
    let least = approvals::least_administrators(tx, at).await?;
    let (vs, id, name) = (at.vs.as_str(), role.id.as_str(), &role.name);
    some(change_in!(tx, SQL, vs, id, name, folded(name), role.permissions.text(), role.version, least)?)
}

/// Refused while an operator has it. Whoever gives it to one holds the virtual server, as this does.
pub(crate) async fn delete(tx: &mut Tx, at: At<'_>, id: &RoleId) -> Result<(), Failure> {
    const SQL: &str = "DELETE FROM operator_role WHERE virtual_server = $1 AND id = $2 \
                       AND NOT EXISTS (SELECT 1 FROM operator o WHERE o.virtual_server = $1 AND o.role = $2)";
    settings::hold_to_change(tx, at).await?;
    some(change_in!(tx, SQL, at.vs.as_str(), id.as_str())?)
}
