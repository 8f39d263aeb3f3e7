//! One-time passcodes: of standard authenticator apps, to which a secret is carried by an `otpauth://` QR code, link or typed
//! key; and of tokens that were made elsewhere, whose secrets come in a file. See this crate's README for what it honours
//! and for its settings.

mod fits;
mod import;
#[doc(hidden)]
pub mod seams;
mod settings;
mod uri;

use std::sync::Arc;

use async_trait::async_trait;
use doorward_api::plugin::{
    Authenticator, Check, Host, ImportFault, ImportKey, ImportRow, Importer, Offer, OfferRequest, OfferView, Plugin,
    PluginConfigError, PluginInfo, RawConfig, Restored, Verified, WhyNot,
};
use doorward_api::{Factor, PluginError, Secret, SecretBytes, Target, Template, Timestamp};
use doorward_oath::token::{self, Kept, Shape};
use zeroize::Zeroizing;

use crate::settings::Settings;

/// The entry in the registry.
pub static PLUGIN: PluginInfo = PluginInfo {
    id: "otp",
    summary: "one-time passcodes (HOTP, TOTP, OCRA) of authenticator apps, enrolled by QR code, and of imported tokens",
    build,
};

/// Bytes of a new secret: what RFC 4226 recommends for SHA-1.
const SECRET_LEN: usize = 20;

fn build(config: RawConfig, host: Host) -> Result<Arc<dyn Plugin>, PluginConfigError> {
    Ok(Arc::new(Otp { settings: Settings::decode(config)?, host }))
}

struct Otp {
    settings: Settings,
    host: Host,
}

impl Plugin for Otp {
    fn authenticator(&self) -> Option<&dyn Authenticator> {
        Some(self)
    }

    fn importer(&self) -> Option<&dyn Importer> {
        Some(self)
    }
}

impl Importer for Otp {
    fn read(&self, file: &[u8], key: Option<&ImportKey>) -> Result<Vec<ImportRow>, ImportFault> {
        import::read(file, key)
    }
}

impl Otp {
    /// The operator's setting, else the virtual server's name, else the product's.
    fn issuer<'a>(&'a self, request: &'a OfferRequest) -> &'a str {
        let asked = Some(request.issuer.as_str()).filter(|issuer| !issuer.is_empty());
        self.settings.issuer.as_deref().or(asked).unwrap_or(&self.host.issuer)
    }
}

#[async_trait]
impl Authenticator for Otp {
    fn factor(&self) -> Factor {
        Factor::Otp
    }

    fn fits(&self, template: &Template, _target: Target) -> Result<(), WhyNot> {
        fits::fits(template).map(|_| ())
    }

    async fn offer(&self, request: &OfferRequest, _now: Timestamp) -> Result<Offer, PluginError> {
        fits::fits(&request.template).map_err(|why| PluginError::Unavailable(why.reason))?;
        let mut secret = Zeroizing::new(vec![0_u8; SECRET_LEN]);
        self.host.entropy.fill(&mut secret);
        Ok(Offer { opened: Kept::new(secret).write() })
    }

    fn show(&self, opened: &SecretBytes, request: &OfferRequest) -> Result<OfferView, PluginError> {
        let kept = Kept::read(opened)?;
        let shape = fits::fits(&request.template).map_err(|why| PluginError::Unavailable(why.reason))?;
        let key = kept.secret_base32();
        let uri = uri::otpauth(shape, &key, self.issuer(request), &request.account);
        Ok(OfferView::Secret { uri: Secret::new(uri), key: Secret::new(uri::in_fours(&key)) })
    }

    async fn verify(
        &self,
        opened: &SecretBytes,
        check: &Check<'_>,
        answer: &Secret,
        now: Timestamp,
    ) -> Result<Verified, PluginError> {
        let (kept, shape) = open(opened, check)?;
        if !kept.valid_at(now) {
            return Ok(Verified::Rejected);
        }
        Ok(token::verify(kept, shape, check, answer, now))
    }

    async fn resync(
        &self,
        opened: &SecretBytes,
        check: &Check<'_>,
        answers: [&Secret; 2],
        now: Timestamp,
    ) -> Result<Verified, PluginError> {
        let (kept, shape) = open(opened, check)?;
        if !kept.valid_at(now) {
            return Ok(Verified::Rejected);
        }
        Ok(token::resync(kept, shape, check, answers, now))
    }

    fn restored(&self, opened: &SecretBytes, check: &Check<'_>, now: Timestamp) -> Result<Restored, PluginError> {
        let (kept, shape) = open(opened, check)?;
        let aged = token::restored(kept, shape, check.windows, now);
        Ok(aged.map_or(Restored::Unknown, |kept| Restored::Updated(kept.write())))
    }
}

/// A token's secret and the shape of its passcodes. It was fitted when it was enrolled: what an app can carry is no longer
/// asked, since a token that was made elsewhere can do more.
fn open(opened: &SecretBytes, check: &Check<'_>) -> Result<(Kept, Shape), PluginError> {
    let kept = Kept::read(opened)?;
    let shape = token::shape(check.template).map_err(|why| PluginError::Unavailable(why.reason))?;
    Ok((kept, shape))
}

#[cfg(test)]
mod tests;
