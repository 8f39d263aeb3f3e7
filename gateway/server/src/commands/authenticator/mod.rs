//! `doorward authenticator …`: the authenticator of our own in a terminal, for those who have no phone at hand, and for
//! scripts. It was written from PROTOCOL.md of `plugins/authenticator`, as the web app was.

mod activate;
mod keyfile;
mod line;
mod link;
mod pin;
mod seal;
mod signature;
mod stop;
mod template;
pub(in crate::commands) mod terminal;
#[cfg(test)]
mod tests;

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use doorward_api::SecretBytes;
use doorward_oath::Passcode;
use doorward_store::SystemEntropy;
use ring::hmac;
use serde::Deserialize;
use serde_json::{Value, json};

use self::activate::{SYSTEM, Wishes, activate, wrapped};
use self::keyfile::{KeyFile, SeedKey, usual_path};
use self::line::{Calls, Https, Line, Said};
use self::link::Origin;
use self::signature::Signer;
use self::stop::Stop;
use self::template::{Moment, Template};
use self::terminal::{Typist, plain};
use crate::args::{ActivateArgs, AuthenticatorArgs, AuthenticatorCommand, DeviceArgs};
use crate::{Failure, Finding};

/// How often it is asked whether the browser has confirmed.
const PAUSE: Duration = Duration::from_secs(2);
/// For how long the gateway holds an answer back where somebody waits for a request, in seconds.
const HELD_BACK: u64 = 25;

/// Runs one of them. Exit codes: 0 done, 1 refused, 2 it could not be done.
pub(crate) fn authenticator(args: AuthenticatorArgs) -> Result<Finding, Failure> {
    match run(args) {
        Ok(finding) => Ok(finding),
        Err(Stop::Failed(failure)) => Err(failure),
        Err(stop) => {
            eprintln!("doorward: {stop}");
            Ok(Finding::Bad)
        }
    }
}

fn run(AuthenticatorArgs { of, command }: AuthenticatorArgs) -> Result<Finding, Stop> {
    let path = of.key_file.clone().map_or_else(usual_path, Ok)?;
    let authorities = of.ca_file.as_deref().map(std::fs::read_to_string).transpose();
    let authorities = authorities.map_err(|cause| Failure::Other(format!("--ca-file: {cause}")))?;
    let carrier = Https::new(authorities.as_deref())?;
    let mut file = KeyFile::open(&path)?;
    let clock = doorward_store::system_clock();
    let line = |origin| Line { carrier: &carrier, origin, clock: &*clock, entropy: &SystemEntropy, pause: PAUSE };
    if let AuthenticatorCommand::Activate(args) = &command {
        let (origin, ticket) = link::read(args)?;
        let typist = Typist { pin_file: None, new_pin_file: of.pin_file.clone() };
        let nth = activate(&line(origin), &mut file, &ticket, &wishes(args), &typist)?;
        let serial = file.accounts.get(nth).map_or("", |account| account.serial.as_str());
        println!(
            "{serial} is set up. Go on in the browser: `doorward authenticator passcode` shows the first passcode."
        );
        return Ok(Finding::Good);
    }
    let nth = file.find(of.account.as_deref())?;
    let account = file.accounts.get(nth).ok_or_else(|| Stop::rule("there is no such authenticator here"))?;
    let (origin, signer) = (Origin::read(&account.origin)?, account.signer()?);
    let mut device = Device { line: line(origin), file, nth, signer, typist: typist(&of, &command) };
    match command {
        AuthenticatorCommand::Activate(_) => Ok(Finding::Good),
        AuthenticatorCommand::Passcode { challenge } => device.passcode(challenge.as_deref()),
        AuthenticatorCommand::Requests { wait } => device.requests(wait),
        AuthenticatorCommand::Approve { number, request } => device.approve(&number, request.as_deref()),
        AuthenticatorCommand::Deny { report, request } => device.deny(report, request.as_deref()),
        AuthenticatorCommand::ChangePin { .. } => device.change_pin(),
        AuthenticatorCommand::Status => device.status(),
        AuthenticatorCommand::Remove { without_pin } => device.remove(Shown::of(without_pin)),
    }
}

fn wishes(args: &ActivateArgs) -> Wishes {
    let system = match SYSTEM {
        "linux" => "Linux",
        "macos" => "macOS",
        "windows" => "Windows",
        _ => "another system",
    };
    let name = args.name.clone().unwrap_or_else(|| format!("Terminal on {system}"));
    Wishes { name, push: !args.no_push }
}

fn typist(of: &DeviceArgs, command: &AuthenticatorCommand) -> Typist {
    let new_pin_file = match command {
        AuthenticatorCommand::ChangePin { new_pin_file } => new_pin_file.clone(),
        _ => None,
    };
    Typist { pin_file: of.pin_file.clone(), new_pin_file }
}

/// A device with its token.
struct Device<'a> {
    line: Line<'a>,
    file: KeyFile,
    nth: usize,
    signer: Signer,
    typist: Typist,
}

/// What is shown to remove a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// Its seed, by the PIN where there is one.
    Seed,
    /// Nothing but the device.
    Device,
}

impl Shown {
    const fn of(without_pin: bool) -> Self {
        if without_pin { Self::Device } else { Self::Seed }
    }
}

/// What the gateway says of a token that nobody can use.
const NOT_IN_USE: [&str; 4] = ["gone", "not_found", "locked", "suspended"];

/// What only the seed makes of these words.
fn proof_by(seed: &SecretBytes, words: &[&str]) -> String {
    let proof = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, seed.expose()), words.join("\0").as_bytes());
    BASE64URL_NOPAD.encode(proof.as_ref())
}

/// A request that waits for an answer.
#[derive(Deserialize)]
struct Pending {
    id: String,
    nonce: String,
    expires: i64,
    purpose: String,
    context: Context,
}

#[derive(Deserialize)]
struct Context {
    application: Option<String>,
    address: String,
    browser: String,
}

impl Pending {
    /// What somebody needs to know to say yes or no. The words come from outside: what steers a terminal is left out.
    fn told(&self, now: i64) -> String {
        let Context { application, address, browser } = &self.context;
        let what = match (self.purpose.as_str(), application) {
            ("help_desk", _) => "The help desk asks whether it speaks with you".to_owned(),
            (_, Some(application)) => format!("Sign-in to {application}"),
            (_, None) => "Sign-in to the portal".to_owned(),
        };
        let browser = if browser.is_empty() { "an unknown browser" } else { browser };
        plain(&format!("{what}, from {address} with {browser}; for {} s more", (self.expires - now).max(0)))
    }
}

impl Calls for Device<'_> {
    fn call(&mut self, name: &str, body: &Value) -> Result<Said, Stop> {
        let (file, nth) = (&mut self.file, self.nth);
        self.line.call(&mut self.signer, Some(&mut |signer| file.kept(nth, signer)), name, &body.to_string())
    }
}

impl Device<'_> {
    fn account(&mut self) -> Result<&mut keyfile::Account, Stop> {
        self.file.accounts.get_mut(self.nth).ok_or_else(|| Stop::rule("there is no such authenticator here"))
    }

    fn id(&self) -> &str {
        &self.signer.id
    }

    fn template(&mut self) -> Result<Template, Stop> {
        self.account().map(|account| account.template.clone())
    }

    /// The seed's key; asks for the PIN where there is one, and lets the gateway count.
    fn unlocked(&mut self) -> Result<SecretBytes, Stop> {
        let account = self.account()?.clone();
        if let [SeedKey::Bare(key)] = account.seed_keys.as_slice() {
            let damaged = || Failure::Other("the key file is damaged".to_owned());
            return Ok(key.bytes().ok_or_else(damaged)?);
        }
        let pin = self.typist.pin()?;
        let who = (account.id.as_str(), account.pin_server.as_deref());
        let entropy = self.line.entropy;
        let export_key = pin::unlock(self, who, &pin, entropy)?;
        let other = || Failure::Other("the PIN is right, but the key file is of another device".to_owned());
        Ok(account.seed_key(export_key.expose()).ok_or_else(other)?)
    }

    fn seed(&mut self) -> Result<SecretBytes, Stop> {
        let key = self.unlocked()?;
        Ok(self.account()?.seed(&key)?)
    }

    fn passcode(&mut self, challenge: Option<&str>) -> Result<Finding, Stop> {
        let (passcode, lasts) = self.next_passcode(challenge)?;
        println!("{}", passcode.expose());
        if let Some(seconds) = lasts {
            eprintln!("for {seconds} s more");
        }
        Ok(Finding::Good)
    }

    /// The passcode, and for how many seconds more it lasts, where it does.
    fn next_passcode(&mut self, challenge: Option<&str>) -> Result<(Passcode, Option<i64>), Stop> {
        let template = self.template()?;
        let seed = self.seed()?;
        let counter = self.account()?.counter;
        if template.event {
            // Raised and stored before it is shown: a passcode is shown once.
            self.account()?.counter += 1;
            self.file.save()?;
        }
        let now = self.line.now(&self.signer);
        let passcode = template.passcode(&seed, Moment { now, counter, challenge })?;
        Ok((passcode, template.lasts(now).filter(|_| challenge.is_none())))
    }

    /// The requests that wait, and the gateway's time.
    fn pending(&mut self, wait: u64) -> Result<(Vec<Pending>, i64), Stop> {
        #[derive(Deserialize)]
        struct Answer {
            pending: Vec<Pending>,
            now: i64,
        }
        let body = json!({ "id": self.id(), "wait": wait }).to_string();
        let Answer { pending, now } = self.line.call(&mut self.signer, None, "push/pending", &body)?.read()?;
        Ok((pending, now))
    }

    fn requests(&mut self, wait: bool) -> Result<Finding, Stop> {
        let (pending, now) = self.pending(if wait { HELD_BACK } else { 0 })?;
        if pending.is_empty() {
            println!("No request waits.");
        }
        for one in pending {
            println!("{}  {}", plain(&one.id), one.told(now));
        }
        Ok(Finding::Good)
    }

    /// The request that is meant: the one of this id, or the only one.
    fn chosen(&mut self, request: Option<&str>) -> Result<Pending, Stop> {
        let (pending, now) = self.pending(0)?;
        let mut meant = pending.into_iter().filter(|one| request.is_none_or(|id| id == one.id));
        match (meant.next(), meant.next()) {
            (Some(one), None) => {
                eprintln!("{}", one.told(now));
                Ok(one)
            }
            (None, _) => Err(Stop::rule("no such request waits")),
            (Some(_), Some(_)) => Err(Stop::rule("several requests wait; say which with --request")),
        }
    }

    fn approve(&mut self, number: &str, request: Option<&str>) -> Result<Finding, Stop> {
        let chosen = self.chosen(request)?;
        let seed = self.seed()?;
        let proof = proof_by(&seed, &["doorward/push/v1", &chosen.id, &chosen.nonce, number]);
        self.answer(&chosen, "approve", Some((number, &proof)))
    }

    fn deny(&mut self, report: bool, request: Option<&str>) -> Result<Finding, Stop> {
        let chosen = self.chosen(request)?;
        self.answer(&chosen, if report { "report" } else { "deny" }, None)
    }

    fn answer(&mut self, to: &Pending, decision: &str, yes: Option<(&str, &str)>) -> Result<Finding, Stop> {
        #[derive(Deserialize)]
        struct Answer {
            result: String,
        }
        let (number, proof) = yes.unzip();
        let body = json!({
            "id": self.id(), "push": to.id, "decision": decision, "number": number, "proof": proof,
        });
        let Answer { result } = self.call("push/answer", &body)?.read()?;
        match result.as_str() {
            "approved" => println!("Approved. Go on in the browser."),
            "denied" => println!("Denied."),
            "reported" => println!("Denied, and reported."),
            "mismatched" => return Err(Stop::rule("the browser shows another number; the request is over")),
            "over" => return Err(Stop::rule("the request was over already")),
            other => return Err(Stop::rule(format!("the gateway answered {}", plain(other)))),
        }
        Ok(Finding::Good)
    }

    /// Both PINs open the seed until the gateway has taken the new one, so that one of them does whatever breaks off.
    fn change_pin(&mut self) -> Result<Finding, Stop> {
        let rules = self.template()?.pin_rules();
        let rules = rules.ok_or_else(|| Stop::rule("this authenticator has no PIN that could be changed here"))?;
        let seed_key = self.unlocked()?;
        let new_pin = self.typist.new_pin(&rules)?;
        let (id, entropy) = (self.id().to_owned(), self.line.entropy);
        let registered = pin::register(self, &id, &new_pin, entropy)?;
        let account = self.account()?.clone();
        let new = wrapped(&account, &registered.export_key, &seed_key, &self.line)?;
        self.account()?.seed_keys.push(new.clone());
        self.file.save()?;
        self.call("pin/change", &json!({ "id": id, "record": registered.record }))?;
        self.account()?.seed_keys = vec![new];
        self.account()?.pin_server = Some(registered.server);
        self.file.save()?;
        println!("The PIN is changed.");
        Ok(Finding::Good)
    }

    fn status(&mut self) -> Result<Finding, Stop> {
        #[derive(Deserialize)]
        struct Push {
            enabled: bool,
            wanted: bool,
        }
        #[derive(Deserialize)]
        struct Status {
            state: String,
            attempts_left: Option<u32>,
            push: Option<Push>,
        }
        let body = json!({ "id": self.id() });
        let status: Status = self.call("token", &body)?.read()?;
        let account = self.account()?;
        println!("serial    {}", plain(&account.serial));
        println!("account   {} at {}", plain(&account.account), plain(&account.issuer));
        println!("portal    {}", plain(&account.portal));
        println!("state     {}", plain(&status.state));
        if let Some(left) = status.attempts_left {
            println!("PIN       {left} wrong ones are permitted");
        }
        if let Some(push) = status.push {
            let requests = match (push.enabled, push.wanted) {
                (false, _) => "are switched off by the operator",
                (true, false) => "are not wanted on this device",
                (true, true) => "are answered here; `doorward authenticator requests --wait` waits for one",
            };
            println!("requests  {requests}");
        }
        Ok(if status.state == "active" { Finding::Good } else { Finding::Bad })
    }

    fn remove(&mut self, shown: Shown) -> Result<Finding, Stop> {
        match self.release(shown) {
            Ok(_) => {}
            // It cannot be used any more, or not now; then nothing is left to do here but to forget it.
            Err(stop) if NOT_IN_USE.iter().any(|error| stop.is(error)) => eprintln!("doorward: {stop}"),
            Err(stop) => return Err(stop),
        }
        let serial = self.account()?.serial.clone();
        self.file.accounts.retain(|account| account.serial != serial);
        self.file.save()?;
        println!("{} is removed.", plain(&serial));
        Ok(Finding::Good)
    }

    fn release(&mut self, shown: Shown) -> Result<Said, Stop> {
        let id = self.id().to_owned();
        let (nonce, proof) = match shown {
            Shown::Seed => {
                let seed = self.seed()?;
                let mut nonce = [0; 16];
                self.line.entropy.fill(&mut nonce);
                let nonce = BASE64URL_NOPAD.encode(&nonce);
                let proof = proof_by(&seed, &["doorward/release/v1", &id, &nonce]);
                (Some(nonce), Some(proof))
            }
            Shown::Device => (None, None),
        };
        self.call("token/release", &json!({ "id": id, "nonce": nonce, "proof": proof }))
    }
}
