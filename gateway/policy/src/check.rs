//! Literals that are well typed and yet cannot mean what was meant: an application that does not exist, a method in
//! lower case, a path prefix that would also match its neighbour. A permit with one admits nobody, which somebody
//! notices; a forbid with one protects nothing, which nobody does. So they are errors.

use cedar_policy::pst::{Clause, Expr, PatternElem, Template};
use doorward_api::AppId;

use crate::engine::user_id;
use crate::load::{Entry, LoadError, Located, MOST_ERRORS};
use crate::reads;
use crate::text::find_string;

/// A literal that is refused.
struct Objection {
    literal: String,
    message: String,
    help: Option<String>,
}

/// What is wrong with the literals of one policy.
pub(crate) fn literals(located: Located<'_>, entry: &Entry, apps: &[AppId]) -> Vec<LoadError> {
    let objections = [entities(entry, apps), texts(entry), patterns(&entry.tree)].into_iter().flatten();
    objections
        .take(MOST_ERRORS)
        .map(|Objection { literal, message, help }| {
            let span = &located.written.span;
            let at = find_string(&located.source.text, span, &literal).unwrap_or(span.start);
            located.error(at, message, help)
        })
        .collect()
}

/// `Application::"…"` and `User::"…"`.
fn entities(entry: &Entry, apps: &[AppId]) -> Vec<Objection> {
    let named = entry.policy.entity_literals();
    let named = named.iter().map(|uid| (uid.type_name().basename(), uid.id().unescaped()));
    named
        .filter_map(|(kind, id)| match kind {
            "Application" if !apps.iter().any(|app| app.as_str() == id) => Some(unknown_app(id, apps)),
            "User" if user_id(id) != id => Some(Objection {
                literal: id.to_owned(),
                message: format!("no user is called User::\"{id}\": users are named in lower case"),
                help: Some(format!("write User::\"{}\"", user_id(id))),
            }),
            _ => None,
        })
        .collect()
}

fn unknown_app(id: &str, apps: &[AppId]) -> Objection {
    let known = || apps.iter().map(AppId::as_str);
    let close = known().map(|app| (distance(app, id), app)).min().filter(|(distance, _)| *distance <= 2);
    let help = match close {
        Some((_, app)) => format!("did you mean Application::\"{app}\"?"),
        None if apps.is_empty() => "this virtual server has no applications".to_owned(),
        None => format!("the applications are {}", known().collect::<Vec<_>>().join(", ")),
    };
    Objection { literal: id.to_owned(), message: format!("there is no application \"{id}\""), help: Some(help) }
}

/// Texts that facts of a request are compared with and can never equal.
fn texts(entry: &Entry) -> Vec<Objection> {
    let mut found = Vec::new();
    let mut object = |literal: &str, message: String, help: String| {
        found.push(Objection { literal: literal.to_owned(), message, help: Some(help) });
    };
    for method in entry.reads.method.literals().filter(|m| **m != m.to_uppercase()) {
        object(
            method,
            format!("no method is \"{method}\": methods are upper case"),
            format!("write \"{}\"", method.to_uppercase()),
        );
    }
    for host in entry.reads.host.literals().filter(|h| **h != h.to_lowercase() || h.contains(':') || h.ends_with('.')) {
        object(
            host,
            format!("no host is \"{host}\""),
            "a host is in lower case, without a port or a final dot".to_owned(),
        );
    }
    for path in entry.reads.path.literals().filter(|p| !p.starts_with('/') || p.contains('?')) {
        object(path, format!("no path is \"{path}\""), "a path begins with / and has no query".to_owned());
    }
    for prefix in entry.reads.prefixes.literals().filter(|p| !crate::facts::prefixes(p).contains(*p)) {
        let help = "a prefix is whole segments without a slash at the end: \"/admin\"".to_owned();
        object(prefix, format!("no path has the prefix \"{prefix}\""), help);
    }
    found
}

/// `context.path like "/admin*"` lets `/administrator` through, `"/admin/*"` forgets `/admin` itself (PA-06).
fn patterns(policy: &Template) -> Vec<Objection> {
    let conditions = policy.clauses().iter().map(|clause| match clause {
        Clause::When(expr) | Clause::Unless(expr) => expr,
    });
    conditions.flat_map(|expr| expr.reduce(&prefix_pattern, &joined, Vec::new())).map(by_characters).collect()
}

fn by_characters(beginning: String) -> Objection {
    let segments = beginning.trim_end_matches('/');
    let segments = if segments.is_empty() { "/" } else { segments };
    Objection {
        literal: format!("{beginning}*"),
        message: format!("like \"{beginning}*\" matches a path by characters, not by whole segments"),
        help: Some(format!("write context.prefixes.contains(\"{segments}\")")),
    }
}

/// What stands before the only `*`, at the end, of a pattern for the path.
fn prefix_pattern(expr: &Expr) -> Option<Vec<String>> {
    let Expr::Like { expr, pattern } = expr else { return None };
    let (last, before) = pattern.split_last()?;
    let plain: Option<String> = before
        .iter()
        .map(|element| match element {
            PatternElem::Char(c) => Some(*c),
            PatternElem::Wildcard => None,
        })
        .collect();
    let prefix = plain.filter(|_| *last == PatternElem::Wildcard && reads::is_path(expr));
    Some(prefix.into_iter().filter(|text| !text.is_empty()).collect())
}

fn joined(mut these: Vec<String>, those: Vec<String>) -> Vec<String> {
    these.extend(those);
    these
}

/// How many characters must be put in, taken out or replaced to make one word of the other (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut left = i + 1;
        let mut next = vec![left];
        for (y, (above_left, above)) in b.chars().zip(row.iter().zip(row.iter().skip(1))) {
            left = (above_left + usize::from(x != y)).min(above + 1).min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_slips() {
        assert_eq!(distance("wiki", "wiki"), 0);
        assert_eq!(distance("wikki", "wiki"), 1);
        assert_eq!(distance("wkii", "wiki"), 2);
        assert_eq!(distance("", "abc"), 3);
    }
}
