//! Enrolment by email: provisioning tasks.

use std::path::PathBuf;

use clap::Subcommand;

use super::PageArgs;

/// Enrolment by email. Tasks are named by their numbers.
#[derive(Debug, Subcommand)]
pub(crate) enum TaskCommand {
    /// All of them, the newest first.
    List {
        /// How much.
        #[command(flatten)]
        page: PageArgs,
    },
    /// One of them, and how far it is.
    Show {
        /// The task.
        task: u64,
    },
    /// Its users, and how far each is.
    Users {
        /// The task.
        task: u64,
        /// Those who are so far, such as active or expired.
        #[arg(long)]
        status: Option<String>,
        /// How much.
        #[command(flatten)]
        page: PageArgs,
    },
    /// One of its users, and how far they are.
    User {
        /// The task.
        task: u64,
        /// The sign-in name, or `id:…`.
        user: String,
    },
    /// Whom provisioning rules would affect, were they in force now. Nothing is done.
    PreviewRules {
        /// The rules, as `settings show provisioning_rules` has them; `-` for standard input. Those in force otherwise.
        file: Option<PathBuf>,
        /// What they would do to this user, and to nobody else.
        #[arg(long)]
        user: Option<String>,
    },
    /// Let users enrol by email.
    Add {
        /// The users, by their sign-in names.
        #[arg(required_unless_present = "group", conflicts_with = "group")]
        users: Vec<String>,
        /// The members of this group instead.
        #[arg(long)]
        group: Option<String>,
        /// The last day on which they may enrol, such as 2026-12-24; 10 days from now otherwise.
        #[arg(long, value_name = "DAY")]
        until: Option<String>,
        /// What the mails say besides.
        #[arg(long)]
        note: Option<String>,
        /// Wait until everybody was written to.
        #[arg(long)]
        wait: bool,
    },
    /// Give a task another last day.
    Edit {
        /// The task.
        task: u64,
        /// The day.
        #[arg(long, value_name = "DAY")]
        until: String,
        /// What the mails say besides; as it was otherwise.
        #[arg(long)]
        note: Option<String>,
    },
    /// Write once more to a user, or to everybody who has not enrolled; the links of before are dead then.
    Resend {
        /// The task.
        task: u64,
        /// The user.
        user: Option<String>,
    },
    /// Remove a task, or a user from it; what was enrolled stays.
    Remove {
        /// The task.
        task: u64,
        /// The user.
        user: Option<String>,
    },
}
