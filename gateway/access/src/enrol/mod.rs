//! Self-provisioning: the wizard between "you need an authenticator" and its first passcode.
//!
//! [`step`] says what an event leads to and touches nothing; the driver loads the flow, asks it, and carries the effects
//! out in one change. [`code`] makes and checks the emailed codes.

mod adding;
pub mod by_mail;
pub mod code;
mod driver;
mod grant;
pub(crate) mod kinds;
mod pages;
pub mod step;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod walks;

pub(crate) use driver::Applicant;
pub(crate) use grant::CODE_LENGTH;

use doorward_api::{FlowData, Progress, Step, Target};
use doorward_tokens::Choices;

/// "Step n of m" over the pages that this user really sees (R11): W1, W2, the extra proof where the rule `asks_more`, W3 and W4
/// where there is something to choose, W5, and the first passcode. Until a platform is chosen, the longest way is counted.
pub(crate) fn progress(step: Step, data: &FlowData, choices: &Choices, asks_more: bool) -> Option<Progress> {
    let more = u8::from(asks_more);
    // Whoever adds another, or comes by the link of a mail, sees neither W1 nor W2.
    let begun = if data.adding || data.provisioned.is_some() { 0 } else { 2 };
    let kind = u8::from(choices.kinds().is_some());
    let device = u8::from(choices.asks_device() && data.target.is_none_or(Target::mobile));
    let at = match step {
        Step::Offered => 1,
        Step::CodeSent => 2,
        Step::ExtraProof => 3,
        Step::EmailVerified if data.mobile_chosen && kind > 0 => begun + 2 + more,
        Step::EmailVerified => begun + 1 + more,
        Step::CodeIssued if data.asks_passcode => begun + 2 + more + kind + device,
        Step::CodeIssued => begun + 1 + more + kind + device,
        _ => return None,
    };
    // Back at W3 with a platform in hand, the longest way lies ahead again.
    let device =
        if matches!(step, Step::EmailVerified | Step::ExtraProof) { u8::from(choices.asks_device()) } else { device };
    Some(Progress { step: at, of: begun + 2 + more + kind + device })
}

#[cfg(test)]
mod unit {
    use super::*;
    use crate::enrol::step::tests::blank;
    use Target as T;

    fn pages(allowed: &[Target], way: &[(Step, Option<Target>, bool, bool)]) -> Vec<(u8, u8)> {
        let choices = Choices::new(allowed.iter().copied()).unwrap();
        let page = |&(step, target, mobile_chosen, asks_passcode): &(Step, Option<Target>, bool, bool)| {
            let data = FlowData { target, mobile_chosen, asks_passcode, ..blank() };
            progress(step, &data, &choices, false).map(|p| (p.step, p.of)).unwrap()
        };
        way.iter().map(page).collect()
    }

    #[test]
    fn only_pages_that_are_seen_are_counted() {
        let phone = [
            (Step::Offered, None, false, false),
            (Step::CodeSent, None, false, false),
            (Step::EmailVerified, None, false, false),
            (Step::EmailVerified, None, true, false),
            (Step::CodeIssued, Some(T::Android), true, false),
            (Step::CodeIssued, Some(T::Android), true, true),
        ];
        let usual = [T::Ios, T::Android, T::WindowsDesktop];
        assert_eq!(pages(&usual, &phone), [(1, 6), (2, 6), (3, 6), (4, 6), (5, 6), (6, 6)]);
        let computer = [
            (Step::CodeIssued, Some(T::WindowsDesktop), false, false),
            (Step::CodeIssued, Some(T::WindowsDesktop), false, true),
        ];
        assert_eq!(pages(&usual, &computer), [(4, 5), (5, 5)]);
        let single = [phone[0], phone[1], phone[4], phone[5]];
        assert_eq!(pages(&[T::Android], &single), [(1, 4), (2, 4), (3, 4), (4, 4)]);
        let mobile_only = [phone[0], phone[1], phone[2], phone[4], phone[5]];
        assert_eq!(pages(&[T::Android, T::Ios], &mobile_only), [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]);
    }

    #[test]
    fn whoever_adds_another_begins_with_the_choice() {
        let choices = Choices::new([T::Ios, T::Android, T::WindowsDesktop]).unwrap();
        let at = |step, target, mobile_chosen, asks_passcode| {
            let data = FlowData { target, mobile_chosen, asks_passcode, adding: true, ..blank() };
            progress(step, &data, &choices, false).map(|p| (p.step, p.of)).unwrap()
        };
        let way = [
            at(Step::EmailVerified, None, false, false),
            at(Step::EmailVerified, None, true, false),
            at(Step::CodeIssued, Some(T::Ios), true, false),
            at(Step::CodeIssued, Some(T::Ios), true, true),
        ];
        assert_eq!(way, [(1, 4), (2, 4), (3, 4), (4, 4)]);
    }

    #[test]
    fn an_extra_proof_is_a_page_of_its_own() {
        let choices = Choices::new([T::Android]).unwrap();
        let at = |step| progress(step, &blank(), &choices, true).map(|p| (p.step, p.of)).unwrap();
        let way = [Step::Offered, Step::CodeSent, Step::ExtraProof, Step::CodeIssued].map(at);
        assert_eq!(way, [(1, 5), (2, 5), (3, 5), (4, 5)]);
    }

    #[test]
    fn outside_the_wizard_there_is_no_progress() {
        let choices = Choices::new([T::Android]).unwrap();
        for step in [Step::Password, Step::Passcode, Step::Confirmed, Step::Cancelled, Step::Superseded] {
            assert_eq!(progress(step, &blank(), &choices, true), None);
        }
    }
}
