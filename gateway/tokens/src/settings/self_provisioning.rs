//! Self-Provisioning (R33..R47). Whether the groups exist is for the store to say.

use std::collections::BTreeSet;

use doorward_api::settings::{SelfProvisioning, TargetUsers, WindowsLink};
use doorward_api::{FieldFault, FieldRule, GroupId};
use serde_json::Value;

use super::Checked;
use super::raw::Raw;
use super::url::{LONGEST_URL, is_https};

const LINKS: [(&str, WindowsLink); 3] =
    [("none", WindowsLink::None), ("store", WindowsLink::Store), ("installer", WindowsLink::Installer)];

#[derive(Clone, Copy)]
enum Users {
    All,
    Only,
    Except,
    None,
}

const USERS: [(&str, Users); 4] =
    [("all", Users::All), ("only_groups", Users::Only), ("except_groups", Users::Except), ("none", Users::None)];

impl Checked for SelfProvisioning {
    fn read(raw: &Value) -> Result<Self, Vec<FieldFault>> {
        let mut raw = Raw::new(raw);
        let target_users = target_users(&mut raw);
        let windows_link = raw.choice("windows_link", &LINKS);
        let installer_url = installer_url(&mut raw, windows_link);
        let microsoft_store_url = store_url(&mut raw, "microsoft_store_url");
        let app_store_url = store_url(&mut raw, "app_store_url");
        let google_play_url = store_url(&mut raw, "google_play_url");
        let recovery_codes = raw.boolean("recovery_codes");
        let other_apps = other_apps(&mut raw);
        let max_tokens = max_tokens(&mut raw);
        raw.finish(|| {
            Some(Self {
                target_users: target_users?,
                windows_link: windows_link?,
                installer_url,
                microsoft_store_url,
                app_store_url,
                google_play_url,
                recovery_codes,
                other_apps,
                max_tokens,
            })
        })
    }
}

/// Who writes documents from before there was a choice leaves it as it was then.
fn other_apps(raw: &mut Raw<'_>) -> bool {
    const NAME: &str = "other_apps";
    if raw.value(NAME).is_none() { SelfProvisioning::for_new_virtual_server().other_apps } else { raw.boolean(NAME) }
}

/// The same of how many authenticators a user may have.
fn max_tokens(raw: &mut Raw<'_>) -> u8 {
    const NAME: &str = "max_tokens";
    if raw.value(NAME).is_none() {
        return SelfProvisioning::for_new_virtual_server().max_tokens;
    }
    raw.integer(NAME, 1, SelfProvisioning::MOST_TOKENS.into())
}

/// Groups go with the two modes that name some (R40); duplicates are one.
fn target_users(raw: &mut Raw<'_>) -> Option<TargetUsers> {
    let mut fields = raw.object("target_users");
    let mode = fields.choice("mode", &USERS);
    let listed = groups(&mut fields);
    let users = match (mode, listed) {
        (None, _) => None,
        (Some(Users::All), None) => Some(TargetUsers::All),
        (Some(Users::None), None) => Some(TargetUsers::None),
        (Some(Users::Only), Some(groups)) if !groups.is_empty() => Some(TargetUsers::OnlyGroups(groups)),
        (Some(Users::Except), Some(groups)) if !groups.is_empty() => Some(TargetUsers::ExceptGroups(groups)),
        (Some(Users::Only | Users::Except), _) => {
            fields.fault("groups", FieldRule::Required);
            None
        }
        (Some(Users::All | Users::None), Some(_)) => {
            let value = if matches!(mode, Some(Users::All)) { "all" } else { "none" };
            let other = "target_users.mode".to_owned();
            fields.fault("groups", FieldRule::NotAvailable { other, value: value.into() });
            None
        }
    };
    raw.close(fields);
    users
}

fn groups(fields: &mut Raw<'_>) -> Option<Vec<GroupId>> {
    let listed = fields.value("groups")?;
    let texts: Option<BTreeSet<&str>> = listed.as_array().and_then(|listed| listed.iter().map(Value::as_str).collect());
    // What is no list of texts names no group.
    Some(texts.unwrap_or_default().into_iter().map(GroupId::from).collect())
}

fn installer_url(raw: &mut Raw<'_>, link: Option<WindowsLink>) -> Option<String> {
    match (link, raw.value("installer_url")) {
        (Some(WindowsLink::Installer), None) => raw.fault("installer_url", FieldRule::Required),
        (Some(WindowsLink::None | WindowsLink::Store), Some(_)) => {
            let value = if link == Some(WindowsLink::None) { "none" } else { "store" };
            raw.fault("installer_url", FieldRule::NotAvailable { other: "windows_link".into(), value: value.into() });
        }
        (_, Some(url)) => return url_that_people_can_reach(raw, "installer_url", url),
        (_, None) => {}
    }
    None
}

/// Where the app is in a store; it may be in none.
fn store_url(raw: &mut Raw<'_>, field: &'static str) -> Option<String> {
    let url = raw.value(field)?;
    url_that_people_can_reach(raw, field, url)
}

fn url_that_people_can_reach(raw: &mut Raw<'_>, field: &'static str, url: &Value) -> Option<String> {
    match url.as_str() {
        Some(text) if text.chars().count() > LONGEST_URL as usize => {
            raw.fault(field, FieldRule::TooLong { max: LONGEST_URL });
        }
        Some(text) if is_https(text) => return Some(text.to_owned()),
        _ => raw.fault(field, FieldRule::HttpsUrl),
    }
    None
}

#[cfg(test)]
mod tests {
    use doorward_api::settings::Document;
    use serde_json::json;

    use super::*;
    use crate::settings::testing::{faults, said};

    #[test]
    fn groups_go_with_the_two_modes_that_name_some() {
        let usual = SelfProvisioning::of_new();
        let users = |mode: &str, groups: Value| said(&usual, "target_users", json!({"mode": mode, "groups": groups}));
        assert_eq!(users("only_groups", json!(["g1"])), [""; 0]);
        assert_eq!(users("except_groups", json!(["g1", "g2"])), [""; 0]);
        assert_eq!(users("all", json!(null)), [""; 0]);
        for mode in ["only_groups", "except_groups"] {
            for groups in [json!([]), json!(null), json!("g1"), json!([1])] {
                assert_eq!(users(mode, groups), ["target_users.groups: must be given"], "{mode}");
            }
        }
        assert_eq!(
            users("none", json!(["g1"])),
            ["target_users.groups: is not available when target_users.mode is none"]
        );
        assert_eq!(
            users("some", json!(null)),
            ["target_users.mode: must be one of all, only_groups, except_groups, none"]
        );
    }

    #[test]
    fn a_group_named_twice_is_one() {
        let mut raw = SelfProvisioning::of_new().shown();
        raw["target_users"] = json!({"mode": "only_groups", "groups": ["b", "a", "b"]});
        let read = SelfProvisioning::read(&raw).unwrap();
        assert_eq!(read.target_users.groups(), [GroupId::from("a"), GroupId::from("b")]);
    }

    #[test]
    fn the_installer_needs_an_address_that_people_can_reach() {
        let installer = |url: Value| {
            let mut raw = SelfProvisioning::of_new().shown();
            raw["windows_link"] = json!("installer");
            raw["installer_url"] = url;
            faults::<SelfProvisioning>(&raw)
        };
        let long = format!("https://example.org/{}.exe", "x".repeat(2024));
        assert_eq!(long.len(), 2048);
        for good in ["https://example.org/a.exe", "https://example.org:8443/x?y=1#z", "https://[2001:db8::1]/a", &long]
        {
            assert_eq!(installer(json!(good)), [""; 0], "{good}");
        }
        assert_eq!(installer(json!(null)), ["installer_url: must be given"]);
        assert_eq!(installer(json!(format!("{long}x"))), ["installer_url: must have at most 2048 characters"]);
        for bad in [
            "http://example.org/a.exe",
            "https://",
            "https://u:p@example.org/",
            "https://a b/",
            "javascript:1",
            "",
            "/a.exe",
        ] {
            assert_eq!(installer(json!(bad)).len(), 1, "{bad}");
            assert!(installer(json!(bad))[0].starts_with("installer_url: must be an absolute https:// URL"), "{bad}");
        }
    }

    #[test]
    fn the_app_may_be_in_a_store_and_in_none() {
        let usual = SelfProvisioning::of_new();
        for store in ["microsoft_store_url", "app_store_url", "google_play_url"] {
            let url = |url: Value| said(&usual, store, url);
            for good in [json!(null), json!("https://apps.example.org/doorward?id=1")] {
                assert_eq!(url(good), [""; 0], "{store}");
            }
            for bad in [json!(""), json!("http://apps.example.org/"), json!("https://u:p@example.org/"), json!(7)] {
                assert!(url(bad)[0].starts_with(&format!("{store}: must be an absolute https:// URL")), "{store}");
            }
            let long = format!("https://apps.example.org/{}", "x".repeat(2048));
            assert_eq!(url(json!(long)), [format!("{store}: must have at most 2048 characters")]);
        }
    }

    #[test]
    fn other_apps_may_be_taken_unless_a_document_says_no() {
        let usual = SelfProvisioning::of_new();
        for good in [json!(null), json!(true), json!(false)] {
            assert_eq!(said(&usual, "other_apps", good), [""; 0]);
        }
        assert_eq!(said(&usual, "other_apps", json!("no")), ["other_apps: must be one of true, false"]);
        let mut of_before = usual.shown();
        of_before.as_object_mut().unwrap().remove("other_apps");
        assert!(SelfProvisioning::read(&of_before).unwrap().other_apps);
        let stored: SelfProvisioning = serde_json::from_value(of_before).unwrap();
        assert_eq!(stored, usual);
    }

    #[test]
    fn a_user_may_have_one_authenticator_to_five() {
        let usual = SelfProvisioning::of_new();
        let most = |most: Value| said(&usual, "max_tokens", most);
        for good in [json!(null), json!(1), json!(2), json!(5)] {
            assert_eq!(most(good), [""; 0]);
        }
        for bad in [json!(0), json!(6), json!(-1), json!(1.5), json!("2")] {
            assert_eq!(most(bad.clone()), ["max_tokens: must be a whole number from 1 to 5"], "{bad}");
        }
        let mut of_before = usual.shown();
        of_before.as_object_mut().unwrap().remove("max_tokens");
        assert_eq!(SelfProvisioning::read(&of_before).unwrap().max_tokens, 1);
        let stored: SelfProvisioning = serde_json::from_value(of_before).unwrap();
        assert_eq!(stored, usual);
    }

    #[test]
    fn without_the_installer_there_is_no_address_of_one() {
        let said = said(&SelfProvisioning::of_new(), "installer_url", json!("https://example.org/a.exe"));
        assert_eq!(said, ["installer_url: is not available when windows_link is store"]);
    }
}
