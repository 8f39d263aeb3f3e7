//! The sessions of `doorward login`, in a file that only its owner may read: of each server and virtual server one, the
//! newest first.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use doorward_api::Secret;
use serde::{Deserialize, Serialize};

use super::Stop;

/// A session.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    /// The server's address.
    pub(super) server: String,
    /// The virtual server that it is about.
    pub(super) virtual_server: String,
    /// The operator's name.
    pub(super) name: String,
    /// Its end, whatever is done.
    pub(super) expires_at: String,
    /// What is sent.
    pub(super) token: Secret,
}

/// As it is written.
#[derive(Serialize, Deserialize)]
struct Written {
    server: String,
    virtual_server: String,
    name: String,
    expires_at: String,
    token: String,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Sessions {
    path: PathBuf,
    all: Vec<Kept>,
}

impl Sessions {
    /// Those of whoever runs the command.
    pub(super) fn open() -> Result<Self, Stop> {
        Self::at(usual_path()?)
    }

    fn at(path: PathBuf) -> Result<Self, Stop> {
        let wrong = |cause: String| Stop::because(format!("{}: {cause}", path.display()));
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(Self { path, all: Vec::new() }),
            Err(cause) => return Err(wrong(cause.to_string())),
        };
        let mode = std::fs::metadata(&path).map_err(|cause| wrong(cause.to_string()))?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(wrong("others can read it; remove it, and sign in anew".to_owned()));
        }
        let text = zeroize::Zeroizing::new(text);
        let written: Vec<Written> = serde_json::from_str(&text).map_err(|cause| wrong(cause.to_string()))?;
        let all = written.into_iter().map(|one| Kept {
            server: one.server,
            virtual_server: one.virtual_server,
            name: one.name,
            expires_at: one.expires_at,
            token: Secret::new(one.token),
        });
        Ok(Self { all: all.collect(), path })
    }

    /// Those of a server, the newest first.
    pub(super) fn of<'s>(&'s self, server: &'s str) -> impl Iterator<Item = &'s Kept> {
        self.all.iter().filter(move |kept| kept.server == server)
    }

    /// The newest of a server, or that of one of its virtual servers.
    pub(super) fn find(&self, server: &str, virtual_server: Option<&str>) -> Option<&Kept> {
        self.all
            .iter()
            .find(|kept| kept.server == server && virtual_server.is_none_or(|wanted| kept.virtual_server == wanted))
    }

    /// Puts one in front, in place of the one of its virtual server.
    pub(super) fn keep(mut self, new: Kept) -> Result<(), Stop> {
        self.drop_of(&new.server, &new.virtual_server);
        self.all.insert(0, new);
        self.written()
    }

    /// Forgets one.
    pub(super) fn forget(mut self, server: &str, virtual_server: &str) -> Result<(), Stop> {
        self.drop_of(server, virtual_server);
        self.written()
    }

    fn drop_of(&mut self, server: &str, virtual_server: &str) {
        self.all.retain(|kept| kept.server != server || kept.virtual_server != virtual_server);
    }

    /// Whole or not at all, and never readable for others.
    fn written(&self) -> Result<(), Stop> {
        let wrong = |cause: String| Stop::because(format!("{}: {cause}", self.path.display()));
        let folder = self.path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).map_err(|cause| wrong(cause.to_string()))?;
        let all = self.all.iter().map(|kept| Written {
            server: kept.server.clone(),
            virtual_server: kept.virtual_server.clone(),
            name: kept.name.clone(),
            expires_at: kept.expires_at.clone(),
            token: kept.token.expose().to_owned(),
        });
        let text = serde_json::to_string_pretty(&all.collect::<Vec<_>>()).map_err(|cause| wrong(cause.to_string()))?;
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(|cause| wrong(cause.to_string()))?;
        file.write_all(text.as_bytes()).map_err(|cause| wrong(cause.to_string()))?;
        file.persist(&self.path).map_err(|cause| wrong(cause.to_string()))?;
        Ok(())
    }
}

fn usual_path() -> Result<PathBuf, Stop> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let state = set("XDG_STATE_HOME").filter(|path| path.is_absolute());
    let state = state.or_else(|| set("HOME").map(|home| home.join(".local/state")));
    let none = || Stop::because("there is no home folder to keep a session in; use DOORWARD_TOKEN or --token-file");
    Ok(state.ok_or_else(none)?.join("doorward/session"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(server: &str, virtual_server: &str, token: &str) -> Kept {
        Kept {
            server: server.to_owned(),
            virtual_server: virtual_server.to_owned(),
            name: "olga".to_owned(),
            expires_at: "2026-11-28T20:00:00.000Z".to_owned(),
            token: Secret::new(token),
        }
    }

    #[test]
    fn each_virtual_server_has_one_and_the_newest_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("doorward/session");
        let open = || Sessions::at(path.clone()).unwrap();
        for (vs, token) in [("default", "1"), ("other", "2"), ("default", "3")] {
            open().keep(kept("https://a", vs, token)).unwrap();
        }
        open().keep(kept("https://b", "default", "4")).unwrap();
        let token = |server: &str, vs: Option<&str>| open().find(server, vs).map(|kept| kept.token.expose().to_owned());
        assert_eq!(token("https://a", None).as_deref(), Some("3"));
        assert_eq!(token("https://a", Some("other")).as_deref(), Some("2"));
        assert_eq!((token("https://a", Some("none")), token("https://c", None)), (None, None));
        assert_eq!(open().of("https://a").count(), 2);
        open().forget("https://a", "default").unwrap();
        assert_eq!(token("https://a", None).as_deref(), Some("2"));
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_file_that_others_can_read_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session");
        std::fs::write(&path, "[]").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(Sessions::at(path).unwrap_err().to_string().contains("others can read it"));
    }
}
