//! A request that is only supposed, as it is typed at the console or sent to the API: read in one way for both, with all that is
//! wrong with it.

use std::sync::Arc;
use std::time::Duration;

use doorward_access::manage::policies::{ExplainForm, address_or_first};
use doorward_access::manage::{ManageError, Manager};
use doorward_access::site::AppOptions;
use doorward_api::{Factor, FieldFault, FieldRule, Timestamp, VirtualServerId};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// A path as policies are shown it: canonical, as the gateway would make it of what a client sends; or why the gateway refuses it.
pub type JudgedPath = Arc<dyn Fn(&str, &AppOptions) -> Result<Arc<str>, &'static str> + Send + Sync>;

/// What browsers encode by themselves in a path.
const BY_BROWSERS: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`').add(b'{').add(b'}');

/// The longest path that is looked at, as the gateway has it for a whole target.
const LONGEST_PATH: u32 = 8192;

/// A request as it is typed: nothing in it has been looked at.
#[derive(Debug, Default)]
pub(crate) struct Supposed<'a> {
    pub(crate) user: &'a str,
    pub(crate) groups: Vec<String>,
    pub(crate) app: &'a str,
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) address: &'a str,
    pub(crate) secure: bool,
    pub(crate) at: &'a str,
    pub(crate) proofs: Vec<(Factor, Duration)>,
    pub(crate) enrolment_deferred: bool,
    pub(crate) probation: bool,
}

/// What is wrong with a field.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Amiss {
    /// It breaks a rule.
    Rule(FieldFault),
    /// The gateway refuses the path, for this reason.
    Path(&'static str),
    /// No moment.
    Time,
}

/// Why nothing can be supposed.
#[derive(Debug)]
pub(crate) enum Unsupposed {
    /// This is wrong.
    Amiss(Vec<Amiss>),
    /// It cannot be looked up.
    Failed(ManageError),
}

impl Supposed<'_> {
    /// The request that it is.
    pub(crate) fn read(
        self,
        manager: &Manager,
        vs: &VirtualServerId,
        judged: &JudgedPath,
    ) -> Result<ExplainForm, Unsupposed> {
        let mut amiss = Vec::new();
        let app = match manager.application(vs, self.app.trim()) {
            Ok(app) => Some(app),
            Err(ManageError::Invalid(faults)) => {
                amiss.extend(faults.into_iter().map(Amiss::Rule));
                None
            }
            Err(error) => return Err(Unsupposed::Failed(error)),
        };
        let options = app.as_ref().map(|app| &app.options);
        let path = path(self.path, options.unwrap_or(&AppOptions::default()), judged).map_err(|why| amiss.push(why));
        let address = address_or_first(self.address);
        if address.is_none() {
            let rule = if self.address.trim().is_empty() { FieldRule::Required } else { FieldRule::Network };
            amiss.push(Amiss::Rule(FieldFault::new("address", rule)));
        }
        let at = moment(self.at).map_err(|why| amiss.push(why));
        let (Some(address), Ok(path), Ok(at), true) = (address, path, at, amiss.is_empty()) else {
            return Err(Unsupposed::Amiss(amiss));
        };
        Ok(ExplainForm {
            user: self.user.trim().to_owned(),
            groups: self.groups,
            app: self.app.trim().to_owned(),
            method: self.method.trim().to_owned(),
            path,
            address,
            secure: self.secure,
            at,
            proofs: self.proofs,
            enrolment_deferred: self.enrolment_deferred,
            probation: self.probation,
        })
    }
}

fn path(text: &str, options: &AppOptions, judged: &JudgedPath) -> Result<Arc<str>, Amiss> {
    let text = text.trim();
    let path = text.split(['?', '#']).next().filter(|path| !path.is_empty()).unwrap_or("/");
    if path.len() > LONGEST_PATH as usize {
        return Err(Amiss::Rule(FieldFault::new("path", FieldRule::TooLong { max: LONGEST_PATH })));
    }
    let sent = utf8_percent_encode(path, BY_BROWSERS).to_string();
    judged(&sent, options).map_err(Amiss::Path)
}

/// A moment as RFC 3339 has it, or a day and a time of UTC; nothing: now.
fn moment(text: &str) -> Result<Option<Timestamp>, Amiss> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let of_utc = || text.parse::<DateTime>().ok().and_then(|at| TimeZone::UTC.to_timestamp(at).ok());
    let instant = text.parse::<jiff::Timestamp>().ok().or_else(of_utc).ok_or(Amiss::Time)?;
    Ok(Some(Timestamp::from_millis(instant.as_millisecond())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_moment_or_one_of_utc() {
        let millis = |text: &str| moment(text).map(|at| at.map(Timestamp::rfc3339));
        let noon = || Ok(Some("2026-12-24T12:00:00.000Z".to_owned()));
        assert_eq!(millis("2026-12-24T13:00:00+01:00"), noon());
        assert_eq!(millis("2026-12-24 12:00"), noon());
        assert_eq!((millis(" "), millis("soon")), (Ok(None), Err(Amiss::Time)));
    }

    #[test]
    fn a_path_is_read_as_a_browser_would_send_it() {
        let judged: JudgedPath =
            Arc::new(|path, _| if path.contains("..") { Err("path_climbs") } else { Ok(path.into()) });
        let read = |text: &str| path(text, &AppOptions::default(), &judged).map(|path| path.to_string());
        assert_eq!(read(" /a b/ü?q=1#top "), Ok("/a%20b/%C3%BC".to_owned()));
        assert_eq!((read(""), read("?q")), (Ok("/".to_owned()), Ok("/".to_owned())));
        assert_eq!(read("/../x"), Err(Amiss::Path("path_climbs")));
    }
}
