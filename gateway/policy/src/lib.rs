//! Access policies: load, validate, slice, decide, explain.

use std::fmt;
use std::sync::Arc;

use doorward_api::{AppId, Decision, Object, Subject, Timestamp};

pub mod cases;

/// A policy file.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its name in messages.
    pub file: String,
    /// What it holds.
    pub text: String,
}

/// The validated policies of one virtual server.
#[derive(Debug)]
pub struct Policies {
    count: usize,
}

/// One thing wrong with a policy file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadError {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What may help.
    pub help: Option<String>,
}

/// Everything wrong with the policy files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadErrors(pub Vec<LoadError>);

impl fmt::Display for LoadErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for error in &self.0 {
            writeln!(f, "{}:{}:{}: {}", error.file, error.line, error.column, error.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for LoadErrors {}

impl Policies {
    /// Loads.
    pub fn load(sources: &[Source], _apps: &[AppId]) -> Result<Policies, LoadErrors> {
        Ok(Policies { count: sources.len() })
    }
    /// The slice.
    pub fn slice(&self, _app: &AppId) -> Arc<Slice> {
        Arc::new(Slice {})
    }
    /// The fingerprint.
    pub fn fingerprint(&self) -> String {
        String::new()
    }
    /// How many.
    pub fn len(&self) -> usize {
        self.count
    }
    /// None.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// The policies that can apply to one application.
#[derive(Debug)]
pub struct Slice {}

/// What a decision of a slice depends on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FootprintKey {}

impl Slice {
    /// Decides.
    pub fn decide(&self, _subject: &Subject, _object: &Object, _now: Timestamp) -> Decision {
        Decision::Refuse { by: Vec::new() }
    }
    /// The key.
    pub fn key(&self, _subject: &Subject, _object: &Object, _now: Timestamp) -> FootprintKey {
        FootprintKey {}
    }
}

/// Why.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Explanation {}

impl fmt::Display for Explanation {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

/// Explains.
pub fn explain(_policies: &Policies, _subject: &Subject, _object: &Object, _now: Timestamp) -> Explanation {
    Explanation {}
}

/// The schema.
pub const SCHEMA: &str = include_str!("../../../policies/schema.cedarschema");
