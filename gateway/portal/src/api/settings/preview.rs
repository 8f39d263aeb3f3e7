//! What a user would be offered, and on which terms.

use doorward_access::manage::Preview;
use doorward_api::Timestamp;
use doorward_tokens::{NeededGrant, NotOffered, Terms};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::asked::Asked;
use crate::api::given::Nothing;
use crate::api::gives::{Found, Shown};
use crate::api::people::SOME_TIME;
use crate::api::problem::Problem;

/// Why somebody is not offered self-provisioning.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum NotOfferedName {
    /// No policy asks for it.
    NotNeeded,
    /// They have a token already.
    HasToken,
    /// They are switched off.
    AccountUnusable,
    /// The settings do not name them.
    NotInTargetUsers,
    /// Their enrolment rule begins later, or its percentage leaves them out.
    NotYet,
    /// Their enrolment rule asks for another network. A preview judges none, so this comes at a sign-in only.
    NotInNetwork,
    /// There is no platform on which a token could be enrolled.
    NoTarget,
}

impl NotOfferedName {
    const fn of(why: NotOffered) -> Self {
        match why {
            NotOffered::NotNeeded => NotOfferedName::NotNeeded,
            NotOffered::HasToken | NotOffered::HasAllTokens => NotOfferedName::HasToken,
            NotOffered::AccountUnusable => NotOfferedName::AccountUnusable,
            NotOffered::NotInTargetUsers => NotOfferedName::NotInTargetUsers,
            NotOffered::NotYet { .. } => NotOfferedName::NotYet,
            NotOffered::NotInNetwork => NotOfferedName::NotInNetwork,
            // Nobody who is asked about stands in a task's flow.
            NotOffered::NoTarget | NotOffered::TaskOver => NotOfferedName::NoTarget,
        }
    }
}

/// What a user would be offered if a policy asked for an OTP now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SelfProvisioningPreview)]
pub(in crate::api) struct PreviewShown {
    /// Self-provisioning is offered.
    offered: bool,
    /// On these platforms.
    targets: Vec<String>,
    /// On these terms.
    terms: Option<TermsShown>,
    /// Or it is not, for this reason.
    reason: Option<NotOfferedName>,
    /// With `not_yet`: when the rule begins, if it is the day that is waited for.
    #[schema(format = DateTime)]
    begins_at: Option<String>,
}

/// On which terms somebody enrols: what the first enrolment rule says that fits.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EnrolmentTerms)]
struct TermsShown {
    /// The rule's name; `null` where none fits.
    rule: Option<String>,
    /// Until when it may be put off, where a policy permits that.
    #[schema(format = DateTime)]
    later_until: Option<String>,
    /// What an operator must grant first.
    grant: Option<NeededGrantName>,
    /// How long the new token is on probation.
    probation_hours: u64,
}

/// What an operator must grant before somebody enrols.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum NeededGrantName {
    /// An approval.
    Approval,
    /// A code of the help desk.
    HelpDeskCode,
}

impl TermsShown {
    fn of(terms: Terms) -> Self {
        Self {
            rule: terms.rule,
            later_until: terms.later_until.map(Timestamp::rfc3339),
            grant: terms.grant.map(|grant| match grant {
                NeededGrant::Approval => NeededGrantName::Approval,
                NeededGrant::HelpDeskCode => NeededGrantName::HelpDeskCode,
            }),
            probation_hours: terms.probation.as_secs() / 3600,
        }
    }
}

impl Shown for PreviewShown {
    fn example() -> Self {
        let terms = TermsShown {
            rule: Some("Staff".to_owned()),
            later_until: Some(SOME_TIME.rfc3339()),
            grant: Some(NeededGrantName::Approval),
            probation_hours: 48,
        };
        let targets = vec!["ios".to_owned(), "android".to_owned()];
        Self { offered: true, targets, terms: Some(terms), reason: None, begins_at: None }
    }
}

impl PreviewShown {
    fn of(preview: Preview) -> Self {
        match preview {
            Preview::Offered(targets, terms) => Self {
                offered: true,
                targets: targets.into_iter().map(|target| target.as_str().to_owned()).collect(),
                terms: Some(TermsShown::of(terms)),
                reason: None,
                begins_at: None,
            },
            Preview::Not(why) => {
                let begins = if let NotOffered::NotYet { begins } = why { begins } else { None };
                Self {
                    offered: false,
                    targets: Vec::new(),
                    terms: None,
                    reason: Some(NotOfferedName::of(why)),
                    begins_at: begins.map(Timestamp::rfc3339),
                }
            }
        }
    }
}

/// `GET /self-provisioning/preview`
pub(in crate::api) async fn preview(asked: Asked, _: Nothing) -> Result<Found<PreviewShown>, Problem> {
    let (manager, now) = (&asked.api.parts.manager, asked.visitor.now);
    let preview = manager.preview(&asked.vs.id, asked.query("user"), now).await?;
    Ok(Found(PreviewShown::of(preview)))
}
