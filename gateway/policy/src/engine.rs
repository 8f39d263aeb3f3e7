//! Cedar itself: the names of the schema, and one evaluation.

use std::collections::HashSet;
use std::str::FromStr;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid, Policy, PolicySet, Request,
    RestrictedExpression, Schema,
};
use doorward_api::{Factor, PolicyId, Timestamp};

use crate::facts::{Facts, Who};
use crate::reads::PerFactor;

/// The schema that every policy is validated against, with comments for those who write policies.
pub const SCHEMA: &str = include_str!("../../../policies/schema.cedarschema");

/// The schema and its names, parsed once per load.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    pub(crate) schema: Schema,
    user: EntityTypeName,
    group: EntityTypeName,
    application: EntityTypeName,
    anonymous: EntityUid,
    access: EntityUid,
}

/// One request as Cedar takes it.
#[derive(Debug)]
pub(crate) struct Question {
    request: Request,
    entities: Entities,
}

/// Which policies of a set hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Whether a permit holds and no forbid does.
    pub(crate) admits: bool,
    /// The permits that hold when it admits, else the forbids that hold; in the order of their ids.
    pub(crate) by: Vec<PolicyId>,
}

/// What became of one policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Holding {
    Held,
    DidNotHold,
    /// Cedar could not evaluate it.
    Failed(String),
}

// === impl Vocabulary ===

impl Vocabulary {
    /// Parses the built-in schema.
    pub(crate) fn new() -> Result<Vocabulary, String> {
        let (schema, _warnings) = Schema::from_cedarschema_str(SCHEMA).map_err(|e| e.to_string())?;
        let name = |text: &str| EntityTypeName::from_str(text).map_err(|e| e.to_string());
        let uid =
            |kind: &str, id: &str| name(kind).map(|kind| EntityUid::from_type_name_and_id(kind, EntityId::new(id)));
        Ok(Vocabulary {
            schema,
            user: name("User")?,
            group: name("Group")?,
            application: name("Application")?,
            anonymous: uid("Anonymous", "nobody")?,
            access: uid("Action", "access")?,
        })
    }

    /// Facts as Cedar takes them. The message is for the log.
    pub(crate) fn question(&self, facts: &Facts) -> Result<Question, String> {
        let (principal, entity) = self.principal(&facts.who)?;
        let entities = Entities::from_entities(entity, None).map_err(|e| e.to_string())?;
        let context = Context::from_pairs(context(facts)).map_err(|e| e.to_string())?;
        let resource = EntityUid::from_type_name_and_id(self.application.clone(), EntityId::new(&facts.slice.app));
        let request =
            Request::new(principal, self.access.clone(), resource, context, None).map_err(|e| e.to_string())?;
        Ok(Question { request, entities })
    }

    fn principal(&self, who: &Who) -> Result<(EntityUid, Option<Entity>), String> {
        let (groups, person) = match who {
            Who::Anonymous => return Ok((self.anonymous.clone(), None)),
            Who::User { groups, person } => (groups, person),
        };
        // Who a person is stays unsaid when no policy asks.
        let id = person.as_ref().map_or_else(String::new, |p| user_id(&p.name));
        let uid = EntityUid::from_type_name_and_id(self.user.clone(), EntityId::new(id));
        let attributes = person.iter().flat_map(|person| {
            let shown = Some(&person.display_name).filter(|name| !name.is_empty());
            let name = ("name".to_owned(), RestrictedExpression::new_string(person.name.clone()));
            let shown = shown.map(|text| ("display_name".to_owned(), RestrictedExpression::new_string(text.clone())));
            [Some(name), shown].into_iter().flatten()
        });
        let parents: HashSet<EntityUid> = groups
            .iter()
            .map(|name| EntityUid::from_type_name_and_id(self.group.clone(), EntityId::new(name)))
            .collect();
        let entity = Entity::new(uid.clone(), attributes.collect(), parents).map_err(|e| e.to_string())?;
        Ok((uid, Some(entity)))
    }
}

/// The id of a user in policies: the sign-in name, in lower case so that `Alice` and `alice` cannot be told apart.
pub(crate) fn user_id(name: &str) -> String {
    name.trim().to_lowercase()
}

// === impl Question ===

impl Question {
    /// Asks a set of policies. A policy that cannot be evaluated never admits, and refuses if it is a forbid.
    pub(crate) fn ask(&self, policies: &PolicySet, forbids: &HashSet<PolicyId>) -> Answer {
        let response = Authorizer::new().is_authorized(&self.request, policies, &self.entities);
        let diagnostics = response.diagnostics();
        let broken = diagnostics.errors().map(|error| match error {
            cedar_policy::AuthorizationError::PolicyEvaluationError(error) => id(error.policy_id()),
        });
        let broken: Vec<PolicyId> = broken.filter(|id| forbids.contains(id)).collect();
        let admitted = response.decision() == Decision::Allow;
        let admits = admitted && broken.is_empty();
        // The reasons of an admission are permits: of no interest when a broken forbid overrules them.
        let reasons = diagnostics.reason().map(id).filter(|_| admits || !admitted);
        let mut by: Vec<PolicyId> = reasons.chain(broken).collect();
        by.sort();
        Answer { admits, by }
    }

    /// Asks one policy.
    pub(crate) fn holds(&self, policy: &Policy) -> Holding {
        let mut alone = PolicySet::new();
        if let Err(error) = alone.add(policy.clone()) {
            return Holding::Failed(error.to_string());
        }
        let response = Authorizer::new().is_authorized(&self.request, &alone, &self.entities);
        let diagnostics = response.diagnostics();
        match diagnostics.errors().next() {
            Some(cedar_policy::AuthorizationError::PolicyEvaluationError(error)) => {
                Holding::Failed(error.inner().to_string())
            }
            None if diagnostics.reason().next().is_some() => Holding::Held,
            None => Holding::DidNotHold,
        }
    }
}

fn id(id: &cedar_policy::PolicyId) -> PolicyId {
    PolicyId::new(AsRef::<str>::as_ref(id))
}

/// The facts as the record that policies know as `context`; only what is read is there.
fn context(facts: &Facts) -> Vec<(String, RestrictedExpression)> {
    let text = |text: &String| RestrictedExpression::new_string(text.clone());
    let set = |members: &Vec<String>| RestrictedExpression::new_set(members.iter().map(text));
    [
        ("host", facts.host.as_ref().map(text)),
        ("method", facts.method.as_ref().map(text)),
        ("path", facts.path.as_ref().map(text)),
        ("prefixes", facts.prefixes.as_ref().map(set)),
        ("ip", facts.ip.map(|ip| RestrictedExpression::new_ip(ip.to_string()))),
        ("secure", facts.secure.map(RestrictedExpression::new_bool)),
        ("time", facts.time.map(datetime)),
        ("authn", authn(facts)),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_owned(), value?)))
    .collect()
}

fn datetime(seconds: u64) -> RestrictedExpression {
    let at = Timestamp::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
    RestrictedExpression::new_datetime(at.rfc3339())
}

fn authn(facts: &Facts) -> Option<RestrictedExpression> {
    let ages = record(&facts.ages, RestrictedExpression::new_long);
    let age = (!ages.is_empty()).then(|| RestrictedExpression::new_record(ages).ok()).flatten();
    let mut fields = record(&facts.given, RestrictedExpression::new_bool);
    fields.extend(age.map(|age| ("age".to_owned(), age)));
    let others = [("enrolment_deferred", facts.deferred), ("probation", facts.probation)].into_iter();
    fields.extend(others.filter_map(|(name, is)| Some((name.to_owned(), RestrictedExpression::new_bool(is?)))));
    if fields.is_empty() { None } else { RestrictedExpression::new_record(fields).ok() }
}

fn record<T: Copy>(
    values: &PerFactor<Option<T>>,
    expression: impl Fn(T) -> RestrictedExpression,
) -> Vec<(String, RestrictedExpression)> {
    Factor::ALL
        .into_iter()
        .filter_map(|factor| values.get(factor).map(|value| (factor.as_str().to_owned(), expression(value))))
        .collect()
}
