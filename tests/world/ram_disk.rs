//! A small disk of its own, which can be filled without harm to anybody else's.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

/// A mounted file system of a fixed size; unmounted when dropped.
pub struct RamDisk {
    folder: TempDir,
}

impl RamDisk {
    /// `None` when this user may not mount.
    pub fn mount(mebibytes: u32) -> Option<Self> {
        let folder = tempfile::Builder::new().prefix("doorward-disk-").tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={mebibytes}m,mode=700"), "doorward-test"])
            .arg(folder.path())
            .output()
            .is_ok_and(|output| output.status.success());
        mounted.then_some(Self { folder })
    }

    /// A file or folder on it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Fills it to the last byte.
    pub fn fill(&self) {
        let mut file = File::create(self.path("filler")).unwrap();
        for size in [1 << 20, 4096, 1] {
            let piece = vec![0x5a; size];
            while file.write_all(&piece).is_ok() {}
        }
    }

    /// Makes room again.
    pub fn make_room(&self) {
        std::fs::remove_file(self.path("filler")).unwrap();
    }
}

impl Drop for RamDisk {
    fn drop(&mut self) {
        // Lazily: what still has a file open keeps nothing that anybody needs.
        let _ = Command::new("umount").arg("--lazy").arg(self.folder.path()).status();
    }
}
