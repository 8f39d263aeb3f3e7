//! An amount of memory as it is written: a number of bytes, or text such as `"512MiB"`.

use serde::Deserialize;

/// As it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "a number of bytes, or text such as \"512MiB\"")]
pub(crate) enum Size {
    Bytes(u64),
    Text(String),
}

impl Size {
    /// In bytes; nothing when it says no amount.
    pub(crate) fn bytes(&self) -> Option<u64> {
        const UNITS: [(&str, u64); 3] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];
        match self {
            Self::Bytes(bytes) => Some(*bytes),
            Self::Text(text) => UNITS.iter().find_map(|(unit, bytes)| {
                let count = text.strip_suffix(unit)?.trim_end();
                count.parse::<u64>().ok()?.checked_mul(*bytes)
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_a_number_of_bytes_or_has_a_unit_of_two_to_the_tenth() {
        let text = |text: &str| Size::Text(text.to_owned()).bytes();
        assert_eq!(Size::Bytes(7).bytes(), Some(7));
        assert_eq!(text("64KiB"), Some(65_536));
        assert_eq!(text("256MiB"), Some(268_435_456));
        assert_eq!(text("2 GiB"), Some(2_147_483_648));
        for wrong in ["", "MiB", "256", "256MB", "256 mib", "-1MiB", "0.5GiB", "99999999999999GiB"] {
            assert_eq!(text(wrong), None, "{wrong:?}");
        }
    }
}
