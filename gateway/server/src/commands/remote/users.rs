//! Users over the API.

use std::time::Duration;

use serde_json::{Value, json};

use super::line::{Call, Line, odd};
use super::named::{called, group, id, page, raw, user};
use super::show::{plain, print, text};
use super::table::Column;
use super::{Outcome, Stop};
use crate::Finding;
use crate::args::UserCommand;
use crate::commands::user::new_password;

const COLUMNS: [Column; 5] = [
    ("NAME", "name"),
    ("DISPLAY NAME", "display_name"),
    ("EMAIL", "email"),
    ("GROUPS", "groups.name"),
    ("OFF", "disabled"),
];

const FIRST: [&str; 8] =
    ["name", "display_name", "email", "disabled", "locked_until", "has_password", "groups", "all_groups"];

/// How often it is asked what has become of a request to a caller's device.
const PAUSE: Duration = Duration::from_secs(1);

/// One of those that do not work on the database.
pub(super) fn run(command: UserCommand) -> Outcome {
    match command {
        UserCommand::List { at, begins, page: which } => {
            let line = Line::open(&at)?;
            let found = page(&line, "/users", &[("q", begins.as_deref().unwrap_or_default())], &which)?;
            line.manner.list(&found, &COLUMNS)
        }
        UserCommand::Show { at, name } => {
            let line = Line::open(&at)?;
            line.manner.card(&user(&line, &name)?, &FIRST)
        }
        UserCommand::Add { at, name, email, display_name, groups, generate } => {
            let line = Line::open(&at.remote)?;
            let ids = ids_of(&line, &groups)?;
            let mut new = json!({"name": name, "display_name": display_name, "email": email, "groups": ids});
            say_password(&mut new, generate)?;
            if generate {
                put(&mut new, "draw_password", json!(true));
            }
            let made = line.call(&Call::post("/users", new).once())?.body;
            let said = format!("{} was added at {}.", plain(&name), line.server());
            told(&line, &made, &said, "password")
        }
        UserCommand::Edit { at, name, display_name, email, joins, leaves } => {
            edit(&Line::open(&at)?, &name, (display_name, email), &joins, &leaves)
        }
        UserCommand::Remove { at, name } => {
            let line = Line::open(&at)?;
            let user = user(&line, &name)?;
            line.call(&Call::delete(format!("/users/{}", id(&user)?)))?;
            line.manner.done(&Value::Null, &format!("{} is removed.", called(&user)))
        }
        UserCommand::Password { at, name, generate } => {
            let line = Line::open(&at.remote)?;
            let user = user(&line, &name)?;
            let mut body = json!({});
            say_password(&mut body, generate)?;
            let set = line.call(&Call::post(format!("/users/{}/password", id(&user)?), body).once())?.body;
            let said = format!("{} has a new password; open sessions were ended.", called(&user));
            told(&line, &set, &said, "password")
        }
        UserCommand::Disable { at, name } => {
            switch(&Line::open(&at.remote)?, &name, "disable", "is switched off; open sessions were ended")
        }
        UserCommand::Enable { at, name } => switch(&Line::open(&at.remote)?, &name, "enable", "is switched on"),
        UserCommand::Unlock { at, name } => {
            switch(&Line::open(&at)?, &name, "unlock", "is not locked any more; failed tries are forgotten")
        }
        UserCommand::SignOut { at, name } => switch(&Line::open(&at)?, &name, "sign-out", "is signed out everywhere"),
        UserCommand::Verify { at, name } => verify(&Line::open(&at)?, &name),
        UserCommand::TemporaryPasscode { at, name, reason, hours, withdraw } => {
            let line = Line::open(&at)?;
            let user = user(&line, &name)?;
            let path = format!("/users/{}/temporary-passcode", id(&user)?);
            if withdraw {
                line.call(&Call::delete(path))?;
                let said = format!("The temporary passcode of {} was taken back.", called(&user));
                return line.manner.done(&Value::Null, &said);
            }
            let drawn = line.call(&Call::post(path, json!({"reason": reason, "hours": hours})).once())?.body;
            let said = format!("{} may use it until {}.", called(&user), text(&drawn, "expires_at"));
            told(&line, &drawn, &said, "passcode")
        }
        UserCommand::RecoveryCodes { at, name, void } => {
            let line = Line::open(&at)?;
            let user = user(&line, &name)?;
            let path = format!("/users/{}/recovery-codes", id(&user)?);
            if void {
                line.call(&Call::delete(path))?;
                return line.manner.done(&Value::Null, &format!("{} has no recovery code any more.", called(&user)));
            }
            match line.get(path) {
                // There is the user; it is the codes that there are none of.
                Err(Stop::Refused(refusal)) if refusal.is("not-found") && !line.manner.json => {
                    print(&format!("{} has made no recovery codes.", called(&user)))?;
                    Ok(Finding::Good)
                }
                found => line.manner.card(&found?.body, &["left", "made_at"]),
            }
        }
        UserCommand::Reactivate { .. } | UserCommand::RevokeTokens { .. } => {
            Err(Stop::because("this is done in the database"))
        }
    }
}

/// Asks the device of whoever calls, and waits for the answer.
fn verify(line: &Line, name: &str) -> Outcome {
    let user = user(line, name)?;
    let path = format!("/users/{}/verification", id(&user)?);
    let mut asked = line.call(&Call::new(http::Method::POST, path).once())?;
    let place = asked.location.take().ok_or_else(odd)?;
    let mut now = asked.body;
    let opens = if now.get("by_hand") == Some(&Value::Bool(true)) { ", which they have to open," } else { "" };
    let number = text(&now, "number");
    eprintln!(
        "Read {number} to {}, who enters it in the app{opens} until {}.",
        called(&user),
        text(&now, "expires_at")
    );
    while raw(&now, "state") == "pending" {
        std::thread::sleep(PAUSE);
        now = line.get(&*place)?.body;
    }
    let state = raw(&now, "state");
    let is_right = state == "approved";
    let said = if is_right {
        format!("It is {}.", called(&user))
    } else {
        format!("It is not known that it is {}: {}.", called(&user), plain(&state))
    };
    line.manner.done(&now, &said)?;
    Ok(if is_right { Finding::Good } else { Finding::Bad })
}

fn switch(line: &Line, name: &str, how: &str, said: &str) -> Outcome {
    let user = user(line, name)?;
    let told = line.call(&Call::new(http::Method::POST, format!("/users/{}/{how}", id(&user)?)))?;
    line.manner.done(&told.body, &format!("{} {said}.", called(&user)))
}

fn edit(
    line: &Line,
    name: &str,
    (display_name, email): (Option<String>, Option<String>),
    joins: &[String],
    leaves: &[String],
) -> Outcome {
    let old = user(line, name)?;
    let (path, mut groups) = (format!("/users/{}", id(&old)?), group_ids(&old)?);
    for id in ids_of(line, leaves)? {
        groups.retain(|group| *group != id);
    }
    for id in ids_of(line, joins)? {
        if !groups.contains(&id) {
            groups.push(id);
        }
    }
    let email = match email {
        Some(email) => Some(email).filter(|email| !email.is_empty()),
        None => old.get("email").and_then(Value::as_str).map(str::to_owned),
    };
    let display_name = display_name.unwrap_or_else(|| raw(&old, "display_name"));
    let new = json!({"display_name": display_name, "email": email, "groups": groups});
    let told = line.call(&Call::put(path, new).seen(version(&old)?))?;
    line.manner.card(&told.body, &FIRST)
}

/// The version of a user, as it is sent back.
pub(super) fn version(user: &Value) -> Result<String, Stop> {
    let version = user.get("version").and_then(Value::as_i64).ok_or_else(odd)?;
    Ok(format!("\"{version}\""))
}

/// The ids of the groups that a user is in.
fn group_ids(user: &Value) -> Result<Vec<String>, Stop> {
    user.get("groups").and_then(Value::as_array).ok_or_else(odd)?.iter().map(id).collect()
}

fn ids_of(line: &Line, groups: &[String]) -> Result<Vec<String>, Stop> {
    groups.iter().map(|name| id(&group(line, name)?)).collect()
}

/// The password that is read, unless one is to be drawn.
fn say_password(body: &mut Value, generate: bool) -> Result<(), Stop> {
    if !generate {
        let password = new_password(false)?;
        put(body, "password", json!(password.expose()));
    }
    Ok(())
}

fn put(body: &mut Value, field: &str, value: Value) {
    if let Some(fields) = body.as_object_mut() {
        fields.insert(field.to_owned(), value);
    }
}

/// What was done, and the secret that was drawn by it, if one was.
pub(super) fn told(line: &Line, body: &Value, said: &str, secret: &str) -> Outcome {
    line.manner.done(body, said)?;
    let drawn = body.get(secret).and_then(Value::as_str).filter(|_| !line.manner.json);
    if let Some(drawn) = drawn {
        print(&format!("{secret} {}", plain(drawn)))?;
    }
    Ok(Finding::Good)
}
