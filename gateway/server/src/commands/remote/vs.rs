//! Virtual servers: those that somebody has signed in to.

use serde_json::{Value, json};

use super::Outcome;
use super::line::Line;
use super::sessions::Sessions;
use crate::args::{Remote, VsCommand};

/// `doorward vs …`
pub(super) fn run(args: &Remote<VsCommand>) -> Outcome {
    match args.command {
        VsCommand::List => {
            let line = Line::unsigned(&args.at)?;
            let sessions = Sessions::open()?;
            let current = sessions.find(line.server(), args.at.virtual_server.as_deref());
            let current = current.map(|kept| kept.virtual_server.clone());
            let row = |kept: &super::sessions::Kept| {
                json!({
                    "virtual_server": kept.virtual_server, "operator": kept.name, "expires_at": kept.expires_at,
                    "current": current.as_deref() == Some(&kept.virtual_server),
                })
            };
            let items: Vec<Value> = sessions.of(line.server()).map(row).collect();
            let columns = [
                ("VIRTUAL SERVER", "virtual_server"),
                ("CURRENT", "current"),
                ("OPERATOR", "operator"),
                ("ENDS AT THE LATEST", "expires_at"),
            ];
            line.manner.list(&json!({ "items": items }), &columns)
        }
        VsCommand::Show => {
            let line = Line::open(&args.at)?;
            let session = line.get("/session")?.body;
            line.manner.card(&session, &["virtual_server", "operator", "fresh_until", "expires_at"])
        }
    }
}
