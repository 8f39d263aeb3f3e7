//! An authenticator that needs no phone.

use async_trait::async_trait;
use doorward_api::plugin::{Authenticator, Offer, OfferRequest, OfferView, Plugin, Verified, WhyNot};
use doorward_api::ports::Entropy;
use doorward_api::{Factor, PluginError, Secret, SecretBytes, Target, Template, Timestamp};

use crate::Dice;

/// A token whose passcode is easily worked out: its number times the step of thirty seconds.
pub struct ToyTokens(pub Dice);

/// `number:last used step`
fn kept(opened: &SecretBytes) -> (u64, u64) {
    let text = String::from_utf8(opened.expose().to_vec()).unwrap();
    let (number, last) = text.split_once(':').unwrap();
    (number.parse().unwrap(), last.parse().unwrap())
}

impl ToyTokens {
    /// What the user's app shows.
    pub fn passcode(opened: &SecretBytes, now: Timestamp) -> String {
        Self::at_step(kept(opened).0, now.secs() / 30)
    }

    fn at_step(number: u64, step: u64) -> String {
        format!("{:06}", number.wrapping_mul(step) % 1_000_000)
    }
}

impl Plugin for ToyTokens {
    fn authenticator(&self) -> Option<&dyn Authenticator> {
        Some(self)
    }
}

#[async_trait]
impl Authenticator for ToyTokens {
    fn factor(&self) -> Factor {
        Factor::Otp
    }
    fn fits(&self, _: &Template, _: Target) -> Result<(), WhyNot> {
        Ok(())
    }
    async fn offer(&self, _: &OfferRequest, _: Timestamp) -> Result<Offer, PluginError> {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        Ok(Offer { opened: SecretBytes::new(format!("{}:0", u32::from_le_bytes(bytes)).into_bytes()) })
    }
    fn show(&self, opened: &SecretBytes, request: &OfferRequest) -> Result<OfferView, PluginError> {
        let number = kept(opened).0;
        Ok(OfferView {
            uri: Secret::new(format!("otpauth://totp/{}:{}?secret={number}", request.issuer, request.account)),
            key: Secret::new(number.to_string()),
        })
    }
    async fn verify(
        &self,
        opened: &SecretBytes,
        _: &Template,
        answer: &Secret,
        now: Timestamp,
    ) -> Result<Verified, PluginError> {
        // Others have their turn meanwhile, as at a real one.
        tokio::task::yield_now().await;
        let (number, last) = kept(opened);
        let step = now.secs() / 30;
        let fitting = [step - 1, step, step + 1].into_iter().find(|s| Self::at_step(number, *s) == answer.expose());
        Ok(match fitting {
            Some(step) if step <= last => Verified::Replayed,
            Some(step) => Verified::Accepted { updated: SecretBytes::new(format!("{number}:{step}").into_bytes()) },
            None => Verified::Rejected,
        })
    }
}
