//! Sealing of what must not be readable in the database file (SEC 5.10).

use std::sync::{Arc, Mutex, PoisonError};

use doorward_api::keys::{KeyId, MasterKey, Purpose, SealingKey};
use doorward_api::ports::Entropy;
use doorward_api::{SecretBytes, VirtualServerId};
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::error::Failure;

/// Where a sealed value stands. It opens there and nowhere else, so that rows cannot be swapped behind our back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) table: &'static str,
    pub(crate) column: &'static str,
    pub(crate) row: &'a str,
    pub(crate) vs: &'a str,
}

impl<'a> Place<'a> {
    pub(crate) fn new(table: &'static str, column: &'static str, row: &'a str, vs: &'a VirtualServerId) -> Self {
        Self { table, column, row, vs: vs.as_str() }
    }

    fn parts(&self) -> [&str; 4] {
        [self.table, self.column, self.row, self.vs]
    }

    fn damaged(&self, what: &str) -> Failure {
        Failure::Damaged(format!("{}.{} of row {}: {what}", self.table, self.column, self.row))
    }
}

/// Seals with the store's own key that is in use, and opens with any that is there.
pub(crate) struct Sealer {
    key: SealingKey,
    master: MasterKey,
    entropy: Arc<dyn Entropy>,
    /// The key that the database names, while it is not there.
    missing: Mutex<Option<KeyId>>,
}

impl Sealer {
    pub(crate) fn new(key: &MasterKey, entropy: Arc<dyn Entropy>) -> Self {
        Self { key: key.sealing(Purpose::Store), master: key.clone(), entropy, missing: Mutex::new(None) }
    }

    /// The keys themselves.
    pub(crate) fn master(&self) -> &MasterKey {
        &self.master
    }

    /// The key that everybody else seals with, while this process does not hold it.
    pub(crate) fn missing(&self) -> Option<KeyId> {
        *self.missing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the key into use that the database names. Where it is not there, nothing is sealed until it is.
    pub(crate) fn follow(&self, in_use: Option<KeyId>) -> Option<KeyId> {
        let missing = in_use.filter(|id| !self.master.take_into_use(*id));
        *self.missing.lock().unwrap_or_else(PoisonError::into_inner) = missing;
        missing
    }

    pub(crate) fn seal(&self, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>, Failure> {
        // With the old one it could be read by nobody once that is retired. The right one may have come since it was looked for.
        if let Some(id) = self.missing().and_then(|id| self.follow(Some(id))) {
            return Err(Failure::KeyMissing(id));
        }
        let sealed = self.key.seal(&place.parts(), plain, self.entropy.as_ref());
        // Empty means that nothing was sealed; it must not be stored as if it had been.
        if sealed.is_empty() { Err(place.damaged("could not be sealed")) } else { Ok(sealed) }
    }

    pub(crate) fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<SecretBytes, Failure> {
        self.key.open(&place.parts(), sealed).map_err(|error| match self.key.lacks_key_of(sealed) {
            Some(id) => place.damaged(&format!("is sealed with key {id}, which is not in the key file")),
            None => place.damaged(&error.to_string()),
        })
    }

    pub(crate) fn seal_json<T: Serialize>(&self, place: Place<'_>, value: &T) -> Result<Vec<u8>, Failure> {
        let plain = Zeroizing::new(serde_json::to_vec(value).map_err(|_| place.damaged("cannot be written"))?);
        self.seal(place, &plain)
    }

    pub(crate) fn open_json<T: DeserializeOwned>(&self, place: Place<'_>, sealed: &[u8]) -> Result<T, Failure> {
        // serde's message may quote the value, which is secret: it is not passed on.
        serde_json::from_slice(self.open(place, sealed)?.expose()).map_err(|_| place.damaged("is not what was sealed"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    #[test]
    fn nothing_is_sealed_while_the_key_that_is_in_use_is_not_there() {
        let set = |bytes: &[u8]| doorward_api::keys::KeySet {
            keys: bytes.iter().map(|byte| SecretBytes::new(vec![*byte; 32])).collect(),
            named: true,
            ..Default::default()
        };
        let (old, both) = (MasterKey::of(set(&[7])).unwrap(), MasterKey::of(set(&[7, 8])).unwrap());
        let (sealer, vs) = (Sealer::new(&old, Arc::new(SystemEntropy)), VirtualServerId::new("default"));
        let seal = || sealer.seal(Place::new("flow", "data", "one", &vs), b"words");
        let new = both.ids()[1];
        assert!(seal().is_ok());
        assert_eq!(sealer.follow(Some(new)), Some(new));
        assert!(matches!(seal().unwrap_err(), Failure::KeyMissing(id) if id == new));
        assert!(old.adopt(&both));
        assert!(sealer.key.is_current(&seal().unwrap()), "as soon as it is there");
        assert_eq!((sealer.missing(), old.in_use()), (None, new));
    }

    #[test]
    fn a_value_moved_to_another_row_is_named_as_damaged() {
        let sealer = Sealer::new(&MasterKey::new(vec![7; 32]).unwrap(), Arc::new(SystemEntropy));
        let vs = VirtualServerId::new("default");
        let sealed = sealer.seal_json(Place::new("flow", "data", "one", &vs), &"secret words").unwrap();
        assert_eq!(
            sealer.open_json::<String>(Place::new("flow", "data", "one", &vs), &sealed).unwrap(),
            "secret words"
        );
        let failure = sealer.open_json::<String>(Place::new("flow", "data", "two", &vs), &sealed).unwrap_err();
        assert!(matches!(failure, Failure::Damaged(text) if text.starts_with("flow.data of row two")));
    }
}
