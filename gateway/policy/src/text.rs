//! Policies as written: where each begins, and the clauses that it is made of, for errors and explanations that quote
//! the file. Works on text that Cedar has parsed already; it finds places, it decides nothing.

use std::ops::Range;

/// A place in a file, as editors count: from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Place {
    /// The place of a byte; the end of the text for anything beyond it.
    pub(crate) fn of(text: &str, offset: usize) -> Place {
        Lines::of(text).place(offset)
    }
}

/// Where the lines of a text begin: found once, so that a file of ten thousand policies is not read anew for each of them.
#[derive(Debug)]
pub(crate) struct Lines<'a> {
    text: &'a str,
    ends: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        Self { text, ends: text.match_indices('\n').map(|(at, _)| at).collect() }
    }

    /// The place of a byte; the end of the text for anything beyond it.
    pub(crate) fn place(&self, offset: usize) -> Place {
        let offset = if self.text.is_char_boundary(offset) { offset } else { self.text.len() };
        let before = self.ends.partition_point(|end| *end < offset);
        let begins = before.checked_sub(1).and_then(|last| self.ends.get(last)).map_or(0, |end| end + 1);
        let column = self.text.get(begins..offset).unwrap_or_default().chars().count() + 1;
        Place { line: before + 1, column }
    }
}

/// A policy as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    /// From its first annotation to its semicolon.
    pub(crate) span: Range<usize>,
    /// What it is made of, in the order in which Cedar looks at it.
    pub(crate) clauses: Vec<Clause>,
}

/// One thing that must hold for a policy to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Clause {
    pub(crate) part: Part,
    /// The byte where it begins in the file.
    pub(crate) start: usize,
    /// As written, without comments and on one line.
    pub(crate) text: String,
}

/// Where in a policy a clause stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// `principal …` of the scope.
    Principal,
    /// `action …` of the scope.
    Action,
    /// `resource …` of the scope.
    Resource,
    /// A part of a `when`; all of them must hold.
    When,
    /// A part of an `unless`; none of them may hold.
    Unless,
}

impl Clause {
    /// The clause as it is quoted.
    pub(crate) fn quoted(&self) -> String {
        match self.part {
            Part::Principal | Part::Action | Part::Resource => self.text.clone(),
            Part::When => format!("when {{ {} }}", self.text),
            Part::Unless => format!("unless {{ {} }}", self.text),
        }
    }

    /// A permit that holds exactly when this clause does.
    pub(crate) fn as_policy(&self) -> String {
        let text = &self.text;
        match self.part {
            Part::Principal => format!("permit({text}, action, resource);"),
            Part::Action => format!("permit(principal, {text}, resource);"),
            Part::Resource => format!("permit(principal, action, {text});"),
            Part::When | Part::Unless => format!("permit(principal, action, resource) {};", self.quoted()),
        }
    }
}

/// The policies of a file, in their order.
pub(crate) fn policies(text: &str) -> Vec<Written> {
    let tokens = tokens(text);
    let mut found = Vec::new();
    for tokens in split(&tokens, &[";"]) {
        let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else { continue };
        // The semicolon itself belongs to the policy.
        let end = text.get(last.end..).and_then(|rest| rest.find(';')).map_or(last.end, |at| last.end + at + 1);
        found.push(Written { span: first.start..end, clauses: clauses(tokens) });
    }
    found
}

/// Where `wanted` stands as a string literal within `span`, with the quotes.
pub(crate) fn find_string(text: &str, span: &Range<usize>, wanted: &str) -> Option<usize> {
    let within = text.get(span.clone())?;
    tokens(within)
        .iter()
        .find(|t| t.text.len() >= 2 && t.text.get(1..t.text.len() - 1) == Some(wanted) && t.text.starts_with('"'))
        .map(|t| span.start + t.start)
}

/// The string literals in a text, without their quotes.
pub(crate) fn strings(text: &str) -> Vec<String> {
    let literals = tokens(text).into_iter().filter(|t| t.text.len() >= 2 && t.text.starts_with('"'));
    literals.filter_map(|t| t.text.get(1..t.text.len() - 1)).map(str::to_owned).collect()
}

// === Tokens ===

#[derive(Debug, Clone, Copy)]
pub(crate) struct Token<'a> {
    pub(crate) text: &'a str,
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// How many brackets are open around it; a bracket itself counts as outside.
    depth: usize,
}

const PAIRS: [&str; 5] = ["&&", "||", "::", "==", "!="];

pub(crate) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut depth = 0_usize;
    let mut start = 0;
    while let Some(rest) = text.get(start..).filter(|rest| !rest.is_empty()) {
        let (length, kept) = next_token(rest);
        let end = start + length;
        if kept {
            let token = text.get(start..end).unwrap_or_default();
            if matches!(token, ")" | "]" | "}") {
                depth = depth.saturating_sub(1);
            }
            found.push(Token { text: token, start, end, depth });
            if matches!(token, "(" | "[" | "{") {
                depth += 1;
            }
        }
        start = end;
    }
    found
}

/// The length of what `rest` begins with, and whether it is a token (and not space or a comment).
fn next_token(rest: &str) -> (usize, bool) {
    let while_in = |allowed: fn(char) -> bool| rest.find(|c| !allowed(c)).unwrap_or(rest.len());
    match rest.chars().next() {
        Some(c) if c.is_whitespace() => (while_in(char::is_whitespace), false),
        Some('/') if rest.starts_with("//") => (rest.find(['\n', '\r']).unwrap_or(rest.len()), false),
        Some('"') => (string_length(rest), true),
        Some(c) if c == '_' || c.is_alphanumeric() => (while_in(|c| c == '_' || c.is_alphanumeric()), true),
        Some(_) if PAIRS.iter().any(|pair| rest.starts_with(pair)) => (2, true),
        Some(c) => (c.len_utf8(), true),
        None => (0, false),
    }
}

fn string_length(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The runs between separators at the depth of the first token.
fn split<'t, 'a>(tokens: &'t [Token<'a>], separators: &'t [&str]) -> impl Iterator<Item = &'t [Token<'a>]> {
    let depth = tokens.first().map_or(0, |t| t.depth);
    tokens.split(move |t| t.depth == depth && separators.contains(&t.text)).filter(|run| !run.is_empty())
}

// === Clauses ===

fn clauses(policy: &[Token<'_>]) -> Vec<Clause> {
    let mut found = Vec::new();
    let mut groups = bracketed(policy);
    // The first group that follows `permit` or `forbid` is the scope; those before it belong to annotations.
    let scope = groups.iter().position(|(word, _)| matches!(*word, "permit" | "forbid")).unwrap_or(0);
    for (word, inside) in groups.drain(..).skip(scope) {
        match word {
            "permit" | "forbid" => found.extend(scope_clauses(inside)),
            "when" => found.extend(parts(inside, "&&").map(|run| clause(Part::When, run))),
            "unless" => found.extend(parts(inside, "||").map(|run| clause(Part::Unless, run))),
            _ => {}
        }
    }
    found
}

/// The outermost bracketed groups, each with the word before it.
fn bracketed<'t, 'a>(policy: &'t [Token<'a>]) -> Vec<(&'a str, &'t [Token<'a>])> {
    let outside = policy.first().map_or(0, |t| t.depth);
    let mut found = Vec::new();
    let mut rest = policy;
    while let Some(open) = rest.iter().position(|t| t.depth == outside && matches!(t.text, "(" | "{")) {
        let word = open.checked_sub(1).and_then(|before| rest.get(before)).map_or("", |t| t.text);
        let inside = rest.get(open + 1..).unwrap_or_default();
        let close = inside.iter().position(|t| t.depth == outside).unwrap_or(inside.len());
        found.push((word, inside.get(..close).unwrap_or_default()));
        rest = inside.get(close..).unwrap_or_default();
    }
    found
}

/// The constraints of a scope. A bare `principal`, `action` or `resource` constrains nothing.
fn scope_clauses<'t>(inside: &'t [Token<'t>]) -> impl Iterator<Item = Clause> + 't {
    split(inside, &[","]).filter(|run| run.len() > 1).filter_map(|run| {
        let part = match run.first().map(|t| t.text) {
            Some("principal") => Part::Principal,
            Some("action") => Part::Action,
            Some("resource") => Part::Resource,
            _ => return None,
        };
        Some(clause(part, run))
    })
}

/// A body split at an operator, unless something that binds weaker stands beside it.
fn parts<'t, 'a>(inside: &'t [Token<'a>], operator: &'static str) -> impl Iterator<Item = &'t [Token<'a>]> {
    let depth = inside.first().map_or(0, |t| t.depth);
    let weaker = |t: &Token<'_>| t.text == "if" || (operator == "&&" && t.text == "||");
    let whole = inside.iter().any(|t| t.depth == depth && weaker(t));
    let separators: &[&str] = match operator {
        _ if whole => &[],
        "&&" => &["&&"],
        _ => &["||"],
    };
    split(inside, separators)
}

fn clause(part: Part, run: &[Token<'_>]) -> Clause {
    let mut quoted = String::new();
    let mut last_end = None;
    for token in run {
        // Tokens stay apart or together as they were written; whatever lay between becomes one space.
        if last_end.is_some_and(|end| end < token.start) {
            quoted.push(' ');
        }
        quoted.push_str(token.text);
        last_end = Some(token.end);
    }
    Clause { part, start: run.first().map_or(0, |t| t.start), text: quoted }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(text: &str) -> Vec<String> {
        policies(text).iter().flat_map(|p| p.clauses.iter().map(Clause::quoted).collect::<Vec<_>>()).collect()
    }

    #[test]
    fn each_policy_is_found_with_its_annotations_and_semicolon() {
        let text = "// a; comment\n@id(\"a;b\")\npermit(principal, action, resource);\n\n  forbid(principal, action, resource) ;";
        let spans: Vec<&str> = policies(text).iter().map(|p| &text[p.span.clone()]).collect();
        assert_eq!(
            spans,
            ["@id(\"a;b\")\npermit(principal, action, resource);", "forbid(principal, action, resource) ;"]
        );
    }

    #[test]
    fn a_when_falls_apart_at_and_an_unless_at_or() {
        let text = r#"@id("x") permit(principal is User, action == Action::"access", resource)
            when { context.secure && // why
                   (context.host == "a && b" || context.secure) }
            unless { context.authn.otp || [1, 2].contains(context.authn.age.otp) };"#;
        assert_eq!(
            quoted(text),
            [
                "principal is User",
                r#"action == Action::"access""#,
                "when { context.secure }",
                r#"when { (context.host == "a && b" || context.secure) }"#,
                "unless { context.authn.otp }",
                "unless { [1, 2].contains(context.authn.age.otp) }",
            ]
        );
    }

    #[test]
    fn what_binds_weaker_keeps_a_body_whole() {
        let scope = "permit(principal, action, resource)";
        for body in ["when { a && b || c }", "when { if a then b else c && d }", "unless { if a then b else c || d }"] {
            assert_eq!(quoted(&format!("{scope} {body};")), [body]);
        }
    }

    #[test]
    fn places_count_characters_from_one() {
        assert_eq!(Place::of("é\nüx", 5), Place { line: 2, column: 2 });
        assert_eq!(Place::of("a", 99), Place { line: 1, column: 2 });
    }
}
