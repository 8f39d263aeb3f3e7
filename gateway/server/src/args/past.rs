//! The commands that look at what has happened.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use doorward_api::Timestamp;
use doorward_api::settings::Day;

use super::{PageArgs, RemoteArgs};

/// Reads the begin of a time.
pub(crate) fn begin(text: &str) -> Result<Timestamp, String> {
    moment(text, Day::begins)
}

/// Reads its end.
pub(crate) fn end(text: &str) -> Result<Timestamp, String> {
    moment(text, Day::ends)
}

fn moment(text: &str, of_day: fn(Day) -> Timestamp) -> Result<Timestamp, String> {
    let found = Day::parse(text).map(of_day).or_else(|| Timestamp::parse(text));
    found.ok_or_else(|| "a day such as 2026-12-24, or a moment such as 2026-12-24T18:00:00Z".to_owned())
}

/// Of which time.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct SpanArgs {
    /// Not before this: a day (2026-12-24) or a moment (RFC 3339).
    #[arg(long, value_name = "WHEN")]
    pub(crate) from: Option<String>,
    /// Before this moment; of a day, all of it is meant.
    #[arg(long, value_name = "WHEN")]
    pub(crate) until: Option<String>,
    /// The time zone of days, such as Europe/Berlin; UTC otherwise.
    #[arg(long, value_name = "ZONE")]
    pub(crate) tz: Option<String>,
}

/// All of it as a table.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct TableArgs {
    /// All of it as a table (RFC 4180), which leaves a record.
    #[arg(long, conflicts_with_all = ["limit", "after", "all"])]
    pub(crate) csv: bool,
    /// Write the table into this file; to standard output otherwise.
    #[arg(long, value_name = "FILE", requires = "csv")]
    pub(crate) to: Option<PathBuf>,
}

/// `doorward audit list`
#[derive(Debug, Args)]
pub(crate) struct TrailArgs {
    /// Whom to ask.
    #[command(flatten)]
    pub(crate) at: RemoteArgs,
    /// Of which time.
    #[command(flatten)]
    pub(crate) span: SpanArgs,
    /// Of this type, such as ENROLLMENT.
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) kind: Option<String>,
    /// These events, with commas between them.
    #[arg(long, value_name = "EVENTS")]
    pub(crate) event: Option<String>,
    /// Of this user.
    #[arg(long)]
    pub(crate) user: Option<String>,
    /// By this operator.
    #[arg(long)]
    pub(crate) operator: Option<String>,
    /// From this address.
    #[arg(long)]
    pub(crate) address: Option<String>,
    /// Of the token with this serial number.
    #[arg(long)]
    pub(crate) serial: Option<String>,
    /// Of this sign-in or enrolment.
    #[arg(long, value_name = "ID")]
    pub(crate) transaction: Option<String>,
    /// With this text in one of their values.
    #[arg(long, value_name = "TEXT")]
    pub(crate) text: Option<String>,
    /// The oldest first; the newest otherwise.
    #[arg(long)]
    pub(crate) oldest_first: bool,
    /// How much.
    #[command(flatten)]
    pub(crate) page: PageArgs,
    /// Or all of it.
    #[command(flatten)]
    pub(crate) table: TableArgs,
}

/// Reports.
#[derive(Debug, Subcommand)]
pub(crate) enum ReportCommand {
    /// The enrolment history: one line for each enrolment.
    Enrolments {
        /// Which.
        #[command(flatten)]
        of: Box<HistoryArgs>,
        /// How much.
        #[command(flatten)]
        page: PageArgs,
        /// Or all of it.
        #[command(flatten)]
        table: TableArgs,
    },
    /// What enrolments came to.
    Totals(HistoryArgs),
    /// How far enrolments come, and how many have no token yet.
    Funnel(HistoryArgs),
    /// Who has no token yet.
    Missing {
        /// A key that `report funnel` shows; everybody otherwise.
        #[arg(default_value = "all")]
        of: String,
        /// How much.
        #[command(flatten)]
        page: PageArgs,
    },
}

/// Which enrolments.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct HistoryArgs {
    /// Of which time.
    #[command(flatten)]
    pub(crate) span: SpanArgs,
    /// Of this user.
    #[arg(long)]
    pub(crate) user: Option<String>,
    /// Of users in this group.
    #[arg(long)]
    pub(crate) group: Option<String>,
    /// What has become of them, such as confirmed or expired.
    #[arg(long)]
    pub(crate) result: Option<String>,
    /// Set going by self_provisioning, provisioning_email or rule.
    #[arg(long, value_name = "BY")]
    pub(crate) initiated_by: Option<String>,
    /// For this application.
    #[arg(long)]
    pub(crate) application: Option<String>,
    /// Of the token with this serial number.
    #[arg(long)]
    pub(crate) serial: Option<String>,
    /// From this address.
    #[arg(long)]
    pub(crate) address: Option<String>,
    /// On this operating system.
    #[arg(long, value_name = "SYSTEM")]
    pub(crate) os: Option<String>,
    /// Those that were offered and never begun, too.
    #[arg(long)]
    pub(crate) offered: bool,
}
