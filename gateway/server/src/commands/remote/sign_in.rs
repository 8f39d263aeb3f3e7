//! Signing in to the API, proving anew, signing out.

use doorward_api::Secret;
use serde_json::{Value, json};

use super::line::{Call, Line, odd};
use super::sessions::{Kept, Sessions};
use super::show::{plain, text};
use super::{Outcome, Stop, typed};
use crate::Finding;
use crate::args::{LoginArgs, RemoteArgs};

/// `doorward login`
pub(super) fn login(args: &LoginArgs) -> Outcome {
    let line = Line::unsigned(&args.at)?;
    let name = args.name.clone().map_or_else(|| typed::line("Name: "), Ok)?;
    let (password, passcode) = (typed::secret("Password: ")?, typed::secret("Passcode: ")?);
    let mut body = json!({"name": name, "password": password.expose(), "passcode": passcode.expose()});
    if let (Some(vs), Some(fields)) = (&args.at.virtual_server, body.as_object_mut()) {
        fields.insert("virtual_server".to_owned(), json!(vs));
    }
    let begun = line.call(&Call::post("/session", body))?.body;
    let token = begun.get("token").and_then(Value::as_str).map(Secret::new).ok_or_else(odd)?;
    line.sign(token.clone());
    let session = line.get("/session")?.body;
    let kept = Kept {
        server: line.server().to_owned(),
        virtual_server: text(&session, "virtual_server"),
        name: text(&session, "operator.name"),
        expires_at: text(&session, "expires_at"),
        token,
    };
    let said = format!(
        "{} is signed in to {} at {} ({}), at the longest until {}.",
        plain(&kept.name),
        plain(&kept.virtual_server),
        kept.server,
        plain(&text(&session, "operator.role")),
        plain(&kept.expires_at),
    );
    Sessions::open()?.keep(kept)?;
    line.manner.done(&session, &said)
}

/// `doorward prove`
pub(super) fn prove(at: &RemoteArgs) -> Outcome {
    let line = Line::open(at)?;
    let session = line.prove()?.body;
    let until = plain(&text(&session, "fresh_until"));
    line.manner.done(&session, &format!("Changes are taken until {until}."))
}

/// `doorward logout`
pub(super) fn logout(at: &RemoteArgs) -> Outcome {
    let line = Line::unsigned(at)?;
    let sessions = Sessions::open()?;
    let Some(kept) = sessions.find(line.server(), at.virtual_server.as_deref()).cloned() else {
        return Err(Stop::SignedOut(line.server().to_owned()));
    };
    line.sign(kept.token.clone());
    // One that has ended already is forgotten just as well; where the server cannot be asked, it is kept and said.
    match line.call(&Call::delete("/session")) {
        Ok(_) | Err(Stop::SignedOut(_)) => {}
        Err(stop) => return Err(stop),
    }
    sessions.forget(&kept.server, &kept.virtual_server)?;
    if !line.manner.json {
        println!("{} is signed out of {} at {}.", plain(&kept.name), plain(&kept.virtual_server), kept.server);
    }
    Ok(Finding::Good)
}
