//! The commands that ask a running gateway about its access policies.

use std::net::IpAddr;

use clap::{Args, Subcommand};

use super::{PageArgs, RemoteArgs};

/// What a running gateway is asked about its access policies (API).
#[derive(Debug, Subcommand)]
pub(crate) enum PolicyAsking {
    /// The policies in force (API).
    List {
        /// Whom to ask.
        #[command(flatten)]
        at: RemoteArgs,
        /// Those with this text in their id, file or text.
        text: Option<String>,
        /// How much.
        #[command(flatten)]
        page: PageArgs,
    },
    /// What a running gateway would decide for a request, and why (API); exit code 1 when it would not be admitted.
    Explain(Box<PolicyExplainArgs>),
    /// Run the cases beside the policies of a running gateway (API); exit code 1 when one is decided otherwise.
    Cases {
        /// Whom to ask.
        #[command(flatten)]
        at: RemoteArgs,
    },
    /// The shadow policies, and what they have said (API).
    Shadow {
        /// Whom to ask.
        #[command(flatten)]
        at: RemoteArgs,
    },
    /// What was decided of late (API).
    Records {
        /// Whom to ask.
        #[command(flatten)]
        at: RemoteArgs,
        /// About this user: a sign-in name, or `id:…`.
        #[arg(long)]
        user: Option<String>,
        /// Of this application.
        #[arg(long)]
        app: Option<String>,
        /// Decided so: admit, challenge or refuse.
        #[arg(long)]
        decision: Option<String>,
        /// Where the shadow policies said otherwise: lose, gain, step, or any.
        #[arg(long, value_name = "DIFFERENCE")]
        shadow: Option<String>,
        /// How much.
        #[command(flatten)]
        page: PageArgs,
    },
}

impl PolicyAsking {
    /// Whom it asks.
    pub(crate) fn remote(&self) -> &RemoteArgs {
        match self {
            Self::List { at, .. } | Self::Cases { at } | Self::Shadow { at } | Self::Records { at, .. } => at,
            Self::Explain(args) => &args.at,
        }
    }
}

/// `doorward policy explain …`
#[derive(Debug, Args)]
pub(crate) struct PolicyExplainArgs {
    /// Whom to ask.
    #[command(flatten)]
    pub(crate) at: RemoteArgs,
    /// The application.
    #[arg(long)]
    pub(crate) app: String,
    /// The path, as a client sends it.
    #[arg(long, default_value = "/")]
    pub(crate) path: String,
    /// The method.
    #[arg(long, default_value = "GET")]
    pub(crate) method: String,
    /// Who asks: a sign-in name. Nobody when absent.
    #[arg(long)]
    pub(crate) user: Option<String>,
    /// Groups to suppose instead of the user's own (repeatable); the user need not exist then.
    #[arg(long = "group", value_name = "GROUP", requires = "user")]
    pub(crate) groups: Vec<String>,
    /// The client's address.
    #[arg(long, default_value = "127.0.0.1")]
    pub(crate) ip: IpAddr,
    /// When, as RFC 3339 has it; now otherwise.
    #[arg(long, value_name = "TIME")]
    pub(crate) time: Option<String>,
    /// A proof given (repeatable): `password`, `otp`, `push`, `passkey`, or with its age: `otp=400s`.
    #[arg(long = "proof", value_name = "PROOF", requires = "user")]
    pub(crate) proofs: Vec<String>,
    /// It does not come over TLS.
    #[arg(long)]
    pub(crate) plain: bool,
    /// Suppose that the user may put the authenticator off.
    #[arg(long, requires = "user")]
    pub(crate) enrolment_deferred: bool,
    /// Suppose that the token is on probation.
    #[arg(long, requires = "user")]
    pub(crate) probation: bool,
}
