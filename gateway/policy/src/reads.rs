//! The footprint: which facts of a request some policies read.
//!
//! It is more than a list of names. A policy that only asks whether the path is `/health` does not depend on the path,
//! but on that one answer; so literals that a fact is merely compared with are kept, and everything else about the fact
//! is left out of the decision and of its key. What is not understood counts as reading the whole fact.

use std::collections::BTreeSet;

use cedar_policy::pst::{BinaryOp, Clause, EntityOrSlot, EntityUID, Expr, Literal, PrincipalConstraint, Template, Var};
use doorward_api::Factor;

/// How much of a fact is read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Extent<T: Ord> {
    /// Nothing.
    #[default]
    Unread,
    /// Only how it compares with these.
    Compared(BTreeSet<T>),
    /// The fact itself.
    Whole,
}

/// One value for each factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct PerFactor<T> {
    password: T,
    otp: T,
    push: T,
    passkey: T,
}

/// What is read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Reads {
    /// The groups that the principal is in. Whether there is a principal at all is always read.
    pub(crate) groups: Extent<String>,
    /// Anything else about the principal.
    pub(crate) person: bool,
    pub(crate) host: Extent<String>,
    pub(crate) method: Extent<String>,
    pub(crate) path: Extent<String>,
    pub(crate) prefixes: Extent<String>,
    pub(crate) ip: bool,
    pub(crate) secure: bool,
    pub(crate) time: bool,
    /// Whether each proof was given.
    pub(crate) given: PerFactor<bool>,
    /// How long ago.
    pub(crate) ages: PerFactor<Extent<i64>>,
    /// Whether the enrolment is put off.
    pub(crate) deferred: bool,
    /// Whether the token is on probation.
    pub(crate) probation: bool,
}

/// What stands behind `context.`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attribute {
    Host,
    Method,
    Path,
    Prefixes,
    Ip,
    Secure,
    Time,
    Given(Factor),
    Age(Factor),
    Deferred,
    Probation,
    /// A record of several, or something unknown.
    Several,
}

// === impl Extent ===

impl<T: Ord> Extent<T> {
    fn merged(self, other: Self) -> Self {
        match (self, other) {
            (Extent::Whole, _) | (_, Extent::Whole) => Extent::Whole,
            (Extent::Unread, some) | (some, Extent::Unread) => some,
            (Extent::Compared(mut these), Extent::Compared(those)) => {
                these.extend(those);
                Extent::Compared(these)
            }
        }
    }

    /// What it is compared with.
    pub(crate) fn literals(&self) -> impl Iterator<Item = &T> {
        match self {
            Extent::Compared(literals) => Some(literals),
            Extent::Unread | Extent::Whole => None,
        }
        .into_iter()
        .flatten()
    }

    pub(crate) fn is_read(&self) -> bool {
        !matches!(self, Extent::Unread)
    }
}

impl<T: Ord> FromIterator<T> for Extent<T> {
    fn from_iter<I: IntoIterator<Item = T>>(literals: I) -> Self {
        Extent::Compared(literals.into_iter().collect())
    }
}

// === impl PerFactor ===

impl<T> PerFactor<T> {
    /// One value for each factor.
    pub(crate) fn from_fn(mut make: impl FnMut(Factor) -> T) -> Self {
        PerFactor {
            password: make(Factor::Password),
            otp: make(Factor::Otp),
            push: make(Factor::Push),
            passkey: make(Factor::Passkey),
        }
    }

    pub(crate) fn get(&self, factor: Factor) -> &T {
        match factor {
            Factor::Password => &self.password,
            Factor::Otp => &self.otp,
            Factor::Push => &self.push,
            Factor::Passkey => &self.passkey,
        }
    }

    pub(crate) fn get_mut(&mut self, factor: Factor) -> &mut T {
        match factor {
            Factor::Password => &mut self.password,
            Factor::Otp => &mut self.otp,
            Factor::Push => &mut self.push,
            Factor::Passkey => &mut self.passkey,
        }
    }

    fn merged(self, other: Self, merge: impl Fn(T, T) -> T) -> Self {
        PerFactor {
            password: merge(self.password, other.password),
            otp: merge(self.otp, other.otp),
            push: merge(self.push, other.push),
            passkey: merge(self.passkey, other.passkey),
        }
    }
}

// === impl Reads ===

impl Reads {
    /// Everything there is.
    pub(crate) fn everything() -> Reads {
        Reads {
            groups: Extent::Whole,
            person: true,
            host: Extent::Whole,
            method: Extent::Whole,
            path: Extent::Whole,
            prefixes: Extent::Whole,
            ip: true,
            secure: true,
            time: true,
            given: PerFactor::from_fn(|_| true),
            ages: PerFactor::from_fn(|_| Extent::Whole),
            deferred: true,
            probation: true,
        }
    }

    /// What one policy reads.
    pub(crate) fn of_policy(policy: &Template) -> Reads {
        policy.clauses().iter().fold(of_scope(&policy.principal), |reads, clause| match clause {
            Clause::When(body) | Clause::Unless(body) => reads.merged(of_expr(body)),
        })
    }

    /// Both.
    #[must_use]
    pub(crate) fn merged(self, other: Reads) -> Reads {
        Reads {
            groups: self.groups.merged(other.groups),
            person: self.person || other.person,
            host: self.host.merged(other.host),
            method: self.method.merged(other.method),
            path: self.path.merged(other.path),
            prefixes: self.prefixes.merged(other.prefixes),
            ip: self.ip || other.ip,
            secure: self.secure || other.secure,
            time: self.time || other.time,
            given: self.given.merged(other.given, |a, b| a || b),
            ages: self.ages.merged(other.ages, Extent::merged),
            deferred: self.deferred || other.deferred,
            probation: self.probation || other.probation,
        }
    }

    /// The factors whose proof can make a difference, weakest first.
    pub(crate) fn factors(&self) -> impl Iterator<Item = Factor> {
        Factor::ALL.into_iter().filter(|f| *self.given.get(*f) || self.ages.get(*f).is_read())
    }

    fn of_groups(groups: Extent<String>) -> Reads {
        Reads { groups, ..Reads::default() }
    }

    fn of_whole_principal() -> Reads {
        Reads { groups: Extent::Whole, person: true, ..Reads::default() }
    }

    fn of_text(attribute: Attribute, extent: Extent<String>) -> Reads {
        let none = Reads::default();
        match attribute {
            Attribute::Host => Reads { host: extent, ..none },
            Attribute::Method => Reads { method: extent, ..none },
            Attribute::Path => Reads { path: extent, ..none },
            Attribute::Prefixes => Reads { prefixes: extent, ..none },
            other => Reads::of_whole(other),
        }
    }

    fn of_age(factor: Factor, extent: Extent<i64>) -> Reads {
        let mut reads = Reads::default();
        *reads.ages.get_mut(factor) = extent;
        reads
    }

    fn of_whole(attribute: Attribute) -> Reads {
        let none = Reads::default();
        match attribute {
            Attribute::Host | Attribute::Method | Attribute::Path | Attribute::Prefixes => {
                Reads::of_text(attribute, Extent::Whole)
            }
            Attribute::Ip => Reads { ip: true, ..none },
            Attribute::Secure => Reads { secure: true, ..none },
            Attribute::Time => Reads { time: true, ..none },
            Attribute::Given(factor) => Reads { given: PerFactor::from_fn(|f| f == factor), ..none },
            Attribute::Age(factor) => Reads::of_age(factor, Extent::Whole),
            Attribute::Deferred => Reads { deferred: true, ..none },
            Attribute::Probation => Reads { probation: true, ..none },
            Attribute::Several => Reads::everything(),
        }
    }
}

/// Whether the expression looks at the principal.
pub(crate) fn mentions_principal(expr: &Expr) -> bool {
    expr.reduce(&|e| matches!(e, Expr::Var(Var::Principal)).then_some(true), &|a, b| a || b, false)
}

/// Whether the expression is `context.path`.
pub(crate) fn is_path(expr: &Expr) -> bool {
    attribute(expr) == Some(Attribute::Path)
}

fn of_scope(principal: &PrincipalConstraint) -> Reads {
    match principal {
        PrincipalConstraint::Any | PrincipalConstraint::Is(_) => Reads::default(),
        PrincipalConstraint::In(EntityOrSlot::Entity(uid))
        | PrincipalConstraint::IsIn(_, EntityOrSlot::Entity(uid)) => group_name(uid)
            .map_or_else(Reads::of_whole_principal, |name| Reads::of_groups([name].into_iter().collect())),
        _ => Reads::of_whole_principal(),
    }
}

/// What an expression reads: the patterns that are understood, else whatever its parts read.
fn of_expr(expr: &Expr) -> Reads {
    expr.reduce(&recognised, &Reads::merged, Reads::default())
}

fn recognised(expr: &Expr) -> Option<Reads> {
    match expr {
        Expr::Var(Var::Principal) => Some(Reads::of_whole_principal()),
        Expr::Is { expr, in_expr, .. } if is_principal(expr) => match in_expr {
            None => Some(Reads::default()),
            Some(groups) => of_membership(groups),
        },
        Expr::BinaryOp { op: BinaryOp::In, left, right } if is_principal(left) => of_membership(right),
        Expr::BinaryOp { op, left, right } => of_comparison(*op, left, right),
        Expr::HasAttr { expr, .. } if context_path(expr).is_some() => Some(Reads::everything()),
        other => attribute(other).map(Reads::of_whole),
    }
}

fn of_membership(groups: &Expr) -> Option<Reads> {
    let names = match groups {
        Expr::Literal(Literal::EntityUID(uid)) => group_name(uid).map(|name| vec![name]),
        Expr::Set(members) => members
            .iter()
            .map(|member| match member.as_ref() {
                Expr::Literal(Literal::EntityUID(uid)) => group_name(uid),
                _ => None,
            })
            .collect(),
        _ => None,
    };
    names.map(|names| Reads::of_groups(names.into_iter().collect()))
}

fn of_comparison(op: BinaryOp, left: &Expr, right: &Expr) -> Option<Reads> {
    match op {
        BinaryOp::Eq | BinaryOp::NotEq => of_equality(left, right)
            .or_else(|| of_equality(right, left))
            .or_else(|| of_order(left, right))
            .or_else(|| of_order(right, left)),
        BinaryOp::Less | BinaryOp::LessEq | BinaryOp::Greater | BinaryOp::GreaterEq => {
            of_order(left, right).or_else(|| of_order(right, left))
        }
        BinaryOp::Contains if attribute(left) == Some(Attribute::Prefixes) => {
            text(right).map(|prefix| Reads::of_text(Attribute::Prefixes, [prefix].into_iter().collect()))
        }
        BinaryOp::ContainsAll | BinaryOp::ContainsAny if attribute(left) == Some(Attribute::Prefixes) => {
            texts(right).map(|prefixes| Reads::of_text(Attribute::Prefixes, prefixes))
        }
        BinaryOp::Contains => plain_text(right).and_then(|a| texts(left).map(|texts| Reads::of_text(a, texts))),
        _ => None,
    }
}

/// `context.method == "GET"`.
fn of_equality(fact: &Expr, literal: &Expr) -> Option<Reads> {
    let attribute = plain_text(fact)?;
    Some(Reads::of_text(attribute, [text(literal)?].into_iter().collect()))
}

/// `context.authn.age.otp <= 300`.
fn of_order(fact: &Expr, literal: &Expr) -> Option<Reads> {
    match (attribute(fact)?, literal) {
        (Attribute::Age(factor), Expr::Literal(Literal::Long(seconds))) => {
            Some(Reads::of_age(factor, [*seconds].into_iter().collect()))
        }
        _ => None,
    }
}

fn is_principal(expr: &Expr) -> bool {
    matches!(expr, Expr::Var(Var::Principal))
}

fn group_name(uid: &EntityUID) -> Option<String> {
    (uid.ty.to_string() == "Group").then(|| uid.eid.to_string())
}

fn plain_text(expr: &Expr) -> Option<Attribute> {
    attribute(expr).filter(|a| matches!(a, Attribute::Host | Attribute::Method | Attribute::Path))
}

fn text(expr: &Expr) -> Option<String> {
    match expr {
        // NUL stands for "none of the literals" in what the policies are shown, so it may not be one of them.
        Expr::Literal(Literal::String(text)) => (!text.contains('\0')).then(|| text.to_string()),
        _ => None,
    }
}

fn texts(expr: &Expr) -> Option<Extent<String>> {
    match expr {
        Expr::Set(members) => members.iter().map(|m| text(m)).collect::<Option<BTreeSet<_>>>().map(Extent::Compared),
        _ => None,
    }
}

/// What `context.…` in full is, when the expression is that.
fn attribute(expr: &Expr) -> Option<Attribute> {
    let path = context_path(expr)?;
    let factor = |name: &str| Factor::ALL.into_iter().find(|f| f.as_str() == name);
    Some(match path.as_slice() {
        ["host"] => Attribute::Host,
        ["method"] => Attribute::Method,
        ["path"] => Attribute::Path,
        ["prefixes"] => Attribute::Prefixes,
        ["ip"] => Attribute::Ip,
        ["secure"] => Attribute::Secure,
        ["time"] => Attribute::Time,
        ["authn", "enrolment_deferred"] => Attribute::Deferred,
        ["authn", "probation"] => Attribute::Probation,
        ["authn", name] => factor(name).map_or(Attribute::Several, Attribute::Given),
        ["authn", "age", name] => factor(name).map_or(Attribute::Several, Attribute::Age),
        _ => Attribute::Several,
    })
}

/// `context.a.b` as `["a", "b"]`.
fn context_path(expr: &Expr) -> Option<Vec<&str>> {
    match expr {
        Expr::Var(Var::Context) => Some(Vec::new()),
        Expr::GetAttr { expr, attr } => {
            let mut path = context_path(expr)?;
            path.push(attr);
            Some(path)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cedar_policy::{Policy, pst};

    fn reads(rest: &str) -> Reads {
        let policy = Policy::parse(None, format!("permit({rest};")).unwrap().to_pst().unwrap();
        let pst::Policy::Static(policy) = policy else { panic!("not static") };
        Reads::of_policy(policy.body())
    }

    fn when(body: &str) -> Reads {
        reads(&format!("principal, action, resource) when {{ {body} }}"))
    }

    fn compared(literals: &[&str]) -> Extent<String> {
        literals.iter().map(|l| (*l).to_owned()).collect()
    }

    #[test]
    fn a_policy_without_conditions_reads_nothing() {
        assert_eq!(reads("principal is User, action, resource)"), Reads::default());
    }

    #[test]
    fn literals_narrow_what_is_read() {
        assert_eq!(when(r#"context.path == "/health""#).path, compared(&["/health"]));
        assert_eq!(when(r#""/a" != context.path"#).path, compared(&["/a"]));
        assert_eq!(when(r#"["GET", "HEAD"].contains(context.method)"#).method, compared(&["GET", "HEAD"]));
        assert_eq!(when(r#"context.prefixes.contains("/a")"#).prefixes, compared(&["/a"]));
        assert_eq!(when(r#"context.prefixes.containsAny(["/a", "/b"])"#).prefixes, compared(&["/a", "/b"]));
        assert_eq!(*when("300 > context.authn.age.otp").ages.get(Factor::Otp), [300].into_iter().collect());
        assert_eq!(when(r#"principal in [Group::"a", Group::"b"]"#).groups, compared(&["a", "b"]));
        assert_eq!(reads(r#"principal is User in Group::"a", action, resource)"#).groups, compared(&["a"]));
    }

    #[test]
    fn anything_else_reads_the_whole_fact() {
        assert_eq!(when(r#"context.path like "*.png""#).path, Extent::Whole);
        assert_eq!(when(r#"context.path == "/a" || context.path == context.host"#).path, Extent::Whole);
        assert_eq!(when("context.authn.age.otp + 1 < 300").ages.get(Factor::Otp), &Extent::Whole);
        assert_eq!(when(r#"context.prefixes == ["/"]"#).prefixes, Extent::Whole);
        assert!(when(r#"principal == User::"alice""#).person);
        assert!(when(r#"[principal].contains(User::"alice")"#).person);
        assert_eq!(when("context.authn == context.authn"), Reads::everything());
        assert_eq!(when("context has ip"), Reads::everything());
    }

    #[test]
    fn facts_beside_each_other_are_told_apart() {
        let all = when("context.authn.otp && context.secure && context.authn.age.push > 3");
        assert!(*all.given.get(Factor::Otp) && !*all.given.get(Factor::Push) && all.secure && !all.ip);
        assert_eq!(all.factors().collect::<Vec<_>>(), [Factor::Otp, Factor::Push]);
    }

    #[test]
    fn what_is_put_off_is_read_by_itself_and_is_no_factor() {
        assert_eq!(when("context.authn.enrolment_deferred"), Reads { deferred: true, ..Reads::default() });
        assert_eq!(when("!context.authn.probation"), Reads { probation: true, ..Reads::default() });
        let both = when("context.authn.enrolment_deferred || context.authn.probation");
        assert_eq!(both, Reads { deferred: true, probation: true, ..Reads::default() });
        assert_eq!(both.factors().count(), 0);
    }
}
