//! The commands that ask a running gateway, by its operators' API: nothing here knows the database.
//!
//! `line.rs` makes the calls; `show.rs` and `table.rs` say what came back; the rest is one file for each thing that is
//! cared for.

mod approvals;
mod call;
mod carry;
mod diff;
mod groups;
mod line;
mod named;
mod operators;
mod past;
mod policies;
mod problem;
mod requests;
mod roles;
mod sessions;
mod settings;
mod show;
mod sign_in;
mod table;
mod tasks;
mod tokens;
mod typed;
mod users;
mod vs;
mod wait;

use std::fmt;
use std::path::Path;

use clap::CommandFactory;
use serde_json::{Value, json};

use self::line::Line;
use self::problem::Refusal;
use crate::args::{
    AuditCommand, Cli, Command, CompletionsArgs, ConfigArgs, DirectoryArgs, OperatorCommand, PolicyCommand, Remote,
    RemoteArgs, UserCommand,
};
use crate::commands::operator::recover as recover_operator;
use crate::commands::user::{self, Local};
use crate::{Failure, Finding};

/// Why a command ends before it is done.
#[derive(Debug)]
enum Stop {
    /// The gateway said no: exit code 1.
    Refused(Box<Refusal>),
    /// Nothing was done yet: another operator has to approve it, as this document says. Exit code 2.
    Held(Box<Value>),
    /// Nobody is signed in, or no longer: exit code 2.
    SignedOut(String),
    /// It could not be done: exit code 2.
    Failed(Failure),
    /// One of these, of which programs have been told already.
    Told(Box<Stop>),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Stop {
    /// A sentence about what could not be done.
    fn because(sentence: impl Into<String>) -> Self {
        Self::Failed(Failure::Other(sentence.into()))
    }

    /// There is no such thing, which is what a server says of an id that is nothing's.
    fn not_there(what: &str, name: &str) -> Self {
        Self::Refused(Box::new(Refusal::not_found(format!("there is no {what} {name:?}"))))
    }

    /// For programs: the document that the server sent, or a sentence in the shape of a problem.
    fn document(&self) -> Value {
        match self {
            Self::Refused(refusal) if refusal.document.is_some() => refusal.document.clone().unwrap_or_default(),
            Self::Held(held) => held.as_ref().clone(),
            stop => json!({"type": "about:blank", "title": stop.to_string()}),
        }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Held(held) => write!(f, "nothing was done yet: {}", approval(held)),
            Self::SignedOut(server) => write!(f, "nobody is signed in to {server}: `doorward login`"),
            Self::Failed(failure) => failure.fmt(f),
            Self::Told(stop) => stop.fmt(f),
        }
    }
}

/// Who can approve what is held, and as what it waits.
fn approval(held: &Value) -> String {
    let who = show::text(held, "approvers");
    let who = if who.is_empty() { "nobody can now".to_owned() } else { format!("{who} can") };
    format!("another operator has to approve it ({who}); it waits as {}", show::text(held, "approval.id"))
}

/// What a command that goes its way gives.
type Outcome = Result<Finding, Stop>;

/// `doorward user …`: in the database where that is meant, over the API otherwise.
pub(crate) fn user(command: UserCommand) -> Result<Finding, Failure> {
    let (at, local) = match &command {
        UserCommand::Add { at, name, email, display_name, groups, generate } => {
            let (name, email, display_name) = (name.clone(), email.clone(), display_name.clone());
            (at.directory(), Local::Add { name, email, display_name, groups: groups.clone(), generate: *generate })
        }
        UserCommand::Password { at, name, generate } => {
            (at.directory(), Local::Password { name: name.clone(), generate: *generate })
        }
        UserCommand::Disable { at, name } => (at.directory(), Local::Switch { name: name.clone(), disabled: true }),
        UserCommand::Enable { at, name } => (at.directory(), Local::Switch { name: name.clone(), disabled: false }),
        UserCommand::Reactivate { of, name } => (Some(of.clone()), Local::Reactivate { name: name.clone() }),
        UserCommand::RevokeTokens { of, name } => (Some(of.clone()), Local::RevokeTokens { name: name.clone() }),
        _ => return by_api(command),
    };
    match at {
        Some(of) => user::user(&of, local),
        None => by_api(command),
    }
}

/// `doorward operator …`: one of them works on the database itself, where that is said.
fn operator(args: Remote<OperatorCommand>) -> Outcome {
    match args.command {
        OperatorCommand::Recover { operator, config: Some(config) } => {
            let RemoteArgs { server, virtual_server, token_file, ca, json } = args.at;
            if server.is_some() || token_file.is_some() || ca.is_some() || json {
                return Err(Stop::because(
                    "-c means the database itself: leave out --server, --token-file, --ca and --json",
                ));
            }
            let of = DirectoryArgs { config: ConfigArgs { config }, virtual_server };
            recover_operator(&of, &operator).map_err(Stop::Failed)
        }
        command => Line::open(&args.at).and_then(|line| operators::run(&line, command)),
    }
}

fn by_api(command: UserCommand) -> Result<Finding, Failure> {
    let json = command.remote().is_some_and(|at| at.json);
    ended(users::run(command), json)
}

/// `doorward policy replay`, over the API.
pub(crate) fn replay(at: &RemoteArgs, policies: &Path) -> Result<Finding, Failure> {
    ended(policies::replay(at, policies), at.json)
}

/// One of the commands that ask; every other is left where it was.
pub(crate) fn run(command: Command) -> Result<Finding, Failure> {
    let json = command.remote().is_some_and(|at| at.json);
    let outcome = match command {
        Command::Login(args) => sign_in::login(&args),
        Command::Prove(args) => sign_in::prove(&args.at),
        Command::Logout(args) => sign_in::logout(&args.at),
        Command::Vs(args) => vs::run(&args),
        Command::Group(args) => Line::open(&args.at).and_then(|line| groups::run(&line, args.command)),
        Command::Token(args) => Line::open(&args.at).and_then(|line| tokens::run(&line, args.command)),
        Command::Request(args) => Line::open(&args.at).and_then(|line| requests::run(&line, args.command)),
        Command::Approval(args) => Line::open(&args.at).and_then(|line| approvals::run(&line, args.command)),
        Command::Settings(args) => settings::run(&args.at, args.command),
        Command::Operator(args) => operator(args),
        Command::Role(args) => Line::open(&args.at).and_then(|line| roles::run(&line, args.command)),
        Command::ApiKey(args) => Line::open(&args.at).and_then(|line| roles::keys(&line, args.command)),
        Command::Audit(AuditCommand::List(args)) => past::trail(*args),
        Command::Task(args) => Line::open(&args.at).and_then(|line| tasks::run(&line, args.command)),
        Command::Report(args) => past::report(args),
        Command::Policy(PolicyCommand::Asking(command)) => policies::run(command),
        Command::Call(args) => call::run(&args),
        Command::Export(args) => carry::export(&args),
        Command::Import(args) => carry::import(&args),
        _ => Err(Stop::because("this command asks nobody")),
    };
    ended(outcome, json)
}

/// Exit codes: 0 done, 1 refused, 2 it could not be done. Programs are told why by a document, by whose type they go.
fn ended(outcome: Outcome, json: bool) -> Result<Finding, Failure> {
    let (stop, is_told) = match outcome {
        Ok(finding) => return Ok(finding),
        Err(Stop::Told(stop)) => (*stop, true),
        Err(stop) => (stop, false),
    };
    if json && !is_told {
        drop(show::print(&show::pretty(&stop.document())));
    }
    match stop {
        Stop::Failed(failure) => Err(failure),
        Stop::Refused(refusal) => {
            eprintln!("doorward: {refusal}");
            Ok(Finding::Bad)
        }
        stop => Err(Failure::other(stop)),
    }
}

/// `doorward completions`.
pub(crate) fn completions(args: &CompletionsArgs) -> Result<Finding, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "doorward", &mut text);
    let mut out = std::io::stdout().lock();
    std::io::Write::write_all(&mut out, &text).map_err(Failure::other)?;
    Ok(Finding::Good)
}
