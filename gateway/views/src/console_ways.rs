//! Where a page of the console may lead whoever reads it: nobody is offered a page that their role forbids.

use minijinja::{State, Value};

/// What pages take to be looked at, by what their paths begin with; the longer beginning goes before. What is not here is open to
/// everybody who is signed in.
const TAKES: [(&str, &str); 22] = [
    ("/enrolment-requests", "users:view"),
    ("/users", "users:view"),
    ("/groups", "groups:view"),
    ("/tokens", "tokens:view"),
    ("/import", "provisioning:edit"),
    ("/provisioning", "provisioning:view"),
    ("/settings/appearance", "appearance:view"),
    ("/settings/approvals", "operators:view"),
    ("/settings", "self_provisioning:view"),
    ("/access-policies", "access_policies:view"),
    ("/policies/account-lockout", "access_policies:view"),
    ("/policies", "token_policies:view"),
    ("/reports", "reports:view"),
    ("/logs/audit.csv", "audit:export"),
    ("/logs/audit.json", "audit:export"),
    ("/logs", "audit:view"),
    ("/operators/roles", "roles:view"),
    ("/operators/keys/new", "api_keys:edit"),
    ("/operators/keys", "api_keys:view"),
    ("/operators/invite", "operators:edit"),
    ("/operators/invitations", "operators:edit"),
    ("/operators", "operators:view"),
];

/// Whether the reader of the page may look at a page of the console.
pub(crate) fn leads(state: &State<'_, '_>, path: &str) -> bool {
    let operator = state.lookup("chrome").and_then(|chrome| chrome.get_attr("operator").ok());
    let may = operator.and_then(|operator| operator.get_attr("may").ok());
    may.is_none_or(|may| leads_whom(&may, path))
}

fn leads_whom(may: &Value, path: &str) -> bool {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let begins =
        |beginning: &str| path.strip_prefix(beginning).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let Some((_, takes)) = TAKES.iter().find(|(beginning, _)| begins(beginning)) else { return true };
    may.try_iter().is_ok_and(|mut all| all.any(|one| one.as_str() == Some(*takes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_leads_only_where_its_reader_may_look() {
        let may = Value::from(vec!["tokens:view", "operators:view"]);
        for there in ["/tokens", "/tokens/t1", "/tokens?locked=on", "/operators/o1", "/account", "/", "/approvals/a1"] {
            assert!(leads_whom(&may, there), "{there}");
        }
        for nowhere in ["/users/u1", "/groups/g1", "/operators/roles", "/operators/keys/new", "/settings/appearance"] {
            assert!(!leads_whom(&may, nowhere), "{nowhere}");
        }
    }

    #[test]
    fn what_each_takes_is_a_permission() {
        for (path, takes) in TAKES {
            assert!(doorward_api::Permission::parse(takes).is_some(), "{path}");
        }
    }
}
