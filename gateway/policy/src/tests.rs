//! What the crate promises as a whole.

mod decisions;
mod explanations;
mod loading;
mod properties;
mod shipped;

use std::net::IpAddr;
use std::sync::Arc;

use doorward_api::{
    AppId, GroupId, GroupRef, Object, Principal, Proofs, SessionId, Subject, Timestamp, UserId, VirtualServerId,
};

use crate::{LoadErrors, Policies, Served, Source};

const NOW: Timestamp = Timestamp::from_secs(1_767_268_800);

fn source(file: &str, text: &str) -> Source {
    Source { file: file.to_owned(), text: text.to_owned() }
}

fn apps() -> Vec<AppId> {
    ["wiki", "intranet", "public"].map(AppId::from).to_vec()
}

fn try_load(text: &str) -> Result<Policies, LoadErrors> {
    Policies::load(&[source("a.cedar", text)], &apps())
}

fn load(text: &str) -> Policies {
    try_load(text).unwrap_or_else(|errors| panic!("{errors}"))
}

fn user(name: &str, groups: &[&str], proofs: Proofs) -> Subject {
    let group = |name: &&str| GroupRef { id: GroupId::new(format!("row of {name}")), name: (*name).to_owned() };
    Subject::User(Arc::new(Principal {
        user: UserId::new(format!("row of {name}")),
        name: name.to_owned(),
        display_name: String::new(),
        email: None,
        groups: groups.iter().map(group).collect(),
        session: SessionId::from("s1"),
        proofs,
    }))
}

fn get(app: &str, path: &str) -> Object {
    Object {
        virtual_server: VirtualServerId::from("default"),
        app: AppId::from(app),
        host: format!("{app}.localhost").into(),
        method: "GET".into(),
        path: path.into(),
        client: IpAddr::from([192, 0, 2, 1]),
        secure: true,
    }
}
