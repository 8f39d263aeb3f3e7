//! Mails in the outbox. What is stored names a kind and its fields; words and address are found when it is sent.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::{FlowId, MailId, UserId, VirtualServerId};
use crate::secret::{Secret, TokenHash};
use crate::time::Timestamp;

/// `j***@e***.org`: enough for its owner to know it again, too little for a stranger to learn it (SP 0.6).
pub fn masked(email: &str) -> Option<String> {
    let (local, domain) = email.rsplit_once('@')?;
    let (name, top) = domain.rsplit_once('.').unwrap_or((domain, ""));
    let first = |text: &str| text.chars().next().map(String::from);
    let dot = if top.is_empty() { "" } else { "." };
    Some(format!("{}***@{}***{dot}{top}", first(local)?, first(name)?))
}

/// What a mail is about; each kind is a template of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailKind {
    /// The verification code (R16).
    VerificationCode,
    /// W9: an authenticator was added.
    EnrolmentNotice,
    /// The deadline of an enrolment rule comes near, and there is no authenticator yet.
    EnrolmentReminder,
    /// An operator has approved: the user may go on.
    EnrolmentApproved,
    /// Somebody has signed in by a recovery code.
    RecoveryCodeUsed,
    /// Somebody has made recovery codes.
    RecoveryCodesMade,
    /// An authenticator or a passkey was removed.
    AuthenticatorRemoved,
    /// A provisioning task: the link by which its user enrols.
    Provisioning,
}

impl MailKind {
    /// All of them.
    pub const ALL: [MailKind; 8] = [
        Self::VerificationCode,
        Self::EnrolmentNotice,
        Self::EnrolmentReminder,
        Self::EnrolmentApproved,
        Self::RecoveryCodeUsed,
        Self::RecoveryCodesMade,
        Self::AuthenticatorRemoved,
        Self::Provisioning,
    ];

    /// The name in the store, in metrics, and of the template.
    pub const fn as_str(self) -> &'static str {
        match self {
            MailKind::VerificationCode => "verification_code",
            MailKind::EnrolmentNotice => "enrolment_notice",
            MailKind::EnrolmentReminder => "enrolment_reminder",
            MailKind::EnrolmentApproved => "enrolment_approved",
            MailKind::RecoveryCodeUsed => "recovery_code_used",
            MailKind::RecoveryCodesMade => "recovery_codes_made",
            MailKind::AuthenticatorRemoved => "authenticator_removed",
            MailKind::Provisioning => "provisioning",
        }
    }

    /// Back from [`MailKind::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A mail to be queued with the change that causes it.
#[derive(Debug, Clone)]
pub struct NewMail {
    /// The row to be.
    pub id: MailId,
    /// The one recipient; the address is read from the directory when it is sent (EN-09).
    pub user: UserId,
    /// Which template.
    pub kind: MailKind,
    /// Language of the words.
    pub language: String,
    /// Fields of the template. Sealed in the store: a code may be among them.
    pub fields: BTreeMap<String, Secret>,
    /// The flow it belongs to, for the audit record of its delivery.
    pub flow: Option<FlowId>,
    /// After this it is dropped unsent.
    pub expires_at: Timestamp,
}

impl NewMail {
    /// The row of a mail that carries a link: it is found by the link's hash.
    pub fn by_link(link: &TokenHash) -> MailId {
        MailId::new(link.hex())
    }
}

/// A mail taken from the outbox by one sender, for a limited time.
#[derive(Debug, Clone)]
pub struct DueMail {
    /// The tenant.
    pub virtual_server: VirtualServerId,
    /// What was queued.
    pub mail: NewMail,
    /// How often it was tried before.
    pub attempts: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_masked_beyond_recognition() {
        assert_eq!(masked("jane.doe@example.org").as_deref(), Some("j***@e***.org"));
        assert_eq!(masked("ü@mail.example.co.uk").as_deref(), Some("ü***@m***.uk"));
        assert_eq!(masked("root@localhost").as_deref(), Some("r***@l***"));
        assert_eq!(masked("\"a@b\"@example.org").as_deref(), Some("\"***@e***.org"));
        for none in ["", "nobody", "@example.org", "a@"] {
            assert_eq!(masked(none), None, "{none:?}");
        }
    }
}
