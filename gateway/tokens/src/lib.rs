//! The rules of tokens, and nothing but rules: how a token lives ([`state`]), who is offered one ([`eligibility`]), on what
//! it may be installed ([`targets`]), which parameters it may have ([`template`]), and what operators may set ([`settings`]).
//! No clock, no store, no plugin.

pub mod eligibility;
pub mod provisioning_rules;
pub mod settings;
pub mod state;
pub mod targets;
pub mod template;

pub use eligibility::{Facts, NeededGrant, NotOffered, Offer, Terms, offer, probation_until, rule_for};
pub use provisioning_rules::{RuleStep, rule_of, rule_step};
pub use state::{NotAllowed, TokenEvent, next};
pub use targets::{Choice, Choices};
