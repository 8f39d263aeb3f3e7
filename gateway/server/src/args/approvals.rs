//! Acts that take two operators.

use clap::Subcommand;

use super::PageArgs;

/// Acts that take two operators. Each is named by its id.
#[derive(Debug, Subcommand)]
pub(crate) enum ApprovalCommand {
    /// What you have asked for, and what you may decide; the newest first.
    List {
        /// Only those from which something may still come.
        #[arg(long)]
        open: bool,
        /// How much.
        #[command(flatten)]
        page: PageArgs,
    },
    /// One of them: what would change, and who may approve it.
    Show {
        /// Its id.
        approval: String,
    },
    /// Approve what another operator has asked for.
    Approve {
        /// Its id.
        approval: String,
    },
    /// Refuse it.
    Refuse {
        /// Its id.
        approval: String,
    },
    /// Take back what you have asked for yourself.
    Withdraw {
        /// Its id.
        approval: String,
    },
}
