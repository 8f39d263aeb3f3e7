//! Policies > Token Policies > Software Token & Push OTP Settings: on what a token may be enrolled, and where it is pushed to
//! (R48..R55).

use serde::{Deserialize, Serialize};

use super::{Document, SettingKind};
use crate::template::Target;

/// One platform's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetRow {
    /// It may be enrolled on.
    pub allowed: bool,
    /// The box of the default app. There is one app only, so it moves with `allowed` (R52).
    pub app: bool,
    /// Push notifications, where it is allowed (R54).
    pub push: bool,
}

impl TargetRow {
    const OFF: TargetRow = TargetRow { allowed: false, app: false, push: false };
    const ON: TargetRow = TargetRow { allowed: true, app: true, push: false };
    const PUSHED: TargetRow = TargetRow { allowed: true, app: true, push: true };
}

/// Exactly the seed's four platforms (R53).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TargetSettings {
    /// iPhone or iPad.
    pub ios: TargetRow,
    /// Android phone or tablet.
    pub android: TargetRow,
    /// Windows 10 Mobile.
    pub windows_mobile: TargetRow,
    /// Windows 10 or later, desktop or tablet.
    pub windows_desktop: TargetRow,
}

impl TargetSettings {
    /// The row of a platform.
    pub fn row(&self, target: Target) -> TargetRow {
        match target {
            Target::Ios => self.ios,
            Target::Android => self.android,
            Target::WindowsMobile => self.windows_mobile,
            Target::WindowsDesktop => self.windows_desktop,
        }
    }

    /// The row of a platform, to be set.
    pub fn row_mut(&mut self, target: Target) -> &mut TargetRow {
        match target {
            Target::Ios => &mut self.ios,
            Target::Android => &mut self.android,
            Target::WindowsMobile => &mut self.windows_mobile,
            Target::WindowsDesktop => &mut self.windows_desktop,
        }
    }

    /// The platforms that are allowed, in the order of the wizard.
    pub fn allowed(&self) -> impl Iterator<Item = Target> + '_ {
        Target::ALL.into_iter().filter(|target| self.row(*target).allowed)
    }
}

impl Document for TargetSettings {
    const KIND: SettingKind = SettingKind::Targets;

    fn of_new() -> Self {
        Self {
            ios: TargetRow::PUSHED,
            android: TargetRow::PUSHED,
            windows_mobile: TargetRow::OFF,
            windows_desktop: TargetRow::ON,
        }
    }
}
