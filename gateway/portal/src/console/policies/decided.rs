//! What was decided of late, and what policies in the shadow said of it.

use axum::extract::{RawQuery, State};
use doorward_api::decided::{DecisionFilter, DecisionRecord, Difference};
use doorward_api::{AppId, Factor, FieldFault, FieldRule, Module, Timestamp};
use doorward_views::console::{Choice, Fault as Said, Field, Said as Words};
use doorward_views::console_policies::{
    DECISIONS, DecisionDay, DecisionRow, DecisionsPage, PoliciesPage, SHADOW, ShadowPage, ShadowSet, ShadowTally,
};
use http::StatusCode;

use super::{age_text, app_field, explain_path, factors, fault, field, said, show, user_field, who, with_faults};
use crate::answer::Answer;
use crate::console::records::{part, parts, path_with, query};
use crate::console::signed::Signed;
use crate::console::{Console, Shared};
use crate::fault::Fault;
use crate::fields::Fields;

/// The decisions that there are.
const NAMES: [&str; 3] = ["admit", "challenge", "refuse"];

/// `same`, and what the answers of the shadow are called besides.
const SAME: &str = "same";

/// `GET /access-policies/decisions?user=…&app=…&decision=…&after=…`
pub(in crate::console) async fn decisions(
    State(console): State<Shared>,
    RawQuery(raw): RawQuery,
    signed: Signed,
) -> Answer {
    let query = query(raw)?;
    let sought = ["user", "app", "decision"].map(|name| (name, query.text(name).trim()));
    let filtered = sought.iter().any(|(_, value)| !value.is_empty());
    let mut page = DecisionsPage { filtered, ..DecisionsPage::default() };
    match filter(&console, &signed, &query).await? {
        Err(faults) => page.faults = faults,
        Ok(filter) => {
            let asked = part(&query);
            let found = console.parts.manager.decision_records(&signed.vs.id, &filter, &asked).await?;
            page.rows = found.items.iter().map(|record| row(&signed, record)).collect();
            page.searching = found.searched_to.is_some();
            page.parts = parts(DECISIONS, &sought, &asked.after, found.next.as_deref());
        }
    }
    if !filtered && query.text("after").is_empty() {
        page.days = days(&console, &signed).await?;
    }
    page.fields = with_faults(fields(&console, &signed, &query).await?, &page.faults);
    let status = if page.faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    show(&console, &signed, status, PoliciesPage::Decisions(Box::new(page)))
}

async fn filter(
    console: &Console,
    signed: &Signed,
    query: &Fields,
) -> Result<Result<DecisionFilter, Vec<Said>>, Fault> {
    let (mut filter, mut faults) = (DecisionFilter::default(), Vec::new());
    let unknown =
        |field: &str, value: &str| fault(&FieldFault::new(field, FieldRule::Unknown { value: value.to_owned() }));
    match query.text("user").trim() {
        "" => {}
        name => match console.parts.manager.user_named(&signed.vs.id, name).await? {
            Some(found) => filter.user = Some(found.user.id),
            None => faults.push(unknown("user", name)),
        },
    }
    match query.text("app").trim() {
        "" => {}
        app => filter.app = Some(AppId::new(app)),
    }
    match query.text("decision").trim() {
        "" => {}
        name if NAMES.contains(&name) => name.clone_into(&mut filter.decision),
        other => faults.push(unknown("decision", other)),
    }
    Ok(if faults.is_empty() { Ok(filter) } else { Err(faults) })
}

async fn fields(console: &Console, signed: &Signed, query: &Fields) -> Result<Vec<Field>, Fault> {
    let of = |value: &str, key: String| Choice { value: value.to_owned(), said: Words::words(key), hint: None };
    let any = of("", "console-past-any".to_owned());
    let names = NAMES.map(|name| of(name, format!("console-decision-{name}")));
    Ok(vec![
        user_field(console, signed, query.text("user")).await?,
        app_field(console, signed, query.text("app"), true)?,
        Field {
            label: "console-decision-decided".to_owned(),
            choices: std::iter::once(any).chain(names).collect(),
            ..field("decision", "select", query.text("decision"))
        },
    ])
}

async fn days(console: &Console, signed: &Signed) -> Result<Vec<DecisionDay>, Fault> {
    let days = console.parts.manager.decision_days(&signed.vs.id).await?;
    let day = |day: doorward_api::decided::DecisionDay| DecisionDay {
        day: day.day.to_string(),
        records: day.records,
        left_out: day.left_out,
    };
    Ok(days.into_iter().map(day).collect())
}

fn row(signed: &Signed, record: &DecisionRecord) -> DecisionRow {
    let class = &record.class;
    DecisionRow {
        day: record.day.to_string(),
        last_at: record.last_at,
        count: record.count,
        app: class.app.to_string(),
        who: class.user.as_ref().map(|user| who(signed, user.as_str(), &class.name)),
        request: format!("{} {}", class.method, class.path_class),
        network: class.network.clone(),
        factors: factors(&class.factors),
        decided: said(&class.decided),
        shadow: class.shadow.as_ref().map(|shadow| (shadow.difference.as_str(), said(&shadow.decided))),
        explain: explained(signed, record),
    }
}

/// The way to the explanation of a record's example, as it was asked: with the groups of then, for whoever may see them.
fn explained(signed: &Signed, record: &DecisionRecord) -> String {
    let (class, facts) = (&record.class, &record.facts);
    let on = |is: bool| if is { "on" } else { "" };
    let groups = if signed.may(Module::Users.view()) { facts.groups.join(", ") } else { String::new() };
    let (address, time) = (facts.client.to_string(), facts.at.rfc3339());
    // An approved push is a passcode as well, which is not to be said twice.
    let proved = |factor: Factor| match factor {
        Factor::Password => facts.proofs.password,
        Factor::Otp => facts.proofs.otp,
        Factor::Push => facts.proofs.push,
        Factor::Passkey => facts.proofs.passkey,
    };
    let ages = Factor::ALL.map(|factor| {
        let age = |proved: Timestamp| age_text(facts.at.since(proved));
        (factor.as_str(), proved(factor).map(age).unwrap_or_default())
    });
    let mut pairs = vec![
        ("app", class.app.as_str()),
        ("path", facts.path.as_str()),
        ("method", class.method.as_str()),
        ("user", class.name.as_str()),
        ("groups", groups.as_str()),
        ("address", address.as_str()),
        ("time", time.as_str()),
        ("secure", on(facts.secure)),
        ("deferred", on(class.deferred)),
        ("probation", on(class.probation)),
    ];
    pairs.extend(ages.iter().map(|(name, age)| (*name, age.as_str())));
    explain_path(&pairs)
}

/// `GET /access-policies/shadow?difference=…&after=…`
pub(in crate::console) async fn shadow(
    State(console): State<Shared>,
    RawQuery(raw): RawQuery,
    signed: Signed,
) -> Answer {
    let query = query(raw)?;
    let view = console.parts.manager.shadow(&signed.vs.id).await?;
    let difference = Difference::parse(query.text("difference"));
    let named = difference.map_or("", Difference::as_str);
    let mut page = ShadowPage { difference: named.to_owned(), ..ShadowPage::default() };
    if let Some(set) = view.set {
        if let Ok(loaded) = &set.loaded {
            let filter =
                DecisionFilter { shadow: Some(loaded.fingerprint.clone()), difference, ..DecisionFilter::default() };
            let asked = part(&query);
            let found = console.parts.manager.decision_records(&signed.vs.id, &filter, &asked).await?;
            page.rows = found.items.iter().map(|record| row(&signed, record)).collect();
            page.parts = parts(SHADOW, &[("difference", named)], &asked.after, found.next.as_deref());
        }
        page.set = Some(shadow_set(set));
    }
    page.tallies = view.tallies.iter().map(tally).collect();
    show(&console, &signed, StatusCode::OK, PoliciesPage::Shadow(Box::new(page)))
}

fn shadow_set(set: doorward_access::manage::ShadowSet) -> ShadowSet {
    let (fingerprint, count, broken) = match set.loaded {
        Ok(loaded) => (loaded.fingerprint, loaded.policies, Vec::new()),
        Err(why) => (String::new(), 0, why.lines().map(str::to_owned).collect()),
    };
    ShadowSet { folder: set.folder, loaded_at: set.loaded_at, fingerprint, count, broken }
}

fn tally(tally: &doorward_api::decided::ShadowTally) -> ShadowTally {
    let name = tally.outcome.clone();
    ShadowTally {
        path: (name != SAME).then(|| path_with(SHADOW, &[("difference", &name)])),
        count: tally.seen.count,
        last_at: Some(tally.seen.last_at),
        name,
    }
}
