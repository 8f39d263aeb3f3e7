//! Reads the fields of a JSON object and remembers every rule that is broken.

use std::collections::BTreeSet;

use doorward_api::{FieldFault, FieldRule};
use serde_json::{Map, Value};

/// An object that is being read. What was not asked for in the end is unknown.
pub(super) struct Raw<'a> {
    prefix: String,
    fields: Option<&'a Map<String, Value>>,
    asked: BTreeSet<&'static str>,
    faults: Vec<FieldFault>,
}

impl<'a> Raw<'a> {
    pub(super) fn new(raw: &'a Value) -> Self {
        Self::within(String::new(), Some(raw))
    }

    fn within(prefix: String, raw: Option<&'a Value>) -> Self {
        let fields = raw.and_then(Value::as_object);
        let mut faults = Vec::new();
        if fields.is_none() {
            faults.push(FieldFault::new(prefix.trim_end_matches('.'), FieldRule::Required));
        }
        Self { prefix, fields, asked: BTreeSet::new(), faults }
    }

    /// The object of a field.
    pub(super) fn object(&mut self, name: &'static str) -> Raw<'a> {
        let value = self.value(name);
        Raw::within(format!("{}{name}.", self.prefix), value)
    }

    /// Takes over what was found in an inner object.
    pub(super) fn close(&mut self, inner: Raw<'_>) {
        self.faults.extend(inner.found());
    }

    /// A field; `null` is as good as nothing.
    pub(super) fn value(&mut self, name: &'static str) -> Option<&'a Value> {
        self.asked.insert(name);
        self.fields.and_then(|fields| fields.get(name)).filter(|value| !value.is_null())
    }

    pub(super) fn fault(&mut self, name: &str, rule: FieldRule) {
        self.faults.push(FieldFault::new(format!("{}{name}", self.prefix), rule));
    }

    /// A whole number.
    pub(super) fn integer<N: TryFrom<i64> + Default>(&mut self, name: &'static str, min: i64, max: i64) -> N {
        let found = self.value(name);
        let number = found.and_then(Value::as_i64).filter(|number| (min..=max).contains(number));
        match (number.and_then(|number| N::try_from(number).ok()), found) {
            (Some(number), _) => number,
            (None, None) => self.missing(name),
            (None, Some(_)) => self.broken(name, FieldRule::Between { min, max }),
        }
    }

    /// One of a few numbers.
    pub(super) fn number_of<N: Copy + Default + Into<i64>>(&mut self, name: &'static str, values: &[N]) -> N {
        let found = self.value(name);
        let number = found.and_then(Value::as_i64);
        let one = values.iter().copied().find(|value| Some((*value).into()) == number);
        match (one, found) {
            (Some(number), _) => number,
            (None, None) => self.missing(name),
            (None, Some(_)) => {
                let values = values.iter().map(|value| (*value).into().to_string()).collect();
                self.broken(name, FieldRule::OneOf { values })
            }
        }
    }

    pub(super) fn boolean(&mut self, name: &'static str) -> bool {
        match self.value(name) {
            Some(Value::Bool(value)) => *value,
            None => self.missing(name),
            Some(_) => self.broken(name, FieldRule::OneOf { values: vec!["true".into(), "false".into()] }),
        }
    }

    /// One of a few names; the first where it is none.
    pub(super) fn choice<T: Copy>(&mut self, name: &'static str, values: &[(&'static str, T)]) -> Option<T> {
        let found = self.value(name);
        let one = values.iter().find(|(text, _)| found.and_then(Value::as_str) == Some(text));
        match (one, found) {
            (Some((_, value)), _) => return Some(*value),
            (None, None) => self.fault(name, FieldRule::Required),
            (None, Some(_)) => {
                let values = values.iter().map(|(text, _)| (*text).to_owned()).collect();
                self.fault(name, FieldRule::OneOf { values });
            }
        }
        None
    }

    fn missing<T: Default>(&mut self, name: &str) -> T {
        self.broken(name, FieldRule::Required)
    }

    fn broken<T: Default>(&mut self, name: &str, rule: FieldRule) -> T {
        self.fault(name, rule);
        T::default()
    }

    fn found(mut self) -> Vec<FieldFault> {
        for name in self.fields.into_iter().flat_map(Map::keys) {
            if !self.asked.contains(name.as_str()) {
                let value = format!("field {name}");
                self.faults.push(FieldFault::new(format!("{}{name}", self.prefix), FieldRule::Unknown { value }));
            }
        }
        self.faults
    }

    /// The document, if nothing is wrong.
    pub(super) fn finish<T>(self, document: impl FnOnce() -> Option<T>) -> Result<T, Vec<FieldFault>> {
        let faults = self.found();
        match document() {
            Some(document) if faults.is_empty() => Ok(document),
            _ => Err(faults),
        }
    }
}
