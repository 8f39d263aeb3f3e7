//! In which language a page is shown: the one chosen, else the browser's (R8, R9), else the default.

/// What a page is shown in when nothing else is asked for.
pub const DEFAULT: &str = "en";

/// Any language that is not named beside it (RFC 9110, 12.5.4).
const ANY: &str = "*";

/// A longer `Accept-Language` is not read.
const LONGEST_HEADER: usize = 1024;

/// Chooses among the `available` languages: `chosen` (the language cookie) if it is one of them, else what the browser's
/// `Accept-Language` asks for by RFC 4647 lookup, else the `default`, which is one of them. Whatever the inputs are, the answer
/// is one of these languages.
///
/// A language of weight 0 is not acceptable (RFC 9110, 12.4.2) and serves no other wish. Where `*` says that any other is, one
/// of the others is shown. Where nothing that is acceptable is asked for, the default is shown though it was refused: a page must
/// be shown in some language (12.5.4 would rather disregard the header than answer 406), and one that nobody named is no
/// likelier to be read.
pub fn negotiate<'a>(
    accept_language: Option<&str>,
    chosen: Option<&str>,
    available: &[&'a str],
    default: &'a str,
) -> &'a str {
    if let Some(language) = chosen.and_then(|range| look_up(range, available)) {
        return language;
    }
    let ranges = accept_language.map(parse).unwrap_or_default();
    let (refused, wanted): (Vec<_>, Vec<_>) = ranges.iter().partition(|range| range.thousandths == 0);
    let offered: Vec<&'a str> =
        available.iter().copied().filter(|language| !refused.iter().any(|r| covers(r.range, language))).collect();
    let close = |range: &str| look_up(range, &offered).or_else(|| kin(range, &offered));
    wanted.iter().find_map(|wanted| close(wanted.range)).unwrap_or_else(|| {
        let anything = wanted.iter().any(|wanted| wanted.range == ANY);
        let named = offered.first().copied().filter(|_| anything && !offered.contains(&default));
        named.unwrap_or(default)
    })
}

/// One item of `Accept-Language`.
#[derive(Debug)]
struct Range<'h> {
    range: &'h str,
    /// The `q` value times 1000.
    thousandths: u16,
}

/// The header's items, the most wanted first; equals in the order given. What is not understood is left out.
fn parse(header: &str) -> Vec<Range<'_>> {
    if header.len() > LONGEST_HEADER {
        return Vec::new();
    }
    let mut ranges: Vec<Range<'_>> = header.split(',').filter_map(parse_item).collect();
    ranges.sort_by_key(|range| std::cmp::Reverse(range.thousandths));
    ranges
}

fn parse_item(item: &str) -> Option<Range<'_>> {
    let mut parts = item.split(';').map(str::trim);
    let range = parts.next().filter(|range| *range == ANY || well_formed(range))?;
    let thousandths = match parts.next() {
        None => 1000,
        Some(weight) => parse_weight(weight.strip_prefix("q=").or_else(|| weight.strip_prefix("Q="))?)?,
    };
    parts.next().is_none().then_some(Range { range, thousandths })
}

/// RFC 4647 2.1: subtags of one to eight letters and digits, joined by hyphens.
fn well_formed(range: &str) -> bool {
    range.split('-').all(|tag| (1..=8).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// RFC 9110 12.4.2: `0`, `1`, and up to three decimals.
fn parse_weight(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{decimals:0<3}").parse().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1000),
        _ => None,
    }
}

/// RFC 4647 3.4: the range itself, then ever shorter beginnings of it.
fn look_up<'a>(range: &str, available: &[&'a str]) -> Option<&'a str> {
    let mut range = range;
    loop {
        if let Some(found) = available.iter().find(|language| language.eq_ignore_ascii_case(range)) {
            return Some(found);
        }
        range = range.rsplit_once('-')?.0;
        // A single letter introduces what followed it and goes with it.
        if let Some((shorter, last)) = range.rsplit_once('-')
            && last.len() == 1
        {
            range = shorter;
        }
    }
}

/// The same language as it is written or spoken elsewhere, where that is what there is: Brazil's Portuguese for whoever asks for
/// any (R8), simplified Chinese for whoever does not ask for the traditional script.
fn kin<'a>(range: &str, available: &[&'a str]) -> Option<&'a str> {
    const TRADITIONAL: [&str; 4] = ["hant", "tw", "hk", "mo"];
    let (first, rest) = range.split_once('-').unwrap_or((range, ""));
    let traditional = rest.split('-').any(|tag| TRADITIONAL.iter().any(|other| tag.eq_ignore_ascii_case(other)));
    if traditional && first.eq_ignore_ascii_case("zh") {
        return None;
    }
    let same = |language: &&&str| language.split_once('-').is_some_and(|(of, _)| of.eq_ignore_ascii_case(first));
    available.iter().find(same).copied()
}

/// Whether a refused range means this language: itself, or a beginning of it.
fn covers(range: &str, language: &str) -> bool {
    match (language.get(..range.len()), language.get(range.len()..)) {
        (Some(start), Some(rest)) => start.eq_ignore_ascii_case(range) && (rest.is_empty() || rest.starts_with('-')),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::DEFAULT;

    const OURS: [&str; 6] = ["en", "de", "fr", "es", "ja", "ar"];

    fn negotiate<'a>(header: Option<&str>, chosen: Option<&str>, available: &[&'a str]) -> &'a str {
        super::negotiate(header, chosen, available, DEFAULT)
    }

    #[test]
    fn where_english_is_not_offered_another_language_is_the_default() {
        let shown = |header| super::negotiate(header, None, &["de", "fr"], "fr");
        assert_eq!([shown(None), shown(Some("en")), shown(Some("de-AT"))], ["fr", "fr", "de"]);
    }

    fn from_browser(header: &str) -> &'static str {
        negotiate(Some(header), None, &OURS)
    }

    #[test]
    fn the_browsers_wish_decides() {
        assert_eq!(from_browser("fr-CA,fr;q=0.9,en;q=0.5"), "fr");
        assert_eq!(from_browser("de-CH"), "de");
        assert_eq!(from_browser("nl;q=1, en;q=0.2 , ES;q=0.8"), "es");
        assert_eq!(from_browser("pt-BR, ja-u-ca-japanese;Q=0.001"), "ja");
        assert_eq!(from_browser("en;q=0.5, ar;q=0.5"), "en");
    }

    #[test]
    fn no_wish_that_we_can_meet_is_english() {
        assert_eq!(negotiate(None, None, &OURS), "en");
        for header in ["", "*", "nl", "pt-BR", "*;q=0.5, nl"] {
            assert_eq!(from_browser(header), "en", "{header:?}");
        }
        assert_eq!(negotiate(None, None, &[]), "en");
    }

    #[test]
    fn the_same_language_from_elsewhere_is_better_than_english() {
        const ALL: [&str; 4] = ["en", "pt-BR", "zh-Hans", "ar"];
        for (header, shown) in [
            ("pt-PT", "pt-BR"),
            ("pt", "pt-BR"),
            ("pt-BR", "pt-BR"),
            ("zh-CN", "zh-Hans"),
            ("zh", "zh-Hans"),
            ("zh-Hans-SG", "zh-Hans"),
            ("zh-TW", "en"),
            ("zh-Hant-HK", "en"),
            ("zh-TW, ar;q=0.5", "ar"),
            ("pt-PT, pt-BR;q=0", "en"),
        ] {
            assert_eq!(negotiate(Some(header), None, &ALL), shown, "{header}");
        }
        assert_eq!(negotiate(None, Some("pt-BR"), &ALL), "pt-BR");
    }

    #[test]
    fn a_language_of_weight_zero_is_not_used() {
        assert_eq!(from_browser("fr;q=0, de;q=0.1"), "de");
        assert_eq!(from_browser("fr-CA, fr;q=0"), "en");
        for (header, shown) in [
            // English refused, and nothing else asked for: no other language is put in its place.
            ("en;q=0", "en"),
            ("en;q=0.0", "en"),
            ("en;q=0.000", "en"),
            ("EN;Q=0", "en"),
            ("en-GB;q=0", "en"),
            ("*;q=0", "en"),
            ("nl, *;q=0", "en"),
            ("en;q=0, *;q=0", "en"),
            ("en;q=0, nl", "en"),
            ("en;q=0, de;q=0", "en"),
            ("en;q=0,de;q=0,fr;q=0,es;q=0,ja;q=0,ar;q=0.0", "en"),
            // English refused, and whatever else there is accepted.
            ("en;q=0, *", "de"),
            ("*;q=0.5, en;q=0, de;q=0", "fr"),
            ("en;q=0, *;q=0.5, ja;q=0.1", "ja"),
            ("*, en;q=0, de;q=0, fr;q=0, es;q=0, ja;q=0, ar;q=0", "en"),
            // English refused, and another asked for.
            ("en;q=0, de", "de"),
            ("en;q=0, de;q=0.001", "de"),
            ("de;q=0.1, en;q=0", "de"),
            ("en;q=0, nl, ja;q=0.2", "ja"),
            ("de;q=0, fr;q=0, ar", "ar"),
            // Another refused, and English neither asked for nor refused.
            ("de;q=0", "en"),
            ("de;q=0, de-AT", "en"),
            // What is refused in one region only is still read.
            ("de-AT;q=0, de", "de"),
        ] {
            assert_eq!(from_browser(header), shown, "{header:?}");
        }
    }

    #[test]
    fn the_chosen_language_is_shown_though_the_browser_refuses_it() {
        assert_eq!(negotiate(Some("de;q=0, fr"), Some("de"), &OURS), "de");
    }

    #[test]
    fn a_hostile_header_is_english_and_never_an_error() {
        let long = "de,".repeat(5000);
        for header in [
            "../../x",
            "en;q=9e999",
            "de;q=",
            "de;q=1.1",
            "de;q=-1",
            "de;q=0.1234",
            "de;;;",
            ";",
            ",,,",
            "de;level=1",
            "<script>",
            "\u{0}",
            "ü-ü",
            "-",
            "de--",
            "de-",
            "de;q=0.5;x=1",
            &long,
        ] {
            assert_eq!(from_browser(header), "en", "{header:?}");
        }
    }

    #[test]
    fn the_chosen_language_beats_the_browsers() {
        assert_eq!(negotiate(Some("fr"), Some("ar"), &OURS), "ar");
        assert_eq!(negotiate(Some("fr"), Some("DE-at"), &OURS), "de");
        for nonsense in ["", "xx", "<script>", "../../x"] {
            assert_eq!(negotiate(Some("fr"), Some(nonsense), &OURS), "fr", "{nonsense:?}");
        }
    }

    #[test]
    fn a_longer_tag_of_ours_is_found_first() {
        let ours = ["en", "zh-Hans", "zh", "pt-BR"];
        assert_eq!(negotiate(Some("zh-Hans-CN"), None, &ours), "zh-Hans");
        assert_eq!(negotiate(Some("zh-Hant-TW"), None, &ours), "zh");
        assert_eq!(negotiate(Some("pt-BR,pt;q=0.9"), None, &ours), "pt-BR");
    }
}
