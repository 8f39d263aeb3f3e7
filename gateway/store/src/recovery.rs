//! Recovery codes: what is left of them, in one row for each user.

use doorward_api::recovery::{RecoveryCodes, SeenRecoveryCodes};
use doorward_api::{UserId, VirtualServerId};

use crate::db::{Tx, change_in, rows};
use crate::error::{Failure, some};
use crate::ledger::At;
use crate::open::Inner;
use crate::seal::Place;

/// The user is the row.
pub(crate) fn place<'a>(user: &'a str, vs: &'a VirtualServerId) -> Place<'a> {
    Place::new("recovery_codes", "codes", user, vs)
}

/// An error when they cannot be opened.
pub(crate) async fn of_user(
    inner: &Inner,
    vs: &VirtualServerId,
    user: &UserId,
) -> Result<Option<SeenRecoveryCodes>, Failure> {
    const SQL: &str = "SELECT version, codes FROM recovery_codes WHERE virtual_server = $1 AND user_id = $2";
    let found = rows!(inner.db.reader(), (i64, Vec<u8>), SQL, vs.as_str(), user.as_str())?;
    let Some((version, sealed)) = found.into_iter().next() else { return Ok(None) };
    let codes = inner.sealer.open_json(place(user.as_str(), vs), &sealed)?;
    Ok(Some(SeenRecoveryCodes { codes, version }))
}

/// Refused unless those before are at the version that was seen. That there is the user is seen to by the table.
pub(crate) async fn set(
    tx: &mut Tx,
    at: At<'_>,
    user: &UserId,
    seen: i64,
    codes: Option<&RecoveryCodes>,
) -> Result<(), Failure> {
    // New ones begin at a version that no earlier ones have had.
    const FIRST: &str = "INSERT INTO recovery_codes (virtual_server, user_id, version, codes) \
                         VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    const NEXT: &str = "UPDATE recovery_codes SET version = version + 1, codes = $3 \
                        WHERE virtual_server = $1 AND user_id = $2 AND version = $4";
    const NONE: &str = "DELETE FROM recovery_codes WHERE virtual_server = $1 AND user_id = $2 AND version = $3";
    let (vs, user) = (at.vs.as_str(), user.as_str());
    let Some(codes) = codes else { return some(change_in!(tx, NONE, vs, user, seen)?) };
    let sealed = at.inner.sealer.seal_json(place(user, at.vs), codes)?;
    some(match seen {
        0 => change_in!(tx, FIRST, vs, user, at.now.millis(), sealed)?,
        _ => change_in!(tx, NEXT, vs, user, sealed, seen)?,
    })
}
