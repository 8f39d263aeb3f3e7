//! The command line.

mod approvals;
mod past;
mod policies;
mod remote;
mod tasks;

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use doorward_api::Timestamp;
use doorward_audit::SignerKey;

pub(crate) use approvals::ApprovalCommand;
pub(crate) use past::{HistoryArgs, ReportCommand, SpanArgs, TrailArgs};
pub(crate) use policies::{PolicyAsking, PolicyExplainArgs};
pub(crate) use remote::{
    ApiKeyArgs, ApiKeyCommand, CallArgs, CompletionsArgs, GroupCommand, LoginArgs, MethodName, OperatorCommand,
    PageArgs, PlaceArgs, PutInArgs, Remote, RemoteArgs, RequestCommand, RoleCommand, SessionArgs, SettingsCommand,
    TakeOutArgs, TokenCommand, TokenNamed, USUAL_SERVER, VsCommand,
};

pub(crate) use tasks::TaskCommand;

/// Doorward: the access gateway whose users enrol their own one-time password.
#[derive(Debug, Parser)]
#[command(name = "doorward", version, about, disable_help_subcommand = true)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands, in the order a newcomer meets them.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Try it: one process on loopback with three demo applications, users and a mailbox.
    Demo(DemoArgs),
    /// Serve what a configuration file says.
    Run(RunArgs),
    /// Check configuration, policies, certificates and database, and say what is wrong. Changes nothing.
    Check(ConfigArgs),
    /// Access policies.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Say what would be decided for a request, and why.
    Explain(ExplainArgs),
    /// Users: over the API, and some of it in the database itself.
    #[command(subcommand)]
    User(UserCommand),
    /// The audit trail.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// The master key.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Make a backup of the database, while gateways run.
    Backup(BackupArgs),
    /// Put a backup in place of the database, and void whatever was good when it was made.
    Restore(RestoreArgs),
    /// The plugins in this build.
    Plugins,
    /// Our own authenticator in a terminal: passcodes, and requests to approve or deny.
    Authenticator(AuthenticatorArgs),
    /// Sign in to the API of a gateway that runs.
    Login(LoginArgs),
    /// Prove anew who you are, so that changes are taken for ten more minutes.
    Prove(SessionArgs),
    /// Sign out again.
    Logout(SessionArgs),
    /// Virtual servers.
    Vs(Remote<VsCommand>),
    /// Groups.
    Group(Remote<GroupCommand>),
    /// Tokens.
    Token(Remote<TokenCommand>),
    /// Who may enrol: requests, approvals, refusals, codes of the help desk.
    Request(Remote<RequestCommand>),
    /// Acts that take two operators.
    Approval(Remote<ApprovalCommand>),
    /// Settings and token policies.
    Settings(Remote<SettingsCommand>),
    /// Operators.
    Operator(Remote<OperatorCommand>),
    /// Roles of operators.
    Role(Remote<RoleCommand>),
    /// Keys by which programs call the API.
    ApiKey(ApiKeyArgs),
    /// Enrolment by email.
    Task(Remote<TaskCommand>),
    /// Reports.
    Report(Remote<ReportCommand>),
    /// Any call of the API.
    Call(CallArgs),
    /// Write a whole virtual server into files: settings, groups, users, operators; no secrets.
    Export(TakeOutArgs),
    /// Make a virtual server what the files of an export say.
    Import(PutInArgs),
    /// Completions for a shell.
    Completions(CompletionsArgs),
}

/// Which configuration.
#[derive(Debug, Clone, Args)]
pub(crate) struct ConfigArgs {
    /// The configuration file.
    #[arg(short, long, value_name = "FILE", default_value = "doorward.toml")]
    pub(crate) config: PathBuf,
}

/// What to serve, and how to begin.
#[derive(Debug, Clone, Args)]
pub(crate) struct RunArgs {
    /// The configuration file.
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Take over the listeners of the process that serves them now; it is then sent SIGQUIT.
    #[arg(long)]
    pub(crate) upgrade: bool,
}

/// The demo's ports and addresses.
#[derive(Debug, Clone, Args)]
pub(crate) struct DemoArgs {
    /// Where to listen; loopback only.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub(crate) address: IpAddr,
    /// Port of portal and applications.
    #[arg(long, default_value_t = 8080)]
    pub(crate) port: u16,
    /// Port of the console.
    #[arg(long, default_value_t = 8081)]
    pub(crate) console_port: u16,
    /// Port of metrics and health.
    #[arg(long, default_value_t = 9464)]
    pub(crate) metrics_port: u16,
    /// Keep the state in this folder, over a restart too; a temporary one otherwise.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) state: Option<PathBuf>,
    /// Read access policies from this folder instead of those built in.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) policies: Option<PathBuf>,
    /// Enrol standard authenticator apps only: the demo's own authenticator is not served.
    #[arg(long)]
    pub(crate) standard_apps: bool,
    /// Read plugin settings from this TOML file: [plugins.ID] tables as in doorward.toml.
    #[arg(long, value_name = "FILE")]
    pub(crate) plugins: Option<PathBuf>,
}

/// `doorward policy …`
#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Run the cases that say what the policies must decide.
    Test {
        /// Whose policies.
        #[command(flatten)]
        of: DirectoryArgs,
        /// Test the demo's policies instead of a configuration's.
        #[arg(long)]
        demo: bool,
        /// Folder of `*.toml` cases; `cases` beside the policies' folder otherwise.
        #[arg(long, value_name = "FOLDER")]
        cases: Option<PathBuf>,
    },
    /// Try other policies on what was decided of late, and say who would gain, lose, or be asked for another proof.
    Replay {
        /// Whose policies and records.
        #[command(flatten)]
        of: PlaceArgs,
        /// Folder of the other policies.
        #[arg(long, value_name = "FOLDER")]
        policies: PathBuf,
    },
    /// What a running gateway is asked.
    #[command(flatten)]
    Asking(PolicyAsking),
}

/// `doorward explain …`
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The configuration file.
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Who asks: a sign-in name of the local directory. Nobody when absent.
    #[arg(long)]
    pub(crate) user: Option<String>,
    /// Groups to assume instead of the directory's (repeatable); then the database is not opened.
    #[arg(long = "group", value_name = "GROUP")]
    pub(crate) groups: Vec<String>,
    /// The page asked for.
    #[arg(long)]
    pub(crate) url: String,
    /// The method.
    #[arg(long, default_value = "GET")]
    pub(crate) method: String,
    /// The client's address.
    #[arg(long, default_value = "127.0.0.1")]
    pub(crate) ip: IpAddr,
    /// A proof given (repeatable): `password`, `otp`, `push`, `passkey`, or with its age: `otp=400s`.
    #[arg(long = "proof", value_name = "PROOF")]
    pub(crate) proofs: Vec<String>,
    /// Suppose that the user may put the authenticator off: `context.authn.enrolment_deferred`.
    #[arg(long, requires = "user")]
    pub(crate) enrolment_deferred: bool,
    /// Suppose that the token is on probation: `context.authn.probation`.
    #[arg(long, requires = "user")]
    pub(crate) probation: bool,
    /// As JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// Explain the demo's policies instead of a configuration's.
    #[arg(long)]
    pub(crate) demo: bool,
}

/// Which virtual server.
#[derive(Debug, Clone, Args)]
pub(crate) struct DirectoryArgs {
    /// The configuration file.
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// The virtual server; the only one when absent.
    #[arg(long, value_name = "KEY")]
    pub(crate) virtual_server: Option<String>,
}

/// `doorward user …`
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Users whose name, display name or address begins with a text (API).
    List {
        /// Whom to ask.
        #[command(flatten)]
        at: RemoteArgs,
        /// The text; all without it.
        begins: Option<String>,
        /// How much.
        #[command(flatten)]
        page: PageArgs,
    },
    /// One user (API).
    Show {
        /// Whom to ask.
        #[command(flatten)]
        at: RemoteArgs,
        /// The sign-in name, or `id:…`.
        name: String,
    },
    /// Add a user; the password is read from standard input, or made and printed.
    Add {
        /// Where.
        #[command(flatten)]
        at: PlaceArgs,
        /// The sign-in name.
        name: String,
        /// The mail address, to which verification codes go.
        #[arg(long)]
        email: Option<String>,
        /// The name to show.
        #[arg(long, default_value = "")]
        display_name: String,
        /// A group to be in (repeatable). In the database it is made when missing; over the API it must be there.
        #[arg(long = "group")]
        groups: Vec<String>,
        /// Make a password and print it instead of reading one.
        #[arg(long)]
        generate: bool,
    },
    /// Change what a user's record says (API).
    Edit {
        /// Whom to ask.
        #[command(flatten)]
        at: RemoteArgs,
        /// The sign-in name, or `id:…`.
        name: String,
        /// Another name to show.
        #[arg(long)]
        display_name: Option<String>,
        /// Another mail address; empty for none.
        #[arg(long)]
        email: Option<String>,
        /// A group to be in (repeatable).
        #[arg(long = "join", value_name = "GROUP")]
        joins: Vec<String>,
        /// A group to be in no longer (repeatable).
        #[arg(long = "leave", value_name = "GROUP")]
        leaves: Vec<String>,
    },
    /// Remove a user; tokens go back to the stock or are revoked (API).
    Remove {
        /// Whom to ask.
        #[command(flatten)]
        at: RemoteArgs,
        /// The sign-in name, or `id:…`.
        name: String,
    },
    /// Set a new password, read from standard input, or made and printed.
    Password {
        /// Where.
        #[command(flatten)]
        at: PlaceArgs,
        /// The sign-in name.
        name: String,
        /// Make a password and print it instead of reading one.
        #[arg(long)]
        generate: bool,
    },
    /// Switch a user off: no sign-in, sessions end.
    Disable {
        /// Where.
        #[command(flatten)]
        at: PlaceArgs,
        /// The sign-in name.
        name: String,
    },
    /// Switch a user on again.
    Enable {
        /// Where.
        #[command(flatten)]
        at: PlaceArgs,
        /// The sign-in name.
        name: String,
    },
    /// End the lock of a user's account: failed tries are forgotten (API).
    Unlock {
        /// Whom to ask.
        #[command(flatten)]
        at: RemoteArgs,
        /// The sign-in name, or `id:…`.
        name: String,
    },
    /// End all sessions of a user (API).
    SignOut {
        /// Whom to ask.
        #[command(flatten)]
        at: RemoteArgs,
        /// The sign-in name, or `id:…`.
        name: String,
    },
    /// Ask the device of a user who calls, and wait for what becomes of it; exit code 1 unless they are who they say (API).
    Verify {
        /// Whom to ask.
        #[command(flatten)]
        at: RemoteArgs,
        /// The sign-in name, or `id:…`.
        name: String,
    },
    /// Draw a passcode that stands in for a token, and print it (API).
    TemporaryPasscode {
        /// Whom to ask.
        #[command(flatten)]
        at: RemoteArgs,
        /// The sign-in name, or `id:…`.
        name: String,
        /// Why, for the trail.
        #[arg(long, required_unless_present = "withdraw")]
        reason: Option<String>,
        /// For how many hours: 1 to 168.
        #[arg(long, default_value_t = 8)]
        hours: u32,
        /// Take back the one that was given.
        #[arg(long, conflicts_with = "reason")]
        withdraw: bool,
    },
    /// How many recovery codes a user has left (API).
    RecoveryCodes {
        /// Whom to ask.
        #[command(flatten)]
        at: RemoteArgs,
        /// The sign-in name, or `id:…`.
        name: String,
        /// Void what is left of them.
        #[arg(long)]
        void: bool,
    },
    /// Make a suspended authenticator usable again, after "Not you?" was pressed and cleared up (database).
    Reactivate {
        /// Whose users.
        #[command(flatten)]
        of: DirectoryArgs,
        /// The sign-in name.
        name: String,
    },
    /// Revoke a user's authenticators, so that they may enrol a new one (database).
    RevokeTokens {
        /// Whose users.
        #[command(flatten)]
        of: DirectoryArgs,
        /// The sign-in name.
        name: String,
    },
}

/// `doorward audit …`
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Look through the records (API).
    List(Box<TrailArgs>),
    /// Check the chain and its signed checkpoints, and name the first bad record.
    Verify {
        /// The configuration file.
        #[command(flatten)]
        config: ConfigArgs,
        /// Instead of a database: its JSON export, the checkpoint file and the public key.
        #[command(flatten)]
        exported: ExportedArgs,
        /// The virtual server.
        #[arg(long, default_value = "default")]
        virtual_server: String,
        /// Compare the access log in this file with the chain as well (repeatable, oldest first; `-` for standard input).
        #[arg(long = "access-log", value_name = "FILE", conflicts_with = "export")]
        access_logs: Vec<PathBuf>,
    },
    /// Say by which public keys checkpoints are signed. An auditor keeps them, and needs no other.
    PublicKey {
        /// The configuration file.
        #[command(flatten)]
        config: ConfigArgs,
        /// The virtual server.
        #[arg(long, default_value = "default")]
        virtual_server: String,
    },
    /// Write the records to standard output.
    Export {
        /// The configuration file.
        #[command(flatten)]
        config: ConfigArgs,
        /// The virtual server.
        #[arg(long, default_value = "default")]
        virtual_server: String,
        /// The form.
        #[arg(long, value_enum, default_value_t = ExportFormat::Json)]
        format: ExportFormat,
        /// Not before this: a day (2026-12-24, in UTC) or a moment (RFC 3339).
        #[arg(long, value_name = "WHEN", value_parser = past::begin)]
        from: Option<Timestamp>,
        /// Before this moment; of a day, all of it is meant.
        #[arg(long, visible_alias = "to", value_name = "WHEN", value_parser = past::end)]
        until: Option<Timestamp>,
    },
}

/// An export that is verified without gateway, database and master key.
#[derive(Debug, Clone, Args)]
pub(crate) struct ExportedArgs {
    /// A JSON export to check, instead of the database that the configuration names.
    #[arg(long, value_name = "FILE", requires_all = ["checkpoints", "public_keys"], conflicts_with = "config")]
    pub(crate) export: Option<PathBuf>,
    /// The checkpoint file of the virtual server.
    #[arg(long, value_name = "FILE", requires = "export")]
    pub(crate) checkpoints: Option<PathBuf>,
    /// A public key whose signatures count, as `audit public-key` says it (repeatable).
    #[arg(long = "public-key", value_name = "KEY", requires = "export")]
    pub(crate) public_keys: Vec<SignerKey>,
    /// The export is of a part of the time: what lies before and behind is not looked for.
    #[arg(long, requires = "export")]
    pub(crate) part: bool,
}

/// The forms of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// One record a line.
    Json,
    /// RFC 4180.
    Csv,
}

/// `doorward key …`
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Write a new master key to a file that only its owner may read.
    New {
        /// The file; it must not exist.
        file: PathBuf,
    },
    /// Change to a new master key while gateways run, or go on with a change that was broken off.
    Rotate {
        /// The configuration file.
        #[command(flatten)]
        config: ConfigArgs,
        /// How many seconds to wait until every running gateway holds the new key.
        #[arg(long, value_name = "SECONDS", default_value_t = 600)]
        wait: u64,
    },
    /// Say which keys there are, and how much is sealed with each. Exit code 1 while a change is unfinished, and where values are
    /// damaged.
    Status {
        /// The configuration file.
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Take a key out of the key file with which nothing is sealed any more.
    Retire {
        /// The configuration file.
        #[command(flatten)]
        config: ConfigArgs,
        /// The key, as `doorward key status` names it.
        id: String,
    },
}

/// `doorward backup …`
#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    /// The configuration file.
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// The folder of the backup; it must not exist.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) to: PathBuf,
}

/// `doorward restore …`
#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// The configuration file.
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// The folder of the backup.
    #[arg(long, value_name = "FOLDER", required_unless_present = "adopt")]
    pub(crate) from: Option<PathBuf>,
    /// Set aside the database that is there.
    #[arg(long, requires = "from")]
    pub(crate) replace: bool,
    /// The database was brought back by other means (`pg_restore`): make it safe to use.
    #[arg(long, conflicts_with = "from")]
    pub(crate) adopt: bool,
}

/// `doorward authenticator …`
#[derive(Debug, Args)]
pub(crate) struct AuthenticatorArgs {
    /// Which device.
    #[command(flatten)]
    pub(crate) of: DeviceArgs,
    /// What to do with it.
    #[command(subcommand)]
    pub(crate) command: AuthenticatorCommand,
}

/// Which device, and how it is unlocked.
#[derive(Debug, Clone, Args)]
pub(crate) struct DeviceArgs {
    /// The key file; `$XDG_DATA_HOME/doorward/authenticator.json` otherwise.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// The authenticator of this serial number, where the key file has several.
    #[arg(long, global = true, value_name = "SERIAL")]
    pub(crate) account: Option<String>,
    /// Read the PIN from this file's first line; it is asked for on a terminal, or read from standard input, otherwise.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) pin_file: Option<PathBuf>,
    /// Believe the certificate authorities in this PEM file, and no others.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
}

/// The commands, in the order of a device's life.
#[derive(Debug, Subcommand)]
pub(crate) enum AuthenticatorCommand {
    /// Set it up by the link or the code that the browser shows.
    Activate(ActivateArgs),
    /// Show a passcode.
    Passcode {
        /// The eight digits that the page shows, where it shows some.
        #[arg(long, value_name = "DIGITS")]
        challenge: Option<String>,
    },
    /// Show the requests that wait for an answer.
    Requests {
        /// Wait up to 25 seconds for one.
        #[arg(long)]
        wait: bool,
    },
    /// Approve a request.
    Approve {
        /// The two digits that the page shows.
        #[arg(value_parser = two_digits)]
        number: String,
        /// Which one, where several wait.
        #[arg(long, value_name = "ID")]
        request: Option<String>,
    },
    /// Deny a request.
    Deny {
        /// Say that it was somebody else's.
        #[arg(long)]
        report: bool,
        /// Which one, where several wait.
        #[arg(long, value_name = "ID")]
        request: Option<String>,
    },
    /// Choose another PIN.
    ChangePin {
        /// Read the new PIN from this file's first line.
        #[arg(long, value_name = "FILE")]
        new_pin_file: Option<PathBuf>,
    },
    /// Say what the gateway knows of it; exit code 1 unless it is in use.
    Status,
    /// Remove it from this machine; it is revoked, which takes the PIN where there is one.
    Remove {
        /// Do not ask for the PIN. Where it is the only authenticator, it is suspended then, and only the help desk gives another.
        #[arg(long)]
        without_pin: bool,
    },
}

/// How it is set up.
#[derive(Debug, Args)]
pub(crate) struct ActivateArgs {
    /// The link that the browser shows, between quotation marks.
    #[arg(required_unless_present = "server", conflicts_with_all = ["server", "user", "code"])]
    pub(crate) link: Option<String>,
    /// The server's address beside the code, such as https://authenticator.example.org.
    #[arg(long, value_name = "URL", requires_all = ["user", "code"])]
    pub(crate) server: Option<String>,
    /// The user's name.
    #[arg(long, value_name = "NAME", requires = "server")]
    pub(crate) user: Option<String>,
    /// The code: twelve letters and digits.
    #[arg(long, requires = "server")]
    pub(crate) code: Option<String>,
    /// What this device is called in the browser and at the portal.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Answer no requests with it.
    #[arg(long)]
    pub(crate) no_push: bool,
}

fn two_digits(text: &str) -> Result<String, String> {
    let is_number = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
    if is_number { Ok(text.to_owned()) } else { Err("the number on the page has two digits".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(line: &str) -> bool {
        Cli::try_parse_from(["doorward", "authenticator"].into_iter().chain(line.split(' '))).is_ok()
    }

    #[test]
    fn an_activation_has_a_link_or_all_that_is_typed() {
        for good in [
            "activate https://a.test/a/#v=1&i=t&t=x --name mine --no-push",
            "activate --server https://a.test --user alice --code ABCD-EFGH-JKMN --key-file k",
            "approve 07",
            "deny --report --request p",
            "passcode --challenge 12345678 --pin-file p --account A-1",
        ] {
            assert!(holds(good), "{good}");
        }
        for wrong in [
            "activate",
            "activate --server https://a.test",
            "activate --user alice --code x",
            "activate https://a.test/a/#v=1&i=t&t=x --server https://a.test --user alice --code x",
            "approve",
            "approve 7",
            "approve ab",
        ] {
            assert!(!holds(wrong), "{wrong}");
        }
    }
}
