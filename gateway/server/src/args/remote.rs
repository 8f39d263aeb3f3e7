//! The commands that ask a running gateway, by its operators' API.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::{AuditCommand, Command, ConfigArgs, DirectoryArgs, PolicyCommand, UserCommand};

/// Where the console is, when nothing says so.
pub(crate) const USUAL_SERVER: &str = "http://127.0.0.1:8081";

/// Whom to ask, as whom, and how the answer is shown.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct RemoteArgs {
    /// The console's address; $DOORWARD_SERVER otherwise, then this machine's, <http://127.0.0.1:8081>.
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) server: Option<String>,
    /// The virtual server; over the API the one that was signed in to last, when there are several.
    #[arg(long, global = true, value_name = "ID")]
    pub(crate) virtual_server: Option<String>,
    /// Send the token on this file's first line; $DOORWARD_TOKEN otherwise, then the session of `doorward login`.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Believe the certificate authorities in this PEM file, and no others.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// Print the API's JSON as it is.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

impl Command {
    /// Whom a command asks, of those that ask a gateway.
    pub(crate) fn remote(&self) -> Option<&RemoteArgs> {
        match self {
            Self::Login(args) => Some(&args.at),
            Self::Prove(args) | Self::Logout(args) => Some(&args.at),
            Self::Vs(args) => Some(&args.at),
            Self::Group(args) => Some(&args.at),
            Self::Token(args) => Some(&args.at),
            Self::Request(args) => Some(&args.at),
            Self::Approval(args) => Some(&args.at),
            Self::Settings(args) => Some(&args.at),
            Self::Operator(args) => Some(&args.at),
            Self::Role(args) => Some(&args.at),
            Self::ApiKey(args) => Some(&args.at),
            Self::Audit(AuditCommand::List(args)) => Some(&args.at),
            Self::Task(args) => Some(&args.at),
            Self::Report(args) => Some(&args.at),
            Self::Policy(PolicyCommand::Asking(asking)) => Some(asking.remote()),
            Self::Call(args) => Some(&args.at),
            Self::Export(args) => Some(&args.at),
            Self::Import(args) => Some(&args.at),
            Self::User(command) => command.remote(),
            _ => None,
        }
    }
}

impl UserCommand {
    /// Whom it asks, unless it is done in the database in any case.
    pub(crate) fn remote(&self) -> Option<&RemoteArgs> {
        match self {
            Self::Add { at, .. } | Self::Password { at, .. } | Self::Disable { at, .. } | Self::Enable { at, .. } => {
                Some(&at.remote)
            }
            Self::List { at, .. }
            | Self::Show { at, .. }
            | Self::Edit { at, .. }
            | Self::Remove { at, .. }
            | Self::SignOut { at, .. }
            | Self::Unlock { at, .. }
            | Self::Verify { at, .. }
            | Self::TemporaryPasscode { at, .. }
            | Self::RecoveryCodes { at, .. } => Some(at),
            Self::Reactivate { .. } | Self::RevokeTokens { .. } => None,
        }
    }
}

/// `doorward vs …` and all the others that are several commands under one word.
#[derive(Debug, Args)]
pub(crate) struct Remote<C: Subcommand> {
    /// Whom to ask.
    #[command(flatten)]
    pub(crate) at: RemoteArgs,
    /// What.
    #[command(subcommand)]
    pub(crate) command: C,
}

impl RemoteArgs {
    /// The address that was said, here or in the environment.
    pub(crate) fn said_server(&self) -> Option<String> {
        let environment = || std::env::var("DOORWARD_SERVER").ok().filter(|server| !server.is_empty());
        self.server.clone().or_else(environment)
    }
}

/// Where a change is made: in the database of a configuration, or over the API of a gateway that runs.
#[derive(Debug, Clone, Args)]
pub(crate) struct PlaceArgs {
    /// Change the database of this configuration file directly; `doorward.toml` when no server is said either.
    #[arg(short, long, value_name = "FILE", conflicts_with_all = ["server", "token_file", "ca", "json"])]
    pub(crate) config: Option<PathBuf>,
    /// Whom to ask otherwise.
    #[command(flatten)]
    pub(crate) remote: RemoteArgs,
}

impl PlaceArgs {
    /// The database, unless a server is meant. What was written before there was an API goes on meaning the database.
    pub(crate) fn directory(&self) -> Option<DirectoryArgs> {
        let RemoteArgs { token_file, ca, json, virtual_server, .. } = &self.remote;
        let server = self.remote.said_server().is_some() || token_file.is_some() || ca.is_some() || *json;
        if self.config.is_none() && server {
            return None;
        }
        let config = self.config.clone().unwrap_or_else(|| PathBuf::from("doorward.toml"));
        Some(DirectoryArgs { config: ConfigArgs { config }, virtual_server: virtual_server.clone() })
    }
}

/// How much of a long list.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct PageArgs {
    /// At most so many.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=200), conflicts_with = "all")]
    pub(crate) limit: Option<u32>,
    /// Go on where the list before has ended.
    #[arg(long, value_name = "NEXT", conflicts_with = "all")]
    pub(crate) after: Option<String>,
    /// The whole list.
    #[arg(long)]
    pub(crate) all: bool,
}

/// `doorward login`
#[derive(Debug, Args)]
pub(crate) struct LoginArgs {
    /// Where.
    #[command(flatten)]
    pub(crate) at: RemoteArgs,
    /// The operator's name; asked for otherwise.
    #[arg(long)]
    pub(crate) name: Option<String>,
}

/// `doorward prove`, `doorward logout`
#[derive(Debug, Args)]
pub(crate) struct SessionArgs {
    /// Where.
    #[command(flatten)]
    pub(crate) at: RemoteArgs,
}

/// Virtual servers.
#[derive(Debug, Subcommand)]
pub(crate) enum VsCommand {
    /// The virtual servers that somebody has signed in to from here.
    List,
    /// The one that the session belongs to, and who is signed in.
    Show,
}

/// Groups. They and users are named by their names, or as `id:…`.
#[derive(Debug, Subcommand)]
pub(crate) enum GroupCommand {
    /// Those whose names begin with a text.
    List {
        /// The text; all without it.
        begins: Option<String>,
        /// How much.
        #[command(flatten)]
        page: PageArgs,
    },
    /// One group.
    Show {
        /// The group.
        group: String,
    },
    /// A new group.
    Add {
        /// Its name.
        name: String,
    },
    /// Another name. Access policies name groups by it.
    Rename {
        /// The group.
        group: String,
        /// The other name.
        name: String,
    },
    /// Remove a group; its members stay.
    Remove {
        /// The group.
        group: String,
    },
    /// Who is in a group themselves.
    Members {
        /// The group.
        group: String,
        /// How much.
        #[command(flatten)]
        page: PageArgs,
    },
    /// Put users into a group.
    Join {
        /// The group.
        group: String,
        /// The users.
        #[arg(required = true)]
        users: Vec<String>,
    },
    /// Take users out of a group.
    Leave {
        /// The group.
        group: String,
        /// The users.
        #[arg(required = true)]
        users: Vec<String>,
    },
    /// Put a group into another: its members are members of that one, too.
    Nest {
        /// The group.
        group: String,
        /// The other.
        into: String,
    },
    /// Take a group out of another. Where rules take something by it, that is shown before, and asked about.
    Unnest {
        /// The group.
        group: String,
        /// The other.
        out_of: String,
        /// Do it whatever rules take by it.
        #[arg(long)]
        yes: bool,
    },
}

/// Tokens. They are named by their serial numbers, or as `id:…`.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Those for which every condition holds.
    List {
        /// In this state, such as `active` or `revoked`.
        #[arg(long)]
        state: Option<String>,
        /// Locked now by wrong passcodes.
        #[arg(long)]
        locked: bool,
        /// Of this user.
        #[arg(long, value_name = "USER")]
        owner: Option<String>,
        /// Whose serial number begins so.
        #[arg(long, value_name = "BEGINS")]
        serial: Option<String>,
        /// How much.
        #[command(flatten)]
        page: PageArgs,
    },
    /// How many there are in each state.
    Counts,
    /// One token, and what can be done to it.
    Show(TokenNamed),
    /// Hold it.
    Suspend(TokenNamed),
    /// Give it back.
    Reactivate(TokenNamed),
    /// End the lock that wrong passcodes have led to.
    Unlock(TokenNamed),
    /// Take it from its user: it is no longer needed.
    Return(TokenNamed),
    /// Take it from its user, who has lost it.
    Lost(TokenNamed),
    /// Take it from its user, since it does not work.
    Faulty(TokenNamed),
    /// Make one that was lost or faulty ready for somebody else.
    Reinitialize(TokenNamed),
    /// Remove it.
    Delete(TokenNamed),
    /// Give a token of the stock to a user.
    Assign {
        /// Which.
        #[command(flatten)]
        of: TokenNamed,
        /// The user.
        user: String,
    },
    /// Find it again by two passcodes that it showed one right after the other; both are read from standard input.
    Resync(TokenNamed),
    /// Set a PIN that the server checks; it is read from standard input.
    Pin {
        /// Which.
        #[command(flatten)]
        of: TokenNamed,
        /// Draw one and print it instead.
        #[arg(long)]
        generate: bool,
        /// It must be changed at its first use.
        #[arg(long)]
        must_change: bool,
    },
    /// Try a passcode out, which is read from standard input; a right one is spent. Exit code 1 unless it was right.
    Test(TokenNamed),
    /// The name that its user sees.
    Label {
        /// Which.
        #[command(flatten)]
        of: TokenNamed,
        /// The name; empty for none.
        label: String,
    },
    /// Take a file of tokens into the stock: PSKC (RFC 6030) or OATH CSV. Exit code 1 when a row was not taken.
    Import {
        /// The file.
        file: PathBuf,
        /// The pre-shared key of an encrypted file, in hex, is on this file's first line.
        #[arg(long, value_name = "FILE", conflicts_with = "password_file")]
        key_file: Option<PathBuf>,
        /// The password of an encrypted file is on this file's first line.
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
    /// How far a file is that was sent, and what became of its rows. Exit code 1 when a row was not taken.
    Imports {
        /// The import's id, as `token import` says it.
        import: String,
    },
}

/// Which token.
#[derive(Debug, Clone, Args)]
pub(crate) struct TokenNamed {
    /// The serial number, or `id:…`.
    pub(crate) token: String,
}

/// Settings and token policies: one document of each kind.
#[derive(Debug, Subcommand)]
pub(crate) enum SettingsCommand {
    /// The kinds there are.
    List,
    /// A document, as JSON.
    Show {
        /// The kind, such as `lockout`.
        kind: String,
    },
    /// Put a document in place of the one that is there, and show what that changes.
    Set {
        /// The kind.
        kind: String,
        /// The document, as JSON; `-` for standard input.
        file: PathBuf,
        /// Show only what it would change; exit code 1 when that is anything.
        #[arg(long)]
        dry_run: bool,
    },
    /// The last changes.
    Changes {
        /// The kind.
        kind: String,
    },
    /// What a user would be offered by these settings, and on which terms.
    Preview {
        /// The sign-in name.
        user: String,
    },
}

/// Operators. They are named by their names, or as `id:…`.
#[derive(Debug, Subcommand)]
pub(crate) enum OperatorCommand {
    /// All of them.
    List,
    /// One of them.
    Show {
        /// The operator.
        operator: String,
    },
    /// Make a link by which one more operator is made.
    Invite {
        /// Their role: `administrator`, `help_desk`, `auditor`, or the name of one that operators have made.
        role: String,
    },
    /// The links that were made and still lead somewhere.
    Invitations,
    /// Such a link leads nowhere from now on.
    Withdraw {
        /// The invitation's id, as `operator invitations` lists it.
        invitation: String,
    },
    /// Give an operator another role.
    Role {
        /// The operator.
        operator: String,
        /// The role.
        role: String,
    },
    /// Switch an operator off.
    Disable {
        /// The operator.
        operator: String,
    },
    /// Switch an operator on again.
    Enable {
        /// The operator.
        operator: String,
    },
    /// Make a link by which an operator sets password and second factor anew.
    Recover {
        /// The operator.
        operator: String,
        /// On the database of this configuration file itself, for the day when nobody else can do it.
        #[arg(short, long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
}

/// Roles. They are named by their names, or as `id:…`.
#[derive(Debug, Subcommand)]
pub(crate) enum RoleCommand {
    /// All of them, and what they may.
    List,
    /// One of them.
    Show {
        /// The role.
        role: String,
    },
    /// A new role.
    Add {
        /// Its name.
        name: String,
        /// What it may, such as users:edit (repeatable).
        #[arg(long = "may", value_name = "PERMISSION", required = true)]
        may: Vec<String>,
    },
    /// Another name, or other permissions in place of all it had.
    Edit {
        /// The role.
        role: String,
        /// The other name.
        #[arg(long, value_name = "NAME")]
        rename: Option<String>,
        /// What it may (repeatable).
        #[arg(long = "may", value_name = "PERMISSION", required_unless_present = "rename")]
        may: Vec<String>,
    },
    /// Remove a role that no operator has.
    Remove {
        /// The role.
        role: String,
    },
}

/// `doorward api-key …`
#[derive(Debug, Args)]
pub(crate) struct ApiKeyArgs {
    /// Whom to ask.
    #[command(flatten)]
    pub(crate) at: RemoteArgs,
    /// What.
    #[command(subcommand)]
    pub(crate) command: ApiKeyCommand,
}

/// Keys by which programs call. They are named by their names, or as `id:…`.
#[derive(Debug, Subcommand)]
pub(crate) enum ApiKeyCommand {
    /// All of them.
    List,
    /// One of them.
    Show {
        /// The key.
        key: String,
    },
    /// Draw a key, and print it.
    Add {
        /// Its name.
        name: String,
        /// What it may, such as reports:view (repeatable).
        #[arg(long = "may", value_name = "PERMISSION", required = true)]
        may: Vec<String>,
        /// For how many days it is good: 1 to 365.
        #[arg(long, default_value_t = 90)]
        days: u32,
    },
    /// Make a key useless.
    Revoke {
        /// The key.
        key: String,
    },
}

/// Who may enrol: requests, approvals, refusals, codes of the help desk.
#[derive(Debug, Subcommand)]
pub(crate) enum RequestCommand {
    /// Who waits for an approval.
    List {
        /// How much.
        #[command(flatten)]
        page: PageArgs,
    },
    /// What a user is granted, or asks for.
    Show {
        /// The user.
        user: String,
    },
    /// They may enrol, and are written to.
    Approve {
        /// The user.
        user: String,
        /// Why, for the trail.
        #[arg(long)]
        reason: Option<String>,
    },
    /// They may not, and are shown why.
    Refuse {
        /// The user.
        user: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Draw a code to enrol with, and print it.
    Code {
        /// The user.
        user: String,
        /// Why, for the trail.
        #[arg(long)]
        reason: String,
    },
    /// Take back whatever they are granted.
    Withdraw {
        /// The user.
        user: String,
    },
}

/// `doorward call …`
#[derive(Debug, Args)]
pub(crate) struct CallArgs {
    /// Whom to ask.
    #[command(flatten)]
    pub(crate) at: RemoteArgs,
    /// The method.
    #[arg(value_enum, ignore_case = true)]
    pub(crate) method: MethodName,
    /// The path below `/api/v1`, with its query.
    pub(crate) path: String,
    /// The body, as JSON; `-` for standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) body: Option<PathBuf>,
    /// The version that was seen, for `If-Match`.
    #[arg(long, value_name = "VERSION")]
    pub(crate) if_match: Option<u64>,
    /// Send this as `Idempotency-Key`: what was done under it is not done again.
    #[arg(long, value_name = "KEY")]
    pub(crate) once: Option<String>,
}

/// The methods of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MethodName {
    /// Look.
    Get,
    /// Make, or do.
    Post,
    /// Replace.
    Put,
    /// Remove.
    Delete,
}

/// `doorward export …`
#[derive(Debug, Args)]
pub(crate) struct TakeOutArgs {
    /// Whom to ask.
    #[command(flatten)]
    pub(crate) at: RemoteArgs,
    /// The folder; made when it is not there. Of an export that is in it, nothing is left.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) to: PathBuf,
}

/// `doorward import …`
#[derive(Debug, Args)]
pub(crate) struct PutInArgs {
    /// Whom to ask.
    #[command(flatten)]
    pub(crate) at: RemoteArgs,
    /// The folder of an export.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) from: PathBuf,
    /// Show only what it would change; exit code 1 when that is anything.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Remove users, groups and roles that are not in the files; they stay otherwise. Files with fewer lines than
    /// virtual-server.json says are refused: they may have broken off.
    #[arg(long)]
    pub(crate) prune: bool,
    /// Make and print a link for each operator who is in the files and not there.
    #[arg(long)]
    pub(crate) invite: bool,
}

/// `doorward completions …`
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::super::Cli;
    use super::*;

    fn place(line: &str) -> PlaceArgs {
        let words = ["doorward", "user", "disable", "alice"].into_iter().chain(line.split_whitespace());
        match Cli::try_parse_from(words).unwrap().command {
            Command::User(UserCommand::Disable { at, .. }) => at,
            other => panic!("{other:?}"),
        }
    }

    fn holds(line: &str) -> bool {
        Cli::try_parse_from(["doorward"].into_iter().chain(line.split_whitespace())).is_ok()
    }

    #[test]
    fn the_description_contradicts_itself_nowhere() {
        Cli::command().debug_assert();
    }

    #[test]
    fn what_names_no_server_means_the_database_as_ever() {
        let database = |line: &str| place(line).directory().map(|of| (of.config.config, of.virtual_server));
        let usual = PathBuf::from("doorward.toml");
        assert_eq!(database(""), Some((usual.clone(), None)));
        assert_eq!(database("--virtual-server other"), Some((usual, Some("other".to_owned()))));
        assert_eq!(database("-c site.toml"), Some((PathBuf::from("site.toml"), None)));
        for asked in ["--server https://a.test", "--json", "--ca ca.pem", "--token-file t"] {
            assert_eq!(database(asked), None, "{asked}");
            assert!(!holds(&format!("user disable alice -c site.toml {asked}")), "{asked}");
        }
    }

    #[test]
    fn commands_hold_together() {
        for good in [
            "user list --server https://a.test --json",
            "user temporary-passcode alice --reason lost --hours 3",
            "user temporary-passcode alice --withdraw",
            "group --json list",
            "token import tokens.xml --password-file p",
            "import --from x --dry-run --prune",
            "call GET /users",
            "completions fish",
        ] {
            assert!(holds(good), "{good}");
        }
        for wrong in [
            "user temporary-passcode alice",
            "user list --limit 0",
            "user list --limit 5 --all",
            "token import tokens.xml --password-file p --key-file k",
            "group join Sales",
            "export",
            "call patch /users",
        ] {
            assert!(!holds(wrong), "{wrong}");
        }
    }
}
