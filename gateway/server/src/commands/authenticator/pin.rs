//! The PIN: OPAQUE (RFC 9807) with the gateway, which counts the tries and never learns the PIN; and the rules that a new
//! one must keep.

use data_encoding::BASE64URL_NOPAD;
use doorward_api::plugin::{Host, PinFault};
use doorward_api::ports::Entropy;
use doorward_api::settings::PinRules;
use doorward_api::{Secret, SecretBytes};
use doorward_store::SystemEntropy;
use opaque_ke::argon2::Argon2;
use opaque_ke::errors::ProtocolError;
use opaque_ke::rand::{CryptoRng, Error, RngCore};
use opaque_ke::{
    CipherSuite, ClientLogin, ClientLoginFinishParameters, ClientRegistration, ClientRegistrationFinishParameters,
    CredentialResponse, RegistrationResponse, Ristretto255, TripleDh,
};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha512;

use super::line::Calls;
use super::stop::Stop;
use crate::Failure;

/// OPAQUE-3DH with ristretto255 and SHA-512. The stretching is this command's own: Argon2id, 19 MiB, two passes.
struct Suite;

impl CipherSuite for Suite {
    type OprfCs = Ristretto255;
    type KeyExchange = TripleDh<Ristretto255, Sha512>;
    type Ksf = Argon2<'static>;
}

/// The system's randomness for those who ask for it in their own way.
pub(super) struct Dice<'a>(pub(super) &'a dyn Entropy);

impl CryptoRng for Dice<'_> {}

impl RngCore for Dice<'_> {
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.0.fill(bytes);
        Ok(())
    }
}

/// A PIN that the gateway is to count the tries of.
pub(super) struct Registered {
    /// What it is given.
    pub(super) record: String,
    /// What only this PIN and the gateway together give.
    pub(super) export_key: SecretBytes,
    /// The gateway's key.
    pub(super) server: String,
}

fn odd(cause: impl std::fmt::Display) -> Stop {
    Failure::Other(format!("the gateway's answer about the PIN is none: {cause}")).into()
}

fn field(value: &str) -> Result<Vec<u8>, Stop> {
    BASE64URL_NOPAD.decode(value.as_bytes()).map_err(odd)
}

/// Registers a new PIN. The gateway has it once it is given the record.
pub(super) fn register(
    calls: &mut dyn Calls,
    id: &str,
    pin: &Secret,
    entropy: &dyn Entropy,
) -> Result<Registered, Stop> {
    #[derive(Deserialize)]
    struct Answer {
        response: String,
    }
    let (mut dice, pin) = (Dice(entropy), pin.expose().as_bytes());
    let start = ClientRegistration::<Suite>::start(&mut dice, pin).map_err(odd)?;
    let request = BASE64URL_NOPAD.encode(&start.message.serialize());
    let said = calls.call("pin/register", &json!({ "id": id, "request": request }))?;
    let Answer { response } = said.read()?;
    let response = RegistrationResponse::<Suite>::deserialize(&field(&response)?).map_err(odd)?;
    let parameters = ClientRegistrationFinishParameters::default();
    let finish = start.state.finish(&mut dice, pin, response, parameters).map_err(odd)?;
    Ok(Registered {
        record: BASE64URL_NOPAD.encode(&finish.message.serialize()),
        export_key: SecretBytes::new(finish.export_key.to_vec()),
        server: BASE64URL_NOPAD.encode(&finish.server_s_pk.serialize()),
    })
}

/// Proves the PIN, and gives what it and the gateway give together. A wrong one is counted, and said how many are left.
pub(super) fn unlock(
    calls: &mut dyn Calls,
    (id, server): (&str, Option<&str>),
    pin: &Secret,
    entropy: &dyn Entropy,
) -> Result<SecretBytes, Stop> {
    #[derive(Deserialize)]
    struct Answer {
        ke2: String,
    }
    let (mut dice, pin) = (Dice(entropy), pin.expose().as_bytes());
    let start = ClientLogin::<Suite>::start(&mut dice, pin).map_err(odd)?;
    let ke1 = BASE64URL_NOPAD.encode(&start.message.serialize());
    let said = calls.call("pin/unlock/1", &json!({ "id": id, "ke1": ke1 }))?;
    let Answer { ke2 } = said.read()?;
    let ke2 = CredentialResponse::<Suite>::deserialize(&field(&ke2)?).map_err(odd)?;
    let finish = match start.state.finish(&mut dice, pin, ke2, ClientLoginFinishParameters::default()) {
        Ok(finish) => finish,
        Err(ProtocolError::InvalidLoginError) => return Err(wrong(calls, id)?),
        Err(cause) => return Err(odd(cause)),
    };
    if server.is_some_and(|server| server != BASE64URL_NOPAD.encode(&finish.server_s_pk.serialize())) {
        return Err(Stop::rule("this is not the gateway on which the PIN was chosen"));
    }
    let ke3 = BASE64URL_NOPAD.encode(&finish.message.serialize());
    calls.call("pin/unlock/2", &json!({ "id": id, "ke3": ke3 }))?;
    Ok(SecretBytes::new(finish.export_key.to_vec()))
}

/// Tells the gateway that the PIN was wrong, so that it says how many more are permitted.
fn wrong(calls: &mut dyn Calls, id: &str) -> Result<Stop, Stop> {
    let said = calls.call("pin/unlock/failed", &json!({ "id": id }))?;
    let mut refusal: Value = said.read()?;
    if let Some(fields) = refusal.as_object_mut() {
        fields.insert("error".to_owned(), "wrong_pin".into());
    }
    serde_json::from_value(refusal).map(Stop::Refused).map_err(odd)
}

/// The rules that a PIN breaks, each as half a sentence.
pub(super) fn faults(rules: &PinRules, pin: &Secret) -> Result<Vec<String>, Failure> {
    let host = Host { entropy: std::sync::Arc::new(SystemEntropy), issuer: String::new(), key: SecretBytes::default() };
    let plugin = (doorward_pin::PLUGIN.build)(json!({}), host).map_err(|cause| Failure::Other(cause.to_string()))?;
    let check = plugin.secret_rules().map(|known| known.check(rules, pin));
    let faults = check.and_then(Result::err).unwrap_or_default();
    Ok(faults.iter().map(|fault| sentence(*fault, rules)).collect())
}

fn sentence(fault: PinFault, rules: &PinRules) -> String {
    match fault {
        PinFault::Charset => "it may have the digits 0 to 9 and the letters A to Z only".to_owned(),
        PinFault::TooShort => format!("it must have at least {} characters", rules.min_length),
        PinFault::TooLong => format!("it must have at most {} characters", rules.max_length),
        PinFault::NeedsUpper => "it must have a capital letter".to_owned(),
        PinFault::NeedsLower => "it must have a small letter".to_owned(),
        PinFault::NeedsDigit => "it must have a digit".to_owned(),
        PinFault::Trivial => "it must not be one run, such as 1234 or 2222".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use opaque_ke::{
        CredentialFinalization, CredentialRequest, RegistrationRequest, RegistrationUpload, ServerLogin,
        ServerLoginParameters, ServerRegistration, ServerSetup,
    };

    use super::super::line::Said;
    use super::super::template::tests::usual;
    use super::*;

    /// The gateway's half, without its counting.
    struct Gateway {
        setup: ServerSetup<Suite>,
        record: Option<String>,
        state: Option<ServerLogin<Suite>>,
        calls: Vec<String>,
    }

    impl Gateway {
        fn new() -> Self {
            let setup = ServerSetup::new(&mut Dice(&SystemEntropy));
            Self { setup, record: None, state: None, calls: Vec::new() }
        }
    }

    impl Calls for Gateway {
        fn call(&mut self, name: &str, body: &Value) -> Result<Said, Stop> {
            self.calls.push(name.to_owned());
            let bytes = |name: &str| BASE64URL_NOPAD.decode(body[name].as_str().unwrap().as_bytes()).unwrap();
            let answer = match name {
                "pin/register" => {
                    let request = RegistrationRequest::deserialize(&bytes("request")).unwrap();
                    let start = ServerRegistration::<Suite>::start(&self.setup, request, b"token-1").unwrap();
                    json!({ "response": BASE64URL_NOPAD.encode(&start.message.serialize()) })
                }
                "pin/unlock/1" => {
                    let record = BASE64URL_NOPAD.decode(self.record.as_ref().unwrap().as_bytes()).unwrap();
                    let record = ServerRegistration::finish(RegistrationUpload::<Suite>::deserialize(&record).unwrap());
                    let request = CredentialRequest::deserialize(&bytes("ke1")).unwrap();
                    let (mut dice, none) = (Dice(&SystemEntropy), ServerLoginParameters::default());
                    let start =
                        ServerLogin::start(&mut dice, &self.setup, Some(record), request, b"token-1", none).unwrap();
                    self.state = Some(start.state);
                    json!({ "ke2": BASE64URL_NOPAD.encode(&start.message.serialize()), "attempts_left": 4 })
                }
                "pin/unlock/2" => {
                    let ke3 = CredentialFinalization::deserialize(&bytes("ke3")).unwrap();
                    self.state.take().unwrap().finish(ke3, ServerLoginParameters::default()).unwrap();
                    json!({})
                }
                _ => json!({ "attempts_left": 4 }),
            };
            Ok(Said(answer.to_string().into_bytes()))
        }
    }

    #[test]
    fn a_pin_gives_the_same_key_each_time_and_a_wrong_one_none() {
        let mut gateway = Gateway::new();
        let (pin, entropy) = (Secret::new("274901"), &SystemEntropy);
        let registered = register(&mut gateway, "token-1", &pin, entropy).unwrap();
        gateway.record = Some(registered.record);
        let server = registered.server.as_str();
        let key = unlock(&mut gateway, ("token-1", Some(server)), &pin, entropy).unwrap();
        assert_eq!(key.expose(), registered.export_key.expose());
        let wrong = unlock(&mut gateway, ("token-1", Some(server)), &Secret::new("274902"), entropy).unwrap_err();
        assert_eq!(wrong.to_string(), "the PIN is wrong; 4 more are permitted");
        assert_eq!(
            gateway.calls,
            ["pin/register", "pin/unlock/1", "pin/unlock/2", "pin/unlock/1", "pin/unlock/failed"]
        );
        let other = unlock(&mut gateway, ("token-1", Some("other")), &pin, entropy).unwrap_err();
        assert!(other.to_string().contains("not the gateway"), "{other}");
    }

    #[test]
    fn the_rules_of_a_pin_are_said_before_it_is_sent() {
        let rules = usual().pin_rules().unwrap();
        let said = |pin: &str| faults(&rules, &Secret::new(pin)).unwrap().join("; ");
        assert_eq!(said("274901"), "");
        assert_eq!(said("27"), "it must have at least 4 characters");
        assert_eq!(said("1234"), "it must not be one run, such as 1234 or 2222");
        assert!(said("27-901").contains("digits 0 to 9"));
    }
}
