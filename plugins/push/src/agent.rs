//! What the app says of itself in `User-Agent`: the one place where it says on what it runs.

use doorward_api::Target;
use doorward_api::device::DeviceFacts;

/// The app's name there.
const APP: &str = "privacyIDEA-App/";

/// The longest version that is shown.
const VERSION_MAX: usize = 24;

/// The app and its phone.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Agent {
    pub(crate) target: Target,
    version: String,
}

impl Agent {
    /// Reads `privacyIDEA-App/4.8.0 ios/Version 17.1 (Build 21B74)`. `None` for whatever is not that app on one of its
    /// two platforms.
    pub(crate) fn read(header: &str) -> Option<Self> {
        let (version, system) = header.strip_prefix(APP)?.split_once(' ')?;
        let (name, _) = system.split_once('/')?;
        let target = match name.to_ascii_lowercase().as_str() {
            "ios" => Target::Ios,
            "android" => Target::Android,
            _ => return None,
        };
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'+' | b'_');
        let shown = (1..=VERSION_MAX).contains(&version.len()) && version.bytes().all(plain);
        shown.then(|| Self { target, version: version.to_owned() })
    }

    /// What is remembered of it.
    pub(crate) fn facts(&self) -> DeviceFacts {
        let phone = if self.target == Target::Ios { "iPhone" } else { "Android" };
        DeviceFacts {
            os: self.target.as_str().to_owned(),
            form: "phone".to_owned(),
            name: format!("{phone}, privacyIDEA {}", self.version),
            installed: true,
            // Nobody wakes it: that would take the credentials of the app's makers.
            push: false,
            biometric: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_app_is_known_by_its_name_and_its_phone() {
        for (header, target, name) in [
            ("privacyIDEA-App/4.8 ios/17.1", Target::Ios, "iPhone, privacyIDEA 4.8"),
            ("privacyIDEA-App/4.8.0 ios/Version 17.1 (Build 21B74)", Target::Ios, "iPhone, privacyIDEA 4.8.0"),
            ("privacyIDEA-App/4.7.1 android/TP1A.220624.014", Target::Android, "Android, privacyIDEA 4.7.1"),
        ] {
            let agent = Agent::read(header).unwrap();
            assert_eq!((agent.target, agent.facts().name.as_str()), (target, name));
        }
        let facts = Agent::read("privacyIDEA-App/4.8 ios/17.1").unwrap().facts();
        assert_eq!((facts.os.as_str(), facts.form.as_str(), facts.push), ("ios", "phone", false));
    }

    #[test]
    fn nothing_else_is_the_app() {
        let long = format!("privacyIDEA-App/{} ios/17", "1".repeat(25));
        for header in [
            "",
            "privacyIDEA-App/4.8",
            "privacyIDEA-App/ ios/17",
            "privacyIDEA-App/4.8 linux/6.1",
            "privacyIDEA-App/4.8 ios",
            "privacyIDEA-App/<b> ios/17",
            "Mozilla/5.0 (iPhone) privacyIDEA-App/4.8 ios/17",
            &long,
        ] {
            assert_eq!(Agent::read(header), None, "{header}");
        }
    }
}
