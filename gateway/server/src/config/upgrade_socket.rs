//! The socket through which a running process hands its listeners to a new one. Whoever can put a socket of their own there is
//! handed them instead, so it lies in a folder in which nobody else can write.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The longest path of a Unix socket, without its final zero (unix(7)).
const LONGEST: usize = 107;

/// Its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UpgradeSocket(PathBuf);

impl UpgradeSocket {
    /// At this path, which is not looked at yet.
    pub(crate) fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// The path.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Whether it can be used.
    ///
    /// # Errors
    /// The rule that it breaks, as a sentence.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.0.as_os_str().len() > LONGEST {
            return Err(format!(
                "{} is longer than the {LONGEST} bytes that a socket's path may have",
                self.0.display()
            ));
        }
        let folder = self.0.parent().unwrap_or(Path::new("/"));
        let unreadable = |cause: std::io::Error| format!("{}: {cause}", folder.display());
        let found = std::fs::metadata(folder).map_err(unreadable)?;
        let us = std::fs::metadata("/proc/self").map_err(unreadable)?.uid();
        match () {
            () if !found.is_dir() => Err(format!("{} is not a folder", folder.display())),
            () if writable_by_others(&found) => Err(format!(
                "{} can be written to by others (mode {:o}), who would be handed the listeners; chmod go-w it",
                folder.display(),
                found.mode() & 0o7777
            )),
            () if found.uid() != us && found.uid() != 0 => {
                Err(format!("{} belongs to somebody else", folder.display()))
            }
            () => Ok(()),
        }
    }

    /// Whether a process listens there. Asked of the kernel: to connect would be taken for the listeners' arrival.
    pub(crate) fn is_awaited(&self) -> bool {
        let sockets = std::fs::read_to_string("/proc/net/unix").unwrap_or_default();
        sockets.lines().any(|line| is_listener_at(line, &self.0))
    }
}

fn writable_by_others(folder: &Metadata) -> bool {
    folder.mode() & 0o022 != 0
}

/// `Num RefCount Protocol Flags Type St Inode Path` (proc(5)); a listener's flags are those of `__SO_ACCEPTCON`.
fn is_listener_at(line: &str, path: &Path) -> bool {
    let mut words = line.split_ascii_whitespace();
    let listens = words.nth(3) == Some("00010000");
    listens && line.strip_suffix(&*path.to_string_lossy()).is_some_and(|rest| rest.ends_with(' '))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn a_folder_that_others_can_write_to_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let socket = UpgradeSocket::at(folder.path().join("upgrade.sock"));
        for (mode, good) in [(0o700, true), (0o755, true), (0o775, false), (0o757, false), (0o1777, false)] {
            std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(mode)).unwrap();
            assert_eq!(socket.check().is_ok(), good, "{mode:o}: {:?}", socket.check());
        }
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o700)).unwrap();
        assert!(
            UpgradeSocket::at(folder.path().join("none/upgrade.sock")).check().unwrap_err().contains("No such file")
        );
        assert!(UpgradeSocket::at(folder.path().join("x".repeat(108))).check().unwrap_err().contains("longer"));
    }

    #[test]
    fn it_is_awaited_while_somebody_listens_and_not_while_a_file_lies_there() {
        let folder = tempfile::tempdir().unwrap();
        let socket = UpgradeSocket::at(folder.path().join("upgrade.sock"));
        assert!(!socket.is_awaited());
        let listener = UnixListener::bind(socket.path()).unwrap();
        assert!(socket.is_awaited());
        drop(listener);
        assert!(socket.path().exists() && !socket.is_awaited());
    }
}
