//! From files to validated policies, or to everything that is wrong with them, each with its place.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use cedar_policy::ffi::DetailedError;
use cedar_policy::{Policy, PolicySet, ValidationMode, ValidationWarning, Validator, pst};
use doorward_api::{AppId, Factor, PolicyId};

use crate::check;
use crate::decide::Slice;
use crate::depth::{self, MOST_LEVELS, TooDeep, with_room};
use crate::engine::Vocabulary;
use crate::facts::SliceId;
use crate::letters::folded_path;
use crate::reads::Reads;
use crate::text::{Clause, Lines, Place, Written};

/// A policy file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its name, as messages show it.
    pub file: String,
    /// What it holds.
    pub text: String,
}

/// An application that policies are loaded for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// Its id.
    pub app: AppId,
    /// It takes small letters of a path for capitals, so its policies are shown small letters.
    pub ignores_case: bool,
}

impl From<&AppId> for Served {
    /// One that minds case, as most do.
    fn from(app: &AppId) -> Self {
        Self { app: app.clone(), ignores_case: false }
    }
}

impl From<&Served> for Served {
    fn from(served: &Served) -> Self {
        served.clone()
    }
}

/// The validated access policies of one virtual server.
#[derive(Debug)]
pub struct Policies {
    entries: Vec<Arc<Entry>>,
    slices: BTreeMap<AppId, Arc<Slice>>,
    /// Those applications that ignore case.
    ignoring: BTreeSet<AppId>,
    /// For an application that is not known: no policy at all, so nobody gets in.
    nothing: Arc<Slice>,
    fingerprint: u64,
    /// The files they stand in.
    sources: Vec<Source>,
}

/// So many errors are told: whoever hands in the policies of something else has one in every line.
pub(crate) const MOST_ERRORS: usize = 100;

/// What is wrong with the files: everything, up to a hundred errors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadErrors(pub Vec<LoadError>);

/// One thing that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LoadError {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What would put it right, if that can be said.
    pub help: Option<String>,
}

/// One policy.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) id: PolicyId,
    pub(crate) file: String,
    pub(crate) place: Place,
    /// Where it stands in its file.
    pub(crate) span: Range<usize>,
    /// Each with its line.
    pub(crate) clauses: Vec<(Clause, usize)>,
    pub(crate) policy: Policy,
    pub(crate) tree: pst::Template,
    pub(crate) reads: Reads,
}

/// A valid policy that cannot be used all the same.
#[derive(Debug)]
pub(crate) struct Invalid {
    pub(crate) entry: Arc<Entry>,
    pub(crate) cause: String,
}

/// A policy within its file, while it is being looked at.
#[derive(Clone, Copy)]
pub(crate) struct Located<'a> {
    pub(crate) source: &'a Source,
    pub(crate) written: &'a Written,
}

// === impl Policies ===

impl Policies {
    /// Loads the policies of one virtual server, whose applications are `apps`. No policy at all is allowed: it admits
    /// nobody.
    ///
    /// # Errors
    /// Everything that is wrong, not only the first thing: syntax, names and types that the schema does not know,
    /// applications that do not exist, ids given twice, conditions that could never hold, and policies that go too deep.
    pub fn load<'a, A>(sources: &[Source], apps: &'a [A]) -> Result<Policies, LoadErrors>
    where
        Served: From<&'a A>,
    {
        let served: Vec<Served> = apps.iter().map(Served::from).collect();
        let deep: Vec<LoadError> = sources.iter().flat_map(too_deep).collect();
        if !deep.is_empty() {
            return Err(LoadErrors(deep));
        }
        with_room(|| Self::load_all(sources, &served)).map_err(|error| {
            LoadErrors(vec![schema_error(format!("the system gives no thread to read policies on: {error}"))])
        })?
    }

    fn load_all(sources: &[Source], served: &[Served]) -> Result<Policies, LoadErrors> {
        let apps: Vec<AppId> = served.iter().map(|one| one.app.clone()).collect();
        let ignoring: BTreeSet<AppId> =
            served.iter().filter(|one| one.ignores_case).map(|one| one.app.clone()).collect();
        let vocabulary = Arc::new(Vocabulary::new().map_err(|cause| LoadErrors(vec![schema_error(cause)]))?);
        let validator = Validator::new(vocabulary.schema.clone());
        let mut errors = Vec::new();
        let mut entries = Vec::new();
        for source in sources {
            match read(source, &validator, &apps) {
                Ok(found) => entries.extend(found.into_iter().map(Arc::new)),
                Err(found) => errors.extend(found),
            }
        }
        errors.extend(named_twice(&entries));
        errors.extend(entries.iter().flat_map(|entry| capitals(entry, &ignoring)));
        if !errors.is_empty() {
            errors.sort();
            errors.dedup();
            errors.truncate(MOST_ERRORS);
            return Err(LoadErrors(errors));
        }
        let loaded = Policies::of(entries, &apps, &vocabulary, fingerprint(sources))
            .map_err(|Invalid { entry, cause }| LoadErrors(vec![entry.error(cause)]))?;
        Ok(Policies { sources: sources.to_vec(), ignoring, ..loaded })
    }

    /// The policies that can apply to an application.
    pub fn slice(&self, app: &AppId) -> Arc<Slice> {
        Arc::clone(self.slices.get(app).unwrap_or(&self.nothing))
    }

    /// A short text that changes when the files do: for the log and the audit trail. Not a proof against forgery.
    pub fn fingerprint(&self) -> String {
        format!("{:016x}", self.fingerprint)
    }

    /// The files, as they were read.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    pub(crate) fn entries(&self) -> &[Arc<Entry>] {
        &self.entries
    }

    /// How many policies there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none, so that nobody is admitted anywhere.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The `@scenario` of a policy, for audit records (decision A17).
    pub fn scenario(&self, id: &PolicyId) -> Option<&str> {
        self.entries.iter().find(|entry| entry.id == *id)?.policy.annotation("scenario")
    }

    /// The permits that ask for a passcode and for no password, in order: where they admit, whoever can read a user's mail can
    /// set up an authenticator for them (self-provisioning.md 0.6). None where a forbid asks for the password as well.
    pub fn otp_alone(&self) -> Vec<&PolicyId> {
        let asks = |entry: &Entry, factor| entry.reads.factors().any(|read| read == factor);
        if self.entries.iter().any(|entry| !entry.permits() && asks(entry, Factor::Password)) {
            return Vec::new();
        }
        let alone = |entry: &&Arc<Entry>| asks(entry, Factor::Otp) && !asks(entry, Factor::Password);
        self.entries.iter().filter(|entry| entry.permits()).filter(alone).map(|entry| &entry.id).collect()
    }

    /// Every group that a policy names. One that the directory does not know is worth a warning: a permit for it
    /// admits nobody, a forbid for it forbids nobody.
    pub fn groups(&self) -> BTreeSet<String> {
        let named = self.entries.iter().flat_map(|entry| entry.policy.entity_literals());
        named.filter(|uid| uid.type_name().basename() == "Group").map(|uid| uid.id().unescaped().to_owned()).collect()
    }

    /// The applications that the policies were loaded for.
    pub fn apps(&self) -> impl Iterator<Item = &AppId> {
        self.slices.keys()
    }

    /// Whether policies are shown the paths of an application in small letters.
    pub(crate) fn ignores_case(&self, app: &AppId) -> bool {
        self.ignoring.contains(app)
    }

    /// Some of these policies, as if only they had been loaded.
    #[cfg(test)]
    pub(crate) fn only(&self, keep: impl Fn(usize) -> bool) -> Policies {
        let entries = self.entries.iter().enumerate().filter(|(n, _)| keep(*n)).map(|(_, entry)| Arc::clone(entry));
        let apps: Vec<AppId> = self.apps().cloned().collect();
        let vocabulary = Arc::new(Vocabulary::new().unwrap());
        Policies::of(entries.collect(), &apps, &vocabulary, self.fingerprint).unwrap()
    }

    fn of(
        entries: Vec<Arc<Entry>>,
        apps: &[AppId],
        vocabulary: &Arc<Vocabulary>,
        fingerprint: u64,
    ) -> Result<Policies, Invalid> {
        let slice = |app: &str, entries: Vec<Arc<Entry>>| {
            Slice::new(SliceId { app: app.to_owned(), fingerprint }, Arc::clone(vocabulary), entries).map(Arc::new)
        };
        // Most policies are for one application. Each is asked once which, and not once for each application.
        let mut of_one: HashMap<String, Vec<usize>> = HashMap::new();
        let mut of_any = Vec::new();
        for (n, entry) in entries.iter().enumerate() {
            match entry.only_application() {
                Some(app) => of_one.entry(app.to_owned()).or_default().push(n),
                None => of_any.push(n),
            }
        }
        let slices = apps
            .iter()
            .map(|app| {
                let own = of_one.get(app.as_str()).into_iter().flatten();
                let mut those: Vec<usize> = own.chain(&of_any).copied().collect();
                those.sort_unstable();
                let those = those.into_iter().filter_map(|n| entries.get(n)).cloned().collect();
                Ok((app.clone(), slice(app.as_str(), those)?))
            })
            .collect::<Result<_, Invalid>>()?;
        let (nothing, ignoring, sources) = (slice("", Vec::new())?, BTreeSet::new(), Vec::new());
        Ok(Policies { slices, ignoring, nothing, entries, fingerprint, sources })
    }
}

// === impl Entry ===

impl Entry {
    /// Whether it is a permit, and not a forbid.
    pub(crate) fn permits(&self) -> bool {
        self.tree.effect == pst::Effect::Permit
    }

    /// Whether its scope lets it apply to this application.
    fn can_apply(&self, app: &AppId) -> bool {
        self.only_application().is_none_or(|only| only == app.as_str())
    }

    /// The one application that its scope names; `None` when it can apply to any.
    pub(crate) fn only_application(&self) -> Option<&str> {
        use pst::{EntityOrSlot, ResourceConstraint};
        match &self.tree.resource {
            // An application lies in no other, so `in` is `==`.
            ResourceConstraint::Eq(EntityOrSlot::Entity(uid))
            | ResourceConstraint::In(EntityOrSlot::Entity(uid))
            | ResourceConstraint::IsIn(_, EntityOrSlot::Entity(uid)) => Some(uid.eid.as_str()),
            _ => None,
        }
    }

    /// The texts in its conditions that may be paths, or patterns for them.
    fn paths(&self) -> Vec<String> {
        if !self.reads.path.is_read() && !self.reads.prefixes.is_read() {
            return Vec::new();
        }
        let texts = self.clauses.iter().flat_map(|(clause, _)| crate::text::strings(&clause.text));
        texts.filter(|text| text.starts_with(['/', '*'])).collect()
    }

    fn error(&self, message: String) -> LoadError {
        LoadError { file: self.file.clone(), line: self.place.line, column: self.place.column, message, help: None }
    }
}

// === impl Located ===

impl Located<'_> {
    /// An error at a byte of the file.
    pub(crate) fn error(&self, offset: usize, message: String, help: Option<String>) -> LoadError {
        let Place { line, column } = Place::of(&self.source.text, offset);
        LoadError { file: self.source.file.clone(), line, column, message, help }
    }

    /// Cedar's words, at Cedar's place within the policy.
    fn cedar_error(&self, error: DetailedError) -> LoadError {
        let within = error.source_locations.first().map_or(0, |label| label.loc.start);
        self.error(self.written.span.start + within, error.message, error.help)
    }
}

// === impl LoadErrors ===

impl fmt::Display for LoadErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, error) in self.0.iter().enumerate() {
            let LoadError { file, line, column, message, help } = error;
            let newline = if n == 0 { "" } else { "\n" };
            write!(f, "{newline}{file}:{line}:{column}: {message}")?;
            if let Some(help) = help {
                write!(f, "\n  help: {help}")?;
            }
        }
        if self.0.len() >= MOST_ERRORS {
            write!(f, "\nthere may be more: {MOST_ERRORS} are told at most")?;
        }
        Ok(())
    }
}

impl std::error::Error for LoadErrors {}

// === Reading a file ===

/// The policies of a file, or all that is wrong with it.
fn read(source: &Source, validator: &Validator, apps: &[AppId]) -> Result<Vec<Entry>, Vec<LoadError>> {
    let count = parses(source)?;
    let all = crate::text::policies(&source.text);
    let mut entries = Vec::new();
    let mut errors = Vec::new();
    if all.len() != count {
        // Cedar and we disagree on where policies begin and end. Better no policies than one too few.
        errors.push(LoadError {
            file: source.file.clone(),
            line: 1,
            column: 1,
            message: format!("{count} policies are in this file, but {} were told apart", all.len()),
            help: None,
        });
    }
    let lines = Lines::of(&source.text);
    for (n, written) in all.iter().enumerate() {
        if errors.len() >= MOST_ERRORS {
            break;
        }
        let located = Located { source, written };
        match entry(located, n + 1, &lines) {
            Ok(entry) => {
                errors.extend(invalid(located, &entry, validator));
                errors.extend(check::literals(located, &entry, apps));
                entries.push(entry);
            }
            Err(error) => errors.push(*error),
        }
    }
    if errors.is_empty() { Ok(entries) } else { Err(errors) }
}

/// What nobody should parse.
fn too_deep(source: &Source) -> Vec<LoadError> {
    let found = depth::too_deep(&source.text).into_iter().take(MOST_ERRORS);
    let lines = Lines::of(&source.text);
    found
        .map(|TooDeep { span, levels }| {
            let Place { line, column } = lines.place(span.start);
            let message = format!(
                "this policy goes too deep: brackets in brackets and operators come to {levels} levels or more; \
                 {MOST_LEVELS} are allowed"
            );
            let help = Some("write several policies, or a list: [\"a\", \"b\"].contains(…)".to_owned());
            LoadError { file: source.file.clone(), line, column, message, help }
        })
        .collect()
}

/// How many policies the file holds, if it is Cedar at all; tried on the whole file so that the places are those of
/// the file.
fn parses(source: &Source) -> Result<usize, Vec<LoadError>> {
    let nowhere = Written { span: 0..0, clauses: Vec::new() };
    let located = Located { source, written: &nowhere };
    match source.text.parse::<PolicySet>() {
        Ok(set) => Ok(set.num_of_policies() + set.num_of_templates()),
        Err(errors) => Err(errors.iter().take(MOST_ERRORS).map(|error| located.cedar_error(error.into())).collect()),
    }
}

/// One policy; `n` counts them from 1 within the file.
fn entry(located: Located<'_>, n: usize, lines: &Lines<'_>) -> Result<Entry, Box<LoadError>> {
    let Located { source, written } = located;
    let at = |offset: usize, message: &str| Box::new(located.error(offset, message.to_owned(), None));
    let text = source.text.get(written.span.clone()).unwrap_or_default();
    let policy = Policy::parse(None, text).map_err(|errors| {
        let first = errors.iter().next().map(|error| located.cedar_error(error.into()));
        first.map_or_else(|| at(written.span.start, "this is no policy"), Box::new)
    })?;
    let id = match policy.annotation("id") {
        Some("") => return Err(at(written.span.start, "an @id needs a text: @id(\"…\")")),
        Some(id) => PolicyId::new(id),
        None => PolicyId::new(format!("{}:{n}", source.file)),
    };
    let policy = policy.new_id(cedar_policy::PolicyId::new(id.as_str()));
    let tree = match policy.to_pst() {
        Ok(pst::Policy::Static(policy)) => policy.body().clone(),
        Ok(pst::Policy::Linked(_)) => return Err(at(written.span.start, "templates are not supported")),
        Err(error) => return Err(at(written.span.start, &error.to_string())),
    };
    let line = |clause: &Clause| lines.place(clause.start).line;
    Ok(Entry {
        id,
        file: source.file.clone(),
        place: lines.place(written.span.start),
        span: written.span.clone(),
        clauses: written.clauses.iter().map(|clause| (clause.clone(), line(clause))).collect(),
        reads: Reads::of_policy(&tree),
        policy,
        tree,
    })
}

/// What the schema has against a policy. A policy that can never hold is refused too: as a forbid it would protect
/// nothing while looking as if it did.
fn invalid(located: Located<'_>, entry: &Entry, validator: &Validator) -> Vec<LoadError> {
    let mut alone = PolicySet::new();
    if let Err(error) = alone.add(entry.policy.clone()) {
        return vec![entry.error(error.to_string())];
    }
    let result = validator.validate(&alone, ValidationMode::Strict);
    let mut errors: Vec<LoadError> =
        result.validation_errors().map(|error| located.cedar_error(error.into())).collect();
    // Names that do not exist make a policy impossible too; then the names are what to tell.
    if errors.is_empty() {
        let idle = result.validation_warnings().filter(|warning| {
            matches!(warning, ValidationWarning::ImpossiblePolicy(_) | ValidationWarning::InvalidActionApplication(_))
        });
        errors.extend(idle.map(|warning| located.cedar_error(warning.into())));
    }
    errors
}

/// Ids that are given twice, at the second place and naming the first.
fn named_twice(entries: &[Arc<Entry>]) -> Vec<LoadError> {
    let mut first: BTreeMap<&PolicyId, &Entry> = BTreeMap::new();
    let mut errors = Vec::new();
    for entry in entries {
        match first.get(&entry.id) {
            Some(other) => {
                let Place { line, column } = other.place;
                let message = format!(
                    "@id(\"{}\") is given to two policies: here and at {}:{line}:{column}",
                    entry.id, other.file
                );
                errors.push(entry.error(message));
            }
            None => {
                first.insert(&entry.id, entry);
            }
        }
    }
    errors
}

/// Where an application ignores case, policies are shown paths in small letters: one that compares them with capitals would
/// protect nothing, and nobody would notice (decision 0009).
fn capitals(entry: &Entry, ignoring: &BTreeSet<AppId>) -> Vec<LoadError> {
    let Some(app) = ignoring.iter().find(|app| entry.can_apply(app)) else { return Vec::new() };
    let large = entry.paths().into_iter().filter(|text| folded_path(text).as_ref() != Some(text));
    let message = |text: String| {
        format!(
            "no path of {app} is \"{text}\": it has case_insensitive = true, so its policies are shown small letters"
        )
    };
    large.map(|text| entry.error(message(text))).collect()
}

fn schema_error(message: String) -> LoadError {
    LoadError { file: "schema.cedarschema".to_owned(), line: 1, column: 1, message, help: None }
}

/// FNV-1a, 64 bits, over the files in the order of their names: the same in every version and on every machine.
fn fingerprint(sources: &[Source]) -> u64 {
    let mut sorted: Vec<&Source> = sources.iter().collect();
    sorted.sort_by(|a, b| (&a.file, &a.text).cmp(&(&b.file, &b.text)));
    let bytes = sorted.iter().flat_map(|s| [s.file.as_bytes(), &[0xff], s.text.as_bytes(), &[0xff]]).flatten();
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
