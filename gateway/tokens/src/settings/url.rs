//! URLs that stand on pages.

/// The longest URL, in characters (R46).
pub(super) const LONGEST_URL: u32 = 2048;

/// Absolute, with a host, without credentials, made of what a URL is made of.
pub(super) fn is_https(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    !host.is_empty() && !authority.contains('@') && text.chars().all(of_a_url)
}

/// To one mail address (RFC 6068); a subject may follow it.
pub(super) fn is_mailto(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("mailto:") else { return false };
    let address = rest.split('?').next().unwrap_or_default();
    let both_sides = address.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !domain.contains('@') && !address.contains(',')
    });
    both_sides && text.chars().all(of_a_url)
}

/// A telephone number (RFC 3966); an extension may follow it.
pub(super) fn is_tel(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("tel:") else { return false };
    let number = rest.split(';').next().unwrap_or_default();
    let digits = number.strip_prefix('+').unwrap_or(number);
    let of_a_number = |c: char| c.is_ascii_digit() || matches!(c, '-' | '.' | '(' | ')');
    digits.contains(|c: char| c.is_ascii_digit()) && digits.chars().all(of_a_number) && text.chars().all(of_a_url)
}

fn of_a_url(c: char) -> bool {
    c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_address_has_two_sides_and_is_one() {
        for good in ["mailto:help@example.org", "mailto:a+b@example.org?subject=Help%20me"] {
            assert!(is_mailto(good), "{good}");
        }
        for bad in [
            "mailto:",
            "mailto:help",
            "mailto:@example.org",
            "mailto:help@",
            "mailto:a@b@c",
            "mailto:a@example.org,b@example.org",
            "mailto:?to=help@example.org",
            "mailto:help@example.org?subject=Help me",
            "MAILTO:help@example.org",
        ] {
            assert!(!is_mailto(bad), "{bad}");
        }
    }

    #[test]
    fn a_telephone_number_has_digits() {
        for good in ["tel:+49-30-1234", "tel:110", "tel:(030)12.34", "tel:+4930123;ext=7"] {
            assert!(is_tel(good), "{good}");
        }
        for bad in ["tel:", "tel:+", "tel:-", "tel:12 34", "tel:CALL-ME", "tel:1+2", "tel:1;ext=<7>", "sms:110"] {
            assert!(!is_tel(bad), "{bad}");
        }
    }
}
