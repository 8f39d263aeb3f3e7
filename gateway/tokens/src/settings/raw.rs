//! Reads the fields of a JSON object and remembers every rule that is broken.

use std::collections::BTreeSet;

use doorward_api::field::{FieldFault, FieldRule, one_line};
use serde_json::{Map, Value};

/// An object that is being read. What was not asked for in the end is unknown.
pub(super) struct Raw<'a> {
    prefix: String,
    fields: Option<&'a Map<String, Value>>,
    asked: BTreeSet<&'a str>,
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
    pub(super) fn object(&mut self, name: &'a str) -> Raw<'a> {
        let value = self.value(name);
        Raw::within(format!("{}{name}.", self.prefix), value)
    }

    /// The objects of a list.
    pub(super) fn objects(&mut self, name: &'a str, most: u32) -> Vec<Raw<'a>> {
        let entries = self.entries(name, Some(most)).unwrap_or_default();
        let path = self.path(name);
        let object = |(at, value)| Raw::within(format!("{path}[{at}]."), Some(value));
        entries.iter().enumerate().map(object).collect()
    }

    /// The values of a list, if none of them breaks a rule.
    pub(super) fn each<T>(
        &mut self,
        name: &'a str,
        most: Option<u32>,
        mut read: impl FnMut(&'a Value) -> Result<T, FieldRule>,
    ) -> Option<Vec<T>> {
        let entries = self.entries(name, most)?;
        let mut values = Vec::with_capacity(entries.len());
        for (at, entry) in entries.iter().enumerate() {
            match read(entry) {
                Ok(value) => values.push(value),
                Err(rule) => self.fault(&format!("{name}[{at}]"), rule),
            }
        }
        (values.len() == entries.len()).then_some(values)
    }

    fn entries(&mut self, name: &'a str, most: Option<u32>) -> Option<&'a [Value]> {
        let rule = match (self.value(name).map(Value::as_array), most) {
            (None, _) => FieldRule::Required,
            (Some(None), _) => FieldRule::List,
            (Some(Some(entries)), Some(max)) if entries.len() > max as usize => FieldRule::TooMany { max },
            (Some(Some(entries)), _) => return Some(entries),
        };
        self.fault(name, rule);
        None
    }

    /// Takes over what was found in an inner object.
    pub(super) fn close(&mut self, inner: Raw<'_>) {
        self.faults.extend(inner.found());
    }

    /// A field; `null` is as good as nothing.
    pub(super) fn value(&mut self, name: &'a str) -> Option<&'a Value> {
        self.asked.insert(name);
        self.fields.and_then(|fields| fields.get(name)).filter(|value| !value.is_null())
    }

    /// The names of all fields, where names are what somebody chose.
    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.fields.into_iter().flat_map(Map::keys).map(String::as_str)
    }

    /// A field's whole name, as another field's fault tells it.
    pub(super) fn path(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    pub(super) fn fault(&mut self, name: &str, rule: FieldRule) {
        self.faults.push(FieldFault::new(self.path(name), rule));
    }

    /// A value that need not be there.
    pub(super) fn optional<T>(
        &mut self,
        name: &'a str,
        read: impl FnOnce(&'a Value) -> Result<T, FieldRule>,
    ) -> Option<T> {
        match self.value(name).map(read)? {
            Ok(value) => Some(value),
            Err(rule) => {
                self.fault(name, rule);
                None
            }
        }
    }

    /// A value that must be there.
    pub(super) fn required<T>(
        &mut self,
        name: &'a str,
        read: impl FnOnce(&'a Value) -> Result<T, FieldRule>,
    ) -> Option<T> {
        if self.value(name).is_none() {
            self.fault(name, FieldRule::Required);
        }
        self.optional(name, read)
    }

    /// A whole number.
    pub(super) fn integer<N: TryFrom<i64> + Default>(&mut self, name: &'a str, min: i64, max: i64) -> N {
        let found = self.value(name);
        let number = found.and_then(Value::as_i64).filter(|number| (min..=max).contains(number));
        match (number.and_then(|number| N::try_from(number).ok()), found) {
            (Some(number), _) => number,
            (None, None) => self.missing(name),
            (None, Some(_)) => self.broken(name, FieldRule::Between { min, max }),
        }
    }

    /// One of a few numbers.
    pub(super) fn number_of<N: Copy + Default + Into<i64>>(&mut self, name: &'a str, values: &[N]) -> N {
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

    pub(super) fn boolean(&mut self, name: &'a str) -> bool {
        match self.value(name) {
            Some(Value::Bool(value)) => *value,
            None => self.missing(name),
            Some(_) => self.broken(name, FieldRule::OneOf { values: vec!["true".into(), "false".into()] }),
        }
    }

    /// One of a few names.
    pub(super) fn choice<T: Clone>(&mut self, name: &'a str, values: &[(&'static str, T)]) -> Option<T> {
        let found = self.value(name);
        let one = values.iter().find(|(text, _)| found.and_then(Value::as_str) == Some(text));
        match (one, found) {
            (Some((_, value)), _) => return Some(value.clone()),
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
        for name in self.names() {
            if !self.asked.contains(name) {
                self.fault(name, FieldRule::Unknown { value: format!("field {name}") });
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

/// One line of visible characters, without the spaces around it.
pub(super) fn line(value: &Value, longest: u32) -> Result<String, FieldRule> {
    let text = value.as_str().ok_or(FieldRule::Text)?;
    one_line(text, longest).map(str::to_owned)
}
