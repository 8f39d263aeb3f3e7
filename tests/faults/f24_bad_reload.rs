//! F-24: a reload of something bad under load.

use std::fs;
use std::time::Duration;

use doorward_tests::world::{Served, certificate};

use crate::measure::{logged, ms, until};
use crate::runner::{Fault, Found, Scale};
use crate::traffic::{POLICIES, Site, none_lost};

pub(crate) const FAULT: Fault = Fault {
    id: "F-24",
    what: "reload under load of a broken configuration, a certificate with another's key, a policy for an application that does \
           not exist, and of a good one in between",
    promise: "the old configuration stays in force; the log says what is wrong and where, a metric which part; no request fails",
    run: story,
};

fn story(scale: Scale) -> Found {
    let site = Site::new(10);
    let served = site.installation.serve();
    let (config, policy) = (served.file.clone(), site.installation.path("policies/site.cedar"));
    let good = fs::read_to_string(&config).unwrap();
    let key = site.installation.path("site.key");
    let good_key = fs::read(&key).unwrap();
    certificate(&site.installation.path(""), "other", &["*.example.test"]);
    let other_key = fs::read(site.installation.path("other.key")).unwrap();
    let load = site.load(&served);
    let rounds = scale.of(2, 20);
    for round in 1..=rounds {
        fs::write(&config, good.replace("[store]", "[store")).unwrap();
        refused(&served, "configuration", round, ".toml:");
        fs::write(&config, &good).unwrap();

        fs::write(&key, &other_key).unwrap();
        refused(&served, "certificate", round, "cannot be used together");
        fs::write(&key, &good_key).unwrap();

        fs::write(&policy, POLICIES.replace("\"staff\"", "\"nobody\"")).unwrap();
        refused(&served, "policy", round, "site.cedar");
        fs::write(&policy, POLICIES).unwrap();

        let before = reloads(&served, "configuration", "applied");
        served.gateway.signal("HUP");
        std::thread::sleep(Duration::from_millis(500));
        until("a good reload", Duration::from_secs(20), || reloads(&served, "configuration", "applied") > before);
    }
    let tally = load.stop();
    let mut figures = none_lost(&tally);
    figures.push(("reloads refused", (3 * rounds).to_string()));
    figures.push(("reloads applied", rounds.to_string()));
    figures.push(("slowest answer", ms(tally.slowest)));
    Found::Held(figures)
}

fn reloads(served: &Served, what: &str, outcome: &str) -> f64 {
    served.gateway.metric(&format!("doorward_reloads_total{{outcome=\"{outcome}\",what=\"{what}\"}}"))
}

fn refused(served: &Served, part: &str, times: u32, said: &str) {
    served.gateway.signal("HUP");
    until(&format!("the refusal of the {part}"), Duration::from_secs(20), || {
        reloads(served, part, "refused") == f64::from(times)
    });
    until(said, Duration::from_secs(5), || logged(&served.gateway, &["stays in force", said]));
}
