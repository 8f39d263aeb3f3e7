//! An authenticator that needs no phone.

use async_trait::async_trait;
use doorward_api::plugin::{Authenticator, Check, Offer, OfferRequest, OfferView, Plugin, Verified, WhyNot};
use doorward_api::ports::Entropy;
use doorward_api::{Factor, PluginError, Secret, SecretBytes, Target, Template, Timestamp};

use crate::Dice;

/// A token whose passcode is easily worked out: its number times the step of thirty seconds.
pub struct ToyTokens(pub Dice);

/// `number:last used step:step that is awaited after one in the outer window`; the last may be missing.
fn kept(opened: &SecretBytes) -> (u64, u64, u64) {
    let text = String::from_utf8(opened.expose().to_vec()).unwrap();
    let mut numbers = text.split(':').map(|number| number.parse().unwrap());
    (numbers.next().unwrap(), numbers.next().unwrap(), numbers.next().unwrap_or_default())
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
        Ok(OfferView::Secret {
            uri: Secret::new(format!("otpauth://totp/{}:{}?secret={number}", request.issuer, request.account)),
            key: Secret::new(number.to_string()),
        })
    }
    async fn verify(
        &self,
        opened: &SecretBytes,
        check: &Check<'_>,
        answer: &Secret,
        now: Timestamp,
    ) -> Result<Verified, PluginError> {
        // Others have their turn meanwhile, as at a real one.
        tokio::task::yield_now().await;
        let (number, last, awaited) = kept(opened);
        let step = now.secs() / 30;
        let shows = |reach: u32| {
            let reach = u64::from(reach);
            (step - reach..=step + reach).find(|s| Self::at_step(number, *s) == answer.expose())
        };
        let keep = |last: u64, awaited: u64| SecretBytes::new(format!("{number}:{last}:{awaited}").into_bytes());
        Ok(match (shows(check.windows.inner_steps), shows(check.windows.outer_steps)) {
            (Some(step), _) | (None, Some(step)) if step <= last => Verified::Replayed,
            (Some(step), _) => Verified::Accepted { updated: keep(step, 0) },
            (None, Some(step)) if step == awaited => Verified::Accepted { updated: keep(step, 0) },
            (None, Some(step)) => Verified::Outer { updated: keep(step, step + 1) },
            (None, None) => Verified::Rejected,
        })
    }

    async fn resync(
        &self,
        opened: &SecretBytes,
        _: &Check<'_>,
        answers: [&Secret; 2],
        now: Timestamp,
    ) -> Result<Verified, PluginError> {
        let (number, last, _) = kept(opened);
        let step = now.secs() / 30;
        let both = |s: &u64| {
            Self::at_step(number, *s) == answers[0].expose() && Self::at_step(number, s + 1) == answers[1].expose()
        };
        Ok(match (step - 1000..step + 1000).find(both) {
            Some(step) if step <= last => Verified::Replayed,
            Some(step) => {
                Verified::Accepted { updated: SecretBytes::new(format!("{number}:{}:0", step + 1).into_bytes()) }
            }
            None => Verified::Rejected,
        })
    }
}

#[cfg(test)]
mod tests {
    use doorward_api::Template;
    use doorward_api::settings::{Document, Windows};

    use super::*;
    use crate::now;

    async fn verify(opened: &SecretBytes, shown_at: Timestamp, at: Timestamp) -> Verified {
        let windows = Windows::of_new();
        let check = Check { template: &Template::STANDARD_APP, windows: &windows, challenge: None };
        let answer = Secret::new(ToyTokens::passcode(opened, shown_at));
        ToyTokens(Dice::default()).verify(opened, &check, &answer, at).await.unwrap()
    }

    #[tokio::test]
    async fn a_toy_that_has_run_away_is_trusted_at_its_second_passcode_and_at_no_passcode_twice() {
        let steps = |steps: u64| std::time::Duration::from_secs(30 * steps);
        let toy = SecretBytes::new(b"123457:0".to_vec());
        let Verified::Accepted { updated } = verify(&toy, now() + steps(1), now()).await else { panic!("refused") };
        assert!(matches!(verify(&updated, now() + steps(1), now()).await, Verified::Replayed));
        let Verified::Outer { updated } = verify(&toy, now() + steps(9), now()).await else { panic!("not outside") };
        assert!(matches!(verify(&updated, now() + steps(9), now()).await, Verified::Replayed));
        assert!(matches!(verify(&updated, now() + steps(11), now()).await, Verified::Outer { .. }));
        assert!(matches!(verify(&updated, now() + steps(10), now()).await, Verified::Accepted { .. }));
        assert!(matches!(verify(&toy, now() + steps(21), now()).await, Verified::Rejected));
    }
}
