//! What is loaded, to be read: the files, and each policy with its text.

use doorward_api::{AppId, PolicyId};

use crate::load::{Entry, Policies, Source};

/// A policy, to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyText {
    /// Its id.
    pub id: PolicyId,
    /// `permit` or `forbid`.
    pub effect: &'static str,
    /// The file it stands in.
    pub file: String,
    /// The line where it begins.
    pub line: usize,
    /// The one application that its scope names; `None`: it can apply to any.
    pub app: Option<AppId>,
    /// Its annotations, in the order of their names.
    pub annotations: Vec<(String, String)>,
    /// What is said above it.
    pub comment: String,
    /// From its first annotation to its semicolon, as written.
    pub text: String,
}

impl Policies {
    /// Every policy, in the order of the files.
    pub fn listed(&self) -> Vec<PolicyText> {
        let before = std::iter::once(None).chain(self.entries().iter().map(Some));
        self.entries().iter().zip(before).map(|(entry, before)| self.read(entry, before.map(AsRef::as_ref))).collect()
    }

    fn read(&self, entry: &Entry, before: Option<&Entry>) -> PolicyText {
        let source = self.sources().iter().find(|source| source.file == entry.file);
        let text = |span: std::ops::Range<usize>| {
            source.and_then(|source| source.text.get(span)).unwrap_or_default().trim().to_owned()
        };
        let ended = before.filter(|before| before.file == entry.file).map_or(0, |before| before.span.end);
        let mut annotations: Vec<(String, String)> =
            entry.policy.annotations().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        annotations.sort();
        PolicyText {
            id: entry.id.clone(),
            effect: if entry.permits() { "permit" } else { "forbid" },
            file: entry.file.clone(),
            line: entry.place.line,
            app: entry.only_application().map(AppId::new),
            annotations,
            comment: text(ended..entry.span.start),
            text: text(entry.span.clone()),
        }
    }
}

impl PolicyText {
    /// Whether a text is in its id, file, comment or itself; it is in small letters. Nothing is in each.
    pub fn has(&self, needle: &str) -> bool {
        let has = |text: &str| text.to_lowercase().contains(needle);
        needle.is_empty() || has(self.id.as_str()) || has(&self.file) || has(&self.text) || has(&self.comment)
    }
}

impl Source {
    /// The file's name without its folders.
    pub fn name(&self) -> &str {
        self.file.rsplit('/').next().unwrap_or_default()
    }
}
