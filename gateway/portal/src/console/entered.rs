//! Between a document as JSON and a form as texts: a field of a document is named by its way into it, `ios.allowed`.

use std::collections::BTreeMap;

use doorward_api::language::TAGS;
use serde_json::{Map, Value};

use super::panels::{Kind, Panel, Spec};
use crate::fields::Fields;

/// What stands in a form's fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Entered {
    texts: BTreeMap<String, String>,
    /// What is listed in a field: rows of groups, tags of languages.
    lists: BTreeMap<String, Vec<String>>,
    /// The name of one more group, as it was typed.
    pub(super) group_add: String,
}

/// How a box that is ticked is sent.
pub(super) const ON: &str = "on";

/// Before the row of a group, in the name of its box.
const GROUP: &str = "group.";

impl Entered {
    /// A document, as its form is filled.
    pub(super) fn of(shown: &Value) -> Self {
        let mut entered = Self::default();
        for (name, value) in leaves(shown) {
            match value {
                Value::Array(listed) => {
                    let listed = listed.iter().filter_map(Value::as_str).map(str::to_owned);
                    entered.lists.insert(name, listed.collect());
                }
                value => entered.set(&name, text(&value)),
            }
        }
        entered.name_the_radios();
        entered
    }

    /// A form that was sent. A box that is not ticked is not sent.
    pub(super) fn from_form(panel: &Panel, fields: &Fields) -> Self {
        let mut entered = Self::default();
        for spec in panel.specs() {
            match spec.kind {
                Kind::Groups => entered.list_all(spec, groups(fields)),
                Kind::Languages => entered.list_all(spec, languages(spec, fields)),
                _ => entered.set(spec.name, fields.text(spec.name).trim().to_owned()),
            }
        }
        fields.text("group_add").trim().clone_into(&mut entered.group_add);
        entered
    }

    /// A field's text; empty when there is none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.texts.get(name).map_or("", String::as_str)
    }

    /// What is listed in a field.
    pub(super) fn list(&self, name: &str) -> &[String] {
        self.lists.get(name).map_or(&[], Vec::as_slice)
    }

    fn list_all(&mut self, spec: &Spec, listed: Vec<String>) {
        self.lists.insert(spec.name.to_owned(), listed);
    }

    /// Lists one more in a field, if it is not listed already.
    pub(super) fn also(&mut self, name: &str, value: String) {
        let list = self.lists.entry(name.to_owned()).or_default();
        if !list.contains(&value) {
            list.push(value);
        }
    }

    pub(super) fn set(&mut self, name: &str, text: impl Into<String>) {
        self.texts.insert(name.to_owned(), text.into());
    }

    pub(super) fn is(&self, name: &str, value: &str) -> bool {
        self.text(name) == value
    }

    /// Where nothing stands yet, what a new document begins with.
    pub(super) fn fill_from(&mut self, other: &Entered) {
        for (name, text) in &other.texts {
            let empty = self.text(name).is_empty();
            if empty {
                self.set(name, text.clone());
            }
        }
    }

    /// Both numbers of synchronization stand in the form, whichever is chosen.
    pub(super) fn fill_missing_numbers(&mut self, panel: &Panel, new: &Entered) {
        for spec in panel.specs().filter(|spec| matches!(spec.when, Some("time" | "event"))) {
            if self.text(spec.name).is_empty() && !self.texts.contains_key(spec.name) {
                self.set(spec.name, new.text(spec.name));
            }
        }
    }

    /// The document as JSON, without what is not available. Numbers become numbers where they are such; what is none stays a
    /// text, and the rules say so.
    pub(super) fn json(&self, panel: &Panel) -> Value {
        let mut document = Value::Object(Map::new());
        for spec in panel.specs().filter(|spec| spec.sent && (spec.available)(self)) {
            put(&mut document, spec.name, self.value(spec));
        }
        document
    }

    fn value(&self, spec: &Spec) -> Value {
        let text = self.text(spec.name);
        match spec.kind {
            Kind::Flag => Value::Bool(text == ON),
            Kind::Groups | Kind::Languages => {
                self.list(spec.name).iter().map(|one| Value::String(one.clone())).collect()
            }
            _ if text.is_empty() => Value::Null,
            Kind::Number | Kind::Select(_) => number(text),
            Kind::Choice(_) | Kind::Text | Kind::Colour | Kind::Language => text.into(),
        }
    }

    /// Synchronization is by time or by clicks; the document says so by which of the two there is.
    fn name_the_radios(&mut self) {
        let by = |name| self.texts.contains_key(name);
        if by("synchronization.time.step") {
            self.set("synchronization.by", "time");
        } else if by("synchronization.event.look_ahead") {
            self.set("synchronization.by", "event");
        }
    }
}

/// A number, or what was typed in place of one.
pub(super) fn number(text: &str) -> Value {
    text.parse::<i64>().map_or_else(|_| text.into(), Value::from)
}

/// The rows of the groups whose boxes are ticked.
pub(super) fn groups(fields: &Fields) -> Vec<String> {
    fields.names().filter_map(|name| name.strip_prefix(GROUP)).map(str::to_owned).collect()
}

/// The languages whose boxes are ticked, in the order of the selector.
fn languages(spec: &Spec, fields: &Fields) -> Vec<String> {
    let ticked = |tag: &&str| fields.text(&format!("{}.{tag}", spec.name)) == ON;
    TAGS.into_iter().filter(ticked).map(str::to_owned).collect()
}

/// What a document says that its page has no fields for stays as it is stored.
pub(super) fn kept(panel: &Panel, mut document: Value, stored: &Value) -> Value {
    for name in panel.keeps {
        put(&mut document, name, stored.get(name).cloned().unwrap_or_default());
    }
    document
}

/// Every value of a document by its way. An array is a value.
pub(super) fn leaves(document: &Value) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    collect(String::new(), document, &mut found);
    found
}

fn collect(way: String, value: &Value, found: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let way = if way.is_empty() { name.clone() } else { format!("{way}.{name}") };
                collect(way, value, found);
            }
        }
        Value::Null => {}
        value => {
            found.insert(way, value.clone());
        }
    }
}

fn put(document: &mut Value, way: &str, value: Value) {
    let Value::Object(fields) = document else { return };
    match way.split_once('.') {
        None => {
            fields.insert(way.to_owned(), value);
        }
        Some((name, rest)) => {
            let inner = fields.entry(name).or_insert_with(|| Value::Object(Map::new()));
            put(inner, rest, value);
        }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Bool(true) => ON.to_owned(),
        Value::Bool(false) | Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use doorward_api::settings::{
        Appearance, Document, Lockout, SelfProvisioning, ServerPinPolicy, TargetSettings, TokenTemplate, Windows,
    };
    use doorward_tokens::settings::Checked;
    use serde_json::json;

    use super::*;
    use crate::console::panels::PANELS;

    #[test]
    fn every_document_comes_back_from_its_form() {
        fn check<D: Checked>(document: D) {
            let panel = PANELS.iter().find(|panel| panel.kind == D::KIND).unwrap();
            let shown = document.shown();
            let raw = kept(panel, Entered::of(&shown).json(panel), &shown);
            assert_eq!(D::read(&raw), Ok(document), "{raw}");
        }
        check(SelfProvisioning::of_new());
        check(TargetSettings::of_new());
        check(TokenTemplate::of_new());
        check(ServerPinPolicy::of_new());
        check(Windows::of_new());
        check(Appearance::of_new());
        check(Lockout::of_new());
        for raw in [
            json!({"mode": "quick_log", "length": 8, "synchronization": {"event": {"look_ahead": 3}}, "pin_type": "user_selected",
                   "pin_length": 5, "allow_trivial_pins": true, "max_pin_attempts": 7,
                   "min_pin_complexity": "strong_alphanumeric", "allow_biometric_pin": true}),
            json!({"mode": "challenge_response", "length": 6, "pin_type": "server_side"}),
        ] {
            check(TokenTemplate::read(&raw).unwrap());
        }
        let groups = json!({"target_users": {"mode": "only_groups", "groups": ["a", "b"]}, "windows_link": "installer",
                            "installer_url": "https://example.test/app.exe", "recovery_codes": true});
        check(SelfProvisioning::read(&groups).unwrap());
        let look = json!({"product_name": "Example", "accent": "#1a5fb4", "support": "4711", "support_url": "tel:4711",
                          "languages": ["de", "fr"], "default_language": "fr", "texts": {"de": {"w2-title": "Post"}}});
        check(Appearance::read(&look).unwrap());
    }

    #[test]
    fn languages_are_those_whose_boxes_are_ticked_in_the_order_of_the_selector() {
        let panel = PANELS.iter().find(|panel| panel.kind == Appearance::KIND).unwrap();
        let form = "languages.fr=on&languages.de=on&languages.tlh=on&languages.es=&default_language=fr";
        let raw = Entered::from_form(panel, &Fields::parse(form.as_bytes()).unwrap()).json(panel);
        assert_eq!((&raw["languages"], &raw["default_language"]), (&json!(["de", "fr"]), &json!("fr")));
    }

    #[test]
    fn what_is_no_number_stays_what_was_typed() {
        let panel = PANELS.iter().find(|panel| panel.kind == Lockout::KIND).unwrap();
        let form = "account_failures=4.5&account_minutes=&token_failures=+9+&token_minutes=15";
        let raw = Entered::from_form(panel, &Fields::parse(form.as_bytes()).unwrap()).json(panel);
        assert_eq!(
            raw,
            json!({"account_failures": "4.5", "account_minutes": null, "token_failures": 9, "token_minutes": 15})
        );
    }
}
