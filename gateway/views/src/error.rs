//! What can be wrong with the words and pages: mostly an operator's file, found at start and named with its line.

/// Why there are no views, or why a page could not be made. For the log; people see the error page of the portal.
#[derive(Debug, thiserror::Error)]
pub enum ViewsError {
    /// A file of the operator's folder cannot be read.
    #[error("{path}: cannot be read: {source}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A file of the operator's folder overrides nothing.
    #[error("{path}: {why}")]
    Misplaced {
        /// The file.
        path: String,
        /// What is expected instead.
        why: &'static str,
    },
    /// A page or mail template has an error.
    #[error("{name}:{line}: {message}")]
    Template {
        /// The template, as a path below the folder of templates.
        name: String,
        /// From 1; 0 when it is not known.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// A file of words has an error.
    #[error("{name}:{line}: {message}")]
    Words {
        /// The file, as a path below the folder of templates.
        name: String,
        /// From 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// A language that no file of words exists for was asked for at start.
    #[error("language {0} has no valid tag")]
    Language(&'static str),
    /// A mail lacks a field that its template needs.
    #[error("the mail {mail} needs the field {field}")]
    MissingField {
        /// The mail's kind.
        mail: &'static str,
        /// The field.
        field: &'static str,
    },
}

impl From<minijinja::Error> for ViewsError {
    /// The innermost cause is what the operator has to look at: the file where it happened, not the one that included it.
    fn from(error: minijinja::Error) -> Self {
        let mut at = &error;
        while let Some(inner) = std::error::Error::source(at).and_then(|e| e.downcast_ref::<minijinja::Error>()) {
            at = inner;
        }
        let place = if at.line().is_some() { at } else { &error };
        ViewsError::Template {
            name: place.name().unwrap_or("template").to_owned(),
            line: place.line().unwrap_or(0),
            message: match at.detail() {
                Some(detail) => format!("{}: {detail}", at.kind()),
                None => at.kind().to_string(),
            },
        }
    }
}
