//! `doorward policy replay`: what other policies would have decided differently, tried on the decision records of a database.

use std::path::Path;

use doorward_access::replay::{Replay, ReplayRun};
use doorward_access::site::served;
use doorward_api::decided::{Decided, Difference};
use doorward_policy::Policies;

use crate::args::DirectoryArgs;
use crate::commands::{runtime, which};
use crate::config::read_policies;
use crate::{Failure, Finding, config, wire};

/// Replays all records; [`Finding::Bad`] when any would be decided otherwise.
pub(crate) fn policy_replay(of: &DirectoryArgs, folder: &Path) -> Result<Finding, Failure> {
    let config = config::load(&of.config.config)?;
    let id = which(&config, of.virtual_server.as_deref())?;
    let none = || Failure::Other(format!("there is no virtual server {id}"));
    let server = config.site.virtual_server(&id).ok_or_else(none)?;
    let sources = read_policies(folder)?;
    if sources.is_empty() {
        return Err(Failure::Other(format!("{} holds no *.cedar: nothing is proposed", folder.display())));
    }
    let proposed = Policies::load(&sources, &served(server.apps.values())).map_err(Failure::other)?;
    let store = wire::read_own_store(&config)?;
    let mut run = ReplayRun::new(server.policies.clone(), proposed.into());
    let runtime = runtime()?;
    let all = loop {
        match runtime.block_on(run.read(&store, &id)) {
            Ok(true) => run.decide(&id, None),
            Ok(false) => break Ok(()),
            Err(error) => break Err(Failure::Store(error.to_string())),
        }
    };
    store.close();
    all?;
    let replay = run.finish();
    print!("{}", told(&replay));
    Ok(if replay.totals.is_empty() { Finding::Good } else { Finding::Bad })
}

/// A line for each who is affected, and what it comes to.
fn told(replay: &Replay) -> String {
    let mut text = String::new();
    for group in &replay.groups {
        let who = if group.user.is_some() { group.name.as_str() } else { "nobody signed in" };
        let example = &group.example;
        text += &format!(
            "{:<5} {who} in {}: {} requests, such as {} {} from {}: {} instead of {}\n",
            group.outcome.as_str(),
            group.app,
            group.requests,
            example.method,
            example.path,
            example.client,
            said(&example.after),
            said(&example.before),
        );
    }
    if replay.left_out > 0 {
        text += &format!("and {} more\n", replay.left_out);
    }
    let since = replay.since.map(|at| format!(" since {}", at.minute_utc())).unwrap_or_default();
    text += &format!("\n{} requests in {} records{since}", replay.requests, replay.records);
    let total = |outcome: Difference| replay.totals.iter().find(|total| total.outcome == outcome);
    for outcome in Difference::ALL {
        let (requests, users) = total(outcome).map_or((0, 0), |total| (total.requests, total.users));
        text += &format!("; {} {requests} of {users} users", outcome.as_str());
    }
    text + "\n"
}

fn said(decided: &Decided) -> String {
    let need: Vec<&str> = decided.need.iter().map(|factor| factor.as_str()).collect();
    let by: Vec<&str> = decided.by.iter().map(|policy| policy.as_str()).collect();
    let need = if need.is_empty() { String::new() } else { format!(" for {}", need.join(" and ")) };
    let by = if by.is_empty() { String::new() } else { format!(" by {}", by.join(", ")) };
    format!("{}{need}{by}", decided.decision)
}

#[cfg(test)]
mod tests {
    use doorward_access::replay::{ReplayExample, ReplayGroup, ReplayTotal};
    use doorward_api::{Factor, Timestamp};

    use super::*;

    #[test]
    fn a_replay_is_told_by_who_is_affected() {
        let decided = |decision: &str, need: &[Factor], by: &[&str]| Decided {
            decision: decision.to_owned(),
            need: need.to_vec(),
            by: by.iter().map(|id| (*id).into()).collect(),
        };
        let group = ReplayGroup {
            outcome: Difference::Step,
            app: "wiki".into(),
            user: Some("u1".into()),
            name: "alice".into(),
            requests: 7,
            records: 2,
            example: ReplayExample {
                at: Timestamp::from_secs(0),
                method: "GET".into(),
                path: "/a".into(),
                client: [10, 0, 0, 1].into(),
                before: decided("admit", &[], &["wiki"]),
                after: decided("challenge", &[Factor::Otp], &["wiki"]),
            },
        };
        let totals = vec![ReplayTotal { outcome: Difference::Step, requests: 7, users: 1 }];
        let since = Some(Timestamp::from_secs(0));
        let (groups, left_out) = (vec![group], 0);
        let replay = Replay { records: 9, requests: 90, since, complete: true, totals, groups, left_out };
        assert_eq!(
            told(&replay),
            "step  alice in wiki: 7 requests, such as GET /a from 10.0.0.1: challenge for otp by wiki instead of admit by wiki\n\
             \n90 requests in 9 records since 1970-01-01 00:00; lose 0 of 0 users; gain 0 of 0 users; step 7 of 1 users\n"
        );
    }
}
