//! Appearance. Which messages there are, and which variables they may use, is for the views to say.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use doorward_api::language::{ENGLISH, TAGS};
use doorward_api::settings::{Appearance, Logo};
use doorward_api::{FieldFault, FieldRule};
use serde_json::Value;

use super::Checked;
use super::raw::{Raw, line};
use super::url::{LONGEST_URL, is_https, is_mailto, is_tel};

/// The longest product name, in characters.
const LONGEST_NAME: u32 = 64;

/// The longest words about whom to ask for help, in characters.
const LONGEST_SUPPORT: u32 = 200;

/// The largest logo, in bytes.
const LARGEST_LOGO: u32 = 64 * 1024;

/// The most texts, in all languages together.
const MOST_TEXTS: u32 = 100;

/// The longest text, in characters.
const LONGEST_TEXT: u32 = 500;

/// The least contrast of letters to what is behind them (WCAG 2.2, 1.4.3).
const LEAST_CONTRAST: f64 = 4.5;

/// What a picture may be. SVG is a document that can hold scripts, and is none of them.
#[derive(Clone, Copy)]
enum Picture {
    Png,
    Jpeg,
    WebP,
}

const PICTURES: [(&str, Picture); 3] =
    [("image/png", Picture::Png), ("image/jpeg", Picture::Jpeg), ("image/webp", Picture::WebP)];

impl Picture {
    /// Whether these are the first bytes of one.
    fn begins(self, bytes: &[u8]) -> bool {
        match self {
            Picture::Png => bytes.starts_with(b"\x89PNG\r\n\x1a\n"),
            Picture::Jpeg => bytes.starts_with(b"\xff\xd8\xff"),
            Picture::WebP => bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP"),
        }
    }
}

/// The media type of a picture, by its first bytes. `None` for what can be no logo.
pub fn picture_type(bytes: &[u8]) -> Option<&'static str> {
    PICTURES.iter().find(|(_, picture)| picture.begins(bytes)).map(|(media_type, _)| *media_type)
}

impl Checked for Appearance {
    fn read(raw: &Value) -> Result<Self, Vec<FieldFault>> {
        let mut raw = Raw::new(raw);
        let product_name = raw.optional("product_name", |value| line(value, LONGEST_NAME));
        let accent = raw.optional("accent", accent);
        let logo = logo(&mut raw);
        let support = raw.optional("support", |value| line(value, LONGEST_SUPPORT));
        let support_url = raw.optional("support_url", contact_url);
        let languages = languages(&mut raw);
        let default_language = default_language(&mut raw, languages.as_deref().unwrap_or_default());
        let texts = texts(&mut raw);
        raw.finish(|| {
            let languages = languages?.into_iter().map(str::to_owned).collect();
            Some(Self { product_name, accent, logo, support, support_url, languages, default_language, texts })
        })
    }
}

fn accent(value: &Value) -> Result<String, FieldRule> {
    let text = value.as_str().ok_or(FieldRule::Colour)?;
    let colour = colour(text).ok_or(FieldRule::Colour)?;
    if contrast_to_white(colour) < LEAST_CONTRAST {
        return Err(FieldRule::Contrast);
    }
    Ok(text.to_ascii_lowercase())
}

/// Red, green and blue of `#rrggbb`.
fn colour(text: &str) -> Option<[u8; 3]> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let [_, red, green, blue] = u32::from_str_radix(digits, 16).ok()?.to_be_bytes();
    Some([red, green, blue])
}

/// From 1, white itself, to 21, black (WCAG 2.2, "contrast ratio").
fn contrast_to_white(colour: [u8; 3]) -> f64 {
    (1.0 + 0.05) / (relative_luminance(colour) + 0.05)
}

/// From 0, black, to 1, white (WCAG 2.2, "relative luminance").
fn relative_luminance(colour: [u8; 3]) -> f64 {
    let linear = |part: u8| {
        let part = f64::from(part) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    };
    let [red, green, blue] = colour.map(linear);
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn logo(raw: &mut Raw<'_>) -> Option<Logo> {
    raw.value("logo")?;
    let mut fields = raw.object("logo");
    let picture = fields.choice("media_type", &PICTURES);
    let media_type = fields.value("media_type").and_then(Value::as_str);
    let data = fields.required("data", |value| picture_data(value, picture));
    raw.close(fields);
    Some(Logo { media_type: media_type?.to_owned(), data: data? })
}

/// The bytes decide what a browser makes of it: they must be what the media type says.
fn picture_data(value: &Value, picture: Option<Picture>) -> Result<String, FieldRule> {
    let text = value.as_str().ok_or(FieldRule::Base64)?;
    let bytes = BASE64.decode(text.as_bytes()).map_err(|_| FieldRule::Base64)?;
    if bytes.len() > LARGEST_LOGO as usize {
        return Err(FieldRule::TooLarge { max: LARGEST_LOGO });
    }
    if picture.is_some_and(|picture| !picture.begins(&bytes)) {
        return Err(FieldRule::Picture);
    }
    Ok(text.to_owned())
}

fn contact_url(value: &Value) -> Result<String, FieldRule> {
    let text = value.as_str().ok_or(FieldRule::ContactUrl)?;
    if text.chars().count() > LONGEST_URL as usize {
        return Err(FieldRule::TooLong { max: LONGEST_URL });
    }
    if is_https(text) || is_mailto(text) || is_tel(text) { Ok(text.to_owned()) } else { Err(FieldRule::ContactUrl) }
}

/// In the order in which they are offered; each once.
fn languages(raw: &mut Raw<'_>) -> Option<Vec<&'static str>> {
    let mut named = Vec::new();
    raw.each("languages", None, |value| {
        let tag = tag_of(value, &TAGS)?;
        if named.contains(&tag) {
            return Err(FieldRule::Twice);
        }
        named.push(tag);
        Ok(tag)
    })
}

/// One that is offered. Where English is not, somebody who asks for none that is must be given another.
fn default_language(raw: &mut Raw<'_>, languages: &[&'static str]) -> Option<String> {
    let offered = if languages.is_empty() { TAGS.as_slice() } else { languages };
    let one = |value| tag_of(value, offered).map(str::to_owned);
    if offered.contains(&ENGLISH.tag) {
        raw.optional("default_language", one)
    } else {
        raw.required("default_language", one)
    }
}

fn tag_of(value: &Value, tags: &[&'static str]) -> Result<&'static str, FieldRule> {
    let one = tags.iter().copied().find(|tag| value.as_str() == Some(tag));
    one.ok_or_else(|| FieldRule::OneOf { values: tags.iter().map(|tag| (*tag).to_owned()).collect() })
}

/// Names that are no language's and no message's are not asked for: they are unknown.
fn texts(raw: &mut Raw<'_>) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut languages = raw.object("texts");
    let mut texts = BTreeMap::new();
    for tag in languages.names().filter(|tag| TAGS.contains(tag)) {
        let mut messages = languages.object(tag);
        let words = words(&mut messages);
        languages.close(messages);
        if !words.is_empty() {
            texts.insert(tag.to_owned(), words);
        }
    }
    raw.close(languages);
    let count: usize = texts.values().map(BTreeMap::len).sum();
    if count > MOST_TEXTS as usize {
        raw.fault("texts", FieldRule::TooMany { max: MOST_TEXTS });
    }
    texts
}

/// An empty text is none: the words stay ours.
fn words(messages: &mut Raw<'_>) -> BTreeMap<String, String> {
    let mut words = BTreeMap::new();
    for name in messages.names().filter(|name| is_message(name)) {
        if let Some(text) = messages.optional(name, text).filter(|text| !text.is_empty()) {
            words.insert(name.to_owned(), text);
        }
    }
    words
}

fn is_message(name: &str) -> bool {
    let of_a_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(of_a_name)
}

/// One line. Marks of direction are no fault here: words from right to left may need them.
fn text(value: &Value) -> Result<String, FieldRule> {
    let text = value.as_str().ok_or(FieldRule::Text)?.trim();
    if text.chars().count() > LONGEST_TEXT as usize {
        return Err(FieldRule::TooLong { max: LONGEST_TEXT });
    }
    if text.contains(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        return Err(FieldRule::Text);
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use doorward_api::settings::Document;
    use serde_json::json;

    use super::*;
    use crate::settings::testing::said;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and more";
    const JPEG: &[u8] = b"\xff\xd8\xff\xe0 and more";
    const WEBP: &[u8] = b"RIFF\x04\0\0\0WEBP and more";

    fn with(field: &str, value: Value) -> Vec<String> {
        said(&Appearance::of_new(), field, value)
    }

    fn read(field: &str, value: Value) -> Appearance {
        let mut raw = Appearance::of_new().shown();
        raw[field] = value;
        let read = Appearance::read(&raw).unwrap();
        assert_eq!(Appearance::read(&read.shown()).unwrap(), read, "what is shown is read back");
        read
    }

    fn logo_of(media_type: &str, bytes: &[u8]) -> Value {
        json!({"media_type": media_type, "data": BASE64.encode(bytes)})
    }

    #[test]
    fn names_are_single_lines() {
        for (field, longest) in [("product_name", 64), ("support", 200)] {
            assert_eq!(with(field, json!(null)), [""; 0]);
            assert_eq!(with(field, json!("ä".repeat(longest))), [""; 0]);
            let said = with(field, json!("x".repeat(longest + 1)));
            assert_eq!(said, [format!("{field}: must have at most {longest} characters")]);
            assert_eq!(with(field, json!("  ")), [format!("{field}: must be given")]);
            for bad in [json!("a\nb"), json!("a\u{202e}b"), json!(1)] {
                assert_eq!(with(field, bad), [format!("{field}: must be one line of visible characters")]);
            }
        }
        assert_eq!(read("product_name", json!(" Acme ")).product_name.as_deref(), Some("Acme"));
    }

    #[test]
    fn a_colour_has_six_digits() {
        assert_eq!(read("accent", json!("#1A5FB4")).accent.as_deref(), Some("#1a5fb4"));
        for bad in [
            json!("#123"),
            json!("1a5fb4"),
            json!("#1a5fb4ff"),
            json!("#12345g"),
            json!("#+12345"),
            json!("blue"),
            json!(""),
            json!("#äää"),
            json!(0),
        ] {
            assert_eq!(with("accent", bad), ["accent: must be a colour such as #1a5fb4"]);
        }
    }

    #[test]
    fn white_letters_can_be_read_on_the_colour() {
        for good in ["#000000", "#767676", "#0000ff", "#d60000"] {
            assert_eq!(with("accent", json!(good)), [""; 0], "{good}");
        }
        for light in ["#ffffff", "#777777", "#ff0000", "#00ff00", "#ffff00"] {
            let said = with("accent", json!(light));
            assert_eq!(said, ["accent: is too light: its contrast to white must be at least 4.5"], "{light}");
        }
    }

    /// The examples that everybody quotes.
    #[test]
    fn contrast_is_reckoned_as_wcag_has_it() {
        let near = |colour: &str, expected: f64| {
            let contrast = contrast_to_white(super::colour(colour).unwrap());
            assert!((contrast - expected).abs() < 0.005, "{colour} {contrast}");
        };
        near("#ffffff", 1.0);
        near("#000000", 21.0);
        near("#767676", 4.54);
        near("#777777", 4.48);
        near("#ff0000", 4.0);
        near("#0000ff", 8.59);
    }

    #[test]
    fn a_logo_is_what_its_media_type_says() {
        assert_eq!(with("logo", json!(null)), [""; 0]);
        let kinds = [("image/png", PNG), ("image/jpeg", JPEG), ("image/webp", WEBP)];
        for (media_type, bytes) in kinds {
            let logo = read("logo", logo_of(media_type, bytes)).logo.unwrap();
            assert_eq!((logo.media_type.as_str(), logo.data), (media_type, BASE64.encode(bytes)));
            for (other, _) in kinds.into_iter().filter(|(other, _)| *other != media_type) {
                let said = with("logo", logo_of(other, bytes));
                assert_eq!(said, ["logo.data: must be a picture of the media type that is named"]);
            }
        }
        for none in [&b""[..], b"RIFF", b"RIFF\x04\0\0\0WAVE", b"GIF89a", b"<svg"] {
            let said = with("logo", logo_of("image/webp", none));
            assert_eq!(said, ["logo.data: must be a picture of the media type that is named"]);
        }
    }

    #[test]
    fn the_first_bytes_say_what_a_picture_is() {
        for (media_type, bytes) in [("image/png", PNG), ("image/jpeg", JPEG), ("image/webp", WEBP)] {
            assert_eq!(picture_type(bytes), Some(media_type));
        }
        for none in [&b""[..], b"RIFF", b"GIF89a", b"<svg/>", b"<!DOCTYPE html>"] {
            assert_eq!(picture_type(none), None);
        }
    }

    #[test]
    fn a_logo_is_no_drawing_that_can_hold_scripts() {
        let expected = ["logo.media_type: must be one of image/png, image/jpeg, image/webp"];
        assert_eq!(with("logo", logo_of("image/svg+xml", b"<svg/>")), expected);
        assert_eq!(with("logo", logo_of("IMAGE/PNG", PNG)), expected);
    }

    #[test]
    fn a_logo_is_base64_of_at_most_64_kib() {
        let of_size = |size: usize| {
            let mut bytes = PNG.to_vec();
            bytes.resize(size, 0);
            with("logo", logo_of("image/png", &bytes))
        };
        assert_eq!(of_size(64 * 1024), [""; 0]);
        assert_eq!(of_size(64 * 1024 + 1), ["logo.data: must have at most 65536 bytes"]);
        for bad in [json!("%"), json!("iVBORw0KGgo"), json!("iVBO\nRw0K"), json!(7)] {
            assert_eq!(with("logo", json!({"media_type": "image/png", "data": bad})), ["logo.data: must be Base64"]);
        }
        assert_eq!(with("logo", json!({"media_type": "image/png"})), ["logo.data: must be given"]);
        assert_eq!(
            with("logo", json!({"data": BASE64.encode(PNG), "alt": "A"})),
            ["logo.media_type: must be given", "logo.alt: there is no field alt"]
        );
        assert!(with("logo", json!("logo.png")).contains(&"logo: must be given".to_owned()));
    }

    #[test]
    fn help_is_reached_by_web_mail_or_telephone() {
        for good in [
            json!(null),
            json!("https://help.example.org/mfa"),
            json!("mailto:help@example.org"),
            json!("tel:+49-30-12"),
        ] {
            assert_eq!(with("support_url", good), [""; 0]);
        }
        let long = |length: usize| json!(format!("https://example.org/{}", "x".repeat(length - 20)));
        assert_eq!(with("support_url", long(2048)), [""; 0]);
        assert_eq!(with("support_url", long(2049)), ["support_url: must have at most 2048 characters"]);
        for bad in [
            json!("http://example.org"),
            json!("javascript:alert(1)"),
            json!("/help"),
            json!("https://a:b@example.org"),
            json!(""),
            json!(1),
        ] {
            let said = with("support_url", bad);
            assert_eq!(said, ["support_url: must be an absolute https:// URL, a mailto: or a tel: one"]);
        }
    }

    #[test]
    fn languages_are_those_that_there_are_each_once() {
        assert_eq!(read("languages", json!(["pt-BR", "en"])).languages, ["pt-BR", "en"]);
        assert_eq!(with("languages", json!(TAGS)), [""; 0]);
        assert_eq!(with("languages", json!(["en", "de", "en"])), ["languages[2]: is given twice"]);
        assert_eq!(with("languages", json!("en")), ["languages: must be a list"]);
        for bad in [json!("tlh"), json!("EN"), json!(1), json!(null)] {
            let said = with("languages", json!(["en", bad]));
            assert_eq!(said, [format!("languages[1]: must be one of {}", TAGS.join(", "))]);
        }
    }

    #[test]
    fn the_default_language_is_one_that_is_offered() {
        let both = |languages: Value, default: Value| {
            let mut raw = Appearance::of_new().shown();
            raw["languages"] = languages;
            raw["default_language"] = default;
            crate::settings::testing::faults::<Appearance>(&raw)
        };
        assert_eq!(both(json!([]), json!("ar")), [""; 0]);
        assert_eq!(both(json!(["de", "fr"]), json!("fr")), [""; 0]);
        assert_eq!(both(json!(["de", "en"]), json!(null)), [""; 0]);
        assert_eq!(both(json!(["de", "fr"]), json!("en")), ["default_language: must be one of de, fr"]);
        assert_eq!(both(json!(["de", "fr"]), json!(null)), ["default_language: must be given"]);
        assert_eq!(both(json!([]), json!("tlh")).len(), 1);
        assert_eq!(both(json!(["tlh"]), json!("en")).len(), 1, "one fault is not told as two");
    }

    #[test]
    fn words_stand_under_a_language_and_a_message() {
        let texts = json!({
            "de": {"sign-in-title": " Willkommen ", "sign-in-hint": "", "w2-code": null},
            "ar": {"sign-in-title": "\u{200f}مرحبا"},
            "fr": {"sign-in-title": " "},
        });
        let read = read("texts", texts);
        assert_eq!(
            read.shown()["texts"],
            json!({"de": {"sign-in-title": "Willkommen"}, "ar": {"sign-in-title": "\u{200f}مرحبا"}})
        );
    }

    #[test]
    fn what_is_no_language_and_no_message_is_unknown() {
        assert_eq!(with("texts", json!({"tlh": {"hello": "Qapla'"}})), ["texts.tlh: there is no field tlh"]);
        for bad in ["Hello", "1st", "-a", "a_b", "a.b", "", "größe"] {
            let said = with("texts", json!({"en": {bad: "Hello"}}));
            assert_eq!(said, [format!("texts.en.{bad}: there is no field {bad}")]);
        }
        assert_eq!(with("texts", json!({"en": "Hello"})), ["texts.en: must be given"]);
        assert_eq!(with("texts", json!([])), ["texts: must be given"]);
    }

    #[test]
    fn words_are_one_line_and_not_without_end() {
        let one = |text: Value| with("texts", json!({"en": {"hello": text}}));
        assert_eq!(one(json!("ä".repeat(500))), [""; 0]);
        assert_eq!(one(json!("x".repeat(501))), ["texts.en.hello: must have at most 500 characters"]);
        for bad in [json!("a\nb"), json!("a\u{2028}b"), json!(1), json!({})] {
            assert_eq!(one(bad), ["texts.en.hello: must be one line of visible characters"]);
        }
        let many = |count: usize| -> Value {
            (0..count).map(|n| (format!("m-{n}"), json!("x"))).collect::<serde_json::Map<_, _>>().into()
        };
        assert_eq!(with("texts", json!({"en": many(60), "de": many(40)})), [""; 0]);
        assert_eq!(with("texts", json!({"en": many(60), "de": many(41)})), ["texts: must have at most 100 entries"]);
    }
}
