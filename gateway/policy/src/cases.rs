//! Cases: what the policies must decide.

use crate::Policies;
use doorward_api::Decision;

/// What became of one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseResult {
    /// The case's name.
    pub name: String,
    /// The line of the case in its file.
    pub line: usize,
    /// What was decided.
    pub decision: Decision,
    /// What differs from what was expected; `None` when it is as expected.
    pub difference: Option<String>,
}

impl CaseResult {
    /// Whether the policies decided as expected.
    pub fn passed(&self) -> bool {
        self.difference.is_none()
    }
}

/// The file of cases cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct CaseFileError {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

/// Runs the cases of one file.
pub fn run(_policies: &Policies, _file: &str, _text: &str) -> Result<Vec<CaseResult>, CaseFileError> {
    Ok(Vec::new())
}
