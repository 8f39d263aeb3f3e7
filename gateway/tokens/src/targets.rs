//! Where the authenticator is to be installed: the choices of W3 and W4 (R18..R20), and what is chosen beforehand.

use doorward_api::Target;

/// W3's answer "on a mobile device".
pub const MOBILE: &str = "mobile";

/// The allowed targets, in the wizard's order. There is at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choices(Vec<Target>);

/// The meaning of the form field `target`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// "On a mobile device", where there are several kinds: W4 follows.
    Mobile,
    /// A target. One of W4's counts at W3 for both (decision A8).
    Target(Target),
}

impl Choices {
    /// The allowed targets, in any order; `None` when there are none.
    pub fn new(allowed: impl IntoIterator<Item = Target>) -> Option<Self> {
        let given: Vec<Target> = allowed.into_iter().collect();
        let ordered: Vec<Target> = Target::ALL.into_iter().filter(|target| given.contains(target)).collect();
        (!ordered.is_empty()).then_some(Self(ordered))
    }

    /// Every allowed target.
    pub fn allowed(&self) -> &[Target] {
        &self.0
    }

    /// Whether a target is allowed.
    pub fn allows(&self, target: Target) -> bool {
        self.0.contains(&target)
    }

    /// The only target, when there is one only: W3 and W4 are skipped.
    pub fn only(&self) -> Option<Target> {
        match self.0.as_slice() {
            [target] => Some(*target),
            _ => None,
        }
    }

    /// The allowed mobile targets: W4's choices.
    pub fn mobile(&self) -> Vec<Target> {
        self.0.iter().copied().filter(|target| target.mobile()).collect()
    }

    /// W3's values in order. A kind with one target stands there as that target; `None` when there is one kind only, and
    /// the page is skipped.
    pub fn kinds(&self) -> Option<Vec<String>> {
        let mobile = self.mobile();
        let other = self.0.iter().filter(|target| !target.mobile()).map(|target| target.as_str().to_owned());
        let first = match mobile.as_slice() {
            [] => None,
            [target] => Some(target.as_str().to_owned()),
            _ => Some(MOBILE.to_owned()),
        };
        let kinds: Vec<String> = first.into_iter().chain(other).collect();
        (kinds.len() > 1).then_some(kinds)
    }

    /// Whether choosing a mobile device needs W4.
    pub fn asks_device(&self) -> bool {
        self.mobile().len() > 1
    }

    /// What a value of the field `target` means; `None` when it is nothing that is allowed.
    pub fn read(&self, value: &str) -> Option<Choice> {
        if value == MOBILE {
            return match self.mobile().as_slice() {
                [] => None,
                [target] => Some(Choice::Target(*target)),
                _ => Some(Choice::Mobile),
            };
        }
        Target::parse(value).filter(|target| self.allows(*target)).map(Choice::Target)
    }

    /// W3's value for a target.
    pub fn kind_of(&self, target: Target) -> String {
        if target.mobile() && self.asks_device() { MOBILE.to_owned() } else { target.as_str().to_owned() }
    }

    /// W3's value chosen beforehand: the kind that the browser runs on, or else the first.
    pub fn preselected_kind(&self, user_agent: &str) -> String {
        let kinds = self.kinds().unwrap_or_default();
        let here = guess(user_agent).map(|target| self.kind_of(target));
        kinds.iter().find(|kind| Some(*kind) == here.as_ref()).or(kinds.first()).cloned().unwrap_or_default()
    }

    /// W4's target chosen beforehand: the platform that the browser runs on, or else the first.
    pub fn preselected_device(&self, user_agent: &str) -> Option<Target> {
        let mobile = self.mobile();
        guess(user_agent).filter(|target| mobile.contains(target)).or_else(|| mobile.first().copied())
    }
}

/// The platform that a `User-Agent` speaks of. It preselects and never hides a choice (R20).
pub fn guess(user_agent: &str) -> Option<Target> {
    // Windows 10 Mobile named Android and iPhone as well, so it is looked for first.
    const SIGNS: [(&str, Target); 7] = [
        ("Windows Phone", Target::WindowsMobile),
        ("Windows Mobile", Target::WindowsMobile),
        ("iPhone", Target::Ios),
        ("iPad", Target::Ios),
        ("iPod", Target::Ios),
        ("Android", Target::Android),
        ("Windows NT", Target::WindowsDesktop),
    ];
    SIGNS.into_iter().find(|(sign, _)| user_agent.contains(sign)).map(|(_, target)| target)
}

/// Whether the browser seems to run on a device of a platform, so that the app can be opened right there. "On This
/// Computer" is any computer, whatever its system. It decides what comes first on a page, and nothing else.
pub fn is_here(user_agent: &str, target: Target) -> bool {
    const COMPUTERS: [&str; 3] = ["Macintosh", "X11", "CrOS"];
    match guess(user_agent) {
        Some(here) => here == target,
        None => target == Target::WindowsDesktop && COMPUTERS.iter().any(|sign| user_agent.contains(sign)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Target as T;

    fn choices(allowed: &[Target]) -> Choices {
        Choices::new(allowed.iter().copied()).unwrap()
    }

    #[test]
    fn the_table_of_r18_holds() {
        for (allowed, only, kinds, devices) in [
            (
                &[T::WindowsDesktop, T::Android, T::Ios][..],
                None,
                Some(vec!["mobile", "windows-desktop"]),
                &[T::Ios, T::Android][..],
            ),
            (&[T::Android], Some(T::Android), None, &[T::Android]),
            (&[T::WindowsDesktop], Some(T::WindowsDesktop), None, &[]),
            (&[T::WindowsMobile, T::Android], None, None, &[T::Android, T::WindowsMobile]),
            (&[T::Android, T::WindowsDesktop], None, Some(vec!["android", "windows-desktop"]), &[T::Android]),
        ] {
            let choices = choices(allowed);
            assert_eq!(choices.only(), only, "{allowed:?}");
            assert_eq!(choices.kinds(), kinds.map(|k| k.into_iter().map(str::to_owned).collect()), "{allowed:?}");
            assert_eq!(choices.mobile(), devices, "{allowed:?}");
        }
        assert_eq!(Choices::new([]), None, "no target: not offered at all");
    }

    #[test]
    fn a_value_means_something_only_where_it_is_allowed() {
        let usual = choices(&[T::Ios, T::Android, T::WindowsDesktop]);
        assert_eq!(usual.read("mobile"), Some(Choice::Mobile));
        assert_eq!(usual.read("windows-desktop"), Some(Choice::Target(T::WindowsDesktop)));
        assert_eq!(usual.read("ios"), Some(Choice::Target(T::Ios)), "a W4 value at W3 counts for both");
        for wrong in ["windows-mobile", "", "iOS", "Mobile", "ios ", "macos"] {
            assert_eq!(usual.read(wrong), None, "{wrong:?}");
        }
        assert_eq!(choices(&[T::Android, T::WindowsDesktop]).read("mobile"), Some(Choice::Target(T::Android)));
        assert_eq!(choices(&[T::WindowsDesktop]).read("mobile"), None);
    }

    #[test]
    fn the_browsers_platform_is_chosen_beforehand() {
        let usual = choices(&[T::Ios, T::Android, T::WindowsDesktop]);
        for (agent, kind, device) in [
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)", "mobile", T::Ios),
            ("Mozilla/5.0 (Linux; Android 15; Pixel 9)", "mobile", T::Android),
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64)", "windows-desktop", T::Ios),
            ("Mozilla/5.0 (X11; Linux x86_64)", "mobile", T::Ios),
            ("", "mobile", T::Ios),
            ("Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1; …) like iPhone", "mobile", T::Ios),
        ] {
            assert_eq!(usual.preselected_kind(agent), kind, "{agent}");
            assert_eq!(usual.preselected_device(agent), Some(device), "{agent}");
        }
    }

    #[test]
    fn any_computer_is_this_computer() {
        for (agent, here) in [
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)", Some(T::Ios)),
            ("Mozilla/5.0 (Linux; Android 15; Pixel 9)", Some(T::Android)),
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64)", Some(T::WindowsDesktop)),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)", Some(T::WindowsDesktop)),
            ("Mozilla/5.0 (X11; Linux x86_64)", Some(T::WindowsDesktop)),
            ("curl/8", None),
        ] {
            for target in T::ALL {
                assert_eq!(is_here(agent, target), Some(target) == here, "{agent} {target:?}");
            }
        }
    }

    #[test]
    fn what_is_chosen_beforehand_is_always_a_choice() {
        for bits in 1_u8..16 {
            let allowed: Vec<Target> =
                T::ALL.into_iter().enumerate().filter(|(at, _)| bits & (1 << at) != 0).map(|(_, t)| t).collect();
            let choices = choices(&allowed);
            for agent in ["iPhone", "Android", "Windows Phone", "Windows NT", "curl"] {
                if let Some(kinds) = choices.kinds() {
                    assert!(kinds.contains(&choices.preselected_kind(agent)), "{allowed:?} {agent}");
                    assert!(kinds.iter().all(|kind| choices.read(kind).is_some()), "{allowed:?}");
                }
                if choices.asks_device() {
                    let device = choices.preselected_device(agent).unwrap();
                    assert!(choices.mobile().contains(&device), "{allowed:?} {agent}");
                }
            }
        }
    }
}
