//! The colours of a portal, all made of the one that an operator chose. Whatever that is, words stay legible on every surface
//! of the style sheet, in both schemes (WCAG 2.2, 1.4.3).

use std::fmt;

use doorward_api::settings::Appearance;

/// The least contrast of words (WCAG 2.2, 1.4.3).
const LEGIBLE: f64 = 4.5;
/// What a dark scheme's buttons have: less would look dim beside its words.
const BRIGHT: f64 = 6.0;
/// A colour as dark as this cannot be seen to get darker.
const NEARLY_BLACK: f64 = 0.02;

const WHITE: Colour = Colour([255; 3]);
const BLACK: Colour = Colour([0; 3]);

/// What words stand on in the style sheet's light scheme: the card, and the page around it.
const LIGHT_SHEET: Colour = WHITE;
const LIGHT_PAGE: Colour = Colour([0xee, 0xf1, 0xf6]);
/// The same in its dark scheme.
const DARK_SHEET: Colour = Colour([0x17, 0x1e, 0x28]);
const DARK_PAGE: Colour = Colour([0x0e, 0x13, 0x1a]);

/// A colour: red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Colour([u8; 3]);

impl Colour {
    /// Reads `#2447b5`.
    fn parse(text: &str) -> Option<Self> {
        let six_digits = |text: &&str| text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let digits = text.strip_prefix('#').filter(six_digits)?;
        let part = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
        Some(Self([part(0)?, part(2)?, part(4)?]))
    }

    /// With so many of a hundred parts of another.
    fn mixed(self, other: Colour, percent: u32) -> Self {
        let Colour([red, green, blue]) = self;
        let Colour([other_red, other_green, other_blue]) = other;
        let part = |own: u8, other: u8| {
            let sum = u32::from(own) * (100 - percent.min(100)) + u32::from(other) * percent.min(100);
            u8::try_from((sum + 50) / 100).unwrap_or(u8::MAX)
        };
        Self([part(red, other_red), part(green, other_green), part(blue, other_blue)])
    }

    /// As little nearer to another colour as it takes to be legible on all of these.
    fn towards(self, other: Colour, contrast: f64, surfaces: &[Colour]) -> Self {
        let legible = |colour: &Colour| surfaces.iter().all(|surface| colour.contrast(*surface) >= contrast);
        (0..=100).map(|percent| self.mixed(other, percent)).find(legible).unwrap_or(other)
    }

    /// From 1 to 21 (WCAG 2.2, contrast ratio).
    fn contrast(self, other: Colour) -> f64 {
        let (own, other) = (self.luminance() + 0.05, other.luminance() + 0.05);
        if own > other { own / other } else { other / own }
    }

    /// From 0 to 1 (WCAG 2.2, relative luminance).
    fn luminance(self) -> f64 {
        let Colour([red, green, blue]) = self;
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Colour([red, green, blue]) = self;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

/// One scheme's shades of the accent colour: the custom properties of `doorward.css`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shades {
    /// Buttons, outlines, the bar of progress.
    pub(crate) accent: Colour,
    /// Words in that colour: links, and what looks like one.
    ink: Colour,
    /// Links and buttons under the pointer.
    strong: Colour,
    /// Words on buttons.
    pub(crate) on_accent: Colour,
    /// The ground of notices and of what is chosen.
    tint: Colour,
    /// Around a field that is being filled in.
    ring: Colour,
}

impl Shades {
    fn light(chosen: Colour) -> Self {
        let accent = chosen.towards(BLACK, LEGIBLE, &[WHITE]);
        let tint = LIGHT_SHEET.mixed(accent, 10);
        let ink = accent.towards(BLACK, LEGIBLE, &[LIGHT_SHEET, LIGHT_PAGE, tint]);
        let strong = if ink.luminance() < NEARLY_BLACK { ink.mixed(WHITE, 20) } else { ink.mixed(BLACK, 22) };
        Self { accent, ink, strong, on_accent: WHITE, tint, ring: LIGHT_SHEET.mixed(accent, 22) }
    }

    fn dark(chosen: Colour) -> Self {
        let accent = chosen.towards(WHITE, BRIGHT, &[DARK_SHEET, DARK_PAGE]);
        let tint = DARK_SHEET.mixed(accent, 14);
        let ink = accent.towards(WHITE, LEGIBLE, &[DARK_SHEET, DARK_PAGE, tint]);
        let on_accent = chosen.mixed(BLACK, 80).towards(BLACK, LEGIBLE, &[accent]);
        Self { accent, ink, strong: ink.mixed(WHITE, 35), on_accent, tint, ring: DARK_SHEET.mixed(accent, 28) }
    }

    /// With the names that the style sheet has for them.
    fn properties(&self) -> [(&'static str, Colour); 6] {
        [
            ("--accent", self.accent),
            ("--accent-ink", self.ink),
            ("--accent-strong", self.strong),
            ("--on-accent", self.on_accent),
            ("--tint", self.tint),
            ("--ring", self.ring),
        ]
    }

    fn declarations(&self) -> String {
        self.properties().map(|(name, colour)| format!("{name}:{colour};")).concat()
    }
}

/// The accent colour's shades.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Palette {
    /// In the light scheme.
    pub(crate) light: Shades,
    /// In the dark one.
    pub(crate) dark: Shades,
}

impl Palette {
    /// `None` where no colour was chosen, or what is stored is none.
    pub(crate) fn of(appearance: &Appearance) -> Option<Self> {
        let chosen = Colour::parse(appearance.accent.as_deref()?)?;
        Some(Self { light: Shades::light(chosen), dark: Shades::dark(chosen) })
    }

    /// A style sheet that is read after `doorward.css`.
    pub(crate) fn css(&self) -> String {
        let [light, dark] = [self.light, self.dark].map(|shades| shades.declarations());
        format!(":root{{{light}}}\n@media (prefers-color-scheme: dark){{:root{{{dark}}}}}\n")
    }
}

/// The style sheet of the accent colour, to be served to pages with this appearance: custom properties of `doorward.css`, for
/// the light scheme and the dark one. `None` where no colour was chosen.
pub fn accent_css(appearance: &Appearance) -> Option<String> {
    Palette::of(appearance).map(|palette| palette.css())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin::STATIC;

    /// Of each hue as light as may be chosen and darker, and what is lighter than may be.
    const CHOSEN: [&str; 12] = [
        "#2447b5", "#000000", "#767676", "#b3261e", "#ff0000", "#00aa00", "#0000ff", "#7a5c00", "#8a3ffc", "#007d79",
        "#ffff00", "#ffffff",
    ];

    fn palette(accent: &str) -> Palette {
        Palette::of(&Appearance { accent: Some(accent.to_owned()), ..Appearance::default() }).unwrap()
    }

    fn style_sheet() -> &'static str {
        STATIC.iter().find(|(name, _)| *name == "static/doorward.css").unwrap().1
    }

    /// The value of a property in a scheme of `doorward.css`.
    fn ours(property: &str, dark: bool) -> Colour {
        let value = style_sheet().split(&format!("{property}: ")).nth(1 + usize::from(dark)).unwrap();
        Colour::parse(value.split(';').next().unwrap()).unwrap()
    }

    #[test]
    fn words_are_legible_in_both_schemes_whatever_was_chosen() {
        for chosen in CHOSEN {
            let both = [(palette(chosen).light, false), (palette(chosen).dark, true)];
            for (shades, dark) in both {
                let legible = |words: Colour, on: Colour, what: &str| {
                    let contrast = words.contrast(on);
                    assert!(contrast >= LEGIBLE, "{chosen}, dark {dark}: {what} {words} on {on} has {contrast:.2}");
                };
                for surface in ["--page", "--sheet", "--sunken"].map(|name| ours(name, dark)) {
                    legible(shades.ink, surface, "a link");
                    legible(shades.strong, surface, "a link under the pointer");
                }
                legible(shades.ink, shades.tint, "a button under the pointer");
                legible(shades.on_accent, shades.accent, "a button");
                legible(shades.on_accent, shades.strong, "a button under the pointer");
                legible(ours("--ink", dark), shades.tint, "a notice");
                legible(ours("--soft", dark), shades.tint, "a hint on what is chosen");
                assert!(shades.accent.contrast(ours("--sheet", dark)) >= 3.0, "{chosen}: an outline");
            }
        }
    }

    #[test]
    fn a_colour_that_may_be_chosen_is_the_one_that_is_shown() {
        for chosen in ["#2447b5", "#000000", "#767676", "#b3261e"] {
            let Palette { light, dark } = palette(chosen);
            assert_eq!(light.accent.to_string(), chosen);
            assert!(
                light.strong != light.ink && dark.strong != dark.ink,
                "{chosen}: nothing is seen under the pointer"
            );
        }
        assert_ne!(palette("#ffff00").light.accent.to_string(), "#ffff00");
    }

    #[test]
    fn the_style_sheet_has_these_surfaces_and_knows_these_properties() {
        assert_eq!([ours("--sheet", false), ours("--page", false)], [LIGHT_SHEET, LIGHT_PAGE]);
        assert_eq!([ours("--sheet", true), ours("--page", true)], [DARK_SHEET, DARK_PAGE]);
        for (name, _) in palette("#2447b5").light.properties() {
            assert!(style_sheet().contains(&format!("var({name})")), "{name} is used nowhere");
            assert_eq!(style_sheet().matches(&format!("{name}: ")).count(), 2, "{name} in both schemes");
        }
    }

    #[test]
    fn the_style_sheet_of_a_colour_has_both_schemes_and_nothing_but_colours() {
        let css = accent_css(&Appearance { accent: Some("#0b6e4f".to_owned()), ..Appearance::default() }).unwrap();
        assert!(css.starts_with(":root{--accent:#0b6e4f;--accent-ink:#"), "{css}");
        let (light, dark) = css.split_once("@media (prefers-color-scheme: dark){:root{--accent:#").unwrap();
        assert_eq!((light.matches("--").count(), dark.matches("--").count()), (6, 5));
        assert!(dark.ends_with(";}}\n"), "{css}");
    }

    #[test]
    fn without_a_colour_there_is_no_style_sheet() {
        for accent in [None, Some("red"), Some("#12345"), Some("#+12345"), Some("2447b5"), Some("#éé12")] {
            let appearance = Appearance { accent: accent.map(str::to_owned), ..Appearance::default() };
            assert_eq!(accent_css(&appearance), None, "{accent:?}");
        }
    }

    #[test]
    fn contrast_is_what_the_guideline_makes_of_it() {
        assert!((WHITE.contrast(BLACK) - 21.0).abs() < 1e-9);
        let grey = Colour::parse("#767676").unwrap();
        assert!((4.5..4.6).contains(&grey.contrast(WHITE)));
        assert_eq!(BLACK.mixed(WHITE, 50).to_string(), "#808080");
    }
}
