//! What browser asks, in words that its owner knows it by: from its `User-Agent`, which says whatever it likes. It is
//! shown, and decides nothing.

/// What stands in the header, and what people call it; the first that fits. Browsers claim to be those that they came
/// from, so the younger stand first.
const BROWSERS: [(&str, &str); 12] = [
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("Vivaldi/", "Vivaldi"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Safari/", "Safari"),
];

const SYSTEMS: [(&str, &str); 8] = [
    ("Windows", "Windows"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Macintosh", "macOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

/// `Firefox on Windows`; one of the two where only one is known; empty where neither is.
pub(crate) fn shortened(user_agent: &str) -> String {
    let browser = named(&BROWSERS, user_agent);
    let system = named(&SYSTEMS, user_agent);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => String::new(),
    }
}

fn named(names: &[(&str, &'static str)], user_agent: &str) -> Option<&'static str> {
    names.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_known_by_the_name_that_people_give_it() {
        const WEBKIT: &str = "AppleWebKit/537.36 (KHTML, like Gecko)";
        let [windows, mac, iphone] = ["Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7", "iPhone"];
        for (user_agent, name) in [
            (format!("Mozilla/5.0 ({windows}; rv:140.0) Gecko/20100101 Firefox/140.0"), "Firefox on Windows"),
            (format!("Mozilla/5.0 ({windows}) {WEBKIT} Chrome/140.0 Safari/537.36 Edg/140.0"), "Edge on Windows"),
            (format!("Mozilla/5.0 ({windows}) {WEBKIT} Chrome/140.0 Safari/537.36"), "Chrome on Windows"),
            (format!("Mozilla/5.0 ({mac}) {WEBKIT} Version/18.4 Safari/605.1.15"), "Safari on macOS"),
            (format!("Mozilla/5.0 ({iphone}; like Mac OS X) {WEBKIT} CriOS/140.0 Safari/604.1"), "Chrome on iPhone"),
            (
                format!("Mozilla/5.0 (Linux; Android 15; SM-S931B) {WEBKIT} SamsungBrowser/28.0 Chrome/130.0"),
                "Samsung Internet on Android",
            ),
            (format!("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {WEBKIT} Chrome/140.0"), "Chrome on ChromeOS"),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".into(), "Firefox on Linux"),
            ("Mozilla/5.0 (Linux; Android 15)".into(), "Android"),
            ("Firefox/1".into(), "Firefox"),
            ("curl/8.16.0".into(), ""),
            (String::new(), ""),
        ] {
            assert_eq!(shortened(&user_agent), name, "{user_agent}");
        }
    }
}
