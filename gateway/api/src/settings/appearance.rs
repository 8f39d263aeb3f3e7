//! Settings > Appearance: how the portal of a virtual server looks and speaks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Document, SettingKind};

/// A picture, as it is served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Logo {
    /// `image/png`, `image/jpeg` or `image/webp`: what its first bytes say it is.
    pub media_type: String,
    /// The picture in Base64 (RFC 4648 section 4): at most 64 KiB of bytes.
    pub data: String,
}

/// The appearance of one virtual server. What is not set is as Doorward comes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Appearance {
    /// The name at the head of each page and mail, one line of 1 to 64 characters; the virtual server's own where there is
    /// none.
    pub product_name: Option<String>,
    /// The colour of buttons and links: `#rrggbb`, with a contrast to white of 4.5 at least (WCAG 2.2, 1.4.3).
    pub accent: Option<String>,
    /// The picture at the head of each page.
    pub logo: Option<Logo>,
    /// Whom to ask for help: one line of 1 to 200 characters, shown where somebody is stuck.
    pub support: Option<String>,
    /// Where help is: an absolute `https:`, `mailto:` or `tel:` URL of at most 2048 characters.
    pub support_url: Option<String>,
    /// The languages that are offered, of those that there are; all where none is named.
    pub languages: Vec<String>,
    /// The language of those who ask for none that is offered; English where there is none.
    pub default_language: Option<String>,
    /// Words in place of ours: by language, by the name of the message.
    pub texts: BTreeMap<String, BTreeMap<String, String>>,
}

impl Document for Appearance {
    const KIND: SettingKind = SettingKind::Appearance;

    fn of_new() -> Self {
        Self::default()
    }
}
