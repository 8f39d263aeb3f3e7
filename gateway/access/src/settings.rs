//! What operators set, as it is at this moment.

use doorward_api::ports::Settings;
use doorward_api::settings::{Document, Seen};
use doorward_api::{StoreError, VirtualServerId};

/// A document of a virtual server.
///
/// # Errors
/// [`StoreError::Damaged`] when what is stored is no such document: nothing is decided by a guess at it.
pub async fn setting<D: Document>(port: &dyn Settings, vs: &VirtualServerId) -> Result<Seen<D>, StoreError> {
    let stored = port.document(vs, D::KIND).await?;
    let unreadable = || StoreError::Damaged(format!("the settings {} of {vs} cannot be read", D::KIND.as_str()));
    Seen::read(&stored).ok_or_else(unreadable)
}
