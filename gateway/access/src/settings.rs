//! What operators set, as it is at this moment.

use doorward_api::ports::Settings;
use doorward_api::settings::{Appearance, Document, Seen};
use doorward_api::{StoreError, TokenTemplate, VirtualServerId};

use crate::language;
use crate::site::VirtualServer;

/// A document of a virtual server.
///
/// # Errors
/// [`StoreError::Damaged`] when what is stored is no such document: nothing is decided by a guess at it.
pub async fn setting<D: Document>(port: &dyn Settings, vs: &VirtualServerId) -> Result<Seen<D>, StoreError> {
    let stored = port.document(vs, D::KIND).await?;
    let unreadable = || StoreError::Damaged(format!("the settings {} of {vs} cannot be read", D::KIND.as_str()));
    Seen::read(&stored).ok_or_else(unreadable)
}

/// A document of a virtual server whose authenticator is known: one that was never set begins with what that one can
/// do.
///
/// # Errors
/// As [`setting`].
pub async fn setting_of<D: Document>(port: &dyn Settings, vs: &VirtualServer) -> Result<Seen<D>, StoreError> {
    let seen = setting::<D>(port, &vs.id).await?;
    let first = seen.version == 0 && vs.authenticator.is_some();
    Ok(if first { Seen { document: D::of_new_with_authenticator(), ..seen } } else { seen })
}

/// What new tokens are made by: the one way to it, since what it begins with is not the same everywhere.
///
/// # Errors
/// As [`setting`].
pub async fn token_template(port: &dyn Settings, vs: &VirtualServer) -> Result<Seen<TokenTemplate>, StoreError> {
    setting_of(port, vs).await
}

/// The language in which somebody is written to who has not chosen one.
pub(crate) async fn mail_language(port: &dyn Settings, vs: &VirtualServerId) -> Result<String, StoreError> {
    let appearance = setting::<Appearance>(port, vs).await?.document;
    Ok(appearance.default_language.unwrap_or_else(|| language::DEFAULT.to_owned()))
}
