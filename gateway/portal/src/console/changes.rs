//! A Change Log in words.

use std::collections::{BTreeMap, BTreeSet};

use doorward_access::manage::ManageError;
use doorward_api::settings::{FieldChange, SettingChange};
use doorward_api::{GroupId, VirtualServerId};
use doorward_views::console::{ChangeRow, ChangedField, GroupLine, Said};
use serde_json::Value;

use super::entered::leaves;
use super::panels::{Kind, Panel, labels, said};
use super::{Console, appearance};
use crate::fault::Fault;

/// Groups by their rows, as far as they are there.
pub(super) type Names = BTreeMap<String, Option<String>>;

/// The names of groups; `None` for one that was deleted.
pub(super) async fn names<'a>(
    console: &Console,
    vs: &VirtualServerId,
    rows: impl IntoIterator<Item = &'a str>,
) -> Result<Names, Fault> {
    let mut names = Names::new();
    for row in rows.into_iter().collect::<BTreeSet<&str>>() {
        let name = match console.parts.manager.group(vs, &GroupId::from(row)).await {
            Ok(group) => Some(group.name),
            Err(ManageError::NotFound) => None,
            Err(error) => return Err(error.into()),
        };
        names.insert(row.to_owned(), name);
    }
    Ok(names)
}

/// A group in a list.
pub(super) fn group_line(names: &Names, row: &str) -> GroupLine {
    let name = names.get(row).cloned().flatten();
    GroupLine { id: row.to_owned(), gone: name.is_none(), name: name.unwrap_or_else(|| row.to_owned()) }
}

/// The entries of a log.
pub(super) async fn rows(
    console: &Console,
    vs: &VirtualServerId,
    panel: &Panel,
    log: &[SettingChange],
) -> Result<Vec<ChangeRow>, Fault> {
    let changes = log.iter().flat_map(|entry| &entry.changes);
    let values = changes.flat_map(|change| [within(change, &change.old), within(change, &change.new)]).flatten();
    let listed: Vec<Value> = values.filter(|(way, _)| lists_groups(panel, way)).map(|(_, value)| value).collect();
    let groups = listed.iter().filter_map(Value::as_array).flatten().filter_map(Value::as_str);
    let names = names(console, vs, groups).await?;
    let row = |entry: &SettingChange| ChangeRow {
        at: entry.at,
        operator: entry.operator.clone(),
        fields: entry.changes.iter().flat_map(|change| fields(panel, change, &names)).collect(),
    };
    Ok(log.iter().map(row).collect())
}

fn within(change: &FieldChange, value: &Value) -> BTreeMap<String, Value> {
    leaves(&Value::Object([(change.field.clone(), value.clone())].into_iter().collect()))
}

fn lists_groups(panel: &Panel, way: &str) -> bool {
    panel.spec(way).is_some_and(|spec| matches!(spec.kind, Kind::Groups))
}

/// A change of one field of a document may be one of several of a page.
fn fields(panel: &Panel, change: &FieldChange, names: &Names) -> Vec<ChangedField> {
    if panel.keeps.contains(&change.field.as_str()) {
        return appearance::changed(change);
    }
    let (old, new) = (within(change, &change.old), within(change, &change.new));
    let ways: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let told = |value: Option<&Value>, way: &str| value.map_or(Said::Nothing, |value| words(panel, way, value, names));
    ways.into_iter()
        .filter(|way| old.get(*way) != new.get(*way))
        .filter(|way| panel.spec(way).is_some())
        .map(|way| ChangedField {
            of: Vec::new(),
            label: labels(way),
            old: told(old.get(way), way),
            new: told(new.get(way), way),
        })
        .collect()
}

fn words(panel: &Panel, way: &str, value: &Value, names: &Names) -> Said {
    match value {
        Value::Array(listed) => {
            let group = |row: &str| group_line(names, row).name;
            let name = |one: &str| if lists_groups(panel, way) { group(one) } else { appearance::language_name(one) };
            let listed: Vec<String> = listed.iter().filter_map(Value::as_str).map(name).collect();
            Said::text(listed.join(", "))
        }
        Value::Bool(on) => said(panel, way, if *on { super::entered::ON } else { "" }),
        Value::String(text) => said(panel, way, text),
        other => said(panel, way, &other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use doorward_api::settings::SettingKind;
    use serde_json::json;

    use super::*;
    use crate::console::panels::PANELS;

    fn told(kind: SettingKind, field: &str, old: Value, new: Value) -> Vec<String> {
        let panel = PANELS.iter().find(|panel| panel.kind == kind).unwrap();
        let names = Names::from([("g1".into(), Some("staff".into())), ("g2".into(), None)]);
        let change = FieldChange { field: field.into(), old, new };
        fields(panel, &change, &names)
            .into_iter()
            .map(|field| format!("{:?} {:?} {:?}", field.label, field.old, field.new))
            .collect()
    }

    #[test]
    fn a_change_is_told_in_the_words_of_its_page() {
        assert_eq!(
            told(
                SettingKind::SelfProvisioning,
                "target_users",
                json!({"mode": "all"}),
                json!({"mode": "only_groups", "groups": ["g1", "g2"]})
            ),
            [
                r#"["console-field-target_users-groups"] Nothing Text("staff, g2")"#,
                r#"["console-field-target_users-mode"] Words("console-choice-target_users-mode-all") Words("console-choice-target_users-mode-only_groups")"#,
            ]
        );
        let row = |push: bool| json!({"allowed": true, "app": true, "push": push});
        assert_eq!(
            told(SettingKind::Targets, "android", row(true), row(false)),
            [r#"["console-target-android", "console-column-push"] Words("console-on") Words("console-off")"#]
        );
        assert_eq!(
            told(SettingKind::TokenTemplate, "synchronization", json!({"time": {"step": 30}}), Value::Null),
            [r#"["console-field-synchronization-time-step"] Text("30") Nothing"#]
        );
        assert_eq!(
            told(SettingKind::Lockout, "gone_since", json!(1), json!(2)),
            [""; 0],
            "what no page knows is not told"
        );
        assert_eq!(
            told(SettingKind::Appearance, "languages", json!([]), json!(["de", "ar"])),
            [r#"["console-field-languages"] Nothing Text("Deutsch, العربية")"#]
        );
        let named = told(SettingKind::Appearance, "default_language", Value::Null, json!("de"));
        assert!(named[0].starts_with(r#"["console-field-default_language"] Nothing Language("#), "{named:?}");
    }
}
