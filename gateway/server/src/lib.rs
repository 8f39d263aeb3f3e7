//! Configuration, wiring, plugin registry, services and the command line. Nobody but tests and benches imports it.
//!
//! Begin with `wire.rs`: it builds everything, top to bottom, in the order in which a request meets it.

mod args;
mod commands;
mod config;
mod demo;
mod metrics;
mod plugins;
mod services;
mod wire;

use std::process::ExitCode;

use clap::Parser;
use doorward_audit::Span;

use args::{AuditCommand, Cli, Command, KeyCommand, PolicyCommand};

/// What went wrong before or instead of serving. Printed on standard error; the process ends with exit code 2.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] config::ConfigError),
    /// The database.
    #[error("store: {0}")]
    Store(String),
    /// A listener.
    #[error("cannot listen on {address} ({what}): {cause}")]
    Listen {
        /// Where.
        address: std::net::SocketAddr,
        /// For what.
        what: &'static str,
        /// Why.
        cause: std::io::Error,
    },
    /// Anything else, as a sentence.
    #[error("{0}")]
    Other(String),
}

impl Failure {
    pub(crate) fn other(cause: impl std::fmt::Display) -> Self {
        Failure::Other(cause.to_string())
    }
}

/// What a command found.
pub(crate) enum Finding {
    /// All is well: exit code 0.
    Good,
    /// What was checked does not hold: exit code 1.
    Bad,
}

/// Runs the command line. Exit codes: 0 well, 1 what was checked does not hold, 2 it could not be done.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    // Every TLS user of the process (Pingora, lettre, sqlx) finds the one provider; a second installation is harmless.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match run(cli.command) {
        Ok(Finding::Good) => ExitCode::SUCCESS,
        Ok(Finding::Bad) => ExitCode::from(1),
        Err(failure) => {
            eprintln!("doorward: {failure}");
            ExitCode::from(2)
        }
    }
}

fn run(command: Command) -> Result<Finding, Failure> {
    match command {
        Command::Demo(args) => services::demo(&args),
        Command::Run(args) => services::run(&args),
        Command::Check(args) => commands::check(&args.config),
        Command::Policy(PolicyCommand::Test { of, demo, cases }) => commands::policy_test(&of, demo, cases.as_deref()),
        Command::Policy(PolicyCommand::Replay { of, policies }) => match of.directory() {
            Some(directory) => commands::policy_replay(&directory, &policies),
            None => commands::remote_replay(&of.remote, &policies),
        },
        Command::Explain(args) => commands::explain(&args),
        Command::User(command) => commands::user(command),
        Command::Audit(AuditCommand::Verify { config, exported, virtual_server, access_logs }) => {
            commands::audit_verify(&config.config, &exported, &virtual_server, &access_logs)
        }
        Command::Audit(AuditCommand::PublicKey { config, virtual_server }) => {
            commands::audit_public_key(&config.config, &virtual_server)
        }
        Command::Audit(AuditCommand::Export { config, virtual_server, format, from, until }) => {
            commands::audit_export(&config.config, &virtual_server, format, Span { from, until })
        }
        Command::Key(KeyCommand::New { file }) => commands::key_new(&file),
        Command::Key(KeyCommand::Rotate { config, wait }) => {
            commands::key_rotate(&config.config, std::time::Duration::from_secs(wait))
        }
        Command::Key(KeyCommand::Status { config }) => commands::key_status(&config.config),
        Command::Key(KeyCommand::Retire { config, id }) => commands::key_retire(&config.config, &id),
        Command::Backup(args) => commands::backup(&args.config.config, &args.to),
        Command::Restore(args) => match &args.from {
            Some(from) => commands::restore(&args.config.config, from, args.replace),
            None => commands::restore_adopt(&args.config.config),
        },
        Command::Plugins => commands::plugins(),
        Command::Authenticator(args) => commands::authenticator(args),
        Command::Completions(args) => commands::completions(&args),
        // All others ask a gateway that runs.
        asking => commands::remote(asking),
    }
}
