//! Software Token & Push OTP Settings (R48..R55).

use doorward_api::settings::{TargetRow, TargetSettings};
use doorward_api::{FieldFault, FieldRule};
use serde_json::Value;

use super::Checked;
use super::raw::Raw;

impl Checked for TargetSettings {
    fn read(raw: &Value) -> Result<Self, Vec<FieldFault>> {
        let mut raw = Raw::new(raw);
        let read = Self {
            ios: row(&mut raw, "ios"),
            android: row(&mut raw, "android"),
            windows_mobile: row(&mut raw, "windows-mobile"),
            windows_desktop: row(&mut raw, "windows-desktop"),
        };
        raw.finish(|| Some(read))
    }
}

/// A platform that is not allowed has neither the app nor push (R52, R54).
fn row(raw: &mut Raw<'_>, name: &'static str) -> TargetRow {
    let mut fields = raw.object(name);
    let row =
        TargetRow { allowed: fields.boolean("allowed"), app: fields.boolean("app"), push: fields.boolean("push") };
    let needs = |field: &str| FieldRule::NotAvailable { other: format!("{name}.{field}"), value: "off".into() };
    if row.app && !row.allowed {
        fields.fault("app", needs("allowed"));
    }
    if row.allowed && !row.app {
        fields.fault("allowed", needs("app"));
    }
    if row.push && !row.allowed {
        fields.fault("push", needs("allowed"));
    }
    raw.close(fields);
    row
}

#[cfg(test)]
mod tests {
    use doorward_api::Target;
    use doorward_api::settings::Document;
    use serde_json::json;

    use super::*;
    use crate::settings::testing::said;

    #[test]
    fn a_new_virtual_server_allows_all_but_windows_mobile_and_pushes_to_phones() {
        let new = TargetSettings::of_new();
        let allowed: Vec<Target> = new.allowed().collect();
        assert_eq!(allowed, [Target::Ios, Target::Android, Target::WindowsDesktop]);
        let pushed: Vec<Target> = Target::ALL.into_iter().filter(|target| new.row(*target).push).collect();
        assert_eq!(pushed, [Target::Ios, Target::Android]);
    }

    #[test]
    fn the_boxes_of_a_row_hang_together() {
        let usual = TargetSettings::of_new();
        let row = |allowed: bool, app: bool, push: bool| json!({"allowed": allowed, "app": app, "push": push});
        for (allowed, app, push) in [(true, true, true), (true, true, false), (false, false, false)] {
            assert_eq!(said(&usual, "android", row(allowed, app, push)), [""; 0]);
        }
        assert_eq!(
            said(&usual, "android", row(false, false, true)),
            ["android.push: is not available when android.allowed is off"]
        );
        assert_eq!(
            said(&usual, "android", row(false, true, false)),
            ["android.app: is not available when android.allowed is off"]
        );
        assert_eq!(
            said(&usual, "android", row(true, false, false)),
            ["android.allowed: is not available when android.app is off"]
        );
        assert_eq!(
            said(&usual, "android", json!({"allowed": "yes", "app": true})),
            [
                "android.allowed: must be one of true, false",
                "android.push: must be given",
                "android.app: is not available when android.allowed is off"
            ]
        );
    }

    #[test]
    fn there_are_exactly_four_platforms() {
        let said = said(&TargetSettings::of_new(), "blackberry", json!({"allowed": true}));
        assert_eq!(said, ["blackberry: there is no field blackberry"]);
    }
}
