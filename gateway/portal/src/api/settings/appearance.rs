//! Settings > Appearance.

use std::collections::BTreeMap;

use doorward_api::FieldFault;
use doorward_api::settings::{Appearance, Logo};
use doorward_views::Views;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Kept;
use crate::api::gives::Shown;

/// The largest body: a logo of 64 KiB takes 88 in base 64, and texts are beside it.
const LARGEST: usize = 192 * 1024;

/// The smallest picture of all, for examples: a dot.
const DOT: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=";

impl Kept for Appearance {
    type Shape = AppearanceSettings;

    const LARGEST: usize = LARGEST;

    fn example() -> Self {
        let words =
            BTreeMap::from([("need-title".to_owned(), "Your Example account needs an authenticator".to_owned())]);
        Self {
            product_name: Some("Example".to_owned()),
            accent: Some("#1a5fb4".to_owned()),
            logo: Some(Logo { media_type: "image/png".to_owned(), data: DOT.to_owned() }),
            support: Some("The help desk, extension 4711".to_owned()),
            support_url: Some("https://help.example.org/".to_owned()),
            languages: vec!["en".to_owned(), "de".to_owned()],
            default_language: None,
            texts: BTreeMap::from([("en".to_owned(), words)]),
        }
    }

    fn faults_on_pages(&self, views: &Views) -> Vec<FieldFault> {
        views.check_texts(self)
    }
}

/// Settings > Appearance: how the portal looks and speaks. What is not set is as Doorward comes.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct AppearanceSettings {
    /// The name at the head of each page and mail: one line of 1 to 64 characters.
    #[schema(min_length = 1, max_length = 64)]
    product_name: Option<String>,
    /// The colour of buttons and links, with a contrast to white of 4.5 at least.
    #[schema(pattern = "^#[0-9A-Fa-f]{6}$")]
    accent: Option<String>,
    /// The picture at the head of each page.
    logo: Option<LogoShape>,
    /// Whom to ask for help: one line of 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    support: Option<String>,
    /// Where help is: an absolute `https:`, `mailto:` or `tel:` URL of at most 2048 characters.
    #[schema(max_length = 2048)]
    support_url: Option<String>,
    /// The tags of the languages that are offered, of those that there are; all where none is named.
    languages: Vec<String>,
    /// The language of those who ask for none that is offered; needed where English is not offered.
    default_language: Option<String>,
    /// Words in place of ours: by language, by the name of the message. At most 100, each one line of at most 500
    /// characters that refers to no more than our words do.
    texts: BTreeMap<String, BTreeMap<String, String>>,
}

/// A picture.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Logo)]
struct LogoShape {
    /// What its first bytes say it is.
    media_type: PictureName,
    /// The picture in base 64, of at most 64 KiB.
    #[schema(format = Byte, content_encoding = "base64")]
    data: String,
}

/// What a picture may be.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
enum PictureName {
    /// PNG.
    #[serde(rename = "image/png")]
    Png,
    /// JPEG.
    #[serde(rename = "image/jpeg")]
    Jpeg,
    /// WebP.
    #[serde(rename = "image/webp")]
    WebP,
}

impl Shown for AppearanceSettings {
    fn example() -> Self {
        Self::of(&Appearance::example())
    }
}

impl AppearanceSettings {
    pub(super) fn of(document: &Appearance) -> Self {
        Self {
            product_name: document.product_name.clone(),
            accent: document.accent.clone(),
            logo: document.logo.as_ref().map(LogoShape::of),
            support: document.support.clone(),
            support_url: document.support_url.clone(),
            languages: document.languages.clone(),
            default_language: document.default_language.clone(),
            texts: document.texts.clone(),
        }
    }
}

impl LogoShape {
    fn of(logo: &Logo) -> Self {
        let media_type = match logo.media_type.as_str() {
            "image/jpeg" => PictureName::Jpeg,
            "image/webp" => PictureName::WebP,
            _ => PictureName::Png,
        };
        Self { media_type, data: logo.data.clone() }
    }
}
