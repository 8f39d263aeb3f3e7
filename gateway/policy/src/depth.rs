//! How deep a policy goes. Cedar's parser calls itself for each bracket and each operator, as does what drops the tree, and
//! neither knows an end: a policy of some kilobytes could take the stack of its thread, and with that the process. So each is
//! measured as text before Cedar sees it, and Cedar works where there is room for what is let through.

use std::io;
use std::ops::Range;

use crate::text::{Token, tokens};

/// So many levels a policy may have: brackets in brackets and operators beside each other. Whoever needs more writes several
/// policies, or a list.
pub(crate) const MOST_LEVELS: usize = 500;

/// Cedar takes some 60 KiB for a level where nothing is optimised.
const ROOM: usize = 64 * 1024 * 1024;

/// A policy that is too deep.
pub(crate) struct TooDeep {
    /// Where it stands.
    pub(crate) span: Range<usize>,
    /// At least so many levels it has.
    pub(crate) levels: usize,
}

/// Those policies of a file that are too deep.
pub(crate) fn too_deep(text: &str) -> Vec<TooDeep> {
    let mut found = Vec::new();
    let mut policy = Levels::default();
    let mut begins = None;
    for token in tokens(text) {
        let start = *begins.get_or_insert(token.start);
        policy.take(&token);
        if token.text == ";" && policy.open.is_empty() {
            found.extend(policy.excess().map(|levels| TooDeep { span: start..token.end, levels }));
            (policy, begins) = (Levels::default(), None);
        }
    }
    let rest = begins.zip(policy.excess());
    found.extend(rest.map(|(start, levels)| TooDeep { span: start..text.len(), levels }));
    found
}

/// Does what may go deep on a thread that has room for it.
///
/// # Errors
/// When the system gives no thread.
pub(crate) fn with_room<T: Send>(work: impl FnOnce() -> T + Send) -> io::Result<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("policies".to_owned()).stack_size(ROOM);
        let done = thread.spawn_scoped(scope, work)?.join();
        Ok(done.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}

/// The levels of one policy, by its tokens: never fewer than its tree has.
#[derive(Default)]
struct Levels {
    /// The brackets that are open, the innermost last.
    open: Vec<Part>,
    /// What stands outside of them.
    outside: Part,
    /// The most that was seen.
    most: usize,
}

/// What stands between two brackets.
#[derive(Clone, Copy, Default)]
struct Part {
    /// The deepest of what commas have ended.
    before: usize,
    /// Operators since then. Each may lie in the other.
    operators: usize,
    /// The longest run of attributes, calls and indices since then, which bind tighter: `a.b(c)["d"]`.
    longest: usize,
    /// The run that is going on.
    run: usize,
    /// The deepest bracket since then.
    inside: usize,
}

impl Levels {
    fn take(&mut self, token: &Token<'_>) {
        match token.text {
            "(" | "[" | "{" => self.open.push(Part::default()),
            ")" | "]" | "}" => {
                let closed = self.open.pop().unwrap_or_default().levels() + 1;
                let around = self.innermost();
                around.inside = around.inside.max(closed);
                if token.text == "]" {
                    around.go_on();
                }
            }
            text => self.innermost().take(text),
        }
        // What is never closed counts as well.
        let now = self.open.len() + self.innermost().levels();
        self.most = self.most.max(now);
    }

    fn innermost(&mut self) -> &mut Part {
        self.open.last_mut().unwrap_or(&mut self.outside)
    }

    fn excess(&self) -> Option<usize> {
        Some(self.most).filter(|levels| *levels > MOST_LEVELS)
    }
}

impl Part {
    fn take(&mut self, text: &str) {
        match text {
            "," => *self = Part { before: self.levels(), ..Part::default() },
            "." => self.go_on(),
            "@" => self.run = 0,
            "&&" | "||" | "==" | "!=" | "<" | ">" | "=" | "+" | "-" | "*" | "!" | "/" | "%" | "if" | "in" | "has"
            | "like" | "is" | "when" | "unless" => {
                self.operators += 1;
                self.run = 0;
            }
            _ => {}
        }
    }

    fn go_on(&mut self) {
        self.run += 1;
        self.longest = self.longest.max(self.run);
    }

    fn levels(&self) -> usize {
        self.before.max(self.operators + self.longest + self.inside)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(condition: &str) -> Option<usize> {
        let text = format!("permit(principal, action, resource) when {{ {condition} }};");
        too_deep(&text).first().map(|found| found.levels)
    }

    #[test]
    fn whatever_makes_a_tree_deep_is_counted() {
        let deep = MOST_LEVELS + 1;
        let all = |operator: &str| vec!["context.secure"; deep + 1].join(operator);
        let conditions = [
            format!("{}context.secure{}", "(".repeat(deep), ")".repeat(deep)),
            (0..deep).fold("context.secure".to_owned(), |inside, _| format!("!({inside})")),
            all(" && "),
            all(" || "),
            all(" == "),
            all(" + "),
            all(" in "),
            format!("{} false", "if context.secure then true else ".repeat(deep)),
            format!("context{}", ".authn".repeat(deep)),
            format!("[1]{}", ".contains([1])".repeat(deep)),
            format!("context{}", "[\"authn\"]".repeat(deep)),
            format!("true }} {} unless {{ false", "when { true }".repeat(deep)),
            format!("context has a{}", ".b".repeat(deep)),
            // Cedar ends a comment at a carriage return, too.
            format!("// \r{}true{}", "(".repeat(deep), ")".repeat(deep)),
            format!("{}1{} == [1]", "[".repeat(deep), "]".repeat(deep)),
            format!("{}1{} == {{}}", "{a: ".repeat(deep), "}".repeat(deep)),
            "(".repeat(deep),
        ];
        for condition in conditions {
            assert!(levels(&condition).is_some(), "{condition:.60}");
        }
    }

    #[test]
    fn whatever_is_long_only_may_be_as_long_as_it_likes() {
        let many = 20_000;
        let list = (0..many).map(|n| format!("\"/{n}\"")).collect::<Vec<_>>().join(", ");
        assert_eq!(levels(&format!("[{list}].contains(context.path)")), None);
        let notes = (0..many).map(|n| format!("@a{n}(\"b\") ")).collect::<String>();
        assert!(too_deep(&format!("{notes} permit(principal, action, resource);")).is_empty());
        assert!(too_deep(&"permit(principal, action, resource);".repeat(many)).is_empty());
    }

    #[test]
    fn a_policy_that_is_too_deep_is_found_among_others() {
        let one = |levels: usize| {
            format!("permit(principal, action, resource) when {{ {}true{} }};", "(".repeat(levels), ")".repeat(levels))
        };
        let text = [one(1), one(MOST_LEVELS + 1), one(2)].concat();
        let found = too_deep(&text);
        assert_eq!(found.len(), 1);
        assert_eq!(text.get(found[0].span.clone()), Some(one(MOST_LEVELS + 1).as_str()));
    }
}
