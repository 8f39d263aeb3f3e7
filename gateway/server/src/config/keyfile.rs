//! The key file: one master key in base64, or several of them with their names, and what outlives a key.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

use data_encoding::BASE64;
use doorward_api::SecretBytes;
use doorward_api::keys::{Kept, KeptFor, KeyId, KeySet, MasterKey, PastSigner};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

const HEAD: &str = "# Doorward's master keys, the newest last. Whoever has this file and the database has every secret in it: keep it\n\
                    # to the gateway, and a copy apart from the database's backups. Written by `doorward key`.\n\n";

/// A file with several keys.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    key: Vec<Key>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    kept: Vec<KeptKey>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    signer: Vec<Signer>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    id: String,
    secret: String,
}

/// A key that was derived from one that goes or has gone.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptKey {
    r#for: String,
    secret: String,
}

/// A checkpoint key that has gone.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signer {
    public_key: String,
    until: BTreeMap<String, i64>,
}

/// Reads the text of a key file.
///
/// # Errors
/// The rule that it breaks; it quotes nothing of the text.
pub(super) fn read(text: &str) -> Result<MasterKey, String> {
    let single = BASE64.decode(text.trim().as_bytes()).ok().and_then(MasterKey::new);
    if let Some(key) = single {
        return Ok(key);
    }
    if !text.contains("[[key]]") {
        return Err("must hold 32 bytes in base64; `doorward key new` makes one".to_owned());
    }
    // The parser's own message quotes the line, which may hold a key.
    let line = |error: &toml::de::Error| {
        let at = error.span().map_or(0, |span| span.start);
        1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count()
    };
    let written: Written =
        toml::from_str(text).map_err(|error| format!("line {} is not what a key file holds", line(&error)))?;
    let master =
        MasterKey::of(written.set()?).ok_or("each [[key]] must hold 32 bytes in base64, and no two the same")?;
    let named: Vec<String> = master.ids().iter().map(KeyId::to_string).collect();
    let wrong = written.key.iter().zip(&named).find(|(key, id)| key.id != **id);
    match wrong {
        Some((key, _)) => Err(format!("the [[key]] that is called {:?} has another name: it was changed", key.id)),
        None => Ok(master),
    }
}

impl Written {
    fn set(&self) -> Result<KeySet, String> {
        let bytes =
            |text: &str| BASE64.decode(text.as_bytes()).ok().filter(|bytes| bytes.len() == 32).map(SecretBytes::new);
        let keys = self.key.iter().map(|key| bytes(&key.secret)).collect::<Option<_>>();
        let kept = self.kept.iter().map(|kept| {
            let what = KeptFor::parse(&kept.r#for)?;
            Some(Kept { what, key: bytes(&kept.secret)? })
        });
        let signers = self
            .signer
            .iter()
            .map(|signer| PastSigner { public_key: signer.public_key.clone(), until: signer.until.clone() });
        Ok(KeySet {
            keys: keys.ok_or("each [[key]] must hold 32 bytes in base64")?,
            kept: kept.collect::<Option<_>>().ok_or("a [[kept]] is for nothing that is known, or holds no 32 bytes")?,
            signers: signers.collect(),
            named: true,
        })
    }
}

/// The text of a key file. `None` for keys that are none.
fn text(set: &KeySet) -> Option<Zeroizing<String>> {
    let ids = MasterKey::of(set.clone())?.ids();
    let secret = |key: &SecretBytes| BASE64.encode(key.expose());
    let written = Written {
        key: ids.iter().zip(&set.keys).map(|(id, key)| Key { id: id.to_string(), secret: secret(key) }).collect(),
        kept: set.kept.iter().map(|kept| KeptKey { r#for: kept.what.to_string(), secret: secret(&kept.key) }).collect(),
        signer: set
            .signers
            .iter()
            .map(|signer| Signer { public_key: signer.public_key.clone(), until: signer.until.clone() })
            .collect(),
    };
    toml::to_string(&written).ok().map(|text| Zeroizing::new(format!("{HEAD}{text}")))
}

/// A key file that no other command changes as long as this lives.
pub(crate) struct HeldKeyFile {
    file: PathBuf,
    held: fs::File,
}

impl HeldKeyFile {
    /// Waits until nobody else holds it.
    ///
    /// # Errors
    /// As the file system says.
    pub(crate) fn hold(file: &Path) -> io::Result<Self> {
        loop {
            let there = fs::canonicalize(file)?;
            let held = fs::File::open(&there)?;
            held.lock()?;
            // Whoever held it before may have put another in its place.
            let (one, other) = (held.metadata()?, fs::metadata(&there)?);
            if (one.dev(), one.ino()) == (other.dev(), other.ino()) {
                return Ok(Self { file: there, held });
            }
        }
    }

    /// The keys that are in it now.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn read(&self) -> Result<MasterKey, String> {
        let mut text = Zeroizing::new(String::new());
        (&self.held)
            .rewind()
            .and_then(|()| (&self.held).read_to_string(&mut text))
            .map_err(|cause| cause.to_string())?;
        read(&text)
    }

    /// Puts another in its place, whole or not at all, with the same owner.
    ///
    /// # Errors
    /// As the file system says.
    pub(crate) fn replace(self, set: &KeySet) -> io::Result<()> {
        replace_key_file(&self.file, set)
    }
}

fn replace_key_file(file: &Path, set: &KeySet) -> io::Result<()> {
    let text = text(set).ok_or_else(|| io::Error::other("there is no key to write"))?;
    let old = fs::metadata(file)?;
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = file.with_file_name(name);
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut out = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    let made = out.metadata()?;
    if (made.uid(), made.gid()) != (old.uid(), old.gid()) {
        fchown(&out, Some(old.uid()), Some(old.gid()))?;
    }
    out.write_all(text.as_bytes())?;
    out.sync_all()?;
    fs::rename(&new, file)?;
    fs::File::open(file.parent().unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set() -> KeySet {
        let secret = |byte: u8| SecretBytes::new(vec![byte; 32]);
        KeySet {
            keys: vec![secret(1), secret(2)],
            kept: vec![Kept { what: KeptFor::Plugin("otp".into()), key: secret(3) }],
            signers: vec![PastSigner { public_key: "ab".into(), until: [("a.b".to_owned(), 7)].into() }],
            named: true,
        }
    }

    #[test]
    fn what_is_written_is_read_back_and_the_file_stays_private() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("master.key");
        fs::write(&file, BASE64.encode(&[1; 32])).unwrap();
        fs::write(folder.path().join("master.key.new"), "left behind").unwrap();
        HeldKeyFile::hold(&file).unwrap().replace(&set()).unwrap();
        let read = read(&fs::read_to_string(&file).unwrap()).unwrap();
        let again = read.set();
        assert!(again.named && again.signers == set().signers);
        assert_eq!(read.ids(), MasterKey::of(set()).unwrap().ids());
        assert_eq!(read.derive_for_plugin("otp"), [3; 32]);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn of_two_who_change_it_the_second_reads_what_the_first_has_written() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("master.key");
        fs::write(&file, BASE64.encode(&[1; 32])).unwrap();
        let first = HeldKeyFile::hold(&file).unwrap();
        assert_eq!(first.read().unwrap().ids().len(), 1);
        let second = std::thread::spawn({
            let file = file.clone();
            move || {
                let held = HeldKeyFile::hold(&file).unwrap();
                let mut set = held.read().unwrap().set();
                set.keys.push(SecretBytes::new(vec![3; 32]));
                held.replace(&set).unwrap();
            }
        });
        std::thread::sleep(std::time::Duration::from_millis(200));
        first.replace(&set()).unwrap();
        second.join().unwrap();
        let there = HeldKeyFile::hold(&file).unwrap().read().unwrap();
        assert_eq!(there.ids().len(), 3, "nothing of it is lost");
        assert_eq!(there.set().signers, set().signers);
    }

    #[test]
    fn a_file_of_one_key_is_read_as_ever() {
        let one = read(&format!("{}\n", BASE64.encode(&[1; 32]))).unwrap();
        assert!(!one.set().named);
        assert_eq!(one.ids(), MasterKey::new(vec![1; 32]).unwrap().ids());
    }

    #[test]
    fn a_file_that_is_none_is_refused_and_not_quoted() {
        let good = text(&set()).unwrap();
        let secret = BASE64.encode(&[1; 32]);
        let id = MasterKey::of(set()).unwrap().ids()[0].to_string();
        for (wrong, why) in [
            (secret[1..].to_owned(), "32 bytes"),
            (good.replace(&id, "00000000"), "another name"),
            (good.replace(&secret, &secret[4..]), "32 bytes"),
            (good.replace(&secret, &BASE64.encode(&[2; 32])), "no two the same"),
            (good.replace("plugin/otp", "nothing"), "for nothing that is known"),
            (good.replace("public_key", "publickey"), "line"),
        ] {
            let error = read(&wrong).unwrap_err();
            assert!(error.contains(why), "{why}: {error}");
            assert!(!error.contains(&secret[4..12]), "{error}");
        }
    }
}
