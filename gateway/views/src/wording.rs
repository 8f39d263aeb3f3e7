//! Words that an operator puts in place of ours: how they are read, and what may stand in them.

use std::collections::BTreeSet;

use doorward_api::FieldRule;
use fluent_bundle::FluentResource;
use fluent_syntax::ast::{Entry, Expression, Identifier, InlineExpression, Message, Pattern, PatternElement, Resource};
use fluent_syntax::serializer::serialize;

/// What the names of the console's own words begin with. Operators read these, and nobody replaces them.
const CONSOLE: [&str; 2] = ["console-", "rule-"];
/// The most braces that are looked at: more in one message are not resolved either.
const MOST_BRACES: usize = 100;

/// A message of the pages and mails, for an operator who may say it otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    /// Its name: `need-title`.
    pub name: String,
    /// Our words, as Fluent writes them: what may be changed and given back.
    pub text: String,
    /// What may stand in braces: `$app`.
    pub variables: Vec<String>,
}

/// Whether a message is one of those that operators may put words in place of.
pub(crate) fn replaceable(name: &str) -> bool {
    !CONSOLE.iter().any(|beginning| name.starts_with(beginning))
}

/// An operator's words as the one message of a resource. `None` when they cannot be read, or would be more than the words of
/// this message.
pub(crate) fn read(name: &str, text: &str) -> Option<FluentResource> {
    if text.matches('{').count() > MOST_BRACES {
        return None;
    }
    // A line that is not indented would be another message's.
    let text = text.trim().lines().collect::<Vec<_>>().join("\n    ");
    let resource = FluentResource::try_new(format!("{name} = {text}\n")).ok()?;
    let mut entries = resource.entries();
    let alone = match (entries.next(), entries.next()) {
        (Some(Entry::Message(message)), None) => {
            message.id.name == name && message.value.is_some() && message.attributes.is_empty()
        }
        _ => false,
    };
    drop(entries);
    alone.then_some(resource)
}

/// The rule that words in place of a message break, which may refer to `variables` and to nothing else.
pub(crate) fn fault(name: &str, text: &str, variables: &BTreeSet<String>) -> Option<FieldRule> {
    let Some(resource) = read(name, text) else { return Some(FieldRule::Message) };
    let mut found = BTreeSet::new();
    for entry in resource.entries() {
        if let Entry::Message(Message { value: Some(pattern), .. }) = entry {
            in_pattern(pattern, &mut found);
        }
    }
    let unknown = found.difference(variables).next();
    unknown.map(|reference| FieldRule::Unknown { value: reference.clone() })
}

/// What stands in the braces of a message: `$app` for a variable.
pub(crate) fn references(pattern: &Pattern<&str>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    in_pattern(pattern, &mut found);
    found
}

fn in_pattern(pattern: &Pattern<&str>, found: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        if let PatternElement::Placeable { expression } = element {
            in_expression(expression, found);
        }
    }
}

fn in_expression(expression: &Expression<&str>, found: &mut BTreeSet<String>) {
    match expression {
        Expression::Inline(inline) => in_inline(inline, found),
        Expression::Select { selector, variants } => {
            in_inline(selector, found);
            for variant in variants {
                in_pattern(&variant.value, found);
            }
        }
    }
}

fn in_inline(inline: &InlineExpression<&str>, found: &mut BTreeSet<String>) {
    let reference = match inline {
        InlineExpression::StringLiteral { .. } | InlineExpression::NumberLiteral { .. } => return,
        InlineExpression::Placeable { expression } => return in_expression(expression, found),
        InlineExpression::VariableReference { id } => format!("${}", id.name),
        InlineExpression::FunctionReference { id, .. } => format!("{}()", id.name),
        InlineExpression::MessageReference { id, .. } => id.name.to_owned(),
        InlineExpression::TermReference { id, .. } => format!("-{}", id.name),
    };
    found.insert(reference);
}

/// A message as Fluent writes it, without its name and the indentation behind it.
pub(crate) fn written(name: &str, pattern: &Pattern<&str>) -> String {
    let id = Identifier { name };
    let message = Message { id, value: Some(pattern.clone()), attributes: Vec::new(), comment: None };
    let source = serialize(&Resource { body: vec![Entry::Message(message)] });
    let text = source.strip_prefix(name).and_then(|rest| rest.strip_prefix(" =")).unwrap_or(&source).trim();
    text.replace("\n    ", "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault_of(text: &str) -> Option<FieldRule> {
        fault("need-text", text, &BTreeSet::from(["$app".to_owned(), "$days".to_owned()]))
    }

    fn unknown(what: &str) -> Option<FieldRule> {
        Some(FieldRule::Unknown { value: what.to_owned() })
    }

    #[test]
    fn words_may_be_as_plain_or_as_clever_as_ours() {
        for text in [
            "Please add an authenticator.",
            "{ $app } asks for one.",
            "[Beta] .5 *stars* # 1 = one",
            "Two\nlines, and\n\na gap",
            "A brace: {\"{\"}",
            "{ $days ->\n[one] a day\n*[other] { $days } days\n}",
            "{ $days ->\n    [0] none\n   *[other] { $app ->\n        *[other] some\n    }\n}",
            "  around  ",
        ] {
            assert_eq!(fault_of(text), None, "{text}");
        }
    }

    #[test]
    fn a_brace_that_is_not_closed_is_a_fault() {
        for text in ["", " ", "{", "} x", "{ $app", "{ $days -> [one] a }", "{ }", "one\n.title = two", "one\n[two]"] {
            assert_eq!(fault_of(text), Some(FieldRule::Message), "{text:?}");
        }
        assert_eq!(fault_of(&"{".repeat(10_000)), Some(FieldRule::Message));
        assert_eq!(fault_of(&"{ $app }".repeat(101)), Some(FieldRule::Message));
    }

    #[test]
    fn what_our_message_does_not_say_is_a_fault_even_in_a_rare_variant() {
        assert_eq!(fault_of("{ $ap }"), unknown("$ap"));
        assert_eq!(fault_of("{ $days ->\n[one] { $password }\n*[other] x\n}"), unknown("$password"));
        assert_eq!(fault_of("{ $user ->\n*[other] x\n}"), unknown("$user"));
        assert_eq!(fault_of("{{ $deep }}"), unknown("$deep"));
        assert_eq!(fault_of("{ need-title }"), unknown("need-title"));
        assert_eq!(fault_of("{ -brand }"), unknown("-brand"));
        assert_eq!(fault_of("{ NUMBER($days) }"), unknown("NUMBER()"));
    }

    #[test]
    fn words_cannot_become_another_message() {
        let resource = read("need-text", "one\nneed-title = two\r\n  # three").unwrap();
        assert_eq!(resource.entries().count(), 1);
        assert!(read("need-text = x\nneed-title", "two").is_none());
    }

    #[test]
    fn our_words_are_written_as_they_can_be_given_back() {
        let source = "{ $days ->\n    [one] a day\n   *[other] { $days } days\n}";
        let resource = read("it", source).unwrap();
        let Some(Entry::Message(Message { value: Some(pattern), .. })) = resource.get_entry(0) else { panic!() };
        let text = written("it", pattern);
        assert_eq!(text, source);
        assert_eq!(references(pattern), BTreeSet::from(["$days".to_owned()]));
    }
}
