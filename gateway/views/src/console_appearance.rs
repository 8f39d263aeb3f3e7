//! The console's pages of how the portal looks and speaks. Name, colour, help and languages are fields of a page of the
//! settings, which has the [sections](AppearanceSection) named here; the logo is sent by a form of its own, a
//! [`TaskPage`](crate::console_records::TaskPage) with a file; and there is a page on which words take the place of ours.

use doorward_api::language::{ENGLISH, Language};
use serde::Serialize;

use crate::Wording;
use crate::console::{ChangeRow, Fault, ProofFields, Said, Section, Told};
use crate::console_records::{Parts, TaskLink};

/// A section of the page. Its fields, whose labels are `console-field-<name>` and whose hints `…-hint`:
///
/// | section | fields |
/// | --- | --- |
/// | look | `product_name` (`text`), `accent` (`colour`) |
/// | logo | none: a [`LogoBox`] |
/// | help | `support`, `support_url` (`text`) |
/// | languages | `languages` (`checks`), `default_language` (`select`; the empty value is [`Said::Nothing`]) |
/// | words | none: [`OwnWords`] |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppearanceSection {
    /// Name and colour.
    Look,
    /// The logo.
    Logo,
    /// Whom to ask.
    Help,
    /// Languages that are offered.
    Languages,
    /// Words in place of ours.
    Words,
}

impl AppearanceSection {
    /// All of them, in the order of the page.
    pub const ALL: [AppearanceSection; 5] = [
        AppearanceSection::Look,
        AppearanceSection::Logo,
        AppearanceSection::Help,
        AppearanceSection::Languages,
        AppearanceSection::Words,
    ];

    /// The key of its heading.
    pub const fn title(self) -> &'static str {
        match self {
            AppearanceSection::Look => "console-section-look",
            AppearanceSection::Logo => "console-section-logo",
            AppearanceSection::Help => "console-section-help",
            AppearanceSection::Languages => "console-section-languages",
            AppearanceSection::Words => "console-section-words",
        }
    }

    /// The key of what is said below it.
    pub const fn hint(self) -> &'static str {
        match self {
            AppearanceSection::Look => "console-section-look-hint",
            AppearanceSection::Logo => "console-section-logo-hint",
            AppearanceSection::Help => "console-section-help-hint",
            AppearanceSection::Languages => "console-section-languages-hint",
            AppearanceSection::Words => "console-section-words-hint",
        }
    }

    /// It with nothing in it yet.
    pub fn section(self) -> Section {
        Section { title: self.title().to_owned(), hint: Some(self.hint().to_owned()), ..Section::default() }
    }
}

/// What is done to the appearance by a form of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppearanceTask {
    /// Another logo: the field `logo`, a `file`.
    Logo,
    /// No logo any more.
    LogoRemove,
    /// Our words again, all those of a language.
    WordsReset,
}

impl AppearanceTask {
    /// The key of its heading and of its button.
    pub const fn key(self) -> &'static str {
        match self {
            AppearanceTask::Logo => "console-task-appearance-logo",
            AppearanceTask::LogoRemove => "console-task-appearance-logo-remove",
            AppearanceTask::WordsReset => "console-task-appearance-words-reset",
        }
    }

    /// What it does, in words. That of [`AppearanceTask::WordsReset`] names the language: [`Told::about`].
    pub const fn text(self) -> &'static str {
        match self {
            AppearanceTask::Logo => "console-task-appearance-logo-text",
            AppearanceTask::LogoRemove => "console-task-appearance-logo-remove-text",
            AppearanceTask::WordsReset => "console-task-appearance-words-reset-text",
        }
    }
}

/// The picture at the head of each page.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LogoBox {
    /// Its path on the console, with what tells one logo from the next; none where there is none.
    pub picture: Option<String>,
    /// What can be done: to send another one, to take it away.
    pub tasks: Vec<TaskLink>,
}

/// How many texts were replaced.
#[derive(Debug, Clone, Default, Serialize)]
pub struct OwnWords {
    /// In each language in which there are some.
    pub counts: Vec<WordsCount>,
    /// The page of the words: a path.
    pub link: String,
}

/// How many in a language.
#[derive(Debug, Clone, Serialize)]
pub struct WordsCount {
    /// Which: [`Said::Language`].
    pub language: Said,
    /// How many.
    pub count: u64,
}

/// Words in one language, ours and those in their place, in parts.
///
/// What is looked for stands in the address: `language`, `q`, `own=on`, and the part. What is sent is `csrf`, `seen`, the
/// [hidden](WordsPage::hidden) values, and one field `texts.<language>.<message>` for each line, as faults name them: empty
/// means our text. A button `choose=reset.<message>` shows the form again with that field empty. Texts of several lines come
/// with the line ends of forms, CR LF.
#[derive(Debug, Clone, Serialize)]
pub struct WordsPage {
    /// Its path.
    pub path: String,
    /// The page of the appearance: a path.
    pub back: String,
    /// The language.
    pub of: Language,
    /// What is looked for, in names and texts.
    pub find: String,
    /// Only messages that were replaced.
    pub only_own: bool,
    /// One may change them.
    pub may_edit: bool,
    /// The version of the document that the form was filled from.
    pub seen: i64,
    /// Those found, in parts.
    pub lines: Vec<WordLine>,
    /// The other parts.
    pub parts: Parts,
    /// Values that are sent along unseen: the language, and what was looked for.
    pub hidden: Vec<(String, String)>,
    /// What can be done besides: all words of the language reset.
    pub tasks: Vec<TaskLink>,
    /// What is wrong.
    pub faults: Vec<Fault>,
    /// Somebody else has changed it meanwhile.
    pub conflict: Vec<ChangeRow>,
    /// What was done.
    pub notice: Option<Told>,
    /// Proofs that are asked for.
    pub proof: ProofFields,
}

impl Default for WordsPage {
    fn default() -> Self {
        Self {
            path: String::new(),
            back: String::new(),
            of: ENGLISH,
            find: String::new(),
            only_own: false,
            may_edit: false,
            seen: 0,
            lines: Vec::new(),
            parts: Parts::default(),
            hidden: Vec::new(),
            tasks: Vec::new(),
            faults: Vec::new(),
            conflict: Vec::new(),
            notice: None,
            proof: ProofFields::default(),
        }
    }
}

impl WordsPage {
    /// What is wrong, said at the top and at each field.
    #[must_use]
    pub fn with_faults(mut self, faults: Vec<Fault>) -> Self {
        for line in &mut self.lines {
            let id = format!("texts.{}.{}", self.of.tag, line.name);
            line.fault = faults.iter().find(|fault| fault.field.as_deref() == Some(id.as_str())).cloned();
        }
        Self { faults, ..self }
    }
}

/// A message.
#[derive(Debug, Clone, Default, Serialize)]
pub struct WordLine {
    /// Its name.
    pub name: String,
    /// Our text, as it is written: with `{ $name }` for what is filled in.
    pub ours: String,
    /// What may stand in braces: `$name`.
    pub variables: Vec<String>,
    /// The text in its place, as it is typed or stored; may be empty.
    pub own: String,
    /// Ours was replaced, by what is stored.
    pub replaced: bool,
    /// What is wrong.
    pub fault: Option<Fault>,
}

impl WordLine {
    /// A message of ours, with the text in its place as it is stored, and as it is typed where a form has come back.
    pub fn new(ours: &Wording, stored: Option<&str>, typed: Option<&str>) -> Self {
        Self {
            name: ours.name.clone(),
            ours: ours.text.clone(),
            variables: ours.variables.clone(),
            own: typed.or(stored).unwrap_or_default().to_owned(),
            replaced: stored.is_some(),
            fault: None,
        }
    }

    /// Whether its name or one of its texts has in it what is looked for, in capital or small letters.
    pub fn has(&self, find: &str) -> bool {
        let find = find.trim().to_lowercase();
        [&self.name, &self.ours, &self.own].iter().any(|text| text.to_lowercase().contains(&find))
    }
}
