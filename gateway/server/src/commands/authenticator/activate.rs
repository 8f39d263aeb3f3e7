//! Activation: from a link or a code to a token in the key file.

use data_encoding::BASE64URL_NOPAD;
use doorward_api::{Secret, SecretBytes};
use p256::ecdsa::SigningKey;
use serde::Deserialize;
use serde_json::{Value, json};

use super::keyfile::{Account, Kept, KeyFile, SeedKey};
use super::line::{Calls, Line, Said};
use super::link::Ticket;
use super::pin::{self, Dice, Registered};
use super::seal::{self, Agreed, point, read_point};
use super::signature::{Signer, nonce};
use super::stop::Stop;
use super::template::{Mode, Moment, Template};
use super::terminal::{Typist, plain};
use crate::Failure;

/// A finish whose answer was lost is sent again so often: it is harmless (PROTOCOL.md, Activation 4).
const FINISHES: usize = 3;
/// The question that is answered to show that the seeds are the same.
const QUESTION: &str = "00000000";

/// How this device is set up.
pub(super) struct Wishes {
    /// What people call it.
    pub(super) name: String,
    /// Requests are wanted.
    pub(super) push: bool,
}

/// The answer of `activate/begin`.
#[derive(Deserialize)]
struct Begun {
    id: String,
    pub_dh: String,
    nonce: String,
    check: String,
    expires: i64,
    now: i64,
    issuer: String,
    account: String,
    serial: String,
    portal: String,
    template: Template,
}

/// A device that is on its way: nothing is kept of it yet.
struct New<'l, 'a> {
    line: &'l Line<'a>,
    signer: Signer,
}

impl Calls for New<'_, '_> {
    fn call(&mut self, name: &str, body: &Value) -> Result<Said, Stop> {
        self.line.call(&mut self.signer, Some(&mut |_| Ok(())), name, &body.to_string())
    }
}

impl New<'_, '_> {
    /// A call that is not counted.
    fn ask(&mut self, name: &str, body: &str) -> Result<Said, Stop> {
        self.line.call(&mut self.signer, None, name, body)
    }
}

/// Activates, and says how far it is. What was made is in the key file before the gateway is told that it is.
pub(super) fn activate(
    line: &Line<'_>,
    file: &mut KeyFile,
    ticket: &Ticket,
    wishes: &Wishes,
    typist: &Typist,
) -> Result<usize, Stop> {
    let mut dice = Dice(line.entropy);
    let own = p256::SecretKey::random(&mut dice);
    let key = SigningKey::random(&mut dice);
    let own_nonce = nonce(line.entropy);
    let id = match ticket {
        Ticket::Link { id, .. } => id.clone(),
        Ticket::Typed { .. } => String::new(),
    };
    let mut new = New { line, signer: Signer { id, key, sequence: 0, ahead: 0 } };
    let body = begin(ticket, &new.signer, &own, &own_nonce, wishes);
    let said = new.ask("activate/begin", &body)?;
    let begun: Begun = said.read()?;
    new.signer.id = begun.id.clone();
    new.signer.ahead = begun.now - line.here();
    let agreed = agreed(&own, &own_nonce, &begun, [body.as_bytes(), &said.0])?;
    let [user, issuer, serial] = [&begun.account, &begun.issuer, &begun.serial].map(|text| plain(text));
    println!("Account {user} at {issuer}, serial number {serial}.");
    println!(
        "The browser shows this device and a check code. If it is {} there too, press \"It's mine\".",
        plain(&begun.check)
    );
    confirmed(&mut new, &begun)?;

    let pin = match begun.template.pin_rules() {
        Some(rules) => Some(pin::register(&mut new, &begun.id, &typist.new_pin(&rules)?, line.entropy)?),
        None => None,
    };
    let damaged = || Failure::Other("the keys could not be agreed on".to_owned());
    let seed = agreed.seed(begun.template.algorithm()?).ok_or_else(damaged)?;
    let otp = first_passcode(&begun.template, &seed, line.now(&new.signer))?;
    let finish = json!({
        "id": begun.id,
        "pin": pin.as_ref().map(|pin| &pin.record),
        "push": null,
        "push_wanted": wishes.push,
        "otp": otp.expose(),
        "mac": agreed.own_mac(),
    });
    let made = account(line, &new.signer, &begun, &seed, pin)?;
    file.accounts.push(made);
    file.save()?;
    let nth = file.accounts.len().saturating_sub(1);
    let done = finished(new, file, nth, &finish.to_string());
    // Whether it was carried out is open when the gateway could not be reached: then it is kept.
    let refused = match &done {
        Ok(mac) => !agreed.is_of_gateway(mac),
        Err(Stop::Refused(_)) => true,
        Err(_) => false,
    };
    if refused {
        file.accounts.truncate(nth);
        file.save()?;
    }
    match done {
        Ok(_) if refused => Err(Stop::rule("the gateway did not prove who it is; begin anew, and tell your help desk")),
        Ok(_) => Ok(nth),
        Err(Stop::Failed(cause)) => Err(Stop::Failed(Failure::Other(format!(
            "{cause}; whether it was set up is open: `doorward authenticator status` tells"
        )))),
        Err(stop) => Err(stop),
    }
}

/// The body of `activate/begin`; both sides make a hash of it, so it is made once.
fn begin(ticket: &Ticket, signer: &Signer, own: &p256::SecretKey, own_nonce: &[u8], wishes: &Wishes) -> String {
    let device = json!({
        "os": SYSTEM,
        "form": "desktop",
        "name": wishes.name,
        "installed": true,
        "push": false,
        "biometric": false,
    });
    let mut body = json!({
        "v": 1,
        "pub_sig": point(&signer.key.verifying_key().into()),
        "pub_dh": point(&own.public_key()),
        "nonce": BASE64URL_NOPAD.encode(own_nonce),
        "device": device,
    });
    let shown: [(&str, &str); 2] = match ticket {
        Ticket::Link { id, ticket } => [("id", id), ("ticket", ticket.expose())],
        Ticket::Typed { user, code } => [("user", user), ("code", code.expose())],
    };
    if let Some(fields) = body.as_object_mut() {
        fields.extend(shown.map(|(name, value)| (name.to_owned(), value.into())));
    }
    body.to_string()
}

/// What this machine runs, in the words of the protocol.
pub(super) const SYSTEM: &str = if cfg!(target_os = "linux") {
    "linux"
} else if cfg!(target_os = "macos") {
    "macos"
} else if cfg!(target_os = "windows") {
    "windows"
} else {
    "other"
};

fn agreed(own: &p256::SecretKey, own_nonce: &[u8], begun: &Begun, messages: [&[u8]; 2]) -> Result<Agreed, Stop> {
    let odd = || Failure::Other("the gateway's answer is none of this protocol: its key is none".to_owned());
    let gateway = read_point(&begun.pub_dh).ok_or_else(odd)?;
    let gateway_nonce = BASE64URL_NOPAD.decode(begun.nonce.as_bytes()).map_err(|_| odd())?;
    Ok(Agreed::new(own, &gateway, [own_nonce, &gateway_nonce], &begun.id, messages).ok_or_else(odd)?)
}

/// Waits for the word of the browser that enrols.
fn confirmed(new: &mut New<'_, '_>, begun: &Begun) -> Result<(), Stop> {
    #[derive(Deserialize)]
    struct Status {
        state: String,
        #[serde(default)]
        reason: Option<String>,
    }
    let body = json!({ "id": begun.id }).to_string();
    while new.line.now(&new.signer) < begun.expires {
        let status: Status = new.ask("activate/status", &body)?.read()?;
        match (status.state.as_str(), status.reason.as_deref()) {
            ("confirmed", _) => return Ok(()),
            ("failed", Some("not_mine")) => return Err(Stop::rule("the browser said that this device is not theirs")),
            ("failed", _) => return Err(Stop::rule("the activation failed; make a new code in the browser")),
            _ => std::thread::sleep(new.line.pause),
        }
    }
    Err(Stop::rule("nobody confirmed this device in time; make a new code in the browser"))
}

fn first_passcode(template: &Template, seed: &SecretBytes, now: i64) -> Result<Secret, Stop> {
    let challenge = (template.mode == Mode::ChallengeResponse).then_some(QUESTION);
    let passcode = template.passcode(seed, Moment { now, counter: 0, challenge })?;
    Ok(Secret::new(passcode.expose()))
}

/// What is kept: the seed under a key of its own, and that under what the PIN gives.
fn account(
    line: &Line<'_>,
    signer: &Signer,
    begun: &Begun,
    seed: &SecretBytes,
    pin: Option<Registered>,
) -> Result<Account, Stop> {
    let mut key = vec![0; 32];
    line.entropy.fill(&mut key);
    let seed_key = SecretBytes::new(key);
    let mut account = Account {
        id: begun.id.clone(),
        serial: begun.serial.clone(),
        account: begun.account.clone(),
        issuer: begun.issuer.clone(),
        origin: line.origin.to_string(),
        portal: begun.portal.clone(),
        template: begun.template.clone(),
        key: Kept::new(&signer.key.to_bytes()),
        sequence: signer.sequence,
        ahead: signer.ahead,
        counter: 0,
        pin_server: pin.as_ref().map(|pin| pin.server.clone()),
        seed: String::new(),
        seed_keys: Vec::new(),
    };
    account.seed = seal::seal(&seed_key, &account.seed_name(), seed, line.entropy)?;
    account.seed_keys = vec![match pin {
        Some(pin) => wrapped(&account, &pin.export_key, &seed_key, line)?,
        None => SeedKey::Bare(Kept::new(seed_key.expose())),
    }];
    Ok(account)
}

/// The seed's key, wrapped by what a PIN gives.
pub(super) fn wrapped(
    account: &Account,
    export_key: &SecretBytes,
    seed_key: &SecretBytes,
    line: &Line<'_>,
) -> Result<SeedKey, Failure> {
    let damaged = || Failure::Other("the PIN's key could not be made".to_owned());
    let wrapping = seal::wrapping_key(export_key.expose(), &account.id).ok_or_else(damaged)?;
    seal::seal(&wrapping, &account.key_name(), seed_key, line.entropy).map(SeedKey::Wrapped)
}

/// Sends the finish until there is an answer; gives what the gateway shows for having agreed on the same.
fn finished(new: New<'_, '_>, file: &mut KeyFile, nth: usize, body: &str) -> Result<String, Stop> {
    #[derive(Deserialize)]
    struct Finished {
        mac: String,
    }
    let New { line, mut signer } = new;
    let mut tries = 0;
    loop {
        let said = line.call(&mut signer, Some(&mut |signer| file.kept(nth, signer)), "activate/finish", body);
        tries += 1;
        match said {
            Err(Stop::Failed(_)) if tries < FINISHES => std::thread::sleep(line.pause),
            said => return said?.read().map(|Finished { mac }| mac),
        }
    }
}
