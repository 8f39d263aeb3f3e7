//! Mails that tell users what has become of the ways into their account: by themselves, by an operator, or by somebody who should not
//! have been there. Each is queued in the change that it tells of.

use std::time::Duration;

use doorward_api::mail::{MailKind, NewMail};
use doorward_api::ports::Act;
use doorward_api::{FlowId, MailId, Secret, Target, Timestamp, TokenForm, User};

use crate::signin::Desk;
use crate::visit::Visit;

/// How long such a mail is tried.
const LIFE: Duration = Duration::from_hours(24);

/// Where the mails lead.
const OWN_PAGE: &str = "/authenticators";

/// What somebody is told.
pub(crate) struct Letter<'a> {
    /// Whom.
    pub(crate) user: &'a User,
    /// Of what.
    pub(crate) kind: MailKind,
    /// In which language.
    pub(crate) language: String,
    /// The origin of their portal.
    pub(crate) portal: &'a str,
    /// The sign-in in which it happened.
    pub(crate) flow: Option<FlowId>,
    /// When.
    pub(crate) at: Timestamp,
}

/// What a mail calls an authenticator: its platform, a passkey, or else its serial number.
pub(crate) fn device(form: TokenForm, target: Option<Target>, serial: &str) -> String {
    match (form, target) {
        (TokenForm::Passkey, _) => TokenForm::Passkey.as_str().to_owned(),
        (_, Some(target)) => target.as_str().to_owned(),
        (_, None) => serial.to_owned(),
    }
}

impl Desk {
    /// The mail, with what is to be said besides when it was and where to look. Whoever has no address gets none.
    pub(crate) fn letter(&self, letter: Letter<'_>, more: Vec<(&'static str, String)>) -> Option<Act> {
        let Letter { user, kind, language, portal, flow, at } = letter;
        if user.email.as_deref().is_none_or(str::is_empty) {
            return None;
        }
        let always = [("when", at.rfc3339()), ("portal_url", format!("{portal}{OWN_PAGE}"))];
        let fields = always.into_iter().chain(more);
        Some(Act::MailQueue(NewMail {
            id: MailId::new(self.ports.entropy.id()),
            user: user.id.clone(),
            kind,
            language,
            fields: fields.map(|(name, value)| (name.to_owned(), Secret::new(value))).collect(),
            flow,
            expires_at: at + LIFE,
        }))
    }

    /// The same of what was done in a browser.
    pub(crate) fn letter_of_visit(
        &self,
        visit: &Visit,
        user: &User,
        (kind, flow): (MailKind, Option<FlowId>),
        mut more: Vec<(&'static str, String)>,
    ) -> Option<Act> {
        more.push(("address", visit.address.to_canonical().to_string()));
        let (language, portal) = (visit.language.clone(), visit.vs.portal_origin.as_str());
        self.letter(Letter { user, kind, language, portal, flow, at: visit.now }, more)
    }
}
