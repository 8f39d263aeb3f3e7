//! Settings and token policies: a document of each kind.

use doorward_api::FieldFault;
use doorward_api::settings::{
    Appearance, Approvals, EnrolmentRules, Lockout, ProvisioningRules, SelfProvisioning, ServerPinPolicy, SettingKind,
    TargetSettings, TokenTemplate, Windows,
};
use doorward_tokens::settings::Checked;
use serde_json::{Value, json};

use super::diff::differences;
use super::line::{Call, Line, asking, text_of};
use super::show::{Manner, plain, pretty, print};
use super::{Outcome, Stop};
use crate::Finding;
use crate::args::{RemoteArgs, SettingsCommand};

/// `doorward settings …`
pub(super) fn run(at: &RemoteArgs, command: SettingsCommand) -> Outcome {
    match command {
        SettingsCommand::List => {
            let items: Vec<Value> = SettingKind::ALL.iter().map(|kind| json!({"kind": kind.as_str()})).collect();
            Manner::of(at.json).list(&json!({ "items": items }), &[("KIND", "kind")])
        }
        SettingsCommand::Show { kind } => {
            let (kind, line) = (known(&kind)?, Line::open(at)?);
            print(&pretty(&line.get(path(kind))?.body))?;
            Ok(Finding::Good)
        }
        SettingsCommand::Set { kind, file, dry_run } => {
            let kind = known(&kind)?;
            let name = file.display().to_string();
            let read: Result<Value, _> = serde_json::from_str(&text_of(&file)?);
            let given = read.map_err(|cause| Stop::because(format!("{name}: {cause}")))?;
            let new = checked(kind, &given).map_err(|faults| broken(&name, &faults))?;
            set(&Line::open(at)?, kind, &new, dry_run)
        }
        SettingsCommand::Preview { user } => {
            let line = Line::open(at)?;
            let preview = line.get(format!("/self-provisioning/preview{}", asking(&[("user", &user)])))?.body;
            line.manner.card(&preview, &["offered", "targets", "terms", "reason", "begins_at"])
        }
        SettingsCommand::Changes { kind } => {
            let (kind, line) = (known(&kind)?, Line::open(at)?);
            let changes = line.get(format!("{}/changes", path(kind)))?.body;
            let columns = [("VERSION", "version"), ("AT", "at"), ("OPERATOR", "operator"), ("FIELDS", "changes.field")];
            line.manner.list(&changes, &columns)
        }
    }
}

fn set(line: &Line, kind: SettingKind, new: &Value, dry_run: bool) -> Outcome {
    let standing = line.get(path(kind))?;
    let changes = differences(&standing.body, new);
    if !line.manner.json {
        for change in &changes {
            print(&change.told(&line.manner))?;
        }
    }
    if dry_run {
        return Ok(if changes.is_empty() { Finding::Good } else { Finding::Bad });
    }
    let call = Call::put(path(kind), new.clone()).seen(standing.etag.unwrap_or_default());
    let told = line.call(&call)?;
    let said = match changes.len() {
        0 => "Nothing is changed by it.".to_owned(),
        _ => format!("{} is in force at the next request.", kind.as_str()),
    };
    line.manner.done(&told.body, &said)
}

/// Where a kind is in the API.
pub(super) fn path(kind: SettingKind) -> String {
    format!("/settings/{}", kind.as_str())
}

fn known(name: &str) -> Result<SettingKind, Stop> {
    let found = SettingKind::ALL.into_iter().find(|kind| kind.as_str() == name);
    found.ok_or_else(|| {
        let all: Vec<&str> = SettingKind::ALL.iter().map(|kind| kind.as_str()).collect();
        Stop::because(format!("there are no settings {name:?}; there are {}", all.join(", ")))
    })
}

/// A document as it is shown, read by the rules of the gateway itself: fields that nobody knows are faults.
pub(super) fn checked(kind: SettingKind, given: &Value) -> Result<Value, Vec<FieldFault>> {
    fn read<D: Checked>(given: &Value) -> Result<Value, Vec<FieldFault>> {
        D::read(given).map(|document| document.shown())
    }
    match kind {
        SettingKind::SelfProvisioning => read::<SelfProvisioning>(given),
        SettingKind::EnrolmentRules => read::<EnrolmentRules>(given),
        SettingKind::Appearance => read::<Appearance>(given),
        SettingKind::ProvisioningRules => read::<ProvisioningRules>(given),
        SettingKind::Targets => read::<TargetSettings>(given),
        SettingKind::TokenTemplate => read::<TokenTemplate>(given),
        SettingKind::ServerPinPolicy => read::<ServerPinPolicy>(given),
        SettingKind::Synchronization => read::<Windows>(given),
        SettingKind::Lockout => read::<Lockout>(given),
        SettingKind::Approvals => read::<Approvals>(given),
    }
}

/// Every field of a file that breaks a rule.
pub(super) fn told(file: &str, faults: &[FieldFault]) -> Vec<String> {
    faults.iter().map(|fault| format!("{file}: {}: {}", fault.field, fault.rule)).collect()
}

fn broken(file: &str, faults: &[FieldFault]) -> Stop {
    // Keys of a file from elsewhere are words from outside.
    let faults: Vec<String> = told(file, faults).iter().map(|fault| plain(fault)).collect();
    Stop::because(faults.join("\n  "))
}
