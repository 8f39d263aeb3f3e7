//! The line to the gateway: signed calls, one after the other.

use std::time::Duration;

use doorward_api::ports::{Clock, Entropy};
use doorward_connect::{HttpAnswer, HttpClient, HttpError, Reach};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::link::Origin;
use super::signature::{Call, Signer, nonce};
use super::stop::{Refusal, Stop};
use crate::Failure;
use crate::commands::runtime;

/// How long an answer may take. One that is held back takes 25 s and the way.
const PATIENCE: Duration = Duration::from_secs(35);

/// What carries a call: HTTPS, or something shorter in tests.
pub(super) trait Carrier {
    /// Posts a body and brings the answer.
    fn post(&self, url: &str, headers: &[(&'static str, String)], body: &str) -> Result<HttpAnswer, HttpError>;
}

/// Over the network.
pub(super) struct Https {
    client: HttpClient,
    runtime: tokio::runtime::Runtime,
}

impl Https {
    /// Believes the public authorities, or those of a PEM file and no others.
    pub(super) fn new(authorities: Option<&str>) -> Result<Self, Failure> {
        let client = HttpClient::new(Reach::Anywhere, authorities).map_err(Failure::other)?;
        Ok(Self { client, runtime: runtime()? })
    }
}

impl Carrier for Https {
    fn post(&self, url: &str, headers: &[(&'static str, String)], body: &str) -> Result<HttpAnswer, HttpError> {
        let headers = headers.iter().map(|(name, value)| (*name, value.as_str()));
        self.runtime.block_on(self.client.post(url, headers, body.as_bytes().to_vec(), PATIENCE))
    }
}

/// A gateway, and what calls to it are made with.
pub(super) struct Line<'a> {
    pub(super) carrier: &'a dyn Carrier,
    pub(super) origin: Origin,
    pub(super) clock: &'a dyn Clock,
    pub(super) entropy: &'a dyn Entropy,
    /// How long it is waited before the same is asked again.
    pub(super) pause: Duration,
}

/// Keeps how far a signer has come. Called before each call that is counted.
pub(super) type Keep<'k> = &'k mut dyn FnMut(&Signer) -> Result<(), Failure>;

/// What the gateway said, to the byte.
#[derive(Debug)]
pub(super) struct Said(pub(super) Vec<u8>);

impl Said {
    /// The answer's fields; more of them than are known are no mistake.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, Stop> {
        let wrong = |cause| Failure::Other(format!("the gateway's answer is none of this protocol: {cause}"));
        serde_json::from_slice(&self.0).map_err(|cause| wrong(cause).into())
    }
}

/// Whoever makes calls that are counted.
pub(super) trait Calls {
    /// Makes one.
    fn call(&mut self, name: &str, body: &Value) -> Result<Said, Stop>;
}

impl Line<'_> {
    /// The gateway's time, as far as it is known.
    pub(super) fn now(&self, signer: &Signer) -> i64 {
        self.here() + signer.ahead
    }

    /// This machine's own time, in seconds since the epoch.
    pub(super) fn here(&self) -> i64 {
        i64::try_from(self.clock.now().secs()).unwrap_or(i64::MAX)
    }

    /// Makes a call; a counted one where there is something to keep the count. A wrong clock is set right, once.
    pub(super) fn call(
        &self,
        signer: &mut Signer,
        mut counted: Option<Keep<'_>>,
        name: &str,
        body: &str,
    ) -> Result<Said, Stop> {
        let mut corrected = false;
        loop {
            let sequence = match &mut counted {
                None => 0,
                Some(keep) => {
                    signer.sequence += 1;
                    keep(signer)?;
                    signer.sequence
                }
            };
            let refusal = match self.send(signer, sequence, name, body)? {
                Ok(said) => return Ok(said),
                Err(refusal) => refusal,
            };
            match refusal.now {
                Some(now) if refusal.error == "clock" && !corrected => {
                    signer.ahead = now - self.here();
                    corrected = true;
                }
                _ => return Err(Stop::Refused(refusal)),
            }
        }
    }

    fn send(&self, signer: &Signer, sequence: u64, name: &str, body: &str) -> Result<Result<Said, Refusal>, Stop> {
        let target = self.origin.call(name);
        let (created, nonce) = (self.now(signer), nonce(self.entropy));
        let headers = signer.sign(&Call { target: &target, body: body.as_bytes(), sequence, created, nonce });
        let unreachable = |cause: HttpError| Failure::Other(format!("{} cannot be reached: {cause}", self.origin));
        let answer = self.carrier.post(&target, &headers, body).map_err(unreachable)?;
        if answer.status < 300 {
            return Ok(Ok(Said(answer.body)));
        }
        let refusal: Refusal = serde_json::from_slice(&answer.body).unwrap_or_default();
        if answer.status >= 400 && !refusal.error.is_empty() {
            return Ok(Err(refusal));
        }
        let status = answer.status;
        Err(Failure::Other(format!("{} is no authenticator's address: it answered {status}", self.origin)).into())
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use doorward_api::Timestamp;
    use doorward_store::SystemEntropy;
    use p256::ecdsa::SigningKey;

    use super::*;

    struct At(i64);

    impl Clock for At {
        fn now(&self) -> Timestamp {
            Timestamp::from_secs(self.0)
        }
    }

    /// Answers in this order, and remembers what was sent.
    struct Script {
        answers: RefCell<Vec<(u16, &'static str)>>,
        sent: RefCell<Vec<String>>,
    }

    impl Carrier for Script {
        fn post(&self, url: &str, headers: &[(&'static str, String)], body: &str) -> Result<HttpAnswer, HttpError> {
            let field = |name: &str| headers.iter().find(|(field, _)| *field == name).unwrap().1.clone();
            let created = field("signature-input").split(";created=").nth(1).unwrap()[..4].to_owned();
            self.sent.borrow_mut().push(format!("{url} {body} {} {created}", field("doorward-sequence")));
            let (status, body) = self.answers.borrow_mut().remove(0);
            Ok(HttpAnswer { status, body: body.as_bytes().to_vec() })
        }
    }

    fn signer() -> Signer {
        Signer { id: "t".to_owned(), key: SigningKey::from_slice(&[7; 32]).unwrap(), sequence: 4, ahead: 0 }
    }

    fn called(answers: &[(u16, &'static str)], counted: bool) -> (Result<Said, Stop>, Signer, Vec<String>, Vec<u64>) {
        let script = Script { answers: RefCell::new(answers.to_vec()), sent: RefCell::default() };
        let origin = Origin::read("https://a.test").unwrap();
        let pause = Duration::ZERO;
        let line = Line { carrier: &script, origin, clock: &At(1000), entropy: &SystemEntropy, pause };
        let (mut signer, mut kept) = (signer(), Vec::new());
        let mut keep = |signer: &Signer| {
            kept.push(signer.sequence);
            Ok(())
        };
        let said = line.call(&mut signer, if counted { Some(&mut keep) } else { None }, "token", "{}");
        (said, signer, script.sent.into_inner(), kept)
    }

    #[test]
    fn a_call_that_is_counted_is_kept_before_it_is_sent() {
        let (said, signer, sent, kept) = called(&[(200, "{\"state\":\"active\"}")], true);
        assert_eq!(said.unwrap().0, b"{\"state\":\"active\"}");
        assert_eq!(sent, ["https://a.test/a/v1/token {} 5 1000"]);
        assert_eq!((signer.sequence, kept), (5, vec![5]));
        let (_, signer, sent, kept) = called(&[(200, "{}")], false);
        assert_eq!((sent, signer.sequence, kept), (vec!["https://a.test/a/v1/token {} 0 1000".to_owned()], 4, vec![]));
    }

    #[test]
    fn a_wrong_clock_is_set_right_once() {
        let clock = (401, "{\"error\":\"clock\",\"now\":2000}");
        let (said, signer, sent, kept) = called(&[clock, (200, "{}")], true);
        assert!(said.is_ok());
        assert_eq!((signer.ahead, kept), (1000, vec![5, 6]));
        assert_eq!(sent[1], "https://a.test/a/v1/token {} 6 2000");
        assert!(called(&[clock, clock], true).0.unwrap_err().is("clock"));
    }

    #[test]
    fn what_is_no_answer_of_this_protocol_is_told() {
        assert!(called(&[(410, "{\"error\":\"gone\"}")], true).0.unwrap_err().is("gone"));
        for odd in [(404, "<html>"), (302, ""), (500, "{}")] {
            assert!(matches!(called(&[odd], true).0, Err(Stop::Failed(_))), "{odd:?}");
        }
    }
}
