//! The access policies, to be read and tried out. They are files, and nothing here changes them: what stands in force is what was
//! read at the start or at the last reload.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use doorward_api::user::User;
use doorward_api::{AppId, Factor, FieldFault, FieldRule, Object, Proofs, Subject, Timestamp, VirtualServerId};
use doorward_policy::cases;
use ipnet::IpNet;

use super::{ManageError, Manager};
use crate::names::fold_name;
use crate::site::{App, AppOptions, VirtualServer};

pub use doorward_policy::cases::{CaseFileError, CaseResult};
pub use doorward_policy::{
    ClauseExplanation, ClauseOutcome, Explanation, LoadError, LoadErrors, PolicyExplanation, PolicyOutcome, PolicyText,
    Source,
};

/// The policies in force.
#[derive(Debug, Clone)]
pub struct PolicyList {
    /// Changes when the files do; the audit trail tells it at each change.
    pub fingerprint: String,
    /// When they were read.
    pub loaded_at: Timestamp,
    /// The files, as they were read.
    pub files: Vec<Source>,
    /// Every policy, in the order of the files.
    pub policies: Vec<PolicyText>,
}

/// A request that is only supposed.
#[derive(Debug, Clone)]
pub struct ExplainForm {
    /// The sign-in name; empty for nobody.
    pub user: String,
    /// Groups to suppose instead of the user's own; whoever has these need not exist.
    pub groups: Vec<String>,
    /// The application's id.
    pub app: String,
    /// The method.
    pub method: String,
    /// The path as policies are shown it ([`Manager::application`] has the options that this takes).
    pub path: Arc<str>,
    /// The client's address.
    pub address: IpAddr,
    /// It comes over TLS.
    pub secure: bool,
    /// When; now, if it is not said.
    pub at: Option<Timestamp>,
    /// What was proved, and how long before that.
    pub proofs: Vec<(Factor, Duration)>,
    /// The enrolment is put off.
    pub enrolment_deferred: bool,
    /// The token is on probation.
    pub probation: bool,
}

/// What would be decided, and why.
#[derive(Debug, Clone)]
pub struct Explained {
    /// Who was supposed; nobody, or somebody made of groups alone, has no row.
    pub user: Option<User>,
    /// As the policies saw them.
    pub subject: Subject,
    /// What was asked for.
    pub object: Object,
    /// When.
    pub at: Timestamp,
    /// The decision, and every policy's part in it.
    pub explanation: Explanation,
}

/// What the cases came to.
#[derive(Debug, Clone)]
pub struct CasesRun {
    /// How many were decided as expected.
    pub passed: usize,
    /// How many were not, files that are no cases counted as one each.
    pub failed: usize,
    /// File by file.
    pub files: Vec<CaseFileRun>,
}

/// What the cases of one file came to.
#[derive(Debug, Clone)]
pub struct CaseFileRun {
    /// The file.
    pub file: String,
    /// Each of them, or why none could be run.
    pub outcome: Result<Vec<CaseResult>, CaseFileError>,
}

/// So much of a wrong method is said again, in characters.
const LONGEST_METHOD: usize = 32;

/// The most groups that are supposed.
const MOST_GROUPS: u32 = 100;

impl Manager {
    pub(super) fn server(&self, vs: &VirtualServerId) -> Result<Arc<VirtualServer>, ManageError> {
        self.desk.site.load().virtual_server(vs).cloned().ok_or(ManageError::NotFound)
    }

    /// The applications, by id.
    ///
    /// # Errors
    /// [`ManageError::NotFound`] when the virtual server is served no more.
    pub fn applications(&self, vs: &VirtualServerId) -> Result<Vec<Arc<App>>, ManageError> {
        Ok(self.server(vs)?.apps.values().cloned().collect())
    }

    /// The application of an id.
    ///
    /// # Errors
    /// [`ManageError::Invalid`] with `app`.
    pub fn application(&self, vs: &VirtualServerId, id: &str) -> Result<Arc<App>, ManageError> {
        if id.is_empty() {
            return Err(ManageError::field("app", FieldRule::Required));
        }
        let server = self.server(vs)?;
        let unknown = || ManageError::field("app", FieldRule::Unknown { value: id.to_owned() });
        server.apps.get(&AppId::new(id)).cloned().ok_or_else(unknown)
    }

    /// The policies in force.
    ///
    /// # Errors
    /// [`ManageError::NotFound`] when the virtual server is served no more.
    pub fn policies(&self, vs: &VirtualServerId) -> Result<PolicyList, ManageError> {
        let server = self.server(vs)?;
        Ok(PolicyList {
            fingerprint: server.policies.fingerprint(),
            loaded_at: server.beside.loaded_at,
            files: server.policies.sources().to_vec(),
            policies: server.policies.listed(),
        })
    }

    /// What would be decided for a request, and why.
    ///
    /// # Errors
    /// [`ManageError::Invalid`] by the form's names.
    pub async fn explain_policy(
        &self,
        vs: &VirtualServerId,
        form: &ExplainForm,
        now: Timestamp,
    ) -> Result<Explained, ManageError> {
        let app = self.application(vs, &form.app)?;
        let mut faults = Vec::new();
        let method = method(&mut faults, &form.method, &app.options);
        let at = form.at.unwrap_or(now);
        let user = self.supposed_user(vs, form, &mut faults).await?;
        if !faults.is_empty() {
            return Err(ManageError::Invalid(faults));
        }
        let subject = subject(form, user.as_ref(), at);
        let object = Object {
            virtual_server: vs.clone(),
            app: app.id.clone(),
            host: app.host.as_str().into(),
            method: method.into(),
            path: form.path.clone(),
            client: form.address,
            secure: form.secure,
        };
        let explanation = doorward_policy::explain(&self.server(vs)?.policies, &subject, &object, at);
        Ok(Explained { user: user.filter(|_| form.groups.is_empty()), subject, object, at, explanation })
    }

    async fn supposed_user(
        &self,
        vs: &VirtualServerId,
        form: &ExplainForm,
        faults: &mut Vec<FieldFault>,
    ) -> Result<Option<User>, ManageError> {
        let name = form.user.trim();
        if form.groups.len() > MOST_GROUPS as usize {
            faults.push(FieldFault::new("groups", FieldRule::TooMany { max: MOST_GROUPS }));
        }
        if name.is_empty() {
            let somebody =
                !form.groups.is_empty() || !form.proofs.is_empty() || form.enrolment_deferred || form.probation;
            if somebody {
                faults.push(FieldFault::new("user", FieldRule::Required));
            }
            return Ok(None);
        }
        let Some(folded) = fold_name(name) else {
            faults.push(FieldFault::new("user", FieldRule::SignInName));
            return Ok(None);
        };
        if !form.groups.is_empty() {
            return Ok(Some(User::supposed(name, &form.groups)));
        }
        let found = self.ports().directory.find(vs, &folded).await?;
        if found.is_none() {
            faults.push(FieldFault::new("user", FieldRule::Unknown { value: name.to_owned() }));
        }
        Ok(found)
    }

    /// The files of the cases that say what the policies must decide.
    ///
    /// # Errors
    /// [`ManageError::NotFound`] when the virtual server is served no more.
    pub fn policy_cases(&self, vs: &VirtualServerId) -> Result<Vec<String>, ManageError> {
        Ok(self.server(vs)?.beside.cases.iter().map(|source| source.file.clone()).collect())
    }

    /// Runs the cases that say what the policies must decide.
    ///
    /// # Errors
    /// [`ManageError::NotFound`] when the virtual server is served no more.
    pub fn run_policy_cases(&self, vs: &VirtualServerId) -> Result<CasesRun, ManageError> {
        let server = self.server(vs)?;
        let run = |source: &Source| CaseFileRun {
            file: source.file.clone(),
            outcome: cases::run(&server.policies, &source.file, &source.text),
        };
        let files: Vec<CaseFileRun> = server.beside.cases.iter().map(run).collect();
        let results = || files.iter().flat_map(|file| file.outcome.iter().flatten());
        let broken = files.iter().filter(|file| file.outcome.is_err()).count();
        let passed = results().filter(|result| result.passed()).count();
        let failed = results().count() - passed + broken;
        Ok(CasesRun { passed, failed, files })
    }
}

/// An address; of a network, the first one in it.
pub fn address_or_first(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    text.parse::<IpAddr>().ok().or_else(|| text.parse::<IpNet>().ok().map(|network| network.network()))
}

/// A method, in capital letters. Of one that the application does not take, no policy is asked.
fn method(faults: &mut Vec<FieldFault>, text: &str, options: &AppOptions) -> String {
    let method = Some(text.trim()).filter(|text| !text.is_empty()).unwrap_or("GET").to_ascii_uppercase();
    if !options.takes_method(&method) {
        let value = method.chars().take(LONGEST_METHOD).collect();
        faults.push(FieldFault::new("method", FieldRule::Unknown { value }));
    }
    method
}

fn subject(form: &ExplainForm, user: Option<&User>, at: Timestamp) -> Subject {
    let Some(user) = user.cloned() else { return Subject::Anonymous };
    let given = form.proofs.iter().fold(Proofs::NONE, |proofs, (factor, age)| proofs.with(*factor, at - *age));
    Subject::supposed(user, given.supposing(form.enrolment_deferred, form.probation, at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::{PASSWORD_AND_OTP, Stage};
    use crate::testing::now;

    fn vs() -> VirtualServerId {
        VirtualServerId::from("default")
    }

    fn form(user: &str, proofs: &[Factor]) -> ExplainForm {
        ExplainForm {
            user: user.to_owned(),
            groups: Vec::new(),
            app: "wiki".to_owned(),
            method: "get".to_owned(),
            path: "/page".into(),
            address: [192, 0, 2, 7].into(),
            secure: true,
            at: None,
            proofs: proofs.iter().map(|factor| (*factor, Duration::ZERO)).collect(),
            enrolment_deferred: false,
            probation: false,
        }
    }

    fn wrong(error: ManageError) -> Vec<String> {
        match error {
            ManageError::Invalid(faults) => faults.into_iter().map(|fault| fault.field).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn policies_are_listed_with_their_text_and_their_place() {
        let stage = Stage::set(PASSWORD_AND_OTP);
        let list = Manager::new(stage.desk.clone()).policies(&vs()).unwrap();
        let [policy] = &list.policies[..] else { panic!("{list:?}") };
        assert_eq!((policy.id.as_str(), policy.effect, policy.line), ("wiki-staff", "permit", 2));
        assert_eq!(policy.app.as_ref().map(AppId::as_str), Some("wiki"));
        assert_eq!(policy.annotations, [("id".to_owned(), "wiki-staff".to_owned())]);
        assert!(policy.text.starts_with("@id(\"wiki-staff\")") && policy.text.ends_with("};"), "{}", policy.text);
        assert_eq!(list.files[0].text, PASSWORD_AND_OTP);
    }

    #[tokio::test]
    async fn a_supposed_request_is_decided_for_whoever_is_supposed() {
        let stage = Stage::set(PASSWORD_AND_OTP);
        let manager = Manager::new(stage.desk.clone());
        let explained = async |form: &ExplainForm| manager.explain_policy(&vs(), form, now()).await.unwrap();
        let nobody = explained(&form("", &[])).await;
        assert_eq!((nobody.explanation.decision, nobody.user), ("challenge", None));
        let staff = ExplainForm { groups: vec!["staff".to_owned()], ..form("somebody", &[Factor::Password]) };
        let half = explained(&staff).await;
        assert_eq!((half.explanation.decision, &half.explanation.need[..]), ("challenge", &[Factor::Otp][..]));
        assert_eq!(half.object.method, "GET");
        let whole =
            ExplainForm { groups: vec!["staff".to_owned()], ..form("somebody", &[Factor::Password, Factor::Otp]) };
        assert_eq!(explained(&whole).await.explanation.decision, "admit");
    }

    #[tokio::test]
    async fn a_method_that_an_application_has_opted_into_is_supposed_like_any_other() {
        let stage = Stage::set(PASSWORD_AND_OTP);
        let mut server = crate::testing::virtual_server_with("default", PASSWORD_AND_OTP);
        let app = server.apps.get_mut(&AppId::from("wiki")).and_then(Arc::get_mut).unwrap();
        app.options.extra_methods = vec!["PROPFIND".to_owned()];
        stage.serve(server);
        let supposed = ExplainForm { method: "propfind".to_owned(), ..form("", &[]) };
        let explained = Manager::new(stage.desk.clone()).explain_policy(&vs(), &supposed, now()).await.unwrap();
        assert_eq!(explained.object.method, "PROPFIND");
    }

    #[tokio::test]
    async fn what_cannot_be_is_named_by_its_field() {
        let stage = Stage::set(PASSWORD_AND_OTP);
        let manager = Manager::new(stage.desk.clone());
        let fails = async |form: ExplainForm| wrong(manager.explain_policy(&vs(), &form, now()).await.unwrap_err());
        assert_eq!(fails(ExplainForm { app: "mail".to_owned(), ..form("", &[]) }).await, ["app"]);
        assert_eq!(fails(ExplainForm { app: String::new(), ..form("", &[]) }).await, ["app"]);
        assert_eq!(fails(form("nobody-of-this-name", &[])).await, ["user"]);
        assert_eq!(fails(form("", &[Factor::Otp])).await, ["user"]);
        for method in ["G T", "TRACE", "PROPFIND"] {
            assert_eq!(fails(ExplainForm { method: method.to_owned(), ..form("", &[]) }).await, ["method"]);
        }
        let many = vec!["g".to_owned(); MOST_GROUPS as usize + 1];
        assert_eq!(fails(ExplainForm { groups: many, ..form("a", &[]) }).await, ["groups"]);
    }

    #[test]
    fn a_network_stands_for_its_first_address() {
        assert_eq!(address_or_first(" 192.0.2.7 "), Some([192, 0, 2, 7].into()));
        assert_eq!(address_or_first("10.1.2.3/8"), Some([10, 0, 0, 0].into()));
        assert_eq!(address_or_first("2001:db8::/32"), Some("2001:db8::".parse().unwrap()));
        assert_eq!(address_or_first("somewhere"), None);
    }

    #[test]
    fn cases_are_counted_and_a_file_that_holds_none_is_told() {
        let policies = r#"@id("all") permit(principal, action, resource);"#;
        let case = |expect: &str| format!("[[case]]\nname = \"{expect}\"\napp = \"wiki\"\nexpect = \"{expect}\"\n");
        let source = |file: &str, text: String| Source { file: file.to_owned(), text };
        let stage = Stage::set(policies);
        let mut server = crate::testing::virtual_server_with("default", policies);
        server.beside.cases = vec![
            source("a.toml", case("admit") + &case("refuse")),
            source("b.toml", "[[case]]\nnames = 1\n".to_owned()),
        ];
        stage.serve(server);
        let run = Manager::new(stage.desk.clone()).run_policy_cases(&vs()).unwrap();
        assert_eq!((run.passed, run.failed), (1, 2));
        let [a, b] = &run.files[..] else { panic!("{run:?}") };
        let of_a = a.outcome.as_ref().unwrap();
        assert_eq!(of_a[1].difference.as_deref(), Some("expected refuse, got admit by all"));
        assert_eq!(b.outcome.as_ref().unwrap_err().line, 2);
    }
}
