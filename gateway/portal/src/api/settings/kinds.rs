//! Which kinds of authenticator can carry the token template.

use doorward_access::manage::{KindFits, TargetFits};
use doorward_api::settings::TokenTemplate;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::asked::Asked;
use crate::api::given::Nothing;
use crate::api::gives::{Found, Shown};
use crate::api::problem::Problem;

/// What each kind of authenticator can do with the token template in force.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TokenTemplateKinds)]
pub(in crate::api) struct KindsShown {
    /// In the order in which they are offered.
    items: Vec<KindShown>,
}

/// A kind of authenticator.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TokenTemplateKind)]
struct KindShown {
    /// Its name: that of its plugin.
    kind: String,
    /// The platforms that are allowed.
    targets: Vec<TargetShown>,
}

/// What it can do on a platform.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TokenTemplateKindTarget)]
struct TargetShown {
    /// The platform.
    target: String,
    /// It can carry the template there.
    fits: bool,
    /// What is in the way, as a sentence; `null` where it fits.
    reason: Option<String>,
}

impl TargetShown {
    fn of(TargetFits { target, why_not }: TargetFits) -> Self {
        Self { target: target.as_str().to_owned(), fits: why_not.is_none(), reason: why_not }
    }
}

impl KindShown {
    fn of(KindFits { kind, targets }: KindFits) -> Self {
        Self { kind: kind.to_owned(), targets: targets.into_iter().map(TargetShown::of).collect() }
    }
}

impl Shown for KindsShown {
    fn example() -> Self {
        let ios = TargetShown { target: "ios".to_owned(), fits: true, reason: None };
        let reason = Some("The app is there for iPhone, iPad and Android only.".to_owned());
        let desktop = TargetShown { target: "windows-desktop".to_owned(), fits: false, reason };
        Self { items: vec![KindShown { kind: "push".to_owned(), targets: vec![ios, desktop] }] }
    }
}

/// `GET /settings/token_template/kinds`
pub(in crate::api) async fn kinds(asked: Asked, _: Nothing) -> Result<Found<KindsShown>, Problem> {
    let manager = &asked.api.parts.manager;
    let template = manager.setting::<TokenTemplate>(&asked.vs.id).await?.document;
    let kinds = manager.kinds(&asked.vs.id, &template).await?;
    Ok(Found(KindsShown { items: kinds.into_iter().map(KindShown::of).collect() }))
}
