//! Which kinds of authenticator a token may be of, and why one cannot.
//!
//! A kind has its part in self-provisioning if it answers where a passcode is asked for: by passcodes, or by requests,
//! of which an approved one is as good (decision A18). The first that fits is offered; where the settings allow it,
//! users may take another.

use doorward_api::credential::Credential;
use doorward_api::device::ActivationStage;
use doorward_api::plugin::{Authenticator, OfferView};
use doorward_api::{Factor, Flow, SelfProvisioning, StoreError, Target, TargetSettings, Template, User};

use crate::settings::setting;
use crate::signin::{Desk, DeskError, has_its_origin};
use crate::site::VirtualServer;
use crate::visit::Visit;

/// A kind by the name that stands with its tokens.
pub(crate) type Kind<'a> = (&'static str, &'a dyn Authenticator);

const NO_ORIGIN: &str = "The virtual server has no `authenticator` address, on which the app would be served.";

const PUSH_IS_OFF: &str = "Push notifications are switched off for this platform, and this app does nothing else.";

impl Desk {
    /// Every kind that has its part in self-provisioning, in the order in which they are offered.
    pub(crate) fn wizard_kinds(&self) -> impl Iterator<Item = Kind<'_>> {
        self.kinds().filter(|(_, kind)| matches!(kind.factor(), Factor::Otp | Factor::Push))
    }

    /// Those that can carry a template on a platform now.
    pub(crate) fn fitting(
        &self,
        vs: &VirtualServer,
        template: &Template,
        target: Target,
        targets: &TargetSettings,
    ) -> impl Iterator<Item = Kind<'_>> {
        self.wizard_kinds().filter(move |(_, kind)| in_the_way(*kind, vs, template, target, targets).is_none())
    }

    /// The targets on which some kind can carry a template.
    pub(crate) fn feasible(&self, vs: &VirtualServer, template: &Template, targets: &TargetSettings) -> Vec<Target> {
        let fits = |target: &Target| self.fitting(vs, template, *target, targets).next().is_some();
        Target::ALL.into_iter().filter(fits).collect()
    }

    /// The kinds that a token issued in a flow may be of, that which is offered first being the first.
    pub(crate) async fn kinds_for(
        &self,
        visit: &Visit,
        flow: &Flow,
        template: &Template,
        target: Target,
    ) -> Result<Vec<Kind<'_>>, StoreError> {
        let settings = self.ports.settings.as_ref();
        let targets = setting::<TargetSettings>(settings, &visit.vs.id).await?.document;
        let others = setting::<SelfProvisioning>(settings, &visit.vs.id).await?.document.other_apps;
        // No device is asked before a password. Where none is ever typed, what answers requests alone would never be
        // of use again.
        let data = &flow.data;
        let rings = data.need.contains(&Factor::Password) || data.proofs.has(Factor::Password);
        let fitting = self.fitting(&visit.vs, template, target, &targets);
        let fitting = fitting.filter(|(_, kind)| rings || kind.factor() != Factor::Push);
        Ok(fitting.take(if others { usize::MAX } else { 1 }).collect())
    }

    /// The kinds that a token in hand may be issued anew by, as its page lists them.
    pub(crate) async fn other_kinds(
        &self,
        visit: &Visit,
        flow: &Flow,
        token: &Credential,
        target: Target,
    ) -> Result<Vec<String>, StoreError> {
        let template = self.template(visit).await?;
        let kinds = self.kinds_for(visit, flow, &template, target).await?;
        Ok(kinds.into_iter().map(|(plugin, _)| plugin.to_owned()).filter(|plugin| *plugin != token.plugin).collect())
    }

    /// Whether a device has come for a token that is not in use, and waits for its user or is being set up.
    pub(crate) fn is_claimed(&self, visit: &Visit, user: &User, token: &Credential) -> Result<bool, DeskError> {
        let (Some(kind), Some(target)) = (self.kind_of(&visit.vs, token), token.target) else { return Ok(false) };
        let request = self.offer_request(visit, kind, user, &token.id, &token.template, target);
        let OfferView::Activation { stage, .. } = kind.show(&token.opened, &request)? else { return Ok(false) };
        Ok(!matches!(stage, ActivationStage::Waiting | ActivationStage::Failed(_)))
    }

    /// Whether a token shows passcodes: there is another way of proving it otherwise.
    pub(crate) fn has_passcodes(&self, token: &Credential) -> bool {
        self.authenticator(&token.plugin).is_none_or(|kind| kind.factor() != Factor::Push)
    }
}

/// What is in the way of a kind on a platform of a virtual server, as a sentence for an operator.
pub(crate) fn in_the_way(
    kind: &dyn Authenticator,
    vs: &VirtualServer,
    template: &Template,
    target: Target,
    targets: &TargetSettings,
) -> Option<String> {
    if !has_its_origin(kind, vs) {
        return Some(NO_ORIGIN.to_owned());
    }
    if let Err(why) = kind.fits(template, target) {
        return Some(why.reason);
    }
    let silent = kind.factor() == Factor::Push && !targets.row(target).push;
    silent.then(|| PUSH_IS_OFF.to_owned())
}
