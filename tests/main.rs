//! Journeys through a running gateway. The list of modules is the table of contents.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a story that cannot go on ends there and says so"
)]

use doorward_tests::world;

mod architecture;
mod journeys {
    mod api;
    mod api_keys;
    mod approvals;
    mod attacks_enrolment;
    mod attacks_mail;
    mod attacks_policy;
    mod attacks_sessions;
    mod attacks_words;
    mod audit_trail;
    mod authenticator;
    mod authenticator_app;
    mod authenticator_attacks;
    mod authenticator_browser;
    mod authenticator_cli;
    mod authenticator_peers;
    mod backup;
    mod browser;
    mod cli;
    mod commands;
    mod commands_check;
    mod console;
    mod console_records;
    mod cutting;
    mod dokuwiki;
    mod enrolment;
    mod enrolment_rules;
    mod faults;
    mod first_light;
    mod headers;
    mod imports_killed;
    mod languages;
    mod metrics;
    mod operators;
    mod outlets;
    mod own_page;
    mod passcodes;
    mod passkey;
    mod paths;
    mod pipush;
    mod policies_page;
    mod provisioning;
    mod provisioning_rules;
    mod recovery;
    mod regulation;
    mod reload;
    mod reports;
    mod resume;
    mod retention;
    mod run;
    mod second_authenticator;
    mod secrets;
    mod sessions;
    mod shadow;
    mod token_policies;
    mod upgrade;
    mod upgrades;
    mod upstream_authorities;
    mod virtual_servers;
}
