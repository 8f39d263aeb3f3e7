//! The list of what is in a backup. It bears a keyed hash: a backup that was changed, or is of another key, is not restored.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use doorward_api::keys::{KeyId, MasterKey, Purpose};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::Failure;

/// The form written today.
const FORMAT: u32 = 1;

/// Its file in the folder of the backup.
const FILE: &str = "manifest.json";

/// What is in a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    format: u32,
    /// When the copy was made, by this machine's clock (RFC 3339).
    pub(super) taken_at: String,
    /// The release that made it.
    release: String,
    /// The schema of the database in it.
    pub(super) schema: i64,
    /// The key that seals in it.
    pub(super) key: String,
    /// The database.
    pub(super) database: Piece,
    /// The end of each chain.
    chains: Vec<ChainEnd>,
    /// The checkpoint files, as they were just before.
    pub(super) checkpoints: Vec<Piece>,
    /// Over all of the above.
    #[serde(default)]
    mac: String,
}

/// A file of the backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Piece {
    /// Its name in the folder.
    pub(super) file: String,
    bytes: u64,
    sha256: String,
}

/// Where a chain ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChainEnd {
    virtual_server: String,
    seq: i64,
    hash: String,
}

/// What a manifest is made of.
pub(super) struct Contents {
    pub(super) taken_at: String,
    pub(super) schema: i64,
    pub(super) key: KeyId,
    pub(super) database: Piece,
    pub(super) heads: doorward_store::Heads,
    pub(super) checkpoints: Vec<Piece>,
}

impl Piece {
    /// Of a file in a folder.
    pub(super) fn of(folder: &Path, file: &str) -> io::Result<Self> {
        let (bytes, sha256) = hashed(&mut File::open(folder.join(file))?, &mut io::sink())?;
        Ok(Self { file: file.to_owned(), bytes, sha256 })
    }

    /// Where it lies. A name that leads out of the folder is none.
    fn path(&self, folder: &Path) -> Option<PathBuf> {
        let plain = Path::new(&self.file).components().all(|part| matches!(part, std::path::Component::Normal(_)));
        plain.then(|| folder.join(&self.file))
    }

    /// Copies it, and says whether it is what the manifest says.
    pub(super) fn copy(&self, folder: &Path, to: &mut impl Write) -> Result<(), Failure> {
        let path =
            self.path(folder).ok_or_else(|| Failure::Other(format!("{}: not a file of the backup", self.file)))?;
        let failed = |cause: io::Error| Failure::Other(format!("{}: {cause}", path.display()));
        let found = File::open(&path).and_then(|mut file| hashed(&mut file, to)).map_err(failed)?;
        match found == (self.bytes, self.sha256.clone()) {
            true => Ok(()),
            false => Err(Failure::Other(format!(
                "{} is not what the backup's manifest says: it was changed",
                path.display()
            ))),
        }
    }
}

/// Copies all, and says how many bytes of which hash that was.
fn hashed(from: &mut impl Read, to: &mut impl Write) -> io::Result<(u64, String)> {
    let (mut hash, mut bytes, mut buffer) = (Sha256::new(), 0_u64, vec![0_u8; 1 << 16]);
    loop {
        let read = from.read(&mut buffer)?;
        let part = buffer.get(..read).unwrap_or_default();
        if part.is_empty() {
            return Ok((bytes, HEXLOWER.encode(&hash.finalize())));
        }
        hash.update(part);
        to.write_all(part)?;
        bytes += part.len() as u64;
    }
}

impl Manifest {
    /// Of its contents, with its keyed hash.
    pub(super) fn new(contents: Contents, master: &MasterKey) -> Self {
        let Contents { taken_at, schema, key, database, heads, checkpoints } = contents;
        let chains =
            heads.into_iter().map(|(virtual_server, seq, hash)| ChainEnd { virtual_server, seq, hash }).collect();
        let mut manifest = Self {
            format: FORMAT,
            taken_at,
            release: env!("CARGO_PKG_VERSION").to_owned(),
            schema,
            key: key.to_string(),
            database,
            chains,
            checkpoints,
            mac: String::new(),
        };
        manifest.mac = master.mac(Purpose::Backup).hex(&[&manifest.text()]);
        manifest
    }

    fn text(&self) -> String {
        serde_json::to_string(&Self { mac: String::new(), ..self.clone() }).unwrap_or_default()
    }

    /// Writes it into the folder, as the last piece.
    pub(super) fn write(&self, folder: &Path) -> io::Result<()> {
        let text = serde_json::to_string_pretty(self).map_err(io::Error::other)?;
        crate::config::write_private(&folder.join(FILE), format!("{text}\n").as_bytes())
    }

    /// Reads the manifest of a backup, and checks that it can be restored with these keys by this release.
    pub(super) fn read(folder: &Path, master: &MasterKey) -> Result<Self, Failure> {
        let file = folder.join(FILE);
        let wrong = |rule: String| Failure::Other(format!("{}: {rule}", file.display()));
        let text =
            std::fs::read_to_string(&file).map_err(|cause| wrong(format!("this is no whole backup: {cause}")))?;
        let manifest: Self = serde_json::from_str(&text).map_err(|cause| wrong(cause.to_string()))?;
        if manifest.format != FORMAT {
            return Err(wrong(format!("its form is {}, and this release reads {FORMAT}", manifest.format)));
        }
        if !master.ids().iter().any(|id| id.to_string() == manifest.key) {
            let rule = format!("the backup is sealed with key {}, which the key file does not hold", manifest.key);
            return Err(wrong(format!("{rule}: put the key file in place that does")));
        }
        if !master.mac(Purpose::Backup).check(&[&manifest.text()], &manifest.mac) {
            return Err(wrong("it was changed, or made with another key".to_owned()));
        }
        let known = doorward_store::known_schema();
        if manifest.schema > known {
            let rule = format!("its schema is {}, and this release knows {known}", manifest.schema);
            return Err(wrong(format!("{rule}: restore it with the release that made it, {}", manifest.release)));
        }
        Ok(manifest)
    }
}

#[cfg(test)]
mod tests {
    use doorward_api::SecretBytes;
    use doorward_api::keys::KeySet;

    use super::*;

    fn key(bytes: &[u8]) -> MasterKey {
        let keys = bytes.iter().map(|byte| SecretBytes::new(vec![*byte; 32])).collect();
        MasterKey::of(KeySet { keys, named: true, ..KeySet::default() }).unwrap()
    }

    fn made(folder: &Path, master: &MasterKey, schema: i64) -> Manifest {
        std::fs::write(folder.join("doorward.db"), "rows").unwrap();
        let contents = Contents {
            taken_at: "2026-11-29T08:00:00Z".into(),
            schema,
            key: master.in_use(),
            database: Piece::of(folder, "doorward.db").unwrap(),
            heads: vec![("default".into(), 7, "ab".into())],
            checkpoints: Vec::new(),
        };
        let manifest = Manifest::new(contents, master);
        let _ = std::fs::remove_file(folder.join(FILE));
        manifest.write(folder).unwrap();
        manifest
    }

    #[test]
    fn a_backup_is_taken_back_by_whoever_has_its_key() {
        let folder = tempfile::tempdir().unwrap();
        let manifest = made(folder.path(), &key(&[7]), 1);
        assert_eq!(Manifest::read(folder.path(), &key(&[7])).unwrap(), manifest);
        assert_eq!(Manifest::read(folder.path(), &key(&[8, 7])).unwrap(), manifest);
        let mut copied = Vec::new();
        manifest.database.copy(folder.path(), &mut copied).unwrap();
        assert_eq!(copied, b"rows");
    }

    #[test]
    fn a_backup_that_was_changed_or_is_of_another_key_or_a_newer_release_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let refused = |master: &MasterKey| Manifest::read(folder.path(), master).unwrap_err().to_string();
        assert!(refused(&key(&[7])).contains("no whole backup"));
        let manifest = made(folder.path(), &key(&[7]), 1);
        assert!(refused(&key(&[8])).contains(&format!("sealed with key {}", manifest.key)));
        let text = std::fs::read_to_string(folder.path().join(FILE)).unwrap();
        std::fs::write(folder.path().join(FILE), text.replace("\"seq\": 7", "\"seq\": 8")).unwrap();
        assert!(refused(&key(&[7])).contains("it was changed"));
        std::fs::write(folder.path().join("doorward.db"), "rowx").unwrap();
        let error = manifest.database.copy(folder.path(), &mut io::sink()).unwrap_err();
        assert!(error.to_string().contains("it was changed"), "{error}");
        let elsewhere = Piece { file: "../doorward.db".into(), ..manifest.database };
        assert!(elsewhere.copy(folder.path(), &mut io::sink()).is_err());
        made(folder.path(), &key(&[7]), 999);
        assert!(refused(&key(&[7])).contains("its schema is 999"));
    }
}
