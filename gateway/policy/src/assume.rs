//! Policies as they would be for whoever suits them best.
//!
//! Of somebody unknown, the groups are not known before they sign in. To tell "sign in" from "no use", each policy is
//! freed of what it asks about the principal: a permit is taken to be meant for somebody, a forbid only holds if it
//! holds for everybody. The result is asked for challenges alone and never admits.

use std::sync::Arc;

use cedar_policy::Policy;
use cedar_policy::pst::{self, BinaryOp, Clause, EntityOrSlot, Expr, PrincipalConstraint, Template};

use crate::reads::mentions_principal;

/// The policy for whoever suits it best; `None` when it cannot matter to them.
pub(crate) fn for_somebody(policy: &Template) -> Result<Option<Policy>, String> {
    let conditions: Vec<Clause> = policy.clauses().iter().flat_map(conjuncts).collect();
    let (personal, others): (Vec<_>, Vec<_>) = conditions.into_iter().partition(is_personal);
    let matters = match policy.effect {
        pst::Effect::Permit => !only_for_nobody(&policy.principal),
        pst::Effect::Forbid => personal.is_empty() && for_every_user(&policy.principal),
    };
    if !matters {
        return Ok(None);
    }
    let freed = Template::new(
        policy.id.clone(),
        policy.effect,
        PrincipalConstraint::Any,
        policy.action.clone(),
        policy.resource.clone(),
    );
    let freed = freed.try_with_clauses(others).map_err(|e| e.to_string())?;
    let freed = pst::StaticPolicy::try_from(freed).map_err(|e| e.to_string())?;
    Policy::from_pst(pst::Policy::Static(freed)).map(Some).map_err(|e| e.to_string())
}

fn is_personal(clause: &Clause) -> bool {
    match clause {
        Clause::When(expr) | Clause::Unless(expr) => mentions_principal(expr),
    }
}

fn only_for_nobody(principal: &PrincipalConstraint) -> bool {
    match principal {
        PrincipalConstraint::Is(kind) | PrincipalConstraint::IsIn(kind, _) => kind.to_string() == "Anonymous",
        PrincipalConstraint::Eq(EntityOrSlot::Entity(uid)) => uid.ty.to_string() == "Anonymous",
        _ => false,
    }
}

fn for_every_user(principal: &PrincipalConstraint) -> bool {
    match principal {
        PrincipalConstraint::Any => true,
        PrincipalConstraint::Is(kind) => kind.to_string() == "User",
        _ => false,
    }
}

/// What must hold one by one: a `when` falls apart at `&&`, an `unless` at `||`.
fn conjuncts(clause: &Clause) -> Vec<Clause> {
    match clause {
        Clause::When(expr) => flat(expr, BinaryOp::And).into_iter().map(Clause::When).collect(),
        Clause::Unless(expr) => flat(expr, BinaryOp::Or).into_iter().map(Clause::Unless).collect(),
    }
}

fn flat(expr: &Arc<Expr>, operator: BinaryOp) -> Vec<Arc<Expr>> {
    match expr.as_ref() {
        Expr::BinaryOp { op, left, right } if *op == operator => {
            let mut all = flat(left, operator);
            all.extend(flat(right, operator));
            all
        }
        _ => vec![Arc::clone(expr)],
    }
}
