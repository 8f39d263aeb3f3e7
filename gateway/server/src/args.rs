//! The command line.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

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
    /// Check configuration, policies, certificates and database, and say what is wrong.
    Check(ConfigArgs),
    /// Access policies.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Say what would be decided for a request, and why.
    Explain(ExplainArgs),
    /// Users of the local directory.
    #[command(subcommand)]
    User(UserCommand),
    /// The audit trail.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// The master key.
    #[command(subcommand)]
    Key(KeyCommand),
    /// The plugins in this build.
    Plugins,
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
    /// Add a user; the password is read from standard input, or made and printed.
    Add {
        /// Whose users.
        #[command(flatten)]
        of: DirectoryArgs,
        /// The sign-in name.
        name: String,
        /// The mail address, to which verification codes go.
        #[arg(long)]
        email: Option<String>,
        /// The name to show.
        #[arg(long, default_value = "")]
        display_name: String,
        /// A group to be in (repeatable); made when missing.
        #[arg(long = "group")]
        groups: Vec<String>,
        /// Make a password and print it instead of reading one.
        #[arg(long)]
        generate: bool,
    },
    /// Set a new password, read from standard input, or made and printed.
    Password {
        /// Whose users.
        #[command(flatten)]
        of: DirectoryArgs,
        /// The sign-in name.
        name: String,
        /// Make a password and print it instead of reading one.
        #[arg(long)]
        generate: bool,
    },
    /// Switch a user off: no sign-in, sessions end.
    Disable {
        /// Whose users.
        #[command(flatten)]
        of: DirectoryArgs,
        /// The sign-in name.
        name: String,
    },
    /// Switch a user on again.
    Enable {
        /// Whose users.
        #[command(flatten)]
        of: DirectoryArgs,
        /// The sign-in name.
        name: String,
    },
    /// Make a suspended authenticator usable again, after "Not you?" was pressed and cleared up.
    Reactivate {
        /// Whose users.
        #[command(flatten)]
        of: DirectoryArgs,
        /// The sign-in name.
        name: String,
    },
    /// Revoke a user's authenticators, so that they may enrol a new one.
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
    /// Check the chain and its signed checkpoints, and name the first bad record.
    Verify {
        /// The configuration file.
        #[command(flatten)]
        config: ConfigArgs,
        /// The virtual server.
        #[arg(long, default_value = "default")]
        virtual_server: String,
        /// Compare the access log in this file with the chain as well (repeatable, oldest first; `-` for standard input).
        #[arg(long = "access-log", value_name = "FILE")]
        access_logs: Vec<PathBuf>,
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
    },
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
}
