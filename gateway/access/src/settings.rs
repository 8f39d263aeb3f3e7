//! What operators set, as it is at this moment.

use doorward_api::ports::Settings;
use doorward_api::settings::{Appearance, Document, Seen};
use doorward_api::{StoreError, VirtualServerId};

use crate::language;

/// A document of a virtual server.
///
/// # Errors
/// [`StoreError::Damaged`] when what is stored is no such document: nothing is decided by a guess at it.
pub async fn setting<D: Document>(port: &dyn Settings, vs: &VirtualServerId) -> Result<Seen<D>, StoreError> {
    let stored = port.document(vs, D::KIND).await?;
    let unreadable = || StoreError::Damaged(format!("the settings {} of {vs} cannot be read", D::KIND.as_str()));
    Seen::read(&stored).ok_or_else(unreadable)
}

/// The language in which somebody is written to who has not chosen one.
pub(crate) async fn mail_language(port: &dyn Settings, vs: &VirtualServerId) -> Result<String, StoreError> {
    let appearance = setting::<Appearance>(port, vs).await?.document;
    Ok(appearance.default_language.unwrap_or_else(|| language::DEFAULT.to_owned()))
}
