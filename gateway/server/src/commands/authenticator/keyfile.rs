//! The key file: what a device remembers, in a file that only its owner may read. What makes passcodes lies in it sealed
//! only; who has the file and not the PIN has none.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use data_encoding::BASE64URL_NOPAD;
use doorward_api::SecretBytes;
use p256::ecdsa::SigningKey;
use serde::{Deserialize, Serialize};

use super::seal;
use super::signature::Signer;
use super::stop::Stop;
use super::template::Template;
use crate::Failure;

/// The version of its form.
const VERSION: u32 = 1;

/// The file as it is written.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    v: u32,
    accounts: Vec<Account>,
}

/// One token.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Account {
    /// The token's id.
    pub(super) id: String,
    /// Its serial number, which people are shown.
    pub(super) serial: String,
    /// Whose it is.
    pub(super) account: String,
    /// Where it is good.
    pub(super) issuer: String,
    /// Where calls go.
    pub(super) origin: String,
    /// The portal.
    pub(super) portal: String,
    /// What it is made by.
    pub(super) template: Template,
    /// The device's key.
    pub(super) key: Kept,
    /// The number of the last call that was counted.
    pub(super) sequence: u64,
    /// How many seconds the gateway's clock is ahead.
    pub(super) ahead: i64,
    /// The next counter, for passcodes that have one.
    pub(super) counter: u64,
    /// The gateway's key for PINs, so that no other is believed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) pin_server: Option<String>,
    /// The seed, sealed.
    pub(super) seed: String,
    /// What opens it: one, or two while the PIN is being changed.
    pub(super) seed_keys: Vec<SeedKey>,
}

/// What opens the seed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SeedKey {
    /// Wrapped by what the PIN and the gateway give together.
    Wrapped(String),
    /// As it is: the token's template asks for no PIN on the device.
    Bare(Kept),
}

/// Bytes that are kept and print as `…`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept(String);

impl Kept {
    pub(super) fn new(bytes: &[u8]) -> Self {
        Self(BASE64URL_NOPAD.encode(bytes))
    }

    pub(super) fn bytes(&self) -> Option<SecretBytes> {
        BASE64URL_NOPAD.decode(self.0.as_bytes()).ok().map(SecretBytes::new)
    }
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// The open file. Nobody else has it open meanwhile: two that count on from the same number would look like a copy.
pub(super) struct KeyFile {
    path: PathBuf,
    _lock: File,
    pub(super) accounts: Vec<Account>,
}

impl Account {
    /// Who signs its calls.
    pub(super) fn signer(&self) -> Result<Signer, Failure> {
        let damaged = || Failure::Other(format!("the key of {} in the key file is damaged", self.serial));
        let bytes = self.key.bytes().ok_or_else(damaged)?;
        let key = SigningKey::from_slice(bytes.expose()).map_err(|_| damaged())?;
        Ok(Signer { id: self.id.clone(), key, sequence: self.sequence, ahead: self.ahead })
    }

    /// The name under which the seed is sealed.
    pub(super) fn seed_name(&self) -> String {
        format!("seed/{}", self.id)
    }

    /// The name under which the seed's key is wrapped.
    pub(super) fn key_name(&self) -> String {
        format!("seed-key/{}", self.id)
    }

    /// The seed's key by the export key of the right PIN.
    pub(super) fn seed_key(&self, export_key: &[u8]) -> Option<SecretBytes> {
        let wrapping = seal::wrapping_key(export_key, &self.id)?;
        self.seed_keys.iter().find_map(|key| match key {
            SeedKey::Wrapped(wrapped) => seal::open(&wrapping, &self.key_name(), wrapped),
            SeedKey::Bare(_) => None,
        })
    }

    /// The seed by its key.
    pub(super) fn seed(&self, key: &SecretBytes) -> Result<SecretBytes, Failure> {
        let damaged = || Failure::Other(format!("the seed of {} in the key file is damaged", self.serial));
        seal::open(key, &self.seed_name(), &self.seed).ok_or_else(damaged)
    }
}

/// `$XDG_DATA_HOME/doorward/authenticator.json`, or what stands for that.
pub(super) fn usual_path() -> Result<PathBuf, Failure> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let data = set("XDG_DATA_HOME").filter(|path| path.is_absolute());
    let data = data.or_else(|| set("HOME").map(|home| home.join(".local/share")));
    data.map(|data| data.join("doorward/authenticator.json"))
        .ok_or_else(|| Failure::Other("there is no home folder; name the key file with --key-file".to_owned()))
}

impl KeyFile {
    /// Opens it, and waits for whoever has it open. One that is not there is empty.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let wrong = |cause: std::io::Error| Failure::Other(format!("{}: {cause}", path.display()));
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(wrong)?;
        }
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(beside(path, "lock"))
            .map_err(wrong)?;
        if lock.try_lock().is_err() {
            eprintln!("waiting for another `doorward authenticator` to end");
            lock.lock().map_err(wrong)?;
        }
        let accounts = match std::fs::read_to_string(path) {
            Ok(text) => read(path, &text)?,
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(cause) => return Err(wrong(cause)),
        };
        Ok(Self { path: path.to_owned(), _lock: lock, accounts })
    }

    /// Which account: that of a serial number, or the only one.
    pub(super) fn find(&self, serial: Option<&str>) -> Result<usize, Stop> {
        let serials = || self.accounts.iter().map(|account| account.serial.as_str()).collect::<Vec<_>>().join(", ");
        match (serial, self.accounts.as_slice()) {
            (_, []) => {
                Err(Stop::rule("there is no authenticator here yet; begin with `doorward authenticator activate`"))
            }
            (None, [_]) => Ok(0),
            (None, _) => Err(Stop::rule(format!("there are several; say which with --account: {}", serials()))),
            (Some(serial), all) => all
                .iter()
                .position(|account| account.serial == serial)
                .ok_or_else(|| Stop::rule(format!("there is no {serial} here, but {}", serials()))),
        }
    }

    /// Keeps how far the signer of an account has come.
    pub(super) fn kept(&mut self, nth: usize, signer: &Signer) -> Result<(), Failure> {
        if let Some(account) = self.accounts.get_mut(nth) {
            account.sequence = signer.sequence;
            account.ahead = signer.ahead;
        }
        self.save()
    }

    /// Writes it whole, so that it is the old or the new one whatever happens.
    pub(super) fn save(&self) -> Result<(), Failure> {
        let wrong = |cause: std::io::Error| Failure::Other(format!("{}: {cause}", self.path.display()));
        let written = Written { v: VERSION, accounts: self.accounts.clone() };
        let text = serde_json::to_vec_pretty(&written).map_err(Failure::other)?;
        let new = beside(&self.path, "new");
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new).map_err(wrong)?;
        file.write_all(&text).and_then(|()| file.sync_all()).map_err(wrong)?;
        std::fs::rename(&new, &self.path).map_err(wrong)
    }
}

fn read(path: &Path, text: &str) -> Result<Vec<Account>, Failure> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path).map_err(Failure::other)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(Failure::Other(format!("{} may be read by others (mode {mode:o}); chmod 600 it", path.display())));
    }
    let written: Written =
        serde_json::from_str(text).map_err(|cause| Failure::Other(format!("{}: {cause}", path.display())))?;
    if written.v != VERSION {
        return Err(Failure::Other(format!("{} was written by a newer version", path.display())));
    }
    Ok(written.accounts)
}

/// A file of the same name with this ending, in the same folder.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(ending);
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use doorward_store::SystemEntropy;

    use super::super::template::tests::usual;
    use super::*;

    fn account(serial: &str) -> Account {
        Account {
            id: "token-1".to_owned(),
            serial: serial.to_owned(),
            account: "alice".to_owned(),
            issuer: "Example".to_owned(),
            origin: "https://authenticator.example.org".to_owned(),
            portal: "https://login.example.org".to_owned(),
            template: usual(),
            key: Kept::new(&[7; 32]),
            sequence: 3,
            ahead: -2,
            counter: 0,
            pin_server: None,
            seed: String::new(),
            seed_keys: Vec::new(),
        }
    }

    #[test]
    fn what_was_saved_is_there_again_and_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/authenticator.json");
        let mut file = KeyFile::open(&path).unwrap();
        assert!(matches!(file.find(None), Err(Stop::Rule(_))));
        file.accounts.push(account("A-1"));
        file.save().unwrap();
        file.accounts.push(account("A-2"));
        file.save().unwrap();
        drop(file);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let file = KeyFile::open(&path).unwrap();
        assert_eq!((file.find(Some("A-2")).unwrap(), file.accounts[1].sequence), (1, 3));
        assert!(file.find(None).unwrap_err().to_string().contains("A-1, A-2"));
        assert!(file.find(Some("A-3")).unwrap_err().to_string().contains("no A-3"));
        assert_eq!(file.accounts[0].signer().unwrap().sequence, 3);
    }

    #[test]
    fn a_file_that_others_may_read_or_that_is_none_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("authenticator.json");
        std::fs::write(&path, "{}").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(KeyFile::open(&path).err().unwrap().to_string().contains("chmod 600"));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert!(KeyFile::open(&path).is_err());
        std::fs::write(&path, r#"{"v":2,"accounts":[]}"#).unwrap();
        assert!(KeyFile::open(&path).err().unwrap().to_string().contains("newer"));
    }

    #[test]
    fn the_seed_opens_by_either_key_while_a_pin_is_changed_and_by_no_other() {
        let mut account = account("A-1");
        let key = SecretBytes::new(vec![9; 32]);
        account.seed =
            seal::seal(&key, &account.seed_name(), &SecretBytes::new(b"seed".to_vec()), &SystemEntropy).unwrap();
        for export_key in [b"old", b"new"] {
            let wrapping = seal::wrapping_key(export_key, &account.id).unwrap();
            let wrapped = seal::seal(&wrapping, &account.key_name(), &key, &SystemEntropy).unwrap();
            account.seed_keys.push(SeedKey::Wrapped(wrapped));
        }
        for export_key in [b"old", b"new"] {
            let key = account.seed_key(export_key).unwrap();
            assert_eq!(account.seed(&key).unwrap().expose(), b"seed");
        }
        assert!(account.seed_key(b"bad").is_none());
        let text = format!("{account:?}");
        assert!(!text.contains(&BASE64URL_NOPAD.encode(&[7; 32])), "{text}");
    }
}
