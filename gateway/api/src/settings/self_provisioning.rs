//! Settings > Self-Provisioning: who is offered it, and how the app comes to a Windows computer (R33..R47).

use serde::{Deserialize, Serialize};

use super::{Document, SettingKind};
use crate::ids::GroupId;

/// Who is offered self-provisioning (R35..R39).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "mode", content = "groups")]
pub enum TargetUsers {
    /// Everybody: what a new virtual server has (R29).
    All,
    /// Members of these groups only.
    OnlyGroups(Vec<GroupId>),
    /// Everybody but members of these groups.
    ExceptGroups(Vec<GroupId>),
    /// Nobody: what a virtual server has that is older than the feature (R39).
    None,
}

impl TargetUsers {
    /// The groups that are named, if any can be.
    pub fn groups(&self) -> &[GroupId] {
        match self {
            TargetUsers::OnlyGroups(groups) | TargetUsers::ExceptGroups(groups) => groups,
            TargetUsers::All | TargetUsers::None => &[],
        }
    }
}

/// What "On This Computer" shows to install the app by (R43..R46).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WindowsLink {
    /// Nothing: the app is there already.
    None,
    /// The app in the Microsoft Store.
    Store,
    /// The installer that the operator provides.
    Installer,
}

/// The self-provisioning settings of one virtual server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SelfProvisioning {
    /// Who.
    pub target_users: TargetUsers,
    /// How the app comes to a Windows computer.
    pub windows_link: WindowsLink,
    /// Where the installer is, when that is the way: an absolute https URL of at most 2048 characters.
    pub installer_url: Option<String>,
    /// Where the app is in the Microsoft Store, if it is: an https URL. Without one, the install page stands in (decision B16).
    #[serde(default)]
    pub microsoft_store_url: Option<String>,
    /// Where the app is in the App Store, if it is.
    #[serde(default)]
    pub app_store_url: Option<String>,
    /// Where the app is on Google Play, if it is.
    #[serde(default)]
    pub google_play_url: Option<String>,
    /// Whether users may make recovery codes.
    #[serde(default)]
    pub recovery_codes: bool,
    /// Whether users may take another app than the one offered first, where the template allows it.
    #[serde(default = "SelfProvisioning::other_apps_unless_said")]
    pub other_apps: bool,
    /// How many authenticators a user may have, 1 to 5. More than the first are added on the user's own page.
    #[serde(default = "SelfProvisioning::one_token")]
    pub max_tokens: u8,
}

impl SelfProvisioning {
    /// No more authenticators can be allowed.
    pub const MOST_TOKENS: u8 = 5;

    /// What a new virtual server begins with: all users, and the link to the store (R29, R43).
    pub fn for_new_virtual_server() -> Self {
        Self {
            target_users: TargetUsers::All,
            windows_link: WindowsLink::Store,
            installer_url: None,
            microsoft_store_url: None,
            app_store_url: None,
            google_play_url: None,
            recovery_codes: false,
            other_apps: Self::other_apps_unless_said(),
            max_tokens: Self::one_token(),
        }
    }

    /// What a document says that was written before there could be more (decision B9).
    const fn one_token() -> u8 {
        1
    }

    /// What a document says that was written before it could: where a standard app fits, people expect to be free to use it.
    const fn other_apps_unless_said() -> bool {
        true
    }

    /// What one that was there before the feature gets (R39).
    pub fn for_existing_virtual_server() -> Self {
        Self { target_users: TargetUsers::None, ..Self::for_new_virtual_server() }
    }
}

impl Document for SelfProvisioning {
    const KIND: SettingKind = SettingKind::SelfProvisioning;

    fn of_new() -> Self {
        Self::for_new_virtual_server()
    }
}
